"""Decisions on single files of a post: gone for readers everywhere, kept as evidence, told of, and back again."""

from __future__ import annotations

import io
import random
from datetime import timedelta
from typing import Any

import pytest
from PIL import Image, ImageDraw

from rostra.dsa.validate import validate
from rostra.kit.errors import Invalid
from rostra.moderation.cases.dossier import read_dossier
from rostra.moderation.cases.evidence import sweep_snapshots
from rostra.moderation.cases.pictures import list_alike
from rostra.moderation.decisions.bulk import run_bulk, start_bulk
from rostra.moderation.decisions.expiry import expire_actions
from rostra.moderation.decisions.reverse import reverse
from rostra.moderation.decisions.tell import explained, get_told
from rostra.moderation.records import Wish
from tests.moderation.desk import act, case_of, drafted, reviewer
from tests.screening.policies import put_in_force
from tests.web.browser import Browser
from tests.world import Person, World


def drawn(seed: int, size: int = 300, kind: str = "PNG") -> bytes:
    """A picture of many shapes; the same seed is the same picture, in another size and encoding."""
    source = random.Random(seed)
    image = Image.new("RGB", (600, 600), "white")
    pencil = ImageDraw.Draw(image)
    for _ in range(40):
        x, y, side = source.randrange(560), source.randrange(560), source.randrange(30, 240)
        pencil.rectangle((x, y, x + side, y + side), fill=tuple(source.randrange(256) for _ in range(3)))
    out = io.BytesIO()
    image.resize((size, size)).save(out, kind)
    return out.getvalue()


async def upload(person: Person, seed: int, words: str = "", **more: Any) -> dict[str, Any]:
    files = {"file": ("a.png", drawn(seed, **more), "image/png")}
    answer = await person.api.request("POST", "/api/v2/media", files=files, data={"description": words})
    return answer.json()


WORDS = "Look at the garden behind our old house and how it has grown this year"


async def posted(person: Person, *media: dict[str, Any], text: str = WORDS) -> dict[str, Any]:
    return await person.post(text, media_ids=[each["id"] for each in media])


def on_file(media: dict[str, Any], kind: Any = "remove", **more: Any) -> Wish:
    return Wish(kind=kind, on="media", media_id=int(media["id"]), **more)


async def scene(world: World) -> tuple[Person, Person, Person, dict[str, Any], dict[str, Any], dict[str, Any]]:
    """Ada has posted two pictures, which Bob boosted; Mod is of the staff."""
    await put_in_force(world)
    ada, bob, mod = await world.person("ada"), await world.person("bob"), await world.person("mod", role="moderator")
    bad, good = await upload(ada, 1, "a knife"), await upload(ada, 2, "a rose")
    status = await posted(ada, bad, good)
    await bob.follow(ada)
    await bob.api.post(f"/api/v1/statuses/{status['id']}/reblog")
    await world.settle()
    return ada, bob, mod, status, bad, good


async def remove(world: World, mod: Person, status: dict[str, Any], *wishes: Wish, revision: int = 0) -> int:
    made = await act(
        world, "status", status["id"], drafted("violates", *wishes, clause="words", revision=revision), mod
    )
    world.at(world.clock.now() + timedelta(seconds=40))
    await world.settle()
    return made


async def shown(person: Any, status: dict[str, Any]) -> list[str]:
    found = (await person.api.get(f"/api/v1/statuses/{status['id']}")).json()
    return [each["id"] for each in found["media_attachments"]]


def path_of(media: dict[str, Any]) -> str:
    return media["url"].split("://", 1)[1].partition("/")[2]


async def fetch(world: World, media: dict[str, Any], name: str = "url") -> int:
    return (await world.http.get("/" + media[name].split("://", 1)[1].partition("/")[2])).status_code


async def test_a_removed_picture_is_gone_for_all_readers_and_its_post_stays(world: World) -> None:
    ada, bob, mod, status, bad, good = await scene(world)
    assert await fetch(world, bad) == 200
    await remove(world, mod, status, on_file(bad))
    for person in (ada, bob, mod):
        assert await shown(person, status) == [good["id"]]
    for path in (
        "/api/v1/timelines/home",
        f"/api/v1/accounts/{ada.id}/statuses?only_media=true",
        f"/api/v1/accounts/{bob.id}/statuses",
    ):
        text = (await bob.api.get(path)).text
        assert good["id"] in text, path
        assert "a knife" not in text, path
        assert path_of(bad) not in text, path
    assert await fetch(world, bad) == await fetch(world, bad, "preview_url") == 404
    assert await fetch(world, good) == 200
    found = await world.db.connection.fetchval(
        "select words @@ to_tsquery('plain', 'knife') from status_search where status_id = $1", int(status["id"])
    )
    assert found is False


async def test_streams_are_told_and_nobody_is_notified_of_an_edit(world: World) -> None:
    _, bob, mod, status, bad, _ = await scene(world)
    await act(world, "status", status["id"], drafted("violates", on_file(bad), clause="words"), mod)
    kinds = [each["type"] for each in (await bob.api.get("/api/v1/notifications")).json()]
    assert "update" not in kinds


