"""What is needed to be as a site was at a moment: which base with its parents, which pieces of the log, which capsule.

Epochs are asked from the newest back to the first that has a base whose log is there without a hole. Nothing is
downloaded here but documents, and what is missing is said before anything large is.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import Final

import msgspec

from rostra.continuity import names
from rostra.continuity.records import Base, Census, Piece
from rostra.continuity.restore.documents import DOCUMENT, Documents, about, unpack
from rostra.continuity.restore.records import NotRestorable
from rostra.continuity.sealed import Broken, Sealed
from rostra.continuity.site import Trust

PIECE: Final = 40 << 20
"""Bytes that no piece of the log is larger than: a segment that does not compress, encrypted."""

# Heartbeats come every 30 seconds.
_SILENCE: Final = timedelta(seconds=90)
_BASE_ID: Final = re.compile(r"([0-9]{6})-([0-9]{8}T[0-9]{9}Z)")
_STAMPED: Final = re.compile(r"[a-z]+/([0-9]{6})-([0-9]{8}T[0-9]{9}Z)")
_LONGEST_CHAIN: Final = 1000


class BaseFound(msgspec.Struct, frozen=True, kw_only=True):
    """A base with PostgreSQL's own manifest of it."""

    about: Base
    manifest: bytes


class Line(msgspec.Struct, frozen=True, kw_only=True):
    """The pieces of an epoch that count: up to `last`, where the next epoch left it; None where none has.

    `stop` is the position up to which the next epoch used them, where that is what is wanted.
    """

    epoch: int
    last: int | None
    stop: int | None = None


class Plan(msgspec.Struct, frozen=True, kw_only=True):
    """What to fetch. `bases` begin with the full one; the pieces `first` to `last` are all listed, `last` is checked
    and was made at `until`; `start` and `end` are positions in the log.

    `to` is None where the log is followed to its end, or to the position `stop` within it. `hole` says what is wrong
    behind `last` where something is, and `sizes` has the bytes of each piece at the target.
    """

    epoch: int
    bases: list[BaseFound]
    first: int
    last: int
    start: int
    end: int
    until: datetime
    to: datetime | None
    stop: int | None
    hole: str | None
    sizes: dict[int, int]
    capsule: str
    warnings: list[str]

    @property
    def base(self) -> Base:
        return self.bases[-1].about


def lines_for(trust: Trust, to: datetime | None) -> list[Line]:
    """The epoch that was at `to`, then the one that it came from, and so on, each with where it ends."""
    begun = [number for number, each in enumerate(trust.epochs, 1) if to is None or each.opened_at <= to or number == 1]
    forks = [each.fork for each in trust.epochs[begun[-1] :] if each.fork and each.fork.epoch == begun[-1]]
    lines = [Line(epoch=begun[-1], last=forks[0].sequence if forks else None)]
    while (fork := trust.epochs[lines[-1].epoch - 1].fork) and fork.epoch < lines[-1].epoch:
        lines.append(Line(epoch=fork.epoch, last=fork.sequence, stop=fork.lsn))
    return lines


def contiguous(sequences: Iterable[int], first: int) -> int | None:
    """The last of the numbers that follow `first` without a hole; None where `first` is missing."""
    known = set(sequences)
    if first not in known:
        return None
    last = first
    while last + 1 in known:
        last += 1
    return last


def moment(at: datetime) -> str:
    """A moment as it is told, and as --to takes it."""
    return at.isoformat(timespec="milliseconds").replace("+00:00", "Z")


async def make_plan(documents: Documents, to: datetime | None, excluded: Sequence[str] = ()) -> Plan:
    """What brings the site back as it was at `to` (None: as it was last), without the bases `excluded`.

    Raises NotRestorable, saying what is missing.
    """
    warnings: list[str] = []
    ids = sorted([each async for each in documents.target.folders(documents.path(names.BASES))], reverse=True)
    lines = lines_for(documents.trust, to)
    for line in lines:
        problems: list[str] = []
        for base_id in ids:
            if _epoch_in(base_id) != line.epoch:
                continue
            plan = await _plan_with(documents, line, base_id, to, excluded, problems)
            if plan is not None:
                return msgspec.structs.replace(plan, warnings=[*warnings, *problems, *await _signs(documents, plan)])
        warnings += problems
        if line is lines[0]:
            _refuse_a_moment_between(documents, line, to, problems)
        warnings.append(_without_base(documents, line))
    none = "there is no base backup from which this could be restored"
    if to is not None and (oldest := await _oldest(documents, lines, ids, excluded)) is not None:
        none += f" as it was at {moment(to)}; the oldest moment that can be had is {moment(oldest)}"
    raise NotRestorable("\n".join([none, *warnings]))


