"""Lists of accounts by what they are to somebody, a page of ids at a time; `accounts.render` makes entities of them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Final

from rostra.kit.db import Database
from rostra.kit.paging import Page, Window
from rostra.relationships import people_queries
from rostra.relationships.people_queries import Familiar, Listed
from rostra.relationships.records import Target

_MAX_FAMILIAR: Final = 100
_NOBODY: Final = Page[int]([])


async def followers(db: Database, account: Target, viewer_id: int | None, window: Window, at: datetime) -> Page[int]:
    """Who follows the account, as far as it lets the viewer know and the viewer wants to see them."""
    if _is_hidden(account, viewer_id):
        return _NOBODY
    async with db.read() as conn:
        return _as_page(await people_queries.find_followers(conn, account.id, window, viewer_id, at), window)


async def following(db: Database, account: Target, viewer_id: int | None, window: Window, at: datetime) -> Page[int]:
    """Whom the account follows, as far as it lets the viewer know and the viewer wants to see them."""
    if _is_hidden(account, viewer_id):
        return _NOBODY
    async with db.read() as conn:
        return _as_page(await people_queries.find_following(conn, account.id, window, viewer_id, at), window)


def _is_hidden(account: Target, viewer_id: int | None) -> bool:
    if account.suspended or account.blocks_viewer:
        return True
    return account.hide_collections and account.id != viewer_id


async def follow_requests(db: Database, account_id: int, window: Window) -> Page[int]:
    """Who waits to be let follow the account."""
    async with db.read() as conn:
        return _as_page(await people_queries.find_requests(conn, account_id, window), window)


async def blocked(db: Database, account_id: int, window: Window) -> Page[int]:
    """Whom the account blocks."""
    async with db.read() as conn:
        return _as_page(await people_queries.find_blocks(conn, account_id, window), window)


async def muted(db: Database, account_id: int, window: Window, at: datetime) -> tuple[Page[int], dict[int, datetime]]:
    """Whom the account mutes, and when those mutes end that do."""
    async with db.read() as conn:
        rows = await people_queries.find_mutes(conn, account_id, window, at)
    return _as_page(rows, window), {row.id: row.expires_at for row in rows if row.expires_at is not None}


async def blocked_domains(db: Database, account_id: int, window: Window) -> Page[str]:
    """The domains that the account blocks."""
    async with db.read() as conn:
        rows = await people_queries.find_domain_blocks(conn, account_id, window)
    return Page(
        [domain for _, domain in rows],
        newest=rows[0][0] if rows else None,
        oldest=rows[-1][0] if rows else None,
        more=len(rows) == window.limit,
    )


async def familiar_followers(db: Database, viewer_id: int, ids: Sequence[int]) -> list[Familiar]:
    """For each known account, its latest hundred followers whom the viewer follows; nobody where the account hides its
    followers or blocks the viewer, and nobody who hides whom they follow."""
    async with db.read() as conn:
        return await people_queries.find_familiar(conn, viewer_id, list(dict.fromkeys(ids)), _MAX_FAMILIAR)


async def find_known(db: Database, ids: Sequence[int]) -> list[int]:
    """Those of `ids` that are accounts, and confirmed and approved if they are local, in that order."""
    async with db.read() as conn:
        return await people_queries.find_known(conn, list(dict.fromkeys(ids)))


def _as_page(rows: Sequence[Listed], window: Window) -> Page[int]:
    return Page(
        [row.id for row in rows],
        newest=rows[0].cursor if rows else None,
        oldest=rows[-1].cursor if rows else None,
        more=len(rows) == window.limit,
    )