async def test_a_post_whose_only_picture_is_removed_counts_as_one_without_media(world: World) -> None:
    await put_in_force(world)
    ada, mod = await world.person("ada"), await world.person("mod", role="moderator")
    bad = await upload(ada, 1)
    status = await posted(ada, bad)
    await remove(world, mod, status, on_file(bad))
    assert (await ada.api.get(f"/api/v1/accounts/{ada.id}/statuses", {"only_media": "true"})).json() == []
    assert (await world.anyone.get("/api/v1/timelines/public", {"only_media": "true"})).json() == []
    assert [each["id"] for each in (await ada.api.get(f"/api/v1/accounts/{ada.id}/statuses")).json()] == [status["id"]]


async def test_reviewers_still_see_the_file_and_nobody_else_does(world: World) -> None:
    ada, _, mod, status, bad, _ = await scene(world)
    await remove(world, mod, status, on_file(bad))
    path = "/admin/desk/files/" + path_of(bad).removeprefix("media/")
    seen = await (await Browser.of(world, mod)).http.get(path)
    assert (seen.status_code, seen.headers["content-type"]) == (200, "image/png")
    assert seen.headers["cache-control"].startswith("private")
    assert (await (await Browser.of(world, ada)).http.get(path)).status_code == 403
    assert (await world.http.get(path)).status_code in (302, 303, 401)


async def test_a_reversal_brings_it_back(world: World) -> None:
    _, bob, mod, status, bad, good = await scene(world)
    made = await remove(world, mod, status, on_file(bad))
    await reverse(world.res.desk, reviewer(mod), made, "undo")
    await world.settle()
    world.at(world.clock.now() + timedelta(seconds=3))
    assert await shown(bob, status) == [bad["id"], good["id"]]
    assert await fetch(world, bad) == 200


async def test_the_end_of_a_timed_removal_brings_it_back(world: World) -> None:
    _, bob, mod, status, bad, good = await scene(world)
    await remove(world, mod, status, on_file(bad, lasts=timedelta(days=7)))
    world.at(world.clock.now() + timedelta(days=6))
    assert await expire_actions(world.res.desk) == 0
    world.at(world.clock.now() + timedelta(days=2))
    assert await expire_actions(world.res.desk) == 1
    await world.settle()
    assert await shown(bob, status) == [bad["id"], good["id"]]
    assert await fetch(world, bad) == 200


async def test_what_another_decision_asks_for_outlasts_a_reversal(world: World) -> None:
    _, bob, mod, status, bad, good = await scene(world)
    first = await remove(world, mod, status, on_file(bad))
    await remove(world, mod, status, on_file(bad))
    await reverse(world.res.desk, None, first, "review")
    world.at(world.clock.now() + timedelta(seconds=3))
    assert await shown(bob, status) == [good["id"]]
    assert await fetch(world, bad) == 404


async def test_its_author_is_told_which_picture_it_was_and_why(world: World) -> None:
    ada, _, mod, status, bad, _ = await scene(world)
    made = await remove(world, mod, status, on_file(bad))
    told = await get_told(world.res.desk, ada.account_id, made)
    english, italian = (
        "\n".join("\n".join(part.paragraphs) for part in explained(told, language, world.res.urls))
        for language in ("en", "it")
    )
    assert "We removed a picture in it (file 1 of 2), which you described as “a knife”." in english
    assert "Abbiamo rimosso un'immagine al suo interno (file 1 di 2)" in italian
    body = await world.db.connection.fetchval("select body from statements where decision_id = $1", made)
    assert validate(body) == []
    assert body["content_type"] == ["CONTENT_TYPE_IMAGE"]
    assert body["decision_visibility"] == ["DECISION_VISIBILITY_CONTENT_REMOVED"]
    assert "file 1 of 2" in body["decision_facts"]
    assert "knife" not in body["decision_facts"]
    page = await (await Browser.of(world, ada)).get(f"/settings/decisions/{made}")
    assert "a file of the post removed" in page


async def test_no_edit_brings_it_back(world: World) -> None:
    ada, bob, mod, status, bad, good = await scene(world)
    path = f"/api/v1/statuses/{status['id']}"
    await ada.api.put(path, {"status": "Once edited", "media_ids": [bad["id"], good["id"]]})
    assert "a knife" in (await world.anyone.get(f"{path}/history")).text
    made = await remove(world, mod, status, on_file(bad), revision=1)
    await ada.api.put(path, {"status": "Again", "media_ids": [bad["id"], good["id"]]}, expect=422)
    await ada.api.put(path, {"status": "New words", "media_ids": [good["id"]]})
    await ada.api.put(path, {"status": "Without any", "media_ids": []})
    await ada.api.post("/api/v1/statuses", {"status": "Once more", "media_ids": [bad["id"]]}, expect=422)
    assert await shown(bob, status) == []
    history = (await world.anyone.get(f"{path}/history")).text
    assert "a rose" in history
    assert "a knife" not in history
    await reverse(world.res.desk, None, made, "review")
    assert await shown(bob, status) == [bad["id"]]


