"""What writing a post costs, and that nothing which it spares changes what is said or what is kept."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx
import msgspec
import pytest

from rostra.asgi import Application
from rostra.kit.clock import FixedClock
from rostra.posts import publish_queries
from rostra.posts.texts import KeptTexts
from tests.api.pictures import upload
from tests.posts.live import fetchval, live_world
from tests.screening.policies import put_in_force
from tests.world import DOMAIN, Person, World

STATUSES = "/api/v1/statuses"
KEYED = {"idempotency-key": "the same"}


@pytest.fixture
async def world(world: World) -> World:
    """A world whose application remembers texts, as a real one does."""
    world.res = msgspec.structs.replace(world.res, texts=KeptTexts())
    world.app = Application(world.res.settings, resources=world.res)
    await world.http.aclose()
    world.http = httpx.AsyncClient(transport=httpx.ASGITransport(world.app), base_url=f"http://{DOMAIN}")
    return world


@pytest.fixture
async def live(fresh_dsn: str, clock: FixedClock, tmp_path: Path) -> AsyncIterator[World]:
    async with live_world(fresh_dsn, clock, tmp_path) as world:
        yield world


async def ran_for(person: Person, sent: dict[str, Any], **more: Any) -> list[str]:
    """The statements of a post, once all that a process reads now and then was read."""
    await person.post("to warm up")
    return await person.world.statements(lambda: person.api.post(STATUSES, sent, **more))


async def test_a_plain_post_takes_three_statements(world: World) -> None:
    author = await world.person("author")
    token, facts, written = await ran_for(author, {"status": "nobody is named here, and nothing is linked"})
    assert "access_tokens" in token
    assert "from accounts a join account_stats" in facts
    assert written == publish_queries.PUBLISH


async def test_a_post_with_a_key_takes_one_statement_more(world: World) -> None:
    author = await world.person("author")
    ran = await ran_for(author, {"status": "nobody is named here"}, headers=KEYED)
    assert len(ran) == 4
    assert ran[-1] == publish_queries.PUBLISH_ONCE


async def test_a_post_is_its_own_transaction_and_whole(live: World) -> None:
    author = await live.person("author")
    await author.post("a text that is long enough to have a signature of its own, which is kept with the post")
    for table, number in (
        ("statuses", 1), ("status_stats", 1), ("conversations", 1), ("near_signatures", 1), ("pgqueuer", 1),
        ("moderation_events where type = 'verdict'", 1), ("ledger_pending", 1),
    ):  # fmt: skip
        assert await fetchval(live, f"select count(*) from {table}") == number, table
    assert await fetchval(live, "select statuses_count from account_stats") == 1


async def test_a_post_that_cannot_be_written_whole_leaves_nothing(live: World, monkeypatch: pytest.MonkeyPatch) -> None:
    author = await live.person("author")
    broken = publish_queries.PUBLISH.replace("null::json as poll", "(1 / ($16 < $26)::integer)::text::json as poll")
    assert broken != publish_queries.PUBLISH
    monkeypatch.setattr(publish_queries, "PUBLISH", broken)
    with pytest.raises(AssertionError, match="went wrong"):
        await author.api.post(STATUSES, {"status": "this divides by zero"})
    for table in ("statuses", "status_stats", "conversations", "moderation_events", "ledger_pending", "pgqueuer"):
        assert await fetchval(live, f"select count(*) from {table}") == 0, table
    assert await fetchval(live, "select statuses_count from account_stats") == 0


@pytest.mark.parametrize("visibility", ["public", "unlisted", "private", "direct"])
async def test_the_answer_is_what_is_read_afterwards(world: World, visibility: str) -> None:
    author, other = await world.person("author"), await world.person("other")
    await author.post("the first of all")
    picture = await upload(author)
    for more in (
        {"status": "plain"},
        {"status": f"@{other.username} with a #tag and https://example.com/", "spoiler_text": "a warning"},
        {"status": "a picture", "media_ids": [picture["id"]], "sensitive": True, "language": "it"},
        {"status": "a poll", "poll": {"options": ["yes", "no"], "expires_in": 600}},
    ):
        made = (await author.api.post(STATUSES, {**more, "visibility": visibility})).json()
        assert made == (await author.api.get(f"{STATUSES}/{made['id']}")).json()
        await author.api.post(f"{STATUSES}/{made['id']}/mute")
        answer = {"status": "an answer", "in_reply_to_id": made["id"], "visibility": visibility}
        replied = (await author.api.post(STATUSES, answer)).json()
        assert replied["muted"]
        assert replied == (await author.api.get(f"{STATUSES}/{replied['id']}")).json()


async def test_the_answer_names_what_has_become_of_the_account_meanwhile(world: World) -> None:
    author = await world.person("author")
    await author.post("before")
    await author.api.patch("/api/v1/accounts/update_credentials", {"display_name": "Another name"})
    made = await author.post("after")
    assert made["account"]["display_name"] == "Another name"
    assert made["account"]["statuses_count"] == 2


async def test_a_label_of_the_policy_shows_in_the_answer(world: World) -> None:
    await put_in_force(world)
    author = await world.person("author")
    made = await author.post("a beetroot")
    assert made["sensitive"]
    assert made == (await author.api.get(f"{STATUSES}/{made['id']}")).json()


@pytest.mark.parametrize("more", [{}, {"spoiler_text": "#tagged", "status": "with a #tag"}])
async def test_a_key_sent_by_many_at_once_makes_one_post(live: World, more: dict[str, str]) -> None:
    author = await live.person("author")
    sent = {"status": "once", **more}
    answers = await asyncio.gather(*[author.api.post(STATUSES, sent, headers=KEYED, expect=None) for _ in range(10)])
    assert {answer.status_code for answer in answers} == {200}
    assert len({answer.json()["id"] for answer in answers}) == 1
    for table in ("statuses", "moderation_events where type = 'verdict'", "idempotency_keys"):
        assert await fetchval(live, f"select count(*) from {table}") == 1, table
    assert await fetchval(live, "select count(*) from pgqueuer") == 1


async def test_a_key_that_is_too_old_is_made_use_of_again(live: World, clock: FixedClock) -> None:
    author = await live.person("author")
    first = (await author.api.post(STATUSES, {"status": "one"}, headers=KEYED)).json()
    clock.tick(minutes=61)
    second = (await author.api.post(STATUSES, {"status": "two"}, headers=KEYED)).json()
    assert first["id"] != second["id"]
    assert (await author.api.post(STATUSES, {"status": "two"}, headers=KEYED)).json()["id"] == second["id"]
    assert await fetchval(live, "select count(*) from statuses") == 2
