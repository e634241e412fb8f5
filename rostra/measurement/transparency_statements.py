"""Statements of reasons on their way out: read in order for a file, or handed in to the European Union's database.

Nothing is held in memory but a page. Handing in bears being repeated: the database knows each statement by its puid,
and what it knows already is noted as such.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator
from datetime import UTC, datetime, timedelta
from typing import Any, Final
from uuid import UUID

import msgspec
import structlog

from rostra.dsa.render import render_batch
from rostra.dsa.schema import BATCH
from rostra.dsa.validate import validate
from rostra.kit.clock import Clock
from rostra.kit.db import Database
from rostra.kit.errors import Upstream
from rostra.kit.http import HttpClient, Response
from rostra.measurement import transparency_queries as queries
from rostra.measurement.transparency_queries import StatementRow, Submissions

log = structlog.get_logger(__name__)

_PAGE: Final = 500
_LARGEST_ANSWER: Final = 8 << 20
_ANSWER_WITHIN: Final = 60.0
# Until then it may be undone, and is not told to anybody.
_SETTLED_AFTER: Final = timedelta(minutes=10)
# Statements that one run hands in; the next goes on.
_MOST: Final = 20_000
_LONGEST_PROBLEM: Final = 2000
_BEGINNING: Final = datetime(1970, 1, 1, tzinfo=UTC)

# Of a statement: its puid, the database's uuid where it gave one, and what it found wrong.
Found = tuple[str, UUID | None, str]


class Register(msgspec.Struct, frozen=True, kw_only=True):
    """The database that statements are handed in to."""

    url: str
    token: str

    def __repr__(self) -> str:
        return f"Register({self.url})"


async def read_statements(db: Database, begin: datetime, end: datetime) -> AsyncGenerator[dict[str, Any]]:
    """The statements made from `begin` until before `end`, in the order of time. No connection is held in between."""
    after = (begin - timedelta(microseconds=1), "\U0010ffff")
    while True:
        async with db.read() as conn:
            page = await queries.list_statements(conn, after, end, _PAGE, waiting=False)
        for row in page:
            yield row.body
        if len(page) < _PAGE:
            return
        after = (page[-1].created_at, page[-1].puid)


async def read_submissions(db: Database) -> Submissions:
    """How handing in has gone so far."""
    async with db.read() as conn:
        return await queries.count_submissions(conn)


async def hand_in(db: Database, clock: Clock, http: HttpClient, register: Register) -> int:
    """Hand in what waits, a hundred at a time; how many the database has now that it was not known to have.

    What is not valid is noted as refused and not sent. Raises Upstream where the database does not answer as it says.
    """
    after, before = (_BEGINNING, ""), clock.now() - _SETTLED_AFTER
    done = tried = 0
    while tried < _MOST:
        async with db.read() as conn:
            page = await queries.list_statements(conn, after, before, BATCH, waiting=True)
        if not page:
            break
        tried += len(page)
        after = (page[-1].created_at, page[-1].puid)
        good = await _set_invalid_aside(db, clock, page)
        while good:
            taken, good = await _send(db, clock, http, register, good)
            done += taken
    return done


async def _set_invalid_aside(db: Database, clock: Clock, page: list[StatementRow]) -> list[StatementRow]:
    problems = {row.puid: "; ".join(map(str, validate(row.body)))[:_LONGEST_PROBLEM] for row in page}
    bad: list[Found] = [(puid, None, problem) for puid, problem in problems.items() if problem]
    for puid, _, problem in bad:
        log.error("a statement of reasons is not valid", puid=puid, problem=problem)
    async with db.transaction() as tx:
        await queries.insert_submissions(tx, clock.now(), "refused", bad)
    return [row for row in page if not problems[row.puid]]


async def _send(
    db: Database, clock: Clock, http: HttpClient, register: Register, rows: list[StatementRow]
) -> tuple[int, list[StatementRow]]:
    """Hand in one batch; how many are in now, and which of them are to be tried again without the others."""
    answer = await http.post(
        register.url,
        content=render_batch([row.body for row in rows]),
        headers={
            "authorization": f"Bearer {register.token}",
            "content-type": "application/json",
            "accept": "application/json",
        },
        max_bytes=_LARGEST_ANSWER,
        deadline=_ANSWER_WITHIN,
    )
    if answer.status == 201:
        accepted = _read_accepted(answer, rows)
        async with db.transaction() as tx:
            await queries.insert_submissions(tx, clock.now(), "accepted", accepted)
        return len(accepted), []
    if answer.status != 422:
        raise Upstream(operator_text=f"the transparency database answered {answer.status}")
    known, refused = _read_problems(answer, rows)
    if not known and not refused:
        raise Upstream(operator_text="the transparency database refused a batch without naming a statement")
    for puid, _, problem in refused:
        log.error("the transparency database refuses a statement of reasons", puid=puid, problem=problem)
    async with db.transaction() as tx:
        await queries.insert_submissions(tx, clock.now(), "known", known)
        await queries.insert_submissions(tx, clock.now(), "refused", refused)
    settled = {puid for puid, _, _ in (*known, *refused)}
    return len(known), [row for row in rows if row.puid not in settled]


class _Taken(msgspec.Struct):
    puid: str
    uuid: UUID


class _Accepted(msgspec.Struct):
    statements: list[_Taken]


def _read_accepted(answer: Response, rows: list[StatementRow]) -> list[Found]:
    try:
        taken = {each.puid: each.uuid for each in msgspec.json.decode(answer.body, type=_Accepted).statements}
    except msgspec.DecodeError as error:
        raise Upstream(operator_text=f"the transparency database's answer cannot be read: {error}") from error
    missing = [row.puid for row in rows if row.puid not in taken]
    if missing:
        raise Upstream(operator_text=f"the transparency database took a batch but not {missing[0]}")
    return [(row.puid, taken[row.puid], "") for row in rows]


class _Errors(msgspec.Struct):
    errors: dict[str, Any]


def _read_problems(answer: Response, rows: list[StatementRow]) -> tuple[list[Found], list[Found]]:
    """Of a refused batch, those that the database has already, and those in which it finds something wrong (by their
    place in the batch)."""
    try:
        errors = msgspec.json.decode(answer.body, type=_Errors).errors
    except msgspec.DecodeError as error:
        raise Upstream(operator_text=f"the transparency database's answer cannot be read: {error}") from error
    existing: Any = errors.get("existing_puids")
    had = {str(puid) for puid in existing} if isinstance(existing, list) else set[str]()
    known: list[Found] = [(row.puid, None, "") for row in rows if row.puid in had]
    refused: list[Found] = [
        (row.puid, None, msgspec.json.encode(errors[f"statement_{place}"]).decode()[:_LONGEST_PROBLEM])
        for place, row in enumerate(rows)
        if f"statement_{place}" in errors
    ]
    return known, refused
