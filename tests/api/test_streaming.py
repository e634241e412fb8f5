"""What streaming answers without a stream: health, refusals, the address without an upgrade."""

from __future__ import annotations

import pytest

from tests.world import Api, World

PATH = "/api/v1/streaming"


async def test_health_is_plain_text_for_anybody(world: World) -> None:
    answer = await world.anyone.get(f"{PATH}/health")
    assert (answer.text, answer.headers["content-type"].partition(";")[0]) == ("OK", "text/plain")


@pytest.mark.parametrize("path", ["user", "public", "public/local", "hashtag?tag=x", "list?list=1", "direct"])
async def test_nobody_streams_without_a_token(world: World, path: str) -> None:
    answer = await world.anyone.get(f"{PATH}/{path}", expect=401)
    assert answer.json() == {"error": "Missing access token"}
    assert (await Api(world, "nonsense").get(f"{PATH}/{path}", expect=401)).json()["error"]


async def test_a_token_must_reach_that_far(world: World) -> None:
    alice = await world.person("alice")
    await world.token_for(alice.account_id, "narrow", "read:notifications write")
    answer = await Api(world, "narrow").get(f"{PATH}/user", expect=403)
    assert answer.json() == {"error": "Access token does not have the required scopes"}
    await world.token_for(None, "app", "read")
    await Api(world, "app").get(f"{PATH}/public", expect=403)


async def test_a_login_that_cannot_be_used_does_not_stream(world: World) -> None:
    alice = await world.person("alice")
    await world.db.connection.execute(
        "update users set disabled_at = created_at where account_id = $1", alice.account_id
    )
    assert "disabled" in (await alice.api.get(f"{PATH}/user", expect=403)).json()["error"]


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("hashtag", 400),
        ("hashtag?tag=%23", 400),
        ("list", 400),
        ("list?list=x", 400),
        ("list?list=1", 404),
        ("no", 404),
    ],
)
async def test_what_is_asked_must_be_there(world: World, path: str, status: int) -> None:
    alice = await world.person("alice")
    assert (await alice.api.get(f"{PATH}/{path}", expect=status)).json()["error"]
    assert len(world.app.hub.subscriptions) == 0


async def test_head_is_answered_and_ends(world: World) -> None:
    alice = await world.person("alice")
    answer = await alice.api.request("HEAD", f"{PATH}/user")
    assert answer.headers["content-type"].startswith("text/event-stream")
    assert len(world.app.hub.subscriptions) == 0


async def test_the_address_itself_is_for_web_sockets_only(world: World) -> None:
    assert (await world.anyone.get(PATH, expect=404)).json() == {"error": "Record not found"}
