"""What a viewer and other accounts are to each other, and whether the viewer meets an account at all."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from rostra.entities.account import Relationship, timestamp
from rostra.kit.db import Database, Reader
from rostra.kit.errors import NotFound
from rostra.relationships import queries
from rostra.relationships.records import RelationshipRow, Target


def render_relationship(row: RelationshipRow) -> Relationship:
    """As an entity."""
    return Relationship(
        id=str(row.id),
        following=row.following,
        showing_reblogs=row.showing_reblogs,
        notifying=row.notifying,
        languages=row.languages,
        followed_by=row.followed_by,
        blocking=row.blocking,
        blocked_by=row.blocked_by,
        muting=row.muting,
        muting_notifications=row.muting_notifications,
        muting_expires_at=timestamp(row.muting_expires_at) if row.muting_expires_at else None,
        requested=row.requested,
        requested_by=row.requested_by,
        domain_blocking=row.domain_blocking,
        endorsed=False,
        note=row.note,
    )


async def find_relationships(
    db: Database, viewer_id: int, ids: Sequence[int], at: datetime, *, with_suspended: bool = True
) -> list[Relationship]:
    """One Relationship for each known id, in the order of `ids`, in one statement."""
    if not ids:
        return []
    async with db.read() as conn:
        rows = await queries.find_relationships(
            conn, viewer_id, list(dict.fromkeys(ids)), at, with_suspended=with_suspended
        )
    return [render_relationship(row) for row in rows]


async def access_target(db: Database, viewer_id: int | None, account_id: int) -> Target:
    """The account as the viewer (None: a visitor) meets it, suspended ones too. Raises NotFound where there is none or
    it is not confirmed or approved yet."""
    async with db.read() as conn:
        return await get_target(conn, viewer_id, account_id)


async def get_target(conn: Reader, viewer_id: int | None, account_id: int) -> Target:
    """`access_target` within a scope that is open already."""
    target = await queries.find_target(conn, viewer_id, account_id)
    if target is None:
        raise NotFound
    return target
