"""Transparency over the API: what everybody may read, and the files that only staff may take away."""

from __future__ import annotations

import csv
import io
from datetime import date, timedelta
from urllib.parse import urlsplit

import pytest

from rostra.dsa.schema import COLUMNS
from rostra.dsa.validate import validate
from rostra.measurement.transparency import publish_report
from rostra.measurement.transparency_sections import Period, Service
from tests.conftest import NOON
from tests.measurement.decided import decide
from tests.world import Api, World

YESTERDAY = NOON - timedelta(days=1)
ALL = "read admin:read"
SERVICE = Service(title="A town square", domain="rostra.example", contact="")
LOG = "/api/rostra/v1/transparency/decisions"
STATEMENTS = "/api/rostra/v1/transparency/statements"


async def staff(world: World, role: str = "moderator", scopes: str = ALL) -> Api:
    return (await world.person(f"the_{role}", role=role, scopes=scopes)).api


async def test_the_log_is_open_to_everybody_page_by_page(world: World):
    ada = await world.person("ada")
    for _ in range(5):
        await decide(world, YESTERDAY, account_id=ada.account_id, actions=("freeze",))

    first = await world.anyone.get(LOG, {"limit": "2"})
    assert len(first.json()["decisions"]) == 2
    assert first.headers["link"].endswith('rel="next"')
    seen = {each["id"] for each in first.json()["decisions"]}
    following = first.json()["next"]
    while following:
        page = (await world.anyone.get(LOG, {"limit": "2", "after": following})).json()
        seen |= {each["id"] for each in page["decisions"]}
        following = page["next"]
    assert len(seen) == 5
    address = urlsplit(first.links["next"]["url"])
    assert (await world.anyone.get(f"{address.path}?{address.query}")).json()["decisions"]


async def test_a_cursor_or_a_length_that_cannot_be_is_refused(world: World):
    for params in ({"after": "nonsense"}, {"limit": "0"}, {"limit": "101"}):
        await world.anyone.get(LOG, params, expect=422)


async def test_published_reports_are_open_to_everybody(world: World):
    ada = await world.person("ada")
    await decide(world, NOON - timedelta(days=20), account_id=ada.account_id, actions=("freeze",))
    published = await publish_report(
        world.db, world.clock, world.res.store, SERVICE, Period(date(2026, 4, 1), date(2026, 5, 1)), actor_id=None
    )

    (listed,) = (await world.anyone.get("/api/rostra/v1/transparency/reports")).json()["reports"]
    assert (listed["begins"], listed["ends"], listed["sha256"]) == ("2026-04-01", "2026-04-30", published.sha256)
    answer = await world.anyone.get(f"/api/rostra/v1/transparency/reports/{published.id}")
    assert "immutable" in answer.headers["cache-control"]
    assert answer.json()["sections"]["X.4_months"]["rows"][0][:2] == ["2026-04", 1]
    await world.anyone.get("/api/rostra/v1/transparency/reports/17", expect=404)


async def test_both_lists_are_one_statement_however_long(world: World):
    ada = await world.person("ada")
    counts: list[list[int]] = []
    for number in range(1, 4):
        await decide(world, YESTERDAY, account_id=ada.account_id, actions=("freeze", "warn"))
        period = Period(date(2026, number, 1), date(2026, number + 1, 1))
        await publish_report(world.db, world.clock, world.res.store, SERVICE, period, actor_id=None)
        paths = (LOG, "/api/rostra/v1/transparency/reports")
        counts.append([len(await world.statements(lambda path=path: world.anyone.get(path))) for path in paths])

    assert counts == [[1, 1]] * 3


@pytest.mark.parametrize("kind", ["json", "csv"])
async def test_staff_take_the_statements_of_some_days_away_as_one_file(world: World, kind: str):
    ada = await world.person("ada")
    for days in (0, 1, 2):
        await decide(world, NOON - timedelta(days=days), account_id=ada.account_id, actions=("freeze",))
    answer = await (await staff(world)).get(STATEMENTS, {"from": "2026-05-03", "to": "2026-05-04", "format": kind})

    assert f'filename="statements_2026-05-03_2026-05-04.{kind}"' in answer.headers["content-disposition"]
    assert answer.headers["cache-control"] == "private, no-store"
    if kind == "json":
        bodies = answer.json()["statements"]
        assert [validate(body) for body in bodies] == [[], []]
    else:
        rows = list(csv.DictReader(io.StringIO(answer.text)))
        assert len(rows) == 2
        assert tuple(rows[0]) == COLUMNS


async def test_nobody_else_takes_statements_away(world: World):
    params = {"from": "2026-05-03", "to": "2026-05-04"}
    await world.anyone.get(STATEMENTS, params, expect=401)
    await (await staff(world, "user")).get(STATEMENTS, params, expect=403)
    await (await staff(world, "triage")).get(STATEMENTS, params, expect=403)
    await (await staff(world, "moderator", "read")).get(STATEMENTS, params, expect=403)


@pytest.mark.parametrize(
    "params",
    [
        {"from": "2026-05-04", "to": "2026-05-03"},
        {"from": "yesterday", "to": "2026-05-03"},
        {"from": "2026-05-03", "to": "2026-05-04", "format": "xlsx"},
        {"from": "0001-01-01", "to": "9999-12-31"},
    ],
)
async def test_days_that_cannot_be_are_refused(world: World, params: dict[str, str]):
    await (await staff(world)).get(STATEMENTS, params, expect=422)


async def test_both_days_must_be_named(world: World):
    api = await staff(world)
    for params in ({}, {"from": "2026-05-03"}):
        await api.get(STATEMENTS, params, expect=400)


async def test_staff_see_how_handing_in_goes(world: World):
    counted = (await (await staff(world)).get("/api/rostra/v1/transparency/submissions")).json()

    assert counted == {"configured": False, "accepted": 0, "known": 0, "refused": 0, "latest": None}
