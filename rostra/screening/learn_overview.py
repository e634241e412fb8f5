"""What was learnt, as people look at it: the adjustment in force with its figures, what came of the last try, and what
was promoted and taken back. Reads only.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from datetime import UTC, datetime, time
from typing import Any, Final

import msgspec

from rostra.detect.reading import CATEGORIES, Category
from rostra.kit.clock import Clock
from rostra.kit.db import Database
from rostra.screening import learn_queries, learn_run_queries
from rostra.screening.detectors import load_detectors
from rostra.screening.learn import Outcome
from rostra.screening.learn_job import GIVEN_UP, waits
from rostra.screening.learn_queries import ActiveRow
from rostra.screening.learn_run_queries import Answers, RunRow, Switch
from rostra.screening.lessons import Learnt

_SWITCHES: Final = 10


class InForce(msgspec.Struct, frozen=True, kw_only=True):
    """The adjustment in force. `suits` is False where it was made for another version of the model."""

    row: ActiveRow
    name: str
    suits: bool
    figures: dict[Category, Learnt]
    adjusts: tuple[Category, ...]
    actor: str | None


class Learning(msgspec.Struct, frozen=True, kw_only=True):
    """All that the page of learning shows. `waits`: the nights do nothing until somebody has it learn again."""

    in_force: InForce | None
    running: RunRow | None
    last: RunRow | None
    outcome: Outcome | None
    waits: bool
    switches: list[Switch]
    answers: Answers


async def read_learning(db: Database, clock: Clock, actor_id: int) -> Learning:
    """How far learning is; the answers of today are those of `actor_id`."""
    at = clock.now()
    async with db.read() as conn:
        row = await learn_queries.find_active(conn)
        adjustment = await learn_queries.find_adjustment(conn, row.id if row is not None else None)
        latest = await learn_queries.find_latest(conn)
        running = await learn_run_queries.find_running(conn, at - GIVEN_UP)
        last = await learn_run_queries.find_latest_run(conn)
        switches = await learn_run_queries.list_switches(conn, _SWITCHES)
        answers = await learn_run_queries.count_answers(conn, actor_id, midnight_of(at))
    in_force = None
    if row is not None:
        cascade = (await asyncio.to_thread(load_detectors)).cascade
        in_force = InForce(
            row=row,
            name=adjustment.name if adjustment is not None else "",
            suits=cascade.suited(adjustment) is not None,
            figures=_figures(row.figures),
            adjusts=tuple(adjustment.weights) if adjustment is not None else (),
            actor=next((each.actor for each in switches if each.adjustment_id == row.id), None),
        )
    outcome = msgspec.convert(last.outcome, Outcome) if last is not None and last.outcome is not None else None
    if outcome is not None:
        outcome = msgspec.structs.replace(outcome, categories=_in_order(outcome.categories))
    return Learning(
        in_force=in_force,
        running=running,
        last=last,
        outcome=outcome,
        waits=waits(latest, last),
        switches=switches,
        answers=answers,
    )


async def count_answers(db: Database, clock: Clock, actor_id: int) -> Answers:
    """How many answers there are to what is proposed."""
    async with db.read() as conn:
        return await learn_run_queries.count_answers(conn, actor_id, midnight_of(clock.now()))


def midnight_of(at: datetime) -> datetime:
    """When the day of a moment began, in UTC."""
    return datetime.combine(at.astimezone(UTC).date(), time(), UTC)


def _figures(kept: Mapping[str, Any]) -> dict[Category, Learnt]:
    try:
        return _in_order(msgspec.convert(kept, dict[Category, Learnt]))
    except msgspec.ValidationError:
        # Of an older version, or written by hand: without figures.
        return {}


def _in_order(found: Mapping[Category, Learnt]) -> dict[Category, Learnt]:
    """As categories are always shown; the database has an order of its own."""
    return {category: found[category] for category in CATEGORIES if category in found}
