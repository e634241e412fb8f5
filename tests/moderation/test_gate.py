"""For whom the files of posts and profiles are: asked by their address, as anybody and as their author."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import asyncpg
import httpx
import pytest

from rostra.kit.errors import Unavailable
from rostra.media.gate import Gate
from rostra.moderation.decisions.expiry import expire_holds
from rostra.moderation.decisions.reverse import reverse
from rostra.moderation.records import Wish
from rostra.resources import Resources
from tests.moderation.desk import REMOVE, act, decide, drafted, reviewer
from tests.moderation.test_files import drawn, path_of, posted, remove, scene, upload
from tests.screening.policies import put_in_force
from tests.web.browser import Browser
from tests.world import Person, World

HELD = "I grow a pumpkin behind the house and it is huge"


async def later(world: World, seconds: int = 3) -> None:
    world.at(world.clock.now() + timedelta(seconds=seconds))


async def fetched(world: World, media: dict[str, Any], by: Person | None = None, **headers: str) -> httpx.Response:
    """The file itself, a moment later; the preview has to be answered alike."""
    await later(world)
    named = {"authorization": f"Bearer {by.token}"} if by else {}
    paths = [media[name].split("://", 1)[1].partition("/")[2] for name in ("url", "preview_url")]
    whole, small = [await world.http.get(f"/{path}", headers=named | headers) for path in paths]
    assert (whole.status_code < 400) == (small.status_code < 400)
    return whole


async def held(world: World) -> tuple[Person, Person, Person, dict[str, Any], dict[str, Any]]:
    """Ada has posted a picture that waits for review."""
    await put_in_force(world)
    ada, bob, mod = await world.person("ada"), await world.person("bob"), await world.person("mod", role="moderator")
    media = await upload(ada, 1)
    status = await posted(ada, media, text=HELD)
    assert status["moderation"]["withheld"] == "review"
    await world.settle()
    return ada, bob, mod, status, media


async def evidence(world: World, by: Person, media: dict[str, Any]) -> int:
    path = "/admin/desk/files/" + path_of(media).removeprefix("media/")
    return (await (await Browser.of(world, by)).http.get(path)).status_code


async def test_the_files_of_a_removed_post_are_for_reviewers_only_until_it_is_back(world: World) -> None:
    ada, bob, mod, status, bad, good = await scene(world)
    before = await fetched(world, bad)
    assert before.status_code == 200
    made = await remove(world, mod, status, *REMOVE)
    for media in (bad, good):
        for by in (None, ada, bob, mod):
            assert (await fetched(world, media, by)).status_code == 404
        part, known = ("range", "bytes=0-9"), ("if-none-match", before.headers["etag"])
        for header in (part, known, ("if-modified-since", before.headers["last-modified"])):
            assert (await fetched(world, media, None, **dict([header]))).status_code == 404
        assert (await world.http.head("/" + path_of(media))).status_code == 404
        assert await evidence(world, mod, media) == 200
    gone = await fetched(world, bad)
    assert gone.headers["cache-control"] == "no-store"
    page = await (await Browser.of(world, ada)).get(f"/@ada/{status['id']}")
    assert "Its files are shown to nobody" in page
    assert path_of(bad) not in page
    await reverse(world.res.desk, reviewer(mod), made, "review")
    assert (await fetched(world, bad)).status_code == (await fetched(world, good)).status_code == 200


async def test_deleting_a_removed_post_brings_no_file_back_and_none_can_be_posted_again(world: World) -> None:
    ada, _, mod, status, bad, _ = await scene(world)
    await remove(world, mod, status, *REMOVE)
    await ada.api.delete(f"/api/v1/statuses/{status['id']}")
    await world.settle()
    for by in (None, ada):
        assert (await fetched(world, bad, by)).status_code == 404
    await ada.api.post("/api/v1/statuses", {"status": "Once more", "media_ids": [bad["id"]]}, expect=422)
    assert await evidence(world, mod, bad) == 200


async def test_evidence_of_what_its_author_deleted_is_for_reviewers_only(world: World) -> None:
    ada, bob, mod, status, bad, _ = await scene(world)
    await bob.api.post("/api/v1/reports", {"account_id": ada.id, "status_ids": [status["id"]]})
    await ada.api.delete(f"/api/v1/statuses/{status['id']}", {"delete_media": True})
    await world.settle()
    assert (await fetched(world, bad)).status_code == 404
    assert await evidence(world, mod, bad) == 200


async def test_the_files_of_a_held_post_are_for_its_author_and_reviewers(world: World) -> None:
    ada, bob, mod, status, media = await held(world)
    for by in (None, bob, mod):
        assert (await fetched(world, media, by)).status_code == 404
    assert await evidence(world, mod, media) == 200
    answer = await fetched(world, media, ada)
    assert (answer.status_code, answer.headers["cache-control"]) == (200, "private, no-store")
    assert "access-control-allow-origin" not in answer.headers
    in_browser = await Browser.of(world, ada)
    assert (await in_browser.http.get("/" + path_of(media))).status_code == 200
    assert (await (await Browser.of(world, bob)).http.get("/" + path_of(media))).status_code == 404
    await decide(world, status["id"], drafted("ok"), mod)
    shown = await fetched(world, media)
    assert (shown.status_code, shown.headers["cache-control"]) == (200, "public, max-age=600, must-revalidate")


async def test_a_held_post_that_is_refused_shows_its_files_not_even_to_its_author(world: World) -> None:
    ada, _, mod, status, media = await held(world)
    await decide(world, status["id"], drafted("violates", clause="words"), mod)
    for by in (None, ada):
        assert (await fetched(world, media, by)).status_code == 404


async def test_a_file_let_go_from_a_held_post_stays_its_authors_until_it_is_posted(world: World) -> None:
    ada, _, _, status, media = await held(world)
    await ada.api.delete(f"/api/v1/statuses/{status['id']}")
    await world.settle()
    assert (await fetched(world, media)).status_code == 404
    assert (await fetched(world, media, ada)).status_code == 200
    await posted(ada, media, text="A rose")
    assert (await fetched(world, media)).status_code == 200


async def test_what_a_suspended_account_has_posted_and_wears_is_served_to_nobody(world: World) -> None:
    ada, _, mod, _, bad, _ = await scene(world)
    files = {"avatar": ("a.png", drawn(5), "image/png")}
    wears = (await ada.api.request("PATCH", "/api/v1/accounts/update_credentials", files=files)).json()
    face = {"url": wears["avatar"], "preview_url": wears["avatar_static"]}
    shown = await fetched(world, face)
    assert (shown.status_code, shown.headers["cache-control"]) == (200, "public, max-age=3600, must-revalidate")
    draft = drafted("violates", Wish(kind="suspend", on="account"), clause="words", revision=None)
    made = await act(world, "account", ada.id, draft, mod)
    for media in (bad, face):
        assert (await fetched(world, media)).status_code == 404
    await reverse(world.res.desk, reviewer(mod), made, "review")
    await world.settle()
    for media in (bad, face):
        assert (await fetched(world, media)).status_code == 200


async def test_an_upload_that_waits_to_be_posted_is_served_and_an_unknown_address_is_not(world: World) -> None:
    ada = await world.person("ada")
    media = await upload(ada, 1)
    assert (await fetched(world, media)).status_code == 200
    unknown = {name: media[name].replace("attachments", "avatars") for name in ("url", "preview_url")}
    assert (await fetched(world, unknown)).status_code == 404


async def test_many_files_at_once_cost_few_statements_and_one_again_none(world: World) -> None:
    ada = await world.person("ada")
    media = [await upload(ada, n) for n in range(4)]
    paths = [path_of(each).removeprefix("media/") for each in media]
    gate = Gate(world.db, world.clock)

    async def one() -> None:
        assert (await gate.find(paths[0])).whom == "everybody"

    assert len(await world.statements(one)) == 1
    assert await world.statements(one) == []


class Away:
    """A database that answers until it is switched off."""

    def __init__(self, res: Resources) -> None:
        self._db = res.db
        self.is_off = False

    def read(self) -> Any:
        if self.is_off:
            raise Unavailable("away")
        return self._db.read()


async def test_what_was_known_holds_while_the_database_is_away(world: World) -> None:
    ada = await world.person("ada")
    known, other = await upload(ada, 1), await upload(ada, 2)
    db = Away(world.res)
    gate = Gate(db, world.clock)  # type: ignore[arg-type]
    key = path_of(known).removeprefix("media/")
    await gate.find(key)
    db.is_off = True
    await later(world)
    assert (await gate.find(key)).whom == "everybody"
    with pytest.raises((Unavailable, asyncpg.PostgresError)):
        await gate.find(path_of(other).removeprefix("media/"))


async def test_what_the_clock_decides_of_a_held_post_holds_for_its_files(world: World) -> None:
    ada, _, _, _, media = await held(world)
    world.at(world.clock.now() + timedelta(hours=80))
    assert await expire_holds(world.res.desk) == 1
    assert (await fetched(world, media, ada)).status_code == 404
