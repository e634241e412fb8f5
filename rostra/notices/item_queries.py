"""SQL of the examples that notices name: what they are here, their near-copies, and what was decided about both."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final, LiteralString

import msgspec

from rostra.detect.signatures import NEAR, SIGNATURE_BYTES, Signature, most_different_bits
from rostra.kit.db import Reader, Tx, as_records
from rostra.notices.formats.records import ParsedItem
from rostra.notices.records import Copy, Decided, Item
from rostra.screening.near_queries import bits_of, key_of, span_of

INSERT: Final = """
insert into notice_items (id, notice_id, position, url, quote, named_clause, clause, note, evidence)
select make_id($2), $1, t.position, t.url, t.quote, t.named_clause, t.clause, t.note, t.evidence::jsonb
from unnest($3::integer[], $4::text[], $5::text[], $6::text[], $7::text[], $8::text[], $9::text[])
  as t (position, url, quote, named_clause, clause, note, evidence)
on conflict (notice_id, position) do nothing
"""

# Which decisions settle an example: a person's, and a clock's that took it out of sight (a hold that nobody looked at).
# What a rule did by itself, a label or a limit, leaves it to a person.
SETTLES: Final = """(not d.automated_decision or exists (
      select from actions r where r.decision_id = d.id and r.kind = 'remove' and r.ended_at is null))"""
# The decision that holds on a subject: one that the queue made counts as well.
_DECIDED: Final = f"""
left join lateral (
  select jsonb_build_object('decision_id', d.id, 'event_id', d.event_id, 'outcome', d.outcome, 'clause', d.clause,
    'rule', d.rule, 'policy', d.policy, 'at', d.created_at, 'snapshot_id', d.snapshot_id,
    'actions', coalesce((select jsonb_agg(distinct x.kind) from actions x
      where x.decision_id = d.id and x.ended_at is null), '[]')) as decided
  from decisions d where d.subject_kind = i.subject_kind and d.subject_id = i.subject_id and d.reversed_at is null
    and {SETTLES}
  order by d.id desc limit 1) d on true
"""

ITEMS: Final = f"""
select i.id, i.notice_id, i.position, i.url, i.quote, i.named_clause, i.clause, i.note, i.evidence, i.match,
  i.subject_kind, i.subject_id, i.account_id, i.case_id, i.copies, i.authors, i.reach, i.bulk_id, i.remark,
  exists (select from bulk_decisions b where b.id = i.bulk_id and b.state = 'waiting') as bulk_waits, d.decided
