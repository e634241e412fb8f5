"""Links of a profile that are the person's own: the page behind one links back to the profile with rel="me".

Looked at in the background after a profile has changed. What is verified stays so while the row stays as it is; what
could not be verified is looked at again with the next change.
"""

from __future__ import annotations

import asyncio
from typing import Final
from urllib.parse import urlsplit

import msgspec
import structlog

from rostra.accounts import queries
from rostra.accounts.records import Profile, ProfileField
from rostra.kit.clock import Clock
from rostra.kit.db import Database
from rostra.kit.errors import Upstream
from rostra.kit.http import HttpClient
from rostra.text.preview import find_me_links

_PAGE_BYTES: Final = 1 << 20
_PAGE_SECONDS: Final = 10.0
_HEADERS: Final = {"accept": "text/html,application/xhtml+xml;q=0.9"}

log = structlog.get_logger()


def may_be_verified(field: ProfileField, profile_url: str) -> bool:
    """Whether a row is nothing but an address whose page could vouch for it: by https, or as the profile itself is."""
    value = field.value.strip()
    if field.verified_at is not None or any(character.isspace() for character in value):
        return False
    try:
        parts = urlsplit(value)
        return parts.scheme in ("https", urlsplit(profile_url).scheme) and bool(parts.hostname)
    except ValueError:
        return False


async def verify_links(db: Database, clock: Clock, http: HttpClient, account_id: int) -> None:
    """Look at the pages of a profile's rows that are not verified yet, and mark those that link back."""
    async with db.read() as conn:
        profile = (await queries.find_profiles(conn, [account_id])).get(account_id)
    if profile is None or profile.suspended_at is not None:
        return
    rows = [field for field in profile.fields if may_be_verified(field, profile.url)]
    own = {_same(address) for address in (profile.url, profile.uri)}
    vouched = {field.value for field in rows if await _links_to(http, field.value.strip(), own)}
    if vouched:
        await _mark(db, clock, account_id, vouched)


async def _links_to(http: HttpClient, url: str, own: set[str]) -> bool:
    try:
        answer = await http.get(url, headers=_HEADERS, max_bytes=_PAGE_BYTES, deadline=_PAGE_SECONDS)
    except Upstream as error:
        log.info("a link of a profile could not be verified", reason=error.operator_text)
        return False
    if answer.status != 200:
        return False
    kind = answer.headers.get("content-type", "")
    links = await asyncio.to_thread(find_me_links, answer.body, kind, answer.url)
    return any(_same(link) in own for link in links)


async def _mark(db: Database, clock: Clock, account_id: int, vouched: set[str]) -> None:
    """Mark rows with these values; what was changed while the pages were read is left alone."""
    async with db.transaction() as tx:
        await queries.lock_account(tx, account_id)
        profile: Profile | None = (await queries.find_profiles(tx, [account_id])).get(account_id)
        if profile is None:
            return
        fields = [
            msgspec.structs.replace(field, verified_at=field.verified_at or clock.now())
            if field.value in vouched
            else field
            for field in profile.fields
        ]
        await queries.update_fields(tx, account_id, fields)


def _same(address: str) -> str:
    """An address such that others which mean the same are equal."""
    parts = urlsplit(address)
    return f"{parts.scheme}://{parts.netloc.lower()}{parts.path.rstrip('/')}?{parts.query}"
