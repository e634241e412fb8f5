"""`rostra moderation`: the desk for scripts, whether or not the server runs.

Whoever has the command line acts in the name of an account of the staff (`--as`), with that account's permissions:
every decision has somebody who made it. Servers are `rostra moderation servers` (`moderation_servers.py`).
"""

from __future__ import annotations

from typing import IO, Literal

import click

from rostra.cli.moderation_servers import NUMBER, as_option, json_option, servers
from rostra.cli.options import with_settings
from rostra.kit.settings import Settings

OUTCOMES = ("violates", "ok", "unclear", "out_of_scope")
act_option = click.option(
    "--act", "acts", multiple=True, metavar="ACT",
    help="What is done, repeatable. On the post: label:ID, sensitive, interaction-off, limit, remove. On one of its "
    "files: file.ID.remove, file.ID.sensitive. On the account: warn, freeze, suspend, account.label:ID, "
    "account.sensitive, account.limit. For a time: limit:7d, freeze:24h.",
)  # fmt: skip
clause_option = click.option(
    "--clause", default="", help="Of the policy in force; the case's own where nothing is said."
)
revision_option = click.option(
    "--revision", type=click.IntRange(0), help="Of the post that was looked at: `show` and `files` print it."
)
facts_option = click.option("--facts", default="", help="For the statement of reasons: no names, no addresses.")
note_option = click.option("--note", default="", help="For colleagues.")


@click.group()
def moderation() -> None:
    """The moderation desk: the queue, decisions on posts, their files, accounts and servers, reversals, reporters."""


moderation.add_command(servers)


@moderation.command()
@click.option("--state", type=click.Choice(("queued", "escalated", "closed")), default="queued", show_default=True)
@click.option("--clause", default="", help="A clause of the policy, or its first part.")
@click.option("--language", default="", help="Of the posts: en, it, …")
@click.option("--source", default="", help="What opened it: rule, hold, report, legal, notice, sample, unseen, …")
@click.option("--limit", default=30, show_default=True, type=click.IntRange(1, 10_000))
@json_option
@with_settings
def queue(settings: Settings, state: str, clause: str, language: str, source: str, limit: int, as_json: bool) -> None:
    """What waits, the most urgent first.

    What is closed: the latest first.
    """
    from rostra.cli import moderation_server

    wanted = moderation_server.Wanted(state=state, clause=clause, language=language, source=source)
    moderation_server.print_queue(settings, wanted, limit, as_json=as_json)


@moderation.command()
@click.argument("case_id", type=NUMBER)
@json_option
@with_settings
def show(settings: Settings, case_id: int, as_json: bool) -> None:
    """One case, with the files of its post and what colleagues noted."""
    from rostra.cli import moderation_server

    moderation_server.print_case(settings, case_id, as_json=as_json)


@moderation.command()
@click.argument("post_id", type=NUMBER)
@json_option
@with_settings
def files(settings: Settings, post_id: int, as_json: bool) -> None:
    """The files of a post with their ids.

    `--act file.ID.remove` asks for those; the revision is printed, too.
    """
    from rostra.cli import moderation_server

    moderation_server.print_files(settings, post_id, as_json=as_json)


@moderation.command()
@click.argument("case_id", type=NUMBER)
@click.argument("outcome", type=click.Choice(OUTCOMES))
@as_option
@clause_option
@act_option
@revision_option
@facts_option
@note_option
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
    """Decide a case.

    \b
    rostra moderation decide 1165 ok --as mara --revision 0
    rostra moderation decide 1165 violates --as mara --revision 0 --act remove
    rostra moderation decide 1165 violates --as mara --revision 0 --act file.1166.remove --act freeze:24h
    """
    from rostra.cli import moderation_server

    draft = moderation_server.make_draft(outcome, clause, acts, revision, facts, note)
    moderation_server.decide(settings, case_id, actor, draft, as_json=as_json)


@moderation.command()
@click.argument("kind", type=click.Choice(("post", "account")))
@click.argument("subject_id", type=NUMBER)
@click.argument("outcome", type=click.Choice(OUTCOMES))
@as_option
@clause_option
@act_option
@revision_option
@facts_option
@note_option
@json_option
@with_settings
def act(
    settings: Settings,
    kind: Literal["post", "account"],
    subject_id: int,
    outcome: str,
    actor: str,
    clause: str,
    acts: tuple[str, ...],
    revision: int | None,
    facts: str,
    note: str,
    as_json: bool,
) -> None:
    """Decide on a post or an account, reported or not.

    \b
    rostra moderation act post 1164 violates --as mara --clause violence.graphic --revision 0 --act file.1166.sensitive
    """
    from rostra.cli import moderation_server

    draft = moderation_server.make_draft(outcome, clause, acts, revision, facts, note)
    moderation_server.decide_without_case(settings, kind, subject_id, actor, draft, as_json=as_json)