async def _oldest(
    documents: Documents, lines: Sequence[Line], ids: Sequence[str], excluded: Sequence[str]
) -> datetime | None:
    """The first moment at which a base was complete that can be used."""
    for line in reversed(lines):
        for base_id in reversed(ids):
            if _epoch_in(base_id) != line.epoch:
                continue
            try:
                chain = await _chain(documents, base_id, line.epoch)
                complete = chain[-1].about.ended_at if chain else None
                if complete and await _plan_with(documents, line, base_id, complete, excluded, []):
                    # It is told to the millisecond, and what is told is to be had.
                    return complete + timedelta(microseconds=-complete.microsecond % 1000)
            except (Broken, NotRestorable):
                continue
    return None


async def newest_capsule(documents: Documents, to: datetime | None) -> str | None:
    """The capsule as it was at `to` (None: the last one), whatever else there is; None where there is none."""
    return await _find_capsule(documents, lines_for(documents.trust, to)[0].epoch, to)


async def find_census(documents: Documents, plan: Plan, end: int) -> Census | None:
    """The newest census between the base and `end`, which is within what is restored, if there is one.

    Raises Broken where that one was tampered with.
    """
    candidates = await _stamped(documents, names.CENSUS, plan.epoch)
    for name, stamp in reversed(candidates):
        if plan.to is not None and stamp > names.stamp(plan.to):
            continue
        sealed = await documents.find(name, plan.epoch)
        if sealed is None:
            continue
        census = _census_in(name, sealed)
        if plan.base.end < census.lsn <= end and (plan.to is None or census.made_at <= plan.to):
            return census
    return None


def _census_in(name: str, sealed: Sealed) -> Census:
    try:
        return msgspec.json.decode(unpack(name, sealed.body, DOCUMENT), type=Census)
    except msgspec.DecodeError as error:
        raise Broken(f"{name}: cannot be read: {error}") from None


async def _plan_with(
    documents: Documents, line: Line, base_id: str, to: datetime | None, excluded: Sequence[str], problems: list[str]
) -> Plan | None:
    """The plan that begins with this base, or None and a line in `problems` where it cannot be used for it."""
    try:
        bases = await _chain(documents, base_id, line.epoch)
    except Broken as error:
        problems.append(str(error))
        return None
    if not bases or (to is not None and bases[-1].about.ended_at > to):
        return None
    if any(each.about.id in excluded for each in bases):
        return None
    base = bases[-1].about
    if line.last is not None and (base.wal_from > line.last or base.end > (line.stop or base.end)):
        problems.append(f"the base {base.id} was made after epoch {line.epoch} had ended, and does not count")
        return None
    sizes = await _pieces(documents, line, base.wal_from)
    found = contiguous(sizes, base.wal_from)
    if found is None:
        problems.append(f"{missing_piece(documents, line.epoch, base.wal_from)}: the base {base.id} cannot be used")
        return None
    hole = _hole_after(documents, line, found, sizes)
    last, sealed, broken = await _last_good(documents, line.epoch, base.wal_from, found)
    hole = broken or hole
    if sealed is None or about(sealed, Piece).end < base.end:
        problems.append(f"the log ends before the base {base.id} was complete{f': {hole}' if hole else ''}")
        return None
    until = sealed.header.made_at
    # No earlier moment than that at which the base was complete can be asked for.
    if hole and (to is None or to > max(until, base.ended_at)):
        raise NotRestorable(ends_at(hole, max(until, base.ended_at)))
    end = about(sealed, Piece).end
    moment_within = to if to is not None and to < until else None
    return Plan(
        epoch=line.epoch,
        bases=bases,
        first=base.wal_from,
        last=last,
        start=base.start,
        end=end,
        until=until,
        to=moment_within,
        stop=line.stop if moment_within is None and line.stop is not None and line.stop < end else None,
        hole=hole,
        sizes=sizes,
        # Where nothing is written the log ends half a minute ago, and of secrets the newest are wanted all the same.
        capsule=await _capsule(documents, line.epoch, until if to is None and line.last is not None else to),
        warnings=[],
    )


def ends_at(hole: str, until: datetime) -> str:
    """What is said where the log has a hole: how far the copy reaches, and how to have what is before."""
    shown = moment(until)
    return f"{hole}: the copy ends at {shown}; --to {shown} restores what is before, and other targets may have it all"


def missing_piece(documents: Documents, epoch: int, sequence: int) -> str:
    return f"the WAL piece {sequence:06d} of epoch {epoch} is missing at {documents.target.label}"


async def _chain(documents: Documents, base_id: str, epoch: int) -> list[BaseFound]:
    """The base and those it builds on, the full one first; empty where it was never completed. Raises Broken."""
    chain: list[BaseFound] = []
    wanted: str | None = base_id
    while wanted is not None:
        name = names.base_manifest(wanted)
        sealed = await documents.find(name, epoch) if _epoch_in(wanted) == epoch else None
        if sealed is None:
            if not chain:
                return []
            raise Broken(f"{name}: is missing, and the base {base_id} builds on it")
        found = about(sealed, Base)
        if found.id != wanted or len(chain) > _LONGEST_CHAIN or (found.kind == "full") != (found.parent is None):
            raise Broken(f"{name}: contradicts itself")
        chain.append(BaseFound(about=found, manifest=unpack(name, sealed.body, DOCUMENT)))
        wanted = found.parent
    return chain[::-1]


