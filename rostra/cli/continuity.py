"""`rostra continuity`: copies of the whole server elsewhere, and the way back. Each command has a module of its own."""

from __future__ import annotations

from typing import Final

import click

from rostra.cli.late import LateGroup

_COMMANDS: Final[dict[str, tuple[str, str]]] = {
    "init": ("continuity_init", "Make the recovery key and register this server at its targets."),
    "ship": ("continuity_ship", "Copy all the time (`rostra up` does it by itself)."),
    "status": ("continuity_status", "Say what would be lost if this server vanished now."),
    "verify": ("continuity_verify", "Check what lies at the targets, without the recovery key."),
    "restore": ("continuity_restore", "Bring the server back from a target, to now or to any moment."),
    "drill": ("continuity_drill", "Rehearse a restore and keep a record of it."),
    "standby": ("continuity_standby", "Keep a warm replica that can take over."),
    "promote": ("continuity_promote", "Let the standby take over."),
    "move": ("continuity_move", "Move the server to this machine with a pause of seconds."),
    "follow": ("continuity_follow", ""),
    "take-over": ("continuity_follow", ""),
    "keep-sync": ("continuity_sync", ""),
    "release": ("continuity_release", ""),
    "fence": ("continuity_fence", ""),
}


@click.group(cls=LateGroup, commands_at=_COMMANDS)
def continuity() -> None:
    """Copy everything to another provider all the time, and bring it back anywhere.

    docs/continuity.md is the guide: three set-ups, what each of them promises, and the runbook for the night.
    """
