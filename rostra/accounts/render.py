"""Accounts as JSON: the static part from a profile, and lists of accounts from what is stored."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime

from msgspec import UNSET, Raw

from rostra.accounts import queries
from rostra.accounts.queries import Emoji, RenderedAccount
from rostra.accounts.records import Profile, ProfileField, ProfileLabel
from rostra.entities import account as entities
from rostra.entities.account import AccountCounts, AccountStatic, CustomEmoji, timestamp
from rostra.kit.db import Database, Tx, commit_lightly
from rostra.text.entities import find_emojis
from rostra.text.urls import Urls

_ROLE_NAMES = {"owner": ("3", "Owner"), "admin": ("2", "Admin"), "moderator": ("1", "Moderator")}


def shortcodes_in(*texts: str) -> set[str]:
    """The shortcodes of the custom emojis that may stand in these texts."""
    return {code for text in texts for code in find_emojis(text)}


def render_emoji(emoji: Emoji, urls: Urls) -> CustomEmoji:
    """A custom emoji as an entity."""
    return CustomEmoji(
        shortcode=emoji.shortcode,
        url=urls.stored(emoji.image_key),
        static_url=urls.stored(emoji.static_key),
        visible_in_picker=emoji.visible_in_picker,
        category=emoji.category,
    )


def _stored(key: str | None, missing: str, urls: Urls) -> str:
    return urls.stored(key) if key else missing


def render_static(profile: Profile, emojis: Iterable[Emoji], urls: Urls, moved: Raw | None = None) -> str:
    """The stored part of an account's JSON. `emojis` may hold more than the profile uses; `moved` is the account that
    it has moved to."""
    used = shortcodes_in(profile.display_name, profile.note_text, *(f"{f.name} {f.value}" for f in profile.fields))
    gone = profile.suspended_at is not None
    midnight = datetime.combine(profile.created_at.date(), datetime.min.time())
    return entities.encode_static(
        AccountStatic(
            id=str(profile.id),
            username=profile.username,
            acct=profile.acct,
            display_name="" if gone else profile.display_name,
            locked=profile.locked,
            bot=profile.bot,
            discoverable=profile.discoverable,
            indexable=profile.indexable,
            created_at=timestamp(midnight),
            note="" if gone else profile.note,
            url=profile.url,
            uri=profile.uri,
            avatar=_stored(None if gone else profile.avatar_key, urls.missing_avatar, urls),
            avatar_static=_stored(None if gone else profile.avatar_static_key, urls.missing_avatar, urls),
            avatar_description=profile.avatar_description,
            header=_stored(None if gone else profile.header_key, urls.missing_header, urls),
            header_static=_stored(None if gone else profile.header_static_key, urls.missing_header, urls),
            header_description=profile.header_description,
            hide_collections=profile.hide_collections,
            noindex=not profile.indexable,
            emojis=[render_emoji(emoji, urls) for emoji in emojis if emoji.shortcode in used],
            roles=_render_roles(profile),
            fields=[] if gone else [_render_field(field) for field in profile.fields],
            suspended=gone or UNSET,
            limited=profile.silenced_at is not None or UNSET,
            moved=UNSET if moved is None or gone else moved,
            moderation=UNSET if gone or not profile.labels else _render_labels(profile.labels),
        )
    )


def _render_field(field: ProfileField) -> entities.Field:
    verified = timestamp(field.verified_at) if field.verified_at else None
    return entities.Field(name=field.name, value=field.html, verified_at=verified)


def _render_labels(labels: Sequence[ProfileLabel]) -> entities.AccountModeration:
    return entities.AccountModeration(
        labels=[entities.AccountLabel(id=label.id, title=label.title) for label in labels]
    )


def _render_roles(profile: Profile) -> list[entities.AccountRole]:
    named = _ROLE_NAMES.get(profile.role or "")
    return [entities.AccountRole(id=named[0], name=named[1], color="")] if named else []


async def refresh_accounts(tx: Tx, ids: Iterable[int], urls: Urls) -> dict[int, str]:
    """Make the static JSON of these accounts anew from their profiles, keep it, and return it by id.

    The rows are locked first: what is read after that cannot be older than what a change of profile commits meanwhile.
    """
    locked = await queries.lock_accounts(tx, ids)
    profiles = await queries.find_profiles(tx, locked)
    emojis = await queries.find_emojis(tx, sorted(_codes_of(profiles.values())))
    goals = await _render_goals(tx, profiles, urls)
    rendered = {
        profile.id: render_static(profile, emojis, urls, goals.get(profile.moved_to_id or 0))
        for profile in profiles.values()
    }
    await queries.store_rendered(tx, list(rendered.items()), urls.fingerprint)
    return rendered


def _codes_of(profiles: Iterable[Profile]) -> set[str]:
    texts = [text for p in profiles for text in (p.display_name, p.note_text, *(f.value for f in p.fields))]
    return shortcodes_in(*texts)


async def _render_goals(tx: Tx, profiles: Mapping[int, Profile], urls: Urls) -> dict[int, Raw]:
    """The accounts that some of these have moved to, whole; where these have moved on, that is left out. Their counts
    are as they are now."""
    ids = sorted({profile.moved_to_id for profile in profiles.values() if profile.moved_to_id})
    if not ids:
        return {}
    goals = await queries.find_profiles(tx, ids)
    emojis = await queries.find_emojis(tx, sorted(_codes_of(goals.values())))
    counts = {row.id: _counts(row) for row in await queries.find_rendered(tx, ids)}
    return {
        goal.id: entities.join_account(render_static(goal, emojis, urls), counts[goal.id]) for goal in goals.values()
    }


def _counts(row: RenderedAccount) -> AccountCounts:
    return AccountCounts(
        followers_count=row.followers_count,
        following_count=row.following_count,
        statuses_count=row.statuses_count,
        last_status_at=row.last_status_at,
    )


async def hydrate_accounts(db: Database, ids: Sequence[int], urls: Urls) -> list[Raw]:
    """Account entities in the order of `ids`; unknown ids are left out. One statement, two more where JSON is stale."""
    found = await hydrate_accounts_by_id(db, ids, urls)
    return [found[account_id] for account_id in ids if account_id in found]


async def hydrate_accounts_by_id(db: Database, ids: Sequence[int], urls: Urls) -> dict[int, Raw]:
    """Like `hydrate_accounts`, by id."""
    if not ids:
        return {}
    async with db.read() as conn:
        rows = await queries.find_rendered(conn, ids)
        stale = [row.id for row in rows if row.rendered_for != urls.fingerprint]
    fresh: dict[int, str] = {}
    if stale:
        async with db.transaction() as tx:
            await commit_lightly(tx)
            fresh = await refresh_accounts(tx, stale, urls)
    return {row.id: entities.join_account(fresh.get(row.id, row.rendered), _counts(row)) for row in rows}
