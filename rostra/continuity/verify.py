"""Everything at a target, checked without the recovery key: that it is genuine, whole, in order, and all there.

What is encrypted stays closed. Whether it would restore is for a drill; whether every byte is still the one that was
sent is said here.
"""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from typing import Final, TypeVar

import msgspec

from rostra.continuity import names
from rostra.continuity.records import Base, Part, Piece
from rostra.continuity.sealed import Broken, Sealed
from rostra.continuity.site import Trust, read_trust
from rostra.continuity.targets import Target

_AT_ONCE: Final = 8
_PARTS_AT_ONCE: Final = 2
# More problems of one kind than this are only counted.
_MOST: Final = 20

A = TypeVar("A")


class Found(msgspec.Struct, kw_only=True):
    """What was looked at, and what is wrong with it, a line each. `notes` are for knowing, not for mending."""

    bases: int = 0
    parts: int = 0
    pieces: int = 0
    capsules: int = 0
    censuses: int = 0
    files: int = 0
    bytes: int = 0
    problems: list[str] = msgspec.field(default_factory=list[str])
    notes: list[str] = msgspec.field(default_factory=list[str])


class Verifier:
    """Checks one site at one target. `tell` gets a line whenever a large step begins. Of a server with an external
    database no base copy is asked for."""

    def __init__(
        self, target: Target, site: str, tell: Callable[[str], None], *, external_database: bool = False
    ) -> None:
        self.found = Found()
        self._external_database = external_database
        self._target = target
        self._site = site
        self._tell = tell
        self._trust: Trust | None = None

    async def run(self, expected_files: AsyncIterator[str] | None, *, read_files: bool) -> Found:
        """Check all. `expected_files` are the names of the files that should be there, where that is known; they are
        only read with `read_files`. Raises StoreUnavailable."""
        try:
            self._trust = await read_trust(self._target, self._site)
        except Broken as error:
            self.found.problems.append(str(error))
            return self.found
        bases = await self._bases()
        await self._log(bases)
        await self._stamped(names.CAPSULES)
        await self._stamped(names.CENSUS)
        await self._files(expected_files, read_files=read_files)
        return self.found

    async def _bases(self) -> list[Base]:
        folders = sorted([each async for each in self._target.folders(f"{self._site}/{names.BASES}")])
        bases: list[Base] = []
        for folder in folders:
            name = names.base_manifest(folder)
            sealed = await self._get(name)
            if sealed is None:
                self.found.notes.append(f"{names.BASES}/{folder} has no manifest: it is being made, or came to nothing")
                continue
            base = self._about(sealed, Base)
            if base is not None and base.id == folder:
                bases.append(base)
        known = {base.id for base in bases}
        for base in bases:
            self._tell(f"base {base.id}: {len(base.parts)} parts")
            if base.parent is not None and base.parent not in known:
                self.found.problems.append(f"base {base.id} builds on {base.parent}, which is missing")
            await _few(base.parts, self._part, _PARTS_AT_ONCE)
        self.found.bases = len(bases)
        if not bases and self._external_database:
            self.found.notes.append("there is no base copy: the database is an external one, which its operator copies")
        elif not bases:
            self.found.problems.append("there is no complete base copy, so no database can be restored from here")
        return bases

    async def _part(self, part: Part) -> None:
        raw = await self._target.find(f"{self._site}/{part.name}")
        if raw is None:
            self.found.problems.append(f"{part.name}: is missing")
        elif len(raw) != part.size or await asyncio.to_thread(_digest, raw) != part.sha256:
            self.found.problems.append(f"{part.name}: its bytes were changed or cut short ({len(raw)} of {part.size})")
        self.found.parts += 1
        self.found.bytes += len(raw or b"")

    async def _log(self, bases: Sequence[Base]) -> None:
        assert self._trust is not None
        forks = {fork.epoch: fork.sequence for each in self._trust.epochs if (fork := each.fork) is not None}
        for epoch in sorted({_epoch_of(base) for base in bases}):
            mine = [base for base in bases if _epoch_of(base) == epoch]
            first = min(base.wal_from for base in mine)
            listed = await self._sequences(epoch)
            last = min(max(listed, default=0), forks.get(epoch, max(listed, default=0)))
            wanted = [each for each in sorted(listed) if first <= each <= last]
            self._tell(f"log of epoch {epoch}: {len(wanted)} pieces")
            chain = _Chain(epoch, first, self.found)
            for index in range(0, len(wanted), _AT_ONCE):
                run = wanted[index : index + _AT_ONCE]
                sealed = await asyncio.gather(*(self._get(names.wal_piece(epoch, each)) for each in run))
                for sequence, piece in zip(run, sealed, strict=True):
                    chain.add(sequence, piece, None if piece is None else self._about(piece, Piece))
            self.found.pieces += len(wanted)
            for base in mine:
                if not chain.covers(base):
                    text = f"base {base.id} lacks log that it cannot do without (from piece {base.wal_from})"
                    self.found.problems.append(text)

    async def _sequences(self, epoch: int) -> set[int]:
        prefix = f"{self._site}/{names.WAL}/{epoch:06d}"
        found: set[int] = set()
        for folder in [each async for each in self._target.folders(prefix)]:
            async for head in self._target.list(f"{prefix}/{folder}"):
                number = head.key.rpartition("/")[2]
                if number.isdecimal():
                    found.add(int(number))
        return found

    async def _stamped(self, folder: str) -> None:
        prefix = f"{self._site}/"
        found = sorted([head.key.removeprefix(prefix) async for head in self._target.list(f"{prefix}{folder}")])
        for name in found:
            await self._get(name)
        if folder == names.CAPSULES:
            self.found.capsules = len(found)
            if not found:
                self.found.problems.append("there is no capsule: settings, secrets and keys are missing")
        else:
            self.found.censuses = len(found)

    async def _files(self, expected: AsyncIterator[str] | None, *, read_files: bool) -> None:
        prefix = f"{self._site}/"
        there = {head.key.removeprefix(prefix) async for head in self._target.list(f"{prefix}{names.MEDIA}")}
        self.found.files = len(there)
        self._tell(f"{len(there)} files")
        if expected is not None:
            missing = [name async for name in expected if name not in there]
            self.found.problems += [f"{name}: is missing" for name in missing[:_MOST]]
            if len(missing) > _MOST:
                self.found.problems.append(f"{len(missing) - _MOST} more files are missing")
        if read_files:
            await _few(sorted(there), self._file, _AT_ONCE)

    async def _file(self, name: str) -> None:
        # It may have been removed because of its age since it was listed.
        await self._get(name)

    async def _get(self, name: str) -> Sealed | None:
        """An object that is genuine, or None; what is wrong with it is noted."""
        assert self._trust is not None
        raw = await self._target.find(f"{self._site}/{name}")
        if raw is None:
            return None
        self.found.bytes += len(raw)
        try:
            return await asyncio.to_thread(self._trust.unseal, raw, name)
        except Broken as error:
            self.found.problems.append(str(error))
            return None

    def _about(self, sealed: Sealed, kind: type[A]) -> A | None:
        try:
            return msgspec.json.decode(sealed.header.about, type=kind)
        except msgspec.DecodeError as error:
            self.found.problems.append(f"{sealed.header.name}: what it says about itself cannot be read: {error}")
            return None


