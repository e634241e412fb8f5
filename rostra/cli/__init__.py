"""The command `rostra`. Each command lives in the module of its name here and is imported when it is used.

`_COMMANDS` has every command with its one-line help, so that `rostra --help` imports none of them. To add one, write
`rostra/cli/<name>.py` with a click command or group called `<name>` and add its line.
"""

from __future__ import annotations

import importlib
import importlib.util
from typing import Final

import click

# Name: (module, help). Commands of one module stand together.
_COMMANDS: Final[dict[str, tuple[str, str]]] = {
    "up": ("up", "Run everything: database, web, jobs, streaming."),
    "web": ("parts", "Run the web processes alone."),
    "worker": ("parts", "Run one job worker alone."),
    "migrate": ("parts", "Bring the database up to date."),
    "owner": ("owner", "Print the link with which the first visitor becomes the owner."),
    "account": ("account", "Create, list and change accounts."),
    "demo": ("demo", "Fill in the demonstration community."),
    "jobs": ("jobs", "Look at the queue, retry what failed."),
    "policy": ("policy", "Check, test and try the rules by which posts are judged."),
    "transparency": ("transparency", "Export statements of reasons; make and publish the transparency report."),
    "ledger": ("ledger", "Export and check the record of moderation."),
    "moderation": ("moderation", "The moderation desk for scripts: queue, decisions, reversals."),
    "notices": ("notices", "Take in and answer notices of hosts; check evidence packs; rehearse."),
    "measure": ("measure", "Draw samples of views, estimate what violates, forecast the queue."),
    "levers": ("levers", "Pull and release the levers for a crisis; set the growth brake."),
    "simulate": ("simulate", "Try moderation on an invented crisis."),
    "doctor": ("doctor", "Check a set-up and say what to do."),
}


class _LateGroup(click.Group):
    """A group whose commands are imported by name."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 - click's signature
        return [name for name, (module, _) in _COMMANDS.items() if importlib.util.find_spec(f"{__name__}.{module}")]

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in self.list_commands(ctx):
            return None
        module = importlib.import_module(f"{__name__}.{_COMMANDS[cmd_name][0]}")
        command = getattr(module, cmd_name)
        assert isinstance(command, click.Command)
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl([(name, _COMMANDS[name][1]) for name in self.list_commands(ctx)])


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
"""


@click.group(cls=_LateGroup, epilog=EPILOG, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="rostra", message="%(version)s")
def main() -> None:
    """Rostra, a social network server.

    Every command takes --data DIR (or ROSTRA_DATA). All settings can be given in the environment as ROSTRA_<NAME> or in
    DIR/rostra.toml; docs/settings.md lists them.
    """
