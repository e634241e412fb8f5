"""The log: pieces are fetched side by side, each held against the one before it, and written into segment files.

The segments go where PostgreSQL looks for its log anyway, so nothing is copied twice and no command is run that
somebody's path could get into.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path
from typing import Final

import msgspec

from rostra.continuity import names
from rostra.continuity.records import SEGMENT, Piece, format_lsn, segment_name
from rostra.continuity.restore.documents import Documents, Missing, about
from rostra.continuity.restore.fetch import in_order
from rostra.continuity.restore.plan import PIECE, Plan, ends_at, missing_piece
from rostra.continuity.restore.records import NotRestorable
from rostra.continuity.sealed import Broken, Sealed

_AT_ONCE: Final = 16
# A transaction is written and on its way some time after the moment that it bears.
_LATE: Final = timedelta(seconds=5)


class Fetched(msgspec.Struct, frozen=True, kw_only=True):
    """What is there now: the log up to `end`, as the piece `last` brought it at `until`.

    `counts` is the last piece at the target that may be believed; those behind `last` were not needed.
    """

    last: int
    counts: int
    end: int
    until: datetime


class _Opened(msgspec.Struct, frozen=True):
    sealed: Sealed
    piece: Piece
    log: bytes


async def fetch_wal(documents: Documents, plan: Plan, into: Path, arrived: Callable[[int], None]) -> Fetched:
    """Write the segments from the plan's first piece on into the directory `into`; `arrived` is told of each piece.

    Where only a moment is wanted, it ends a little behind it. Raises NotRestorable for what is missing or broken
    before the end that is wanted, and says up to when the log is good.
    """
    chain = _Chain(plan, into)
    opened = in_order(lambda sequence: _open(documents, plan, sequence), range(plan.first, plan.last + 1), _AT_ONCE)
    try:
        async for each in opened:
            await asyncio.to_thread(chain.add, each)
            arrived(1)
            if plan.to is not None and each.sealed.header.made_at > plan.to + _LATE:
                chain.leave_rest()
                break
    except Broken as error:
        reached = chain.reached
        if reached is None or reached.end < plan.base.end:
            raise
        until = max(reached.until, plan.base.ended_at)
        if plan.to is None or plan.to > until:
            said = missing_piece(documents, plan.epoch, chain.next) if isinstance(error, Missing) else str(error)
            raise NotRestorable(ends_at(said, until)) from None
    finally:
        await opened.aclose()
        chain.close()
    assert chain.reached is not None, "the plan has at least one piece"
    return chain.reached


class _Chain:
    """Owns the segment that is being written, and knows what the next piece must be."""

    def __init__(self, plan: Plan, into: Path) -> None:
        self.next = plan.first
        self.reached: Fetched | None = None
        self._plan = plan
        self._into = into
        self._digest: str | None = None
        self._segment: int | None = None
        self._file: int | None = None

    def add(self, opened: _Opened) -> None:
        """The next piece. Raises Broken where it does not follow the one before."""
        header, piece = opened.sealed.header, opened.piece
        self._check(header.name, header.sequence, header.previous, piece)
        if len(opened.log) != piece.end - piece.start:
            raise Broken(f"{header.name}: has {len(opened.log)} bytes of the log, not {piece.end - piece.start}")
        if opened.log:
            self._write(piece, opened.log)
        self.reached = Fetched(last=header.sequence, counts=header.sequence, end=piece.end, until=header.made_at)
        self._digest = opened.sealed.digest
        self.next += 1

    def leave_rest(self) -> None:
        """The pieces that follow are good for other moments."""
        if self.reached is not None:
            self.reached = msgspec.structs.replace(self.reached, counts=self._plan.last)

    def close(self) -> None:
        if self._file is not None:
            os.close(self._file)
            self._file = None

    def _check(self, name: str, sequence: int, previous: str, piece: Piece) -> None:
        if sequence != self.next:
            raise Broken(f"{name}: has the number {sequence}, not {self.next}")
        if self._digest is not None and previous != self._digest:
            raise Broken(f"{name}: does not follow the piece before it")
        if piece.timeline != self._plan.base.timeline:
            raise Broken(f"{name}: is of timeline {piece.timeline}, not {self._plan.base.timeline}")
        if not 0 <= piece.end - piece.start <= SEGMENT - piece.start % SEGMENT:
            raise Broken(f"{name}: goes from {piece.start} to {piece.end}, over the end of a segment")
        if self.reached is None:
            if piece.start % SEGMENT or piece.start > self._plan.start:
                raise Broken(f"{name}: begins at {format_lsn(piece.start)}, after the beginning of the base")
        elif piece.gap or piece.start != self.reached.end:
            raise Broken(
                f"{name}: begins at {format_lsn(piece.start)}, and the log before it ends at "
                f"{format_lsn(self.reached.end)}: what is between was never shipped"
            )

    def _write(self, piece: Piece, log: bytes) -> None:
        segment = piece.start // SEGMENT
        if segment != self._segment:
            self.close()
            path = self._into / segment_name(piece.timeline, piece.start)
            self._file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
            # The last one is full of zeros behind what is known, which is where PostgreSQL stops reading.
            os.ftruncate(self._file, SEGMENT)
            self._segment = segment
        assert self._file is not None
        os.pwrite(self._file, log, piece.start % SEGMENT)


async def _open(documents: Documents, plan: Plan, sequence: int) -> _Opened:
    name = names.wal_piece(plan.epoch, sequence)
    if plan.sizes.get(sequence, 0) > PIECE:
        raise Broken(f"{name}: has {plan.sizes[sequence]} bytes, which no piece has")
    sealed = await documents.get(name, plan.epoch)
    if not sealed.body:
        return _Opened(sealed, about(sealed, Piece), b"")
    log = await asyncio.to_thread(documents.open, name, sealed.body, SEGMENT)
    return _Opened(sealed, about(sealed, Piece), log)
