"""What a standby runs as processes of its own: the one that follows, and the one that takes over."""

from __future__ import annotations

import asyncio
import signal
import sys
import time
from pathlib import Path
from typing import Final, Literal

import click

from rostra.cli.options import Exit, Refusal, bring_up_to_date, data_option, database_errors, say, with_settings
from rostra.cli.standing_by import BASE_ARRIVED, directory_of, settings_of_standby
from rostra.continuity.place import Place
from rostra.continuity.standby.follow import BaseArrived
from rostra.continuity.standby.follow import follow as follow_primary
from rostra.continuity.standby.records import find_standby
from rostra.continuity.standby.take_over import HalfWay, NotTakenOver, TakenOver
from rostra.continuity.standby.take_over import take_over as take_over_from
from rostra.continuity.targets import TargetUnusable
from rostra.kit.clock import Clock
from rostra.kit.lock import DirectoryLock
from rostra.kit.log import set_up_logging
from rostra.kit.postgres import EmbeddedPostgres, wait_ready
from rostra.kit.postgres_home import PostgresRefused, settle
from rostra.kit.settings import Settings

# Seconds that a replica which was just started may take to answer.
_PATIENCE: Final = 300.0


@click.command(hidden=True)
@data_option
def follow(data_dir: Path | None) -> None:
    """Keep a standby near its primary. `rostra continuity standby` runs this."""
    data = directory_of(data_dir)
    settings = settings_of_standby(data, {})
    set_up_logging(level=settings.log_level, as_json=settings.log_json)
    standby = find_standby(Place(data))
    if standby is None:
        raise Refusal(Exit.FAILED, f"{data} is no standby")

    async def run() -> None:
        task = asyncio.current_task()
        assert task is not None
        asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, task.cancel)
        await follow_primary(settings, standby, settle(data, settings.pg_user), Clock())

    try:
        asyncio.run(run())
    except BaseArrived:
        sys.exit(BASE_ARRIVED)
    except asyncio.CancelledError:
        return
    except (TargetUnusable, PostgresRefused) as error:
        raise Refusal(Exit.FAILED, str(error)) from None


@click.command("take-over", hidden=True)
@click.option("--why", type=click.Choice(["promote", "move"]), required=True)
@click.option("--force", is_flag=True)
@with_settings
def take_over(settings: Settings, why: Literal["promote", "move"], force: bool) -> None:
    """Promote the standby whose database runs. `rostra continuity promote` and `move` run this."""
    run_take_over(settings, why, force=force)


def run_take_over(settings: Settings, why: Literal["promote", "move"], *, force: bool) -> None:
    """Fence and promote, and say what happened. Ends the command where that was not possible."""
    place = Place(settings.data_dir.resolve())
    standby = find_standby(place)
    if standby is None:
        raise Refusal(Exit.FAILED, f"{settings.data_dir} is no standby")
    server = EmbeddedPostgres.from_settings(settings)

    async def run() -> None:
        until = time.monotonic() + _PATIENCE
        await wait_ready(lambda: server.admin_dsn, lambda: time.monotonic() < until)
        _tell(await take_over_from(settings, standby, server.admin_dsn, why, Clock(), say, force=force))
        # Here, because the time that another process takes to start is time in which nobody is answered.
        await bring_up_to_date(server.dsn)

    lock = DirectoryLock(place.path)
    if not lock.acquire("taking over"):
        raise Refusal(Exit.ALREADY_RUNNING, "somebody else promotes this standby already")
    try:
        with database_errors():
            asyncio.run(run())
    except (NotTakenOver, HalfWay) as error:
        raise Refusal(Exit.FAILED, str(error)) from None
    finally:
        lock.release()


def _tell(done: TakenOver) -> None:
    for line in done.fences:
        say(f"fenced: {line}")
    for line in done.problems:
        say(f"not done: {line}")
    say(f"this is the server now{f' (epoch {done.epoch})' if done.epoch else ''}; {done.has}")
