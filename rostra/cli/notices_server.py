"""The commands of `rostra notices` that speak to the server's database, whether or not the server runs."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final, TypeVar, cast

import click
import msgspec

from rostra.accounts.permissions import may
from rostra.accounts.staff import find_user_by_name
from rostra.cli.options import Exit, Refusal, current_database, database_errors, in_words, say
from rostra.effects import emit, estimates_for_pack
from rostra.kit.errors import RostraError
from rostra.kit.settings import Settings
from rostra.moderation.desk import Reviewer
from rostra.notices import drill as drills
from rostra.notices import providers
from rostra.notices.formats.records import Fault
from rostra.notices.intake import WORDS, Arrival, Taken, take_in
from rostra.notices.mailbox import parse_imap_url, read_mailbox
from rostra.notices.pack import make_pack
from rostra.notices.records import Item, Provider, Regime
from rostra.notices.show import Which, get_view, list_notices
from rostra.resources import Resources, open_resources

T = TypeVar("T")

# Whoever has the command line may look at everything; what is done is done in somebody's name.
_LOOKING: Final = Reviewer(account_id=0, role="owner")
_REGIMES: Final[dict[str, Regime]] = {
    "host": "host", "order": "order", "terrorist": "terrorist", "legal": "legal", "store": "store", "own": "own",
}  # fmt: skip
_WHICH: Final[dict[str, Which]] = {"open": "open", "quarantined": "quarantined", "closed": "closed"}


def print_list(settings: Settings, which: str, *, as_json: bool) -> None:
    """Notices, one on a line."""
    rows, _, counts = _run(settings, lambda res: list_notices(res.desk, _LOOKING, _WHICH[which]))
    if as_json:
        click.echo(msgspec.json.encode({"notices": rows, "counts": counts}))
        return
    for row in rows:
        who = row.provider or row.sender or "unknown"
        late = "  BREACHED" if row.breached_at else ""
        done = f"{row.settled}/{row.items} decided"
        click.echo(f"{row.id}  {row.state:<12} due {_when(row.due_at)}  {done}  {who}  {row.fault}{late}")
    say(f"{counts.open} open, {counts.overdue} overdue, {counts.quarantined} in quarantine")


def print_notice(settings: Settings, notice_id: int, *, as_json: bool) -> None:
    """One notice."""
    view = _run(settings, lambda res: get_view(res.desk, _LOOKING, notice_id), _no_notice(notice_id))
    if as_json:
        click.echo(msgspec.json.encode(view))
        return
    notice = view.notice
    click.echo(f"{notice.id}  {notice.provider or notice.sender or 'unknown'}  {notice.state}  {notice.regime}")
    click.echo(
        f"received {_when(notice.received_at)}, due {_when(notice.due_at)}{'  BREACHED' if notice.breached_at else ''}"
    )
    if notice.subject:
        click.echo(f"{notice.subject[:200]!r} by {notice.sender or 'nobody known'}, by {notice.channel}")
    if notice.fault:
        click.echo(f"put aside: it {WORDS.get(cast('Fault', notice.fault), 'is of a sender for whom nobody vouches')}")
    for problem in notice.problems:
        detail = f" ({problem.detail})" if problem.detail else ""
        click.echo(f"left out: it {WORDS[problem.fault]}{detail}")
    for item in view.items:
        click.echo(f"  {item.position:>3}  {_done(item):<32}  {item.copies} copies  {item.url or item.quote[:60]!r}")
    if view.total > len(view.items):
        click.echo(f"  and {view.total - len(view.items)} more")


def add(settings: Settings, body: bytes, *, provider: str, regime: str | None, content_type: str) -> None:
    """Take a notice in."""

    async def run(res: Resources) -> Taken:
        found = await _provider(res, provider) if provider else None
        arrival = Arrival(
            body=body, content_type=content_type, channel="file", proof="person", provider=found,
            regime=_REGIMES[regime] if regime else None,
        )  # fmt: skip
        return await take_in(res.desk, arrival)

    taken = _run(settings, run)
    click.echo(taken.notice_id)
    if taken.is_new:
        say("taken in; the workers look for its copies")
    else:
        say(f"this was taken in before{f', and is one of {provider} now' if taken.is_named else ''}")


def read_mail(settings: Settings) -> None:
    """Read the mailbox."""
    url = settings.notices_imap_url
    if url is None:
        raise Refusal(Exit.SETTINGS, "notices_imap_url: is empty; docs/notices.md says what it looks like")
    server = parse_imap_url(url)
    taken = _run(settings, lambda res: read_mailbox(res.desk, server, settings.notices_authserv_id or ""))
    say(f"{taken} messages taken in")


def write_pack(settings: Settings, notice_id: int, out: Path) -> None:
    """Make a pack and write it."""

    async def run(res: Resources) -> bytes:
        return await make_pack(res.desk, settings, notice_id, extras=await estimates_for_pack(res))

    archive = _run(settings, run, _no_notice(notice_id))
    out.write_bytes(archive)
    say(f"written to {out}; `rostra notices verify {out}` checks it")


def drill(settings: Settings, actor: str, *, as_json: bool) -> None:
    """Rehearse an answer."""

    async def run(res: Resources) -> drills.DrillResult:
        return await drills.run_drill(res.desk, res.screen, settings, await _reviewer(res, actor))

    result = _run(settings, run)
    if as_json:
        click.echo(msgspec.json.encode(result))
        return
    for stage in result.stages:
        click.echo(f"{stage.name:<14}{stage.seconds:>9.3f} s")
    click.echo(f"{'in all':<14}{result.seconds:>9.3f} s")
    say(f"{result.found} of {result.copies} copies found, the pack is verified; notice {result.notice_id}")
    if result.found < result.copies:
        raise Refusal(Exit.FAILED, "not all copies were found")


def print_providers(settings: Settings, *, as_json: bool) -> None:
    """All providers."""
    found = _run(settings, lambda res: providers.list_providers(res.db))
    if as_json:
        click.echo(msgspec.json.encode(found))
        return
    for each in found:
        hours = each.reply_within.total_seconds() / 3600
        known = " ".join(filter(None, ("token" if each.has_token else "", *each.domains)))
        gone = "  retired" if each.retired_at else ""
        click.echo(f"{each.name}  {each.regime}  {hours:g} h  {each.host or '-'}  {known or '-'}{gone}")


def add_provider(
    settings: Settings,
    *,
    name: str,
    host: str,
    contact: str,
    domains: tuple[str, ...],
    regime: str,
    hours: float,
    language: str,
) -> None:
    """Keep a new provider."""

    async def run(res: Resources) -> int:
        bundle = (await res.desk.policies.current(res.db)).bundle
        draft = providers.ProviderDraft(
            name=name, host=host, contact=contact, domains=domains, regime=_REGIMES[regime],
            reply_within=timedelta(hours=hours), language=language,
        )  # fmt: skip
        return await providers.add_provider(res.db, res.clock, draft, bundle=bundle, actor_id=None)

    _run(settings, run)
    say(f"{name} is believed from now on; `rostra notices provider token {name!r}` makes a token for it")


def make_token(settings: Settings, name: str) -> None:
    """Make a token and print it."""

    async def run(res: Resources) -> str:
        found = await _provider(res, name)
        return await providers.make_token(res.db, res.clock, found.id, actor_id=None)

    click.echo(_run(settings, run))


def retire(settings: Settings, name: str) -> None:
    """Believe a provider no more."""

    async def run(res: Resources) -> None:
        found = await _provider(res, name)
        await providers.retire_provider(res.db, res.clock, found.id, actor_id=None)

    _run(settings, run)
    say(f"{name} is not believed any more")


def _done(item: Item) -> str:
    if item.decided is None:
        return item.match
    return ", ".join((item.decided.outcome, *item.decided.actions))


async def _provider(res: Resources, name: str) -> Provider:
    found = await providers.find_by_name(res.db, name)
    if found is None:
        raise Refusal(Exit.FAILED, f"there is no provider called {name!r}; `rostra notices provider list` names them")
    return found


async def _reviewer(res: Resources, name: str) -> Reviewer:
    user = await find_user_by_name(res.db, name)
    if user is None or not may(user.role, "notices"):
        raise Refusal(Exit.FAILED, f"{name!r} may not answer notices: give the account a role first")
    return Reviewer(account_id=user.account_id, role=user.role)


def _when(moment: datetime) -> str:
    return f"{moment.astimezone(UTC):%Y-%m-%d %H:%M}Z"


def _no_notice(notice_id: int) -> str:
    return f"there is no notice {notice_id}; `rostra notices list` has their numbers, with --which those that are over"


def _run(settings: Settings, act: Callable[[Resources], Awaitable[T]], nothing: str = "") -> T:
    async def go() -> Any:
        async with current_database(settings) as dsn, open_resources(settings, dsn, emit) as res:
            await res.screen.get_ready(res.db)
            return await act(res)

    with database_errors():
        try:
            return asyncio.run(go())
        except RostraError as error:
            raise Refusal(Exit.FAILED, in_words(error, nothing)) from None
