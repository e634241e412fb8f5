"""The pages of notices as people use them, without script: from the list to the pack, quarantine, providers, the form
for everybody."""

from __future__ import annotations

import re

import pytest

from rostra.notices.intake import Arrival, take_in
from rostra.notices.pack_verify import verify
from tests.notices.letters import BASE, letter, xarf4
from tests.notices.scene import HANGED, items_of, put_policy, put_provider, report, row_of
from tests.web.browser import Browser
from tests.world import World


async def desk(world: World) -> Browser:
    return await Browser.of(world, await world.person("anna", role="moderator"))


async def test_a_moderator_answers_a_host_from_the_list_to_the_pack(world: World) -> None:
    await put_policy(world)
    provider = await put_provider(world)
    post = await (await world.person("carl")).post(HANGED)
    for n in range(7):
        await (await world.person(f"copier{n}")).post(f"{HANGED} {n}")
    notice_id = await report(world, provider, post["url"], f"{BASE}/@nobody/3")
    browser = await desk(world)
    page = await browser.get("/admin/notices")
    assert "Example Cloud" in page
    assert "1 of 2 examples dealt with" in page
    page = await browser.get(f"/admin/notices/{notice_id}")
    assert "7 near-copies" in page
    item = (await items_of(world, notice_id))[0]
    page = await browser.get(f"/admin/notices/{notice_id}/items/{item.id}")
    assert "The same for 7 copies" in page
    # Where the notice names no clause of ours, that of the case is meant, and stands in the form.
    await world.db.connection.execute("update notice_items set clause = '' where id = $1", item.id)
    await world.db.connection.execute("update cases set clause = 'threats' where id = $1", item.case_id)
    page = await browser.get(f"/admin/notices/{notice_id}/items/{item.id}")
    assert '<option value="threats" selected>' in page
    shown = {name: browser.value(name) for name in ("revision", "seen")}
    page = await browser.post(
        f"/admin/notices/{notice_id}/items/{item.id}", outcome="violates", clause="threats", with_copies="1",
        **{"acts[]": ["status.remove"]}, **shown,
    )  # fmt: skip
    assert browser.path == f"/admin/notices/{notice_id}"
    assert "decided: the answer is next" in page
    await world.settle()
    page = await browser.post(f"/admin/notices/{notice_id}/draft")
    assert "Removed: 7" in page
    page = await browser.post(f"/admin/notices/{notice_id}/answer", text="Hello,\n\nmy own words.")
    page = await browser.post(f"/admin/notices/{notice_id}/approve", answer_id=browser.value("answer_id"))
    assert "To abuse@cloud.example." in page
    page = await browser.post(f"/admin/notices/{notice_id}/send", how="mail")
    assert "my own words." in page
    await browser.post(f"/admin/notices/{notice_id}/pack")
    await world.settle()
    answer = await browser.http.get(f"/admin/notices/{notice_id}/pack")
    assert verify(answer.content)
    page = await browser.post(f"/admin/notices/{notice_id}/move", to="closed", note="they are content")
    assert "they are content" in page
    assert (await row_of(world, notice_id))["state"] == "closed"


async def test_copies_that_wait_for_a_second_person_are_said_to_and_not_ordered_twice(world: World) -> None:
    await put_policy(world)
    provider = await put_provider(world)
    post = await (await world.person("carl")).post(HANGED)
    for n in range(2):
        await (await world.person(f"copier{n}")).post(f"{HANGED} {n}")
    notice_id = await report(world, provider, post["url"])
    await world.db.connection.execute("update desk_settings set second_look_over = 1")
    browser, other = await desk(world), await Browser.of(world, await world.person("bert", role="moderator"))
    item = (await items_of(world, notice_id))[0]
    place = f"/admin/notices/{notice_id}/items/{item.id}"
    await browser.get(place)
    shown = {name: browser.value(name) for name in ("revision", "seen")}
    wanted = {"outcome": "violates", "clause": "threats", "with_copies": "1", "acts[]": ["status.remove"]} | shown
    page = await browser.post(place, **wanted)
    await world.settle()
    assert "copies wait for a second person" in page
    assert "the answer is next" not in page
    many = re.findall(r"/admin/desk/bulk/\d+", page)[0]
    page = await browser.get(place)
    assert "What was ordered for the copies waits for a second person." in page
    assert "with_copies" not in page
    await browser.post(place, expect=409, **wanted)
    await other.get(many)
    await other.post(f"{many}/approve")
    await world.settle()
    assert "the answer is next" in await browser.get(f"/admin/notices/{notice_id}")


