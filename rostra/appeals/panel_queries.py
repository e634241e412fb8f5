"""SQL of panels: who can be drawn, who was, their ballots, what they came to, and what is learnt of jurors."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final, Literal

import msgspec

from rostra.appeals.viewpoints import Cast, Drawn, Weighed
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

INSERT_PANEL: Final = """
insert into panels (id, appeal_id, decision_id, truth, question, seed, drawn_at, due_at)
values (make_id($6), $1, $2, $3, $4, $5, $6, $7) returning id
"""

INSERT_MEMBER: Final = """
insert into panel_members (panel_id, juror_id, side, asked_at, due_at) values ($1, $2, $3, $4, $5)
on conflict do nothing
"""

_PANEL: Final = """
p.id, p.appeal_id, p.decision_id, p.truth, p.question, p.seed, p.drawn_at, p.due_at, p.state, p.outcome, p.tally,
  p.closed_at
"""

PANEL: Final = f"select {_PANEL} from panels p where p.id = $1"

LOCK_PANEL: Final = f"select {_PANEL} from panels p where p.id = $1 for update"

OF_APPEAL: Final = f"select {_PANEL} from panels p where p.appeal_id = $1"

MEMBERS: Final = (
    "select juror_id, side, state, due_at from panel_members where panel_id = $1 order by asked_at, juror_id"
)

VOTES: Final = """
select m.side, b.vote, b.weight from ballots b join panel_members m on m.panel_id = b.panel_id
  and m.juror_id = b.juror_id
where b.panel_id = $1 order by m.side, b.weight, b.vote
"""

# In the order of the nonces, which says nothing of who they are from.
REASONS: Final = """
select b.vote, b.reason from ballots b join panels p on p.id = b.panel_id
where b.panel_id = $1 and b.reason <> '' and p.state <> 'voting' order by b.nonce
"""

SET_MEMBER: Final = """
update panel_members set state = $3 where panel_id = $1 and juror_id = $2 and state = 'asked' returning juror_id
"""

LAPSE: Final = "update panel_members set state = 'lapsed' where panel_id = $1 and state = 'asked' and due_at <= $2"

CLOSE_PANEL: Final = """
update panels set state = $2, outcome = $3, tally = $4, closed_at = $5 where id = $1 and state = 'voting'
"""

LAPSE_ALL: Final = "update panel_members set state = 'lapsed' where panel_id = $1 and state = 'asked'"

DUE: Final = """
select p.id from panels p
where p.state = 'voting' and (p.due_at <= $1 or exists (
  select from panel_members m where m.panel_id = p.id and m.state = 'asked' and m.due_at <= $1))
