"""SQL of notices themselves: taking them in, their states, their clocks, lists of them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final, LiteralString

import msgspec

from rostra.kit.db import Reader, Tx, as_records
from rostra.notices.item_queries import SETTLES
from rostra.notices.records import Clock, Drilled, Line, Notice, Reply, State, Step

INSERT: Final = """
insert into notices (id, provider_id, channel, format, proof, state, fault, regime, sender, reporter, subject, text,
  report_id, clauses, evidence, problems, once_key, sha256, received_at, due_at)
values (make_id($18), $1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19)
on conflict (once_key) do nothing returning id
"""

KNOWN: Final = "select id from notices where once_key = $1"

INSERT_ORIGINAL: Final = "insert into notice_originals (notice_id, content_type, body) values ($1, $2, $3)"

ORIGINAL: Final = "select content_type, body from notice_originals where notice_id = $1"

INSERT_STEP: Final = """
insert into notice_steps (id, notice_id, state, actor_id, at, note) values (make_id($4), $1, $2, $3, $4, $5)
"""

STEPS: Final = """
select s.state, s.actor_id, r.pseudonym, s.at, s.note
from notice_steps s left join reviewers r on r.account_id = s.actor_id where s.notice_id = $1 order by s.id
"""

DRILL: Final = """
select details from moderation_events
where type = 'notice_drill' and subject_kind = 'notice' and subject_id = $1 order by id desc limit 1
"""

LOCK: Final = "select state from notices where id = $1 for update"

MOVE: Final = """
update notices set state = $2, closed_at = case when $2 in ('closed', 'refused') then $3 else closed_at end
where id = $1
"""

SET_PROVIDER: Final = "update notices set provider_id = $2 where id = $1"

RELEASE: Final = """
update notices set state = 'received', fault = '', provider_id = coalesce($2, provider_id), proof = 'person',
  regime = $3, due_at = $4 where id = $1
"""

SET_DUE: Final = """
update notices n set due_at = coalesce(
  (select min(c.due_at) from notice_clocks c where c.notice_id = n.id and c.met_at is null), n.due_at)
where n.id = $1
"""

INSERT_CLOCK: Final = """
insert into notice_clocks (id, notice_id, regime, starts_at, due_at) values (make_id($3), $1, $2, $3, $4)
on conflict (notice_id, regime) do update set due_at = excluded.due_at where notice_clocks.missed_at is null
"""

CLOCKS: Final = """
select regime, starts_at, due_at, met_at, missed_at from notice_clocks where notice_id = $1 order by due_at
"""

# An answer that comes too late misses the clock in the same moment, if the minute's job has not said so already.
MEET: Final = """
update notice_clocks set met_at = $2,
  missed_at = case when missed_at is null and due_at < $2 then $2 else missed_at end
where notice_id = $1 and met_at is null returning missed_at is not null as missed
"""

MISS: Final = """
update notice_clocks c set missed_at = $1 from notices n
where c.id in (select id from notice_clocks where met_at is null and missed_at is null and due_at < $1 limit 500)
  and n.id = c.notice_id and n.state not in ('quarantined', 'refused')
returning c.notice_id, c.regime
"""

BREACH: Final = "update notices set breached_at = $2 where id = any($1::bigint[]) and breached_at is null"

# Half of the time is over, or four fifths, and nobody was told yet.
ALARMING: Final = """
update notices n set alarms = w.wanted
from (select x.id, case when $1 >= x.received_at + (x.due_at - x.received_at) * 0.8 then 2 else 1 end as wanted
  from notices x
  where x.state in ('quarantined', 'received', 'parsed', 'expanding', 'acting', 'drafting', 'approved') and x.alarms < 2
    and $1 >= x.received_at + (x.due_at - x.received_at) * 0.5
  order by x.due_at limit 100 for update skip locked) w
where n.id = w.id and n.alarms < w.wanted
returning n.id, n.alarms, n.due_at, n.state, n.regime,
  (select p.name from notice_providers p where p.id = n.provider_id) as provider
"""

STAFF: Final = """
select u.email, u.locale from users u
where u.role = any($1::text[]) and u.confirmed_at is not null and u.disabled_at is null order by u.account_id
"""

NOTICE: Final = """
select n.id, n.provider_id, p.name as provider, n.channel, n.format, n.proof, n.state, n.fault, n.regime, n.sender,
  n.reporter, n.subject, n.text, n.report_id, n.clauses, n.evidence, n.problems, n.sha256, n.received_at, n.due_at,
  n.breached_at, n.closed_at, coalesce(p.language, 'en') as language,
  coalesce(nullif(p.contact, ''), case when p.id is null then n.sender else '' end) as contact
