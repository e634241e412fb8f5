"""`rostra moderation servers`: decisions on other servers, for scripts."""

from __future__ import annotations

import click

from rostra.cli.options import with_settings
from rostra.kit.ids import MAX_ID
from rostra.kit.settings import Settings


class _Number(click.IntRange):
    """An id of the database."""

    name = "number"


NUMBER = _Number(1, MAX_ID)
json_option = click.option("--json", "as_json", is_flag=True, help="Print JSON.")
as_option = click.option("--as", "actor", required=True, metavar="USERNAME", help="In whose name: one of the staff.")


@click.group()
def servers() -> None:
    """Decisions on other servers."""


@servers.command("list")
@click.option("--limit", default=40, show_default=True, type=click.IntRange(1, 10_000))
@json_option
@with_settings
def list_(settings: Settings, limit: int, as_json: bool) -> None:
    """Decisions, the latest first."""
    from rostra.cli import moderation_domains

    moderation_domains.print_decisions(settings, limit, as_json=as_json)


@servers.command()
@click.argument("decision_id", type=NUMBER)
@json_option
@with_settings
def show(settings: Settings, decision_id: int, as_json: bool) -> None:
    """One decision."""
    from rostra.cli import moderation_domains

    moderation_domains.print_decision(settings, decision_id, as_json=as_json)


@servers.command()
@click.argument("domain")
@click.argument("severity", type=click.Choice(("silence", "suspend", "noop")))
@as_option
@click.option("--clause", default="", help="Of the policy in force.")
@click.option("--for", "lasts", default="", metavar="TIME", help="24h or 7d; for good where nothing is said.")
@click.option("--reject-media", is_flag=True, help="Take no pictures from there.")
@click.option("--reject-reports", is_flag=True, help="Take no reports from there.")
@click.option("--public", "public_comment", default="", help="Why, for everybody.")
@click.option("--private", "private_comment", default="", help="Why, for the staff.")
@click.option("--obfuscate", is_flag=True, help="Hide half of the name where everybody can read it.")
@json_option
@with_settings
def decide(
    settings: Settings,
    domain: str,
    severity: str,
    actor: str,
    clause: str,
    lasts: str,
    reject_media: bool,
    reject_reports: bool,
    public_comment: str,
    private_comment: str,
    obfuscate: bool,
    as_json: bool,
) -> None:
    """Decide what holds for DOMAIN and all below it.

    \b
    silence: its people are seen by those who follow them only
    suspend: nothing is exchanged with it
    noop: nothing but what --reject-media and --reject-reports say

    It takes the place of the decision before, if there is one.
    """
    from rostra.cli import moderation_domains

    wish = moderation_domains.make_wish(
        severity, reject_media, reject_reports, public_comment, private_comment, obfuscate
    )
    moderation_domains.decide(settings, domain, actor, wish, clause, lasts, as_json=as_json)


@servers.command()
@click.argument("decision_id", type=NUMBER)
@as_option
@json_option
@with_settings
def reverse(settings: Settings, decision_id: int, actor: str, as_json: bool) -> None:
    """Take a decision back: what held before it holds again, a rule or none."""
    from rostra.cli import moderation_domains

    moderation_domains.reverse(settings, decision_id, actor, as_json=as_json)
