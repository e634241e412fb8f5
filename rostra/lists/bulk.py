"""Lists as an import writes them: many titles and members at once, by the rules of `lists` and `members`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

from rostra.events import Emit, ListChanged
from rostra.kit.db import Tx
from rostra.lists import bulk_queries, queries
from rostra.lists.lists import MAX_LISTS, MAX_TITLE


def clean_title(title: str) -> str | None:
    """A title as lists have it, None where no list can be called so."""
    title = title.strip()
    return title if title and len(title) <= MAX_TITLE else None


async def ensure_lists(tx: Tx, emit: Emit, owner_id: int, titles: Sequence[str], at: datetime) -> Mapping[str, int]:
    """The owner's lists with these clean titles, by title; those that were missing are made while there is room."""
    found = await bulk_queries.ensure_lists(tx, owner_id, list(dict.fromkeys(titles)), at, MAX_LISTS)
    for list_id in found.values():
        await emit(tx, ListChanged(list_id=list_id, account_id=owner_id))
    return found


async def add_eligible(tx: Tx, owner_id: int, members: Sequence[tuple[int, int]], at: datetime) -> set[int]:
    """Add members as (list, account), those only whom the owner may put into a list: these are returned."""
    eligible = await queries.find_eligible(tx, owner_id, [account_id for _, account_id in members])
    await bulk_queries.insert_many(tx, [each for each in members if each[1] in eligible], at)
    return eligible


async def keep_only(tx: Tx, owner_id: int, members: Sequence[tuple[str, int]], until: datetime) -> None:
    """Delete the owner's lists that are not named in `members` (title, account), but for those made after `until`, and
    take everybody else out of those that are."""
    await bulk_queries.delete_lists_but(tx, owner_id, [title for title, _ in members], until)
    await bulk_queries.delete_members_but(tx, owner_id, members)
