"""Finding accounts and hashtags by their names, and whatever has an address by its address."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import datetime
from typing import Final
from urllib.parse import unquote

import msgspec

from rostra.accounts.render import hydrate_accounts
from rostra.entities.account import RawAccount
from rostra.kit.db import Database
from rostra.search import queries
from rostra.search.queries import Typed
from rostra.text.entities import normalise_tag
from rostra.text.urls import Urls

LONGEST: Final = 500

_HANDLE = re.compile(r"@\S+|[^\s@:/]+@[^\s@]+")
_ACCOUNT_PATH = re.compile(r"/(?:@|users/)([^/@]+)(?:@([^/@]+))?/?")
_STATUS_PATH = re.compile(r"/(?:@[^/]+|users/[^/]+/statuses)/([0-9]{1,19})/?")


class Place(msgspec.Struct, frozen=True, kw_only=True):
    """What an address of this server leads to, or (`uri`) an address of some other server."""

    account: Typed | None = None
    status_id: int | None = None
    uri: str | None = None


def is_address(text: str) -> bool:
    """Whether what was typed is a web address."""
    return text.lstrip().startswith(("https://", "http://"))


def is_handle(text: str) -> bool:
    """Whether what was typed can only mean an account: `@name`, `@name@domain` or `name@domain`."""
    return _HANDLE.fullmatch(text.strip()) is not None


def read_address(text: str, urls: Urls) -> Place:
    """Where an address leads. Reads it only, asks nobody."""
    address = text.strip()[:2000]
    bare = re.split(r"[?#]", address, maxsplit=1)[0]
    if not bare.lower().startswith(urls.base.lower() + "/"):
        return Place(uri=address)
    path = unquote(bare[len(urls.base) :])
    if found := _STATUS_PATH.fullmatch(path):
        number = int(found[1])
        return Place(status_id=number) if number < 2**63 else Place()
    if found := _ACCOUNT_PATH.fullmatch(path):
        return Place(account=Typed(name=found[1], domain=_foreign(found[2] or "", urls)))
    return Place(uri=address)


def _foreign(domain: str, urls: Urls) -> str:
    return "" if domain.lower() == urls.domain else domain.lower()


async def find_at(db: Database, urls: Urls, text: str) -> tuple[int | None, int | None]:
    """Ids of the account and of the status that have this address, as far as this server knows them. The status may be
    one that the viewer may not see."""
    place = read_address(text, urls)
    async with db.read() as conn:
        if place.account is not None:
            return await queries.find_account(conn, place.account.name, place.account.domain or ""), None
        if place.uri is not None:
            return await queries.find_account_at(conn, place.uri), await queries.find_status_at(conn, place.uri)
    return None, place.status_id


async def search_accounts(
    db: Database,
    urls: Urls,
    text: str,
    *,
    viewer_id: int | None,
    at: datetime,
    limit: int,
    offset: int = 0,
    following: bool = False,
) -> list[RawAccount]:
    """Accounts by name or handle, best first; `following`: only those whom the viewer follows."""
    name, _, home = text.strip().removeprefix("@")[:LONGEST].partition("@")
    if not name.strip():
        return []
    typed = Typed(name=name.strip(), domain=_foreign(home, urls) if home else None)
    async with db.read() as conn:
        ids = await queries.find_accounts(
            conn, viewer_id, typed, following=following, limit=limit, offset=offset, at=at
        )
    return await hydrate_accounts(db, ids, urls)


async def search_hashtags(db: Database, text: str, *, limit: int, offset: int = 0) -> Sequence[int]:
    """Ids of the hashtags that begin with what was typed, the exact one first."""
    prefix = normalise_tag(text.strip().removeprefix("#")[:LONGEST])
    if not prefix:
        return []
    async with db.read() as conn:
        return await queries.find_hashtags(conn, prefix, limit, offset)
