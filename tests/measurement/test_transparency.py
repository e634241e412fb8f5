"""Transparency reports: numbers that follow from what was decided, published once, frozen, in files that verify."""

from __future__ import annotations

import csv
import io
import zipfile
from datetime import date, timedelta
from hashlib import sha256
from typing import Any

import asyncpg
import msgspec
import pytest

from rostra.kit.errors import Invalid, NotFound
from rostra.measurement import transparency
from rostra.measurement.transparency_files import table
from rostra.measurement.transparency_sections import Period, Service
from tests.conftest import NOON
from tests.measurement.decided import decide
from tests.world import World

DAY = timedelta(days=1)
SERVICE = Service(title="A town square", domain="rostra.example", contact="desk@rostra.example", languages=("en", "it"))
APRIL = Period(date(2026, 4, 1), date(2026, 5, 1))
IN_APRIL = NOON - 20 * DAY


async def report(world: World, period: Period = APRIL) -> dict[str, Any]:
    return await transparency.make_report(world.db, world.clock, SERVICE, period)


async def publish(world: World, period: Period = APRIL, note: str = "") -> transparency.Published:
    return await transparency.publish_report(
        world.db, world.clock, world.res.store, SERVICE, period, actor_id=None, note=note
    )


def row(content: dict[str, Any], section: str, **wanted: Any) -> dict[str, Any]:
    """The one row of a section with these values."""
    found = [each for each in table(content, section) if all(each[key] == value for key, value in wanted.items())]
    assert len(found) == 1, found
    return found[0]


async def fill(world: World) -> None:
    """Of April: three reported posts removed (one turned round on appeal), a rule's own label, a suspension after a
    legal notice, one report that was wrong, one that was undone; and one of May."""
    ada, mod = await world.person("ada"), await world.person("mod", role="moderator")
    mine: dict[str, Any] = {"account_id": ada.account_id, "reviewer_id": mod.account_id}
    for number in range(3):
        turned = "appeal" if number == 2 else None
        await decide(world, IN_APRIL + number * DAY, status_id=number + 1, reversed_why=turned, **mine)
    await decide(
        world, IN_APRIL, account_id=ada.account_id, status_id=9, actions=("label",), origin="own", detected=True,
        automatic=True,
    )  # fmt: skip
    await decide(world, IN_APRIL, actions=("suspend", "warn"), origin="legal", lasts=7 * DAY, **mine)
    await decide(world, IN_APRIL, status_id=10, outcome="ok", actions=(), **mine)
    await decide(world, IN_APRIL, status_id=11, reversed_why="undo", **mine)
    await decide(world, NOON, status_id=12, **mine)


async def test_measures_are_counted_by_how_they_came_what_they_are_and_who_made_them(world: World):
    await fill(world)
    content = await report(world)

    name = "1.4_own_initiative_and_other_measures"
    reported = row(content, name, origin="report", category="VIOLENCE")
    own = row(content, name, origin="own", category="VIOLENCE")
    total = row(content, name, origin="TOTAL")
    assert (reported["measures"], reported["removed"], reported["decided_automatically"]) == (3, 3, 0)
    assert (own["labelled"], own["detected_automatically"], own["decided_automatically"]) == (1, 1, 1)
    assert row(content, name, origin="own", category="TOTAL")["measures"] == 1
    assert (total["measures"], total["account_suspended"], total["account_terminated"], total["warned"]) == (6, 1, 0, 1)


async def test_what_was_undone_at_once_and_other_periods_do_not_count(world: World):
    await fill(world)
    content = await report(world)

    assert row(content, "X.3_clauses", clause="violence.threat") == {
        "clause": "violence.threat", "decisions": 5, "decided_automatically": 1, "reversed": 1,
    }  # fmt: skip
    assert [each["month"] for each in table(content, "X.4_months")] == ["2026-04"]


