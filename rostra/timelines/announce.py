"""Telling the web processes that something is new, so that those who are connected see it at once.

Announcements carry ids only and travel by NOTIFY, out of the workers: in the transaction that publishes a status it
would take a lock that all commits share. One that is lost is no loss: timelines are read from tables.
"""

from __future__ import annotations

from typing import Final

import msgspec

from rostra.kit.db import Database

CHANNEL: Final = "rostra_live"
NOTIFY: Final = "select pg_notify($1, $2)"


class Announcement(msgspec.Struct, frozen=True, kw_only=True, tag_field="kind"):
    """Base of all announcements."""


class NewStatus(Announcement, frozen=True, kw_only=True, tag="status"):
    """A status has reached the home timelines."""

    status_id: int


class EditedStatus(Announcement, frozen=True, kw_only=True, tag="edit"):
    status_id: int


class DeletedStatuses(Announcement, frozen=True, kw_only=True, tag="delete"):
    """Everybody is told the ids, and no more; at most three hundred, so that they fit into one NOTIFY."""

    status_ids: list[int]


class NewNotifications(Announcement, frozen=True, kw_only=True, tag="notifications"):
    """As (notification, account); at most a hundred, so that they fit into one NOTIFY."""

    notifications: list[tuple[int, int]]


class ChangedFilters(Announcement, frozen=True, kw_only=True, tag="filters"):
    account_id: int


class EndedStreams(Announcement, frozen=True, kw_only=True, tag="end"):
    """Streams of these tokens, or all of an account's, must end."""

    account_id: int | None = None
    token_ids: list[int] = []


AnyAnnouncement = NewStatus | EditedStatus | DeletedStatuses | NewNotifications | ChangedFilters | EndedStreams
decode = msgspec.json.Decoder(AnyAnnouncement).decode


def encode(announcement: AnyAnnouncement) -> str:
    """What is sent on the channel."""
    return msgspec.json.encode(announcement).decode()


async def announce(db: Database, announcement: AnyAnnouncement) -> None:
    """Tell all web processes."""
    async with db.autocommit() as tx:
        await tx.fetchval(NOTIFY, CHANNEL, encode(announcement))
