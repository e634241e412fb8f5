"""A lane: one target, how far it is, and what is wrong with it. What concerns one target stays in its lane.

The record is on the disk and says what the target has for certain; all else is found out again after a start.
"""

from __future__ import annotations

import asyncio
import hashlib
import time
from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime
from typing import Final, TypeVar

import msgspec

from rostra.continuity.place import Place
from rostra.continuity.records import Base, TargetStatus
from rostra.continuity.ship.pace import Bandwidth, pause_after
from rostra.continuity.targets import StoreUnavailable, Target
from rostra.kit.clock import Clock

T = TypeVar("T")

DOCUMENTS: Final = "documents"
LOG: Final = "log"
# What is asked of each target all the time: while these go well, it can be reached.
_ASKED: Final = {DOCUMENTS, LOG}
_REST: Final = 10.0
# Seconds that a target may be silent, and bytes a second that a line has at least.
_PATIENCE: Final = 30.0
_SLOWEST: Final = 50_000


class TargetRecord(msgspec.Struct, frozen=True, kw_only=True):
    """What a target has. Its pieces of WAL reach from `since` to `sequence` without a hole, up to the position `end`,
    and hold everything that was acknowledged until `reached`.

    `cut_off`: it fell so far behind that nothing is kept for it any more. `bases` are those of all epochs, without
    their parts; `media_after` and `gone_after` are numbers of stored_objects; `capsule` is the hash of the newest.
    """

    label: str
    epoch: int
    sequence: int = 0
    end: int = 0
    since: int = 1
    reached: datetime | None = None
    cut_off: bool = False
    bases: list[Base] = []
    media_after: int = 0
    media_listed: bool = False
    gone_after: int = 0
    capsule: str = ""
    census_at: datetime | None = None
    swept_at: datetime | None = None