from notices n left join notice_providers p on p.id = n.provider_id where n.id = $1
"""

_LINE: Final = f"""
select n.id, p.name as provider, n.channel, n.state, n.fault, n.regime, n.sender, n.subject, n.received_at, n.due_at,
  n.breached_at,
  (select count(*) from notice_items i where i.notice_id = n.id) as items,
  (select count(*) from notice_items i where i.notice_id = n.id and (i.match in ('gone', 'not_ours')
    or exists (select from decisions d where d.subject_kind = i.subject_kind and d.subject_id = i.subject_id
      and d.reversed_at is null and {SETTLES}))) as settled
from notices n left join notice_providers p on p.id = n.provider_id
"""

OPEN: Final = f"""{_LINE}
where n.state not in ('quarantined', 'refused', 'closed') and (n.due_at, n.id) > ($1, $2)
order by n.due_at, n.id limit $3
"""

CLOSED: Final = f"{_LINE} where n.state in ('closed', 'refused') and n.id < $1 order by n.id desc limit $2"

QUARANTINED: Final = f"{_LINE} where n.state = 'quarantined' and n.id > $1 order by n.id limit $2"

COUNTS: Final = """
select count(*) filter (where state not in ('quarantined', 'refused', 'closed')) as open,
  count(*) filter (where state in ('quarantined')) as quarantined,
  count(*) filter (where state not in ('quarantined', 'refused', 'sent', 'accepted', 'follow_up', 'contested', 'closed')
    and due_at < $1) as overdue
from notices where state not in ('closed', 'refused')
"""

INSERT_REPLY: Final = """
insert into notice_replies (id, notice_id, channel, sender, text, once_key, at)
values (make_id($6), $1, $2, $3, $4, $5, $6) on conflict (once_key) do nothing returning id
"""

REPLIES: Final = "select channel, sender, text, at from notice_replies where notice_id = $1 order by id"

INSERT_PACK: Final = """
insert into evidence_packs (id, notice_id, sha256, body, made_by, made_at) values (make_id($5), $1, $2, $3, $4, $5)
returning id
"""

PACK: Final = "select id, body from evidence_packs where notice_id = $1 order by id desc limit 1"

PACK_MADE: Final = """
select id, sha256, made_at, length(body) as size from evidence_packs where notice_id = $1 order by id desc limit 1
"""


class Alarm(msgspec.Struct, frozen=True, kw_only=True):
    """A notice whose time is passing: `alarms` is 1 at half of it, 2 at four fifths."""

    id: int
    alarms: int
    due_at: datetime
    state: State
    regime: str
    provider: str | None


class Counts(msgspec.Struct, frozen=True, kw_only=True):
    open: int
    quarantined: int
    overdue: int


class PackMade(msgspec.Struct, frozen=True, kw_only=True):
    id: int
    sha256: bytes
    made_at: datetime
    size: int


async def insert_notice(tx: Tx, values: Sequence[object]) -> int | None:
    """Write a notice, its columns in their order without the id; its id, None where its key is known."""
    return await tx.fetchval(INSERT, *values)


async def find_known(conn: Reader, once_key: str) -> int | None:
    return await conn.fetchval(KNOWN, once_key)


async def insert_original(tx: Tx, notice_id: int, content_type: str, body: bytes) -> None:
    await tx.execute(INSERT_ORIGINAL, notice_id, content_type, body)


async def find_original(conn: Reader, notice_id: int) -> tuple[str, bytes] | None:
    """What came, with its type."""
    row = await conn.fetchrow(ORIGINAL, notice_id)
    return None if row is None else (row["content_type"], row["body"])


async def lock_notice(tx: Tx, notice_id: int) -> State | None:
    """The notice's state, which nobody else changes until the transaction ends."""
    return await tx.fetchval(LOCK, notice_id)


async def move_notice(tx: Tx, notice_id: int, state: State, actor_id: int | None, at: datetime, note: str = "") -> None:
    """Write a state and the step that it is. The database refuses a step that is none."""
    await tx.execute(MOVE, notice_id, state, at)
    await tx.execute(INSERT_STEP, notice_id, state, actor_id, at, note)


async def insert_step(tx: Tx, notice_id: int, state: State, actor_id: int | None, at: datetime, note: str = "") -> None:
    await tx.execute(INSERT_STEP, notice_id, state, actor_id, at, note)


