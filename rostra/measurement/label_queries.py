"""SQL of labelling: whose turn an item is, what people say of it, and what is settled by that."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Final, Literal

import msgspec

from rostra.kit.db import Reader, Tx, as_record, find_record

Outcome = Literal["violates", "fine", "unclear"]

# $1 who, $2 when, $3 until when it is theirs, $4 the time before which items are too old. What somebody holds comes
# back to them; then second looks at decisions, then the newest sample in its own order. Nobody labels their own post,
# what they have labelled, or what they decided.
TAKE: Final = """
update label_items i set lease_by = $1, lease_until = $3
where i.id = (
  select x.id from label_items x
  where x.state = 'open' and x.created_at > $4 and x.account_id is distinct from $1
    and (x.lease_until is null or x.lease_until <= $2 or x.lease_by = $1)
    and not exists (select from item_labels l where l.item_id = x.id and l.account_id = $1)
    and not exists (select from decisions d where d.id = x.decision_id and d.reviewer_id = $1)
    and not exists (select from reviewers r where r.account_id = $1 and r.languages <> '{}'
      and x.language is not null and x.language <> all(r.languages))
  order by x.lease_by is not distinct from $1 and x.lease_until > $2 desc, x.plan_id desc nulls first, x.position
  limit 1 for update of x skip locked)
returning i.id, i.snapshot_id
"""

ITEM: Final = """
select id, kind, plan_id, decision_id, status_id, account_id, snapshot_id, twice, labels, state, outcome, clause,
  lease_by, lease_until, case_id
from label_items where id = $1 for update
"""

INSERT_LABEL: Final = """
insert into item_labels (id, item_id, account_id, outcome, clause, seconds, at)
values (make_id($6), $1, $2, $3, $4, $5, $6)
"""

SETTLE: Final = """
update label_items set labels = labels + 1, state = $2, outcome = $3, clause = $4, lease_by = null, lease_until = null,
  settled_at = case when $2 = 'settled' then $5::timestamptz end
where id = $1
"""

RELEASE: Final = """
update label_items set lease_by = null, lease_until = null where id = $1 and lease_by = $2
"""

RELEASE_ALL: Final = "update label_items set lease_by = null, lease_until = null where lease_by = $1 and state = 'open'"

# $2 the time before which it stands. What somebody else has said since stands on it, so that it cannot go any more.
LABEL_OF: Final = """
select l.id, l.outcome, l.clause, l.at from item_labels l
where l.item_id = $1 and l.account_id = $2 and l.at > $3
  and not exists (select from item_labels n where n.item_id = l.item_id and n.id > l.id)
"""

DELETE_LABEL: Final = "delete from item_labels where id = $1"

# As it was before its last label: what the first of the others says, where there is one. Of a second look the decision
# is the first.
UNSETTLE: Final = """
update label_items i set state = 'open', labels = i.labels - 1, settled_at = null, lease_by = $2, lease_until = $3,
  outcome = f.outcome, clause = coalesce(f.clause, '')
from label_items x left join lateral (
  select outcome, clause from (
    select 0 as place, case d.outcome when 'ok' then 'fine' else 'violates' end as outcome,
      case d.outcome when 'ok' then '' else d.clause end as clause
    from decisions d where d.id = x.decision_id
    union all select l.id, l.outcome, l.clause from item_labels l where l.item_id = x.id) said
  order by place limit 1) f on true
where i.id = $1 and x.id = i.id
"""

# A case that the label alone has opened and that nobody has touched.
WITHDRAW_CASE: Final = """
delete from cases c using label_items i
where i.id = $1 and c.id = i.case_id and c.source = 'sample' and c.opened_at = $2 and c.state = 'queued'
  and c.reports_count = 0 and c.assigned_to is null and c.reserved_for is null
  and not exists (select from case_notes n where n.case_id = c.id)
  and not exists (select from deadlines d where d.case_id = c.id)
"""

# Whether there is anything left to act on: seen by others, and not decided on already.
IS_AT_LARGE: Final = """
select s.account_id from statuses s
where s.id = $1 and s.withheld is null and not exists (
  select from decisions d where d.subject_kind = 'status' and d.subject_id = s.id and d.revision = s.revision
    and d.outcome = 'violates' and d.reversed_at is null)
"""

OPENED: Final = "update label_items set case_id = $2 where id = $1"

PROGRESS: Final = """
select
  (select count(*) from label_items where state = 'open' and labels = 0 and created_at > $2) as open,
  (select count(*) from label_items where state = 'open' and labels > 0 and created_at > $2) as second,
  (select count(*) from item_labels where account_id = $1 and at > $3) as mine
"""

GIVEN: Final = "select count(*) from item_labels where account_id = $1 and at > $2"

# Decisions of people of a day that nobody took back, for a second look: each has what was seen.
DECIDED: Final = """
select d.id from decisions d
where d.created_at >= $1 and d.created_at < $2 and d.reviewer_id is not null and d.snapshot_id is not null
  and d.subject_kind = 'status' and d.bulk_id is null and d.outcome in ('violates', 'ok')
  and d.reversed_why is distinct from 'undo'
  and not exists (select from label_items i where i.decision_id = d.id)
