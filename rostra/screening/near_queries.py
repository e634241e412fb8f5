"""SQL of near-copies: the signatures of posts, and of what was removed or refused.

A key is stored with the six days in which its post was made in front. So new rows touch the few index pages of these
days and not one at random for each key, which is a tenth of the log; a look-up asks once for each such span. It reads a
bounded number of rows however many copies there are.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Final, LiteralString

import asyncpg
import msgspec

from rostra.detect.signatures import NEAR, SIGNATURE_BYTES, BadEntry, Signature, most_different_bits
from rostra.kit.db import Reader, Tx

READ_BACK: Final = timedelta(days=366)
"""How far back is looked for copies where nobody says."""

_BITS: Final = SIGNATURE_BYTES * 8
# 2^19 seconds.
_SPAN_SHIFT: Final = 19
_KEY_BITS: Final = 40
_KEY_MASK: Final = (1 << _KEY_BITS) - 1
# Rows that are read for one key. More copies than this are not counted.
MOST_OF_KEY: Final = 500

INSERT_SIGNATURE: Final = """
insert into near_signatures
  (status_id, account_id, at, signature, band_1, band_2, band_3, band_4, band_5, band_6)
values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)
on conflict (status_id) do update set at = excluded.at, signature = excluded.signature, band_1 = excluded.band_1,
  band_2 = excluded.band_2, band_3 = excluded.band_3, band_4 = excluded.band_4, band_5 = excluded.band_5,
  band_6 = excluded.band_6
"""


def inserting(status: LiteralString, account: LiteralString, at: LiteralString, made: LiteralString) -> LiteralString:
    """SQL that stores the signature of a new post with the post itself; `made` is the first of seven parameters, those
    of `stored_form`, and null for a text too short to have one."""
    return f"""
insert into near_signatures
  (status_id, account_id, at, signature, band_1, band_2, band_3, band_4, band_5, band_6)
