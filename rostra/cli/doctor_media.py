"""`rostra doctor` on the address of media: whether what moderation takes out of sight can still be fetched there."""

from __future__ import annotations

import asyncio
import urllib.error
import urllib.request
from typing import TYPE_CHECKING, Final

from rostra.cli.findings import Finding

if TYPE_CHECKING:
    from rostra.kit.settings import Settings

_PATIENCE: Final = 10.0
_TODO: Final = "let a CDN that fetches from /media/ of this server answer there, and keep the bucket private"


def check_media_url(settings: Settings) -> list[Finding]:
    """Whether `media_url` serves a file that no post has, and so also one that was removed. Silent without the setting.

    Raises nothing: a store that cannot be reached is another check's business.
    """
    from rostra.kit.objectstore import StoreUnavailable, open_store
    from rostra.media.keys import new_folder

    if settings.media_url is None:
        return []
    key = f"{new_folder('attachments')}/probe.jpg"

    async def probe() -> int | None:
        store = open_store(settings.storage_url or settings.data_dir / "media")
        await store.put(key, b"probe", "image/jpeg", cache_control="no-store")
        try:
            return await asyncio.to_thread(_fetch, f"{settings.media_url}/{key}")
        finally:
            await store.delete([key])

    try:
        status = asyncio.run(probe())
    except (StoreUnavailable, ValueError, OSError):
        return []
    if status is None:
        return [Finding("media address", "warn", f"{settings.media_url} did not answer", "check ROSTRA_MEDIA_URL")]
    if status == 200:
        found = f"{settings.media_url} serves files that no post has: what moderation removes stays readable there"
        return [Finding("media address", "warn", found, _TODO)]
    return [Finding("media address", "ok", "what moderation removes cannot be fetched there")]


def _fetch(url: str) -> int | None:
    """The status of a GET; None where nobody answers."""
    try:
        with urllib.request.urlopen(url, timeout=_PATIENCE) as answer:  # noqa: S310 - the operator's own setting
            return answer.status
    except urllib.error.HTTPError as error:
        return error.code
    except OSError:
        return None
