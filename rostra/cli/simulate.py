"""`rostra simulate`: the real code on an invented history, in a database of its own."""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path

import click
import msgspec

from rostra.cli.options import say


@click.group()
def simulate() -> None:
    """Try moderation on an invented history. Touches no server's database."""


@simulate.command("host-crisis")
@click.option("--scale", type=click.FloatRange(0.005, 5), default=0.1, show_default=True, help="1: 36,000 posts.")
@click.option("--seed", type=int, default=1, show_default=True, help="The same seed gives the same result.")
@click.option(
    "--hours", type=click.FloatRange(0.01, 1000), help="Of review a day, for each process.  [default: 1.5 × scale]"
)
@click.option("--only", multiple=True, type=click.Choice(("jury", "plain", "rostra")), help="Not all processes.")
@click.option("--page", type=click.Path(path_type=Path, dir_okay=False), help="Write a page with charts as well.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def host_crisis(
    scale: float, seed: int, hours: float | None, only: tuple[str, ...], page: Path | None, as_json: bool
) -> None:
    """Would the host have kept us? Seven weeks in which violence grows tenfold, a hundred examples from the host, an
    ultimatum of 24 hours; a volunteer jury, a plain report queue and Rostra, with the same hours of review.

    Minutes at the default scale, an hour or more at scale 1. The exit status is 1 where a target is missed.
    """
    from rostra.simulate.crisis import run
    from rostra.simulate.page import render_page
    from rostra.simulate.process import PROCESSES
    from rostra.simulate.table import print_lines, targets_of

    chosen = [process for process in PROCESSES if not only or process.id in only]
    result = asyncio.run(run(seed, scale, hours=hours, processes=chosen, progress=_show))
    if sys.stderr.isatty():
        click.echo(err=True)
    if page is not None:
        page.write_text(render_page(result))
        say(f"the page is {page}")
    click.echo(msgspec.json.encode(result) if as_json else "\n".join(print_lines(result)))
    if any(not target.met for target in targets_of(result)):
        raise SystemExit(1)


def _show(title: str, share: float) -> None:
    if sys.stderr.isatty():
        click.echo(f"\r{title}: {share:4.0%} ", nl=False, err=True)