async def test_what_stops_an_act_is_said_and_nothing_typed_is_lost(world: World) -> None:
    await put_policy(world)
    provider = await put_provider(world)
    post = await (await world.person("carl")).post(HANGED)
    notice_id = await report(world, provider, post["url"])
    browser = await desk(world)
    item = (await items_of(world, notice_id))[0]
    place = f"/admin/notices/{notice_id}/items/{item.id}"
    await browser.get(place)
    page = await browser.post(place, 422, outcome="", note="do not lose me")
    assert "do not lose me" in page
    fields = {"outcome": "violates", "clause": "threats", "revision": "9", "acts[]": ["status.remove"]}
    page = await browser.post(place, 409, **fields)
    assert "Something has changed since you looked at it" in page
    page = await browser.post(place, 422, outcome="violates", clause="nonsense", revision="0")
    assert "Choose the clause that it breaks." in page
    await browser.get(f"/admin/notices/{notice_id}")
    await browser.post(f"/admin/notices/{notice_id}/send", 404)
    await browser.get(f"/admin/notices/{notice_id}")
    await browser.post(f"/admin/notices/{notice_id}/draft")
    page = await browser.post(f"/admin/notices/{notice_id}/approve", 409, answer_id=browser.value("answer_id"))
    assert "Not every example is decided yet." in page


async def test_nobody_decides_about_their_own_posts(world: World) -> None:
    await put_policy(world)
    provider = await put_provider(world)
    anna = await world.person("anna", role="moderator")
    post = await anna.post(HANGED)
    notice_id = await report(world, provider, post["url"])
    browser = await Browser.of(world, anna)
    place = f"/admin/notices/{notice_id}/items/{(await items_of(world, notice_id))[0].id}"
    await browser.get(place)
    assert "Somebody else has to decide." in await browser.post(place, 403, outcome="ok", revision="0")


async def test_quarantine_is_looked_at_as_text_and_released_by_a_person(world: World) -> None:
    await put_policy(world)
    provider = await put_provider(world)
    body = xarf4(f"{BASE}/@carl/1", description="<script>alert(1)</script>")
    taken = await take_in(world.res.desk, Arrival(body=body, channel="public"))
    browser = await desk(world)
    assert "nobody vouches for its sender" in await browser.get("/admin/notices?which=quarantined")
    page = await browser.get(f"/admin/notices/{taken.notice_id}")
    assert "<script>alert" not in page
    assert "&lt;script&gt;alert" in page
    page = await browser.post(f"/admin/notices/{taken.notice_id}/release", provider_id=str(provider.id), regime="order")
    assert "vouched for by a colleague" in page
    row = await row_of(world, taken.notice_id)
    assert (row["provider_id"], row["regime"]) == (provider.id, "order")


async def test_what_cannot_be_read_is_not_released_but_put_away(world: World) -> None:
    taken = await take_in(world.res.desk, Arrival(body=letter("hello").as_bytes(), channel="mail"))
    browser = await desk(world)
    await browser.get(f"/admin/notices/{taken.notice_id}")
    page = await browser.post(f"/admin/notices/{taken.notice_id}/release", 422)
    assert "names no address" in page
    await browser.post(f"/admin/notices/{taken.notice_id}/refuse", why="nothing in it")
    assert "put away" in await browser.get("/admin/notices?which=closed")


async def test_staff_take_in_what_came_by_letter_or_as_a_file(world: World) -> None:
    provider = await put_provider(world, host="")
    browser = await desk(world)
    await browser.get("/admin/notices/new")
    page = await browser.post("/admin/notices/new", 422, text=" ")
    page = await browser.post("/admin/notices/new", 422, text="your site is bad")
    assert "write the addresses, one on a line" in page
    page = await browser.post(
        "/admin/notices/new", provider_id=str(provider.id), regime="legal", text=f"{BASE}/@carl/1"
    )
    assert "taken in by a colleague" in page
    await browser.get("/admin/notices/new")
    files = {"file": ("report.eml", letter(f"{BASE}/@carl/2").as_bytes(), "application/octet-stream")}
    assert "from a file" in await browser.post("/admin/notices/new", files=files, provider_id="")
    await browser.get("/admin/notices/new")
    await browser.post("/admin/notices/new", 422, files={"file": ("all.zip", b"PK\x03\x04zip", "application/zip")})
    rows = await world.db.connection.fetch(
        "select provider_id, channel, proof, regime, format from notices order by id"
    )
    assert [tuple(row) for row in rows] == [
        (provider.id, "form", "person", "legal", "text"), (None, "file", "person", "host", "mail"),
    ]  # fmt: skip