class _Chain:
    """The pieces of an epoch in their order, as they come by."""

    def __init__(self, epoch: int, first: int, found: Found) -> None:
        self._epoch = epoch
        self._found = found
        self._next = first
        self._digest: str | None = None
        self._end: int | None = None
        # Runs of pieces without a hole: sequence of the first and the last, position at which they end.
        self._runs: list[tuple[int, int, int]] = []

    def add(self, sequence: int, piece: Sealed | None, about: Piece | None) -> None:
        if sequence != self._next:
            which = f"piece {self._next}" if sequence == self._next + 1 else f"pieces {self._next} to {sequence - 1}"
            self._found.problems.append(f"{names.WAL}/{self._epoch:06d}: {which} are missing")
            self._digest = None
        self._next = sequence + 1
        if piece is None or about is None:
            self._digest = None
            return
        name = piece.header.name
        follows = self._digest is not None and piece.header.previous == self._digest
        if self._digest is not None and not follows:
            self._found.problems.append(f"{name}: does not follow the piece before it")
        if about.gap:
            self._found.notes.append(f"{name}: the log before it was never sent; moments just before cannot be had")
        elif follows and about.start != self._end:
            self._found.problems.append(f"{name}: does not begin where the piece before it ends")
            follows = False
        if follows and not about.gap and self._runs:
            self._runs[-1] = (self._runs[-1][0], sequence, about.end)
        else:
            self._runs.append((sequence, sequence, about.end))
        self._digest, self._end = piece.digest, about.end

    def covers(self, base: Base) -> bool:
        """Whether the log that a base needs is there without a hole."""
        return any(first <= base.wal_from <= last and base.end <= end for first, last, end in self._runs)


async def _few(items: Sequence[A], act: Callable[[A], Awaitable[None]], at_once: int) -> None:
    slots = asyncio.Semaphore(at_once)

    async def one(item: A) -> None:
        async with slots:
            await act(item)

    await asyncio.gather(*(one(item) for item in items))


def _epoch_of(base: Base) -> int:
    return int(base.id.partition("-")[0])


def _digest(raw: bytes) -> str:
    return hashlib.sha256(raw).hexdigest()
