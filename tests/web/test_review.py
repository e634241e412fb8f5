"""The review list: what moderators see, decide and turn round, without script; and who may not."""

from __future__ import annotations

import re

from rostra.moderation.review import list_waiting
from tests.screening.policies import put_in_force
from tests.web.markup import check
from tests.web.test_pages import Browser
from tests.world import Person, World


async def _scene(world: World) -> tuple[Person, Person, Browser]:
    """Ada, whose posts are held; Mia, a moderator, and her browser."""
    await put_in_force(world)
    ada, mia = await world.person("ada"), await world.person("mia", role="moderator")
    return ada, mia, await Browser.of(world, mia)


async def _ids(world: World, which: str = "holds") -> list[int]:
    return [item.id for item in (await list_waiting(world.db, which))[0]]  # type: ignore[arg-type] # one of three


async def test_the_list_is_for_moderators_only(world: World) -> None:
    ada, _, mia = await _scene(world)
    await ada.post("A pumpkin")
    (hold,) = await _ids(world)
    stranger = await Browser.of(world, await world.person("bob"))
    await stranger.get("/admin/review", expect=403)
    await stranger.get("/home")
    await stranger.post(f"/admin/review/hold/{hold}", expect=403, decision="publish", revision="0")
    await Browser(world).http.get("/admin/review")
    assert await _ids(world) == [hold]
    await mia.get("/admin/review")


async def test_an_item_says_all_that_a_reviewer_needs(world: World) -> None:
    ada, _, browser = await _scene(world)
    await ada.post(
        "A pumpkin <script>alert(1)</script>",
        spoiler_text="Food",
        poll={"options": ["<i>x</i>", "y"], "expires_in": 3600},
    )
    page = await browser.get("/admin/review")
    for said in (
        "A pumpkin &lt;script&gt;", "Food", "&lt;i&gt;x&lt;/i&gt;", "@ada", "here since today", "0 strikes", "Words",
        "Severity 3 of 5", "<code>wait</code>", "Pumpkins are looked at first.", "refused in", "The oldest waits for",
    ):  # fmt: skip
        assert said in page, said
    assert "<script>alert" not in page
    assert check(page)[1] == []


async def test_publishing_goes_on_with_the_next_item(world: World) -> None:
    ada, _, browser = await _scene(world)
    first, second = await ada.post("A pumpkin"), await ada.post("Another pumpkin")
    ids = await _ids(world)
    page = await browser.get("/admin/review")
    assert f'name="next" value="{ids[1]}"' in page
    answer = await browser.http.post(
        f"/admin/review/hold/{ids[0]}", follow_redirects=False,
        data={
            "csrf": browser.value("csrf"), "decision": "publish", "revision": "0", "next": str(ids[1]), "note": "Fine",
        },
    )  # fmt: skip
    assert answer.headers["location"] == f"/admin/review?tab=hold#item-{ids[1]}"
    await world.settle()
    assert await _ids(world) == [ids[1]]
    await world.anyone.get(f"/api/v1/statuses/{first['id']}")
    await world.anyone.get(f"/api/v1/statuses/{second['id']}", expect=404)
    page = await browser.get("/admin/review")
    assert "Published." in page
    assert f'id="item-{ids[1]}" tabindex="-1"' in page
    events = await world.db.connection.fetch("select details from moderation_events where type = 'hold_released'")
    assert events[0]["details"]["note"] == "Fine"


async def test_a_refusal_can_be_turned_round(world: World) -> None:
    ada, _, browser = await _scene(world)
    posted = await ada.post("A pumpkin")
    (hold,) = await _ids(world)
    await browser.get("/admin/review")
    await browser.post(f"/admin/review/hold/{hold}", decision="refuse", revision="0")
    page = await browser.get("/admin/review?tab=refused")
    assert "A pumpkin" in page
    assert f'action="/admin/review/refused/{posted["id"]}"' in page
    assert "1 strike " in re.sub(r"\s+", " ", page)
    await browser.post(f"/admin/review/refused/{posted['id']}", decision="publish")
    await world.settle()
    await world.anyone.get(f"/api/v1/statuses/{posted['id']}")
    assert "Nothing was refused" in await browser.get("/admin/review?tab=refused")


