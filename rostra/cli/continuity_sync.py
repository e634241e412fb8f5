"""The keeper of synchronous commits as a process of its own, for a server that has a standby and ships nowhere."""

from __future__ import annotations

import asyncio
import signal

import click
import structlog

from rostra.cli.options import with_settings
from rostra.continuity.standby.sync import SyncState, admin_dsn_of
from rostra.continuity.standby.sync import keep_sync as keep
from rostra.kit.log import set_up_logging
from rostra.kit.settings import Settings

log = structlog.get_logger(__name__)


@click.command("keep-sync", hidden=True)
@with_settings
def keep_sync(settings: Settings) -> None:
    """Decide whether commits wait for a standby. `rostra up` runs this."""
    set_up_logging(level=settings.log_level, as_json=settings.log_json)
    told: list[str] = []

    def tell(state: SyncState) -> None:
        if state.alarms != told:
            told[:] = state.alarms
            for each in state.alarms:
                log.error("alarm", alarm=each)

    async def run() -> None:
        task = asyncio.current_task()
        assert task is not None
        asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, task.cancel)
        await keep(admin_dsn_of(settings.data_dir), settings.continuity_sync, tell)

    try:
        asyncio.run(run())
    except asyncio.CancelledError:
        return
