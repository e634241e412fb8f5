"""SQL of boosts, favourites, bookmarks, pins and muted conversations.

What is counted is counted in the statement that writes it, and only if it wrote something.
"""

from __future__ import annotations

from datetime import datetime
from typing import Final

import msgspec

from rostra.kit.db import Reader, Tx, find_record
from rostra.kit.errors import NotFound
from rostra.posts.access import VISIBLE_STATUS
from rostra.posts.records import StatusParts

# Taken first by all that adds to a status or deletes it; see `queries`.
LOCK_COUNTS: Final = "select status_id from status_stats where status_id = $1 for update"

INSERT_BOOST: Final = """
with boost as (
  insert into statuses (id, account_id, uri, url, visibility, reblog_of_id, conversation_id, app_id, created_at,
    rendered, rendered_for)
  values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)
  on conflict (account_id, reblog_of_id) where reblog_of_id is not null do nothing returning id),
counted as (update status_stats set reblogs_count = reblogs_count + 1 where status_id = $6 and exists (
  select from boost)),
author as (update account_stats set statuses_count = statuses_count + 1, last_status_at = greatest(last_status_at, $9)
  where account_id = $2 and exists (select from boost))
select id from boost
"""

BOOST: Final = "select id from statuses where account_id = $1 and reblog_of_id = $2"

DELETE_BOOST: Final = """
with gone as (delete from statuses where account_id = $1 and reblog_of_id = $2 returning id),
counted as (update status_stats set reblogs_count = reblogs_count - 1 where status_id = $2 and exists (
  select from gone)),
author as (update account_stats set statuses_count = statuses_count - 1 where account_id = $1 and exists (
  select from gone))
select id from gone
"""

SUBJECT_ID: Final = "select coalesce(reblog_of_id, id) from statuses where id = $1"

INSERT_FAVOURITE: Final = """
with locked as materialized (select status_id from status_stats where status_id = $2 for update),
made as (
  insert into favourites (id, account_id, status_id, created_at)
  select make_id($3), $1, locked.status_id, $3 from locked
  on conflict (account_id, status_id) do nothing returning status_id)
update status_stats set favourites_count = favourites_count + 1 where status_id = (select status_id from made)
"""

DELETE_FAVOURITE: Final = """
with locked as materialized (select status_id from status_stats where status_id = $2 for update),
gone as (
  delete from favourites where account_id = $1 and status_id = (select status_id from locked) returning status_id)
update status_stats set favourites_count = favourites_count - 1 where status_id = (select status_id from gone)
"""

INSERT_BOOKMARK: Final = """
insert into bookmarks (id, account_id, status_id, created_at) values (make_id($3), $1, $2, $3)
on conflict (account_id, status_id) do nothing
"""

DELETE_BOOKMARK: Final = "delete from bookmarks where account_id = $1 and status_id = $2"

LOCK_OWNER: Final = "select from users where account_id = $1 for no key update"

PINNABLE: Final = f"""
select s.account_id = $1 as is_own, s.reblog_of_id is not null as is_boost, s.visibility,
  exists (select from status_pins p where p.account_id = $1 and p.status_id = s.id) as is_pinned,
  (select count(*) from status_pins p where p.account_id = $1) as pins
from statuses s join accounts a on a.id = s.account_id where s.id = $2 and {VISIBLE_STATUS}
"""

INSERT_PIN: Final = """
insert into status_pins (id, account_id, status_id, created_at) values (make_id($3), $1, $2, $3)
on conflict (account_id, status_id) do nothing
"""

DELETE_PIN: Final = "delete from status_pins where account_id = $1 and status_id = $2"

MUTE_CONVERSATION: Final = """
insert into conversation_mutes (account_id, conversation_id) values ($1, $2) on conflict do nothing
"""

UNMUTE_CONVERSATION: Final = "delete from conversation_mutes where account_id = $1 and conversation_id = $2"


