"""`rostra continuity promote`: the standby takes over, whether or not its process runs."""

from __future__ import annotations

import os
import time
from pathlib import Path

import click

from rostra.cli.continuity_follow import run_take_over
from rostra.cli.continuity_standby import serving_options
from rostra.cli.options import Exit, Refusal, data_option, say, settings_of_command
from rostra.cli.standing_by import directory_of, take_over_here
from rostra.cli.up import hold
from rostra.continuity.place import Place
from rostra.continuity.standby.records import GO_ON, GoOn, find_standby
from rostra.kit.lock import SERVING, DirectoryLock


@click.command()
@data_option
@serving_options
@click.option("--up", is_flag=True, help="Serve at once, as `rostra up` does.")
@click.option("--force", is_flag=True, help="Also where the old server cannot be kept from writing.")
def promote(data_dir: Path | None, up: bool, force: bool, **given: object) -> None:
    """Let the standby take over from its primary.

    First the old server is fenced: it is told to end, where it can be reached, and the next epoch is opened at the
    targets, where it would look. Where neither is possible this refuses. While `rostra continuity standby` runs on the
    directory, that process goes on as the server; else this one does.
    """
    data = directory_of(data_dir)
    if find_standby(Place(data)) is None:
        raise Refusal(Exit.FAILED, f"{data} is no standby; make one with: rostra continuity standby --from …")
    holder = DirectoryLock(data).find_holder()
    if holder is not None and holder.purpose == SERVING:
        run_take_over(settings_of_command(data), "promote", force=force)
        _hand_on(data, holder.pid, up=up)
        return
    os.umask(0o077)
    lock = hold(data)
    try:
        take_over_here(data, given, force=force, up=up)
    finally:
        lock.release()
    if not up:
        _say_how_to_start(data)


def _hand_on(data: Path, pid: int, *, up: bool) -> None:
    """Have the process that kept the standby go on, and wait until it serves or has ended."""
    place, lock = Place(data), DirectoryLock(data)
    place.write_json(GO_ON, GoOn(up=up))
    while True:
        answer = place.find_json(GO_ON, GoOn)
        if answer is not None and answer.url is not None:
            click.echo(f"ready {answer.url}")
            say(f"process {pid} serves; have the service manager run `rostra up` here from now on")
            return
        if answer is not None and answer.problem is not None and up:
            raise Refusal(Exit.FAILED, f"it is the server now, but does not serve: {answer.problem}")
        holder = lock.find_holder()
        if holder is None or holder.pid != pid:
            if up:
                raise Refusal(Exit.FAILED, f"process {pid} has ended; start the server: rostra up --data {data}")
            _say_how_to_start(data)
            return
        time.sleep(0.05)


def _say_how_to_start(data: Path) -> None:
    click.echo(f"start it: rostra up --data {data}")
