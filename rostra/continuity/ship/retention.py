"""What is kept at a target, and the removal of the rest.

Any moment of the last days can be restored: it needs the newest base before it, all that this one builds on, and the
log from there. Whatever this server does not recognise it leaves alone.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Final

import msgspec

from rostra.continuity import names
from rostra.continuity.place import Identity
from rostra.continuity.records import Base
from rostra.continuity.sealed import Broken
from rostra.continuity.ship.lane import Lane, epoch_of, said_by
from rostra.continuity.site import read_trust

_BATCH: Final = 500


class Kept(msgspec.Struct, frozen=True, kw_only=True):
    """What stays: the ids of bases, and for each epoch that has any the first piece of log (no other epoch's is
    needed, but for the newest, whose first base may be under way)."""

    bases: frozenset[str]
    wal_from: Mapping[int, int]


def choose_kept(bases: Sequence[Base], now: datetime, keep_days: int, keep_bases: int) -> Kept:
    """What is needed for any moment since `keep_days` ago, and so many full bases however old they are."""
    since = now - timedelta(days=keep_days)
    by_age = sorted(bases, key=lambda base: (base.ended_at, base.id))
    before = [base for base in by_age if base.ended_at <= since]
    wanted = [base for base in by_age if base.ended_at > since] + before[-1:]
    wanted += [base for base in by_age if base.kind == "full"][-keep_bases:]
    known = {base.id: base for base in bases}
    kept: dict[str, Base] = {}
    for base in wanted:
        at: Base | None = base
        while at is not None and at.id not in kept:
            kept[at.id] = at
            at = known.get(at.parent) if at.parent else None
    wal_from: dict[int, int] = {}
    for base in kept.values():
        epoch = epoch_of(base)
        wal_from[epoch] = min(base.wal_from, wal_from.get(epoch, base.wal_from))
    return Kept(bases=frozenset(kept), wal_from=wal_from)


def choose_old(stamped: Iterable[str], now: datetime, keep_days: int) -> list[str]:
    """Of names that end with `<epoch>-<stamp>`, those that are not needed: all but the newest of each day since
    `keep_days` ago, the newest before that, and the newest of all."""
    by_time = sorted(stamped, key=_stamp_of)
    since = names.stamp(now - timedelta(days=keep_days))
    kept = set(by_time[-1:]) | set([name for name in by_time if _stamp_of(name) <= since][-1:])
    newest_of_day = {_stamp_of(name)[:8]: name for name in by_time if _stamp_of(name) > since}
    return [name for name in by_time if name not in kept | set(newest_of_day.values())]


def _stamp_of(name: str) -> str:
    return name.rpartition("-")[2]


async def sweep(
    lane: Lane, identity: Identity, now: datetime, keep_days: int, keep_bases: int,
    in_progress: Callable[[], str | None], say: Callable[[str], None],
) -> None:  # fmt: skip
    """Remove what is not kept, and the parts of bases that came to nothing; `in_progress` has the id of one that is
    being made. Raises StoreUnavailable, Broken."""
    site = f"{identity.site.id}/"
    await _learn_bases(lane, identity, in_progress, say)
    kept = choose_kept(lane.record.bases, now, keep_days, keep_bases)
    for base in [base for base in lane.record.bases if base.id not in kept.bases]:
        if not await _remove_base(lane, site, base.id, say):
            return
        lane.keep(bases=[each for each in lane.record.bases if each.id != base.id])
    if not await _sweep_log(lane, site, kept, identity.epoch.number, say):
        return
    for folder in (names.CAPSULES, names.CENSUS):
        found = [head.key async for head in lane.target.list(f"{site}{folder}")]
        await _remove(lane, choose_old(found, now, keep_days), say)


async def _learn_bases(
    lane: Lane, identity: Identity, in_progress: Callable[[], str | None], say: Callable[[str], None]
) -> None:
    """Have in the record the bases that the target has, and remove what an interrupted one left there.

    Bases are begun and finished meanwhile: one that is not in progress now, but was listed, has its manifest by now or
    will never have it.
    """
    site = f"{identity.site.id}/"
    known = {base.id for base in lane.record.bases}
    begun = in_progress()
    found = {each async for each in lane.target.folders(f"{site}{names.BASES}")}
    learnt: list[Base] = []
    for base_id in sorted(found - known):
        if base_id in (begun, in_progress()):
            continue
        raw = await lane.target.find(f"{site}{names.base_manifest(base_id)}")
        if raw is None:
            await _remove_base(lane, site, base_id, say)
        elif (base := await _read_base(lane, identity, base_id, raw, say)) is not None:
            learnt.append(base)
    bases = {base.id: base for base in lane.record.bases if base.id not in known - found}
    if learnt or known - found:
        lane.keep(bases=list((bases | {base.id: base for base in learnt}).values()))


async def _read_base(
    lane: Lane, identity: Identity, base_id: str, raw: bytes, say: Callable[[str], None]
) -> Base | None:
    trust = await read_trust(lane.target, identity.site.id)
    try:
        about = trust.unseal(raw, names.base_manifest(base_id)).header.about
        return msgspec.structs.replace(msgspec.json.decode(about, type=Base), parts=[])
    except (Broken, msgspec.DecodeError) as error:
        say(f"{lane.label} has a base copy that is not ours, which is left alone: {said_by(error)}")
        return None


async def _remove_base(lane: Lane, site: str, base_id: str, say: Callable[[str], None]) -> bool:
    """The manifest first: without it there is no base, so a death in the middle leaves none that is broken."""
    if not await lane.remove([f"{site}{names.base_manifest(base_id)}"], say):
        return False
    found = [head.key async for head in lane.target.list(f"{site}{names.BASES}/{base_id}")]
    return await _remove(lane, found, say)


async def _sweep_log(lane: Lane, site: str, kept: Kept, current: int, say: Callable[[str], None]) -> bool:
    for epoch in [each async for each in lane.target.folders(f"{site}{names.WAL}")]:
        if not epoch.isdecimal():
            continue
        first = kept.wal_from.get(int(epoch))
        if first is None and (int(epoch) >= current or not any(each > int(epoch) for each in kept.wal_from)):
            continue
        for folder in [each async for each in lane.target.folders(f"{site}{names.WAL}/{epoch}")]:
            if first is not None and folder > f"{first // names.SHARD:06d}":
                continue
            end = "" if first is None else f"{site}{names.wal_piece(int(epoch), first)}"
            keys = [head.key async for head in lane.target.list(f"{site}{names.WAL}/{epoch}/{folder}")]
            if not await _remove(lane, sorted(key for key in keys if first is None or key < end), say):
                return False
    return True


async def _remove(lane: Lane, keys: Sequence[str], say: Callable[[str], None]) -> bool:
    for index in range(0, len(keys), _BATCH):
        if not await lane.remove(keys[index : index + _BATCH], say):
            return False
    return True
