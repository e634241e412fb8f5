"""SQL of ordered checks of the policy."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final, Literal

import msgspec

from rostra.kit.db import Reader, Tx, find_record
from rostra.policy.records import Problem

Outcome = Literal["sound", "faulty", "activated", "changed", "failed"]
Wanted = Literal["check", "activate"]

# The same, ordered twice by one impatient finger, is one.
FIND_WAITING: Final = """
select id from policy_checks where version_id = $1 and wanted = $2 and author_id is not distinct from $3
  and file_name is not distinct from $4 and file_text is not distinct from $5 and note = $6 and seen = $7
  and finished_at is null and ordered_at > $8
order by id desc limit 1
"""

INSERT: Final = """
insert into policy_checks (id, version_id, wanted, author_id, file_name, file_text, note, seen, ordered_at)
values (make_id($8), $1, $2, $3, $4, $5, $6, $7, $8) returning id
"""

FORGET: Final = "delete from policy_checks where ordered_at < $1"

_COLUMNS: Final = """
select c.id, c.version_id, v.version, c.wanted, c.file_name, c.file_text, c.note, c.author_id, a.username as author,
  c.seen, c.ordered_at, c.started_at, c.done, c.total, c.finished_at, c.outcome, c.found_active, c.problems
from policy_checks c join policy_versions v on v.id = c.version_id left join accounts a on a.id = c.author_id
"""

CHECK: Final = f"{_COLUMNS} where c.id = $1"

# Of a version as it is kept; what somebody tried while writing is theirs.
LATEST: Final = f"{_COLUMNS} where c.version_id = $1 and c.file_name is null order by c.id desc limit 1"

START: Final = "update policy_checks set started_at = coalesce(started_at, $2) where id = $1"

PROGRESS: Final = "update policy_checks set done = $2, total = $3 where id = $1"

FINISH: Final = """
update policy_checks set finished_at = $2, outcome = $3, problems = $4, found_active = $5
where id = $1 and finished_at is null
"""


class CheckRow(msgspec.Struct, frozen=True, kw_only=True):
    """A check: waiting, running or finished. `author` is a username; `file_name` and `file_text` are a file as somebody
    is writing it."""

    id: int
    version_id: int
    version: str
    wanted: Wanted
    file_name: str | None
    file_text: bytes | None
    note: str
    author_id: int | None
    author: str | None
    seen: str
    ordered_at: datetime
    started_at: datetime | None
    done: int
    total: int
    finished_at: datetime | None
    outcome: Outcome | None
    found_active: str
    problems: list[dict[str, Any]]

    @property
    def found(self) -> list[Problem]:
        """What is wrong."""
        return msgspec.convert(self.problems, list[Problem])

    @property
    def errors(self) -> int:
        """How much of it stands in the way of activation."""
        return sum(problem["level"] == "error" for problem in self.problems)


class NewCheck(msgspec.Struct, frozen=True, kw_only=True):
    """A check to be ordered."""

    version_id: int
    author_id: int | None
    wanted: Wanted = "check"
    file_name: str | None = None
    file_text: bytes | None = None
    note: str = ""
    seen: str = ""


async def find_waiting(tx: Tx, new: NewCheck, since: datetime) -> int | None:
    """The same check, ordered since then and not finished yet."""
    return await tx.fetchval(
        FIND_WAITING, new.version_id, new.wanted, new.author_id, new.file_name, new.file_text, new.note, new.seen, since
    )


async def insert_check(tx: Tx, new: NewCheck, at: datetime) -> int:
    """Keep an order; its id."""
    return await tx.fetchval(
        INSERT, new.version_id, new.wanted, new.author_id, new.file_name, new.file_text, new.note, new.seen, at
    )


async def forget_checks(tx: Tx, before: datetime) -> None:
    """Forget what was found so long ago."""
    await tx.execute(FORGET, before)


async def find_check(conn: Reader, check_id: int) -> CheckRow | None:
    return find_record(CheckRow, await conn.fetchrow(CHECK, check_id))


async def find_latest(conn: Reader, version_id: int) -> CheckRow | None:
    """The latest check of a version."""
    return find_record(CheckRow, await conn.fetchrow(LATEST, version_id))


async def start(tx: Tx, check_id: int, at: datetime) -> None:
    await tx.execute(START, check_id, at)


async def note_progress(tx: Tx, check_id: int, done: int, total: int) -> None:
    await tx.execute(PROGRESS, check_id, done, total)


async def finish(
    tx: Tx, check_id: int, at: datetime, outcome: Outcome, problems: Sequence[Problem] = (), found_active: str = ""
) -> None:
    """Write what came of it, once."""
    await tx.execute(FINISH, check_id, at, outcome, problems, found_active)