@moderation.command()
@click.argument("decision_id", type=NUMBER)
@as_option
@click.option("--note", default="", help="Why, for colleagues.")
@json_option
@with_settings
def reverse(settings: Settings, decision_id: int, actor: str, note: str, as_json: bool) -> None:
    """Turn a decision round, wholly."""
    from rostra.cli import moderation_server

    moderation_server.reverse(settings, decision_id, actor, note, as_json=as_json)


@moderation.command()
@click.argument("outcome", type=click.Choice(OUTCOMES))
@click.argument("ids", type=click.File())
@as_option
@click.option("--clause", default="", help="Of the policy in force; needed for `violates`.")
@act_option
@click.option("--accounts", is_flag=True, help="The ids are of accounts, not of posts.")
@facts_option
@note_option
@json_option
@with_settings
def bulk(
    settings: Settings,
    outcome: str,
    ids: IO[str],
    actor: str,
    clause: str,
    acts: tuple[str, ...],
    accounts: bool,
    facts: str,
    note: str,
    as_json: bool,
) -> None:
    """One decision over many posts.

    IDS is a file with an id on each line, or -. A worker does it; `bulk-show` says how far it is. What is over very
    many waits until somebody else lets it go ahead (`bulk-approve`).
    """
    from rostra.cli import moderation_bulk, moderation_server

    draft = moderation_server.make_draft(outcome, clause, acts, None, facts, note)
    wanted = [line.strip() for line in ids if line.strip()]
    moderation_bulk.start_bulk(settings, actor, wanted, draft, accounts, as_json=as_json)


@moderation.command()
@click.argument("bulk_id", type=NUMBER)
@json_option
@with_settings
def bulk_show(settings: Settings, bulk_id: int, as_json: bool) -> None:
    """How far a bulk decision is."""
    from rostra.cli import moderation_bulk

    moderation_bulk.print_bulk(settings, bulk_id, as_json=as_json)


@moderation.command()
@click.argument("over", type=click.IntRange(min=0), required=False)
@click.option("--as", "actor", metavar="NAME", default="", help="Whose act it is, where it is set.")
@json_option
@with_settings
def bulk_limit(settings: Settings, over: int | None, actor: str, as_json: bool) -> None:
    """Over how many a second person looks first.

    With OVER it is set, in the name of an administrator; 0: nothing waits.
    """
    from rostra.cli import moderation_bulk

    moderation_bulk.limit_bulk(settings, over, actor, as_json=as_json)


@moderation.command()
@json_option
@with_settings
def bulk_waiting(settings: Settings, as_json: bool) -> None:
    """The bulk decisions that wait for a second person."""
    from rostra.cli import moderation_bulk

    moderation_bulk.print_waiting(settings, as_json=as_json)


@moderation.command()
@click.argument("bulk_id", type=NUMBER)
@as_option
@json_option
@with_settings
def bulk_approve(settings: Settings, bulk_id: int, actor: str, as_json: bool) -> None:
    """Let a colleague's bulk decision go ahead.

    Look at it before: /admin/desk/bulk/NUMBER shows what it reaches.
    """
    from rostra.cli import moderation_bulk

    moderation_bulk.approve_bulk(settings, bulk_id, actor, as_json=as_json)


@moderation.command()
@click.argument("bulk_id", type=NUMBER)
@as_option
@json_option
@with_settings
def bulk_stop(settings: Settings, bulk_id: int, actor: str, as_json: bool) -> None:
    """Stop a bulk decision.

    What is decided stays; of one that waits for a second person nothing is carried out.
    """
    from rostra.cli import moderation_bulk

    moderation_bulk.stop_bulk(settings, bulk_id, actor, as_json=as_json)


@moderation.command()
@click.argument("bulk_id", type=NUMBER)
@as_option
@note_option
@json_option
@with_settings
def bulk_reverse(settings: Settings, bulk_id: int, actor: str, note: str, as_json: bool) -> None:
    """Turn all of a bulk decision round that still stands.

    A worker does it; `bulk-show` says how far it is.
    """
    from rostra.cli import moderation_bulk

    moderation_bulk.reverse_bulk(settings, bulk_id, actor, note, as_json=as_json)


@moderation.command()
@click.argument("username")
@click.option("--off", is_flag=True, help="Hear them again.")
@as_option
@json_option
@with_settings
def mute_reporter(settings: Settings, username: str, off: bool, actor: str, as_json: bool) -> None:
    """Leave somebody's reports unheard.

    They are logged without effect. Whoever it is must have been warned before.
    """
    from rostra.cli import moderation_server

    moderation_server.mute_reporter(settings, username, actor, muted=not off, as_json=as_json)


@moderation.command()
@click.argument("username")
@as_option
@json_option
@with_settings
def warn_reporter(settings: Settings, username: str, actor: str, as_json: bool) -> None:
    """Warn somebody whose reports are mostly wrong."""
    from rostra.cli import moderation_server

    moderation_server.warn_reporter(settings, username, actor, as_json=as_json)
