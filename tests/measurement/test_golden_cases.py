"""Golden items among the cases of the desk: they look like cases, act on nobody, and are told of afterwards."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

import pytest

from rostra.kit.errors import Conflict, Forbidden, Invalid, NotFound
from rostra.levers.reading_queries import read_forecast
from rostra.measurement import golden_cases
from rostra.measurement.golden import add_golden
from rostra.measurement.labelling import take_item
from rostra.measurement.quality import reviewer_figures
from rostra.moderation.cases import queue
from rostra.moderation.cases.evidence import take_snapshot
from rostra.moderation.cases.queue import Query
from rostra.moderation.decisions.decide import decide_case
from tests.moderation.desk import act, drafted, reviewer
from tests.screening.policies import put_in_force
from tests.web.browser import Browser
from tests.web.markup import check
from tests.world import Person, World

PATH = "/api/rostra/v1/moderation"
SCOPES = "read write admin:read admin:write"
# All that a decision could touch.
TOUCHED = (
    "select (select count(*) from decisions), (select count(*) from actions), (select count(*) from statements),"
    " (select count(*) from author_notices), (select count(*) from cases), (select count(*) from reports),"
    " (select count(*) from holds), (select count(*) from case_notes), (select count(*) from notifications),"
    " (select count(*) from labels), (select count(*) from bad_signatures),"
    " (select md5(string_agg(c::text, '|' order by id)) from cases c),"
    " (select md5(string_agg(s.id || coalesce(s.withheld, '') || s.limited || s.covered || s.interaction_off, '|'"
    "   order by s.id)) from statuses s),"
    " (select md5(string_agg(a.id || coalesce(a.suspended_at, a.silenced_at, a.frozen_at, a.sensitized_at)::text, '|'"
    "   order by a.id)) from accounts a),"
    " (select count(*) from moderation_events where type in ('decision', 'strike', 'case_escalated', 'bulk_started'))"
)


async def scene(world: World, share: float = 0.5, role: str = "moderator") -> tuple[Person, Person, int]:
    """Ada's post, of which it is known that it breaks a clause; Mia of the staff; and something that waits."""
    await put_in_force(world)
    ada, bob = await world.person("ada"), await world.person("bob")
    mia = await world.person("mia", role=role, scopes=SCOPES)
    status = await ada.post("Some words of mine about a carrot", spoiler_text="")
    await bob.post("A marrow")
    at = world.clock.now()
    async with world.db.transaction() as tx:
        snapshot_id = await take_snapshot(tx, at, "status", int(status["id"]))
        assert snapshot_id is not None
        golden_id = await add_golden(tx, at, snapshot_id, outcome="violates", clause="words")
    await set_share(world, share)
    return ada, mia, golden_id


async def set_share(world: World, share: float, daily: int = 5) -> None:
    await world.db.connection.execute(
        "update measurement_settings set golden_case_share = $1, golden_cases_daily = $2", share, daily
    )


async def given(world: World, mia: Person, monkeypatch: pytest.MonkeyPatch) -> int:
    """Have the next case be golden; its number."""
    monkeypatch.setattr(golden_cases, "_drawn", lambda _: 0.01)
    number = await golden_cases.take_golden(world.res.desk, reviewer(mia), Query())
    assert number is not None
    return number


async def touched(world: World) -> tuple[Any, ...]:
    await world.settle()
    row = await world.db.connection.fetchrow(TOUCHED)
    assert row is not None
    return tuple(row.values())


@pytest.mark.parametrize(
    ("acts", "quick"),
    [
        (["status.remove", "account.suspend"], ""),
        (["status.limit", "account.freeze"], ""),
        ([], "remove-suspend"),
        ([], "ok"),
    ],
)
async def test_no_decision_on_one_acts_on_anybody(
    world: World, monkeypatch: pytest.MonkeyPatch, acts: list[str], quick: str
) -> None:
    _, mia, golden_id = await scene(world)
    number = await given(world, mia, monkeypatch)
    before = await touched(world)
    await set_share(world, 0)
    browser = await Browser.of(world, mia)
    await browser.get(f"/admin/desk/cases/{number}")
    form: dict[str, Any] = {"quick": quick} if quick else {"outcome": "violates", "acts[]": acts}
    await browser.post(f"/admin/desk/cases/{number}/decide", clause="words", revision="0", note="hm", **form)
    assert "That was a golden item" in browser.page
    changed = await touched(world)
    # What is leased next is a case that anybody could have got.
    assert changed[:11] + changed[12:] == before[:11] + before[12:]
    event = await world.db.connection.fetchrow("select * from moderation_events order by id desc limit 1")
    assert event is not None
    assert (event["type"], event["subject_kind"], event["subject_id"]) == ("golden_answered", "sample", golden_id)


