"""`rostra measure`: draw samples of views and check them, estimate, and see when the queue will be empty."""

from __future__ import annotations

from datetime import UTC, datetime

import click

from rostra.cli.options import with_settings
from rostra.kit.settings import Settings

json_option = click.option("--json", "as_json", is_flag=True, help="Print JSON.")
_DAY = click.DateTime(["%Y-%m-%d"])


@click.group()
def measure() -> None:
    """How much of what people see violates the policy, and how fast it is dealt with.

    Days are those of UTC. docs/measurement.md says what the figures mean, and how a sample is drawn.
    """


@measure.command()
@click.option("--from", "first", type=_DAY, help="First day. [yesterday]")
@click.option("--to", "last", type=_DAY, help="Last day. [the first]")
@click.option("--size", type=click.IntRange(1, 20_000), help="Views to draw. [as set for each day]")
@click.option("--seed", help="What the drawing follows from. [made up]")
@json_option
@with_settings
def draw(
    settings: Settings, first: datetime | None, last: datetime | None, size: int | None, seed: str | None, as_json: bool
) -> None:
    """Draw a sample of the views of one day or several, to be labelled at /admin/measure/label.

    The seed is in the ledger before anything is looked at. No day can be in two samples; the nightly job leaves out a
    day that is in one.
    """
    from rostra.cli import measure_server

    days = (first.replace(tzinfo=UTC).date() if first else None, last.replace(tzinfo=UTC).date() if last else None)
    measure_server.draw(settings, days, size=size, seed=seed, as_json=as_json)


@measure.command()
@click.argument("sample", type=int, required=False)
@json_option
@with_settings
def redraw(settings: Settings, sample: int | None, as_json: bool) -> None:
    """Draw SAMPLE (its number), or each of the last 13 weeks, again: is it what was labelled, and what the ledger says?

    Ends with status 1 where one is not.
    """
    from rostra.cli import measure_server

    measure_server.redraw(settings, sample, as_json=as_json)


@measure.command()
@click.option("--weeks", type=click.IntRange(1, 13), default=4, show_default=True, help="How many, this one included.")
@json_option
@with_settings
def estimate(settings: Settings, weeks: int, as_json: bool) -> None:
    """Estimate the share of violating views by week and clause from the labels so far."""
    from rostra.cli import measure_server

    measure_server.estimate(settings, weeks, as_json=as_json)


@measure.command()
@json_option
@with_settings
def forecast(settings: Settings, as_json: bool) -> None:
    """What waits, what comes and goes in an hour, when the queue will be empty; times to action; the last alarms."""
    from rostra.cli import measure_server

    measure_server.forecast(settings, as_json=as_json)