async def test_drafting_the_post_anew_does_not_bring_it_back(world: World) -> None:
    ada, _, mod, status, bad, _ = await scene(world)
    await remove(world, mod, status, on_file(bad))
    await ada.api.delete(f"/api/v1/statuses/{status['id']}")
    await world.settle()
    await ada.api.post("/api/v1/statuses", {"status": "Once more", "media_ids": [bad["id"]]}, expect=422)
    assert await fetch(world, bad) == 404


async def test_the_file_stays_hidden_after_its_post_and_until_the_evidence_goes(world: World) -> None:
    ada, _, mod, status, bad, _ = await scene(world)
    made = await remove(world, mod, status, on_file(bad))
    await ada.api.delete(f"/api/v1/statuses/{status['id']}", {"delete_media": True})
    await world.settle()
    await reverse(world.res.desk, None, made, "review")
    world.at(world.clock.now() + timedelta(seconds=3))
    assert await fetch(world, bad) == 404
    world.at(world.clock.now() + timedelta(days=400))
    async with world.db.transaction() as tx:
        gone = await sweep_snapshots(tx, world.clock.now())
    assert path_of(bad).removeprefix("media/") in gone


async def test_a_covered_picture_covers_its_post_and_cannot_go_elsewhere(world: World) -> None:
    ada, bob, mod, status, bad, good = await scene(world)
    made = await remove(world, mod, status, on_file(bad, "sensitive"))
    path = f"/api/v1/statuses/{status['id']}"
    assert (await bob.api.get(path)).json()["sensitive"] is True
    assert await shown(bob, status) == [bad["id"], good["id"]]
    await ada.api.put(path, {"status": "Only the rose", "media_ids": [good["id"]]})
    assert (await bob.api.get(path)).json()["sensitive"] is False
    await ada.api.post("/api/v1/statuses", {"status": "Once more", "media_ids": [bad["id"]]}, expect=422)
    await reverse(world.res.desk, None, made, "review")
    assert (await bob.api.get(path)).json()["sensitive"] is False


async def test_on_the_pages_the_covered_picture_alone_is_covered_with_its_reason(world: World) -> None:
    _, bob, mod, status, bad, _ = await scene(world)
    made = await remove(world, mod, status, on_file(bad, "sensitive"))
    shown = (await bob.api.get(f"/api/v1/statuses/{status['id']}")).json()["media_attachments"]
    assert [each.get("covered") for each in shown] == ["words", None]
    page = await (await Browser.of(world, bob)).get(f"/@ada/{status['id']}")
    assert page.count('class="cover shot"') == 1
    assert "Words: show" in page
    assert page.index("Words: show") < page.index("a knife") < page.index("a rose")
    assert "Sensitive: show" not in page
    await act(world, "status", status["id"], drafted("violates", Wish(kind="sensitive"), clause="words"), mod)
    whole = await (await Browser.of(world, bob)).get(f"/@ada/{status['id']}")
    assert ("Sensitive: show" in whole, 'class="cover shot"' in whole) == (True, False)
    await reverse(world.res.desk, None, made, "review")


async def test_a_file_that_is_not_the_posts_is_refused(world: World) -> None:
    ada, _, mod, status, _, _ = await scene(world)
    other = await upload(ada, 99)
    for wish in (
        on_file(other),
        Wish(kind="remove", on="media"),
        Wish(kind="limit", on="media", media_id=int(other["id"])),
    ):
        with pytest.raises(Invalid):
            await act(world, "status", status["id"], drafted("violates", wish, clause="words"), mod)
    with pytest.raises(Invalid):
        await act(world, "account", ada.id, drafted("violates", on_file(other), clause="words", revision=None), mod)


async def test_words_are_not_held_to_be_bad_for_a_picture(world: World) -> None:
    _, _, mod, status, bad, _ = await scene(world)
    await remove(world, mod, status, on_file(bad))
    assert await world.db.connection.fetchval("select count(*) from bad_signatures") == 0


async def test_pictures_that_look_alike_are_found_and_removed_together(world: World) -> None:
    _, bob, mod, status, bad, _ = await scene(world)
    copy, other = await upload(bob, 1, size=211), await upload(bob, 3)
    alike, unlike = await posted(bob, other, copy, text="Mine"), await posted(bob, await upload(bob, 4), text="Another")
    await bob.api.post("/api/v1/reports", {"account_id": status["account"]["id"], "status_ids": [status["id"]]})
    await world.settle()
    dossier = await read_dossier(world.res.desk, (await case_of(world, status["id"]))["id"])
    assert [each["id"] for each in dossier.alike.shown] == [alike["id"]]
    ids, media = await list_alike(world.res.desk, int(status["id"]))
    assert ids == [int(status["id"]), int(alike["id"])]
    draft = drafted("violates", Wish(kind="remove", on="media", media_id=media[0]), clause="words", revision=None)
    made = await start_bulk(world.res.desk, reviewer(mod), "status", ids, draft)
    await run_bulk(world.res.desk, made)
    await world.settle()
    assert bad["id"] not in await shown(bob, status)
    assert await shown(bob, alike) == [other["id"]]
    assert len(await shown(bob, unlike)) == 1
