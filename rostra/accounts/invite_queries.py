"""SQL of invitations."""

from __future__ import annotations

from datetime import datetime
from typing import Final

from rostra.accounts.records import Invite
from rostra.kit.db import Reader, Tx, as_record, as_records, find_record

_COLUMNS: Final = "id, code, account_id, max_uses, uses, expires_at, created_at"

_USABLE: Final = "(max_uses is null or uses < max_uses) and (expires_at is null or expires_at > $2)"

INSERT_INVITE: Final = f"""
insert into invites (id, code, account_id, max_uses, expires_at, created_at)
values (make_id($1), $2, $3, $4, $5, $1)
returning {_COLUMNS}
"""

USABLE_INVITE: Final = f"""
select {_COLUMNS} from invites where code = $1 and {_USABLE}
  and exists (select from accounts a where a.id = account_id and a.suspended_at is null)
"""

REDEEM_INVITE: Final = f"update invites set uses = uses + 1 where code = $1 and {_USABLE} returning {_COLUMNS}"

INVITES: Final = f"select {_COLUMNS} from invites where account_id = $1 order by id desc limit $2"

ALL_INVITES: Final = f"select {_COLUMNS} from invites order by id desc limit $1"

DELETE_INVITE: Final = "delete from invites where id = $1 and ($2::bigint is null or account_id = $2) returning id"


async def insert_invite(
    tx: Tx, *, code: str, account_id: int, max_uses: int | None, expires_at: datetime | None, at: datetime
) -> Invite:
    """Write a new invitation."""
    row = await tx.fetchrow(INSERT_INVITE, at, code, account_id, max_uses, expires_at)
    assert row is not None
    return as_record(Invite, row)


async def find_usable_invite(db: Reader, code: str, at: datetime) -> Invite | None:
    """The invitation with this code, if it still works."""
    return find_record(Invite, await db.fetchrow(USABLE_INVITE, code, at))


async def redeem_invite(tx: Tx, code: str, at: datetime) -> Invite | None:
    """Use an invitation once. None where it does not work (any more)."""
    return find_record(Invite, await tx.fetchrow(REDEEM_INVITE, code, at))


async def list_invites(db: Reader, account_id: int, limit: int) -> list[Invite]:
    """The invitations of a person, the latest first."""
    return as_records(Invite, await db.fetch(INVITES, account_id, limit))


async def list_all_invites(db: Reader, limit: int) -> list[Invite]:
    """Everybody's invitations, the latest first."""
    return as_records(Invite, await db.fetch(ALL_INVITES, limit))


async def delete_invite(tx: Tx, invite_id: int, account_id: int | None) -> bool:
    """Delete an invitation, of this person if one is given; whether there was one."""
    return await tx.fetchval(DELETE_INVITE, invite_id, account_id) is not None