order by d.id
"""

# The decision is the first label. Its item looks like any other.
INSERT_SECOND: Final = """
insert into label_items (id, kind, decision_id, position, status_id, account_id, snapshot_id, language, twice,
  created_at, labels, outcome, clause)
select make_id($1), 'second', d.id, x.position::integer, d.subject_id, d.account_id, d.snapshot_id,
  nullif(n.content ->> 'language', ''), true, $1, 1, case d.outcome when 'ok' then 'fine' else 'violates' end,
  case d.outcome when 'ok' then '' else d.clause end
from unnest($2::bigint[]) with ordinality x (id, position)
join decisions d on d.id = x.id join snapshots n on n.id = d.snapshot_id
on conflict do nothing
"""

SECOND_DRAWN: Final = """
select exists (select from moderation_events where type = 'second_drawn' and details ->> 'day' = $1)
"""


class Taken(msgspec.Struct, frozen=True, kw_only=True):
    """An item that somebody holds."""

    id: int
    snapshot_id: int | None


class Item(msgspec.Struct, frozen=True, kw_only=True):
    """An item as it stands. `outcome` before it is settled is what the first said."""

    id: int
    kind: Literal["sample", "second"]
    plan_id: int | None
    decision_id: int | None
    status_id: int
    account_id: int | None
    snapshot_id: int | None
    twice: bool
    labels: int
    state: str
    outcome: Outcome | None
    clause: str
    lease_by: int | None
    lease_until: datetime | None
    case_id: int | None


class Given(msgspec.Struct, frozen=True, kw_only=True):
    """An answer that can still be taken back."""

    id: int
    outcome: Outcome
    clause: str
    at: datetime


class Progress(msgspec.Struct, frozen=True, kw_only=True):
    """Items that wait for a first label, for another, and what one has labelled lately."""

    open: int
    second: int
    mine: int


async def take(tx: Tx, account_id: int, at: datetime, until: datetime, oldest: datetime) -> Taken | None:
    return find_record(Taken, await tx.fetchrow(TAKE, account_id, at, until, oldest))


async def lock_item(tx: Tx, item_id: int) -> Item | None:
    return find_record(Item, await tx.fetchrow(ITEM, item_id))


async def insert_label(
    tx: Tx, item_id: int, account_id: int, outcome: str, clause: str, *, seconds: int, at: datetime
) -> None:
    await tx.execute(INSERT_LABEL, item_id, account_id, outcome, clause, seconds, at)


async def settle(tx: Tx, item_id: int, state: str, outcome: str | None, clause: str, at: datetime) -> None:
    """Count a label, with what the item now is; whoever held it does not any more."""
    await tx.execute(SETTLE, item_id, state, outcome, clause, at)


async def release(tx: Tx, item_id: int, account_id: int) -> None:
    await tx.execute(RELEASE, item_id, account_id)


async def find_label(conn: Reader, item_id: int, account_id: int, since: datetime) -> Given | None:
    """What somebody has said of an item since then, where nobody has said anything after them."""
    return find_record(Given, await conn.fetchrow(LABEL_OF, item_id, account_id, since))


async def undo_label(tx: Tx, given: Given, item_id: int, account_id: int, until: datetime) -> None:
    """Take a label back: its item is theirs again until then, alone. A case that it opened goes with it."""
    await tx.execute(RELEASE_ALL, account_id)
    await tx.execute(DELETE_LABEL, given.id)
    await tx.execute(UNSETTLE, item_id, account_id, until)
    if given.outcome == "violates":
        await tx.execute(WITHDRAW_CASE, item_id, given.at)


async def find_author_at_large(conn: Reader, status_id: int) -> int | None:
    """The author of a status that others can see and that nobody has decided on; else None."""
    return await conn.fetchval(IS_AT_LARGE, status_id)


async def note_case(tx: Tx, item_id: int, case_id: int) -> None:
    await tx.execute(OPENED, item_id, case_id)


async def count_progress(conn: Reader, account_id: int, oldest: datetime, since: datetime) -> Progress:
    row = await conn.fetchrow(PROGRESS, account_id, oldest, since)
    assert row is not None
    return as_record(Progress, row)


async def count_given(conn: Reader, account_id: int, since: datetime) -> int:
    return await conn.fetchval(GIVEN, account_id, since)


async def list_decided(conn: Reader, since: datetime, until: datetime) -> list[int]:
    return [row["id"] for row in await conn.fetch(DECIDED, since, until)]


async def insert_second(tx: Tx, at: datetime, decision_ids: Sequence[int]) -> None:
    await tx.execute(INSERT_SECOND, at, list(decision_ids))


async def is_second_drawn(conn: Reader, day: str) -> bool:
    return await conn.fetchval(SECOND_DRAWN, day)
