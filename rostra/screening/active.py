"""The policy that holds now, ready to judge, with what the server knows to be bad: one process's memory of it.

Looked at again every second and a half, so that a change reaches all processes within seconds. A version that cannot be
loaded leaves the one before in force, loudly.

What judging takes is 45 MB, NumPy and CEL among it, and is imported when it is first asked for: web processes ask when
they start, workers when they have to judge something.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Sequence
from contextlib import asynccontextmanager
from datetime import datetime, timedelta
from functools import cache, cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Final

import msgspec
import structlog

from rostra.kit.clock import Clock
from rostra.kit.db import Database, Reader
from rostra.kit.flushing import flushing
from rostra.policy.records import Bundle, Clause, Label
from rostra.screening import policy_queries
from rostra.screening.learn_queries import find_adjustment
from rostra.screening.subject import Subject

if TYPE_CHECKING:
    from rostra.detect.adjust import Adjustment
    from rostra.policy.evaluate import Policy
    from rostra.screening.banks import Banks
    from rostra.screening.detectors import BundleDetectors, Found
    from rostra.screening.known_bad import BadTexts

log = structlog.get_logger(__name__)

_LOOK_AGAIN: Final = timedelta(seconds=1.5)
# So many are read without a pause, some milliseconds.
_AT_ONCE: Final = 16


class Current(msgspec.Struct, frozen=True, kw_only=True):
    """Everything that judging one subject takes."""

    policy: Policy
    bundle: Bundle
    version_id: int | None
    revision: int
    paused: frozenset[str]
    detectors: BundleDetectors
    bad: BadTexts
    clauses: dict[str, Clause]
    labels: dict[str, Label]
    # What was learnt from this server's decisions, None where nothing is in force.
    adjustment: Adjustment | None = None
    adjustment_id: int | None = None


@cache
def shipped() -> tuple[Bundle, Policy]:
    """The policy that comes with the program: it holds where no other was ever activated."""
    from rostra.policy.evaluate import compile_policy
    from rostra.policy.shipped import shipped_bundle

    bundle = shipped_bundle()
    return bundle, compile_policy(bundle)


class ActivePolicy:
    """Reads what holds when it is asked, at most every second and a half."""

    def __init__(self, clock: Clock, banks: Path | None = None) -> None:
        self._banks = banks
        self._clock = clock
        self._current: Current | None = None
        self._looked_at: datetime | None = None
        self._lock = asyncio.Lock()
        self._follows_banks = False

    @cached_property
    def banks(self) -> Banks:
        """The operator's banks of known pictures."""
        from rostra.screening.banks import Banks

        return Banks(self._banks)

    @asynccontextmanager
    async def following_banks(self) -> AsyncGenerator[None]:
        """Take up what changes in the folder of the banks while the block lasts, though nothing is posted: of a bank
        that were looked for with the next posts, those would pass by."""
        self._follows_banks = True
        every = _LOOK_AGAIN.total_seconds()
        async with flushing(self._look_at_banks, every=every, failing="the banks of pictures could not be looked at"):
            yield

    async def _look_at_banks(self) -> None:
        # A process that has judged nothing need not know them yet.
        if self._current is not None:
            await self.banks.look()

    @property
    def known(self) -> Current | None:
        """What held when this process last looked; None where it never has."""
        return self._current

    def forget(self) -> None:
        """Look again before the next judgement: after a change in this process."""
        self._looked_at = None

    async def current(self, db: Database) -> Current:
        """What holds now; a connection is taken only where it has to be looked at."""
        if self._current is not None and (self._is_fresh() or self._lock.locked()):
            return self._current
        async with db.read() as conn:
            return await self.get(conn)

    async def get(self, conn: Reader) -> Current:
        """What holds now. While one task reads a new version, others go on with the one before."""
        if self._current is not None and (self._is_fresh() or self._lock.locked()):
            return self._current
        async with self._lock:
            if self._current is None or not self._is_fresh():
                self._current = await self._read(conn, self._current)
                self._looked_at = self._clock.now()
            return self._current

    def _is_fresh(self) -> bool:
        now = self._clock.now()
        return self._looked_at is not None and self._looked_at <= now < self._looked_at + _LOOK_AGAIN

    async def _read(self, conn: Reader, before: Current | None) -> Current:
        from rostra.screening.detectors import load_detectors
        from rostra.screening.known_bad import NOTHING_BAD, read_bad
        from rostra.screening.versions import load_policy

        if before is None or not self._follows_banks:
            await self.banks.look()
        state = await policy_queries.read_state(conn, self._clock.now())
        bad = await read_bad(conn, before.bad if before else NOTHING_BAD)
        same = before is not None and before.version_id == state.version_id
        if before is not None and same and before.adjustment_id == state.adjustment_id:
            return msgspec.structs.replace(before, revision=state.revision, paused=frozenset(state.paused), bad=bad)
        try:
            adjustment = await find_adjustment(conn, state.adjustment_id)
            if before is not None and same:
                bundle, policy = before.bundle, before.policy
            elif state.version_id is None:
                bundle, policy = await asyncio.to_thread(shipped)
            else:
                bundle, policy = await load_policy(conn, state.version_id)
        except Exception:
            log.exception("a policy version cannot be used: the one before stays", version=state.version)
            if before is not None:
                return before
            adjustment, (bundle, policy) = None, await self._fall_back(conn, state.previous_id)
        bound = (await asyncio.to_thread(load_detectors)).for_bundle(bundle, adjustment)
        if before is not None:
            log.info("another policy holds", version=bundle.version, detectors=bound.version)
        return Current(
            policy=policy,
            bundle=bundle,
            version_id=state.version_id,
            revision=state.revision,
            paused=frozenset(state.paused),
            detectors=bound,
            bad=bad,
            clauses={clause.id: clause for clause in bundle.clauses},
            labels={label.id: label for label in bundle.labels},
            adjustment=adjustment,
            adjustment_id=state.adjustment_id,
        )

    async def _fall_back(self, conn: Reader, previous_id: int | None) -> tuple[Bundle, Policy]:
        """What holds in a process that has just begun, where the active version cannot be used: the version before,
        or the shipped one. Posts without any policy are out of the question."""
        from rostra.screening.versions import load_policy

        try:
            if previous_id is not None:
                return await load_policy(conn, previous_id)
        except Exception:
            log.exception("the policy version before cannot be used either: the shipped one holds")
        return await asyncio.to_thread(shipped)

    async def read(self, current: Current, subjects: Sequence[Subject]) -> list[Found]:
        """What the detectors find in subjects. In the loop, not in a thread: reading holds the interpreter's lock
        nearly all of the time, and requests wait longer for a thread that does than for a millisecond."""
        today = self._clock.now().date()
        if current.detectors.is_slow:
            # A plug-in may wait for somebody else; an encoder gives the lock back while it reads.
            return await asyncio.to_thread(current.detectors.read_many, subjects, self.banks, today)
        found: list[Found] = []
        for first in range(0, len(subjects), _AT_ONCE):
            if first:
                # Of a crowd some at a time: others have their turn in between.
                await asyncio.sleep(0)
            found += current.detectors.read_many(subjects[first : first + _AT_ONCE], self.banks, today)
        return found
