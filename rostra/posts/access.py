"""Who may see a status: one SQL predicate for every reader, and its twin in plain Python.

`visible` says whether a viewer may see a status at all. `wanted` says, beyond that, whether the viewer wants to see it
in a list that was not asked for by author: blocks, mutes and blocked domains. A property test proves the twins equal.
"""

from __future__ import annotations

from typing import Final, LiteralString

import msgspec

from rostra.relationships.wanted import unwanted, wanted

__all__ = ["VISIBLE_BOOSTED", "VISIBLE_STATUS", "Facts", "may_see", "unwanted", "visible", "wanted"]


def visible(viewer: LiteralString, status: LiteralString, author: LiteralString) -> LiteralString:
    """SQL: whether `viewer` (an expression that gives an account id, null for a visitor) may see the row `status` of
    `statuses` by the row `author` of `accounts`. Boosts must be asked about with what they boost as well."""
    return f"""(
      {author}.suspended_at is null
      and ({status}.visibility in ('public', 'unlisted')
        or {status}.account_id = {viewer}
        or exists (select from mentions m where m.status_id = {status}.id and m.account_id = {viewer})
        or ({status}.visibility = 'private' and exists (
          select from follows f where f.account_id = {viewer} and f.target_id = {status}.account_id)))
      and not exists (select from blocks b where b.account_id = {status}.account_id and b.target_id = {viewer}))"""


class Facts(msgspec.Struct, frozen=True, kw_only=True):
    """All that decides whether one viewer may see one status."""

    visibility: str
    author_suspended: bool = False
    is_author: bool = False
    is_mentioned: bool = False
    follows_author: bool = False
    blocked_by_author: bool = False


def may_see(facts: Facts) -> bool:
    """The Python twin of `visible`."""
    if facts.author_suspended or facts.blocked_by_author:
        return False
    if facts.visibility in ("public", "unlisted") or facts.is_author or facts.is_mentioned:
        return True
    return facts.visibility == "private" and facts.follows_author


VISIBLE_STATUS: Final = visible("$1", "s", "a")
VISIBLE_BOOSTED: Final = visible("$1", "o", "oa")
