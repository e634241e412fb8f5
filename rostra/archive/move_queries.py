"""SQL of aliases and of moving from one account to another."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Final, Literal

import msgspec

from rostra.kit.db import Reader, Tx, as_records, find_record
from rostra.relationships.bulk_queries import Wish

ALIASES: Final = "select also_known_as from accounts where id = $1"

LOCK_ALIASES: Final = "select also_known_as from accounts where id = $1 for no key update"

STORE_ALIASES: Final = "update accounts set also_known_as = $2, updated_at = $3 where id = $1"

USERNAME: Final = "select username from accounts where id = $1 and domain is null"

# Locked in the order of ids, as whatever else locks several accounts does.
LOCK_MOVERS: Final = """
select a.id, a.uri, a.username, a.also_known_as, a.moved_to_id, a.silenced_at is not null as limited,
  a.frozen_at is not null as frozen, a.suspended_at is not null as suspended,
  (select max(m.created_at) from account_moves m where m.account_id = a.id and m.mode = 'followers') as last_moved_at,
  exists (select from users u where u.account_id = a.id and u.confirmed_at is not null and u.approved_at is not null
    and u.disabled_at is null) as usable
from accounts a where a.id = any($1::bigint[]) order by a.id for no key update of a
"""

INSERT_MOVE: Final = """
insert into account_moves (id, account_id, target_id, mode, state, created_at, finished_at)
values (make_id($4), $1, $2, $3, case when $3 = 'redirect' then 'finished' else 'running' end, $4,
  case when $3 = 'redirect' then $4 end)
