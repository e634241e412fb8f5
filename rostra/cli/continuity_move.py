"""`rostra continuity move`: a server moves to this machine, with a pause of seconds."""

from __future__ import annotations

import os
import select
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from urllib.parse import urlsplit

import click

from rostra.cli.continuity_standby import prepare_standby, serving_options, source_options
from rostra.cli.options import data_option, own_command, say
from rostra.cli.standing_by import directory_of, settings_of_standby, stand_by
from rostra.cli.up import hold
from rostra.continuity.place import Place
from rostra.continuity.standby.records import StandbyStatus, find_standby
from rostra.continuity.standby.runbook import runbook
from rostra.continuity.standby.source import with_keys
from rostra.kit.child import ChildSpec
from rostra.kit.supervise import ChildFailed, Supervisor

# Bytes of the log that the end of the old server brings in no time.
_CLOSE = 4 << 20
_TOLD_EACH = 1.0


@click.command()
@data_option
@source_options
@serving_options
@click.option("--yes", is_flag=True, help="Switch as soon as this machine has caught up, without asking.")
def move(
    data_dir: Path | None,
    source: str | None,
    key_file: Path | None,
    host_key: str | None,
    name: str | None,
    yes: bool,
    **given: object,
) -> None:
    """Move a server to this machine.

    Everything is copied while the old machine goes on serving. When this one has caught up, and you agree, the old
    server ends in order, this one makes sure that it has all of it, and goes on as the server. Until the old server is
    told to end, everything that fails leaves it serving.
    """
    data = directory_of(data_dir, make=True)
    os.umask(0o077)
    lock = hold(data)
    try:
        standby = prepare_standby(data, source and with_keys(source, key_file, host_key), name)
        stand_by(data, given, _Move(data, standby.source, yes=yes).look)
    finally:
        lock.release()


class _Move:
    """Says how far it is, asks once, and switches."""

    def __init__(self, data: Path, source: str, *, yes: bool) -> None:
        self._data = data
        self._source = source
        self._agreed = yes
        self._asked = False
        self._deaf = False
        self._told_at = 0.0
        self._told = ""

    def look(self, supervisor: Supervisor, env: Mapping[str, str], status: StandbyStatus | None) -> bool:
        """See `standing_by.Look`. Raises ChildFailed where the switch failed."""
        if status is None or not self._has_caught_up(status):
            self._say(_progress(status))
            return False
        if not self._agreed:
            self._ask(status)
            return False
        self._switch(supervisor, env)
        return True

    def _has_caught_up(self, status: StandbyStatus) -> bool:
        behind = status.behind_bytes
        return status.streaming and behind is not None and behind < _CLOSE and not status.media_behind

    def _ask(self, status: StandbyStatus) -> None:
        if not self._asked:
            self._asked = True
            say(f"caught up ({_progress(status)}). The old server still serves. Switch now? Type yes:")
        if not self._deaf and select.select([sys.stdin], [], [], 0)[0]:
            answer = sys.stdin.readline()
            self._agreed = answer.strip().lower() in ("y", "yes")
            # Where nobody is there to answer, nobody is asked again.
            self._asked = not answer or self._agreed
            self._deaf = not answer

    def _switch(self, supervisor: Supervisor, env: Mapping[str, str]) -> None:
        began = time.monotonic()
        words = own_command("continuity", "take-over", "--why", "move")
        try:
            supervisor.run_task(ChildSpec(name="take-over", argv=words, env=env))
        except ChildFailed:
            if find_standby(Place(self._data)) is None:
                say(
                    f"this is the server now and does not serve yet; when that is mended: rostra up --data {self._data}"
                )
            raise
        say(f"the old server was ended and this one took over within {time.monotonic() - began:.1f} s")
        settings = settings_of_standby(self._data, {})
        old = urlsplit(self._source).hostname or "the old machine"
        click.echo("What is left to do:")
        for number, step in enumerate(runbook(settings.domain, old, os.uname().nodename, settings.port), 1):
            click.echo(f"  {number}. {step}")

    def _say(self, words: str) -> None:
        if words != self._told and time.monotonic() - self._told_at >= _TOLD_EACH:
            self._told, self._told_at = words, time.monotonic()
            say(words)


def _progress(status: StandbyStatus | None) -> str:
    if status is None:
        return "beginning"
    if status.doing:
        return status.doing
    if not status.streaming or status.behind_bytes is None:
        return status.problem or "connecting"
    media = f", {status.media_behind} media files to come" if status.media_behind else ""
    return f"{status.behind_bytes:,} bytes or {status.behind_seconds or 0:.1f} s behind{media}"
