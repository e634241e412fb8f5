"""Who may see a status: one SQL predicate for every reader, and its twin in plain Python.

`visible` says whether a viewer may see a status at all. `wanted` says, beyond that, whether the viewer wants to see it
in a list that was not asked for by author: blocks, mutes and blocked domains. A property test proves the twins equal.
"""

from __future__ import annotations

from typing import Final, LiteralString

import msgspec

from rostra.relationships.wanted import unwanted, wanted

__all__ = ["VISIBLE_STATUS", "Facts", "may_see", "unwanted", "visible", "visible_while_present", "wanted"]


def visible(viewer: LiteralString, status: LiteralString, author: LiteralString) -> LiteralString:
    """SQL: whether `viewer` (an expression that gives an account id, null for a visitor) may see the row `status` of
    `statuses` by the row `author` of `accounts`. Boosts must be asked about with what they boost as well.

    The look-ups are scalar so that PostgreSQL makes them for the few rows that need them: of an `exists` it may make a
    hash table, and then reads every mention and follow that the viewer has.
    """
    return f"({author}.suspended_at is null and {visible_while_present(viewer, status)})"


def visible_while_present(viewer: LiteralString, status: LiteralString) -> LiteralString:
    """SQL: `visible`, beside a check that the author is not suspended."""
    return f"""(({status}.withheld is null or {status}.account_id = {viewer})
      and ({status}.visibility in ('public', 'unlisted')
        or {status}.account_id = {viewer}
        or ({status}.visibility = 'private' and (
          select true from follows f where f.account_id = {viewer} and f.target_id = {status}.account_id))
        or (select true from mentions m where m.status_id = {status}.id and m.account_id = {viewer}))
      and {_not_blocked(viewer, status)})"""


def _not_blocked(viewer: LiteralString, status: LiteralString) -> LiteralString:
    blocked = f"select true from blocks b where b.account_id = {status}.account_id and b.target_id = {viewer}"
    if not viewer.startswith("$"):
        return f"({blocked}) is null"
    # Most people are blocked by nobody: known once for the whole statement, where the viewer is.
    return f"((select true from blocks b where b.target_id = {viewer} limit 1) is null or ({blocked}) is null)"


class Facts(msgspec.Struct, frozen=True, kw_only=True):
    """All that decides whether one viewer may see one status."""

    visibility: str
    withheld: bool = False
    author_suspended: bool = False
    is_author: bool = False
    is_mentioned: bool = False
    follows_author: bool = False
    blocked_by_author: bool = False


def may_see(facts: Facts) -> bool:
    """The Python twin of `visible`."""
    if facts.author_suspended or facts.blocked_by_author or (facts.withheld and not facts.is_author):
        return False
    if facts.visibility in ("public", "unlisted") or facts.is_author or facts.is_mentioned:
        return True
    return facts.visibility == "private" and facts.follows_author


VISIBLE_STATUS: Final = visible("$1", "s", "a")
