"""Posts with pictures that look alike: how reviewers find all that show the same one, however it was made smaller or
saved anew. Pictures of banks are the business of screening."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

import msgspec

from rostra.kit.db import Reader, as_records
from rostra.moderation.desk import Desk

MOST: Final = 3000

# A hash of poor quality says nothing.
LOOKS: Final = """
select id, pdq from media_attachments
where status_id = any($1::bigint[]) and pdq is not null and pdq_quality >= 50 order by position, id
"""

# $1 hashes, $2 the pairs that they may share with others, $3 a post that is left out. Direct messages are no copies.
ALIKE: Final = """
select s.id as status_id, s.account_id, min(pdq_distance(m.pdq, given.pdq)) as different
from media_attachments m
  join unnest($1::bytea[]) as given(pdq) on pdq_distance(m.pdq, given.pdq) <= 31
  join statuses s on s.id = m.status_id
where pdq_pairs(m.pdq) && $2::integer[] and m.pdq is not null and m.pdq_quality >= 50 and s.id <> $3
  and s.visibility <> 'direct'
group by s.id, s.account_id order by different, s.id desc limit $4
"""


class Alike(msgspec.Struct, frozen=True, kw_only=True):
    """A post with a picture that differs in so many of 256 bits."""

    status_id: int
    account_id: int
    different: int


async def find_looks(conn: Reader, status_ids: Sequence[int]) -> dict[int, bytes]:
    """The PDQ hashes of the pictures of posts, by the pictures' ids."""
    return {row["id"]: row["pdq"] for row in await conn.fetch(LOOKS, status_ids)}


async def find_alike(conn: Reader, looks: dict[int, bytes], *, but: int) -> list[Alike]:
    """Other posts than `but` with such pictures, the most similar first."""
    if not looks:
        return []
    hashes = list(looks.values())
    pairs = sorted({pair for each in hashes for pair in near_pairs(each)})
    return as_records(Alike, await conn.fetch(ALIKE, hashes, pairs, but, MOST))


async def list_alike(desk: Desk, status_id: int) -> tuple[list[int], list[int]]:
    """The posts with pictures like those of a post, itself first; and the ids of its own pictures, by which the others
    are meant."""
    async with desk.db.read() as conn:
        looks = await find_looks(conn, [status_id])
        rows = await find_alike(conn, looks, but=status_id)
    return [status_id, *(row.status_id for row in rows)], list(looks)


def near_pairs(hashed: bytes) -> Iterator[int]:
    """The pairs of bytes, as `pdq_pairs` numbers them, of which hashes within 31 bits of this one have at least one:
    each of the sixteen as it is, and with any one bit turned."""
    for place in range(16):
        pair = int.from_bytes(hashed[2 * place : 2 * place + 2], "big")
        yield place << 16 | pair
        for bit in range(16):
            yield place << 16 | pair ^ 1 << bit
