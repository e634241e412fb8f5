"""Changing one's own profile: what is typed is checked, rendered and written together; what is not given stays."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final

import msgspec
from msgspec import UNSET, UnsetType

from rostra.accounts import queries, user_queries
from rostra.accounts.queries import Mentionable
from rostra.accounts.records import Profile, ProfileField, User
from rostra.accounts.verify import may_be_verified
from rostra.detect.names import words_of
from rostra.events import Emit, ProfileChanged
from rostra.kit.clock import Clock
from rostra.kit.db import Database, Tx
from rostra.kit.errors import Invalid, NotFound
from rostra.screening.judgement import Judgement
from rostra.screening.record import record_profile
from rostra.screening.screen import Screen
from rostra.screening.subject import Picture, Subject, parts_of
from rostra.text.entities import MentionKey, find_entities
from rostra.text.format import MentionTarget, clean_text
from rostra.text.profile import render_field_value, render_note
from rostra.text.urls import Urls

MAX_DISPLAY_NAME: Final = 40
MAX_NOTE: Final = 500
MAX_FIELDS: Final = 4
MAX_FIELD_NAME: Final = 255
MAX_FIELD_VALUE: Final = 255
MAX_IMAGE_DESCRIPTION: Final = 150


class ImageKeys(msgspec.Struct, frozen=True):
    """A stored image and its still form; both None take the image away."""

    key: str | None
    static_key: str | None
    # For the banks of known pictures.
    pdq: bytes | None = None
    pdq_quality: int = 0


class ProfileChange(msgspec.Struct, frozen=True, kw_only=True):
    """What is to change; UNSET stays as it is. `fields` are all rows, as (name, value)."""

    display_name: str | UnsetType = UNSET
    note: str | UnsetType = UNSET
    fields: Sequence[tuple[str, str]] | UnsetType = UNSET
    avatar: ImageKeys | UnsetType = UNSET
    header: ImageKeys | UnsetType = UNSET
    avatar_description: str | UnsetType = UNSET
    header_description: str | UnsetType = UNSET
    locked: bool | UnsetType = UNSET
    bot: bool | UnsetType = UNSET
    discoverable: bool | UnsetType = UNSET
    indexable: bool | UnsetType = UNSET
    hide_collections: bool | UnsetType = UNSET


class PreferencesChange(msgspec.Struct, frozen=True, kw_only=True):
    """What is to change of a person's preferences; the values are those of the columns, checked by the forms."""

    default_visibility: str | UnsetType = UNSET
    default_sensitive: bool | UnsetType = UNSET
    default_language: str | UnsetType | None = UNSET
    locale: str | UnsetType = UNSET
    theme: str | UnsetType = UNSET
    expand_media: str | UnsetType = UNSET
    expand_spoilers: bool | UnsetType = UNSET


async def change_profile(
    db: Database,
    clock: Clock,
    urls: Urls,
    emit: Emit,
    screen: Screen,
    *,
    account_id: int,
    change: ProfileChange,
    preferences: PreferencesChange = PreferencesChange(),  # noqa: B008 - frozen
) -> None:
    """Write a change of somebody's profile and preferences. Raises Invalid with the field that has to change,
    and Rejected for what the policy refuses."""
    change = _cleaned(change)
    at = clock.now()
    judgements = await _judge(db, screen, account_id, change)
    async with db.transaction() as tx:
        before = await _lock(tx, account_id)
        if given := _given(change):
            await _write_profile(tx, urls, emit, before, given, at)
        await record_profile(tx, judgements, at, account_id)
        if wishes := _given(preferences):
            user = await user_queries.lock_user(tx, account_id)
            assert user is not None
            await user_queries.update_preferences(tx, _preferring(user, wishes))


async def _judge(db: Database, screen: Screen, account_id: int, change: ProfileChange) -> list[Judgement]:
    """What the policy says of a new name and of the profile as it will be; nothing where nothing changes that others
    read or see. The user name is not among it: it was judged at sign-up, or given by who runs the server."""
    if all(getattr(change, name) is UNSET for name in _SEEN):
        return []
    async with db.read() as conn:
        before = (await queries.find_profiles(conn, [account_id])).get(account_id)
    if before is None:
        raise NotFound
    judged: list[Judgement] = []
    name = before.display_name if change.display_name is UNSET else change.display_name
    if name and name != before.display_name:
        parts = parts_of(("display_name", words_of(name)))
        judged.append(await screen.admit(db, Subject(kind="name", author_id=account_id, parts=parts)))
    rows = [(field.name, field.value) for field in before.fields] if change.fields is UNSET else change.fields
    subject = Subject(
        kind="profile",
        author_id=account_id,
        parts=parts_of(
            ("display_name", name),
            ("note", before.note_text if change.note is UNSET else change.note),
            *((f"fields[{n}]", text) for n, text in enumerate(text for row in rows for text in row)),
            ("avatar_description", _or_nothing(change.avatar_description)),
            ("header_description", _or_nothing(change.header_description)),
        ),
        pictures=tuple(
            Picture(image.pdq, image.pdq_quality)
            for image in (change.avatar, change.header)
            if image is not UNSET and image.key is not None
        ),
    )
    # Of a profile that is nothing but a name, all has been said.
    if judged and len(subject.parts) == 1 and not subject.pictures:
        return judged
    return [*judged, await screen.admit(db, subject)]


