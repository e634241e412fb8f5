"""Reading and changing what the instance is set to. Every change is noted: who, what, from which value to which."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Final

import msgspec

from rostra.accounts.audit_queries import insert_audit_event
from rostra.instance import queries
from rostra.instance.records import InstanceSettings
from rostra.kit.clock import Clock
from rostra.kit.db import Database, Reader
from rostra.kit.errors import Invalid
from rostra.text.format import clean_text

_FIELDS: Final = {field.name: field for field in msgspec.structs.fields(InstanceSettings)}
_LANGUAGE: Final = re.compile(r"[a-z]{2,3}(-[A-Za-z0-9]{2,8})*")
_LONGEST: Final[Mapping[str, int]] = {
    "title": 80,
    "short_description": 1_000,
    "registrations_message": 2_000,
    "contact_email": 254,
    "contact_username": 30,
    "thumbnail_description": 1_500,
    "status_url": 2_000,
    "source_url": 2_000,
}
_LONGEST_TEXT: Final = 100_000


async def read_settings(db: Reader, defaults: InstanceSettings) -> InstanceSettings:
    """The settings; what was never set, or set by another version in a way that no longer fits, is as in `defaults`."""
    given: dict[str, Any] = {}
    for name, value in (await queries.find_settings(db)).items():
        if name in _FIELDS:
            try:
                given[name] = msgspec.convert(value, _FIELDS[name].type)
            except msgspec.ValidationError:
                continue
    return msgspec.structs.replace(defaults, **given)


async def change_settings(
    db: Database, clock: Clock, defaults: InstanceSettings, *, actor_id: int | None, changes: Mapping[str, object]
) -> InstanceSettings:
    """Change what differs, note it, and return the new settings. `actor_id` None is the command line.

    Raises Invalid with the name of a setting that cannot be what it is to be, LookupError for one that does not exist.
    """
    checked = {name: _checked(name, value) for name, value in changes.items()}
    async with db.transaction() as tx:
        before = await read_settings(tx, defaults)
        changed = {name: value for name, value in checked.items() if getattr(before, name) != value}
        for name, value in changed.items():
            await queries.upsert_setting(tx, name, value, clock.now())
        if changed:
            details = {name: {"from": getattr(before, name), "to": value} for name, value in changed.items()}
            await insert_audit_event(
                tx, actor_id=actor_id, action="instance.settings", subject="", details=details, at=clock.now()
            )
    return msgspec.structs.replace(before, **changed)


def _checked(name: str, value: object) -> object:
    try:
        fitted = msgspec.convert(value, _FIELDS[name].type)
    except msgspec.ValidationError:
        raise Invalid(name, "cannot be that", code="ERR_INCLUSION") from None
    if isinstance(fitted, str):
        fitted = clean_text(fitted)
        if len(fitted) > _LONGEST.get(name, _LONGEST_TEXT):
            raise Invalid(name, "is too long", code="ERR_TOO_LONG")
    if name == "title" and not fitted:
        raise Invalid(name, "can't be blank", code="ERR_BLANK")
    if name == "contact_email" and fitted and not re.fullmatch(r"[^@\s]+@[^@\s]+", str(fitted)):
        raise Invalid(name, "is not an e-mail address", code="ERR_EMAIL")
    if name in ("status_url", "source_url") and fitted and not re.fullmatch(r"https?://[^\s/]+\S*", str(fitted)):
        raise Invalid(name, "must be a web address")
    if name == "languages" and not _are_languages(fitted):
        raise Invalid(name, "must be language codes such as en")
    return fitted


def _are_languages(value: object) -> bool:
    return isinstance(value, list) and 0 < len(value) <= 20 and all(_LANGUAGE.fullmatch(str(code)) for code in value)
