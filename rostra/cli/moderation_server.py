"""The commands of `rostra moderation`, on the server's database."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable, Sequence
from datetime import timedelta
from typing import Any, Final, Literal, TypeVar, get_args

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
from rostra.kit.errors import Conflict, Forbidden, Invalid, NotFound, RostraError
from rostra.kit.settings import Settings
from rostra.moderation.cases import queue
from rostra.moderation.cases.case_queries import Note
from rostra.moderation.cases.queue import Query
from rostra.moderation.cases.queue_queries import CaseShown
from rostra.moderation.decisions import decide as deciding
from rostra.moderation.decisions import reverse as reversing
from rostra.moderation.decisions.action_queries import FileRow
from rostra.moderation.decisions.history import DecisionView, get_decision
from rostra.moderation.desk import Desk, Reviewer
from rostra.moderation.records import ActionKind, ActionRow, Draft, SubjectKind, Wish
from rostra.moderation.reports import reporters
from rostra.resources import urls_of
from rostra.screening.active import ActivePolicy
from rostra.screening.cases import CaseSource

T = TypeVar("T")
_LASTS: Final = re.compile(r"([0-9]{1,5})([hd])")
_ACTS: Final = f"{', '.join(get_args(ActionKind))}; account. or file.ID. and one of them"
# What helps where a field is refused.
_REMEDIES: Final = {
    "media": "`rostra moderation files` prints those of a post",
    "revision": "`rostra moderation show` and `files` print it; look at the post before",
    "clause": "Name one with --clause, as the addresses on /policy have it behind the #",
    "domain": "Write it as in example.org",
}
_ANYBODY: Final = Reviewer(account_id=0, role="owner")


class Wanted(msgspec.Struct, frozen=True, kw_only=True):
    """Which cases to print."""

    state: Any
    clause: str
    language: str
    source: str


def print_queue(settings: Settings, wanted: Wanted, limit: int, *, as_json: bool) -> None:
    """Cases, page by page up to the limit."""
    if wanted.source and wanted.source not in get_args(CaseSource):
        raise Refusal(Exit.FAILED, f"nothing opens a case as {wanted.source!r}: {', '.join(get_args(CaseSource))}")
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

    found = run_desk(settings, read)
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
        " ".join((row.excerpt or _without_words(row)).split())[:60],
    ]


def _without_words(row: CaseShown) -> str:
    """What stands for a subject that says nothing: an account is none the less there, and a post may be a picture."""
    if row.subject_kind == "account":
        return f"@{row.username}"
    return "(gone)" if row.excerpt is None else "(no words)"


def print_case(settings: Settings, case_id: int, *, as_json: bool) -> None:
    """A case, and the revision of its post as it is now."""

    async def read(desk: Desk) -> tuple[CaseShown, tuple[int | None, list[FileRow]], list[Note]]:
        case = await queue.get_case(desk, case_id)
        post = await queue.find_post(desk, case.subject_id) if case.subject_kind == "status" else (None, [])
        return case, post, await queue.list_notes(desk, case_id)

    row, (revision, files), notes = run_desk(settings, read, nothing=_no_case(case_id))
    if as_json:
        found = {**msgspec.structs.asdict(row), "revision": revision, "files": files, "notes": notes}
        click.echo(msgspec.json.encode(found))
        return
    for name, value in msgspec.structs.asdict(row).items():
        click.echo(f"{name}: {'-' if value in (None, '') else value}")
    click.echo(f"revision: {'-' if revision is None else revision}")
    _print_files(files)
    for note in notes:
        click.echo(f"note of {note.created_at:%Y-%m-%d %H:%M} by {note.username or 'the server'}: {note.text}")


def print_files(settings: Settings, post_id: int, *, as_json: bool) -> None:
    """The files of a post, and its revision."""

    async def read(desk: Desk) -> tuple[int | None, list[FileRow]]:
        return await queue.find_post(desk, post_id)

    revision, files = run_desk(settings, read)
    if revision is None:
        raise Refusal(Exit.FAILED, _no_subject("post", post_id))
    if as_json:
        click.echo(msgspec.json.encode({"revision": revision, "files": files}))
        return
    click.echo(f"revision: {revision}")
    _print_files(files)


def _print_files(files: Sequence[FileRow]) -> None:
    for each in files:
        state = " (removed)" if each.removed_at else " (covered)" if each.covered else ""
        click.echo(f"file {each.id}: {each.type}{state} {each.description}".rstrip())


def make_draft(outcome: Any, clause: str, acts: Sequence[str], revision: int | None, facts: str, note: str) -> Draft:
    """A draft from the command line. Raises Refusal where an act is none, and where nothing is to be done: what waits
    would be published by it."""
    wishes = tuple(_wish(act) for act in acts)
    if outcome == "violates" and not wishes:
        raise Refusal(Exit.FAILED, f"say what is done with --act, `warn` where it is nothing else: {_ACTS}")
    return Draft(outcome=outcome, clause=clause, wishes=wishes, revision=revision, facts=facts, note=note)


def decide(settings: Settings, case_id: int, actor: str, draft: Draft, *, as_json: bool) -> None:
    """Decide a case, and say what was done."""

    async def act(desk: Desk) -> DecisionView:
        made = await deciding.decide_case(desk, await reviewer_named(desk, actor), case_id, draft)
        return await get_decision(desk, made)

    _say_decided(
        run_desk(settings, act, nothing=_no_case(case_id), changed=f"look with `rostra moderation show {case_id}`"),
        as_json=as_json,
    )


def decide_without_case(
    settings: Settings, kind: Literal["post", "account"], subject_id: int, actor: str, draft: Draft, *, as_json: bool
) -> None:
    """Decide on a post or an account that nobody need have reported, and say what was done."""

    async def act(desk: Desk) -> DecisionView:
        reviewer = await reviewer_named(desk, actor)
        on: SubjectKind = "status" if kind == "post" else "account"
        return await get_decision(desk, await deciding.decide_subject(desk, reviewer, on, subject_id, draft))

    changed = f"look with `rostra moderation files {subject_id}`"
    view = run_desk(settings, act, nothing=_no_subject(kind, subject_id), changed=changed)
    _say_decided(view, as_json=as_json)


def _say_decided(view: DecisionView, *, as_json: bool) -> None:
    if as_json:
        click.echo(msgspec.json.encode(view))
        return
    done = ", ".join(map(_done, view.actions)) or "nothing more"
    say(f"decision {view.decision.id}: {view.decision.outcome}; {done}")


def _done(action: ActionRow) -> str:
    on = {"status": "the post", "account": "the account", "media": f"file {action.subject_id}"}[action.subject_kind]
    return f"{action.kind} on {on}" + (f" until {action.ends_at:%Y-%m-%d %H:%M}" if action.ends_at else "")


def reverse(settings: Settings, decision_id: int, actor: str, note: str, *, as_json: bool) -> None:
    """Turn a decision round."""

    async def act(desk: Desk) -> DecisionView:
        await reversing.reverse(desk, await reviewer_named(desk, actor), decision_id, "review", note=note)
        return await get_decision(desk, decision_id)

    nothing = f"there is no decision {decision_id}: `rostra moderation decide` prints the numbers"
    view = run_desk(settings, act, nothing=nothing)
    if as_json:
        click.echo(msgspec.json.encode(view))
        return
    say(f"decision {decision_id} was turned round")


def mute_reporter(settings: Settings, username: str, actor: str, *, muted: bool, as_json: bool) -> None:
    """Log somebody's reports without effect, or hear them again."""

    async def act(desk: Desk) -> None:
        user = await find_user_by_name(desk.db, username)
        if user is None:
            raise Refusal(Exit.FAILED, f"nobody here is called {username!r}; `rostra account list` shows everybody")
        await reporters.mute_reporter(desk, await reviewer_named(desk, actor), user.account_id, muted=muted)

    run_desk(settings, act)
    if as_json:
        click.echo(msgspec.json.encode({"username": username, "muted": muted}))
        return
    say(f"reports of {username} are {'logged without effect' if muted else 'heard again'}")


