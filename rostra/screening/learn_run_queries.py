"""SQL of the times that learning was tried, and of what the page of learning shows besides."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Final

import msgspec

from rostra.kit.db import Reader, Tx, as_records, find_record

INSERT: Final = """
insert into learning_runs (id, actor_id, started_at) values (make_id($2), $1, $2) returning id
"""

FINISH: Final = "update learning_runs set finished_at = $2, outcome = $3 where id = $1 and finished_at is null"

FORGET: Final = "delete from learning_runs where started_at < $1"

_RUN: Final = """
select r.id, r.started_at, r.finished_at, r.outcome, a.username as actor
from learning_runs r left join accounts a on a.id = r.actor_id
"""

RUNNING: Final = f"{_RUN} where r.finished_at is null and r.started_at > $1 order by r.id desc limit 1"

LATEST: Final = f"{_RUN} where r.finished_at is not null order by r.id desc limit 1"

SWITCHES: Final = """
select e.type, e.subject_id as adjustment_id, e.created_at, coalesce(e.details ->> 'name', '') as name,
  a.username as actor
from moderation_events e left join accounts a on a.id = e.actor_id
where e.type in ('model_promoted', 'model_rolled_back') order by e.id desc limit $1
"""

ANSWERS: Final = """
select count(*) as answers, count(*) filter (where actor_id = $1 and created_at >= $2) as mine_today
from moderation_events where type = 'text_labelled'
"""


class RunRow(msgspec.Struct, frozen=True, kw_only=True):
    """A time that it was tried: `actor` is a username, None for the night and for commands."""

    id: int
    started_at: datetime
    finished_at: datetime | None
    outcome: dict[str, Any] | None
    actor: str | None


class Switch(msgspec.Struct, frozen=True, kw_only=True):
    """An adjustment that was promoted or taken back, and by whom; `name` is that of one that was promoted."""

    type: str
    adjustment_id: int
    created_at: datetime
    name: str
    actor: str | None


class Answers(msgspec.Struct, frozen=True, kw_only=True):
    """How many answers there are to what the model proposes: by everybody, and by one person today."""

    answers: int
    mine_today: int


async def insert_run(tx: Tx, actor_id: int | None, at: datetime) -> int:
    """Note that it begins; its id."""
    return await tx.fetchval(INSERT, actor_id, at)


async def finish_run(tx: Tx, run_id: int, at: datetime, outcome: dict[str, Any] | None) -> None:
    """Note what came of it; None where it was cut short."""
    await tx.execute(FINISH, run_id, at, outcome)


async def forget_runs(tx: Tx, before: datetime) -> None:
    """Forget old ones."""
    await tx.execute(FORGET, before)


async def find_running(conn: Reader, since: datetime) -> RunRow | None:
    """The one that has begun since then and has not ended."""
    return find_record(RunRow, await conn.fetchrow(RUNNING, since))


async def find_latest_run(conn: Reader) -> RunRow | None:
    """The one that ended last."""
    return find_record(RunRow, await conn.fetchrow(LATEST))


async def list_switches(conn: Reader, limit: int) -> list[Switch]:
    """What was promoted and taken back, the latest first."""
    return as_records(Switch, await conn.fetch(SWITCHES, limit))


async def count_answers(conn: Reader, actor_id: int, midnight: datetime) -> Answers:
    """How many answers there are."""
    found = find_record(Answers, await conn.fetchrow(ANSWERS, actor_id, midnight))
    assert found is not None
    return found
