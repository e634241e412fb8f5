"""`DATA/continuity/`: what a server keeps on its own disk for its copies.

The files are small and written whole; the directories `wal` and `spool` come and go. Nothing here opens a copy: the
recovery key is never on this disk.
"""

from __future__ import annotations

import os
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Final, TypeVar

import msgspec

from rostra.continuity.records import Epoch, ShipStatus, Site
from rostra.kit.files import flush, write_whole

if TYPE_CHECKING:
    from rostra.continuity.keys import SigningKey

T = TypeVar("T")

_SECRET_BYTES: Final = 32


class Replaced(msgspec.Struct, frozen=True, kw_only=True):
    """Another server has taken over: it is `epoch`, on `host`, since `at`."""

    epoch: int
    host: str
    at: datetime
    why: str


class LookOnly(msgspec.Struct, frozen=True, kw_only=True):
    """This data directory is a copy to look at, as the server was at `until`."""

    until: datetime
    restored_at: datetime


class HalfRestored(msgspec.Struct, frozen=True, kw_only=True):
    """A restore into this data directory has begun and not come to its end: what is here is no server."""

    started_at: datetime
    source: str


class Identity(msgspec.Struct, frozen=True, kw_only=True):
    """Who this server is to its targets. `site_object` and `epoch_object` are the sealed originals."""

    site: Site
    epoch: Epoch
    signing_key: SigningKey
    media_key: bytes
    site_object: bytes
    epoch_object: bytes


class Place:
    """The directory of one data directory; made by `ensure`."""

    def __init__(self, data_dir: Path) -> None:
        self.path = data_dir / "continuity"

    @property
    def wal(self) -> Path:
        """Where pg_receivewal writes."""
        return self.path / "wal"

    @property
    def spool(self) -> Path:
        """Encrypted pieces that some target does not have yet."""
        return self.path / "spool"

    @property
    def targets(self) -> Path:
        """How far each target is."""
        return self.path / "targets"

    @property
    def backup_manifests(self) -> Path:
        """PostgreSQL's own manifests of the bases, on which incremental ones build."""
        return self.path / "backup-manifests"

    def ensure(self) -> None:
        """Make the directories, for their owner alone."""
        for directory in (self.path, self.wal, self.spool, self.targets, self.backup_manifests):
            directory.mkdir(mode=0o700, parents=True, exist_ok=True)

    @property
    def is_set_up(self) -> bool:
        return (self.path / "epoch.json").exists()

    def keep_identity(self, identity: Identity) -> None:
        """Write who this server is. The epoch comes last: with it the directory is set up."""
        self.ensure()
        self._write("site", identity.site_object)
        self._write("epoch", identity.epoch_object)
        self._write("signing.key", identity.signing_key.raw)
        self._write("media.key", identity.media_key)
        self._write("site.json", msgspec.json.encode(identity.site))
        self._write("epoch.json", msgspec.json.encode(identity.epoch))

    def find_identity(self) -> Identity | None:
        """Who this server is, or None before `rostra continuity init`. Raises OSError for a file that is missing."""
        if not self.is_set_up:
            return None
        # Most ask only what state the directory is in, the supervisor and the web processes among them: 10 MB less.
        from rostra.continuity.keys import SigningKey

        return Identity(
            site=msgspec.json.decode(self._read("site.json"), type=Site),
            epoch=msgspec.json.decode(self._read("epoch.json"), type=Epoch),
            signing_key=SigningKey(self._read("signing.key")),
            media_key=self._read("media.key"),
            site_object=self._read("site"),
            epoch_object=self._read("epoch"),
        )

    def write_status(self, status: ShipStatus) -> None:
        # Once a second, and worthless after a power cut.
        self._write("status.json", msgspec.json.encode(status), durably=False)

    def find_status(self) -> ShipStatus | None:
        """What ship last wrote, however long ago; None where it never ran."""
        return self._find("status.json", ShipStatus)

    def mark_replaced(self, replaced: Replaced) -> None:
        self.ensure()
        self._write("replaced.json", msgspec.json.encode(replaced))

    def find_replaced(self) -> Replaced | None:
        """Who took over from this server; None while it may write."""
        return self._find("replaced.json", Replaced)

    def mark_look_only(self, look: LookOnly) -> None:
        self.ensure()
        self._write("look-only.json", msgspec.json.encode(look))

    def find_look_only(self) -> LookOnly | None:
        """Set where this is a copy to look at."""
        return self._find("look-only.json", LookOnly)

    def mark_half_restored(self, half: HalfRestored) -> None:
        self.ensure()
        self._write("half-restored.json", msgspec.json.encode(half))

    def find_half_restored(self) -> HalfRestored | None:
        """Set from the beginning of a restore until the server can be started."""
        return self._find("half-restored.json", HalfRestored)

    def unmark_half_restored(self) -> None:
        """The restore has come so far that the server can be started."""
        (self.path / "half-restored.json").unlink()
        flush(self.path)

    def mark_external_database(self) -> None:
        self.ensure()
        self._write("external-database", b"")

    @property
    def has_external_database(self) -> bool:
        """Whether this was restored without its database, which was an external one: no other may be made for it."""
        return (self.path / "external-database").exists()

    def write_json(self, name: str, value: msgspec.Struct) -> None:
        """Keep a record in a file of its own, as `targets/<name>.json`."""
        self._write(name, msgspec.json.encode(value))

    def find_json(self, name: str, kind: type[T]) -> T | None:
        """What was kept there, or None where nothing was or it cannot be read as `kind`."""
        return self._find(name, kind)

    def _find(self, name: str, kind: type[T]) -> T | None:
        try:
            return msgspec.json.decode(self._read(name), type=kind)
        except (OSError, msgspec.DecodeError):
            return None

    def _read(self, name: str) -> bytes:
        return (self.path / name).read_bytes()

    def _write(self, name: str, body: bytes, *, durably: bool = True) -> None:
        write_whole(self.path / name, body, durably=durably)


def new_media_key() -> bytes:
    """The secret from which media objects at the targets get their names."""
    return os.urandom(_SECRET_BYTES)