class Lane:
    """Owns the record of one target; made by `open_lane`. `wake` is set when there may be something to do."""

    def __init__(self, target: Target, place: Place, record: TargetRecord, clock: Clock, megabytes: float) -> None:
        self.target = target
        self.record = record
        self.bandwidth = Bandwidth(megabytes)
        self.wake = asyncio.Event()
        self.is_registered = False
        self.media_until: datetime | None = None
        self.media_behind = 0
        self.refuses_deletes = False
        self._place = place
        self._clock = clock
        self._problems: dict[str, tuple[str, datetime]] = {}
        self._failed_bases = 0
        self._rests_until = 0.0

    @property
    def label(self) -> str:
        return self.target.label

    @property
    def is_reachable(self) -> bool:
        """Whether the last that was heard of it was good."""
        return self.is_registered and not (_ASKED & set(self._problems))

    @property
    def rests(self) -> bool:
        """Whether a base failed there a while ago, so that the next one waits."""
        return time.monotonic() < self._rests_until

    def rest(self) -> None:
        """A base failed there: the next one waits, longer each time."""
        self._failed_bases += 1
        self._rests_until = time.monotonic() + _REST * pause_after(self._failed_bases)

    def got_base(self, base: Base) -> None:
        """A base is there, whole. `base` is without its parts."""
        self._failed_bases = 0
        self.keep(bases=[*self.record.bases, base])

    @property
    def usable_bases(self) -> list[Base]:
        """Bases of this epoch from which everything up to the newest piece there can be restored."""
        mine = self.record
        return [
            base
            for base in mine.bases
            if not mine.cut_off and base.wal_from >= mine.since and epoch_of(base) == mine.epoch
        ]

    @property
    def safe_until(self) -> datetime | None:
        """The moment up to which everything that was acknowledged can be restored from here; None before any can."""
        complete = [base for base in self.usable_bases if base.end <= self.record.end]
        reached, media = self.record.reached, self.media_until
        return min(reached, media) if complete and reached and media else None

    def note(self, **changes: object) -> None:
        """Change the record, in memory."""
        self.record = msgspec.structs.replace(self.record, **changes)

    def keep(self, **changes: object) -> None:
        """Change the record, and have it on the disk when this returns."""
        self.note(**changes)
        self._place.write_json(_file(self.label), self.record)

    def trouble(self, work: str, problem: str) -> None:
        """Something does not go. `work` names what, so that only its own success takes it back."""
        since = self._problems[work][1] if work in self._problems else self._clock.now()
        self._problems[work] = (problem, since)

    def has_trouble(self, work: str) -> bool:
        return work in self._problems

    def well(self, work: str) -> None:
        self._problems.pop(work, None)

    async def within_reason(self, act: Callable[[], Awaitable[T]], size: int = 0) -> T:
        """What `act` returns, if it takes no longer than `size` bytes may take on a slow line.

        Raises StoreUnavailable: a target that is silent is away.
        """
        patience = _PATIENCE + size / _SLOWEST
        try:
            async with asyncio.timeout(patience):
                return await act()
        except TimeoutError:
            raise StoreUnavailable(f"{self.label}: no answer within {patience:.0f} s") from None

    async def insist(self, work: str, act: Callable[[], Awaitable[T]], most: int | None = None, size: int = 0) -> T:
        """What `act`, which moves `size` bytes, returns; tried again with pauses while the target cannot be reached, or
        up to `most` times.

        Raises StoreUnavailable after the last of them.
        """
        failures = 0
        while True:
            try:
                result = await self.within_reason(act, size)
            except StoreUnavailable as error:
                failures += 1
                self.trouble(work, said_by(error))
                if failures == most:
                    raise
                await asyncio.sleep(pause_after(failures))
            else:
                self.well(work)
                return result

    async def remove(self, keys: Sequence[str], say: Callable[[str], None]) -> bool:
        """Remove objects; whether the target has done so. One that refuses, as a key that may only put does, is no
        trouble: that is said once."""
        if self.refuses_deletes:
            return False
        try:
            await self.target.delete(keys)
        except StoreUnavailable as error:
            if self.is_reachable:
                self.refuses_deletes = True
                say(f"{self.label} keeps what is too old, because it lets nothing be removed: {said_by(error)}")
            return False
        return True

    def status(self, chain_sequence: int) -> TargetStatus:
        """How this target does, when the newest piece is `chain_sequence`."""
        newest = max(self.usable_bases, key=lambda base: base.started_at, default=None)
        # What keeps posts from arriving comes first.
        worst = min(self._problems, key=lambda work: (work != LOG, self._problems[work][1]), default=None)
        problem, since = (None, None) if worst is None else self._problems[worst]
        return TargetStatus(
            label=self.label,
            safe_until=self.safe_until,
            behind=max(0, chain_sequence - self.record.sequence),
            base=None if newest is None else newest.id,
            base_at=None if newest is None else newest.started_at,
            bases=len(self.record.bases),
            media_behind=self.media_behind,
            problem=problem,
            problem_since=since,
            files_until=self.media_until if self.record.capsule else None,
        )


def open_lane(target: Target, place: Place, epoch: int, clock: Clock, megabytes: float) -> Lane:
    """The lane of a target, from where it was left. What an earlier epoch left counts no more, but for its bases."""
    record = find_record(place, target.label)
    if record is None:
        record = TargetRecord(label=target.label, epoch=epoch)
    elif record.epoch != epoch:
        record = TargetRecord(label=target.label, epoch=epoch, bases=record.bases)
    return Lane(target, place, record, clock, megabytes)


def find_record(place: Place, label: str) -> TargetRecord | None:
    """What is known here of a target; None where it is new."""
    record = place.find_json(_file(label), TargetRecord)
    return record if record is not None and record.label == label else None


def epoch_of(base: Base) -> int:
    """The epoch in which a base was made: the first part of its id."""
    return int(base.id.partition("-")[0])


def said_by(error: BaseException) -> str:
    """What an error says in one line."""
    return (str(error) or type(error).__name__).partition("\n")[0][:300]


def _file(label: str) -> str:
    return f"targets/{hashlib.sha256(label.encode()).hexdigest()[:16]}.json"