async def _pieces(documents: Documents, line: Line, first: int) -> dict[int, int]:
    """The sizes of the pieces from `first` on that the target lists, by their numbers."""
    folder = documents.path(f"{names.WAL}/{line.epoch:06d}")
    before = documents.path(names.wal_piece(line.epoch, first - 1)) if first else None
    sizes: dict[int, int] = {}
    async for head in documents.target.list(folder, before):
        written = head.key.rpartition("/")[2]
        if not written.isdecimal() or not written.isascii():
            continue
        sequence = int(written)
        in_place = head.key == documents.path(names.wal_piece(line.epoch, sequence))
        if in_place and sequence >= first and (line.last is None or sequence <= line.last):
            sizes[sequence] = head.size
    return sizes


def _hole_after(documents: Documents, line: Line, last: int, sizes: dict[int, int]) -> str | None:
    if max(sizes) > last:
        return missing_piece(documents, line.epoch, last + 1)
    if line.last is not None and last < line.last:
        # The next epoch says how many there were.
        return missing_piece(documents, line.epoch, last + 1)
    return None


async def _last_good(documents: Documents, epoch: int, first: int, last: int) -> tuple[int, Sealed | None, str | None]:
    """The last piece that is genuine, going back from `last`, and what is wrong with the one behind it."""
    problem: str | None = None
    for sequence in range(last, first - 1, -1):
        try:
            name = names.wal_piece(epoch, sequence)
            sealed = await documents.find(name, epoch, limit=PIECE)
            if sealed is not None and sealed.header.sequence == sequence:
                return sequence, sealed, problem
            problem = missing_piece(documents, epoch, sequence) if sealed is None else f"{name}: has another's number"
        except Broken as error:
            problem = str(error)
    return first, None, problem


async def _capsule(documents: Documents, epoch: int, at: datetime | None) -> str:
    """As `_find_capsule`. Raises NotRestorable where there is none."""
    if (found := await _find_capsule(documents, epoch, at)) is not None:
        return found
    raise NotRestorable(f"there is no capsule at {documents.target.label}: the secrets and keys of the server are gone")


async def _find_capsule(documents: Documents, epoch: int, at: datetime | None) -> str | None:
    """The newest capsule, if need be the newest not after `at`; where none is, the oldest."""
    for number in range(epoch, 0, -1):
        found = await _stamped(documents, names.CAPSULES, number)
        before = [name for name, stamp in found if at is None or stamp <= names.stamp(at)]
        if found and (before or number == epoch):
            return before[-1] if before else found[0][0]
    return None


async def _stamped(documents: Documents, folder: str, epoch: int) -> list[tuple[str, str]]:
    """The objects of a folder that an epoch has, with the moment in their names, oldest first."""
    start = len(documents.path(""))
    found: list[tuple[str, str]] = []
    async for head in documents.target.list(documents.path(folder)):
        match = _STAMPED.fullmatch(head.key[start:])
        if match and int(match[1]) == epoch:
            found.append((head.key[start:], match[2]))
    return sorted(found)


async def _signs(documents: Documents, plan: Plan) -> list[str]:
    """Whether something else at the target is newer than the end of the log, which then was cut short."""
    if plan.to is not None or plan.hole is not None:
        return []
    newest = ""
    for folder in (names.CAPSULES, names.CENSUS):
        newest = max([newest, *(stamp for _, stamp in await _stamped(documents, folder, plan.epoch))])
    if newest <= names.stamp(plan.until + _SILENCE):
        return []
    return [
        f"the log at {documents.target.label} ends at {moment(plan.until)}, but other objects are from {newest}: "
        "its newest pieces are missing, and what was written since is not in this copy"
    ]


def _refuse_a_moment_between(documents: Documents, line: Line, to: datetime | None, problems: Sequence[str]) -> None:
    """A moment after an epoch had begun and before its first base was complete cannot be had."""
    if to is None or line.epoch == 1:
        return
    began = moment(documents.trust.epochs[line.epoch - 1].opened_at)
    text = (
        f"epoch {line.epoch}, which began at {began}, has no base that was complete at {moment(to)} and can be used; "
        f"what the server before it held is restored by a --to before {began}"
    )
    raise NotRestorable("\n".join([text, *problems]))


def _without_base(documents: Documents, line: Line) -> str:
    epoch = documents.trust.epochs[line.epoch - 1]
    return (
        f"epoch {line.epoch}, which began at {moment(epoch.opened_at)} on {epoch.host}, has no base that can be used "
        f"at {documents.target.label}: what it wrote is not in this copy"
    )


def _epoch_in(base_id: str) -> int | None:
    match = _BASE_ID.fullmatch(base_id)
    return int(match[1]) if match else None
