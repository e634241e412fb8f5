"""SQL of providers: the hosts and authorities that send notices."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final

from rostra.kit.db import Reader, Tx, as_records, find_record
from rostra.notices.records import Provider

_COLUMNS: Final = """
id, name, host, contact, domains, regime, reply_within, language, token_hash is not null as has_token, token_made_at,
  created_at, retired_at
"""

INSERT: Final = """
insert into notice_providers (id, name, host, contact, domains, regime, reply_within, language, created_at)
values (make_id($8), $1, $2, $3, $4, $5, $6, $7, $8) on conflict (lower(name)) do nothing returning id
"""

UPDATE: Final = """
update notice_providers set name = $2, host = $3, contact = $4, domains = $5, regime = $6, reply_within = $7,
  language = $8 where id = $1
"""

NAME_TAKEN: Final = "select exists (select from notice_providers where lower(name) = lower($1) and id <> $2)"

SET_TOKEN: Final = "update notice_providers set token_hash = $2, token_made_at = $3 where id = $1"

RETIRE: Final = "update notice_providers set retired_at = $2, token_hash = null where id = $1"

LIST: Final = f"select {_COLUMNS} from notice_providers order by retired_at is not null, name limit 500"

FIND: Final = f"select {_COLUMNS} from notice_providers where id = $1"

BY_NAME: Final = f"select {_COLUMNS} from notice_providers where lower(name) = lower($1)"

BY_TOKEN: Final = f"select {_COLUMNS} from notice_providers where token_hash = $1 and retired_at is null"

# Of a domain and all above it, the one that is named.
BY_DOMAIN: Final = f"""
select {_COLUMNS} from notice_providers where domains && $1::text[] and retired_at is null order by id limit 1
"""


async def insert_provider(
    tx: Tx,
    name: str,
    host: str,
    contact: str,
    domains: Sequence[str],
    regime: str,
    reply_within: timedelta,
    language: str,
    at: datetime,
) -> int | None:
    """Its id, or None where the name is taken."""
    return await tx.fetchval(INSERT, name, host, contact, domains, regime, reply_within, language, at)


async def update_provider(
    tx: Tx,
    provider_id: int,
    name: str,
    host: str,
    contact: str,
    domains: Sequence[str],
    regime: str,
    reply_within: timedelta,
    language: str,
) -> None:
    await tx.execute(UPDATE, provider_id, name, host, contact, domains, regime, reply_within, language)


async def is_name_taken(conn: Reader, name: str, but: int) -> bool:
    return await conn.fetchval(NAME_TAKEN, name, but)


async def set_token(tx: Tx, provider_id: int, token_hash: bytes | None, at: datetime | None) -> None:
    await tx.execute(SET_TOKEN, provider_id, token_hash, at)


async def retire(tx: Tx, provider_id: int, at: datetime) -> None:
    await tx.execute(RETIRE, provider_id, at)


async def list_providers(conn: Reader) -> list[Provider]:
    return as_records(Provider, await conn.fetch(LIST))


async def find_provider(conn: Reader, provider_id: int) -> Provider | None:
    return find_record(Provider, await conn.fetchrow(FIND, provider_id))


async def find_by_name(conn: Reader, name: str) -> Provider | None:
    return find_record(Provider, await conn.fetchrow(BY_NAME, name))


async def find_by_token(conn: Reader, token_hash: bytes) -> Provider | None:
    return find_record(Provider, await conn.fetchrow(BY_TOKEN, token_hash))


async def find_by_domain(conn: Reader, domains: Sequence[str]) -> Provider | None:
    """The provider of a domain: `domains` are it and those above it."""
    return find_record(Provider, await conn.fetchrow(BY_DOMAIN, domains))
