"""Media: each lane follows the register of stored objects by its numbers, a few objects at a time.

What went is removed from a target only when no moment that can be restored knows it any more.
"""

from __future__ import annotations

import asyncio
import hashlib
from datetime import timedelta
from typing import Final

import msgspec

from rostra.continuity import names
from rostra.continuity.keys import Recipients
from rostra.continuity.place import Identity, Place
from rostra.continuity.sealed import seal
from rostra.continuity.ship.alarms import Alarms
from rostra.continuity.ship.lane import Lane, said_by
from rostra.continuity.targets import StoreUnavailable
from rostra.kit.clock import Clock
from rostra.kit.db import DATABASE_ERRORS, Database
from rostra.kit.objectstore import ObjectStore
from rostra.kit.stored_objects import ObjectRegister, StoredObject, count_after, list_after, list_gone
from rostra.kit.stored_objects_check import reconcile

AT_ONCE: Final = 16
_BATCH: Final = 500
# Bytes of objects in memory at a time, unless a single one has more.
_IN_FLIGHT: Final = 64 << 20
_PAUSE_AWAY: Final = 2.0
# A listing of a million names.
_LISTING: Final = 300 << 20
_SWEEP_EVERY: Final = timedelta(hours=1)


class Reconciled(msgspec.Struct, frozen=True, kw_only=True):
    """The register had everything that the store had; `found` of it was new to the register."""

    found: int


class Files:
    """Where the files are: the store and its register. Made once for all lanes."""

    def __init__(self, db: Database, store: ObjectStore, clock: Clock) -> None:
        self.db = db
        self.store = store
        self.clock = clock
        self.is_reconciled = asyncio.Event()

    async def reconcile(self, place: Place, alarms: Alarms) -> None:
        """Once in the life of a data directory: have in the register what was stored before there was one."""
        while place.find_json("reconciled.json", Reconciled) is None:
            try:
                found = await reconcile(self.db, self.store, ObjectRegister(self.db, self.clock))
                place.write_json("reconciled.json", Reconciled(found=found))
            except (*DATABASE_ERRORS, StoreUnavailable) as error:
                alarms.start("register", f"the files cannot be counted: {said_by(error)}")
                await asyncio.sleep(_PAUSE_AWAY)
        alarms.end("register")
        self.is_reconciled.set()