order by p.due_at limit 100
"""

INSERT_BALLOT: Final = """
insert into ballots (panel_id, juror_id, vote, reason, weight, nonce, cast_at) values ($1, $2, $3, $4, $5, $6, $7)
"""

# What a juror is asked, and has answered; of others nothing.
OF_JUROR: Final = """
select p.id, p.question, p.state, p.outcome, m.state as member_state, m.due_at, b.vote, b.reason
from panel_members m join panels p on p.id = m.panel_id
left join ballots b on b.panel_id = m.panel_id and b.juror_id = m.juror_id
where m.juror_id = $1 and ($2::bigint is null or p.id = $2) and m.state in ('asked', 'voted')
order by (m.state = 'asked' and p.state = 'voting') desc, m.due_at desc, p.id desc limit 50
"""

OPT_IN: Final = "insert into jurors (account_id, opted_in_at) values ($1, $2) on conflict do nothing"

OPT_OUT: Final = "delete from jurors where account_id = $1"

JUROR: Final = "select quality, factor, opted_in_at from jurors where account_id = $1"

RECIPIENTS: Final = """
select u.email, a.username as name, u.locale from users u join accounts a on a.id = u.account_id
where u.account_id = any($1::bigint[]) and u.confirmed_at is not null
"""

# Who could be named in a question: the author, and those who took part in it.
NAMES: Final = """
select a.username as name from decisions d join accounts a on a.id = d.account_id where d.id = $1
union select a.display_name from decisions d join accounts a on a.id = d.account_id where d.id = $1
union select x.username from appeals p join accounts x on x.id = p.account_id where p.id = $2
union select x.display_name from appeals p join accounts x on x.id = p.account_id where p.id = $2
"""

EXPOSURE: Final = (
    "select coalesce(c.exposure, 0) from decisions d left join cases c on c.id = d.case_id where d.id = $1"
)

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


class PanelRow(msgspec.Struct, frozen=True, kw_only=True):
    """A panel. `question` is what its jurors see; see `panel_draw.Question`."""

    id: int
    appeal_id: int | None
    decision_id: int
    truth: Literal["uphold", "overturn"] | None
    question: dict[str, Any]
    seed: str
    drawn_at: datetime
    due_at: datetime
    state: Literal["voting", "decided", "returned"]
    outcome: Literal["uphold", "overturn"] | None
    tally: dict[str, dict[str, float]] | None
    closed_at: datetime | None


class MemberRow(msgspec.Struct, frozen=True, kw_only=True):
    """Somebody who was asked."""

    juror_id: int
    side: Literal[0, 1]
    state: Literal["asked", "voted", "declined", "lapsed"]
    due_at: datetime


class AskedRow(msgspec.Struct, frozen=True, kw_only=True):
    """A panel as one of its jurors sees it: their own ballot, and no other."""

    id: int
    question: dict[str, Any]
    state: Literal["voting", "decided", "returned"]
    outcome: Literal["uphold", "overturn"] | None
    member_state: Literal["asked", "voted"]
    due_at: datetime
    vote: Literal["uphold", "overturn", "unsure"] | None
    reason: str | None


class Reason(msgspec.Struct, frozen=True, kw_only=True):
    """What a juror wrote beside a vote."""

    vote: Literal["uphold", "overturn", "unsure"]
    reason: str


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


async def insert_panel(tx: Tx, values: Sequence[object]) -> int:
    """Write a panel (appeal or null, decision, truth or null, question, seed, time, due); its id."""
    return await tx.fetchval(INSERT_PANEL, *values)


async def insert_members(tx: Tx, panel_id: int, drawn: Sequence[Drawn], at: datetime, due_at: datetime) -> None:
    await tx.executemany(INSERT_MEMBER, [(panel_id, one.juror_id, one.side, at, due_at) for one in drawn])


async def find_panel(conn: Reader, panel_id: int) -> PanelRow | None:
    return find_record(PanelRow, await conn.fetchrow(PANEL, panel_id))


async def lock_panel(tx: Tx, panel_id: int) -> PanelRow | None:
    return find_record(PanelRow, await tx.fetchrow(LOCK_PANEL, panel_id))


async def find_panel_of(conn: Reader, appeal_id: int) -> PanelRow | None:
    """The panel of an appeal."""
    return find_record(PanelRow, await conn.fetchrow(OF_APPEAL, appeal_id))


async def list_members(conn: Reader, panel_id: int) -> list[MemberRow]:
    return as_records(MemberRow, await conn.fetch(MEMBERS, panel_id))


async def list_votes(conn: Reader, panel_id: int) -> list[Weighed]:
    """The votes, without whose they are."""
    return as_records(Weighed, await conn.fetch(VOTES, panel_id))


async def list_reasons(conn: Reader, panel_id: int) -> list[Reason]:
    """What jurors wrote beside their votes on a panel that is over, without whose it is."""
    return as_records(Reason, await conn.fetch(REASONS, panel_id))


async def set_member(tx: Tx, panel_id: int, juror_id: int, state: str) -> bool:
    """What became of somebody who was asked; False where they are not asked any more."""
    return await tx.fetchval(SET_MEMBER, panel_id, juror_id, state) is not None


async def lapse_members(tx: Tx, panel_id: int, at: datetime) -> None:
    await tx.execute(LAPSE, panel_id, at)


async def close_panel(
    tx: Tx, panel_id: int, state: str, outcome: str | None, tally: dict[str, dict[str, float]], at: datetime
) -> None:
    await tx.execute(LAPSE_ALL, panel_id)
    await tx.execute(CLOSE_PANEL, panel_id, state, outcome, tally, at)


async def list_due(conn: Reader, at: datetime) -> list[int]:
    """Panels whose time, or the time of one of whose jurors, is over."""
    return [row["id"] for row in await conn.fetch(DUE, at)]


async def insert_ballot(tx: Tx, values: Sequence[object]) -> None:
    """Write a ballot: panel, juror, vote, reason, weight, nonce, time."""
    await tx.execute(INSERT_BALLOT, *values)


async def list_asked(conn: Reader, juror_id: int, panel_id: int | None = None) -> list[AskedRow]:
    return as_records(AskedRow, await conn.fetch(OF_JUROR, juror_id, panel_id))


async def opt_in(tx: Tx, account_id: int, at: datetime) -> None:
    await tx.execute(OPT_IN, account_id, at)


async def opt_out(tx: Tx, account_id: int) -> None:
    await tx.execute(OPT_OUT, account_id)


async def find_juror(conn: Reader, account_id: int) -> JurorRow | None:
    return find_record(JurorRow, await conn.fetchrow(JUROR, account_id))


async def list_summoned(conn: Reader, account_ids: Sequence[int]) -> list[Summoned]:
    return as_records(Summoned, await conn.fetch(RECIPIENTS, account_ids))


async def list_names(conn: Reader, decision_id: int, appeal_id: int | None) -> list[str]:
    """Names of those concerned."""
    return [row["name"] for row in await conn.fetch(NAMES, decision_id, appeal_id) if row["name"]]


async def find_exposure(conn: Reader, decision_id: int) -> int:
    """What looking at it costs (see cases.exposure)."""
    return int(await conn.fetchval(EXPOSURE, decision_id) or 0)


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
