"""Who may see a status: one SQL predicate for every reader, and its twin in plain Python.

`VISIBLE` says whether a viewer may see a status at all. `WANTED` says, beyond that, whether the viewer wants to see it
in a list that was not asked for by author: blocks, mutes and blocked domains. A property test proves the twins equal.
"""

from __future__ import annotations

from typing import Final, LiteralString

import msgspec


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


def wanted(viewer: LiteralString, author_id: LiteralString, author: LiteralString, at: LiteralString) -> LiteralString:
    """SQL: whether `viewer` wants posts of `author` in lists at the time `at`: no block either way, no mute that still
    holds, no blocked domain. True for visitors. Whom the viewer does not want is looked up once for a statement, not
    once for a row."""
    return f"""(
      {author_id} not in ({unwanted(viewer, at)})
      and ({author}.domain is null or {author}.domain not in (
        select d.domain from account_domain_blocks d where d.account_id = {viewer})))"""


def unwanted(viewer: LiteralString, at: LiteralString) -> LiteralString:
    """SQL: the ids of those whom `viewer` has blocked or muted, and of those who have blocked `viewer`."""
    return f"""
      select b.target_id from blocks b where b.account_id = {viewer}
      union all select b.account_id from blocks b where b.target_id = {viewer}
      union all select x.target_id from mutes x
        where x.account_id = {viewer} and (x.expires_at is null or x.expires_at > {at})"""


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
