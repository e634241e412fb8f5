"""A census with the copies: after each base and at least every day, so that a restore can prove what it holds."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from contextlib import suppress
from datetime import datetime, timedelta
from typing import Final

import msgspec
import zstandard

from rostra.continuity import names
from rostra.continuity.census import CensusFailed, take_census
from rostra.continuity.place import Identity
from rostra.continuity.sealed import seal
from rostra.continuity.ship.alarms import Alarms
from rostra.continuity.ship.lane import Lane, said_by
from rostra.continuity.targets import StoreUnavailable
from rostra.kit.db import DATABASE_ERRORS
from rostra.kit.postgres import PostgresRefused, dsn_of
from rostra.kit.postgres_setup import ADMIN
from rostra.kit.settings import Settings

_EVERY: Final = timedelta(days=1)
_LEVEL: Final = 6
_TRIES: Final = 3


def needs_census(lane: Lane, now: datetime) -> bool:
    """Whether a target that has a base has no census since its newest one, or none of the last day."""
    newest = max((base.ended_at for base in lane.usable_bases), default=None)
    last = lane.record.census_at
    return newest is not None and (last is None or last < newest or now - last > _EVERY)


async def ship_census(lanes: Sequence[Lane], settings: Settings, identity: Identity, alarms: Alarms) -> bool:
    """Take a census and bring it to these lanes; whether there was one. What is wrong is an alarm."""
    try:
        admin = dsn_of(settings.data_dir, role=ADMIN, database="postgres")
        census = await take_census(admin, bindir=settings.pg_bindir)
    except (CensusFailed, PostgresRefused, *DATABASE_ERRORS) as error:
        alarms.start("census", f"the tables cannot be counted: {said_by(error)}")
        return False
    alarms.end("census")
    name = names.census(identity.epoch.number, census.made_at)
    raw, _ = seal(
        identity.signing_key,
        zstandard.compress(msgspec.json.encode(census), _LEVEL),
        site=identity.site.id,
        name=name,
        epoch=identity.epoch.number,
        made_at=census.made_at,
    )

    key = f"{identity.site.id}/{name}"

    async def put(lane: Lane) -> None:
        # Who does not take it now is given a newer one.
        with suppress(StoreUnavailable):
            await lane.insist("census", lambda: lane.target.put(key, raw), _TRIES, len(raw))
            lane.keep(census_at=census.made_at)

    await asyncio.gather(*(put(lane) for lane in lanes))
    return True
