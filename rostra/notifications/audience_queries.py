"""SQL of who is concerned by what happened. Whether they want to know is asked when they are told (`queries.NOTIFY`).

What can be undone is looked at again and held (`for key share`) until it was told: an undoing waits for that, and then
finds what it has to take back.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from rostra.kit.db import Reader, Tx

MENTIONED: Final = """
select m.account_id from mentions m join users u on u.account_id = m.account_id where m.status_id = $1
"""

# Those who asked to be told of each post; not of replies to others, and not of what they may not see.
BELL_RINGERS: Final = """
select f.account_id from statuses s join follows f on f.target_id = s.account_id and f.notify
where s.id = $1 and s.visibility <> 'direct'
  and (s.in_reply_to_account_id is null or s.in_reply_to_account_id = s.account_id)
  and not exists (select from mentions m where m.status_id = s.id and m.account_id = f.account_id)
"""

FAVOURITED: Final = """
select s.account_id from favourites f join statuses s on s.id = f.status_id
where f.account_id = $1 and f.status_id = $2 for key share of f
"""

BOOSTED: Final = """
select o.account_id from statuses s join statuses o on o.id = s.reblog_of_id
where s.id = $1 and o.id = $2 for key share of s
"""

FOLLOWED: Final = "select target_id from follows where account_id = $1 and target_id = $2 for key share"

REQUESTED: Final = "select target_id from follow_requests where account_id = $1 and target_id = $2 for key share"

BOOSTERS: Final = """
select s.account_id from statuses s join users u on u.account_id = s.account_id where s.reblog_of_id = $1
"""

POLL_AUDIENCE: Final = """
select p.status_id, p.account_id as author_id,
  array(select v.account_id from poll_votes v join users u on u.account_id = v.account_id
    where v.poll_id = p.id) as voters
from polls p where p.id = $1
"""

MODERATORS: Final = """
select account_id from users where role in ('owner', 'admin', 'moderator') and disabled_at is null
"""


def _ids(rows: Sequence[Any]) -> list[int]:
    return [row[0] for row in rows]


async def find_mentioned(db: Reader, status_id: int) -> list[int]:
    """Local accounts that a status mentions."""
    return _ids(await db.fetch(MENTIONED, status_id))


async def find_bell_ringers(db: Reader, status_id: int) -> list[int]:
    """Followers who want to be told of each post of the author, where this status is one for them."""
    return _ids(await db.fetch(BELL_RINGERS, status_id))


async def find_favourited(tx: Tx, account_id: int, status_id: int) -> list[int]:
    """The author of a status that the account still favours."""
    return _ids(await tx.fetch(FAVOURITED, account_id, status_id))


async def find_boosted(tx: Tx, boost_id: int, status_id: int) -> list[int]:
    """The author of a status whose boost is still there."""
    return _ids(await tx.fetch(BOOSTED, boost_id, status_id))


async def find_followed(tx: Tx, account_id: int, target_id: int) -> list[int]:
    """The target, if it is still followed."""
    return _ids(await tx.fetch(FOLLOWED, account_id, target_id))


async def find_requested(tx: Tx, account_id: int, target_id: int) -> list[int]:
    """The target, if the request to follow it still waits."""
    return _ids(await tx.fetch(REQUESTED, account_id, target_id))


async def find_boosters(db: Reader, status_id: int) -> list[int]:
    """Local accounts that have boosted a status."""
    return _ids(await db.fetch(BOOSTERS, status_id))


async def find_poll_audience(db: Reader, poll_id: int) -> tuple[int, int, list[int]] | None:
    """Status, author and local voters of a poll."""
    row = await db.fetchrow(POLL_AUDIENCE, poll_id)
    return None if row is None else (row["status_id"], row["author_id"], row["voters"])


async def find_moderators(db: Reader) -> list[int]:
    """Everybody who looks after reports and sign-ups."""
    return _ids(await db.fetch(MODERATORS))
