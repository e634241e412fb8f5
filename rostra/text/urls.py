"""Every address that this server gives to something, made in one place."""

from __future__ import annotations

from typing import Final
from urllib.parse import quote
from zlib import crc32

import msgspec

# Raised whenever stored JSON of accounts or statuses changes its shape.
RENDERER: Final = 2


class Urls(msgspec.Struct, frozen=True):
    """`base` and `media` have no slash at the end; `domain` may carry a port in development mode."""

    base: str
    media: str
    domain: str

    def account(self, username: str) -> str:
        """The page of a local account."""
        return f"{self.base}/@{username}"

    def account_uri(self, username: str) -> str:
        """The id of a local account in ActivityPub."""
        return f"{self.base}/users/{username}"

    def status(self, username: str, status_id: int) -> str:
        """The page of a local status."""
        return f"{self.base}/@{username}/{status_id}"

    def status_uri(self, username: str, status_id: int) -> str:
        """The id of a local status in ActivityPub."""
        return f"{self.base}/users/{username}/statuses/{status_id}"

    def tag(self, name: str) -> str:
        """The page of a hashtag, by its normalised name."""
        return f"{self.base}/tags/{quote(name)}"

    def stored(self, key: str) -> str:
        """A stored object."""
        return f"{self.media}/{key}"

    @property
    def missing_avatar(self) -> str:
        """What stands for an avatar where there is none; apps know the path."""
        return f"{self.base}/avatars/original/missing.png"

    @property
    def missing_header(self) -> str:
        """What stands for a header where there is none; apps know the path."""
        return f"{self.base}/headers/original/missing.png"

    @property
    def fingerprint(self) -> int:
        """A number that changes with the addresses and with the renderers; stored JSON carries it and is made anew
        where it differs. Fits a PostgreSQL integer."""
        return crc32(f"{RENDERER}|{self.base}|{self.media}".encode()) & 0x7FFFFFFF
