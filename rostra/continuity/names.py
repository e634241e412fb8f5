"""The names of objects below a site's folder at a target. Every name sorts by what it counts."""

from __future__ import annotations

import base64
import hashlib
import hmac
from datetime import UTC, datetime
from typing import Final

from rostra.continuity.keys import VerifyKey

SITE: Final = "site"
EPOCHS: Final = "epochs"
BASES: Final = "bases"
WAL: Final = "wal"
CAPSULES: Final = "capsules"
MEDIA: Final = "media"
CENSUS: Final = "census"
DRILLS: Final = "drills"

SHARD: Final = 10_000
"""Pieces of WAL in one folder, so that no listing grows with the age of the server."""


CACHE: Final = "cache/"
"""What the keys of other servers' media begin with."""

LEFT_OUT: Final = (CACHE, "archives/")
"""Stored objects that no target gets, by what their keys begin with: other servers' media, which are fetched again, and
the archives of people's own data, which are made again and are gone within a week."""


def site_id(root: VerifyKey) -> str:
    """The name of the site whose first root this is; it certifies itself."""
    return base64.b32encode(hashlib.sha256(root.raw).digest()).decode()[:26].lower()


def epoch(number: int) -> str:
    return f"{EPOCHS}/{number:06d}"


def stamp(moment: datetime) -> str:
    """A moment as part of a name, to the millisecond."""
    return moment.astimezone(UTC).strftime("%Y%m%dT%H%M%S%f")[:-3] + "Z"


def base_id(number: int, started_at: datetime) -> str:
    return f"{number:06d}-{stamp(started_at)}"


def base_manifest(base: str) -> str:
    return f"{BASES}/{base}/manifest"


def base_part(base: str, index: int) -> str:
    return f"{BASES}/{base}/part-{index:06d}"


def wal_folder(number: int, sequence: int) -> str:
    """The folder in which the piece `sequence` of an epoch is."""
    return f"{WAL}/{number:06d}/{sequence // SHARD:06d}"


def wal_piece(number: int, sequence: int) -> str:
    return f"{wal_folder(number, sequence)}/{sequence:012d}"


def capsule(number: int, made_at: datetime) -> str:
    return f"{CAPSULES}/{number:06d}-{stamp(made_at)}"


def census(number: int, made_at: datetime) -> str:
    return f"{CENSUS}/{number:06d}-{stamp(made_at)}"


def drill(made_at: datetime) -> str:
    return f"{DRILLS}/{stamp(made_at)}"


def media(media_key: bytes, store_key: str) -> str:
    """Tells nobody who has no key what the file is called here, and is the same whenever it is asked."""
    digest = hmac.digest(media_key, store_key.encode(), "sha256").hex()
    return f"{MEDIA}/{digest[:2]}/{digest}"