async def test_the_accuracy_of_automatic_decisions_is_what_was_turned_round(world: World):
    ada = await world.person("ada")
    for number in range(4):
        await decide(
            world, IN_APRIL, account_id=ada.account_id, status_id=number + 1, origin="own", detected=True,
            automatic=True, reversed_why="review" if number == 0 else None,
        )  # fmt: skip

    total = row(await report(world), "1.6_automated_means", language="TOTAL")
    assert (total["decided_automatically"], total["reversed_of_automatic"], total["share_reversed"]) == (4, 1, 0.25)
    assert row(await report(world), "1.6_automated_means", language="EN")["decisions"] == 4


async def test_the_precision_of_rules_is_what_people_found_right_of_what_rules_brought(world: World):
    ada, mod = await world.person("ada"), await world.person("mod", role="moderator")
    both: dict[str, Any] = {"account_id": ada.account_id, "reviewer_id": mod.account_id, "detected": True}
    for number in range(4):
        ok = number == 0
        await decide(
            world, IN_APRIL, status_id=number + 1, outcome="ok" if ok else "violates",
            actions=() if ok else ("remove",), reversed_why="appeal" if number == 1 else None, **both,
        )  # fmt: skip

    found = row(await report(world), "1.6_indicators_of_accuracy", indicator="precision_of_what_rules_brought")
    assert (found["items"], found["share"]) == (4, 0.5)
    assert 0 < found["low"] < 0.5 < found["high"] < 1


async def test_prevalence_is_reported_as_it_was_estimated(world: World):
    async with world.db.transaction() as tx:
        await tx.execute(
            "insert into prevalence_estimates (days, clause, views, drawn, labelled, hits, share, low, high, unknown,"
            " made_at) values (daterange('2026-04-06', '2026-04-13'), '', 90000, 700, 690, 7, 0.01, 0.005, 0.02, 0.01,"
            " $1)", NOON,
        )  # fmt: skip

    assert table(await report(world), "X.5_prevalence") == [
        {
            "begins": "2026-04-06", "ends": "2026-04-12", "clause": "TOTAL", "views": 90000, "labelled": 690, "hits": 7,
            "share": 0.01, "low": 0.005, "high": 0.02, "unknown": 0.01,
        }
    ]  # fmt: skip


async def test_appeals_are_counted_by_side_and_outcome_with_the_time_that_they_took(world: World):
    ada = await world.person("ada")
    for number, (side, state) in enumerate(
        [("author", "upheld"), ("author", "overturned"), ("author", "filed"), ("reporter", "modified")]
    ):
        decision_id = await decide(world, IN_APRIL, account_id=ada.account_id, status_id=number + 1, automatic=True)
        done = IN_APRIL + timedelta(hours=number + 1) if state != "filed" else None
        async with world.db.transaction() as tx:
            await tx.execute(
                "insert into appeals (id, decision_id, side, text, state, filed_at, due_at, decided_at)"
                " values (make_id($1), $2, $3, '', $4, $1, $1, $5)", IN_APRIL, decision_id, side, state, done,
            )  # fmt: skip
    content = await report(world)

    by_author = row(content, "1.5_complaints", by="author")
    assert [by_author[name] for name in ("filed", "upheld", "overturned", "modified", "open")] == [3, 1, 1, 0, 1]
    assert by_author["median_hours"] == 1.5
    assert row(content, "1.5_complaints", by="reporter")["modified"] == 1
    total = row(content, "1.6_automated_means", language="TOTAL")
    assert (total["appeals"], total["appeals_granted"]) == (4, 2)


async def test_every_category_has_a_row_of_notices_and_the_totals_add_up(world: World):
    ada, bo = await world.person("ada"), await world.person("bo")
    async with world.db.transaction() as tx:
        for number, (source, outcome) in enumerate(
            [("legal", "upheld"), ("legal", "rejected"), ("trusted", None), ("user", "upheld"), ("user", None)]
        ):
            await tx.execute(
                "insert into reports (id, account_id, target_id, created_at, source, outcome, action_taken_at, muted)"
                " values (make_id($1), $2, $3, $1, $4, $5, $6, false)",
                IN_APRIL, bo.account_id, ada.account_id, source, outcome,
                IN_APRIL + timedelta(hours=number + 1) if outcome else None,
            )  # fmt: skip
    content = await report(world)

    total = row(content, "1.3_notices", category="TOTAL")
    assert (total["notices"], total["by_trusted_flaggers"], total["not_acted_on"], total["open"]) == (3, 1, 1, 1)
    assert (total["user_reports"], total["user_reports_upheld"]) == (2, 1)
    assert len(table(content, "1.3_notices")) == 16 + 1 + 1