@pytest.mark.parametrize("verb", ["take", "renew", "left", "skip", "release", "escalate", "hand_over", "note"])
async def test_nothing_else_that_is_done_with_one_touches_anything(
    world: World, monkeypatch: pytest.MonkeyPatch, verb: str
) -> None:
    _, mia, _ = await scene(world)
    max_ = await world.person("max", role="moderator")
    number = await given(world, mia, monkeypatch)
    before = await touched(world)
    await set_share(world, 0)
    browser = await Browser.of(world, mia)
    await browser.get(f"/admin/desk/cases/{number}")
    expect = 204 if verb in ("renew", "left") else 200
    await browser.post(f"/admin/desk/cases/{number}/{verb}", expect=expect, note="Look at this", to=max_.id)
    changed = await touched(world)
    assert changed[:11] + changed[12:] == before[:11] + before[12:]


async def test_its_number_is_no_case_and_no_other_act_takes_it(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    _, mia, _ = await scene(world)
    number = await given(world, mia, monkeypatch)
    desk, who = world.res.desk, reviewer(mia, "admin")
    with pytest.raises(NotFound):
        await decide_case(desk, who, number, drafted("violates", clause="words"))
    for attempt in (queue.take(desk, who, number), queue.renew(desk, who, number), queue.get_case(desk, number)):
        with pytest.raises(NotFound):
            await attempt
    assert await world.db.connection.fetchval("select count(*) from cases where id = $1", number) == 0


async def test_it_changes_no_count_no_forecast_and_no_list(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    _, mia, _ = await scene(world)
    desk, who = world.res.desk, reviewer(mia)

    async def seen() -> tuple[Any, ...]:
        async with world.db.read() as conn:
            forecast = await read_forecast(conn, world.clock.now())
        lists = [[row.id for row in (await queue.list_cases(desk, who, Query(state=state)))[0]]
                 for state in ("queued", "escalated", "closed")]  # fmt: skip
        return forecast, lists

    before = await seen()
    number = await given(world, mia, monkeypatch)
    assert await seen() == before
    turn = await golden_cases.find_turn(desk, who, number)
    assert turn is not None
    await golden_cases.decide_golden(desk, who, turn, "violates", "words")
    assert await seen() == before


async def test_it_looks_like_any_other_case(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    ada, mia, _ = await scene(world)
    browser = await Browser.of(world, mia)
    real = await world.db.connection.fetchval("select id from cases where state = 'queued'")
    await browser.get("/admin/desk")
    monkeypatch.setattr(golden_cases, "_drawn", lambda _: 0.01)
    page = await browser.post("/admin/desk/next")
    number = int(re.findall(r"/admin/desk/cases/(\d+)/decide", page)[0])
    assert number != real
    assert "Some words of mine about a carrot" in page
    assert "golden" not in page.lower()
    assert check(page)[1] == []
    await browser.get(f"/admin/desk/cases/{real}")
    await browser.post(f"/admin/desk/cases/{real}/take")

    def forms(text: str) -> set[str]:
        return {
            found.replace(str(number), "N").replace(str(real), "N") for found in re.findall(r'action="([^"]+)"', text)
        }

    assert forms(page) == forms(browser.page)
    assert ada.username in page


async def test_what_no_rule_has_a_clause_for_was_not_found_by_one(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    _, mia, golden_id = await scene(world)
    await world.db.connection.execute("update golden_items set outcome = 'fine', clause = '' where id = $1", golden_id)
    monkeypatch.setattr(golden_cases, "_drawn", lambda _: 0.01)
    browser = await Browser.of(world, mia)
    await browser.get("/admin/desk")
    page = await browser.post("/admin/desk/next")
    assert "No clause yet" in page
    assert "found by a rule" not in page
    assert "opened by a colleague" in page


async def test_the_answer_is_told_compared_and_counted(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    _, mia, _ = await scene(world)
    number = await given(world, mia, monkeypatch)
    browser = await Browser.of(world, mia)
    await set_share(world, 0)
    await browser.get(f"/admin/desk/cases/{number}")
    page = await browser.post(f"/admin/desk/cases/{number}/decide", quick="ok", clause="words", revision="0")
    assert "Your answer was another than the known one" in page
    async with world.db.read() as conn:
        (figures,) = await reviewer_figures(conn, world.clock.now())
    assert (figures.account_id, figures.golden) == (mia.account_id, 1)
    assert figures.right is not None
    assert figures.right.share == 0
    await browser.get(f"/admin/desk/cases/{number}", expect=404)


async def test_a_decision_needs_what_a_case_needs(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    _, mia, _ = await scene(world)
    number = await given(world, mia, monkeypatch)
    desk = world.res.desk
    turn = await golden_cases.find_turn(desk, reviewer(mia), number)
    assert turn is not None
    with pytest.raises(Invalid):
        await golden_cases.decide_golden(desk, reviewer(mia), turn, "violates", "nonsense")
    with pytest.raises(Forbidden):
        await golden_cases.decide_golden(desk, reviewer(mia, "triage"), turn, "violates", "words")
    assert (await golden_cases.decide_golden(desk, reviewer(mia), turn, "unclear", "")).right is None
    with pytest.raises(NotFound):
        await golden_cases.decide_golden(desk, reviewer(mia), turn, "ok", "")
    other = await world.person("max", role="moderator")
    assert await golden_cases.find_turn(desk, reviewer(other), number) is None


async def test_none_come_where_they_are_off_used_up_or_would_be_seen_through(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    ada, mia, _ = await scene(world)
    monkeypatch.setattr(golden_cases, "_drawn", lambda _: 0.01)
    desk, who = world.res.desk, reviewer(mia)

    async def comes(query: Query | None = None, by: Any = who) -> bool:
        transaction = world.db.connection.transaction()
        await transaction.start()
        try:
            return await golden_cases.take_golden(desk, by, query or Query()) is not None
        finally:
            await transaction.rollback()

    assert await comes()
    for share, daily in ((0, 5), (0.5, 0), (0.005, 5)):
        await set_share(world, share, daily)
        assert not await comes()
    await set_share(world, 0.5)
    assert not await comes(Query(clause="words"))
    assert not await comes(by=reviewer(ada))
    await world.db.connection.execute("update cases set lease_until = $1, assigned_to = $2",
                                      world.clock.now() + timedelta(minutes=4), ada.account_id)  # fmt: skip
    assert not await comes()
    await world.db.connection.execute("update cases set lease_until = null, assigned_to = null")
    await world.db.connection.execute(
        "insert into reviewers (account_id, pseudonym, resting_until) values ($1, 'x', $2)",
        mia.account_id, world.clock.now() + timedelta(minutes=4),
    )  # fmt: skip
    with pytest.raises(Conflict):
        await comes()


async def test_whoever_decided_of_the_post_does_not_get_it_nor_does_anybody_twice(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    ada, mia, _ = await scene(world)
    number = await given(world, mia, monkeypatch)
    assert await golden_cases.take_golden(world.res.desk, reviewer(mia), Query()) is None
    # Nor among what is labelled, while it is before them or later.
    await world.db.connection.execute("update measurement_settings set golden_share = 0.5")
    assert await take_item(world.db, world.clock, mia.account_id) is None
    max_ = await world.person("max", role="moderator")
    status_id = await world.db.connection.fetchval("select id from statuses where account_id = $1", ada.account_id)
    await act(world, "status", status_id, drafted("ok", clause="words"), max_)
    assert await golden_cases.take_golden(world.res.desk, reviewer(max_), Query()) is None
    assert number > 0


async def test_a_share_of_next_cases_is_golden(world: World) -> None:
    drawn = [golden_cases._drawn(f"7/2026-05-04/{n}") < 0.02 for n in range(20_000)]
    assert 300 < sum(drawn) < 500
    assert world is not None


async def test_programs_get_them_too_and_are_told(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    _, mia, _ = await scene(world)
    monkeypatch.setattr(golden_cases, "_drawn", lambda _: 0.01)
    before = await touched(world)
    case = (await mia.api.post(f"{PATH}/cases/next")).json()["case"]
    assert (case["excerpt"], case["leased_to_me"]) == ("Some words of mine about a carrot", True)
    assert (await mia.api.get(f"{PATH}/cases/{case['id']}")).json()["id"] == case["id"]
    await mia.api.post(f"{PATH}/cases/{case['id']}/take")
    await mia.api.post(f"{PATH}/cases/{case['id']}/release")
    await mia.api.post(f"{PATH}/cases/{case['id']}/notes", {"note": "Hm"})
    draft = {"outcome": "violates", "actions": [{"kind": "remove"}, {"kind": "suspend", "on": "account"}]}
    made = (await mia.api.post(f"{PATH}/cases/{case['id']}/decide", {**draft, "clause": "words"})).json()
    assert made["golden"] == {"outcome": "violates", "clause": "words", "right": True}
    assert made["actions"] == []
    assert await touched(world) == before
