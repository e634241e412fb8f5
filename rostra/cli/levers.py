"""`rostra levers`: crisis levers, the growth brake and incidents, whether or not the server runs."""

from __future__ import annotations

from typing import IO

import click

from rostra.cli.options import with_settings
from rostra.kit.settings import Settings

json_option = click.option("--json", "as_json", is_flag=True, help="Print JSON.")
for_option = click.option(
    "--for", "lasts", metavar="TIME", help="How long it holds: 90m, 24h, 3d, or `ever` until somebody releases it."
)


@click.group()
def levers() -> None:
    """Crisis levers: measures against a flood that are prepared, pulled, released and debriefed.

    docs/crisis.md says what each does, and when to pull which.
    """


@levers.command("list")
@json_option
@with_settings
def list_levers(settings: Settings, as_json: bool) -> None:
    """All levers: what is pulled, what is prepared, what pulls it by itself."""
    from rostra.cli import levers_server

    levers_server.print_levers(settings, as_json=as_json)


@levers.command()
@click.argument("name", required=False)
@json_option
@with_settings
def show(settings: Settings, name: str | None, as_json: bool) -> None:
    """The growth brake with its forecast, and the latest incidents; or one lever NAME, with what it would have touched
    in the last 24 hours."""
    from rostra.cli import levers_server

    if name is None:
        levers_server.print_brake(settings, as_json=as_json)
    else:
        levers_server.print_lever(settings, name, as_json=as_json)


@levers.command()
@click.argument("name")
@click.option("--set", "given", multiple=True, metavar="PARAMETER=VALUE", help="Set a parameter; can be repeated.")
@for_option
@click.option("--when", default="", metavar="CONDITION", help="Pull it by itself: backlog:500, sign-ups:100, none.")
@with_settings
def arm(settings: Settings, name: str, given: tuple[str, ...], lasts: str | None, when: str) -> None:
    """Prepare lever NAME: parameters, how long it holds, the condition that pulls it.

    What is not said is as the lever comes. Conditions: drain-time:HOURS, backlog:CASES, sign-ups:AN_HOUR,
    held-share:PERCENT, prevalence-alarm, event-near:DAYS.
    """
    from rostra.cli import levers_server

    levers_server.arm_and_say(settings, name, given, lasts, when)


@levers.command()
@click.argument("name")
@with_settings
def disarm(settings: Settings, name: str) -> None:
    """Have lever NAME be as it comes, without a condition."""
    from rostra.cli import levers_server

    levers_server.disarm_and_say(settings, name)


@levers.command()
@click.argument("name")
@click.option("--reason", default="", help="Why, for the others.")
@for_option
@click.option("--title", default="", help="What is going on, where it is a new incident.")
@click.option("--level", type=click.Choice(["watch", "serious", "critical"]), default="serious", show_default=True)
@json_option
@with_settings
def pull(settings: Settings, name: str, reason: str, lasts: str | None, title: str, level: str, as_json: bool) -> None:
    """Pull lever NAME as it was prepared. All processes have it within two seconds."""
    from rostra.cli import levers_server

    levers_server.pull_and_say(settings, name, reason, lasts, title, level, as_json=as_json)


@levers.command()
@click.argument("name")
@click.option("--publish-held", is_flag=True, help="Publish what only this lever holds.")
@json_option
@with_settings
def release(settings: Settings, name: str, publish_held: bool, as_json: bool) -> None:
    """Release lever NAME, or `growth-brake`. The last one of an incident asks for a debrief."""
    from rostra.cli import levers_server

    levers_server.release_and_say(settings, name, publish_held=publish_held, as_json=as_json)


@levers.command()
@click.argument("incident", type=int)
@click.argument("text", type=click.File(encoding="utf-8", errors="replace"), default="-")
@with_settings
def debrief(settings: Settings, incident: int, text: IO[str]) -> None:
    """Write what was learnt of INCIDENT, from a file or from standard input, and close it."""
    from rostra.cli import levers_server

    levers_server.debrief_and_say(settings, incident, text.read())


@levers.command()
@click.option("--limit", type=float, metavar="HOURS", help="The longest that clearing the backlog may take.")
@click.option("--from", "least", type=int, metavar="CASES", help="From how many open cases on.")
@click.option("--on/--off", "on", default=None, help="Switch it on or off.")
@with_settings
def brake(settings: Settings, limit: float | None, least: int | None, on: bool | None) -> None:
    """Set the growth brake: invitations only while the backlog cannot be cleared in time."""
    from rostra.cli import levers_server

    levers_server.set_brake_and_say(settings, limit, least, on=on)
