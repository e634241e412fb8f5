"""Transparency in the web: read by everybody, published by administrators, without script."""

from __future__ import annotations

import io
import json
import zipfile
from datetime import timedelta
from hashlib import sha256
from typing import Any

import pytest

from rostra.measurement import transparency
from tests.conftest import NOON
from tests.measurement.decided import decide
from tests.web.browser import Browser
from tests.web.markup import check
from tests.world import World

YESTERDAY = NOON - timedelta(days=1)
PUBLIC = ("/transparency", "/transparency/log")
APRIL: dict[str, Any] = {"from": "2026-04-01", "to": "2026-04-30"}


async def staff(world: World, role: str = "owner") -> Browser:
    return await Browser.of(world, await world.person(f"the_{role}", role=role))


async def fill(world: World) -> None:
    """Some decisions of yesterday, and last night's numbers."""
    zenobia = await world.person("zenobia")
    for number in range(45):
        await decide(
            world, YESTERDAY, account_id=zenobia.account_id, actions=("suspend",), automatic=number % 3 == 0,
            reversed_why="appeal" if number == 7 else None, lasts=timedelta(days=7),
        )  # fmt: skip
    service = transparency.service_of(await world.res.instance.configured(world.db), "rostra.example")
    await transparency.make_overview(world.db, world.clock, service)


@pytest.mark.parametrize("path", PUBLIC)
async def test_everybody_may_read_before_and_after_anything_was_decided(world: World, path: str):
    visitor = Browser(world)
    assert check(await visitor.get(path))[1] == []
    await fill(world)
    assert check(await visitor.get(path))[1] == []


async def test_the_page_says_how_much_how_often_by_itself_and_how_often_wrong(world: World):
    await fill(world)
    page = await Browser(world).get("/transparency")

    assert "<dt>measures taken</dt><dd>45</dd>" in page
    assert "<dt>decided by a rule alone</dt><dd>33%</dd>" in page
    assert "<dt>turned round later</dt><dd>1</dd>" in page
    assert "without a statement of reasons" not in page


async def test_the_log_goes_on_page_by_page_and_names_nobody(world: World):
    await fill(world)
    visitor = Browser(world)
    first = await visitor.get("/transparency/log")
    assert first.count("<li id=") == 40
    assert "Account suspended for a time until 10 May 2026" in first
    following = first.split('rel="next" href="')[1].split('"')[0]
    second = await visitor.get(following.replace("&amp;", "&"))

    assert second.count("<li id=") == 5
    assert "zenobia" not in first + second
    assert "turned round on appeal" in first + second


async def test_both_pages_cost_the_same_however_much_was_decided(world: World):
    visitor = Browser(world)
    for path in PUBLIC:
        await visitor.get(path)
    empty = [len(await world.statements(lambda path=path: visitor.get(path))) for path in PUBLIC]
    await fill(world)
    full = [len(await world.statements(lambda path=path: visitor.get(path))) for path in PUBLIC]

    assert full == empty


async def test_an_administrator_looks_at_a_report_and_publishes_it_for_good(world: World):
    await fill(world)
    admin = await staff(world)
    answer = await admin.http.get("/admin/transparency/preview", params=APRIL)
    assert zipfile.ZipFile(io.BytesIO(answer.content)).testzip() is None
    await admin.get("/admin/transparency")
    page = await admin.post("/admin/transparency/publish", **APRIL)
    assert "Published" in page
    (report,) = await transparency.list_reports(world.db)

    visitor = Browser(world)
    assert f"/transparency/reports/{report.id}/report.zip" in await visitor.get("/transparency")
    packed = await visitor.http.get(f"/transparency/reports/{report.id}/report.zip")
    assert sha256(packed.content).hexdigest() == report.sha256
    assert "immutable" in packed.headers["cache-control"]
    numbers = await visitor.http.get(f"/transparency/reports/{report.id}/report.json")
    assert json.loads(numbers.text)["period"] == {"begins": "2026-04-01", "ends": "2026-04-30"}
    assert 'filename="transparency_2026-04-01_2026-04-30.json"' in numbers.headers["content-disposition"]


async def test_a_second_publishing_asks_why_and_keeps_what_was_filled_in(world: World):
    admin = await staff(world)
    await admin.get("/admin/transparency")
    await admin.post("/admin/transparency/publish", **APRIL)
    await admin.get("/admin/transparency")
    page = await admin.post("/admin/transparency/publish", expect=422, **APRIL)

    assert "say why there is another revision." in page
    assert 'value="2026-04-30"' in page
    await admin.post("/admin/transparency/publish", **APRIL, note="Corrected")
    assert [each.revision for each in await transparency.list_reports(world.db)] == [2, 1]


async def test_a_period_that_is_not_over_is_refused_with_words(world: World):
    admin = await staff(world)
    await admin.get("/admin/transparency")
    later: dict[str, Any] = {"from": "2026-05-01", "to": "2026-05-31"}

    page = await admin.post("/admin/transparency/publish", expect=422, **later)
    assert "This period is not over yet: its last day must have passed." in page
    turned: dict[str, Any] = {"from": "2026-04-30", "to": "2026-04-01"}
    page = await admin.post("/admin/transparency/publish", expect=422, **turned)
    assert "The last day is before the first one." in page
    for last in ("2026-05-31", "9999-12-31"):
        answer = await admin.http.get("/admin/transparency/preview", params={**later, "to": last})
        assert answer.status_code == 422


async def test_moderators_look_and_do_not_publish_and_others_take_nothing_away(world: World):
    moderator, triage = await staff(world, "moderator"), await staff(world, "triage")
    await moderator.get("/admin/transparency")
    await moderator.post("/admin/transparency/publish", expect=403, **APRIL)
    assert "/admin/transparency/statements" not in await triage.get("/admin/transparency")
    await triage.get("/admin/transparency/statements?from=2026-05-03&to=2026-05-03", expect=403)
    await triage.get("/admin/transparency/preview?from=2026-04-01&to=2026-04-30", expect=403)
    await (await staff(world, "user")).get("/admin/transparency", expect=403)
    assert await transparency.list_reports(world.db) == []


async def test_staff_take_statements_away(world: World):
    await fill(world)
    moderator = await staff(world, "moderator")
    days = {"from": "2026-05-03", "to": "2026-05-03"}
    answer = await moderator.http.get("/admin/transparency/statements", params={**days, "format": "json"})

    assert len(answer.json()["statements"]) == 45
    assert answer.headers["cache-control"] == "private, no-store"
    backwards = {"from": "2026-05-04", "to": "2026-05-03", "format": "csv"}
    answer = await moderator.http.get("/admin/transparency/statements", params=backwards)
    assert answer.status_code == 422


async def test_a_report_that_is_not_there_is_not_found(world: World):
    visitor = Browser(world)
    for name in ("report.zip", "report.json"):
        await visitor.get(f"/transparency/reports/17/{name}", expect=404)


async def test_the_pages_speak_italian(world: World):
    await fill(world)
    visitor = Browser(world)
    visitor.http.headers["accept-language"] = "it"

    assert "Gli ultimi dodici mesi" in await visitor.get("/transparency")
    assert "Account sospeso a tempo fino al 10 maggio 2026" in await visitor.get("/transparency/log")
