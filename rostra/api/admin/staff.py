"""Who may use the admin API, and what its lists have in common."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, Protocol, TypeVar

from rostra.accounts.permissions import Permission, check_may
from rostra.accounts.records import Viewer
from rostra.api.call import Call
from rostra.kit.paging import Page, Window

# How many rows a list has where nothing is said, in all of this API.
PAGE: Final = 100


class Numbered(Protocol):
    @property
    def id(self) -> int: ...


T = TypeVar("T")


def staff(call: Call, permission: Permission) -> Viewer:
    """The person behind the token. Raises Forbidden where their role lacks the permission."""
    check_may(call.me.role, permission)
    return call.me


def page_of_rows(rows: Sequence[Numbered], items: list[T], window: Window) -> Page[T]:
    """A page of `items` made of `rows`, with the rows' ids as cursors; whichever way they were read, newest first."""
    if len(rows) > 1 and rows[0].id < rows[-1].id:
        rows, items = rows[::-1], items[::-1]
    return Page(
        items,
        newest=rows[0].id if rows else None,
        oldest=rows[-1].id if rows else None,
        more=len(rows) == window.limit,
    )