async def test_providers_are_managed_on_their_page(world: World) -> None:
    await put_policy(world)
    browser = await desk(world)
    await browser.get("/admin/notices/providers")
    fields = {"name": "Example Cloud", "host": "cloud", "contact": "abuse@cloud.example",
    "domains": "cloud.example; mail.example",
              "regime": "host", "hours": "12,5", "language": "it"}  # fmt: skip
    page = await browser.post("/admin/notices/providers", 422, **{**fields, "hours": "soon"})
    assert "Between a quarter of an hour and 90 days." in page
    page = await browser.post("/admin/notices/providers", **fields)
    provider_id = re.findall(r"\d+", browser.path)[-1]
    page = await browser.post(f"/admin/notices/providers/{provider_id}/token")
    found = re.search(r"rn_[\w-]+", page)
    assert found
    assert found[0] not in await browser.get(f"/admin/notices/providers/{provider_id}")
    page = await browser.post(f"/admin/notices/providers/{provider_id}", **{**fields, "name": "Cloud Two"})
    assert 'value="12.5"' in page
    page = await browser.post(f"/admin/notices/providers/{provider_id}/retire")
    assert "no longer believed" in page


async def test_an_authority_reaches_us_and_waits_for_a_person(world: World) -> None:
    browser = Browser(world)
    page = await browser.get("/notices/new")
    fields = {"organisation": "Attorney General", "email": "ag@state.example", "reference": "4/26",
    "regime": "terrorist",
              "law": "Regulation (EU) 2021/784", "urls": f"{BASE}/@carl/1", "text": "Remove it."}  # fmt: skip
    page = await browser.post("/notices/new", 422, **{**fields, "email": "nobody"})
    page = await browser.post("/notices/new", 422, **{**fields, "urls": "the one about the bridge"})
    assert "Write the addresses of what you mean" in page
    page = await browser.post("/notices/new", **fields)
    assert "It has arrived" in page
    row = await world.db.connection.fetchrow("select state, regime, sender, subject from notices")
    assert row is not None
    assert tuple(row) == (
        "quarantined",
        "terrorist",
        "ag@state.example",
        "Attorney General · 4/26 · Regulation (EU) 2021/784",
    )


async def test_the_form_for_everybody_is_limited(world: World) -> None:
    browser = Browser(world)
    world.res.limiter._scale = 1
    await browser.get("/notices/new")
    for n in range(6):
        fields = {
            "organisation": "A",
            "email": "a@b.example",
            "regime": "order",
            "urls": f"{BASE}/@carl/{n}",
            "text": "",
        }
        await browser.post("/notices/new", 200 if n < 5 else 429, **fields)
        await browser.get("/notices/new")


@pytest.mark.parametrize("role", ["user", "juror", "triage"])
async def test_pages_of_notices_are_for_those_who_may_answer_them(world: World, role: str) -> None:
    provider = await put_provider(world, host="")
    notice_id = await report(world, provider, f"{BASE}/@carl/1")
    browser = await Browser.of(world, await world.person("somebody", role=role))
    for path in ("", "/new", "/providers", f"/providers/{provider.id}", f"/{notice_id}", f"/{notice_id}/pack"):
        await browser.get(f"/admin/notices{path}", 403)
    visitor = Browser(world)
    assert "/auth/sign_in" in str(
        (await visitor.http.get("/admin/notices", follow_redirects=False)).headers["location"]
    )


async def test_no_page_names_a_moderator(world: World) -> None:
    await put_policy(world)
    provider = await put_provider(world)
    post = await (await world.person("carl")).post(HANGED)
    notice_id = await report(world, provider, post["url"])
    anna = await Browser.of(world, await world.person("anna_the_mod", role="moderator"))
    await anna.get(f"/admin/notices/{notice_id}")
    await anna.post(f"/admin/notices/{notice_id}/draft")
    other = await Browser.of(world, await world.person("bert", role="moderator"))
    assert "anna_the_mod" not in await other.get(f"/admin/notices/{notice_id}")
