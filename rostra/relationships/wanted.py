"""Whom a person does not want to see in lists: one SQL predicate for posts and for accounts, and its Python twin."""

from __future__ import annotations

from typing import LiteralString

import msgspec


def wanted(viewer: LiteralString, author_id: LiteralString, author: LiteralString, at: LiteralString) -> LiteralString:
    """SQL: whether `viewer` (an expression that gives an account id, null for a visitor) wants to see the row `author`
    of `accounts` in lists at the time `at`: no block either way, no mute that still holds, no blocked domain. True for
    visitors. Whom the viewer does not want is looked up once for a statement, not once for a row."""
    return f"""(
      {author_id} {_none_of(viewer, at)}
      and ({author}.domain is null or {author}.domain not in (
        select d.domain from account_domain_blocks d where d.account_id = {viewer})))"""


def unwanted(viewer: LiteralString, at: LiteralString) -> LiteralString:
    """SQL: the ids of those whom `viewer` has blocked or muted, and of those who have blocked `viewer`."""
    return f"""
      select b.target_id from blocks b where b.account_id = {viewer}
      union all select b.account_id from blocks b where b.target_id = {viewer}
      union all select x.target_id from mutes x
        where x.account_id = {viewer} and (x.expires_at is null or x.expires_at > {at})"""


def _none_of(viewer: LiteralString, at: LiteralString) -> LiteralString:
    if not viewer.startswith("$"):
        return f"not in ({unwanted(viewer, at)})"
    # As an array, for which there is less to prepare than for a hash table, and hardly ever more to compare.
    return f"<> all ({unwanted_ids(viewer, at)})"


def unwanted_ids(viewer: LiteralString, at: LiteralString) -> LiteralString:
    """SQL: `unwanted` as an array, read once for a statement; `viewer` is a parameter."""
    return f"(select array({unwanted(viewer, at)}))::bigint[]"


def unwanted_once(viewer: LiteralString, at: LiteralString) -> LiteralString:
    """SQL: `unwanted` as a part of a `with`, for statements that ask `wanted_by_id` in several places."""
    return f"unwanted(id) as materialized ({unwanted(viewer, at)})"


def wanted_by_id(viewer: LiteralString, author_id: LiteralString) -> LiteralString:
    """SQL: `wanted`, beside an `unwanted_once`, where the row of `accounts` is not at hand. Most people block no
    domains; then no author is looked up."""
    return f"""(
      {author_id} not in (select id from unwanted)
      and ((select true from account_domain_blocks d where d.account_id = {viewer} limit 1) is null or not exists (
        select from accounts named_by_id join account_domain_blocks d
          on d.account_id = {viewer} and d.domain = named_by_id.domain
        where named_by_id.id = {author_id})))"""


class Distance(msgspec.Struct, frozen=True, kw_only=True):
    """All that decides whether one viewer wants to see one author in lists."""

    blocked: bool = False
    blocked_by: bool = False
    # A mute that still holds.
    muted: bool = False
    domain_blocked: bool = False


def wants(distance: Distance) -> bool:
    """The Python twin of `wanted`."""
    return not (distance.blocked or distance.blocked_by or distance.muted or distance.domain_blocked)
