"""From what somebody typed to what is shown and linked: entities found, mentioned accounts looked up, HTML made.

Shared by publishing and editing. Reads only.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import msgspec

from rostra.accounts.queries import Mentionable, find_mentionable
from rostra.kit.db import Reader
from rostra.kit.errors import Invalid
from rostra.posts import queries
from rostra.posts.records import MentionPart, TagPart
from rostra.text.entities import Entities, MentionKey
from rostra.text.format import MentionTarget, clean_text, find_entities, render_html
from rostra.text.urls import Urls

# A post full of the longest addresses has fewer characters.
_LONGEST: Final = 1 << 16


class Composed(msgspec.Struct, frozen=True, kw_only=True):
    """A text with all that was found in it. `tags` maps the canonical form to how it was first written."""

    text: str
    spoiler_text: str
    content: str
    entities: Entities
    tags: dict[str, str]
    mentioned: list[Mentionable]

    @property
    def mention_parts(self) -> list[MentionPart]:
        """The mentions as the static JSON shows them."""
        return [
            MentionPart(id=account.id, username=account.username, domain=account.domain, url=account.url)
            for account in self.mentioned
        ]

    @property
    def tag_parts(self) -> list[TagPart]:
        """The hashtags as the static JSON shows them."""
        return [TagPart(name=name, display_name=shown) for name, shown in sorted(self.tags.items())]


def clean_texts(text: str, spoiler_text: str, *, alone: bool) -> tuple[str, str]:
    """Both texts as they are kept. A warning over nothing (`alone`: no media, no poll) is the text itself.

    Raises Invalid for what is too long by far; what counts is the business of `draft`.
    """
    if sum(len(part.encode(errors="replace")) for part in (text, spoiler_text)) > _LONGEST:
        raise Invalid("text", "is too long", code="ERR_TOO_LONG")
    text, spoiler_text = clean_text(text), clean_text(spoiler_text)
    return (spoiler_text, "") if alone and not text else (text, spoiler_text)


async def compose(conn: Reader, urls: Urls, author_id: int, text: str, spoiler_text: str) -> Composed:
    """Compose texts that went through `clean_texts`. Whom the author has blocked is not mentioned."""
    entities = find_entities(text, domain=urls.domain)
    mentioned = await _find_mentioned(conn, entities, author_id)
    return Composed(
        text=text,
        spoiler_text=spoiler_text,
        content=render_html(
            text, domain=urls.domain, mentions=_targets(mentioned), tag_base=urls.tag(""), entities=entities
        ),
        entities=entities,
        tags=_distinct_tags(entities),
        mentioned=mentioned,
    )


async def _find_mentioned(conn: Reader, entities: Entities, author_id: int) -> list[Mentionable]:
    keys = dict.fromkeys(mention.key for mention in entities.mentions)
    if not keys:
        return []
    found = await find_mentionable(conn, list(keys))
    blocked = await queries.find_blocked_among(conn, author_id, [account.id for account in found])
    return sorted((account for account in found if account.id not in blocked), key=lambda account: account.id)


def _targets(mentioned: Sequence[Mentionable]) -> dict[MentionKey, MentionTarget]:
    return {
        (account.username.lower(), account.domain): MentionTarget(
            url=account.url, username=account.username, acct=account.acct
        )
        for account in mentioned
    }


def _distinct_tags(entities: Entities) -> dict[str, str]:
    tags: dict[str, str] = {}
    for hashtag in entities.hashtags:
        tags.setdefault(hashtag.tag, hashtag.name)
    return tags
