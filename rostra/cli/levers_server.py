"""The commands of `rostra levers`, on the server's database."""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import datetime, timedelta
from math import isinf
from typing import Any, Final

import click
import msgspec

from rostra.cli.options import Exit, Refusal, say
from rostra.cli.policy_files import columns
from rostra.cli.policy_server import with_database
from rostra.effects import emit
from rostra.kit.clock import Clock
from rostra.kit.db import Database
from rostra.kit.settings import Settings
from rostra.levers import act
from rostra.levers.forecast import Brake, Forecast, is_alarming
from rostra.levers.kinds import SAYS
from rostra.levers.overview import Chapter, LeverView, get_chapter, get_lever, get_overview, list_chapters, preview
from rostra.levers.records import Incident, Level, Setup, Wish
from rostra.levers.triggers import BOUNDS, Trigger, parse_trigger
from rostra.levers.words import spell

_TIME: Final = re.compile(r"([0-9]{1,6})([mhd])")
_UNITS: Final = {"m": "minutes", "h": "hours", "d": "days"}


def print_levers(settings: Settings, *, as_json: bool) -> None:
    """All levers in a table."""
    found = with_database(settings, lambda db: get_overview(db, Clock()))
    if as_json:
        click.echo(msgspec.json.encode({"levers": found.levers, "brake": found.brake, "readings": found.readings}))
        return
    rows = [
        [view.state, view.name, _settings(view.params), _lasts(view.lasts), _condition(view.trigger), _until(view)]
        for view in found.levers
    ]
    _print(["STATE", "LEVER", "SETTINGS", "HOLDS", "PULLED BY ITSELF AT", "ENDS"], rows)
    for incident in found.due:
        say(f"the debrief of incident {incident.id} is due: rostra levers debrief {incident.id} FILE")


def print_lever(settings: Settings, name: str, *, as_json: bool) -> None:
    """One lever, with what it would have touched."""

    async def read(db: Database) -> tuple[LeverView, Any]:
        view = await get_lever(db, Clock(), name)
        return view, await preview(db, Clock(), name, view.params)

    view, touched = with_database(settings, read)
    if as_json:
        click.echo(msgspec.json.encode({"lever": view, "touched": touched}))
        return
    click.echo(f"{view.name}: {SAYS[view.name]}")
    click.echo(f"state: {view.state}")
    click.echo(f"settings: {_settings(view.params)}")
    click.echo(f"holds: {_lasts(view.lasts)}")
    click.echo(f"pulled by itself at: {_condition(view.trigger)}")
    click.echo(f"in the last 24 hours it would have touched {touched.posts:,}, by {touched.people:,} people")
    if view.pulled:
        pull = view.pulled
        click.echo(f"pulled {_when(pull.pulled_at)} ({pull.how}), held {pull.held:,}, refused {pull.refused:,}")


def print_brake(settings: Settings, *, as_json: bool) -> None:
    """The forecast, the brake, and the latest incidents."""

    async def read(db: Database) -> tuple[Any, list[Chapter]]:
        return await get_overview(db, Clock()), (await list_chapters(db))[0]

    overview, chapters = with_database(settings, read)
    forecast, brake = overview.readings.forecast, overview.state.brake
    if as_json:
        hours = None if isinf(forecast.hours) else round(forecast.hours, 2)
        said = {"forecast": forecast, "hours": hours, "alarming": is_alarming(forecast, brake), "brake": brake}
        click.echo(msgspec.json.encode({**said, "pull": overview.brake, "incidents": chapters}))
        return
    click.echo(f"open cases {forecast.backlog:,}; in 24 hours {forecast.opened:,} opened, {forecast.closed:,} closed")
    click.echo(f"clearing takes: {_hours(forecast)}{' (alarm)' if is_alarming(forecast, brake) else ''}")
    state = "pulled" if overview.brake else "on" if brake.on else "off"
    click.echo(f"growth brake: {state}, over {brake.limit_hours:g} hours, from {brake.least_backlog:,} open cases on")
    if not overview.is_watched:
        say("nobody looks at the conditions and the brake: no worker has done so in the last five minutes")
    if chapters:
        click.echo()
        rows = [[str(c.incident.id), _state(c.incident), c.incident.level, _when(c.incident.started_at),
                 ", ".join(dict.fromkeys(p.name for p in c.pulls)), c.incident.title] for c in chapters]  # fmt: skip
        _print(["INCIDENT", "STATE", "LEVEL", "SINCE", "LEVERS", "TITLE"], rows)


