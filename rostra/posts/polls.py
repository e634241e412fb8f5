"""Polls as they are shown."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

import msgspec

from rostra.accounts.render import shortcodes_in
from rostra.entities.account import CustomEmoji, timestamp
from rostra.entities.status import Poll, PollOption


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

    def expired(self, at: datetime) -> bool:
        """Whether voting is over."""
        return self.expires_at is not None and self.expires_at <= at


decode_poll = msgspec.json.Decoder(PollRow).decode


class _WithEmojis(msgspec.Struct):
    emojis: list[CustomEmoji]


_decode_emojis = msgspec.json.Decoder(_WithEmojis).decode


def render_poll(poll: PollRow, viewer_id: int | None, at: datetime, static: str) -> Poll:
    """A poll for one viewer. Hidden totals show when the poll has ended; its author may always see them.

    `static` is the stored JSON of the status, which has the custom emojis of the options among its own.
    """
    shown = not poll.hide_totals or poll.expired(at) or viewer_id == poll.account_id
    own = poll.choices or []
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
        emojis=_emojis_of(poll.options, static),
        voted=bool(own) or viewer_id == poll.account_id,
        own_votes=own,
    )


def _emojis_of(options: Sequence[str], static: str) -> list[CustomEmoji]:
    used = shortcodes_in(*options)
    if not used:
        return []
    return [emoji for emoji in _decode_emojis(f"{{{static}}}").emojis if emoji.shortcode in used]
