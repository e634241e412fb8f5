"""The first meeting with a primary: what would make a standby of it impossible is found out here, at once."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Final

import asyncpg

from rostra.continuity.standby.files import read_start
from rostra.continuity.standby.queries import is_replica, list_limits, list_migrations
from rostra.continuity.standby.records import Standby
from rostra.continuity.standby.source import Source, SourceAway, SourceRefused, open_source
from rostra.continuity.standby.tunnel import Tunnel, open_tunnel
from rostra.kit.db import DATABASE_ERRORS
from rostra.kit.postgres_home import Home
from rostra.kit.postgres_setup import ADMIN, ROLE

_ANSWER: Final = 10


async def meet(address: str, name: str, home: Home, migrations: Sequence[str], now: datetime) -> Standby:
    """A standby of the server at `address`, if there can be one. `migrations` are those that we know.

    Raises SourceAway, SourceRefused, TargetUnusable.
    """
    async with open_source(address) as source, open_tunnel(source, home) as tunnel:
        start = await read_start(source)
        if start.external_database:
            raise SourceRefused(
                f"{source.label}: its database is an external one, which is replicated by its own means, not by Rostra"
            )
        if await source.read(f"{source.data_dir}/continuity/replaced.json") is not None:
            raise SourceRefused(f"{source.label}: another server has taken over from this one; follow that")
        await check_account(source)
        return Standby(name=name, source=address, made_at=now, limits=await _check_database(source, tunnel, migrations))


async def check_account(source: Source) -> None:
    """PostgreSQL lets in whoever runs it, and root. Raises SourceRefused where we come as somebody else."""
    ours, owner = await source.who(), await source.find_owner(source.data_dir)
    if ours is not None and owner is not None and ours not in (0, owner):
        raise SourceRefused(
            f"{source.label}: belongs to account {owner} there and we come as account {ours}, whom its database does "
            "not let in; log in as the account that runs Rostra there, or as root"
        )


async def _check_database(source: Source, tunnel: Tunnel, migrations: Sequence[str]) -> dict[str, str]:
    """The limits that a replica has to have."""
    try:
        admin = await asyncpg.connect(tunnel.dsn(ADMIN, "postgres"), timeout=_ANSWER, command_timeout=_ANSWER)
        try:
            if await is_replica(admin):
                raise SourceRefused(f"{source.label}: is a standby itself; follow the server that it follows")
            limits = await list_limits(admin)
        finally:
            await admin.close()
        rows = await asyncpg.connect(tunnel.dsn(ROLE, ROLE), timeout=_ANSWER, command_timeout=_ANSWER)
        try:
            unknown = sorted(set(await list_migrations(rows)) - set(migrations))
        finally:
            await rows.close()
    except DATABASE_ERRORS as error:
        reason = tunnel.problem or f"{source.label}: its database: {error or type(error).__name__}"
        raise SourceAway(f"{reason}; is `rostra up` running there?") from None
    if unknown:
        raise SourceRefused(
            f"{source.label}: runs a newer version of Rostra (it knows {', '.join(unknown)}); install that one here"
        )
    return limits
