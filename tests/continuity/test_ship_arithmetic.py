"""What shipping decides without looking at anything: limits, pauses, when a base is due, what is kept, what is safe."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, cast

from hypothesis import given
from hypothesis import strategies as st

from rostra.continuity import names
from rostra.continuity.place import Place
from rostra.continuity.records import Base
from rostra.continuity.ship.base import Due, choose_pass, find_due
from rostra.continuity.ship.lane import Lane, TargetRecord
from rostra.continuity.ship.pace import Bandwidth, pause_after
from rostra.continuity.ship.receiver import explain
from rostra.continuity.ship.retention import choose_kept, choose_old
from rostra.continuity.targets import Target
from rostra.kit.clock import FixedClock

NOON = datetime(2026, 5, 4, 12, 0, tzinfo=UTC)


def base(hours: float, *, parent: Base | None = None, wal_from: int = 1, epoch: int = 1, end: int = 100) -> Base:
    """One that was begun so many hours after noon and took a minute."""
    at = NOON + timedelta(hours=hours)
    return Base(
        id=names.base_id(epoch, at),
        kind="full" if parent is None else "incremental",
        parent=None if parent is None else parent.id,
        start=end - 10,
        end=end,
        timeline=1,
        wal_from=wal_from,
        started_at=at,
        ended_at=at + timedelta(minutes=1),
        parts=[],
        raw_size=1,
        postgres="18.6",
        system="1",
        rostra="0",
        migrations=[],
    )


class Named:
    """As much of a target as these tests need."""

    label = "file:///somewhere"


def lane(tmp_path: Path, **record: Any) -> Lane:
    place = Place(tmp_path)
    place.ensure()
    known = TargetRecord(label=Named.label, epoch=1, **record)
    made = Lane(cast("Target", Named()), place, known, FixedClock(NOON), 0)
    made.is_registered = True
    return made


# Bandwidth and pauses.


@given(sizes=st.lists(st.integers(1, 50_000_000), max_size=30), idle=st.floats(0, 60))
def test_never_more_than_the_limit_goes_out_but_for_one_piece(sizes: list[int], idle: float) -> None:
    now = idle

    async def sleep(seconds: float) -> None:
        nonlocal now
        now += seconds

    async def send() -> None:
        limit = Bandwidth(10, monotonic=lambda: now, sleep=sleep)
        begun = now
        for index, size in enumerate(sizes):
            await limit.take(size)
            assert now - begun >= sum(sizes[:index]) / 10_000_000 - 1e-6

    asyncio.run(send())


def test_without_a_limit_nothing_waits() -> None:
    async def never(_seconds: float) -> None:
        raise AssertionError

    asyncio.run(Bandwidth(0, sleep=never).take(1 << 40))


def test_pauses_grow_to_a_minute_and_differ() -> None:
    assert [pause_after(n, 1.0) for n in (1, 2, 3, 100)] == [0.5, 1.0, 2.0, 60.0]
    assert pause_after(100, 0.0) == 30.0


# When a base is due.


def test_a_target_without_a_usable_base_is_due_a_full_one() -> None:
    assert find_due([], NOON, 24, 7) == Due(None)
    assert find_due([], NOON, 0, 7) == Due(None)


def test_bases_follow_each_other_by_hours_and_every_so_many_is_full() -> None:
    chain = [base(0)]
    kinds: list[str] = []
    for day in range(1, 8):
        assert find_due(chain, NOON + timedelta(hours=24 * day - 1), 24, 4) is None
        due = find_due(chain, NOON + timedelta(hours=24 * day), 24, 4)
        assert due is not None
        kinds.append(due.kind)
        chain.append(base(24 * day, parent=due.parent))
    assert kinds == ["incremental"] * 3 + ["full"] + ["incremental"] * 3


def test_a_clock_that_was_wrong_for_years_does_not_put_the_next_base_off() -> None:
    assert find_due([base(24 * 365 * 20)], NOON, 24, 7) is not None


def test_an_incremental_base_whose_parent_is_not_usable_is_not_built_on() -> None:
    first = base(0)
    assert find_due([base(24, parent=first)], NOON + timedelta(days=2), 24, 7) == Due(None)


def test_with_no_hours_only_what_cannot_be_done_without_is_made() -> None:
    assert find_due([base(0)], NOON + timedelta(days=400), 0, 7) is None


def test_one_pass_serves_all_that_are_due_and_is_full_where_one_needs_that(tmp_path: Path) -> None:
    one, two = lane(tmp_path / "1"), lane(tmp_path / "2")
    first, second = base(0), base(1)
    assert choose_pass([(one, Due(first)), (two, Due(None))]) == ([one, two], Due(None))
    assert choose_pass([(one, Due(first)), (two, Due(first))]) == ([one, two], Due(first))
    assert choose_pass([(one, Due(first)), (two, Due(second))]) == ([one], Due(first))


# What is kept.


@st.composite
def histories(draw: st.DrawFn) -> list[Base]:
    """Bases of one or two epochs, each on the one before it or full."""
    made: list[Base] = []
    hours = 0.0
    wal_from = 1
    for _ in range(draw(st.integers(1, 25))):
        hours += draw(st.floats(0.5, 100))
        wal_from += draw(st.integers(1, 5000))
        build_on = made[-1] if made and draw(st.booleans()) else None
        made.append(base(hours, parent=build_on, wal_from=wal_from))
    return made


@given(history=histories(), days=st.integers(1, 60), least=st.integers(1, 5), since=st.floats(0, 200))
def test_every_moment_of_the_last_days_can_be_restored(
    history: list[Base], days: int, least: int, since: float
) -> None:
    now = history[-1].ended_at + timedelta(hours=since)
    kept = choose_kept(history, now, days, least)
    known = {each.id: each for each in history}
    for hours in range(0, days * 24, 7):
        moment = now - timedelta(hours=hours)
        needed = max((each for each in history if each.ended_at <= moment), key=lambda b: b.ended_at, default=None)
        while needed is not None:
            assert needed.id in kept.bases
            assert needed.wal_from >= kept.wal_from[1]
            needed = known[needed.parent] if needed.parent else None


@given(history=histories(), days=st.integers(1, 60), least=st.integers(1, 5))
def test_chains_are_whole_full_bases_are_kept_by_number_and_what_nobody_needs_goes(
    history: list[Base], days: int, least: int
) -> None:
    now = history[-1].ended_at
    kept = choose_kept(history, now, days, least)
    by_id = {each.id: each for each in history}
    assert all(by_id[each].parent in kept.bases for each in kept.bases if by_id[each].parent)
    full = [each.id for each in history if each.kind == "full"]
    assert set(full[-least:]) <= kept.bases
    old = [each for each in history if each.ended_at <= now - timedelta(days=days)]
    needed_by_others = {by_id[each].parent for each in kept.bases}
    for each in old[:-1]:
        if each.id in kept.bases:
            assert each.id in set(full[-least:]) | needed_by_others or each.kind == "incremental"


def test_an_older_epoch_keeps_its_own_log_and_a_base_is_not_dropped_for_being_of_another_epoch() -> None:
    older, newer = base(0, wal_from=500), base(48, wal_from=3, epoch=2)
    kept = choose_kept([older, newer], NOON + timedelta(hours=60), 14, 1)
    assert kept.wal_from == {1: 500, 2: 3}
    late = choose_kept([older, newer], NOON + timedelta(days=60), 14, 1)
    assert (late.bases, dict(late.wal_from)) == (frozenset({newer.id}), {2: 3})


def test_of_capsules_the_newest_of_each_day_stays() -> None:
    made = [names.capsule(1, NOON - timedelta(hours=hours)) for hours in range(0, 24 * 20, 6)]
    kept = sorted(set(made) - set(choose_old(made, NOON, 14)))
    assert len(kept) == 15 + 1
    assert names.capsule(1, NOON) in kept
    assert choose_old([names.capsule(1, NOON - timedelta(days=300))], NOON, 14) == []
    assert choose_old([], NOON, 14) == []


# What is safe.


def test_nothing_is_safe_before_a_base_with_all_its_log_and_the_files_are_there(tmp_path: Path) -> None:
    made = lane(tmp_path, sequence=10, end=90, reached=NOON)
    made.media_until = NOON
    assert made.safe_until is None
    made.note(bases=[base(0, end=100)])
    assert made.safe_until is None, "the base needs log up to 100"
    made.note(end=100)
    assert made.safe_until == NOON
    made.media_until = NOON - timedelta(seconds=9)
    assert made.safe_until == NOON - timedelta(seconds=9)
    made.media_until = None
    assert made.safe_until is None


def test_a_base_from_before_a_hole_or_of_another_epoch_makes_nothing_safe(tmp_path: Path) -> None:
    made = lane(tmp_path, sequence=10, end=200, reached=NOON, bases=[base(0, wal_from=4)])
    made.media_until = NOON
    assert made.safe_until == NOON
    made.note(since=5)
    assert made.safe_until is None
    made.note(since=1, bases=[base(0, epoch=2, wal_from=4)])
    assert made.safe_until is None
    made.note(bases=[base(0, wal_from=4)], cut_off=True)
    assert made.safe_until is None


def test_a_problem_is_told_from_its_beginning_until_the_same_work_succeeds(tmp_path: Path) -> None:
    made = lane(tmp_path)
    made.trouble("media", "the disk is full")
    made.trouble("media", "the disk is full still")
    made.trouble("log", "no route")
    assert not made.is_reachable
    made.well("log")
    status = made.status(7)
    assert (status.problem, status.problem_since, status.behind) == ("the disk is full still", NOON, 7)
    made.well("media")
    assert made.status(7).problem is None


def test_the_last_words_of_the_receiver_are_told_apart() -> None:
    full = 'pg_receivewal: error: could not write 8192 bytes to WAL file "0001": No space left on device'
    lost = "pg_receivewal: error: unexpected termination: requested WAL segment 0001 has already been removed"
    gone = "pg_receivewal: error: connection to server on socket failed: No such file or directory"
    assert explain(full).startswith("the disk is full")
    assert "new base copies are made" in explain(lost)
    assert explain(gone).startswith("the database does not answer")
    assert explain("") == "nothing is received from the database: without a word"