class Pinnable(msgspec.Struct, frozen=True, kw_only=True):
    """What decides whether an account may pin a status that it can see; `pins` is how many it has."""

    is_own: bool
    is_boost: bool
    visibility: str
    is_pinned: bool
    pins: int


async def lock_counts(tx: Tx, status_id: int) -> bool:
    """Lock the counts of a status until the transaction ends; False where it is gone (or is a boost)."""
    return await tx.fetchrow(LOCK_COUNTS, status_id) is not None


async def insert_boost(
    tx: Tx,
    parts: StatusParts,
    *,
    account_id: int,
    subject_id: int,
    conversation_id: int,
    app_id: int | None,
    rendered: str,
    fingerprint: int,
) -> bool:
    """Write a boost and count it; False where the account has boosted the status already."""
    made = await tx.fetchval(
        INSERT_BOOST, parts.id, account_id, parts.uri, parts.url, parts.visibility, subject_id, conversation_id,
        app_id, parts.created_at, rendered, fingerprint,
    )  # fmt: skip
    return made is not None


async def get_boost(db: Reader, account_id: int, subject_id: int) -> int:
    """The account's boost of a status. Raises NotFound."""
    boost_id = await db.fetchval(BOOST, account_id, subject_id)
    if boost_id is None:
        raise NotFound
    return boost_id


async def delete_boost(tx: Tx, account_id: int, subject_id: int) -> int | None:
    """Delete the account's boost of a status and uncount it; its id, or None where there was none."""
    return await tx.fetchval(DELETE_BOOST, account_id, subject_id)


async def find_subject_id(db: Reader, status_id: int) -> int | None:
    """What a status boosts, or the status itself; None where it does not exist."""
    return await db.fetchval(SUBJECT_ID, status_id)


async def insert_favourite(tx: Tx, account_id: int, status_id: int, at: datetime) -> bool:
    """Write a favourite and count it; False where there is one, or the status is gone."""
    return await tx.execute(INSERT_FAVOURITE, account_id, status_id, at) == "UPDATE 1"


async def delete_favourite(tx: Tx, account_id: int, status_id: int) -> bool:
    """Take a favourite back and uncount it; False where there was none."""
    return await tx.execute(DELETE_FAVOURITE, account_id, status_id) == "UPDATE 1"


async def insert_bookmark(tx: Tx, account_id: int, status_id: int, at: datetime) -> None:
    """Write a bookmark; one that is there already stays."""
    await tx.execute(INSERT_BOOKMARK, account_id, status_id, at)


async def delete_bookmark(tx: Tx, account_id: int, status_id: int) -> None:
    """Delete a bookmark; none is no error."""
    await tx.execute(DELETE_BOOKMARK, account_id, status_id)


async def mute_conversation(tx: Tx, account_id: int, conversation_id: int) -> None:
    """Write that an account wants to hear no more of a conversation."""
    await tx.execute(MUTE_CONVERSATION, account_id, conversation_id)


async def unmute_conversation(tx: Tx, account_id: int, conversation_id: int) -> None:
    """Take that back; nothing to take back is no error."""
    await tx.execute(UNMUTE_CONVERSATION, account_id, conversation_id)


async def find_pinnable(tx: Tx, account_id: int, status_id: int) -> Pinnable | None:
    """The status as one that this account may want to pin; the account's pins change one after another."""
    await tx.fetchrow(LOCK_OWNER, account_id)
    return find_record(Pinnable, await tx.fetchrow(PINNABLE, account_id, status_id))


async def insert_pin(tx: Tx, account_id: int, status_id: int, at: datetime) -> None:
    """Write a pin."""
    await tx.execute(INSERT_PIN, account_id, status_id, at)


async def delete_pin(tx: Tx, account_id: int, status_id: int) -> None:
    """Delete a pin; none is no error."""
    await tx.execute(DELETE_PIN, account_id, status_id)
