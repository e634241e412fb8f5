"""Custom emojis: added and withdrawn by those who run the instance, each change noted."""

from __future__ import annotations

import re
from typing import Final

from rostra.accounts.audit_queries import insert_audit_event
from rostra.accounts.queries import list_emojis
from rostra.accounts.render import render_emoji
from rostra.entities.account import CustomEmoji
from rostra.instance import queries
from rostra.kit.clock import Clock
from rostra.kit.db import Database
from rostra.kit.errors import Invalid, NotFound
from rostra.text.urls import Urls

MAX_CATEGORY: Final = 80
_SHORTCODE: Final = re.compile(r"[A-Za-z0-9_]{2,64}")


async def hydrate_emojis(db: Database, urls: Urls) -> list[CustomEmoji]:
    """The emojis that can be used, by category and name. One statement."""
    async with db.read() as conn:
        return [render_emoji(emoji, urls) for emoji in await list_emojis(conn)]


def check_emoji(shortcode: str, category: str | None) -> None:
    """Raises Invalid, before a picture is stored for nothing."""
    if not _SHORTCODE.fullmatch(shortcode):
        raise Invalid("shortcode", "must be 2 to 64 letters, digits and underscores")
    if category and len(category) > MAX_CATEGORY:
        raise Invalid("category", f"is too long (maximum is {MAX_CATEGORY} characters)", code="ERR_TOO_LONG")


async def add_emoji(
    db: Database,
    clock: Clock,
    *,
    actor_id: int | None,
    shortcode: str,
    image_key: str,
    static_key: str,
    category: str | None = None,
) -> None:
    """Add an emoji whose picture is stored, or give one a new picture. Raises Invalid.

    What is written already keeps the old picture, which is therefore not deleted.
    """
    category = (category or "").strip() or None
    check_emoji(shortcode, category)
    async with db.transaction() as tx:
        await queries.upsert_emoji(
            tx, shortcode=shortcode, image_key=image_key, static_key=static_key, category=category, at=clock.now()
        )
        await insert_audit_event(
            tx, actor_id=actor_id, action="emoji.add", subject=shortcode, details={"image": image_key}, at=clock.now()
        )


async def remove_emoji(db: Database, clock: Clock, *, actor_id: int | None, shortcode: str) -> None:
    """Take an emoji away from what is written from now on. Raises NotFound."""
    async with db.transaction() as tx:
        if not await queries.disable_emoji(tx, shortcode, clock.now()):
            raise NotFound
        await insert_audit_event(
            tx, actor_id=actor_id, action="emoji.remove", subject=shortcode, details={}, at=clock.now()
        )
