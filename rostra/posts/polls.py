"""Polls as they are shown."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

import asyncpg
import msgspec

from rostra.accounts.queries import Emoji
from rostra.accounts.render import render_emoji, shortcodes_in
from rostra.entities.account import timestamp
from rostra.entities.status import Poll, PollOption
from rostra.text.urls import Urls


class PollRow(msgspec.Struct, frozen=True, kw_only=True):
    """A poll with one viewer's vote (`choices` None: none cast)."""

    id: int
    account_id: int
    options: list[str]
    votes: list[int]
    voters_count: int
    multiple: bool
    hide_totals: bool
    expires_at: datetime | None
    choices: list[int] | None

    @classmethod
    def from_row(cls, row: asyncpg.Record, prefix: str = "poll_") -> PollRow:
        """From a row whose columns carry `prefix`."""
        return cls(**{name: row[prefix + name] for name in cls.__struct_fields__})

    def expired(self, at: datetime) -> bool:
        """Whether voting is over."""
        return self.expires_at is not None and self.expires_at <= at


def render_poll(poll: PollRow, viewer_id: int | None, at: datetime, urls: Urls, emojis: Iterable[Emoji] = ()) -> Poll:
    """A poll for one viewer. Hidden totals show when the poll has ended; its author may always see them."""
    shown = not poll.hide_totals or poll.expired(at) or viewer_id == poll.account_id
    own = poll.choices or []
    used = shortcodes_in(*poll.options)
    return Poll(
        id=str(poll.id),
        expires_at=timestamp(poll.expires_at) if poll.expires_at else None,
        expired=poll.expired(at),
        multiple=poll.multiple,
        votes_count=sum(poll.votes),
        voters_count=poll.voters_count,
        options=[
            PollOption(title=title, votes_count=votes if shown else None)
            for title, votes in zip(poll.options, poll.votes, strict=True)
        ],
        emojis=[render_emoji(emoji, urls) for emoji in emojis if emoji.shortcode in used],
        voted=bool(own) or viewer_id == poll.account_id,
        own_votes=own,
    )
