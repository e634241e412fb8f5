"""A group of commands that are imported when they are used, so that `rostra --help` imports none of them."""

from __future__ import annotations

import importlib
import importlib.util
from collections.abc import Mapping
from typing import Any

import click

_PACKAGE = "rostra.cli"


class LateGroup(click.Group):
    """`commands_at` has for each name the module of `rostra.cli` that holds the command, and its one-line help.

    A command without help is one that Rostra calls itself, and is not shown.
    """

    def __init__(self, *args: Any, commands_at: Mapping[str, tuple[str, str]], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._at = commands_at

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 - click's signature
        return [name for name, (module, _) in self._at.items() if importlib.util.find_spec(f"{_PACKAGE}.{module}")]

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in self.list_commands(ctx):
            return None
        module = importlib.import_module(f"{_PACKAGE}.{self._at[cmd_name][0]}")
        command = getattr(module, cmd_name.replace("-", "_"))
        assert isinstance(command, click.Command)
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            shown = [(name, self._at[name][1]) for name in self.list_commands(ctx)]
            formatter.write_dl([(name, words) for name, words in shown if words])
