"""How often rules hit: counted in memory, added up in the database about once a second, watched for what is too much.

A rule past its daily cap goes on as a shadow until the day is over. Counts of a process that is killed are lost for
that second; verdicts themselves are in the ledger.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from contextlib import AbstractAsyncContextManager
from datetime import UTC, date, datetime, time, timedelta
from typing import Final

import structlog

from rostra.kit.clock import Clock
from rostra.kit.db import Database
from rostra.kit.flushing import flushing
from rostra.ledger.append import Entry, append
from rostra.policy.decide import Verdict
from rostra.policy.records import Bundle
from rostra.screening import policy_queries

log = structlog.get_logger(__name__)

_EVERY: Final = 1.0
# Counts all that was judged.
ALL: Final = ""


class Tally:
    """One process's counts that the database does not have yet."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._live: Counter[tuple[date, str, str]] = Counter()
        self._shadow: Counter[tuple[date, str, str]] = Counter()
        self._caps: dict[str, dict[str, int]] = {}

    def add(self, verdict: Verdict, bundle: Bundle) -> None:
        """Count a verdict."""
        day, version = self._clock.now().date(), verdict.policy
        if version not in self._caps:
            self._caps[version] = {rule.id: rule.daily_cap for rule in bundle.rules if rule.daily_cap is not None}
        self._live[day, version, ALL] += 1
        for rule in verdict.hits:
            self._live[day, version, rule] += 1
        for rule in verdict.shadow:
            self._shadow[day, version, rule] += 1

    async def flush(self, db: Database) -> None:
        """Add the counts up in the database, and pause what is past its cap."""
        live, self._live = self._live, Counter()
        shadow, self._shadow = self._shadow, Counter()
        groups: dict[tuple[date, str], dict[str, tuple[int, int]]] = {}
        for day, version, rule in {*live, *shadow}:
            key = (day, version, rule)
            groups.setdefault((day, version), {})[rule] = (live[key], shadow[key])
        for (day, version), hits in sorted(groups.items()):
            async with db.transaction() as tx:
                rows = [(rule, *numbers) for rule, numbers in sorted(hits.items())]
                sums = await policy_queries.add_hits(tx, day, version, rows)
            await self._cap(db, day, version, sums)

    def sharing(self, db: Database) -> AbstractAsyncContextManager[None]:
        """Flush about once a second while the block lasts, and at its end."""
        return flushing(lambda: self.flush(db), every=_EVERY, failing="hits of rules could not be counted")

    async def _cap(self, db: Database, day: date, version: str, sums: Mapping[str, tuple[int, int]]) -> None:
        caps = self._caps.get(version, {})
        over = {rule: live for rule, (live, _) in sums.items() if rule in caps and live > caps[rule]}
        for rule, live in over.items():
            midnight = datetime.combine(day + timedelta(days=1), time(), UTC)
            await pause(
                db,
                self._clock,
                rule,
                "daily_cap",
                until=midnight,
                version=version,
                details={"hits": live, "cap": caps[rule]},
            )


async def pause(
    db: Database,
    clock: Clock,
    rule: str,
    reason: str,
    *,
    until: datetime | None,
    version: str,
    details: Mapping[str, object],
    actor_id: int | None = None,
) -> None:
    """Have a rule go on as a shadow, and say so in the ledger and the log, once."""
    at = clock.now()
    async with db.transaction() as tx:
        paused = {row.rule: row.until for row in await policy_queries.list_paused(tx, at)}
        if rule in paused and (paused[rule] is None or paused[rule] == until):
            return
        if await policy_queries.pause_rule(tx, rule, reason, until, at):
            said = {"rule": rule, "reason": reason, **details}
            entry = Entry(
                type="rule_paused", subject_kind="rule", subject_id=0, actor_id=actor_id, policy=version, details=said
            )
            await append(tx, at, entry)
            log.warning("a rule goes on as a shadow", policy=version, **said)