_SEEN: Final = ("display_name", "note", "fields", "avatar", "header", "avatar_description", "header_description")


def _or_nothing(text: str | UnsetType) -> str:
    return "" if text is UNSET else text


async def _lock(tx: Tx, account_id: int) -> Profile:
    await queries.lock_account(tx, account_id)
    found = (await queries.find_profiles(tx, [account_id])).get(account_id)
    if found is None:
        raise NotFound
    return found


async def _write_profile(tx: Tx, urls: Urls, emit: Emit, before: Profile, given: dict[str, Any], at: datetime) -> None:
    after = await _changed(tx, urls, before, given)
    await queries.update_profile(tx, after, at)
    await emit(
        tx,
        ProfileChanged(
            account_id=before.id,
            searchable_changed=(before.discoverable, before.indexable) != (after.discoverable, after.indexable),
            unlocked=before.locked and not after.locked,
            media_keys=sorted(_keys(before) - _keys(after)),
            has_unverified_links=any(may_be_verified(field, after.url) for field in after.fields),
        ),
    )


async def _changed(tx: Tx, urls: Urls, before: Profile, given: dict[str, Any]) -> Profile:
    note: str = given.pop("note", before.note_text)
    rows: Sequence[tuple[str, str]] | None = given.pop("fields", None)
    texts = [note, *(value for _, value in rows or ())]
    mentions = await _mentioned(tx, urls, texts)
    tag_base = urls.tag("")
    changed: dict[str, Any] = {
        "note_text": note,
        "note": render_note(note, domain=urls.domain, tag_base=tag_base, mentions=mentions),
    }
    if rows is not None:
        known = {(field.name, field.value): field.verified_at for field in before.fields}
        changed["fields"] = [
            ProfileField(
                name=name,
                value=value,
                html=render_field_value(value, domain=urls.domain, tag_base=tag_base, mentions=mentions),
                verified_at=known.get((name, value)),
            )
            for name, value in rows
        ]
    for kind in ("avatar", "header"):
        keys: ImageKeys | None = given.pop(kind, None)
        if keys is not None:
            changed |= {f"{kind}_key": keys.key, f"{kind}_static_key": keys.static_key}
    return msgspec.structs.replace(before, **changed, **given)


async def _mentioned(tx: Tx, urls: Urls, texts: Sequence[str]) -> dict[MentionKey, MentionTarget]:
    keys = {mention.key for text in texts for mention in find_entities(text, domain=urls.domain).mentions}
    found: list[Mentionable] = await queries.find_mentionable(tx, sorted(keys, key=str))
    return {
        (account.username.lower(), account.domain): MentionTarget(
            url=account.url, username=account.username, acct=account.acct
        )
        for account in found
    }


def _cleaned(change: ProfileChange) -> ProfileChange:
    """The change with its texts cleaned and checked."""
    longest = {
        "display_name": MAX_DISPLAY_NAME,
        "note": MAX_NOTE,
        "avatar_description": MAX_IMAGE_DESCRIPTION,
        "header_description": MAX_IMAGE_DESCRIPTION,
    }
    texts: dict[str, Any] = {}
    for name, most in longest.items():
        value = getattr(change, name)
        if value is not UNSET:
            texts[name] = _text(value, name, most, lines=name == "note")
    if change.fields is not UNSET:
        texts["fields"] = _checked_fields(change.fields)
    return msgspec.structs.replace(change, **texts)


def _checked_fields(rows: Sequence[tuple[str, str]]) -> list[tuple[str, str]]:
    cleaned = [(_text(name, "fields", MAX_FIELD_NAME), _text(value, "fields", MAX_FIELD_VALUE)) for name, value in rows]
    kept = [(name, value) for name, value in cleaned if name or value]
    if len(kept) > MAX_FIELDS:
        raise Invalid("fields", f"must not be more than {MAX_FIELDS}", code="ERR_TOO_LONG")
    if any(value and not name for name, value in kept):
        raise Invalid("fields", "must have a name each", code="ERR_BLANK")
    return kept


def _text(value: str, field: str, most: int, *, lines: bool = False) -> str:
    cleaned = clean_text(value)
    if not lines:
        cleaned = " ".join(cleaned.split())
    if len(cleaned) > most:
        raise Invalid(field, f"is too long (maximum is {most} characters)", code="ERR_TOO_LONG")
    return cleaned


def _given(change: ProfileChange | PreferencesChange) -> dict[str, Any]:
    return {name: value for name, value in msgspec.structs.asdict(change).items() if value is not UNSET}


def _preferring(user: User, wishes: dict[str, Any]) -> User:
    return msgspec.structs.replace(user, **wishes)


def _keys(profile: Profile) -> set[str]:
    keys = (profile.avatar_key, profile.avatar_static_key, profile.header_key, profile.header_static_key)
    return {key for key in keys if key}