select {status}, {account}, {at}, {made} where {made.partition(",")[0]}::bit(256) is not null
"""


DELETE_SIGNATURE: Final = "delete from near_signatures where status_id = $1"


def _sharing(
    band: LiteralString, keys: LiteralString, signature: LiteralString, since: LiteralString, most: LiteralString
) -> LiteralString:
    """SQL: the newest posts that share a key of one band. What is newer has the greater key, so that the index gives
    them in this order and stops when there are enough."""
    return f"""(
  select s.status_id, s.account_id, bit_count(s.signature # {signature})::integer as different
  from near_signatures s where s.{band} = any({keys}::bigint[]) and s.at >= {since}
  order by s.{band} desc, s.at desc limit {most})"""


def _sharing_any(
    keys: Callable[[int], LiteralString], signature: LiteralString, since: LiteralString, most: LiteralString
) -> LiteralString:
    """SQL of what shares a key of any band; `keys` gives those of the band with that number, from 0."""
    return f"""
{_sharing("band_1", keys(0), signature, since, most)} union all
{_sharing("band_2", keys(1), signature, since, most)} union all
{_sharing("band_3", keys(2), signature, since, most)} union all
{_sharing("band_4", keys(3), signature, since, most)} union all
{_sharing("band_5", keys(4), signature, since, most)} union all
{_sharing("band_6", keys(5), signature, since, most)}"""


def counting_near(
    keys: Callable[[int], LiteralString],
    signature: LiteralString,
    since: LiteralString,
    *,
    different: LiteralString,
    most: LiteralString,
    but_author: LiteralString,
    but_status: LiteralString,
) -> LiteralString:
    """SQL of how many copies there are, and by how many authors: one row, noughts where there are no keys.
    `different` are the bits that may differ, `most` the rows to read for one band."""
    return f"""
select count(distinct c.status_id) as copies,
  count(distinct c.account_id) filter (where c.account_id <> {but_author}) as authors
from ({_sharing_any(keys, signature, since, most)}) c where c.different <= {different} and c.status_id <> {but_status}
"""


# $1 signature, $2 since when, $3 bits that may differ, $4 rows to read for one band, $5 to $10 keys of each band.
_KEYS: Final[tuple[LiteralString, ...]] = ("$5", "$6", "$7", "$8", "$9", "$10")

FIND_NEAR: Final = f"""
select distinct c.different, c.status_id, c.account_id
from ({_sharing_any(_KEYS.__getitem__, "$1", "$2", "$4")}) c where c.different <= $3
order by c.different, c.status_id desc limit $11
"""

COUNT_NEAR: Final = counting_near(
    _KEYS.__getitem__, "$1", "$2", different="$3", most="$4", but_author="$11", but_status="$12"
)

REMEMBER_BAD: Final = """
insert into bad_signatures (id, status_id, clause, signature, at)
select $1, n.status_id, $3, n.signature, $4 from near_signatures n where n.status_id = $2 on conflict (id) do nothing
"""

FORGET_BAD: Final = "delete from bad_signatures where status_id = $1"

BAD: Final = """
select b.id, b.status_id, b.clause, b.signature from (
  select distinct on (signature) id, status_id, clause, signature from bad_signatures order by signature, id desc) b
order by b.id desc limit $1
"""


class NearRow(msgspec.Struct, frozen=True, kw_only=True):
    """A stored post and how much it has in common with what was asked for, 0.5–1."""

    status_id: int
    account_id: int
    similarity: float


class NearCount(msgspec.Struct, frozen=True, kw_only=True):
    """How many copies there are, and by how many authors. Of the copies of one text up to three thousand are counted,
    at least the newest five hundred."""

    copies: int = 0
    authors: int = 0


class BadRow(msgspec.Struct, frozen=True, kw_only=True):
    """Something that was removed or refused: the event by which it was, and its status where there was one."""

    id: int
    status_id: int | None
    entry: BadEntry


async def insert_signature(tx: Tx, status_id: int, account_id: int, at: datetime, made: Signature) -> None:
    """Store the signature of a post that came to be, or was edited, at `at`. Nothing for a text too short to have one,
    but that an older one goes."""
    if not made.bits:
        await tx.execute(DELETE_SIGNATURE, status_id)
        return
    await tx.execute(INSERT_SIGNATURE, status_id, account_id, at, *stored_form(made, at))


def stored_form(made: Signature, at: datetime) -> tuple[object, ...]:
    """A signature as the table has it: the bits, and the key of each band; seven times None for the empty one."""
    if not made.bits:
        return (None,) * 7
    span = span_of(at)
    return bits_of(made), *(key_of(span, band) for band in made.bands)


async def find_near(
    conn: Reader, made: Signature, *, since: datetime, until: datetime, limit: int = 100, least: float = NEAR
) -> list[NearRow]:
    """Posts of that time at least that similar, the most similar and then the newest first. `until` is now, or later
    than the newest post that is wanted; both are the times that `insert_signature` was told."""
    if not made.bits:
        return []
    rows = await conn.fetch(FIND_NEAR, *_arguments(made, since, until, least), limit)
    return [
        NearRow(
            status_id=row["status_id"], account_id=row["account_id"], similarity=1.0 - 2.0 * row["different"] / _BITS
        )
        for row in rows
    ]


async def count_near(
    conn: Reader,
    made: Signature,
    *,
    since: datetime,
    until: datetime,
    but_author: int = 0,
    but_status: int = 0,
    least: float = NEAR,
) -> NearCount:
    """How many posts of that time are copies, but for one status, and how many authors they have, but for one."""
    if not made.bits:
        return NearCount()
    row = await conn.fetchrow(COUNT_NEAR, *_arguments(made, since, until, least), but_author, but_status)
    return NearCount() if row is None else NearCount(copies=row["copies"], authors=row["authors"])


async def remember_bad(tx: Tx, event_id: int, status_id: int, clause: str, at: datetime) -> None:
    """Know copies of a stored post from now on: that event refused it. Nothing where its text is too short."""
    await tx.execute(REMEMBER_BAD, event_id, status_id, clause, at)


async def forget_bad(tx: Tx, status_id: int) -> None:
    """Forget it again, for the decision was reversed."""
    await tx.execute(FORGET_BAD, status_id)


async def list_bad(conn: Reader, limit: int = 10_000) -> list[BadRow]:
    """What is known to be bad, the newest first and equal signatures once: what a `KnownBad` is built from."""
    rows = await conn.fetch(BAD, limit)
    return [
        BadRow(
            id=row["id"],
            status_id=row["status_id"],
            entry=BadEntry(row["clause"], row["signature"].bytes),
        )
        for row in rows
    ]


def _arguments(made: Signature, since: datetime, until: datetime, least: float) -> tuple[object, ...]:
    since = max(since, until - READ_BACK)
    return bits_of(made), since, most_different_bits(least), MOST_OF_KEY, *keys_of(made, since, until)


def keys_of(made: Signature, since: datetime, until: datetime) -> list[list[int]]:
    """The keys under which posts of that time would be stored, of each band; as many of each."""
    spans = range(span_of(until), span_of(since) - 1, -1)
    return [[key_of(span, band) for span in spans] for band in made.bands]


def span_of(at: datetime) -> int:
    """The number of the six days in which `at` lies."""
    return int(at.timestamp()) >> _SPAN_SHIFT


def key_of(span: int, band: int) -> int:
    """A key of a signature as it is stored."""
    return span << _KEY_BITS | band & _KEY_MASK


def bits_of(made: Signature) -> asyncpg.BitString:
    """The bits of a signature as they are stored."""
    return asyncpg.BitString.from_int(int.from_bytes(made.bits), _BITS)
