"""`rostra up`: everything on one machine, from one command."""

from __future__ import annotations

import os
import socket
import sys
import time
from collections.abc import Callable
from pathlib import Path

import click

from rostra.cli.doctor_proxies import check_proxies
from rostra.cli.last_start import remember
from rostra.cli.options import (
    Exit,
    Refusal,
    check_database_named,
    data_option,
    own_command,
    say,
    settings_from,
    writable_data_directory,
)
from rostra.cli.replaced import explain
from rostra.cli.running import (
    child_environment,
    database_spec,
    ended,
    listen,
    run_children,
    sync_specs,
    web_specs,
    worker_specs,
)
from rostra.continuity.place import Place
from rostra.continuity.standby.records import find_standby
from rostra.kit.child import ChildSpec
from rostra.kit.lock import SERVING, DirectoryLock
from rostra.kit.metricfiles import prepare
from rostra.kit.postgres import EmbeddedPostgres, PostgresRefused
from rostra.kit.settings import Settings, find_unknown
from rostra.kit.supervise import ChildFailed, EndRequested, StopRequested, Supervisor

# How long a command that uses the data directory briefly may keep us waiting, in seconds.
_PATIENCE = 10.0
# Variables that put other parts in the place of ours.
_PARTS = ("ROSTRA_APP_FACTORY", "ROSTRA_WORKER_RUN")
# What PostgreSQL is told where the server is a copy to look at.
_READ_ONLY = {"default_transaction_read_only": "on"}


@click.command()
@data_option
@click.option("--host", help="Address to listen on. [127.0.0.1]")
@click.option("--port", type=click.IntRange(1, 65535), help="Port to listen on. [3000]")
@click.option("--domain", help="Public name in handles and addresses, as social.example; it can never change.")
@click.option("--scheme", type=click.Choice(["http", "https"]), help="How addresses begin. [https; with --dev http]")
@click.option("--workers", type=click.IntRange(1), help="Number of web processes. [1]")
@click.option("--dev", is_flag=True, default=None, help="Development on loopback: plain http, no rate limits.")
@click.option("--demo", is_flag=True, help="Fill in the demonstration community first, if there is none.")
def up(demo: bool, **given: object) -> None:
    """Run everything that a server needs: PostgreSQL (unless ROSTRA_DATABASE_URL names one), web, jobs, streaming.

    Prints one line, `ready URL`, when requests are answered; all else goes to standard error. SIGTERM or Ctrl-C end it
    within ten seconds, SIGHUP replaces the web and job processes without losing a request.

    Exit status: 3 a setting cannot be used, 4 the data directory, 5 another one runs there, 6 the address is taken,
    7 the database, 8 a part crashed again and again, 9 another server has taken over.
    """
    for name in find_unknown(os.environ):
        if name not in _PARTS:
            say(f"{name} is no setting and changes nothing; docs/settings.md lists them")
    settings = settings_from(given)
    data = writable_data_directory(settings)
    check_may_serve(data)
    check_database_named(settings)
    # What we write there is for us alone, secrets and mail above all.
    os.umask(0o077)
    lock = hold(data)
    try:
        with listen(settings.host, settings.port) as listener, Supervisor(say) as supervisor:
            env = child_environment(settings, given) | prepare(settings.data_dir.resolve() / "run" / "metrics")
            try:
                if copies_are_set_up(settings):
                    _check_not_replaced(supervisor, env)
                env |= _start_database(settings, supervisor, env)
                remember(settings)
                if demo:
                    supervisor.run_task(ChildSpec(name="demo", argv=own_command("demo"), env=env))
                serve(settings, supervisor, listener, env)
            except (StopRequested, ChildFailed) as error:
                ended(error)
            except EndRequested as error:
                # It has said which server has taken over.
                sys.exit(error.status)
            except PostgresRefused as error:
                raise Refusal(Exit.DATABASE, str(error)) from None
    finally:
        lock.release()


def check_may_serve(data: Path) -> None:
    """End the command where another server has to write, and not this one."""
    if find_standby(Place(data)) is not None:
        text = f"this is a standby; promote it with: rostra continuity promote --data {data} --up"
        raise Refusal(Exit.DATA_DIRECTORY, text)
    if (half := Place(data).find_half_restored()) is not None:
        text = (
            f"the restore from {half.source} that began on {half.started_at:%Y-%m-%d %H:%M} UTC goes on, or came to no "
            f"end; where nothing runs any more, delete {data} and start it again"
        )
        raise Refusal(Exit.DATA_DIRECTORY, text)
    if (replaced := Place(data).find_replaced()) is not None:
        raise Refusal(Exit.REPLACED, explain(replaced, data))


