"""The command `rostra`. Each command lives in the module of its name here and is imported when it is used.

`_COMMANDS` has every command with its one-line help, so that `rostra --help` imports none of them. To add one, write
`rostra/cli/<name>.py` with a click command or group called `<name>` and add its line.
"""

from __future__ import annotations

from typing import Final

import click

from rostra.cli.late import LateGroup

# Name: (module, help). Commands of one module stand together.
_COMMANDS: Final[dict[str, tuple[str, str]]] = {
    "up": ("up", "Run everything: database, web, jobs, streaming."),
    "web": ("parts", "Run the web processes alone."),
    "worker": ("parts", "Run one job worker alone."),
    "migrate": ("parts", "Bring the database up to date."),
    "owner": ("owner", "Print the link with which the first visitor becomes the owner."),
    "account": ("account", "Create, list and change accounts."),
    "archive": ("archive", "Export the archive of an account; check archives."),
    "demo": ("demo", "Fill in the demonstration community."),
    "jobs": ("jobs", "Look at the queue, retry what failed."),
    "policy": ("policy", "Check, test and try the rules by which posts are judged."),
    "transparency": ("transparency", "Export statements of reasons; make and publish the transparency report."),
    "ledger": ("ledger", "Export and check the record of moderation."),
    "moderation": ("moderation", "The moderation desk for scripts: queue, decisions, reversals."),
    "notices": ("notices", "Take in and answer notices of hosts; check evidence packs; rehearse."),
    "measure": ("measure", "Draw samples of views, estimate what violates, forecast the queue."),
    "levers": ("levers", "Pull and release the levers for a crisis; set the growth brake."),
    "continuity": ("continuity", "Copy the server elsewhere, restore it, rehearse, move."),
    "simulate": ("simulate", "Try moderation on an invented crisis."),
    "doctor": ("doctor", "Check a set-up and say what to do."),
}


EPILOG: Final = """\b
Exit status:
  0  done, or ended as asked
  1  a check or a command failed
  2  the command line is wrong
  3  a setting cannot be used
  4  the data directory cannot be used
  5  another rostra already runs on the data directory
  6  the address cannot be listened on
  7  the database cannot be started, reached or migrated
  8  a part crashed again and again
  9  another server has taken over from this one
"""


@click.group(
    cls=LateGroup, commands_at=_COMMANDS, epilog=EPILOG, context_settings={"help_option_names": ["-h", "--help"]}
)
@click.version_option(package_name="rostra", message="%(version)s")
def main() -> None:
    """Rostra, a social network server.

    Every command takes --data DIR (or ROSTRA_DATA). All settings can be given in the environment as ROSTRA_<NAME> or in
    DIR/rostra.toml; docs/settings.md lists them.
    """
