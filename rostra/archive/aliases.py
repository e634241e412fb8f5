"""Aliases: the other accounts that somebody says are theirs too, so that these may move here."""

from __future__ import annotations

from typing import Final

import msgspec

from rostra.accounts.queries import find_mentionable
from rostra.archive import move_queries as queries
from rostra.archive.csv_read import read_address
from rostra.kit.clock import Clock
from rostra.kit.db import Database, Reader
from rostra.kit.errors import Invalid, NotFound
from rostra.text.urls import Urls

MAX_ALIASES: Final = 20
_LONGEST: Final = 500


class Named(msgspec.Struct, frozen=True, kw_only=True):
    """An account that somebody named, found here."""

    id: int
    uri: str
    acct: str
    is_local: bool


class Elsewhere(Invalid):
    """The account is on another server, which cannot be asked yet."""

    def __init__(self, field: str) -> None:
        super().__init__(field, "is on another server, and other servers cannot be reached yet")


async def list_aliases(db: Database, account_id: int) -> list[str]:
    """The addresses (URIs) of somebody's other accounts, in the order in which they were added."""
    async with db.read() as conn:
        return await queries.find_aliases(conn, account_id)


async def add_alias(db: Database, clock: Clock, urls: Urls, account_id: int, named: str) -> str:
    """Add an account, named by its address (`name@domain`) or its URI; what is kept. A URI of another server is taken
    as it is: it is compared, never opened. Raises Invalid, and Elsewhere for an address that would have to be asked."""
    async with db.read() as conn:
        uri = await _uri_of(conn, urls, named)
    if uri == urls.account_uri(await _own_name(db, account_id)):
        raise Invalid("alias", "is this account itself")
    async with db.transaction() as tx:
        found = await queries.lock_aliases(tx, account_id)
        if uri not in found and len(found) >= MAX_ALIASES:
            raise Invalid("alias", f"cannot be more than {MAX_ALIASES}")
        if uri not in found:
            await queries.store_aliases(tx, account_id, [*found, uri], clock.now())
    return uri


async def remove_alias(db: Database, clock: Clock, account_id: int, uri: str) -> None:
    """Take an alias back; one that is not there is no error."""
    async with db.transaction() as tx:
        found = await queries.lock_aliases(tx, account_id)
        await queries.store_aliases(tx, account_id, [each for each in found if each != uri], clock.now())


async def find_named(conn: Reader, urls: Urls, named: str, field: str) -> Named:
    """The account of this server that somebody named by address, or by the address of its page. Raises Invalid, and
    Elsewhere for accounts of other servers."""
    given = named.strip()
    for start in (f"{urls.base}/@", f"{urls.base}/users/"):
        given = given.removeprefix(start)
    if "://" in given:
        raise Elsewhere(field)
    address = read_address(given, urls.domain)
    if address is None:
        raise Invalid(field, "is not the address of an account, as name@domain")
    name, _, domain = address.partition("@")
    if domain:
        raise Elsewhere(field)
    found = await find_mentionable(conn, [(name, None)])
    if not found:
        raise Invalid(field, "is not the address of any account here")
    return Named(id=found[0].id, uri=found[0].uri, acct=found[0].username, is_local=True)


async def _uri_of(conn: Reader, urls: Urls, named: str) -> str:
    given = named.strip()
    if given.startswith("https://") and not given.startswith(f"{urls.base}/"):
        if len(given) > _LONGEST or not given.isascii() or not given.isprintable() or " " in given:
            raise Invalid("alias", "is not the address of an account")
        return given
    return (await find_named(conn, urls, given, "alias")).uri


async def _own_name(db: Database, account_id: int) -> str:
    async with db.read() as conn:
        name = await queries.find_username(conn, account_id)
    if name is None:
        raise NotFound
    return name
