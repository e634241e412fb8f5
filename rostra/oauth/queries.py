"""SQL of apps, tokens and authorization codes."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from typing import Final

import asyncpg

from rostra.kit.db import Reader, Tx, as_record, as_records, find_record
from rostra.oauth.records import App, Code, ConnectedApp

# What a request must know of the person behind it; joined to tokens here and to sessions in `accounts`.
TOKEN_OWNER: Final = """
select t.token_hash, t.id as token_id, t.app_id, t.scopes, t.last_used_on, t.account_id,
  a.username, u.role, u.locale, u.theme, u.default_visibility, u.default_sensitive, u.default_language,
  u.filters_revision, u.last_active_on, a.frozen_at is not null as frozen,
  case when a.suspended_at is not null then 'suspended' when u.disabled_at is not null then 'disabled'
    when u.confirmed_at is null then 'unconfirmed' when u.approved_at is null then 'pending' end as obstacle,
  exists (select from accounts x join follows f on f.target_id = x.id
    where x.merged_on_read and f.account_id = t.account_id) as merges
from access_tokens t
left join users u on u.account_id = t.account_id
left join accounts a on a.id = t.account_id
where t.token_hash = any($1::bytea[])
"""

TOUCH_TOKEN: Final = """
with token as (update access_tokens set last_used_on = $2 where id = $1 returning account_id)
update users u set last_active_on = $2 from token where u.account_id = token.account_id
"""

_APP_COLUMNS: Final = "id, name, website, redirect_uris, scopes, client_id, client_secret_hash, created_at"

INSERT_APP: Final = f"""
insert into apps (id, name, website, redirect_uris, scopes, client_id, client_secret_hash, created_at)
values (make_id($1), $2, $3, $4, $5, $6, $7, $1)
returning {_APP_COLUMNS}
"""

# Without an address and without a secret that anything could match.
UPSERT_OWN_APP: Final = """
insert into apps (id, name, website, redirect_uris, scopes, client_id, client_secret_hash, created_at)
values (make_id($1), $2, null, '{}', $3, $4, '', $1)
on conflict (client_id) do update set scopes = excluded.scopes
returning id
"""

APP_BY_CLIENT_ID: Final = f"select {_APP_COLUMNS} from apps where client_id = $1"

APP_BY_ID: Final = f"select {_APP_COLUMNS} from apps where id = $1"

INSERT_TOKEN: Final = """
insert into access_tokens (id, token_hash, app_id, account_id, scopes, created_at)
values (make_id($1), $2, $3, $4, $5, $1)
returning id
"""

INSERT_CODE: Final = """
insert into authorization_codes (code_hash, app_id, account_id, redirect_uri, scopes, code_challenge, expires_at)
values ($1, $2, $3, $4, $5, $6, $7)
"""

LOCK_CODE: Final = """
select c.app_id, c.account_id, c.redirect_uri, c.scopes, c.code_challenge, c.expires_at, c.used_at, c.token_id,
  u.disabled_at is null and u.confirmed_at is not null and u.approved_at is not null
    and a.suspended_at is null as usable
from authorization_codes c
join users u on u.account_id = c.account_id
join accounts a on a.id = c.account_id
where c.code_hash = $1
for update of c
"""

MARK_CODE_USED: Final = "update authorization_codes set used_at = $2, token_id = $3 where code_hash = $1"

DELETE_OLD_CODES: Final = "delete from authorization_codes where expires_at < $1"

DELETE_TOKEN: Final = "delete from access_tokens where id = $1 returning id"

TOKEN_BY_HASH: Final = "select id, app_id, account_id from access_tokens where token_hash = $1"

DELETE_TOKENS_OF_APP: Final = "delete from access_tokens where account_id = $1 and app_id = $2 returning id"

DELETE_CODES_OF_APP: Final = "delete from authorization_codes where account_id = $1 and app_id = $2"

CONNECTED_APPS: Final = """
select p.id as app_id, p.name, p.website, min(t.created_at) as created_at, max(t.last_used_on) as last_used_on,
  array(select distinct scope from access_tokens x, unnest(x.scopes) as scope
    where x.account_id = $1 and x.app_id = p.id order by scope) as scopes