class MediaLane:
    """Brings the files to one target."""

    def __init__(self, lane: Lane, identity: Identity, files: Files, alarms: Alarms, keep_days: int) -> None:
        self._lane = lane
        self._identity = identity
        self._recipients = Recipients(identity.site.recipients)
        self._files = files
        self._alarms = alarms
        self._keep = timedelta(days=keep_days)
        self._room = asyncio.Condition()
        self._in_flight = 0
        self._known: set[str] = set()

    async def run(self, pause: float) -> None:
        """Follow the register, for ever."""
        await self._files.is_reconciled.wait()
        await self._lane.insist("media", self._learn, size=_LISTING)
        while True:
            try:
                while await self.step():
                    pass
                await self._sweep()
                self._alarms.end(f"register for {self._lane.label}")
            except DATABASE_ERRORS as error:
                self._alarms.start(f"register for {self._lane.label}", f"files cannot be followed: {said_by(error)}")
                await asyncio.sleep(_PAUSE_AWAY)
            await asyncio.sleep(pause)

    async def step(self) -> bool:
        """Bring the next objects; whether there are more. Raises what the database raises."""
        asked_at = self._files.clock.now()
        found = await list_after(self._files.db, self._lane.record.media_after, _BATCH)
        wanted = [each for each in found if not each.key.startswith(names.LEFT_OUT)]
        self._lane.media_behind = len(wanted)
        if len(found) == _BATCH:
            self._lane.media_behind += await count_after(self._files.db, found[-1].id)
        slots = asyncio.Semaphore(AT_ONCE)

        async def one(each: StoredObject) -> None:
            async with slots:
                await self._ship(each)
                self._lane.media_behind -= 1

        async with asyncio.TaskGroup() as group:
            for each in wanted:
                group.create_task(one(each))
        if found:
            self._lane.keep(media_after=found[-1].id)
        if len(found) < _BATCH:
            # What is registered later was not acknowledged then.
            self._lane.media_until = asked_at
            if not self._lane.record.media_listed:
                self._lane.keep(media_listed=True)
                self._known.clear()
        return len(found) == _BATCH

    async def _learn(self) -> None:
        """For a target about which nothing is known, as after a restore: what it has already is not sent again."""
        if not self._lane.record.media_listed:
            prefix = f"{self._identity.site.id}/"
            async for head in self._lane.target.list(f"{prefix}{names.MEDIA}"):
                self._known.add(head.key.removeprefix(prefix))

    async def _ship(self, each: StoredObject) -> None:
        name = names.media(self._identity.media_key, each.key)
        if name in self._known:
            self._known.discard(name)
            return
        await self._take_room(each.size)
        try:
            body = await self._read(each)
            if body is None:
                return
            raw = await asyncio.to_thread(self._seal, name, body)
            del body
            await self._lane.bandwidth.take(len(raw))
            key = f"{self._identity.site.id}/{name}"
            await self._lane.insist("media", lambda: self._lane.target.put(key, raw), size=len(raw))
        finally:
            await self._give_room(each.size)

    async def _read(self, each: StoredObject) -> bytes | None:
        """Its bytes as they were registered; None where the store has lost or spoiled them, which is an alarm, or where
        the object went meanwhile."""
        work = f"file {each.key}"
        while True:
            try:
                body = await self._files.store.find(each.key)
            except StoreUnavailable as error:
                self._alarms.start("store", f"the store of files cannot be read: {said_by(error)}")
                await asyncio.sleep(_PAUSE_AWAY)
                continue
            self._alarms.end("store")
            if body is not None and await asyncio.to_thread(_digest, body) == each.sha256:
                self._alarms.end(work)
                return body
            if await self._is_newest(each):
                lost = "is not in the store" if body is None else "is not what it was when it was stored"
                self._alarms.start(work, f"the file {each.key} {lost}, so it is not copied")
            return None

    async def _is_newest(self, each: StoredObject) -> bool:
        try:
            return any(found.id == each.id for found in await list_after(self._files.db, each.id - 1, 1))
        except DATABASE_ERRORS:
            return False

    def _seal(self, name: str, body: bytes) -> bytes:
        return seal(
            self._identity.signing_key,
            self._recipients.encrypt(body),
            site=self._identity.site.id,
            name=name,
            epoch=self._identity.epoch.number,
            made_at=self._files.clock.now(),
        )[0]

    async def _sweep(self) -> None:
        """Remove what went before the first moment that can be restored. Here and not in a task of its own, so that
        nothing is removed that is being brought again."""
        lane, now = self._lane, self._files.clock.now()
        if lane.record.swept_at is not None and abs(now - lane.record.swept_at) < _SWEEP_EVERY:
            return
        while gone := await list_gone(self._files.db, lane.record.gone_after, _BATCH):
            old = [each for each in gone if each.gone_at is not None and each.gone_at < now - self._keep]
            keys = [f"{self._identity.site.id}/{names.media(self._identity.media_key, each.key)}" for each in old]
            if not old or not await lane.remove(keys, self._alarms.say):
                break
            lane.keep(gone_after=old[-1].id)
            if len(old) < _BATCH:
                break
        lane.keep(swept_at=now)

    async def _take_room(self, size: int) -> None:
        async with self._room:
            await self._room.wait_for(lambda: self._in_flight == 0 or self._in_flight + size <= _IN_FLIGHT)
            self._in_flight += size

    async def _give_room(self, size: int) -> None:
        async with self._room:
            self._in_flight -= size
            self._room.notify_all()


def _digest(body: bytes) -> bytes:
    return hashlib.sha256(body).digest()