from notice_items i {_DECIDED} where i.notice_id = $1 order by i.position
"""

PENDING: Final = """
select id, position, url, quote, clause from notice_items where notice_id = $1 and match = 'pending' order by position
"""

# What addresses of ours lead to: of posts by id, of people by name, of files by their key.
STATUSES: Final = """
select s.id, s.account_id, s.text, s.spoiler_text, s.visibility, s.withheld = 'refused' as refused
from statuses s where s.id = any($1::bigint[]) and s.reblog_of_id is null
"""

BY_ADDRESS: Final = """
select s.id, s.account_id, s.uri from statuses s where s.uri = any($1::text[]) and s.reblog_of_id is null
"""

ACCOUNTS: Final = """
select a.id, lower(a.username) as name from accounts a
where lower(a.username) = any($1::text[]) and coalesce(lower(a.domain), '') = ''
"""

FILES: Final = """
select m.original_key, m.preview_key, m.status_id, m.account_id, case when m.pdq_quality >= 50 then m.pdq end as look
from media_attachments m
where m.original_key = any($1::text[]) or m.preview_key = any($1::text[])
"""


def _sharing(band: LiteralString, keys: LiteralString) -> LiteralString:
    return f"""select n.status_id, bit_count(n.signature # $1)::integer as different from near_signatures n
  where n.{band} = any({keys}::bigint[]) and n.at >= $2"""


# All that share a key, however many: screening looks at the newest of a text only, which is enough to know it, and not
# enough to be done with it. $3 bits that may differ, $4 how many, $5 to $10 the keys of each band.
ALL_NEAR: Final = f"""
select c.status_id, min(c.different) as different from (
{_sharing("band_1", "$5")} union {_sharing("band_2", "$6")} union {_sharing("band_3", "$7")} union
{_sharing("band_4", "$8")} union {_sharing("band_5", "$9")} union {_sharing("band_6", "$10")}) c
where c.different <= $3 group by c.status_id order by different, c.status_id desc limit $4
"""

LOCK_PENDING: Final = "select id from notice_items where id = $1 and match = 'pending' for update"

SETTLE: Final = """
update notice_items set match = $2, subject_kind = $3, subject_id = $4, account_id = $5, case_id = $6, copies = $7,
  authors = $8, reach = $9
where id = $1
"""

REACH: Final = """
select a.id, coalesce(s.followers_count, 0) as reach from unnest($1::bigint[]) a(id)
left join account_stats s on s.account_id = a.id
"""

INSERT_COPIES: Final = """
insert into notice_copies (notice_id, item_id, status_id, account_id, similarity, reach)
select $1, $2, t.status_id, t.account_id, t.similarity, t.reach
from unnest($3::bigint[], $4::bigint[], $5::real[], $6::integer[]) as t (status_id, account_id, similarity, reach)
on conflict (notice_id, status_id) do nothing
returning status_id, account_id, reach
"""

SET_CASE_OF_COPY: Final = "update notice_copies set case_id = $3 where notice_id = $1 and status_id = $2"

_COPY: Final = f"""
select c.item_id, c.status_id, c.account_id, c.similarity, c.reach, c.case_id, s.revision, s.text, a.username, a.domain,
  s.created_at, d.id as decision_id, d.outcome,
  coalesce((select array_agg(distinct x.kind) from actions x where x.decision_id = d.id and x.ended_at is null), '{{}}')
    as actions
from notice_copies c left join statuses s on s.id = c.status_id left join accounts a on a.id = c.account_id
left join lateral (select d.id, d.outcome from decisions d
  where d.subject_kind = 'status' and d.subject_id = c.status_id and d.reversed_at is null
    and {SETTLES}
  order by d.id desc limit 1) d on true
"""

COPIES: Final = f"""{_COPY}
where c.item_id = any($1::bigint[]) and (select count(*) from notice_copies o where o.item_id = c.item_id
  and (o.similarity, o.status_id) > (c.similarity, c.status_id)) < $2
order by c.item_id, c.similarity desc, c.status_id desc
"""

# What a reviewer saw of the copies, in one word: it changes with any of them.
TALLIES: Final = f"""
select c.item_id, count(*) as total, count(d.id) as decided, count(s.id) as left,
  md5(string_agg(c.status_id || ':' || coalesce(s.revision, -1), ',' order by c.status_id)) as seen
from notice_copies c left join statuses s on s.id = c.status_id
left join lateral (select d.id from decisions d where d.subject_kind = 'status' and d.subject_id = c.status_id
  and d.reversed_at is null and {SETTLES} limit 1) d on true
where c.item_id = any($1::bigint[]) group by c.item_id
"""

OPEN_COPIES: Final = f"""
select c.status_id from notice_copies c join statuses s on s.id = c.status_id
where c.item_id = $1 and not exists (select from decisions d where d.subject_kind = 'status'
  and d.subject_id = c.status_id and d.reversed_at is null and {SETTLES})
order by c.status_id
"""

ALL_COPIES: Final = f"{_COPY} where c.notice_id = $1 order by c.item_id, c.status_id"

REMARK: Final = "update notice_items set remark = $3 where notice_id = $1 and id = $2 returning id"

SET_BULK: Final = "update notice_items set bulk_id = $2 where id = $1"

REVISIONS: Final = """
select s.id, s.revision, s.text, s.spoiler_text, s.withheld, s.language, s.created_at, a.username, a.domain
from statuses s join accounts a on a.id = s.account_id where s.id = any($1::bigint[])
"""

PEOPLE: Final = """
select a.id, a.username, a.domain, a.suspended_at is not null as suspended, a.frozen_at is not null as frozen
from accounts a where a.id = any($1::bigint[])
"""


class Pending(msgspec.Struct, frozen=True, kw_only=True):
    """An item that was not looked up yet."""

    id: int
    position: int
    url: str
    quote: str
    clause: str


class Post(msgspec.Struct, frozen=True, kw_only=True):
    """A status as far as finding it is concerned."""

    id: int
    account_id: int
    text: str
    visibility: str
    is_refused: bool


class Tally(msgspec.Struct, frozen=True, kw_only=True):
    """The copies of an item: how many, how many are decided, how many still stand; and what was seen of them."""

    item_id: int
    total: int
    decided: int
    left: int
    seen: str


class Found(msgspec.Struct, frozen=True, kw_only=True):
    """What a status is now."""

    id: int
    revision: int
    text: str
    spoiler_text: str
    withheld: str | None
    language: str | None
    created_at: datetime
    username: str
    domain: str | None


class Person(msgspec.Struct, frozen=True, kw_only=True):
    """What an account is now."""

    id: int
    username: str
    domain: str | None
    suspended: bool
    frozen: bool


async def insert_items(
    tx: Tx, notice_id: int, at: datetime, items: Sequence[ParsedItem], clauses: Sequence[str], start: int = 1
) -> None:
    """Write the items of a notice; `clauses` are ours for each."""
    await tx.execute(
        INSERT, notice_id, at, list(range(start, start + len(items))), [item.url for item in items],
        [item.quote for item in items], [item.clause for item in items], list(clauses), [item.note for item in items],
        [msgspec.json.encode(item.evidence).decode() for item in items],
    )  # fmt: skip


async def list_items(conn: Reader, notice_id: int) -> list[Item]:
    rows = await conn.fetch(ITEMS, notice_id)
    return [_item(row) for row in rows]


def _item(row: Any) -> Item:
    values = dict(row.items())
    decided = values.pop("decided")
    found = msgspec.convert(decided, Decided) if decided else None
    return msgspec.structs.replace(msgspec.convert(values, Item), decided=found)


async def list_pending(conn: Reader, notice_id: int) -> list[Pending]:
    return as_records(Pending, await conn.fetch(PENDING, notice_id))


async def find_statuses(conn: Reader, ids: Sequence[int]) -> dict[int, Post]:
    """Statuses by their ids; what is gone is missing."""
    return {
        row["id"]: Post(
            id=row["id"],
            account_id=row["account_id"],
            text="\n".join(part for part in (row["spoiler_text"], row["text"]) if part),
            visibility=row["visibility"],
            is_refused=bool(row["refused"]),
        )
        for row in await conn.fetch(STATUSES, ids)
    }


async def find_by_address(conn: Reader, addresses: Sequence[str]) -> dict[str, tuple[int, int]]:
    """Statuses by the addresses that other servers gave them, as (id, author)."""
    return {row["uri"]: (row["id"], row["account_id"]) for row in await conn.fetch(BY_ADDRESS, addresses)}


async def find_accounts(conn: Reader, names: Sequence[str]) -> dict[str, int]:
    """Our accounts by their names in lower case."""
    return {row["name"]: row["id"] for row in await conn.fetch(ACCOUNTS, names)}


class File(msgspec.Struct, frozen=True, kw_only=True):
    """What a file belongs to; `look` is the PDQ hash of a picture that has a good one."""

    status_id: int | None
    account_id: int
    look: bytes | None


async def find_files(conn: Reader, keys: Sequence[str]) -> dict[str, File]:
    """What files belong to, by their keys."""
    found: dict[str, File] = {}
    for row in await conn.fetch(FILES, keys):
        file = File(status_id=row["status_id"], account_id=row["account_id"], look=row["look"])
        found[row["original_key"]] = found[row["preview_key"]] = file
    return found


async def list_near(conn: Reader, made: Signature, since: datetime, until: datetime, limit: int) -> dict[int, float]:
    """How alike posts are that say the same, by their ids; the most alike and then the newest of them."""
    spans = range(span_of(until), span_of(since) - 1, -1)
    keys = ([key_of(span, band) for span in spans] for band in made.bands)
    rows = await conn.fetch(ALL_NEAR, bits_of(made), since, most_different_bits(NEAR), limit, *keys)
    return {row["status_id"]: 1.0 - 2.0 * row["different"] / (SIGNATURE_BYTES * 8) for row in rows}


async def lock_pending(tx: Tx, item_id: int) -> bool:
    """Whether an item is still to be looked up, and ours until the transaction ends."""
    return await tx.fetchval(LOCK_PENDING, item_id) is not None


async def settle_item(
    tx: Tx,
    item_id: int,
    match: str,
    *,
    kind: str | None = None,
    subject_id: int | None = None,
    account_id: int | None = None,
    case_id: int | None = None,
    copies: int = 0,
    authors: int = 0,
    reach: int = 0,
) -> None:
    """Write what an item is here."""
    await tx.execute(SETTLE, item_id, match, kind, subject_id, account_id, case_id, copies, authors, reach)


async def list_reach(conn: Reader, account_ids: Sequence[int]) -> dict[int, int]:
    """The followers of accounts."""
    return {row["id"]: row["reach"] for row in await conn.fetch(REACH, account_ids)}


async def insert_copies(
    tx: Tx, notice_id: int, item_id: int, copies: Sequence[tuple[int, int, float, int]]
) -> list[tuple[int, int, int]]:
    """Write near-copies, each as (status, account, similarity, reach); those that no other item has, without the
    similarity."""
    rows = await tx.fetch(INSERT_COPIES, notice_id, item_id, *(list(column) for column in zip(*copies, strict=True)))
    return [(row["status_id"], row["account_id"], row["reach"]) for row in rows]


async def set_case_of_copy(tx: Tx, notice_id: int, status_id: int, case_id: int) -> None:
    await tx.execute(SET_CASE_OF_COPY, notice_id, status_id, case_id)


async def list_copies(conn: Reader, item_ids: Sequence[int], most: int) -> list[Copy]:
    """The nearest copies of items, `most` of each."""
    return as_records(Copy, await conn.fetch(COPIES, item_ids, most))


async def tally_copies(conn: Reader, item_ids: Sequence[int]) -> dict[int, Tally]:
    """The copies of items in figures, by the items' ids; without those that have none."""
    return {row["item_id"]: Tally(**dict(row.items())) for row in await conn.fetch(TALLIES, item_ids)}


async def list_open_copies(conn: Reader, item_id: int) -> list[int]:
    """Copies of an item that stand and are not decided."""
    return [row["status_id"] for row in await conn.fetch(OPEN_COPIES, item_id)]


async def list_all_copies(conn: Reader, notice_id: int) -> list[Copy]:
    return as_records(Copy, await conn.fetch(ALL_COPIES, notice_id))


async def set_remark(tx: Tx, notice_id: int, item_id: int, remark: str) -> bool:
    return await tx.fetchval(REMARK, notice_id, item_id, remark) is not None


async def set_bulk(tx: Tx, item_id: int, bulk_id: int) -> None:
    await tx.execute(SET_BULK, item_id, bulk_id)


async def list_found(conn: Reader, ids: Sequence[int]) -> dict[int, Found]:
    """What statuses are now, by their ids."""
    return {row["id"]: Found(**dict(row.items())) for row in await conn.fetch(REVISIONS, ids)}


async def list_people(conn: Reader, ids: Sequence[int]) -> dict[int, Person]:
    """What accounts are now, by their ids."""
    return {row["id"]: Person(**dict(row.items())) for row in await conn.fetch(PEOPLE, ids)}