async def test_times_are_percentiles_from_the_making_and_from_the_first_report(world: World):
    ada = await world.person("ada")
    for hours in (1, 2, 3, 4, 100):
        made = IN_APRIL - timedelta(hours=hours)
        async with world.db.read() as conn:
            status_id = await conn.fetchval("select make_id($1)", made)
        await decide(world, IN_APRIL, account_id=ada.account_id, status_id=status_id)

    times = row(await report(world), "X.1_times", since="creation", origin="TOTAL", month="TOTAL")
    assert (times["decisions"], times["median_hours"], times["p90_hours"]) == (5, 3.0, 61.6)


async def test_nothing_decided_is_a_report_too(world: World):
    content = await report(world)

    assert row(content, "1.4_own_initiative_and_other_measures", origin="TOTAL")["measures"] == 0
    assert row(content, "1.8_recipients", month="AVERAGE")["accounts"] is None


async def test_a_language_of_fewer_than_three_of_the_staff_is_not_counted_out(world: World):
    for number, languages in enumerate((["it"], ["en"], ["en"], ["en", "it"])):
        mod = await world.person(f"mod{number}", role="moderator")
        async with world.db.transaction() as tx:
            await tx.execute(
                "insert into reviewers (account_id, pseudonym, languages) values ($1, $2, $3)",
                mod.account_id, f"p{number}", languages,
            )  # fmt: skip
    content = await report(world)

    assert row(content, "1.7_human_resources", language="en")["people"] == 3
    assert row(content, "1.7_human_resources", language="it")["people"] == "<3"
    assert row(content, "1.7_human_resources", language="TOTAL")["people"] == 4


async def test_recipients_are_counted_each_day_and_averaged_over_the_months(world: World):
    for number in range(3):
        person = await world.person(f"p{number}")
        async with world.db.transaction() as tx:
            await tx.execute(
                "update users set last_active_on = $2 where account_id = $1",
                person.account_id, (IN_APRIL - number * 30 * DAY).date(),
            )  # fmt: skip
    world.at(IN_APRIL)
    await transparency.count_recipients(world.db, world.clock)
    async with world.db.transaction() as tx:
        await tx.execute("update users set last_active_on = $1", NOON.date())
    world.at(NOON)
    await transparency.count_recipients(world.db, world.clock)
    await transparency.count_recipients(world.db, world.clock)

    content = await report(world, Period(date(2026, 4, 1), date(2026, 5, 4)))
    assert [(each["month"], each["accounts"]) for each in table(content, "1.8_recipients")] == [
        ("2026-04", 1), ("2026-05", 3), ("AVERAGE", 2),
    ]  # fmt: skip


async def test_what_restricts_somebody_without_a_statement_is_counted(world: World):
    ada = await world.person("ada")
    await decide(world, IN_APRIL, account_id=ada.account_id, status_id=1)
    lost = await decide(world, IN_APRIL, account_id=ada.account_id, status_id=2)
    async with world.db.transaction() as tx:
        await tx.execute("delete from statements where decision_id = $1", lost)

    assert row(await report(world), "1.1_identification", field="decisions_without_statement")["value"] == 1


async def test_the_number_of_statements_does_not_grow_with_the_decisions(world: World):
    one = await world.statements(lambda: report(world))
    await fill(world)
    many = await world.statements(lambda: report(world))

    assert len(one) == len(many) <= 18