def warn_reporter(settings: Settings, username: str, actor: str, *, as_json: bool) -> None:
    """Warn somebody before their reports are left unheard."""

    async def act(desk: Desk) -> None:
        user = await find_user_by_name(desk.db, username)
        if user is None:
            raise Refusal(Exit.FAILED, f"nobody here is called {username!r}; `rostra account list` shows everybody")
        await reporters.warn_reporter(desk, await reviewer_named(desk, actor), user.account_id)

    run_desk(settings, act)
    if as_json:
        click.echo(msgspec.json.encode({"username": username, "warned": True}))
        return
    say(f"{username} is warned")


def _wish(act: str) -> Wish:
    """`remove`, `limit:7d`, `label:graphic`, `account.sensitive`, `freeze:24h`, `file.1166.remove:7d`."""
    name, _, rest = act.partition(":")
    on, _, kind = name.rpartition(".")
    head, _, number = on.partition(".")
    if kind not in get_args(ActionKind) or head not in ("", "status", "account", "file"):
        raise Refusal(Exit.FAILED, f"{act!r} is no act: {_ACTS}")
    if (head == "file") != number.isdecimal() or (number and head != "file"):
        raise Refusal(Exit.FAILED, f"{act!r} is no act: a file has its id, as in file.1166.remove; `files` prints them")
    label, _, lasts = rest.partition(":") if kind == "label" else ("", "", rest)
    only_account = kind in ("warn", "freeze", "suspend")
    return Wish(
        kind=kind,  # type: ignore[arg-type]
        on="media" if head == "file" else "account" if head == "account" or only_account else "status",
        media_id=int(number) if number else None,
        label=label,
        lasts=read_time(lasts) if lasts else None,
    )


