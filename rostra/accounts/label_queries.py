"""SQL of the labels that moderation has put on an account, as readers of its profile see them."""

from __future__ import annotations

from typing import Any, Final

import msgspec

from rostra.kit.db import Database

LABELS: Final = "select labels from accounts where id = $1"


class Label(msgspec.Struct, frozen=True):
    """A label with its title by language."""

    id: str
    title: dict[str, str]


async def find_labels(db: Database, account_id: int) -> list[Label]:
    """The labels that an account bears now; nearly always none."""
    async with db.read() as conn:
        found: list[dict[str, Any]] | None = await conn.fetchval(LABELS, account_id)
    return msgspec.convert(found or [], list[Label])
