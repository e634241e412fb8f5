"""The shapes of what two accounts are to each other."""

from __future__ import annotations

from datetime import datetime

import msgspec


class Target(msgspec.Struct, frozen=True, kw_only=True):
    """An account that somebody wants to look at or do something to, as far as that decides whether they may.

    Without a viewer all that concerns one is false.
    """

    id: int
    domain: str | None
    locked: bool
    hide_collections: bool
    suspended: bool
    blocks_viewer: bool
    blocked_by_viewer: bool
    domain_blocked: bool
    viewer_silenced: bool
    # Whether the viewer's own account sends its visitors to another one.
    viewer_moved: bool


class FollowOptions(msgspec.Struct, frozen=True, kw_only=True):
    """What a follower wants to get. None leaves an option as it is, or at its default; no languages means all."""

    show_reblogs: bool | None = None
    notify: bool | None = None
    languages: list[str] | None = None


class RelationshipRow(msgspec.Struct, frozen=True, kw_only=True):
    """What one account is to another, from the first one's side."""

    id: int
    following: bool
    requested: bool
    showing_reblogs: bool
    notifying: bool
    languages: list[str] | None
    followed_by: bool
    requested_by: bool
    blocking: bool
    blocked_by: bool
    muting: bool
    muting_notifications: bool
    muting_expires_at: datetime | None
    domain_blocking: bool
    note: str
