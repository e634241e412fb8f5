"""The keeper of synchronous commits, on the primary: whether a commit waits until a standby has it.

PostgreSQL lets such a commit wait for ever where the standby has vanished, and no time limit of a statement ends that.
So somebody must watch: in the mode `on` commits go on without a standby that has been silent for some seconds, with an
alarm, and wait again when it is back. In the mode `strict` they wait, and it is said what waits.
"""

from __future__ import annotations

import asyncio
import re
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Final

import asyncpg
import msgspec
import structlog

from rostra.continuity.standby.queries import (
    Follower,
    count_waiting,
    find_waits_for,
    list_standby_slots,
    list_standbys,
    set_waits_for,
)
from rostra.kit.db import DATABASE_ERRORS
from rostra.kit.postgres import dsn_of
from rostra.kit.postgres_setup import ADMIN
from rostra.kit.settings import SyncMode

log = structlog.get_logger(__name__)

PATIENCE: Final = 5.0
"""Seconds without a sign of life after which commits go on without a standby."""
_PAUSE: Final = 0.5
_ANSWER: Final = 10


class SyncState(msgspec.Struct, frozen=True):
    """For people: whether commits wait and for whom, and what is wrong."""

    mode: SyncMode
    words: str
    alarms: list[str]


async def keep_sync(
    admin_dsn: str,
    mode: SyncMode,
    tell: Callable[[SyncState], None],
    *,
    patience: float = PATIENCE,
    pause: float = _PAUSE,
) -> None:
    """Decide for ever whether commits wait. `admin_dsn` is the primary's, as an administrator.

    `tell` is called whenever something was looked at. Mode `off` makes commits wait for nobody, and returns.
    """
    if mode == "off":
        await decide_anew(admin_dsn, mode)
        return
    keeper = _Keeper(mode, patience)
    while True:
        try:
            connection = await asyncpg.connect(admin_dsn, timeout=_ANSWER, command_timeout=_ANSWER)
            try:
                while True:
                    tell(await keeper.look(connection))
                    await asyncio.sleep(pause)
            finally:
                connection.terminate()
        except DATABASE_ERRORS as error:
            tell(
                SyncState(
                    mode, "unknown", [f"nobody watches over synchronous commits: {error or type(error).__name__}"]
                )
            )
            await asyncio.sleep(pause)


def admin_dsn_of(data_dir: Path) -> str:
    """Where the keeper of the server of `data_dir` connects. Raises PostgresRefused where none has run yet."""
    return dsn_of(data_dir, role=ADMIN, database="postgres")


async def decide_anew(admin_dsn: str, mode: SyncMode) -> None:
    """Before a server starts: commits wait for nobody, until the keeper has seen a standby. Not in the mode `strict`.

    What an earlier run has set would otherwise hold up the very first commit, before there is a keeper.
    """
    if mode == "strict":
        return
    connection = await asyncpg.connect(admin_dsn, timeout=_ANSWER, command_timeout=_ANSWER)
    try:
        if await find_waits_for(connection):
            await set_waits_for(connection, "")
    finally:
        await connection.close()


class _Keeper:
    """Remembers when each standby last gave a sign of life: its own clock may be wrong, so only a change counts."""

    def __init__(self, mode: SyncMode, patience: float) -> None:
        self._mode: SyncMode = mode
        self._patience = patience
        self._heard: dict[str, tuple[str, float]] = {}

    async def look(self, connection: asyncpg.Connection) -> SyncState:
        """Look once, set what is to be set, and say how things are."""
        now = time.monotonic()
        before = names_in(await find_waits_for(connection))
        for each in before:
            # Set by an earlier keeper: it is given the same time as all others.
            self._heard.setdefault(each, ("", now))
        streaming = [each for each in await list_standbys(connection) if each.state == "streaming"]
        for each in streaming:
            if self._heard.get(each.name, ("", 0.0))[0] != each.reply:
                self._heard[each.name] = (each.reply, now)
        wanted = await self._choose(connection, before, streaming, now)
        if wanted != before:
            await set_waits_for(connection, names_for(wanted))
            self._say(before, wanted)
        return await self._state(connection, wanted, now)

    async def _choose(
        self, connection: asyncpg.Connection, before: list[str], streaming: Sequence[Follower], now: float
    ) -> list[str]:
        alive = {name for name, (_, at) in self._heard.items() if now - at < self._patience}
        # One that is new has to have caught up; one that commits wait for already may be away for a moment.
        able = {each.name for each in streaming} | set(before)
        wanted = sorted(alive & able)
        if self._mode == "strict" and not wanted:
            return before or sorted(await list_standby_slots(connection))
        return wanted

    def _say(self, before: list[str], wanted: list[str]) -> None:
        if wanted:
            log.warning("commits wait for a standby from now on", standbys=wanted)
        else:
            log.error("commits go on without a standby: none has answered", standbys=before, seconds=self._patience)

    async def _state(self, connection: asyncpg.Connection, wanted: list[str], now: float) -> SyncState:
        silent = [name for name in wanted if now - self._heard.get(name, ("", 0.0))[1] >= self._patience]
        if not wanted:
            alarm = (
                "synchronous commits are off because no standby answers: what is acknowledged now is on this disk alone"
                if self._mode == "on"
                else "strict synchronous commits begin with the first standby, and there is none yet"
            )
            return SyncState(self._mode, "posts wait for nobody", [alarm])
        if silent == wanted:
            waiting = await count_waiting(connection)
            alarm = f"no standby has answered for {self._patience:.0f} s, and posts wait for one (strict)"
            return SyncState(self._mode, f"{waiting} commits wait for {', '.join(wanted)}", [alarm])
        return SyncState(self._mode, f"posts wait for {', '.join(wanted)}", [])


def names_for(standbys: Sequence[str]) -> str:
    """The value of `synchronous_standby_names` with which one of `standbys` is enough."""
    quoted = ", ".join(f'"{name}"' for name in standbys)
    return f"ANY 1 ({quoted})" if standbys else ""


def names_in(value: str) -> list[str]:
    """Our standbys in a value of `synchronous_standby_names`, sorted."""
    return sorted(set(_NAME.findall(value)))


_NAME: Final = re.compile(r"standby_[a-z0-9_]+")
