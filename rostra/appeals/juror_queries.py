"""SQL of jurors: who can be drawn, who has offered, what is learnt of them from their ballots."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Final

import msgspec

from rostra.appeals.viewpoints import Cast
from rostra.kit.db import Reader, Tx, as_record, as_records, find_record

# $1 decision, $2 appeal or null, $3 roles. Nobody who has had a part in it, who knows those concerned (follows, blocks,
# mutes, mentions, either way), who signed up from the same address, or has enough to do already.
CANDIDATES: Final = """
with concerned as materialized (
  select d.account_id as id from decisions d where d.id = $1
  union select a.account_id from appeals a where a.id = $2 and a.account_id is not null
  union select r.account_id from decisions d join report_cases rc on rc.case_id = d.case_id
    join reports r on r.id = rc.report_id where d.id = $1 and r.account_id is not null),
known as materialized (
  select f.target_id as id from concerned c join follows f on f.account_id = c.id
  union select f.account_id from concerned c join follows f on f.target_id = c.id
  union select b.target_id from concerned c join blocks b on b.account_id = c.id
  union select b.account_id from concerned c join blocks b on b.target_id = c.id
  union select m.target_id from concerned c join mutes m on m.account_id = c.id
  union select m.account_id from concerned c join mutes m on m.target_id = c.id
  union select m.account_id from concerned c join statuses s on s.account_id = c.id
    join mentions m on m.status_id = s.id
  union select s.account_id from concerned c join mentions m on m.account_id = c.id
    join statuses s on s.id = m.status_id
  union select u.account_id from concerned c join users x on x.account_id = c.id
    join users u on u.sign_up_ip = x.sign_up_ip)
select j.account_id as id, j.factor from jurors j join users u on u.account_id = j.account_id
join accounts a on a.id = j.account_id
where u.role = any($3::text[]) and u.disabled_at is null and u.confirmed_at is not null and u.approved_at is not null
  and a.suspended_at is null and a.frozen_at is null and a.silenced_at is null
  and j.account_id not in (select id from concerned) and j.account_id not in (select id from known)
  and not took_part($1, j.account_id)
  and (select count(*) from panel_members m where m.juror_id = j.account_id and m.state = 'asked') < 3
order by j.account_id
"""

OPT_IN: Final = "insert into jurors (account_id, opted_in_at) values ($1, $2) on conflict do nothing"

OPT_OUT: Final = "delete from jurors where account_id = $1"

JUROR: Final = "select quality, factor, opted_in_at from jurors where account_id = $1"

RECIPIENTS: Final = """
select u.email, a.username as name, u.locale from users u join accounts a on a.id = u.account_id
where u.account_id = any($1::bigint[]) and u.confirmed_at is not null
"""

CASTS: Final = """
select b.juror_id, b.panel_id, case b.vote when 'overturn' then 1.0 else 0.0 end::float8 as value
from ballots b join panels p on p.id = b.panel_id
where b.vote <> 'unsure' and p.state <> 'voting' and b.cast_at >= $1 order by b.panel_id, b.juror_id limit 200000
"""

# How often each was right: about known questions wholly, by the outcome of their panels half.
RIGHT: Final = """
select b.juror_id, sum(case when p.truth is not null then 1.0 else 0.5 end)::float8 as asked,
  sum(case when b.vote <> coalesce(p.truth, p.outcome) then 0.0 when p.truth is not null then 1.0 else 0.5 end)::float8
    as right
from ballots b join panels p on p.id = b.panel_id
where b.vote <> 'unsure' and p.state <> 'voting' and coalesce(p.truth, p.outcome) is not null group by b.juror_id
"""

KEEP_JURORS: Final = """
update jurors j set factor = x.factor, quality = x.quality, fitted_at = $4
from unnest($1::bigint[], $2::real[], $3::real[]) as x(id, factor, quality) where j.account_id = x.id
"""

JURORS: Final = "select account_id from jurors order by account_id"


class JurorRow(msgspec.Struct, frozen=True, kw_only=True):
    """A juror, and what is known of them."""

    quality: float
    factor: float | None
    opted_in_at: datetime


class Summoned(msgspec.Struct, frozen=True, kw_only=True):
    """Who is written to."""

    email: str
    name: str
    locale: str


class Right(msgspec.Struct, frozen=True, kw_only=True):
    """How often a juror was right, and of how many."""

    juror_id: int
    asked: float
    right: float


async def list_candidates(
    conn: Reader, decision_id: int, appeal_id: int | None, roles: Sequence[str]
) -> list[tuple[int, float | None]]:
    """Who can be drawn, with where they stand."""
    return [(row["id"], row["factor"]) for row in await conn.fetch(CANDIDATES, decision_id, appeal_id, roles)]


async def opt_in(tx: Tx, account_id: int, at: datetime) -> None:
    await tx.execute(OPT_IN, account_id, at)


async def opt_out(tx: Tx, account_id: int) -> None:
    await tx.execute(OPT_OUT, account_id)


async def find_juror(conn: Reader, account_id: int) -> JurorRow | None:
    return find_record(JurorRow, await conn.fetchrow(JUROR, account_id))


async def list_summoned(conn: Reader, account_ids: Sequence[int]) -> list[Summoned]:
    return as_records(Summoned, await conn.fetch(RECIPIENTS, account_ids))


async def list_casts(conn: Reader, since: datetime) -> list[Cast]:
    return [as_record(Cast, row) for row in await conn.fetch(CASTS, since)]


async def list_right(conn: Reader) -> dict[int, Right]:
    return {row.juror_id: row for row in as_records(Right, await conn.fetch(RIGHT))}


async def list_jurors(conn: Reader) -> list[int]:
    return [row["account_id"] for row in await conn.fetch(JURORS)]


async def keep_jurors(
    tx: Tx, ids: Sequence[int], factors: Sequence[float | None], qualities: Sequence[float], at: datetime
) -> None:
    await tx.execute(KEEP_JURORS, ids, factors, qualities, at)
