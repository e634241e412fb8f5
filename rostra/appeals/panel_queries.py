"""SQL of panels: who was drawn, their ballots, and what they came to. Who can be drawn is in `juror_queries`."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final, Literal

import msgspec

from rostra.appeals.viewpoints import Drawn, Weighed
from rostra.kit.db import Reader, Tx, as_records, find_record

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


async def insert_panel(tx: Tx, values: Sequence[object]) -> int:
    """Write a panel (appeal or null, decision, truth or null, question, seed, time, due); its id."""
    return await tx.fetchval(INSERT_PANEL, *values)


async def insert_members(tx: Tx, panel_id: int, drawn: Sequence[Drawn], at: datetime, due_at: datetime) -> None:
    await tx.executemany(INSERT_MEMBER, [(panel_id, one.juror_id, one.side, at, due_at) for one in drawn])


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


async def list_names(conn: Reader, decision_id: int, appeal_id: int | None) -> list[str]:
    """Names of those concerned."""
    return [row["name"] for row in await conn.fetch(NAMES, decision_id, appeal_id) if row["name"]]


async def find_exposure(conn: Reader, decision_id: int) -> int:
    """What looking at it costs (see cases.exposure)."""
    return int(await conn.fetchval(EXPOSURE, decision_id) or 0)
