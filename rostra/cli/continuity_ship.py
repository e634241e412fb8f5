"""`rostra continuity ship`: copies everything all the time. `rostra up` runs it by itself where targets are set."""

from __future__ import annotations

import asyncio
import os
import signal
import time
from collections.abc import Callable
from datetime import UTC, datetime

import click

from rostra.cli.options import Exit, Refusal, current_database, database_errors, say, with_settings
from rostra.cli.replaced import explain
from rostra.continuity.place import Place
from rostra.continuity.records import ShipStatus
from rostra.continuity.ship.fence import OtherServer
from rostra.continuity.ship.parts import ShipFailed
from rostra.continuity.ship.run import AlreadyShipping, ShipRefused
from rostra.continuity.ship.run import ship as run_ship
from rostra.continuity.targets import TargetUnusable
from rostra.kit.settings import Settings

Say = Callable[[str], None]

_PROGRESS_EVERY = 2.0
_TRY_AGAIN = 2.0


@click.command()
@click.option("--once", is_flag=True, help="End when everything up to now is at all targets.")
@click.option("--supervised", is_flag=True, hidden=True)
@with_settings
def ship(settings: Settings, once: bool, supervised: bool) -> None:
    """Copy everything to the targets all the time, until SIGTERM or Ctrl-C.

    The database, as it is written (an external one is left to its operator), the files, settings, secrets and keys;
    encrypted here, for the recovery key alone.
    `rostra up` does this by itself. With --once the exit status says whether everything up to now has arrived.
    """
    os.umask(0o077)
    tell, warn = _logged(settings) if supervised else (say, say)
    try:
        with database_errors():
            asyncio.run(_ship(settings, tell, warn, once=once, supervised=supervised))
    except OtherServer as error:
        raise Refusal(Exit.REPLACED, explain(error.replaced, settings.data_dir)) from None
    except (ShipRefused, ShipFailed, TargetUnusable) as error:
        status = Exit.ALREADY_RUNNING if isinstance(error, AlreadyShipping) else Exit.FAILED
        raise Refusal(status, str(error)) from None


async def _ship(settings: Settings, tell: Say, warn: Say, *, once: bool, supervised: bool) -> None:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        # Ignored from the start in a supervised process: Ctrl-C is its supervisor's.
        if signal.getsignal(number) is not signal.SIG_IGN:
            loop.add_signal_handler(number, stop.set)
    asked_at = datetime.now(UTC)
    async with current_database(settings) as dsn:
        progress = asyncio.ensure_future(_show_progress(settings)) if once else None
        try:
            while not stop.is_set():
                try:
                    await run_ship(settings, dsn, stop, say=tell, warn=warn, once=once)
                    break
                except ShipFailed:
                    if once or not stop.is_set():
                        raise
                except AlreadyShipping:
                    # The one that runs gives way some time, or does what was asked for.
                    if not (supervised or once):
                        raise
                    if once and _is_safe(Place(settings.data_dir).find_status(), asked_at):
                        break
                    await asyncio.sleep(_TRY_AGAIN if supervised else 0.2)
        finally:
            if progress is not None:
                progress.cancel()
    if once and stop.is_set():
        raise ShipFailed("ended before everything had arrived")
    if once:
        say("everything up to now is at all targets")


def _is_safe(status: ShipStatus | None, asked_at: datetime) -> bool:
    """Whether the one that ships has brought everything until `asked_at` to all targets."""
    return (
        status is not None
        and bool(status.targets)
        and all((until := status.kept_until(target)) is not None and until >= asked_at for target in status.targets)
    )


async def _show_progress(settings: Settings) -> None:
    place = Place(settings.data_dir)
    while True:
        await asyncio.sleep(_PROGRESS_EVERY)
        status = place.find_status()
        if status is not None and time.time() - status.at.timestamp() < _PROGRESS_EVERY * 2:
            for line in progress_of(status):
                say(line)


def progress_of(status: ShipStatus) -> list[str]:
    """What is under way and what is waiting, for each target."""
    lines = list(status.doing)
    for target in status.targets:
        waiting = f"{target.behind} pieces and {target.media_behind} files to go"
        lines.append(f"{target.label}: {target.problem or waiting}")
    return lines


def _logged(settings: Settings) -> tuple[Say, Say]:
    """What tells the log something to know, and something to attend to."""
    import structlog

    from rostra.kit.log import set_up_logging

    set_up_logging(level=settings.log_level, as_json=settings.log_json)
    log = structlog.get_logger("rostra.continuity")
    return log.info, log.warning
