"""The commands of `rostra measure` on the server's database, whether or not the server runs."""

from __future__ import annotations

import sys
from datetime import date, timedelta

import click
import msgspec

from rostra.cli.options import Exit, say
from rostra.cli.policy_server import with_database
from rostra.kit.clock import Clock
from rostra.kit.db import Database
from rostra.kit.settings import Settings
from rostra.measurement import board, prevalence, sample
from rostra.measurement.plan_queries import Plan
from rostra.measurement.prevalence_queries import Estimate
from rostra.measurement.sample import Check
from rostra.measurement.times import Action, Forecast
from rostra.screening.active import ActivePolicy

_DAY = timedelta(days=1)


class Drawn(msgspec.Struct, frozen=True, kw_only=True):
    """What a drawing came to."""

    sample: int
    plan: Plan
    check: Check


def draw(
    settings: Settings, days: tuple[date | None, date | None], *, size: int | None, seed: str | None, as_json: bool
) -> None:
    """Plan, draw, and check what was drawn."""

    async def work(db: Database) -> Drawn:
        clock = Clock()
        first = days[0] or clock.now().date() - _DAY
        until = (days[1] or first) + _DAY
        async with db.read() as conn:
            usual = (await board.read_samples(conn, clock.now())).settings.daily_sample
        number = await sample.plan_sample(
            db, clock, first, until, size=size or max(1, usual) * (until - first).days, seed=seed
        )
        await sample.draw_planned(db, clock)
        return Drawn(sample=number, plan=await sample.get_plan(db, number), check=await sample.check_sample(db, number))

    drawn = with_database(settings, work)
    if as_json:
        click.echo(msgspec.json.encode(drawn))
        return
    plan = drawn.plan
    click.echo(f"sample {drawn.sample}: {plan.size} of {plan.views} views, {drawn.check.statuses} posts")
    click.echo(f"seed   {plan.seed}")
    for each in plan.strata:
        click.echo(f"{each.name:<10} {each.draws:>6} of {each.views:>10} views of {each.statuses:>8} posts")


def redraw(settings: Settings, number: int | None, *, as_json: bool) -> None:
    """Draw again, and end with status 1 where that is not what was labelled."""

    async def work(db: Database) -> list[Check]:
        if number is not None:
            return [await sample.check_sample(db, number)]
        async with db.read() as conn:
            plans = (await board.read_samples(conn, Clock().now())).plans
        return [await sample.check_sample(db, plan.id) for plan in plans if plan.drawn_at]

    checks = with_database(settings, work, f"there is no sample {number}; its page, /admin/measure, has its number")
    if as_json:
        click.echo(
            msgspec.json.encode([{**msgspec.structs.asdict(each), "is_sound": each.is_sound} for each in checks])
        )
    else:
        for each in checks:
            faults = [
                words
                for words, is_right in (
                    ("the seed is not that of the ledger", each.seed_is_logged),
                    ("the views are not those of the ledger", each.frame_is_logged),
                    ("the sample is not the one of the seed", each.sample_is_the_same),
                )
                if not is_right
            ]
            click.echo(f"sample {each.plan_id}: {'; '.join(faults) or 'the same'}, {each.statuses} posts")
        if not checks:
            say("no sample was drawn in the last 13 weeks")
    if not all(each.is_sound for each in checks):
        sys.exit(Exit.FAILED)


def estimate(settings: Settings, weeks: int, *, as_json: bool) -> None:
    """Make the estimates anew and print them."""

    async def work(db: Database) -> list[Estimate]:
        clock = Clock()
        return await prevalence.estimate_weeks(db, clock, ActivePolicy(clock), weeks)

    made = with_database(settings, work)
    if as_json:
        click.echo(msgspec.json.encode(made))
        return
    if not made:
        say("not sampled: see `rostra measure draw --help`")
    for each in made:
        click.echo(
            f"{each.first}  {each.clause or 'any clause':<24} {_percent(each.share):>9}"
            f"  [{_percent(each.low)}, {_percent(each.high)}]  {each.hits} of {each.labelled} labelled,"
            f" {each.drawn} drawn, unknown {_percent(each.unknown)}"
        )


class Outlook(msgspec.Struct, frozen=True, kw_only=True):
    """The queue and the work on it."""

    forecast: Forecast
    action: Action
    alarms: list[tuple[str, date, float, float]]


def forecast(settings: Settings, *, as_json: bool) -> None:
    """Print what waits and how fast it goes."""

    async def work(db: Database) -> Outlook:
        async with db.read() as conn:
            read = await board.read_board(conn, Clock().now())
        alarms = [(alarm.kind, alarm.day, alarm.value, alarm.baseline) for alarm in read.alarms]
        return Outlook(forecast=read.forecast, action=read.action, alarms=alarms)

    found = with_database(settings, work)
    if as_json:
        click.echo(msgspec.json.encode(found))
        return
    f = found.forecast
    drain = "never" if f.drain is None else f"in {f.drain.total_seconds() / 3600:.1f} hours"
    click.echo(f"{f.backlog} cases wait; {f.inflow:.1f} come and {f.capacity:.1f} go in an hour; empty {drain}")
    for each in found.action.times:
        half, most, nearly = [f"{seconds / 3600:.1f} h" for seconds in each.seconds]
        click.echo(f"acted on since {each.since}: p50 {half}, p90 {most}, p99 {nearly} ({each.count})")
    for kind, day, value, baseline in found.alarms:
        click.echo(f"alarm of {day} ({kind}): {_percent(value)}, before {_percent(baseline)}")


def _percent(share: float) -> str:
    return f"{100 * share:.3g}%"
