"""The keys under which media is stored, and what may be said of an object from its key alone.

A key is `kind/shard/token/name.extension`. The token is random, so that an address cannot be guessed, and no part comes
from a visitor.
"""

from __future__ import annotations

import re
import secrets
from typing import Final, Literal

from rostra.media.codec import CONTENT_TYPES, EXTENSIONS, Encoded

MediaKind = Literal["attachments", "avatars", "headers", "emojis", "cards"]

# What moderation may take out of sight: a cache asks again after so many seconds. Emojis and the pictures of link
# previews are nobody's own.
_ASKED_AGAIN: Final = {"attachments": 600, "avatars": 3600, "headers": 3600}
_FOREVER: Final = "public, max-age=31536000, immutable"

_TYPE_OF: Final = {extension: CONTENT_TYPES[name] for name, extension in EXTENSIONS.items()}
_KEY: Final = re.compile(
    r"(?:attachments|avatars|headers|emojis|cards)/[0-9a-f]{2}/[0-9a-f]{32}/[a-z]{1,16}\.(jpg|png|gif|webp)"
)


def new_folder(kind: MediaKind) -> str:
    """A fresh place for the files of one upload, with 128 random bits in it."""
    token = secrets.token_hex(16)
    return f"{kind}/{token[:2]}/{token}"


def key_in(folder: str, name: str, encoded: Encoded) -> str:
    """The key of a file called `name` (lower-case letters) in `folder`."""
    return f"{folder}/{name}.{encoded.extension}"


def find_content_type(key: str) -> str | None:
    """The type under which an object is served, or None for a key that this module never makes."""
    match = _KEY.fullmatch(key)
    return None if match is None else _TYPE_OF[match[1]]


def is_judged(key: str) -> bool:
    """Whether an object belongs to a post or a profile, so that moderation may take it out of sight."""
    return key.partition("/")[0] in _ASKED_AGAIN


def caching_of(key: str) -> str:
    """The Cache-Control of an object: objects never change, but a removal has to reach caches in a while."""
    seconds = _ASKED_AGAIN.get(key.partition("/")[0])
    return _FOREVER if seconds is None else f"public, max-age={seconds}, must-revalidate"
