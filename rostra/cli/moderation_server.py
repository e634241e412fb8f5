"""The commands of `rostra moderation`, on the server's database."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable, Sequence
from datetime import timedelta
from typing import Any, Final, TypeVar, get_args

import click
import msgspec

from rostra.accounts.permissions import may
from rostra.accounts.staff import find_user_by_name
from rostra.cli.options import Exit, Refusal, say
from rostra.cli.policy_files import columns
from rostra.cli.policy_server import with_database
from rostra.effects import emit
from rostra.kit.clock import Clock
from rostra.kit.db import Database
from rostra.kit.errors import RostraError
from rostra.kit.settings import Settings
from rostra.moderation.cases import queue
from rostra.moderation.cases.queue import Query
from rostra.moderation.cases.queue_queries import CaseShown
from rostra.moderation.decisions import bulk
from rostra.moderation.decisions import decide as deciding
from rostra.moderation.decisions import reverse as reversing
from rostra.moderation.decisions.history import get_decision
from rostra.moderation.desk import Desk, Reviewer
from rostra.moderation.records import ActionKind, Draft, Wish
from rostra.moderation.reports import reporters
from rostra.resources import urls_of
from rostra.screening.active import ActivePolicy

T = TypeVar("T")
_LASTS: Final = re.compile(r"([0-9]{1,5})([hd])")
_ANYBODY: Final = Reviewer(account_id=0, role="owner")


class Wanted(msgspec.Struct, frozen=True, kw_only=True):
    """Which cases to print."""

    state: Any
    clause: str
    language: str
    source: str


def print_queue(settings: Settings, wanted: Wanted, limit: int, *, as_json: bool) -> None:
    """Cases, page by page up to the limit."""
    query = Query(state=wanted.state, clause=wanted.clause, language=wanted.language, source=wanted.source)

    async def read(desk: Desk) -> list[CaseShown]:
        found: list[CaseShown] = []
        after = ""
        while len(found) < limit:
            rows, after = await queue.list_cases(desk, _ANYBODY, query, after)
            found += rows
            if not after:
                break
        return found[:limit]

    found = _run(settings, read)
    if as_json:
        click.echo(msgspec.json.encode(found))
        return
    rows = [["CASE", "ABOUT", "CLAUSE", "WHY", "REPORTS", "OPENED", "DUE", "WHAT IT SAYS"], *map(_line, found)]
    for line in columns(rows):
        click.echo(line)


def _line(row: CaseShown) -> list[str]:
    return [
        str(row.id),
        f"{row.subject_kind} {row.subject_id}",
        row.clause or "-",
        row.source,
        str(row.reports_count),
        f"{row.opened_at:%Y-%m-%d %H:%M}",
        f"{row.due_at:%Y-%m-%d %H:%M}" if row.due_at else "-",
        " ".join((row.excerpt or "(gone)").split())[:60],
    ]


def print_case(settings: Settings, case_id: int, *, as_json: bool) -> None:
    """A case, and the revision of its post as it is now."""

    async def read(desk: Desk) -> tuple[CaseShown, int | None]:
        return await queue.get_case(desk, case_id), await queue.find_revision(desk, case_id)

    row, revision = _run(settings, read)
    if as_json:
        click.echo(msgspec.json.encode({**msgspec.structs.asdict(row), "revision": revision}))
        return
    for name, value in msgspec.structs.asdict(row).items():
        click.echo(f"{name}: {value}")
    click.echo(f"revision: {revision}")


def make_draft(outcome: Any, clause: str, acts: Sequence[str], revision: int | None, facts: str, note: str) -> Draft:
    """A draft from the command line. Raises Refusal where an act is none."""
    wishes = tuple(_wish(act) for act in acts)
    return Draft(outcome=outcome, clause=clause, wishes=wishes, revision=revision, facts=facts, note=note)


def decide(settings: Settings, case_id: int, actor: str, draft: Draft, *, as_json: bool) -> None:
    """Decide a case, and say what was done."""

    async def act(desk: Desk) -> Any:
        made = await deciding.decide_case(desk, await _reviewer(desk, actor), case_id, draft)
        return await get_decision(desk, made)

    view = _run(settings, act)
    if as_json:
        click.echo(msgspec.json.encode(view))
        return
    done = ", ".join(f"{action.kind} on the {action.subject_kind}" for action in view.actions) or "nothing more"
    say(f"decision {view.decision.id}: {view.decision.outcome}; {done}")


def reverse(settings: Settings, decision_id: int, actor: str) -> None:
    """Turn a decision round."""

    async def act(desk: Desk) -> None:
        await reversing.reverse(desk, await _reviewer(desk, actor), decision_id, "review")

    _run(settings, act)
    say(f"decision {decision_id} was turned round")


def start_bulk(settings: Settings, actor: str, ids: Sequence[str], draft: Draft, accounts: bool) -> None:
    """Order a bulk decision."""
    wrong = [each for each in ids if not each.isdecimal()]
    if wrong:
        raise Refusal(Exit.FAILED, f"{wrong[0]!r} is no id: the file has one on each line")

    async def act(desk: Desk) -> int:
        reviewer = await _reviewer(desk, actor)
        kind = "account" if accounts else "status"
        return await bulk.start_bulk(desk, reviewer, kind, [int(each) for each in ids], draft)

    made = _run(settings, act)
    say(f"bulk decision {made} was ordered: a worker does it; see /admin/desk/bulk/{made}")


def mute_reporter(settings: Settings, username: str, actor: str, *, muted: bool) -> None:
    """Log somebody's reports without effect, or hear them again."""

    async def act(desk: Desk) -> None:
        user = await find_user_by_name(desk.db, username)
        if user is None:
            raise Refusal(Exit.FAILED, f"nobody here is called {username!r}")
        await reporters.mute_reporter(desk, await _reviewer(desk, actor), user.account_id, muted=muted)

    _run(settings, act)
    say(f"reports of {username} are {'logged without effect' if muted else 'heard again'}")


