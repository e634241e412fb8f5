"""`rostra moderation`: the desk for scripts, whether or not the server runs.

Whoever has the command line acts in the name of an account of the staff (`--as`), with that account's permissions:
every decision has somebody who made it.
"""

from __future__ import annotations

from typing import IO

import click

from rostra.cli.options import with_settings
from rostra.kit.settings import Settings

json_option = click.option("--json", "as_json", is_flag=True, help="Print JSON.")
as_option = click.option("--as", "actor", required=True, metavar="USERNAME", help="In whose name: one of the staff.")
OUTCOMES = ("violates", "ok", "unclear", "out_of_scope")


@click.group()
def moderation() -> None:
    """The moderation desk: the queue, decisions, reversals, reporters."""


@moderation.command()
@click.option("--state", type=click.Choice(("queued", "escalated", "closed")), default="queued", show_default=True)
@click.option("--clause", default="", help="A clause of the policy, or its first part.")
@click.option("--language", default="")
@click.option("--source", default="", help="What opened it: rule, hold, report, legal, notice, sample, …")
@click.option("--limit", default=30, show_default=True, type=click.IntRange(1, 10_000))
@json_option
@with_settings
def queue(settings: Settings, state: str, clause: str, language: str, source: str, limit: int, as_json: bool) -> None:
    """What waits, the most urgent first; what is closed, the latest first."""
    from rostra.cli import moderation_server

    wanted = moderation_server.Wanted(state=state, clause=clause, language=language, source=source)
    moderation_server.print_queue(settings, wanted, limit, as_json=as_json)


@moderation.command()
@click.argument("case_id", type=int)
@json_option
@with_settings
def show(settings: Settings, case_id: int, as_json: bool) -> None:
    """One case."""
    from rostra.cli import moderation_server

    moderation_server.print_case(settings, case_id, as_json=as_json)


@moderation.command()
@click.argument("case_id", type=int)
@click.argument("outcome", type=click.Choice(OUTCOMES))
@as_option
@click.option("--clause", default="", help="Of the policy in force; the case's own where nothing is said.")
@click.option(
    "--act", "acts", multiple=True, metavar="ACT",
    help="remove, sensitive, limit:7d, label:graphic, account.limit, freeze:24h, suspend, …; repeatable.",
)  # fmt: skip
@click.option("--revision", type=int, default=None, help="Of the post that was looked at; `show` prints it.")
@click.option("--facts", default="", help="For the statement of reasons: no names, no addresses.")
@click.option("--note", default="", help="For colleagues.")
@json_option
@with_settings
def decide(
    settings: Settings,
    case_id: int,
    outcome: str,
    actor: str,
    clause: str,
    acts: tuple[str, ...],
    revision: int | None,
    facts: str,
    note: str,
    as_json: bool,
) -> None:
    """Decide a case."""
    from rostra.cli import moderation_server

    draft = moderation_server.make_draft(outcome, clause, acts, revision, facts, note)
    moderation_server.decide(settings, case_id, actor, draft, as_json=as_json)


@moderation.command()
@click.argument("decision_id", type=int)
@as_option
@with_settings
def reverse(settings: Settings, decision_id: int, actor: str) -> None:
    """Turn a decision round wholly: visibility, counters, strikes."""
    from rostra.cli import moderation_server

    moderation_server.reverse(settings, decision_id, actor)


@moderation.command()
@click.argument("outcome", type=click.Choice(OUTCOMES))
@click.argument("ids", type=click.File())
@as_option
@click.option("--clause", required=True)
@click.option("--act", "acts", multiple=True, metavar="ACT", help="As in `decide`.")
@click.option("--accounts", is_flag=True, help="The ids are of accounts, not of posts.")
@with_settings
def bulk(
    settings: Settings,
    outcome: str,
    ids: IO[str],
    actor: str,
    clause: str,
    acts: tuple[str, ...],
    accounts: bool,
) -> None:
    """One decision over many posts: IDS is a file with an id on each line, or -. A worker does it."""
    from rostra.cli import moderation_server

    draft = moderation_server.make_draft(outcome, clause, acts, None, "", "")
    moderation_server.start_bulk(settings, actor, [line.strip() for line in ids if line.strip()], draft, accounts)


@moderation.command()
@click.argument("username")
@click.option("--off", is_flag=True, help="Hear them again.")
@as_option
@with_settings
def mute_reporter(settings: Settings, username: str, off: bool, actor: str) -> None:
    """Log somebody's reports without effect; they must have been warned before."""
    from rostra.cli import moderation_server

    moderation_server.mute_reporter(settings, username, actor, muted=not off)


@moderation.command()
@click.argument("username")
@as_option
@with_settings
def warn_reporter(settings: Settings, username: str, actor: str) -> None:
    """Write to somebody that their reports will be left unheard if they go on like this."""
    from rostra.cli import moderation_server

    moderation_server.warn_reporter(settings, username, actor)