async def test_a_case_can_be_left_or_withdrawn(world: World) -> None:
    ada, _, browser = await _scene(world)
    posted = await ada.post("A marrow")
    (case,) = await _ids(world, "cases")
    page = await browser.get("/admin/review?tab=case")
    assert "A marrow" in page
    await browser.post(f"/admin/review/case/{case}", decision="refuse", revision="0")
    await world.settle()
    await world.anyone.get(f"/api/v1/statuses/{posted['id']}", expect=404)


async def test_what_was_changed_or_decided_meanwhile_is_said_kindly(world: World) -> None:
    ada, _, browser = await _scene(world)
    posted = await ada.post("A pumpkin")
    (hold,) = await _ids(world)
    await browser.get("/admin/review")
    page = await browser.post(f"/admin/review/hold/{hold}", expect=409, decision="publish", revision="7")
    assert "Nothing was done." in page
    assert "A pumpkin" in page
    await ada.api.put(f"/api/v1/statuses/{posted['id']}", {"status": "A larger pumpkin"})
    page = await browser.post(f"/admin/review/hold/{hold}", expect=409, decision="publish", revision="0")
    assert "A larger pumpkin" in page
    await browser.post("/admin/review/hold/1", expect=409, decision="publish", revision="0")


async def test_nobody_decides_their_own_post(world: World) -> None:
    _, mia, browser = await _scene(world)
    await mia.post("A pumpkin")
    (hold,) = await _ids(world)
    page = await browser.get("/admin/review")
    assert "somebody else has to look at it" in page
    assert f'action="/admin/review/hold/{hold}"' not in page
    await browser.post(f"/admin/review/hold/{hold}", expect=403, decision="publish", revision="0")
    assert await _ids(world) == [hold]


async def test_pictures_are_veiled_until_somebody_asks(world: World) -> None:
    from tests.media.samples import encode, picture

    ada, _, browser = await _scene(world)
    png = {"file": ("a.png", encode(picture(), "PNG"), "image/png")}
    media = (await ada.api.request("POST", "/api/v2/media", files=png, data={"description": "A gourd"})).json()
    await ada.post("A pumpkin", media_ids=[media["id"]])
    page = await browser.get("/admin/review")
    assert re.search(
        r'<label class="veil" for="[^"]+"><input type="checkbox" class="vh" id="[^"]+"><img src="[^"]+" alt=""', page
    )
    assert "A gourd" in page


async def test_the_list_goes_on_where_the_page_ended(world: World) -> None:
    ada, _, browser = await _scene(world)
    for number in range(22):
        await ada.post(f"Pumpkin number {number}")
    page = await browser.get("/admin/review")
    assert page.count('<article class="review"') == 20
    found = re.search(r'rel="next" href="([^"]+)"', page)
    assert found is not None
    page = await browser.get(found[1].replace("&amp;", "&"))
    assert page.count('<article class="review"') == 2
    assert 'name="after" value="3-' in page


async def test_the_navigation_counts_what_waits_on_pages_of_the_administration_only(world: World) -> None:
    ada, _, browser = await _scene(world)
    for text in ("A pumpkin", "Another pumpkin", "A marrow"):
        await ada.post(text)
    assert re.search(r'href="/admin/review".*?<b class="count">3', await browser.get("/admin/reports"), re.DOTALL)
    assert "waiting</span>" not in await browser.get("/home")


async def test_the_list_takes_the_same_statements_for_one_and_for_twenty(world: World) -> None:
    ada, _, browser = await _scene(world)
    await ada.post("A pumpkin")
    await browser.get("/admin/review")
    one = await world.statements(lambda: browser.get("/admin/review"))
    for number in range(19):
        await ada.post(f"Pumpkin {number}")
    twenty = await world.statements(lambda: browser.get("/admin/review"))
    assert len(one) == len(twenty)
