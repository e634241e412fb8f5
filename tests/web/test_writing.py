"""Writing from the pages: posting, images, polls, replies, later, again, editing, deleting."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import Any

from rostra.entities.account import timestamp
from tests.media.samples import encode, picture
from tests.web.browser import Browser
from tests.world import Person, World

PNG = encode(picture(), "PNG")
NO_POLL = {"poll[options][]": ["", "", "", ""], "poll[expires_in]": "86400"}


def _files(*bodies: bytes) -> dict[str, Any]:
    """What a form without script sends for four places: empty files where nothing was chosen."""
    filled = [*bodies, b"", b"", b"", b""][:4]
    return {f"media[{n}][file]": (f"photo{n}.png" if body else "", body, "image/png") for n, body in enumerate(filled)}


async def _posts(person: Person) -> list[dict[str, Any]]:
    return (await person.api.get(f"/api/v1/accounts/{person.id}/statuses")).json()


async def test_a_post_is_published_once_and_seen_at_home_at_once(world: World) -> None:
    alice = await world.person("alice")
    browser = await Browser.of(world, alice)
    await browser.get("/home")
    form = {
        "status": "Ciao #rome", "visibility": "unlisted", "language": "it", "return_to": "/home",
        "idempotency_key": browser.value("idempotency_key"), **NO_POLL,
    }  # fmt: skip
    await browser.post("/web/statuses", files=_files(), **form)
    assert browser.path == "/home"
    assert "Ciao" in browser.page
    assert "Your post was published." in browser.page
    await browser.post("/web/statuses", files=_files(), **form)
    (status,) = await _posts(alice)
    assert (status["visibility"], status["language"], status["sensitive"]) == ("unlisted", "it", False)
    assert status["poll"] is None
    await browser.post("/web/statuses", files=_files(), **(form | {"status": "Another"}))
    assert len(await _posts(alice)) == 2


async def test_a_form_sent_twice_at_once_posts_once(world: World) -> None:
    alice = await world.person("alice")
    browser = await Browser.of(world, alice)
    await browser.get("/compose")
    form = {"status": "Once", "idempotency_key": browser.value("idempotency_key")}
    await asyncio.gather(*(browser.post("/web/statuses", files=_files(PNG), **form) for _ in range(3)))
    assert len(await _posts(alice)) == 1


async def test_images_go_with_a_post(world: World) -> None:
    alice = await world.person("alice")
    browser = await Browser.of(world, alice)
    await browser.get("/compose")
    form = {
        "status": "", "sensitive": "1", "media[0][description]": "A fractal", "media[0][focus]": "0,1",
        "media[1][description]": "Its twin",
    }  # fmt: skip
    await browser.post("/web/statuses", files=_files(PNG, PNG), **form)
    assert browser.path == "/home"
    (status,) = await _posts(alice)
    first, second = status["media_attachments"]
    assert status["sensitive"] is True
    assert (first["description"], second["description"]) == ("A fractal", "Its twin")
    assert first["meta"]["focus"] == {"x": 0, "y": 1}


async def test_a_refused_post_keeps_everything(world: World) -> None:
    alice, bob = await world.person("alice"), await world.person("bob")
    parent = await bob.post("What is this?")
    browser = await Browser.of(world, alice)
    await browser.get(f"/compose?in_reply_to={parent['id']}")
    form = {
        "status": "x" * 501, "spoiler_text": "a warning", "visibility": "private", "language": "it",
        "in_reply_to_id": parent["id"], "idempotency_key": browser.value("idempotency_key"),
        "media[0][description]": "A fractal",
    }  # fmt: skip
    await browser.post("/web/statuses", expect=422, files=_files(PNG), **form)
    assert "A post can have 500 characters." in browser.page
    assert "x" * 501 in browser.page
    assert browser.value("in_reply_to_id") == parent["id"]
    assert browser.value("spoiler_text") == "a warning"
    assert '<option value="private" selected>' in browser.page
    assert '<option value="it" selected>' in browser.page
    kept = {"media[0][id]": browser.value("media[0][id]"), "media[0][description]": "A fractal, in colours"}
    await browser.post("/web/statuses", files=_files(), **(form | kept | {"status": "short"}))
    (status,) = await _posts(alice)
    assert status["in_reply_to_id"] == parent["id"]
    assert [media["description"] for media in status["media_attachments"]] == ["A fractal, in colours"]
    assert browser.path == f"/@alice/{status['id']}"


async def test_one_bad_image_does_not_lose_the_good_one(world: World) -> None:
    alice = await world.person("alice")
    browser = await Browser.of(world, alice)
    await browser.get("/compose")
    await browser.post("/web/statuses", expect=422, files=_files(b"no image", PNG), status="Look")
    assert "photo0.png could not be taken in" in browser.page
    assert "Look</textarea>" in browser.page
    media_id = browser.value("media[0][id]")
    await browser.post("/web/statuses", files=_files(), status="Look", **{"media[0][id]": media_id})
    assert [media["id"] for media in (await _posts(alice))[0]["media_attachments"]] == [media_id]


async def test_a_removed_image_stays_away(world: World) -> None:
    alice = await world.person("alice")
    browser = await Browser.of(world, alice)
    await browser.get("/compose")
    await browser.post("/web/statuses", expect=422, files=_files(PNG), status="x" * 501)
    gone = {"media[0][id]": browser.value("media[0][id]"), "media[0][remove]": "1"}
    await browser.post("/web/statuses", status="Without", **gone)
    assert (await _posts(alice))[0]["media_attachments"] == []


async def test_somebody_else_s_image_cannot_be_posted(world: World) -> None:
    alice, bob = await world.person("alice"), await world.person("bob")
    theirs = await Browser.of(world, bob)
    await theirs.get("/compose")
    await theirs.post("/web/statuses", expect=422, files=_files(PNG), status="x" * 501)
    browser = await Browser.of(world, alice)
    await browser.get("/compose")
    stolen = {"media[0][id]": theirs.value("media[0][id]")}
    await browser.post("/web/statuses", expect=422, status="Mine now", **stolen)
    assert "One of the images is no longer there" in browser.page
    assert "Mine now</textarea>" in browser.page


async def test_a_poll_goes_with_a_post_or_is_explained(world: World) -> None:
    alice = await world.person("alice")
    browser = await Browser.of(world, alice)
    await browser.get("/compose")
    poll = {"poll[options][]": ["Bread", "Cake", "", ""], "poll[expires_in]": "3600", "poll[multiple]": "1"}
    one = poll | {"poll[options][]": ["Bread", "", "", ""]}
    await browser.post("/web/statuses", expect=422, status="What?", **one)
    assert "two to four different choices" in browser.page
    assert 'value="Bread"' in browser.page
    await browser.post("/web/statuses", expect=422, files=_files(PNG), status="What?", **poll)
    assert "either images or a poll" in browser.page
    await browser.post("/web/statuses", status="What?", **poll)
    shown = (await _posts(alice))[0]["poll"]
    assert [option["title"] for option in shown["options"]] == ["Bread", "Cake"]
    assert shown["multiple"] is True


async def test_an_empty_post_is_explained(world: World) -> None:
    browser = await Browser.of(world, await world.person("alice"))
    await browser.get("/compose")
    await browser.post("/web/statuses", expect=422, files=_files(), status="  ", **NO_POLL)
    assert "Write something, or add an image." in browser.page


async def test_an_answer_to_a_post_that_is_gone_keeps_its_words(world: World) -> None:
    alice, bob = await world.person("alice"), await world.person("bob")
    parent = await bob.post("Soon gone")
    browser = await Browser.of(world, alice)
    await browser.get(f"/@bob/{parent['id']}")
    await bob.api.delete(f"/api/v1/statuses/{parent['id']}")
    await browser.post("/web/statuses", expect=422, status="Too late?", in_reply_to_id=parent["id"])
    assert "The post that this answers is gone." in browser.page
    assert "Too late?</textarea>" in browser.page


async def test_a_post_can_wait_and_be_moved_and_dropped(world: World) -> None:
    alice = await world.person("alice")
    browser = await Browser.of(world, alice)
    await browser.get("/compose")
    soon = {"status": "Tomorrow", "scheduled_at": "2026-05-04T12:02"}
    await browser.post("/web/statuses", expect=422, **soon)
    assert "at least five minutes ahead" in browser.page
    assert browser.value("scheduled_at") == "2026-05-04T12:02"
    # A clock in Rome, two hours ahead of UTC.
    await browser.post("/web/statuses", status="Tomorrow", scheduled_at="2026-05-05T14:00", tz_offset="-120")
    assert browser.path == "/scheduled"
    (waiting,) = (await alice.api.get("/api/v1/scheduled_statuses")).json()
    assert waiting["scheduled_at"] == "2026-05-05T12:00:00.000Z"
    await browser.post(f"/web/scheduled/{waiting['id']}", expect=422, scheduled_at="2026-05-04T12:01")
    assert "at least five minutes ahead" in browser.page
    await browser.post(f"/web/scheduled/{waiting['id']}", expect=422, scheduled_at="whenever")
    await browser.post(f"/web/scheduled/{waiting['id']}", scheduled_at="2026-05-06T12:00")
    (waiting,) = (await alice.api.get("/api/v1/scheduled_statuses")).json()
    assert waiting["scheduled_at"] == "2026-05-06T12:00:00.000Z"
    await browser.post(f"/web/scheduled/{waiting['id']}/delete")
    assert (await alice.api.get("/api/v1/scheduled_statuses")).json() == []
    bob = await Browser.of(world, await world.person("bob"))
    await bob.get("/scheduled")
    await bob.post(f"/web/scheduled/{waiting['id']}/delete", expect=404)


async def test_what_was_not_published_at_its_time_says_why(world: World) -> None:
    alice, bob = await world.person("alice"), await world.person("bob")
    parent = await bob.post("parent")
    at = timestamp(world.clock.now() + timedelta(minutes=10))
    await alice.post("Late", scheduled_at=at, in_reply_to_id=parent["id"])
    browser = await Browser.of(world, alice)
    await browser.get("/scheduled")
    assert "not published" not in browser.page
    await bob.api.delete(f"/api/v1/statuses/{parent['id']}")
    world.clock.tick(minutes=10)
    await world.settle()
    await browser.get("/scheduled")
    assert "This was not published. The post that this answers is gone." in browser.page


async def test_the_composer_opens_with_what_a_link_gives(world: World) -> None:
    alice, bob = await world.person("alice"), await world.person("bob")
    parent = await bob.post("Psst", visibility="unlisted", spoiler_text="quiet")
    browser = await Browser.of(world, alice)
    assert "@bob </textarea>" in await browser.get("/compose?text=@bob%20&visibility=direct")
    assert '<option value="direct" selected>' in browser.page
    assert '<option value="public" selected>' in await browser.get("/compose?visibility=nonsense")
    await browser.get(f"/compose?in_reply_to={parent['id']}")
    assert browser.value("spoiler_text") == "quiet"
    assert '<option value="unlisted" selected>' in browser.page
    await browser.get("/compose?in_reply_to=1", expect=404)


async def test_a_post_is_edited_with_its_images(world: World) -> None:
    alice = await world.person("alice")
    browser = await Browser.of(world, alice)
    await browser.get("/compose")
    form = {"status": "Two", "media[0][description]": "One", "media[1][description]": "Two"}
    await browser.post("/web/statuses", files=_files(PNG, PNG), **form)
    status = (await _posts(alice))[0]
    await browser.get(f"/@alice/{status['id']}/edit")
    assert "Two</textarea>" in browser.page
    ids = [browser.value(f"media[{n}][id]") for n in (0, 1)]
    form = {
        "status": "One less, one new", "media[0][id]": ids[0], "media[0][remove]": "1", "media[1][id]": ids[1],
        "media[1][description]": "The second", "media[2][description]": "The third",
    }  # fmt: skip
    await browser.post(f"/web/statuses/{status['id']}", files={"media[2][file]": ("c.png", PNG, "image/png")}, **form)
    assert browser.path == f"/@alice/{status['id']}"
    edited = (await _posts(alice))[0]
    assert "One less" in edited["content"]
    assert [media["description"] for media in edited["media_attachments"]] == ["The second", "The third"]
    await browser.post(f"/web/statuses/{status['id']}", expect=422, status="x" * 501)
    assert f'action="/web/statuses/{status["id"]}"' in browser.page


async def test_an_edit_leaves_the_poll_and_its_votes_alone(world: World) -> None:
    alice, bob = await world.person("alice"), await world.person("bob")
    poll = {"options": ["Bread", "Cake"], "expires_in": 3600, "hide_totals": True}
    status = await alice.post("What?", poll=poll)
    await bob.api.post(f"/api/v1/polls/{status['id']}/votes", {"choices": [0]})
    browser = await Browser.of(world, alice)
    await browser.get(f"/@alice/{status['id']}/edit")
    assert '<option value="">as it is now</option>' in browser.page
    same = {"poll[options][]": ["Bread", "Cake", "", ""], "poll[expires_in]": ""}
    await browser.post(f"/web/statuses/{status['id']}", status="What then?", **same)
    after = (await alice.api.get(f"/api/v1/statuses/{status['id']}")).json()
    assert "What then?" in after["content"]
    assert after["poll"]["voters_count"] == 1
    assert after["poll"]["expires_at"] == status["poll"]["expires_at"]
    hidden = (await bob.api.get(f"/api/v1/statuses/{status['id']}")).json()["poll"]["options"]
    assert [option["votes_count"] for option in hidden] == [None, None]
    other = same | {"poll[options][]": ["Bread", "Pie", "", ""]}
    await browser.post(f"/web/statuses/{status['id']}", status="What then?", **other)
    assert (await alice.api.get(f"/api/v1/statuses/{status['id']}")).json()["poll"]["voters_count"] == 0


async def test_only_its_author_changes_a_post(world: World) -> None:
    alice, bob = await world.person("alice"), await world.person("bob")
    status = await alice.post("Mine")
    browser = await Browser.of(world, bob)
    await browser.get("/home")
    await browser.post(f"/web/statuses/{status['id']}", expect=404, status="Yours")
    await browser.post(f"/web/statuses/{status['id']}/delete", expect=404)
    for path in (f"/@alice/{status['id']}/edit", f"/web/statuses/{status['id']}/delete"):
        await browser.get(path, expect=404)
    assert "Mine" in (await alice.api.get(f"/api/v1/statuses/{status['id']}")).json()["content"]


async def test_deleting_asks_first_and_then_deletes(world: World) -> None:
    alice = await world.person("alice")
    status = await alice.post("Regret")
    browser = await Browser.of(world, alice)
    assert "Regret" in await browser.get(f"/web/statuses/{status['id']}/delete")
    await browser.post(f"/web/statuses/{status['id']}/delete", return_to=browser.value("return_to"))
    assert browser.path == "/home"
    assert await _posts(alice) == []
    await browser.get(f"/@alice/{status['id']}", expect=404)


async def test_deleting_to_write_again_brings_words_images_and_parent_back(world: World) -> None:
    alice, bob = await world.person("alice"), await world.person("bob")
    parent = await bob.post("A question")
    browser = await Browser.of(world, alice)
    await browser.get("/compose")
    form = {"status": "An anser & a picture", "in_reply_to_id": parent["id"], "media[0][description]": "A fractal"}
    await browser.post("/web/statuses", files=_files(PNG), **form)
    old = (await _posts(alice))[0]
    await browser.get(f"/web/statuses/{old['id']}/delete")
    await browser.post(f"/web/statuses/{old['id']}/delete", redraft="1")
    assert await _posts(alice) == []
    assert "An anser &amp; a picture</textarea>" in browser.page
    form = {
        "status": "An answer", "in_reply_to_id": browser.value("in_reply_to_id"),
        "media[0][id]": browser.value("media[0][id]"), "media[0][description]": "A fractal",
        "idempotency_key": browser.value("idempotency_key"),
    }  # fmt: skip
    await browser.post("/web/statuses", files=_files(), **form)
    (new,) = await _posts(alice)
    assert new["in_reply_to_id"] == parent["id"]
    assert [media["description"] for media in new["media_attachments"]] == ["A fractal"]


async def test_going_back_leads_to_paths_of_ours_only(world: World) -> None:
    alice = await world.person("alice")
    status = await alice.post("Hello")
    browser = await Browser.of(world, alice)
    browser.http.headers["referer"] = "https://evil.example/@alice"
    await browser.get(f"/web/statuses/{status['id']}/delete")
    assert browser.value("return_to") == "/home"
    browser.http.headers["referer"] = f"http://localhost:3000/@alice/{status['id']}"
    await browser.get(f"/web/statuses/{status['id']}/delete")
    assert browser.value("return_to") == "/home"
    browser.http.headers["referer"] = "http://localhost:3000/@alice"
    await browser.get(f"/web/statuses/{status['id']}/delete")
    assert browser.value("return_to") == "/@alice"
    await browser.post("/web/statuses", status="Away", return_to="https://evil.example/")
    assert browser.path == "/home"


async def test_four_large_images_fit_into_one_form(world: World) -> None:
    browser = await Browser.of(world, await world.person("alice"))
    await browser.get("/compose")
    large = PNG + b"\0" * (6 << 20)
    await browser.post("/web/statuses", files=_files(large, large, large, large), status="Heavy")
    assert browser.path == "/home"