def read_time(text: str) -> timedelta:
    """`24h` or `7d`. Raises Refusal."""
    match = _LASTS.fullmatch(text)
    if match is None:
        raise Refusal(Exit.FAILED, f"{text!r} is no time: say 24h or 7d")
    return timedelta(**{{"h": "hours", "d": "days"}[match[2]]: int(match[1])})


def _no_case(case_id: int) -> str:
    return f"there is no case {case_id}: `rostra moderation queue` has what waits, `--state closed` what was decided"


def _no_subject(kind: str, subject_id: int) -> str:
    where = "the end of its address, and its `id` in the API" if kind == "post" else "its `id` in the API"
    return f"there is no {kind} {subject_id}: the number is {where}"


async def reviewer_named(desk: Desk, name: str) -> Reviewer:
    """One of the staff. Raises Refusal."""
    user = await find_user_by_name(desk.db, name)
    if user is None or not may(user.role, "queue"):
        raise Refusal(
            Exit.FAILED, f"{name!r} is not of the staff: give the account a role first (`rostra account role`)"
        )
    return Reviewer(account_id=user.account_id, role=user.role)


def run_desk(settings: Settings, act: Callable[[Desk], Awaitable[T]], *, nothing: str = "", changed: str = "") -> T:
    """Do something with the desk of the server's database. `nothing` is said where what was named is not there,
    `changed` is what helps where it is not as it was. Raises Refusal for all that the desk refuses."""

    async def go(db: Database) -> T:
        clock = Clock()
        desk = Desk(db=db, clock=clock, emit=emit, policies=ActivePolicy(clock), urls=urls_of(settings))
        try:
            return await act(desk)
        except RostraError as error:
            raise Refusal(Exit.FAILED, _in_words(error, nothing, changed)) from None

    return with_database(settings, go)


def _in_words(error: RostraError, nothing: str, changed: str) -> str:
    if isinstance(error, NotFound) and nothing:
        return nothing
    if isinstance(error, Conflict) and changed:
        return f"{error.text}: {changed}"
    if isinstance(error, Forbidden) and error.text == Forbidden.text:
        return f"{error.text}: the role of who is named by --as does not allow it; see docs/moderators-guide.md"
    if isinstance(error, Invalid):
        remedy = _REMEDIES.get(error.field)
        said = error.text.removeprefix("Validation failed: ")
        return f"{said}. {remedy}" if remedy else said
    return error.text
