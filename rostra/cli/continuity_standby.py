"""`rostra continuity standby`: a warm replica on another machine, until it is promoted or told to end."""

from __future__ import annotations

import asyncio
import os
import shutil
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, TypeVar

import click

from rostra.cli.options import MIGRATIONS, Exit, Refusal, data_option, say
from rostra.cli.standing_by import directory_of, settings_of_standby, stand_by
from rostra.cli.up import hold
from rostra.continuity.place import Place
from rostra.continuity.standby.meet import meet
from rostra.continuity.standby.records import (
    STANDBY,
    Standby,
    default_name,
    describe,
    find_standby,
    find_standby_status,
    slot_name,
)
from rostra.continuity.standby.source import SourceAway, SourceRefused, with_keys
from rostra.continuity.targets import TargetUnusable, label_of
from rostra.kit.migrate import migration_files
from rostra.kit.postgres_home import PostgresRefused, settle

F = TypeVar("F", bound=Callable[..., Any])


def serving_options(command: F) -> F:
    """The options of `rostra up` that a standby needs to go on as the server."""
    for option in reversed(
        (
            click.option("--host", help="Address to listen on, once this is the server. [127.0.0.1]"),
            click.option("--port", type=click.IntRange(1, 65535), help="Port to listen on then. [3000]"),
            click.option("--workers", type=click.IntRange(1), help="Number of web processes then. [1]"),
        )
    ):
        command = option(command)
    return command


def source_options(command: F) -> F:
    """Where the primary is."""
    for option in reversed(
        (
            click.option("--from", "source", help="The primary: ssh://user@host:port/data/dir, or a directory here."),
            click.option(
                "--key-file",
                type=click.Path(dir_okay=False, exists=True, path_type=Path),
                help="Private key to log in with.",
            ),
            click.option("--host-key", help="Fingerprint of the primary's machine (SHA256:…). [known_hosts]"),
            click.option("--name", help="What the primary calls this standby. [from host and directory]"),
        )
    ):
        command = option(command)
    return command


@click.command()
@data_option
@source_options
@serving_options
@click.option("--status", is_flag=True, help="Say how the standby does, and end.")
@click.option("--anew", is_flag=True, help="Throw the replica away and begin with a new base backup.")
def standby(
    data_dir: Path | None,
    source: str | None,
    key_file: Path | None,
    host_key: str | None,
    name: str | None,
    status: bool,
    anew: bool,
    **given: object,
) -> None:
    """Keep a warm replica of a server on another machine, ready to take over.

    Run it on the second machine, and for ever: it copies the database and the media, then follows, and goes on by
    itself after every interruption. --from is needed the first time only. `rostra continuity promote` makes it the
    server, with the settings that this process was started with; name the targets of copies there too
    (ROSTRA_CONTINUITY_TARGETS), unless they are in the primary's rostra.toml: that is how the old server is fenced.
    """
    if status:
        _show_status(directory_of(data_dir))
        return
    data = directory_of(data_dir, make=True)
    os.umask(0o077)
    lock = hold(data)
    try:
        prepare_standby(data, source and with_keys(source, key_file, host_key), name, anew=anew)
        stand_by(data, given)
    finally:
        lock.release()


def prepare_standby(data: Path, source: str | None, name: str | None, *, anew: bool = False) -> Standby:
    """Make the directory a standby's, or find that it is. Ends the command where that cannot be."""
    place = Place(data)
    known = find_standby(place)
    settings = settings_of_standby(data, {})
    try:
        home = settle(data, settings.pg_user)
        if known is None and (home.cluster.exists() or place.is_set_up):
            raise Refusal(Exit.DATA_DIRECTORY, f"{data} is a server's; a standby needs an empty directory of its own")
        if source is None:
            if known is None:
                raise Refusal(Exit.FAILED, "say whom to follow: --from ssh://user@host/data/dir")
        elif known is None or known.source != source:
            chosen = slot_name(name) if name else known.name if known else default_name(data)
            names = [path.name for path in migration_files(MIGRATIONS)]
            known = asyncio.run(meet(source, chosen, home, names, datetime.now(UTC)))
            place.ensure()
            place.write_json(STANDBY, known)
        if anew:
            shutil.rmtree(home.cluster, ignore_errors=True)
    except (SourceAway, SourceRefused, TargetUnusable, PostgresRefused) as error:
        raise Refusal(Exit.FAILED, str(error)) from None
    say(f"standby {known.name} of {label_of(known.source)} in {data}")
    return known


def _show_status(data: Path) -> None:
    place = Place(data)
    known = find_standby(place)
    if known is None:
        raise Refusal(Exit.FAILED, f"{data} is no standby")
    status = find_standby_status(place)
    for line in describe(known, label_of(known.source), status, datetime.now(UTC)):
        click.echo(line)
