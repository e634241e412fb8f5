"""Writing an archive: a zip whose files are hashed as they are written, closed by a signed manifest.

Blocking, for a thread. What it holds of a file that is done is its name, hash and size (about a kilobyte with what the
zip's directory needs), never its bytes. What the files are is for `export_archive` to say.
"""

from __future__ import annotations

import zipfile
from collections.abc import Generator
from contextlib import contextmanager
from datetime import datetime
from hashlib import sha256
from pathlib import Path
from typing import IO, Final

import msgspec

from rostra.archive.layout import FORMAT, KEY, MANIFEST, OUTBOX, SIGNATURE
from rostra.archive.signing import SigningKey

# What is compressed already is stored as it is.
_PACKED: Final = (".jpg", ".png", ".gif", ".webp", ".mp4", ".webm", ".mp3", ".ogg")
_READABLE: Final = 0o100644 << 16
_UNIX: Final = 3


class Listed(msgspec.Struct, frozen=True):
    """A file in the manifest: its name, its hash in hex, its size in bytes."""

    name: str
    sha256: str
    size: int


class Missing(msgspec.Struct, frozen=True):
    """A file that should be in the archive and is not."""

    name: str
    why: str


class Manifest(msgspec.Struct, frozen=True, kw_only=True):
    """What an archive says of itself."""

    format: str
    account: str
    server: str
    made_at: str
    files: list[Listed]
    missing: list[Missing]


class Entry:
    """A file that is being written."""

    def __init__(self, out: IO[bytes]) -> None:
        self._out = out
        self._hash = sha256()
        self.size = 0

    def write(self, part: bytes) -> None:
        """Append bytes."""
        self._out.write(part)
        self._hash.update(part)
        self.size += len(part)

    @property
    def sha256(self) -> str:
        """The hash so far, in hex."""
        return self._hash.hexdigest()


class ArchiveWriter:
    """The zip at `path` while it is written, one file after the other; `at` is the date of all of them (UTC)."""

    def __init__(self, path: Path, at: datetime) -> None:
        self._at = at
        self._zip = zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED)
        self._files: list[Listed] = []
        self._missing: list[Missing] = []

    def __enter__(self) -> ArchiveWriter:
        return self

    def __exit__(self, *_: object) -> None:
        self._zip.close()

    @contextmanager
    def file(self, name: str) -> Generator[Entry]:
        """A file of the archive; it is in the manifest once it was written whole."""
        # Only the outbox may grow beyond what a plain entry can hold.
        with self._zip.open(self._entry(name), "w", force_zip64=name == OUTBOX) as out:
            entry = Entry(out)
            yield entry
        self._files.append(Listed(name, entry.sha256, entry.size))

    def has(self, name: str) -> bool:
        """Whether the archive has a file of this name."""
        return name in self._zip.NameToInfo

    def miss(self, name: str, why: str) -> None:
        """Say that a file is not there."""
        self._missing.append(Missing(name, why))

    def seal(self, account: str, server: str, key: SigningKey) -> None:
        """Add the manifest, its signature and the public key. Nothing can be added afterwards."""
        manifest = msgspec.json.encode(
            Manifest(
                format=FORMAT,
                account=account,
                server=server,
                made_at=f"{self._at:%Y-%m-%dT%H:%M:%SZ}",
                files=self._files,
                missing=self._missing,
            )
        )
        for name, body in ((MANIFEST, manifest), (SIGNATURE, key.sign(manifest)), (KEY, key.public_pem)):
            self._zip.writestr(self._entry(name), body)

    def _entry(self, name: str) -> zipfile.ZipInfo:
        entry = zipfile.ZipInfo(name, self._at.timetuple()[:6])
        entry.compress_type = zipfile.ZIP_STORED if name.endswith(_PACKED) else zipfile.ZIP_DEFLATED
        entry.create_system, entry.external_attr = _UNIX, _READABLE
        return entry
