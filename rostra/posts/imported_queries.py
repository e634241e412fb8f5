"""SQL of posts that were first posted elsewhere."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Final

import msgspec

from rostra.kit.db import Reader, Tx, as_records, find_record

MAKE_IDS: Final = (
    "select make_id(at) as id from unnest($1::timestamptz[]) with ordinality as given(at, place) order by place"
)

# What came in from elsewhere, and what was posted here in the first place: neither comes in (again).
KNOWN: Final = """
select i.source_uri as uri, s.id, s.account_id, s.conversation_id, s.visibility
from imported_statuses i join statuses s on s.id = i.status_id
where i.account_id = $1 and i.source_uri = any($2::text[])
union all
select s.uri, s.id, s.account_id, s.conversation_id, s.visibility
from statuses s where s.account_id = $1 and s.uri = any($2::text[])
"""

UNUSABLE_TAGS: Final = "select name from tags where name = any($1::text[]) and not usable"

INSERT_ENDED_POLL: Final = """
insert into polls (id, status_id, account_id, options, votes, voters_count, multiple, expires_at, created_at)
values ($1, $1, $2, $3, $4, $5, $6, $7, $8)
"""

SET_EDITED: Final = """
update statuses s set edited_at = given.at from unnest($1::bigint[], $2::timestamptz[]) as given(id, at)
where s.id = given.id
"""

INSERT_ORIGINS: Final = """
insert into imported_statuses (account_id, source_uri, status_id, import_id, source_url, answers_url, proven)
select $1, given.uri, given.id, $2, given.url, given.answers_url, $3
from unnest($4::text[], $5::bigint[], $6::text[], $7::text[]) as given(uri, id, url, answers_url)
"""

ORIGIN: Final = """
select i.source_url as url, i.answers_url, i.proven, m.source ->> 'handle' as handle
from imported_statuses i join imports m on m.id = i.import_id where i.status_id = $1
"""


class Known(msgspec.Struct, frozen=True, kw_only=True):
    """A status of the account that is here already; `uri` is what it was asked by."""

    uri: str
    id: int
    account_id: int
    conversation_id: int
    visibility: str


class Origin(msgspec.Struct, frozen=True, kw_only=True):
    """Where a post was first posted: its address there, whose it was there, and whether that is proven. `answers_url`
    is what it answers, where that is no post here."""

    url: str
    answers_url: str | None
    proven: bool
    handle: str | None


async def make_ids(db: Reader, moments: Sequence[datetime]) -> list[int]:
    """A new id for each of these moments, in their order."""
    return [row["id"] for row in await db.fetch(MAKE_IDS, moments)]


async def find_known(db: Reader, account_id: int, uris: Sequence[str]) -> dict[str, Known]:
    """The account's statuses that came from these addresses or have them."""
    return {known.uri: known for known in as_records(Known, await db.fetch(KNOWN, account_id, uris))}


async def find_unusable_tags(db: Reader, names: Sequence[str]) -> set[str]:
    """Those of these hashtags that staff has taken out of use."""
    return {row["name"] for row in await db.fetch(UNUSABLE_TAGS, names)}


async def insert_ended_poll(
    tx: Tx,
    *,
    status_id: int,
    account_id: int,
    options: Sequence[str],
    votes: Sequence[int],
    voters: int,
    multiple: bool,
    ended_at: datetime,
    at: datetime,
) -> None:
    """Write a poll with the votes that it had."""
    await tx.execute(INSERT_ENDED_POLL, status_id, account_id, options, votes, voters, multiple, ended_at, at)


async def set_edited(tx: Tx, edited: Mapping[int, datetime]) -> None:
    """Write when statuses were last edited."""
    await tx.execute(SET_EDITED, list(edited), list(edited.values()))


class NewOrigin(msgspec.Struct, frozen=True, kw_only=True):
    """Where one status comes from."""

    status_id: int
    uri: str
    url: str
    answers_url: str | None


async def insert_origins(
    tx: Tx, account_id: int, import_id: int, origins: Sequence[NewOrigin], *, proven: bool
) -> None:
    """Write where statuses come from."""
    await tx.execute(
        INSERT_ORIGINS,
        account_id,
        import_id,
        proven,
        [each.uri for each in origins],
        [each.status_id for each in origins],
        [each.url for each in origins],
        [each.answers_url for each in origins],
    )


async def find_origin(db: Reader, status_id: int) -> Origin | None:
    """Where a status was first posted, where that was elsewhere."""
    return find_record(Origin, await db.fetchrow(ORIGIN, status_id))