from access_tokens t join apps p on p.id = t.app_id
where t.account_id = $1
group by p.id
order by max(t.id) desc
"""


async def find_token_owners(db: Reader, token_hashes: Sequence[bytes]) -> list[asyncpg.Record]:
    """The tokens with these SHA-256 hashes, each with its app and its person in one row."""
    return await db.fetch(TOKEN_OWNER, token_hashes)


async def touch_token(tx: Tx, token_id: int, day: date) -> None:
    """Note that a token and its person were active on `day`."""
    await tx.execute(TOUCH_TOKEN, token_id, day)


async def insert_app(
    tx: Tx,
    *,
    name: str,
    website: str | None,
    redirect_uris: Sequence[str],
    scopes: Sequence[str],
    client_id: str,
    client_secret_hash: bytes,
    at: datetime,
) -> App:
    """Write a new app."""
    row = await tx.fetchrow(INSERT_APP, at, name, website, redirect_uris, scopes, client_id, client_secret_hash)
    assert row is not None
    return as_record(App, row)


async def upsert_own_app(tx: Tx, client_id: str, name: str, scopes: Sequence[str], at: datetime) -> int:
    """The id of an app of this server's own, which is made where there is none."""
    return await tx.fetchval(UPSERT_OWN_APP, at, name, scopes, client_id)


async def find_app(db: Reader, client_id: str) -> App | None:
    """The app with this public identifier."""
    return find_record(App, await db.fetchrow(APP_BY_CLIENT_ID, client_id))


async def find_app_by_id(db: Reader, app_id: int) -> App | None:
    """The app with this id."""
    return find_record(App, await db.fetchrow(APP_BY_ID, app_id))


async def insert_token(
    tx: Tx, *, token_hash: bytes, app_id: int, account_id: int | None, scopes: Sequence[str], at: datetime
) -> int:
    """Write a new token and return its id; `account_id` None is a token of the app itself."""
    return await tx.fetchval(INSERT_TOKEN, at, token_hash, app_id, account_id, scopes)


async def insert_code(
    tx: Tx,
    *,
    code_hash: bytes,
    app_id: int,
    account_id: int,
    redirect_uri: str,
    scopes: Sequence[str],
    code_challenge: str | None,
    expires_at: datetime,
) -> None:
    """Write a new authorization code."""
    await tx.execute(INSERT_CODE, code_hash, app_id, account_id, redirect_uri, scopes, code_challenge, expires_at)


async def lock_code(tx: Tx, code_hash: bytes) -> Code | None:
    """The authorization code with this hash, which nobody else can exchange meanwhile."""
    return find_record(Code, await tx.fetchrow(LOCK_CODE, code_hash))


async def mark_code_used(tx: Tx, code_hash: bytes, at: datetime, token_id: int) -> None:
    """Note what a code was exchanged for; it goes with its token."""
    await tx.execute(MARK_CODE_USED, code_hash, at, token_id)


async def delete_old_codes(tx: Tx, before: datetime) -> None:
    """Delete the codes that ran out before a moment."""
    await tx.execute(DELETE_OLD_CODES, before)


async def delete_token(tx: Tx, token_id: int) -> bool:
    """Delete a token; whether there was one."""
    return await tx.fetchval(DELETE_TOKEN, token_id) is not None


async def find_token(db: Reader, token_hash: bytes) -> asyncpg.Record | None:
    """id, app_id and account_id of the token with this hash."""
    return await db.fetchrow(TOKEN_BY_HASH, token_hash)


async def delete_tokens_of_app(tx: Tx, account_id: int, app_id: int) -> list[int]:
    """Delete all that an app holds for a person, and return the ids of the tokens."""
    await tx.execute(DELETE_CODES_OF_APP, account_id, app_id)
    return [row["id"] for row in await tx.fetch(DELETE_TOKENS_OF_APP, account_id, app_id)]


async def list_connected_apps(db: Reader, account_id: int) -> list[ConnectedApp]:
    """The apps that may act for a person, the last connected first."""
    return as_records(ConnectedApp, await db.fetch(CONNECTED_APPS, account_id))
