"""The commands of `rostra moderation servers`, on the server's database."""

from __future__ import annotations

from typing import Any, Final

import click
import msgspec

from rostra.accounts.permissions import check_may
from rostra.cli.moderation_server import read_time, reviewer_named, run_desk
from rostra.cli.options import say
from rostra.cli.policy_files import columns
from rostra.kit.settings import Settings
from rostra.moderation.desk import Desk
from rostra.moderation.domains import decisions
from rostra.moderation.domains.decide import decide_on_server
from rostra.moderation.domains.decision_queries import DomainDecision
from rostra.moderation.domains.domains import DomainWish

_LIST: Final = "`rostra moderation servers list` has them all"
_SAID: Final = {"silence": "limited", "suspend": "shut out", "noop": "neither limited nor shut out"}


def print_decisions(settings: Settings, limit: int, *, as_json: bool) -> None:
    """Decisions on servers, the latest first."""

    async def read(desk: Desk) -> list[DomainDecision]:
        return await decisions.list_decisions(desk, limit=limit)

    found = run_desk(settings, read)
    if as_json:
        click.echo(msgspec.json.encode(found))
        return
    for line in columns([["DECISION", "SERVER", "SEVERITY", "CLAUSE", "MADE", "HOLDS"], *map(_line, found)]):
        click.echo(line)


def print_decision(settings: Settings, decision_id: int, *, as_json: bool) -> None:
    """One decision."""

    async def read(desk: Desk) -> DomainDecision:
        return await decisions.get_decision(desk, decision_id)

    found = run_desk(settings, read, nothing=f"there is no decision {decision_id} on a server: {_LIST}")
    if as_json:
        click.echo(msgspec.json.encode(found))
        return
    for name, value in msgspec.structs.asdict(found).items():
        click.echo(f"{name}: {'-' if value in (None, '') else value}")


def make_wish(severity: Any, media: bool, reports: bool, public: str, private: str, obfuscate: bool) -> DomainWish:
    """A rule from the command line."""
    return DomainWish(
        severity=severity,
        reject_media=media,
        reject_reports=reports,
        public_comment=public,
        private_comment=private,
        obfuscate=obfuscate,
    )


def decide(
    settings: Settings, domain: str, actor: str, wish: DomainWish, clause: str, lasts: str, *, as_json: bool
) -> None:
    """Decide on a server, and say what holds now."""
    span = read_time(lasts) if lasts else None

    async def act(desk: Desk) -> DomainDecision:
        reviewer = await reviewer_named(desk, actor)
        check_may(reviewer.role, "blocks")
        return await decide_on_server(desk, reviewer.account_id, domain, wish, clause=clause, lasts=span)

    made = run_desk(settings, act)
    if as_json:
        click.echo(msgspec.json.encode(made))
        return
    until = f" until {made.ends_at:%Y-%m-%d %H:%M}" if made.ends_at else ""
    say(f"decision {made.id}: {made.domain} is {_SAID[made.severity]}{until}")


def reverse(settings: Settings, decision_id: int, actor: str, *, as_json: bool) -> None:
    """Take a decision back, and say what holds now."""

    async def act(desk: Desk) -> tuple[DomainDecision, list[DomainDecision]]:
        reviewer = await reviewer_named(desk, actor)
        check_may(reviewer.role, "blocks")
        await decisions.reverse_domain(desk, reviewer.account_id, decision_id)
        gone = await decisions.get_decision(desk, decision_id)
        latest = await decisions.list_decisions(desk, limit=10_000)
        return gone, [each for each in latest if each.domain == gone.domain and each.ended_at is None]

    nothing = f"there is no decision {decision_id} on a server: {_LIST}"
    gone, holding = run_desk(settings, act, nothing=nothing, changed=_LIST)
    if as_json:
        click.echo(msgspec.json.encode(gone))
        return
    now = f"decision {holding[0].id} holds again" if holding else "no rule holds for it any more"
    say(f"decision {decision_id} was turned round: {gone.domain}: {now}")


def _line(row: DomainDecision) -> list[str]:
    until = f"until {row.ends_at:%Y-%m-%d}" if row.ends_at else "for good"
    return [
        str(row.id), row.domain, row.severity, row.clause or "-", f"{row.created_at:%Y-%m-%d %H:%M}",
        until if row.ended_why is None else row.ended_why,
    ]  # fmt: skip