def copies_are_set_up(settings: Settings) -> bool:
    """Whether there are copies elsewhere; said where they are wished for and were never set up."""
    place = Place(settings.data_dir)
    if not settings.continuity_targets or place.find_look_only() is not None:
        return False
    if not place.is_set_up:
        say("THERE ARE NO COPIES: continuity_targets names where they go, but `rostra continuity init` was never run")
        return False
    return True


def _check_not_replaced(supervisor: Supervisor, env: dict[str, str]) -> None:
    """Ask the targets whether another server has taken over. Raises ChildFailed then, and only then."""
    try:
        supervisor.run_task(ChildSpec(name="fence", argv=own_command("continuity", "fence"), env=env))
    except ChildFailed as error:
        if error.status == Exit.REPLACED:
            raise
        say(f"{error.text}; whether another server has taken over is asked again by the part that copies")


def serve(
    settings: Settings,
    supervisor: Supervisor,
    listener: socket.socket,
    env: dict[str, str],
    *,
    warmed: Callable[[], None] | None = None,
    on_ready: Callable[[], None] | None = None,
) -> None:
    """Run everything but the database, which runs already and is up to date.

    `warmed` lets web processes serve that were started ahead of this; what does not answer people then comes after
    them. Raises StopRequested, ChildFailed, and EndRequested where another server has taken over.
    """
    web = web_specs(settings.workers, env, listener)
    if (look := Place(settings.data_dir).find_look_only()) is not None:
        say(f"this is a copy to look at, as the server was at {look.until:%Y-%m-%d %H:%M:%S} UTC: it takes nothing in")
        run_children(settings, supervisor, web, listener, on_ready=on_ready)
        return
    specs = worker_specs(settings.job_workers, env)
    if settings.continuity_targets and Place(settings.data_dir).is_set_up:
        specs.append(_ship_spec(settings, env))
    specs += sync_specs(settings, env)
    if settings.smtp_url is None:
        say(f"mail is written to {settings.data_dir.resolve() / 'mail'} (smtp_url is empty)")
    for finding in check_proxies(settings):
        if finding.todo:
            say(f"{finding.found}: {finding.todo}")
    owner = ChildSpec(name="owner", argv=own_command("owner"), env=env)
    if warmed is not None:
        warmed()
    first, later = ([], specs) if warmed is not None else ([*web, *specs], [])
    run_children(settings, supervisor, first, listener, later=later, afterwards=[owner], on_ready=on_ready)


def _ship_spec(settings: Settings, env: dict[str, str]) -> ChildSpec:
    """The part that copies. The server goes on without it, and ends with it where another server has taken over."""
    if settings.database_url is None:
        # The others are told the embedded database as if it were an external one, which nobody copies.
        env = {name: value for name, value in env.items() if name != "ROSTRA_DATABASE_URL"}
    return ChildSpec(
        name="ship",
        argv=own_command("continuity", "ship", "--supervised"),
        env=env,
        # The new one waits until the old one has let go.
        reloads=True,
        essential=False,
        ends_all_with=int(Exit.REPLACED),
    )


def hold(data: Path) -> DirectoryLock:
    """Take the data directory for the time of this process. Ends the command where another one has it."""
    lock = DirectoryLock(data)
    deadline = time.monotonic() + _PATIENCE
    while not lock.acquire(SERVING):
        holder = lock.find_holder()
        if holder is not None and (holder.purpose == SERVING or time.monotonic() > deadline):
            raise Refusal(
                Exit.ALREADY_RUNNING,
                f"process {holder.pid} already runs on {data}; end it (kill {holder.pid}) or choose another --data",
            )
        time.sleep(0.05)
    return lock


def _start_database(settings: Settings, supervisor: Supervisor, env: dict[str, str]) -> dict[str, str]:
    """Start the embedded database where it is wanted, migrate, and return what the other children must be told."""
    server = None
    if settings.database_url is None:
        is_look_only = Place(settings.data_dir).find_look_only() is not None
        server = EmbeddedPostgres.from_settings(settings, _READ_ONLY if is_look_only else {})
        supervisor.start(database_spec(server))
    # A process of its own, which waits for the database too: the supervisor stays small without the driver.
    supervisor.run_task(ChildSpec(name="migrate", argv=own_command("migrate", "--at-start"), env=env))
    return {} if server is None else {"ROSTRA_DATABASE_URL": server.dsn}
