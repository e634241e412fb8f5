"""Learning from this server's own decisions: a small adjustment of the text model, put into force only where it does
better on decisions that it has not seen and breaks none of the policy's own tests; taken back by one command.

Labels come from people only, texts only from posts that still say what they said. Nothing of a text is kept: an
adjustment is a few numbers for each category.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import date
from random import Random
from typing import Final

import msgspec
import numpy as np
import structlog

from rostra.detect.adjust import Adjustment
from rostra.detect.cascade import Cascade, Judged, find_parts
from rostra.detect.reading import CATEGORIES, Category
from rostra.kit.clock import Clock
from rostra.kit.db import Database
from rostra.kit.errors import Conflict, NotFound
from rostra.ledger.append import Entry, append
from rostra.policy.records import Bundle
from rostra.screening import learn_queries, policy_queries
from rostra.screening.active import ActivePolicy, Current
from rostra.screening.detectors import Detectors, load_detectors
from rostra.screening.fixtures import failures_of, run_fixtures
from rostra.screening.learn_queries import TextRow
from rostra.screening.lessons import TYPES, Decision, Learnt, Texts, describe, learn_from, read_decisions

log = structlog.get_logger(__name__)

MOST_DECISIONS: Final = 8_000
_ORDINARY: Final = 600
_LOOKED_AT: Final = 3_000
_AT_ONCE: Final = 128


class Outcome(msgspec.Struct, frozen=True, kw_only=True):
    """What came of learning: what of each category, the adjustment that is in force now because of it (its name), and
    the policy's own tests that stood in the way of all or of some."""

    categories: dict[Category, Learnt] = {}
    promoted: str | None = None
    broken: tuple[str, ...] = ()
    # Why nothing was learnt at all; empty where it was tried.
    skipped: str = ""


class Material(msgspec.Struct, frozen=True):
    """What there is to learn from."""

    decisions: list[Decision]
    texts: dict[int, TextRow]
    ordinary: list[TextRow]


async def learn(
    db: Database, clock: Clock, policies: ActivePolicy, *, promote: bool = True, actor_id: int | None = None
) -> Outcome:
    """Learn from all decisions, and put what does better into force (unless not `promote`)."""
    current = await policies.current(db)
    detectors = await asyncio.to_thread(load_detectors)
    material = await _gather(db, current, clock.now().date())
    in_force = detectors.cascade.suited(current.adjustment)
    adjustment, learnt = await asyncio.to_thread(_learn, detectors.cascade, material, in_force)
    if not any(found.outcome == "promoted" for found in learnt.values()):
        return Outcome(categories=learnt)
    checks = _Checks(detectors, current.bundle, in_force, clock.now().date())
    adjustment, learnt, broken = await asyncio.to_thread(_leave_out, checks, adjustment, learnt)
    if not promote or not any(found.outcome == "promoted" for found in learnt.values()):
        return Outcome(categories=learnt, broken=broken)
    if not await _promote(db, clock, adjustment, learnt, current.adjustment_id, actor_id):
        return Outcome(categories=learnt, broken=broken, skipped="somebody else has changed what is in force meanwhile")
    policies.forget()
    log.info("the model was adjusted to decisions", adjustment=adjustment.name)
    return Outcome(categories=learnt, promoted=adjustment.name, broken=broken)


async def roll_back(
    db: Database, clock: Clock, policies: ActivePolicy, *, actor_id: int | None = None, seen: int | None = None
) -> int | None:
    """Put the adjustment before the one in force back, or none; its id. Raises NotFound where none is in force, and
    Conflict where that is another than the one which was `seen`."""
    at = clock.now()
    async with db.transaction() as tx:
        await policy_queries.lock_state(tx)
        was = await learn_queries.find_active(tx)
        if was is None:
            raise NotFound("No adjustment is in force: the model judges as it came")
        if seen not in (None, was.id):
            raise Conflict("Another adjustment is in force now")
        await learn_queries.switch(tx, was.before_id, at)
        details = {"to": None if was.before_id is None else str(was.before_id)}
        await append(
            tx,
            at,
            Entry(
                type="model_rolled_back", subject_kind="model", subject_id=was.id, actor_id=actor_id, details=details
            ),
        )
    policies.forget()
    return was.before_id


async def _gather(db: Database, current: Current, today: date) -> Material:
    """The decisions whose texts still exist, and ordinary posts, others every day."""
    async with db.read() as conn:
        rows = await learn_queries.list_decisions(conn, TYPES, MOST_DECISIONS)
        decisions = read_decisions(rows, current.bundle)
        texts = await learn_queries.list_texts(conn, [decision.status_id for decision in decisions])
        recent = await learn_queries.list_unflagged(conn, _LOOKED_AT)
    recent = [row for row in recent if row.id not in texts]
    ordinary = Random(today.toordinal()).sample(recent, min(_ORDINARY, len(recent)))  # noqa: S311 - no secret
    return Material([decision for decision in decisions if decision.status_id in texts], texts, ordinary)


