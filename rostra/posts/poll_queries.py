"""SQL of polls and votes."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Final

import msgspec

from rostra.kit.db import Tx, find_record
from rostra.posts.records import PollDraft

# Options and votes of the same length, always.
INSERT_POLL: Final = """
insert into polls (id, status_id, account_id, options, votes, multiple, hide_totals, expires_at, created_at)
values ($1, $1, $2, $3, array_fill(0, array[cardinality($3::text[])]), $4, $5, $6, $7)
"""

LOCK_POLL: Final = """
select id, account_id, options, votes, multiple, hide_totals, expires_at from polls where id = $1 for update
"""

INSERT_VOTE: Final = """
insert into poll_votes (poll_id, account_id, choices, created_at) values ($1, $2, $3, $4) on conflict do nothing
"""

COUNT_VOTES: Final = "update polls set votes = $2, voters_count = voters_count + 1 where id = $1"

UPDATE_POLL: Final = "update polls set hide_totals = $2, expires_at = $3 where id = $1"

REPLACE_OPTIONS: Final = """
with gone as (delete from poll_votes where poll_id = $1)
update polls set options = $2, votes = array_fill(0, array[cardinality($2::text[])]), voters_count = 0, multiple = $3
where id = $1
"""

DELETE_POLL: Final = "delete from polls where id = $1"


class LockedPoll(msgspec.Struct, frozen=True, kw_only=True):
    """A poll that nobody else can change until the transaction ends."""

    id: int
    account_id: int
    options: list[str]
    votes: list[int]
    multiple: bool
    hide_totals: bool
    expires_at: datetime | None


async def insert_poll(
    tx: Tx, draft: PollDraft, *, status_id: int, account_id: int, expires_at: datetime, at: datetime
) -> None:
    """Write a poll without votes, under its status's id."""
    await tx.execute(
        INSERT_POLL, status_id, account_id, draft.options, draft.multiple, draft.hide_totals, expires_at, at
    )


async def lock_poll(tx: Tx, poll_id: int) -> LockedPoll | None:
    """The poll; its votes are counted one after another."""
    return find_record(LockedPoll, await tx.fetchrow(LOCK_POLL, poll_id))


async def insert_vote(tx: Tx, poll_id: int, account_id: int, choices: Sequence[int], at: datetime) -> bool:
    """Write a vote; False where the account has voted already."""
    return await tx.execute(INSERT_VOTE, poll_id, account_id, choices, at) == "INSERT 0 1"


async def count_votes(tx: Tx, poll_id: int, votes: Sequence[int]) -> None:
    """Write the counts of a poll that has one voter more."""
    await tx.execute(COUNT_VOTES, poll_id, votes)


async def update_poll(tx: Tx, poll_id: int, *, hide_totals: bool, expires_at: datetime) -> None:
    """Change what leaves the votes valid."""
    await tx.execute(UPDATE_POLL, poll_id, hide_totals, expires_at)


async def replace_options(tx: Tx, poll_id: int, options: Sequence[str], *, multiple: bool) -> None:
    """Change what makes the votes void, and them with it."""
    await tx.execute(REPLACE_OPTIONS, poll_id, options, multiple)


async def delete_poll(tx: Tx, poll_id: int) -> None:
    """Delete a poll with its votes."""
    await tx.execute(DELETE_POLL, poll_id)