async def set_provider(tx: Tx, notice_id: int, provider_id: int) -> None:
    await tx.execute(SET_PROVIDER, notice_id, provider_id)


async def release_notice(tx: Tx, notice_id: int, provider_id: int | None, regime: str, due_at: datetime) -> None:
    await tx.execute(RELEASE, notice_id, provider_id, regime, due_at)


async def insert_clock(tx: Tx, notice_id: int, regime: str, starts_at: datetime, due_at: datetime) -> None:
    """Have a clock run; one that runs already gets another end, unless it was missed. The nearest is the notice's."""
    await tx.execute(INSERT_CLOCK, notice_id, regime, starts_at, due_at)
    await tx.execute(SET_DUE, notice_id)


async def meet_clocks(tx: Tx, notice_id: int, at: datetime) -> bool:
    """Stop the clocks of a notice; whether any of them was missed."""
    rows = await tx.fetch(MEET, notice_id, at)
    return any(row["missed"] for row in rows)


async def miss_clocks(tx: Tx, at: datetime) -> list[tuple[int, str]]:
    """Mark the clocks that ran out, as (notice, regime)."""
    return [(row["notice_id"], row["regime"]) for row in await tx.fetch(MISS, at)]


async def breach(tx: Tx, notice_ids: Sequence[int], at: datetime) -> None:
    await tx.execute(BREACH, notice_ids, at)


async def take_alarms(tx: Tx, at: datetime) -> list[Alarm]:
    """Notices of which staff are to be told now; they are marked as told."""
    return as_records(Alarm, await tx.fetch(ALARMING, at))


async def list_staff(conn: Reader, roles: Sequence[str]) -> list[tuple[str, str]]:
    """Address and language of the people with these roles."""
    return [(row["email"], row["locale"]) for row in await conn.fetch(STAFF, roles)]


async def find_notice(conn: Reader, notice_id: int) -> Notice | None:
    row = await conn.fetchrow(NOTICE, notice_id)
    return None if row is None else msgspec.convert(dict(row.items()), Notice)


async def list_open(conn: Reader, due_at: datetime, after: int, limit: int) -> list[Line]:
    """Open notices after that end and that id, the nearest end first."""
    return as_records(Line, await conn.fetch(OPEN, due_at, after, limit))


async def list_ids(conn: Reader, which: str, cursor: int, limit: int) -> list[Line]:
    """`closed` notices before an id, the newest first, or `quarantined` ones after an id, the oldest first."""
    query: LiteralString = CLOSED if which == "closed" else QUARANTINED
    return as_records(Line, await conn.fetch(query, cursor, limit))


async def count_notices(conn: Reader, at: datetime) -> Counts:
    row = await conn.fetchrow(COUNTS, at)
    assert row is not None
    return Counts(**dict(row.items()))


async def list_steps(conn: Reader, notice_id: int) -> list[Step]:
    return as_records(Step, await conn.fetch(STEPS, notice_id))


async def find_drill(conn: Reader, notice_id: int) -> Drilled | None:
    """What the drill that this notice was of has measured."""
    details = await conn.fetchval(DRILL, notice_id)
    return None if details is None else msgspec.convert(details, Drilled)


async def list_clocks(conn: Reader, notice_id: int) -> list[Clock]:
    return as_records(Clock, await conn.fetch(CLOCKS, notice_id))


async def insert_reply(
    tx: Tx, notice_id: int, channel: str, sender: str, text: str, once_key: str, at: datetime
) -> bool:
    """Keep what a sender wrote afterwards; False where it was kept already."""
    return await tx.fetchval(INSERT_REPLY, notice_id, channel, sender, text, once_key, at) is not None


async def list_replies(conn: Reader, notice_id: int) -> list[Reply]:
    return as_records(Reply, await conn.fetch(REPLIES, notice_id))


async def insert_pack(tx: Tx, notice_id: int, sha256: bytes, body: bytes, actor_id: int | None, at: datetime) -> int:
    return await tx.fetchval(INSERT_PACK, notice_id, sha256, body, actor_id, at)


async def find_pack(conn: Reader, notice_id: int) -> tuple[int, bytes] | None:
    """The newest pack of a notice, as (id, file)."""
    row: Any = await conn.fetchrow(PACK, notice_id)
    return None if row is None else (row["id"], row["body"])


async def find_pack_made(conn: Reader, notice_id: int) -> PackMade | None:
    row = await conn.fetchrow(PACK_MADE, notice_id)
    return None if row is None else PackMade(**dict(row.items()))
