"""The alarm on hit rates: a rule that hits far more or far less often than its author expected is taken out of force.

Only a rate that cannot be chance counts: the exact Poisson bounds of what was counted lie outside the band. A rule that
was turned into a shadow by the alarm stays one until somebody resumes it or activates another version.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from math import exp, lgamma, log
from typing import Final

from rostra.kit.clock import Clock
from rostra.kit.db import Database, Reader
from rostra.policy.records import Rule
from rostra.screening import policy_queries
from rostra.screening.active import ActivePolicy
from rostra.screening.tally import ALL, pause

# Of what was judged: fewer say little of a rate.
LEAST_JUDGED: Final = 1_000
# Of a false alarm, for each look at each rule.
_CHANCE: Final = 1e-6
_DAYS: Final = timedelta(days=1)


async def watch_rules(db: Database, clock: Clock, policies: ActivePolicy) -> list[str]:
    """Pause the rules whose rate of today and yesterday leaves their band; which they are."""
    at = clock.now()
    async with db.read() as conn:
        if policies.known is None and not await _is_worth_a_look(conn, at):
            return []
        current = await policies.get(conn)
        rows = await policy_queries.list_hits(conn, current.policy.version, at.date() - _DAYS - timedelta(days=1))
    judged = sum(row.live for row in rows if row.rule == ALL)
    hits = {rule.id: 0 for rule in current.bundle.rules}
    for row in rows:
        hits[row.rule] = hits.get(row.rule, 0) + row.live
    paused: list[str] = []
    for rule in current.bundle.rules:
        if rule.id in current.paused or rule.mode != "live" or not leaves_band(rule, hits[rule.id], judged):
            continue
        details = {"hits": hits[rule.id], "judged": judged, "expected": list(rule.expected or ())}
        await pause(db, clock, rule.id, "band", until=None, version=current.policy.version, details=details)
        paused.append(rule.id)
    if paused:
        policies.forget()
    return paused


async def _is_worth_a_look(conn: Reader, at: datetime) -> bool:
    """Whether enough was judged for any alarm. Asked by a process that judges nothing itself: for a server where little
    happens it then need not load the policy and all that comes with it."""
    state = await policy_queries.read_state(conn, at)
    if state.version is None:
        return True
    rows = await policy_queries.list_hits(conn, state.version, at.date() - _DAYS - timedelta(days=1))
    return sum(row.live for row in rows if row.rule == ALL) >= LEAST_JUDGED


def leaves_band(rule: Rule, hits: int, judged: int) -> bool:
    """Whether so many hits among so many judged cannot come of a rate within the rule's band."""
    if rule.expected is None or judged < LEAST_JUDGED:
        return False
    low, high = (bound * judged / 10_000 for bound in rule.expected)
    return _at_least(hits, high) < _CHANCE if hits > high else _at_most(hits, low) < _CHANCE and hits < low


def _at_most(count: int, mean: float) -> float:
    """P(X ≤ count) for a Poisson X."""
    if mean <= 0:
        return 1.0
    return min(1.0, sum(exp(k * log(mean) - mean - lgamma(k + 1)) for k in range(count + 1)))


def _at_least(count: int, mean: float) -> float:
    """P(X ≥ count) for a Poisson X: summed upwards until the terms no longer matter."""
    if mean <= 0:
        return 0.0 if count > 0 else 1.0
    total, k = 0.0, count
    while True:
        term = exp(k * log(mean) - mean - lgamma(k + 1))
        total += term
        k += 1
        if k > mean and term < total * 1e-9 + 1e-300:
            return min(1.0, total)