returning id
"""

SET_MOVED: Final = """
update accounts set moved_to_id = $2, moved_at = $3, updated_at = coalesce($3, updated_at) where id = $1
"""

END_MOVES: Final = """
update account_moves set state = 'undone', finished_at = $2
where account_id = $1 and state in ('running', 'finished')
"""

NEWEST_MOVE: Final = """
select m.id, m.target_id, t.username as target_name, m.mode, m.state, m.followers, m.created_at, m.finished_at
from account_moves m join accounts t on t.id = m.target_id where m.account_id = $1 order by m.id desc limit 1
"""

LINKS: Final = """
select x.id, x.username, m.created_at as at, m.account_id = $1 as left, m.state = 'undone' as undone
from account_moves m join accounts x on x.id = case when m.account_id = $1 then m.target_id else m.account_id end
where m.account_id = $1 or m.target_id = $1 order by m.id desc limit $2
"""

LOCK_MOVE: Final = """
select m.id, m.account_id, m.target_id, m.mode, m.state, m.cursor
from account_moves m join accounts a on a.id = m.account_id and a.moved_to_id = m.target_id
where m.id = $1 for update of m
"""

FOLLOWERS: Final = """
select f.id, f.account_id, f.show_reblogs, f.notify, f.languages
from follows f join accounts a on a.id = f.account_id and a.domain is null
where f.target_id = $1 and f.id > $2 and f.account_id <> $3 order by f.id limit $4
"""

# Whoever has the old account in a list has the new one in its place, if they follow it or have asked to.
CARRY_MEMBERSHIPS: Final = """
insert into list_accounts (id, list_id, account_id)
select make_id($4), la.list_id, $2 from list_accounts la join lists l on l.id = la.list_id
where la.account_id = $1 and l.account_id = any($3::bigint[]) on conflict do nothing
"""

ADVANCE: Final = "update account_moves set cursor = $2, followers = followers + $3 where id = $1"

FINISH: Final = "update account_moves set state = 'finished', finished_at = $2 where id = $1"

# What somebody holds against the old account holds against the new one, but for those who follow that.
_NOT_FOLLOWING: Final = """
x.account_id <> $2 and not exists (select from follows f where f.account_id = x.account_id and f.target_id = $2)
"""

BLOCKERS: Final = f"""
select x.id, x.account_id from blocks x where x.target_id = $1 and x.id > $3 and {_NOT_FOLLOWING}
order by x.id limit $4
"""

COPY_MUTES: Final = f"""
insert into mutes (id, account_id, target_id, hide_notifications, expires_at, created_at)
select make_id($3), x.account_id, $2, x.hide_notifications, x.expires_at, $3 from mutes x
where x.target_id = $1 and (x.expires_at is null or x.expires_at > $3) and {_NOT_FOLLOWING}
on conflict (account_id, target_id) do nothing
"""

COPY_NOTES: Final = """
insert into account_notes (account_id, target_id, comment, updated_at)
select n.account_id, $2, n.comment, $3 from account_notes n where n.target_id = $1 and n.account_id <> $2
on conflict (account_id, target_id) do nothing
"""


class Mover(msgspec.Struct, frozen=True, kw_only=True):
    """An account of a move, as far as that decides whether it may."""

    id: int
    uri: str
    username: str
    also_known_as: list[str]
    moved_to_id: int | None
    limited: bool
    frozen: bool
    suspended: bool
    last_moved_at: datetime | None
    usable: bool


class Move(msgspec.Struct, frozen=True, kw_only=True):
    """A move as its owner sees it."""

    id: int
    target_id: int
    target_name: str
    mode: Literal["redirect", "followers"]
    state: Literal["running", "finished", "undone"]
    followers: int
    created_at: datetime
    finished_at: datetime | None


class Link(msgspec.Struct, frozen=True, kw_only=True):
    """Another account of the same person: `left` where they went there, else they came from it."""

    id: int
    username: str
    at: datetime
    left: bool
    undone: bool


class LockedMove(msgspec.Struct, frozen=True, kw_only=True):
    """A move that nobody else carries on until the transaction ends."""

    id: int
    account_id: int
    target_id: int
    mode: Literal["redirect", "followers"]
    state: Literal["running", "finished", "undone"]
    cursor: int


class Follower(msgspec.Struct, frozen=True, kw_only=True):
    """A follow of the old account, with its options."""

    id: int
    account_id: int
    show_reblogs: bool
    notify: bool
    languages: list[str] | None

    def wish(self, target_id: int) -> Wish:
        """The same for another target."""
        return Wish(
            account_id=self.account_id,
            target_id=target_id,
            show_reblogs=self.show_reblogs,
            notify=self.notify,
            languages=self.languages,
        )


async def find_aliases(db: Reader, account_id: int) -> list[str]:
    """The aliases of an account."""
    return list(await db.fetchval(ALIASES, account_id) or ())


async def lock_aliases(tx: Tx, account_id: int) -> list[str]:
    """The aliases of an account, which nobody else changes until the transaction ends."""
    return list(await tx.fetchval(LOCK_ALIASES, account_id) or ())


async def store_aliases(tx: Tx, account_id: int, aliases: Sequence[str], at: datetime) -> None:
    """Write the aliases of an account."""
    await tx.execute(STORE_ALIASES, account_id, aliases, at)


async def find_username(db: Reader, account_id: int) -> str | None:
    """The name of an account that lives here."""
    return await db.fetchval(USERNAME, account_id)


async def lock_movers(tx: Tx, ids: Sequence[int]) -> dict[int, Mover]:
    """Lock the accounts of a move, by id."""
    return {mover.id: mover for mover in as_records(Mover, await tx.fetch(LOCK_MOVERS, ids))}


async def insert_move(
    tx: Tx, account_id: int, target_id: int, mode: Literal["redirect", "followers"], at: datetime
) -> int:
    """Write a move; its id."""
    return await tx.fetchval(INSERT_MOVE, account_id, target_id, mode, at)


async def set_moved(tx: Tx, account_id: int, target_id: int | None, at: datetime | None) -> None:
    """Write where an account has gone (None: nowhere)."""
    await tx.execute(SET_MOVED, account_id, target_id, at)


async def end_moves(tx: Tx, account_id: int, at: datetime) -> None:
    """Write that an account is back."""
    await tx.execute(END_MOVES, account_id, at)


async def find_newest_move(db: Reader, account_id: int) -> Move | None:
    """The last move of an account."""
    return find_record(Move, await db.fetchrow(NEWEST_MOVE, account_id))


async def find_links(db: Reader, account_id: int, limit: int) -> list[Link]:
    """The accounts that somebody has moved to or come from, the latest first."""
    return as_records(Link, await db.fetch(LINKS, account_id, limit))


async def lock_move(tx: Tx, move_id: int) -> LockedMove | None:
    """Lock a move that still holds until the transaction ends."""
    return find_record(LockedMove, await tx.fetchrow(LOCK_MOVE, move_id))


async def find_followers(tx: Tx, move: LockedMove, limit: int) -> list[Follower]:
    """The next followers of the old account who live here."""
    rows = await tx.fetch(FOLLOWERS, move.account_id, move.cursor, move.target_id, limit)
    return as_records(Follower, rows)


async def carry_memberships(tx: Tx, move: LockedMove, owner_ids: Sequence[int], at: datetime) -> None:
    """Put the new account into the lists of these people that have the old one."""
    await tx.execute(CARRY_MEMBERSHIPS, move.account_id, move.target_id, owner_ids, at)


async def advance(tx: Tx, move_id: int, cursor: int, followers: int) -> None:
    """Write how far a move has come, and how many more have followed."""
    await tx.execute(ADVANCE, move_id, cursor, followers)


async def finish(tx: Tx, move_id: int, at: datetime) -> None:
    """Write that a move is done."""
    await tx.execute(FINISH, move_id, at)


async def find_blockers(tx: Tx, move: LockedMove, after: int, limit: int) -> list[tuple[int, int]]:
    """Some of those who have blocked the old account and do not follow the new one, as (block, account)."""
    rows = await tx.fetch(BLOCKERS, move.account_id, move.target_id, after, limit)
    return [(row["id"], row["account_id"]) for row in rows]


async def copy_quiet(tx: Tx, move: LockedMove, at: datetime) -> None:
    """Copy mutes and private notes on the old account to the new one."""
    await tx.execute(COPY_MUTES, move.account_id, move.target_id, at)
    await tx.execute(COPY_NOTES, move.account_id, move.target_id, at)
