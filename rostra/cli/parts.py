"""`rostra web`, `rostra worker` and `rostra migrate`: the parts apart, on one machine or on several."""

from __future__ import annotations

import asyncio
import importlib
import os
import signal
import socket
import sys
from collections.abc import Callable, Generator
from contextlib import contextmanager
from typing import Any

import click

from rostra.cli.options import (
    Exit,
    Refusal,
    bring_up_to_date,
    data_option,
    database_errors,
    say,
    settings_from,
    with_settings,
    writable_data_directory,
)
from rostra.cli.running import LISTEN_FD, WAIT_FD, child_environment, ended, listen, run_children, web_specs
from rostra.kit.memory import begin_loading, settle
from rostra.kit.settings import Settings

# Where the parts are found. Tests of the supervision put tiny ones into the environment.
_APP = "rostra.asgi:create_app"
_WORKER = "rostra.worker:run"


@click.command()
@data_option
@click.option("--host", help="Address to listen on. [127.0.0.1]")
@click.option("--port", type=click.IntRange(1, 65535), help="Port to listen on. [3000]")
@click.option("--workers", type=click.IntRange(1), help="Number of processes. [1]")
def web(**given: object) -> None:
    """Run the web processes alone, for a database that ROSTRA_DATABASE_URL names.

    Prints one line, `ready URL`, when requests are answered. SIGTERM ends it within ten seconds, SIGHUP replaces the
    processes without losing a request. Migrate first: `rostra migrate`.
    """
    from rostra.kit.supervise import ChildFailed, StopRequested, Supervisor

    settings = settings_from(given)
    if inherited := os.environ.get(LISTEN_FD):
        os.umask(0o077)
        begin_loading()
        _set_up_logging(settings)
        if waits := os.environ.get(WAIT_FD):
            _wait_warm(int(waits))
            settings = settings_from(given)
        _serve(settings, socket.socket(fileno=int(inherited)))
        return
    _external_database(settings)
    writable_data_directory(settings)
    with listen(settings.host, settings.port) as listener, Supervisor(say) as supervisor:
        specs = web_specs(settings.workers, child_environment(settings, given), listener)
        try:
            run_children(settings, supervisor, specs, listener)
        except (StopRequested, ChildFailed) as error:
            ended(error)


@click.command()
@with_settings
def worker(settings: Settings) -> None:
    """Run one job worker alone, for a database that ROSTRA_DATABASE_URL names.

    SIGTERM ends it within ten seconds; what it was doing goes back to the queue.
    """
    dsn = _external_database(settings)
    writable_data_directory(settings)
    os.umask(0o077)
    begin_loading()
    _set_up_logging(settings)
    with database_errors():
        asyncio.run(_work(settings, dsn))


@click.command()
@click.option("--at-start", is_flag=True, hidden=True, help="A server is about to start: nobody watches over it yet.")
@with_settings
def migrate(settings: Settings, at_start: bool) -> None:
    """Bring the database up to date: the external one, or the embedded one whether or not the server runs.

    Several at once wait for one another. What has been applied is printed, one name a line.
    """
    from rostra.continuity.place import Place
    from rostra.kit.postgres import use_database

    writable_data_directory(settings)
    os.umask(0o077)

    async def bring() -> list[str]:
        async with use_database(settings) as dsn:
            if Place(settings.data_dir).find_look_only() is not None:
                # It was brought up to date when it was restored.
                return []
            if at_start and settings.database_url is None:
                from rostra.continuity.standby.sync import admin_dsn_of, decide_anew

                await decide_anew(admin_dsn_of(settings.data_dir), settings.continuity_sync)
            applied = await bring_up_to_date(dsn)
            await _settle_addresses(settings, dsn)
            return applied

    with database_errors():
        applied = asyncio.run(bring())
    if not at_start:
        for name in applied:
            click.echo(name)
    elif applied:
        say(f"the database was brought up to date, to {applied[-1]}")


async def _settle_addresses(settings: Settings, dsn: str) -> None:
    """See to it that what is stored has the address of the settings. Ends the command where it has another for good."""
    from rostra.instance.addresses import AddressIsOther, settle_base
    from rostra.kit.db import open_database

    try:
        async with open_database(dsn, max_size=1, statement_timeout=3600.0) as db, db.transaction() as tx:
            before = await settle_base(tx, settings.base_url)
    except AddressIsOther as error:
        raise Refusal(
            Exit.SETTINGS,
            f"domain: {error}, which can never change, and the settings say {settings.base_url}: "
            "set domain and scheme to those of before, or start a new server with another --data",
        ) from None
    if before is not None:
        say(f"what was at {before} is at {settings.base_url} now")


def _external_database(settings: Settings) -> str:
    if settings.database_url is None:
        raise Refusal(
            Exit.SETTINGS, "database_url: a part alone needs an external database; or run everything: rostra up"
        )
    return settings.database_url


def _set_up_logging(settings: Settings) -> None:
    # structlog takes these in wherever they are installed, and PgQueuer's command line brings rich: 5 MB and a tenth of
    # a second of each process, for tracebacks in colours that nobody sees, and for threads that nobody has.
    with _without("rich"), _without("greenlet"):
        from rostra.kit.log import set_up_logging

    set_up_logging(level=settings.log_level, as_json=settings.log_json)


@contextmanager
def _without(module: str) -> Generator[None]:
    """What is imported meanwhile finds that `module` is not installed; nothing where it was imported before."""
    if module in sys.modules:
        yield
        return
    sys.modules[module] = None  # pyright: ignore[reportArgumentType] - the documented way to say so
    try:
        yield
    finally:
        del sys.modules[module]


def _settle_and_tell() -> None:
    from rostra.kit.child import tell_ready

    settle()
    tell_ready()


def _serve(settings: Settings, listener: socket.socket) -> None:
    """The life of one web process under a supervisor."""
    from rostra.kit.serve import serve

    _set_up_logging(settings)
    create_app = _import(os.environ.get("ROSTRA_APP_FACTORY", _APP))
    app = create_app()
    # An application with endless answers, such as event streams, has a method that ends them.
    on_ending = getattr(app, "end_streams", None)
    trusted = settings.trusted_proxies
    if not serve(app, listener, trusted_proxies=trusted, on_ready=_settle_and_tell, on_ending=on_ending):
        sys.exit(Exit.FAILED)


def _wait_warm(pipe: int) -> None:
    """Load what takes long, then wait until the pipe ends: this was started ahead of the moment when it is to serve."""
    place = os.environ.get("ROSTRA_APP_FACTORY", _APP).partition(":")[0]
    if (warm := getattr(importlib.import_module(place), "warm", None)) is not None:
        warm()
    settle()
    os.read(pipe, 1)


def _import(place: str) -> Callable[..., Any]:
    module, _, name = place.partition(":")
    return getattr(importlib.import_module(module), name)


async def _work(settings: Settings, dsn: str) -> None:
    run = _import(os.environ.get("ROSTRA_WORKER_RUN", _WORKER))
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    loop.add_signal_handler(signal.SIGTERM, stop.set)
    # Ignored from the start in a supervised process: Ctrl-C is its supervisor's.
    if signal.getsignal(signal.SIGINT) is not signal.SIG_IGN:
        loop.add_signal_handler(signal.SIGINT, stop.set)
    _settle_and_tell()
    await run(settings, dsn, stop)