def _learn(
    cascade: Cascade, material: Material, in_force: Adjustment | None
) -> tuple[Adjustment, dict[Category, Learnt]]:
    rows = [*material.texts.values(), *material.ordinary]
    texts = Texts(read_all(cascade, rows), {row.id: place for place, row in enumerate(rows)})
    ordinary = [row.id for row in material.ordinary]
    return learn_from(material.decisions, texts, ordinary, in_force, cascade.version)


def read_all(cascade: Cascade, rows: Sequence[TextRow]) -> Judged:
    """What the model says of texts, before any adjustment."""
    read: list[Judged] = []
    for first in range(0, max(len(rows), 1), _AT_ONCE):
        some = rows[first : first + _AT_ONCE]
        texts = [row.whole for row in some]
        read.append(cascade.judge_all(texts, find_parts(texts, [row.language for row in some])))
    encoded = [each.encoded for each in read if each.encoded is not None]
    return Judged(
        np.concatenate([each.logits for each in read]),
        np.concatenate([each.evidence for each in read]),
        np.concatenate(encoded) if len(encoded) == len(read) else None,
        np.concatenate([each.asked for each in read]),
    )


class _Checks:
    """The policy's own tests, as they come out with what is in force and with what may take its place."""

    def __init__(self, detectors: Detectors, bundle: Bundle, in_force: Adjustment | None, today: date) -> None:
        self.in_force = in_force
        self._judged_by = detectors, bundle, today
        self._before = self._failing(in_force)

    def find_broken(self, adjustment: Adjustment) -> tuple[str, ...]:
        """The tests that pass with what is in force and would not any more."""
        found = self._failing(adjustment).items()
        return tuple(f"{place}: {what}" for place, what in found if place not in self._before)

    def _failing(self, chosen: Adjustment | None) -> dict[str, str]:
        detectors, bundle, today = self._judged_by
        failures = failures_of(run_fixtures(bundle, detectors, today, chosen))
        return {f"{failure.file}:{failure.line}": str(failure.what) for failure in failures}


def _leave_out(
    checks: _Checks, adjustment: Adjustment, learnt: dict[Category, Learnt]
) -> tuple[Adjustment, dict[Category, Learnt], tuple[str, ...]]:
    """The adjustment without the categories of which the policy's own tests break, what came of each category, and
    those tests."""
    broken = checks.find_broken(adjustment)
    if not broken:
        return adjustment, learnt, ()
    better: list[Category] = [category for category in CATEGORIES if learnt[category].outcome == "promoted"]
    kept: dict[Category, tuple[float, ...]] = dict(checks.in_force.weights) if checks.in_force is not None else {}
    left_out: dict[Category, Learnt] = {}
    for category in better:
        with_it: dict[Category, tuple[float, ...]] = {**kept, category: adjustment.weights[category]}
        tried = Adjustment(base=adjustment.base, weights=with_it)
        # Of one alone it is known already.
        if len(better) == 1 or checks.find_broken(tried):
            left_out[category] = msgspec.structs.replace(learnt[category], outcome="breaks-tests")
        else:
            kept = with_it
    return Adjustment(base=adjustment.base, weights=kept), {**learnt, **left_out}, broken


async def _promote(
    db: Database,
    clock: Clock,
    adjustment: Adjustment,
    learnt: dict[Category, Learnt],
    in_force: int | None,
    actor_id: int | None,
) -> bool:
    """Put it into force; False where what it was compared with is not in force any more."""
    at = clock.now()
    weights = {str(category): list(numbers) for category, numbers in adjustment.weights.items()}
    figures = describe(learnt)
    async with db.transaction() as tx:
        await policy_queries.lock_state(tx)
        was = await learn_queries.find_active(tx)
        if (was.id if was is not None else None) != in_force:
            return False
        adjustment_id = await learn_queries.insert_adjustment(tx, adjustment.base, weights, figures, at)
        await learn_queries.switch(tx, adjustment_id, at)
        details = {"name": adjustment.name, "base": adjustment.base, "figures": figures}
        await append(
            tx,
            at,
            Entry(
                type="model_promoted",
                subject_kind="model",
                subject_id=adjustment_id,
                actor_id=actor_id,
                detectors=adjustment.base,
                details=details,
            ),
        )
    return True
