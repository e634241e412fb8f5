"""The alarm on hit rates: a rule that hits far more or far less often than its author expected is taken out of force.

Only a rate that cannot be chance counts: the exact Poisson bounds of what was counted lie outside the band. And only
one to which people who have been here for a while add their part, none of them for more than a few posts: otherwise
whoever posts enough of what a rule is for would switch it off. Of such a flood the log alone speaks. A rule that was
turned into a shadow by the alarm stays one until somebody resumes it or activates another version.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from math import exp, lgamma
from math import log as ln
from typing import Final

import structlog

from rostra.kit.clock import Clock
from rostra.kit.db import Database, Reader
from rostra.kit.ids import first_id_at
from rostra.policy.records import Rule
from rostra.screening import policy_queries
from rostra.screening.active import ActivePolicy
from rostra.screening.tally import ALL, pause

log = structlog.get_logger(__name__)

# Of what was judged: fewer say little of a rate.
LEAST_JUDGED: Final = 1_000
LEAST_SETTLED: Final = 100
# An account that is younger is new; of an older one so many posts count.
_NEW: Final = timedelta(days=7)
_MOST_OF_ONE: Final = 20
# Of a false alarm, for each look at each rule.
_CHANCE: Final = 1e-6
# That it is chance is excluded when it is asked whom the hits are of.
_SAME_THERE: Final = 1e-3
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
        if hits[rule.id] > judged * _most(rule) and not await _is_the_rule(db, at, current.policy.version, rule):
            log.warning(
                "a rule hits more often than expected, through few or new accounts: it stays in force",
                rule=rule.id,
                hits=hits[rule.id],
                judged=judged,
            )
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


async def _is_the_rule(db: Database, at: datetime, version: str, rule: Rule) -> bool:
    """Whether it also hits too often where it meets those who have been here for a while."""
    since = first_id_at(at - 2 * _DAYS)
    async with db.read() as conn:
        judged, hits = await policy_queries.count_settled(conn, version, rule.id, since, at - _NEW, _MOST_OF_ONE)
    return leaves_band(rule, round(hits), round(judged), least=LEAST_SETTLED, chance=_SAME_THERE)


def _most(rule: Rule) -> float:
    return (rule.expected[1] if rule.expected else 10_000) / 10_000


def leaves_band(rule: Rule, hits: int, judged: int, *, least: int = LEAST_JUDGED, chance: float = _CHANCE) -> bool:
    """Whether so many hits among so many judged cannot come of a rate within the rule's band."""
    if rule.expected is None or judged < least:
        return False
    low, high = (bound * judged / 10_000 for bound in rule.expected)
    return _at_least(hits, high) < chance if hits > high else _at_most(hits, low) < chance and hits < low


def _at_most(count: int, mean: float) -> float:
    """P(X ≤ count) for a Poisson X."""
    if mean <= 0:
        return 1.0
    return min(1.0, sum(exp(k * ln(mean) - mean - lgamma(k + 1)) for k in range(count + 1)))


def _at_least(count: int, mean: float) -> float:
    """P(X ≥ count) for a Poisson X: summed upwards until the terms no longer matter."""
    if mean <= 0:
        return 0.0 if count > 0 else 1.0
    total, k = 0.0, count
    while True:
        term = exp(k * ln(mean) - mean - lgamma(k + 1))
        total += term
        k += 1
        if k > mean and term < total * 1e-9 + 1e-300:
            return min(1.0, total)