async def test_a_published_report_is_an_archive_of_one_csv_for_each_section(world: World):
    await fill(world)
    published = await publish(world)

    packed = b"".join([piece async for piece in world.res.store.read(published.file_key)])
    assert sha256(packed).hexdigest() == published.sha256
    assert len(packed) == published.file_size
    with zipfile.ZipFile(io.BytesIO(packed)) as archive:
        assert archive.testzip() is None
        content = msgspec.json.decode(archive.read("report.json"))
        assert content == await transparency.get_content(world.db, published.id)
        assert sorted(archive.namelist()) == sorted([*(f"{name}.csv" for name in content["sections"]), "report.json"])
        measures = csv.DictReader(io.StringIO(archive.read("1.4_own_initiative_and_other_measures.csv").decode()))
        assert [each["measures"] for each in measures][-1] == "6"
    numbers = [name.partition("_")[0] for name in content["sections"]]
    assert {"1.1", "1.2", "1.3", "1.4", "1.5", "1.6", "1.7", "1.8", "2"} <= set(numbers)


async def test_the_same_numbers_are_the_same_bytes(world: World):
    await fill(world)
    first = await publish(world)
    content = await transparency.get_content(world.db, first.id)

    assert content == await report(world)


async def test_a_published_report_cannot_be_changed_by_anybody(world: World):
    published = await publish(world)

    for change in ("update transparency_reports set note = 'x'", "delete from transparency_reports"):
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            async with world.db.transaction() as tx:
                await tx.execute(change)  # pyright: ignore[reportArgumentType]
    assert (await transparency.get_report(world.db, published.id)) == published


async def test_another_revision_says_why_and_leaves_the_first_as_it_was(world: World):
    first = await publish(world)
    with pytest.raises(Invalid, match="note is needed"):
        await publish(world)
    second = await publish(world, note="Two decisions were counted twice.")

    assert [(each.id, each.revision) for each in await transparency.list_reports(world.db)] == [
        (second.id, 2), (first.id, 1),
    ]  # fmt: skip
    assert second.note == "Two decisions were counted twice."


async def test_publishing_is_in_the_ledger(world: World):
    published = await publish(world)

    async with world.db.read() as conn:
        event = await conn.fetchrow(
            "select e.type, e.subject_id, e.details from moderation_events e join transparency_reports r"
            " on r.event_id = e.id where r.id = $1", published.id,
        )  # fmt: skip
    assert event is not None
    assert (event["type"], event["subject_id"]) == ("transparency_published", published.id)
    assert event["details"]["sha256"] == published.sha256


@pytest.mark.parametrize(
    ("begins", "ends"),
    [
        (date(2026, 5, 1), date(2026, 5, 1)),
        (date(2026, 5, 1), date(2026, 4, 1)),
        (date(2026, 5, 1), date(2026, 5, 5)),
        (date(2024, 1, 1), date(2025, 6, 1)),
    ],
)
async def test_a_period_that_is_none_or_not_over_or_too_long_is_refused(world: World, begins: date, ends: date):
    with pytest.raises(Invalid):
        await publish(world, Period(begins, ends))


async def test_a_report_that_is_not_there_is_not_found(world: World):
    for call in (transparency.get_report, transparency.get_content):
        with pytest.raises(NotFound):
            await call(world.db, 17)


async def test_the_overview_of_the_last_months_is_made_anew_every_day(world: World):
    assert await transparency.find_overview(world.db) is None
    await fill(world)
    await transparency.make_overview(world.db, world.clock, SERVICE)
    world.at(NOON + timedelta(hours=1))
    await transparency.make_overview(world.db, world.clock, SERVICE)

    overview = await transparency.find_overview(world.db)
    assert overview is not None
    assert overview.made_at == NOON
    assert overview.content["period"] == {"begins": "2025-05-01", "ends": "2026-05-03"}
    assert row(overview.content, "1.4_own_initiative_and_other_measures", origin="TOTAL")["measures"] == 6
    world.at(NOON + DAY)
    await transparency.make_overview(world.db, world.clock, SERVICE)
    overview = await transparency.find_overview(world.db)
    assert overview is not None
    assert row(overview.content, "1.4_own_initiative_and_other_measures", origin="TOTAL")["measures"] == 7