def warn_reporter(settings: Settings, username: str, actor: str) -> None:
    """Warn somebody before their reports are left unheard."""

    async def act(desk: Desk) -> None:
        user = await find_user_by_name(desk.db, username)
        if user is None:
            raise Refusal(Exit.FAILED, f"nobody here is called {username!r}")
        await reporters.warn_reporter(desk, await _reviewer(desk, actor), user.account_id)

    _run(settings, act)
    say(f"{username} is warned")


def _wish(act: str) -> Wish:
    """`account.freeze:24h`, `label:graphic`, `remove`."""
    name, _, rest = act.partition(":")
    on, _, kind = name.rpartition(".")
    if kind not in get_args(ActionKind) or on not in ("", "status", "account"):
        raise Refusal(Exit.FAILED, f"{act!r} is no act: {', '.join(get_args(ActionKind))}, or account. and one of them")
    label, _, lasts = rest.partition(":") if kind == "label" else ("", "", rest)
    match = _LASTS.fullmatch(lasts) if lasts else None
    if lasts and match is None:
        raise Refusal(Exit.FAILED, f"{lasts!r} is no time: say 24h or 7d")
    unit = {"h": "hours", "d": "days"}
    span = None if match is None else timedelta(**{unit[match[2]]: int(match[1])})
    only_account = kind in ("warn", "freeze", "suspend")
    return Wish(
        kind=kind,  # type: ignore[arg-type]
        on="account" if on == "account" or only_account else "status",
        label=label,
        lasts=span,
    )


async def _reviewer(desk: Desk, name: str) -> Reviewer:
    user = await find_user_by_name(desk.db, name)
    if user is None or not may(user.role, "queue"):
        raise Refusal(Exit.FAILED, f"{name!r} is not of the staff: give the account a role first")
    return Reviewer(account_id=user.account_id, role=user.role)


def _run(settings: Settings, act: Callable[[Desk], Awaitable[T]]) -> T:
    async def go(db: Database) -> T:
        clock = Clock()
        desk = Desk(db=db, clock=clock, emit=emit, policies=ActivePolicy(clock), urls=urls_of(settings))
        try:
            return await act(desk)
        except RostraError as error:
            raise Refusal(Exit.FAILED, error.text) from None

    return with_database(settings, go)
