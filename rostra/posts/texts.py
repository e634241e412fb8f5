"""The stored JSON of statuses and accounts that a process keeps in memory, so that what many people read is not sent
from the database for each of them. What is kept is held against the row's version at each reading: `rostra.kit.kept`.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from typing import Final

import asyncpg

from rostra.kit.db import Database
from rostra.kit.kept import Kept
from rostra.posts.page import TEXTS

# In characters, which take a byte each as long as they are ASCII.
_STATUSES: Final = 8 << 20
_ACCOUNTS: Final = 4 << 20
_WHOLE: Final = 16 << 20

_Key = asyncpg.Record | tuple[asyncpg.Record | bool | None, ...]


def name_whole(row: asyncpg.Record, subject: asyncpg.Record, viewer_id: int | None) -> _Key:
    """What a whole status is kept by: its row, that of what it boosts, and whether that is the viewer's own (None for a
    visitor, who has no flags)."""
    if viewer_id is None:
        return (row, subject, None)
    if subject["account_id"] == viewer_id:
        return (row, subject, True)
    return row if subject is row else (row, subject)


class KeptTexts:
    """What one process knows of stored JSON."""

    def __init__(self) -> None:
        self.statuses: Kept[int] = Kept(_STATUSES)
        self.accounts: Kept[int] = Kept(_ACCOUNTS)
        # Whole statuses as they were put together, by all that they were made of.
        self.whole: Kept[_Key] = Kept(_WHOLE)

    def find(
        self, rows: Iterable[asyncpg.Record], statuses: dict[int, str], accounts: dict[int, str]
    ) -> tuple[set[int], set[int]]:
        """Put the texts of `rows` (made by `without_texts`) into `statuses` and `accounts`, and return the ids of the
        statuses and of the accounts whose texts are not known."""
        find = self.statuses.find
        unknown: set[int] = set()
        for row in rows:
            status_id = row["id"]
            text = find(status_id, row["rendered_version"])
            if text is None:
                unknown.add(status_id)
            else:
                statuses[status_id] = text
        return unknown, self.find_accounts(rows, accounts)

    def find_accounts(self, rows: Iterable[asyncpg.Record], accounts: dict[int, str]) -> set[int]:
        """Like `find`, for rows of accounts alone."""
        find = self.accounts.find
        unknown: set[int] = set()
        for row in rows:
            account_id = row["account_id"]
            if account_id in accounts:
                continue
            text = find(account_id, row["account_version"])
            if text is None:
                unknown.add(account_id)
            else:
                accounts[account_id] = text
        return unknown

    def find_whole(
        self, rows: Sequence[asyncpg.Record], viewer_id: int | None, whole: dict[int, str]
    ) -> list[asyncpg.Record]:
        """Put what was put together from the same rows before into `whole`, by id, and return the rows of the rest."""
        by_id = {row["id"]: row for row in rows}
        find = self.whole.find
        rest: list[asyncpg.Record] = []
        for row in rows:
            if row["cursor"] is None:
                continue
            boosted_id = row["reblog_of_id"]
            subject = row if boosted_id is None else by_id.get(boosted_id)
            if subject is None:
                continue
            text = find(name_whole(row, subject, viewer_id))
            if text is not None:
                whole[row["id"]] = text
                continue
            rest.append(row)
            if subject is not row:
                rest.append(subject)
        return rest

    async def read(
        self,
        db: Database,
        status_ids: Collection[int],
        account_ids: Collection[int],
        fingerprint: int,
        *,
        into: tuple[dict[int, str], dict[int, str]],
    ) -> tuple[set[int], set[int]]:
        """Read texts, keep those that were made for `fingerprint` and put them into `into`; returns the ids of the
        statuses and of the accounts whose texts were made for others. What is gone is left out."""
        async with db.read() as conn:
            rows = await conn.fetch(TEXTS, status_ids, account_ids)
        stale: tuple[set[int], set[int]] = (set(), set())
        kept = (self.statuses, self.accounts)
        for row in rows:
            kind = 0 if row["is_status"] else 1
            if row["rendered_for"] == fingerprint:
                kept[kind].keep(row["id"], row["rendered"], row["rendered_version"])
                into[kind][row["id"]] = row["rendered"]
            else:
                stale[kind].add(row["id"])
        return stale