def arm_and_say(settings: Settings, name: str, given: Iterable[str], lasts: str | None, when: str) -> None:
    """Prepare a lever."""
    params: dict[str, object] = {}
    for each in given:
        key, equals, value = each.partition("=")
        if not equals:
            raise click.UsageError(f"--set {each}: write PARAMETER=VALUE")
        params[key.strip()] = value.strip()
    until = timedelta(hours=24) if lasts is None else _read_time(lasts)

    async def run(db: Database) -> None:
        setup = Setup(params=params, lasts=until, trigger=parse_trigger(when))
        await act.arm(db, Clock(), name, setup, actor_id=None)

    with_database(settings, run)
    say(f"{name} is prepared")


def disarm_and_say(settings: Settings, name: str) -> None:
    """Have a lever be as it comes."""
    with_database(settings, lambda db: act.disarm(db, Clock(), name, actor_id=None))
    say(f"{name} is as it comes")


def pull_and_say(
    settings: Settings, name: str, reason: str, lasts: str | None, title: str, level: str, *, as_json: bool
) -> None:
    """Pull a lever."""
    said = None if lasts is None else (_read_time(lasts),)
    wish = Wish(reason=reason, lasts=said, title=title, level=msgspec.convert(level, Level))

    async def run(db: Database) -> LeverView:
        await act.pull(db, Clock(), emit, name, wish, actor_id=None)
        return await get_lever(db, Clock(), name)

    view = with_database(settings, run)
    if as_json:
        click.echo(msgspec.json.encode(view.pulled))
    say(f"{name} is pulled {_ends(view)}; running servers have it within two seconds")


def release_and_say(settings: Settings, name: str, *, publish_held: bool, as_json: bool) -> None:
    """Release a lever."""
    incident = with_database(
        settings, lambda db: act.release(db, Clock(), emit, name, actor_id=None, publish_held=publish_held)
    )
    if as_json:
        click.echo(msgspec.json.encode(incident))
    say(f"{name} is released; running servers have it within two seconds")
    if incident.is_due:
        say(f"its debrief is due: rostra levers debrief {incident.id} FILE")


def debrief_and_say(settings: Settings, incident_id: int, text: str) -> None:
    """Close an incident."""

    async def run(db: Database) -> Chapter:
        await act.debrief(db, Clock(), incident_id, text, actor_id=None)
        return await get_chapter(db, incident_id)

    missing = f"there is no incident {incident_id}; `rostra levers show` has their numbers"
    with_database(settings, run, missing)
    say(f"incident {incident_id} is closed")


def set_brake_and_say(settings: Settings, limit: float | None, least: int | None, *, on: bool | None) -> None:
    """Set the growth brake, and leave what is not said as it is."""

    async def run(db: Database) -> Brake:
        now = (await get_overview(db, Clock())).state.brake
        brake = Brake(
            on=now.on if on is None else on,
            limit_hours=now.limit_hours if limit is None else limit,
            least_backlog=now.least_backlog if least is None else least,
        )
        await act.set_brake(db, Clock(), brake, actor_id=None)
        return brake

    brake = with_database(settings, run)
    state = "on" if brake.on else "off"
    say(f"the growth brake is {state}: over {brake.limit_hours:g} hours, from {brake.least_backlog:,} open cases on")


def _read_time(text: str) -> timedelta | None:
    if text == "ever":
        return None
    found = _TIME.fullmatch(text.strip().lower())
    if found is None:
        raise Refusal(Exit.FAILED, f"--for {text}: write 90m, 24h, 3d, or ever")
    return timedelta(**{_UNITS[found[2]]: int(found[1])})


def _settings(params: dict[str, Any]) -> str:
    return " ".join(f"{key}={value if value is not True else 'true'}" for key, value in params.items()) or "-"


def _lasts(lasts: timedelta | None) -> str:
    return spell(lasts) if lasts else "until released"


def _condition(trigger: Trigger | None) -> str:
    if trigger is None:
        return "-"
    return f"{trigger.kind}:{trigger.over:g}" if BOUNDS[trigger.kind].most else trigger.kind


def _until(view: LeverView) -> str:
    if view.pulled is None:
        return "-"
    return _when(view.pulled.until) if view.pulled.until else "when released"


def _ends(view: LeverView) -> str:
    if view.pulled is None or view.pulled.until is None:
        return "until it is released"
    return f"until {_when(view.pulled.until)}"


def _hours(forecast: Forecast) -> str:
    hours = forecast.hours
    return "never: at least as much comes in as is done" if isinf(hours) else f"{hours:,.1f} hours"


def _state(incident: Incident) -> str:
    return "closed" if incident.debriefed_at else "debrief due" if incident.is_due else "running"


def _when(moment: datetime) -> str:
    return f"{moment:%Y-%m-%d %H:%M}Z"


def _print(head: list[str], rows: Iterable[list[str]]) -> None:
    for line in columns([head, *rows]):
        click.echo(line)
