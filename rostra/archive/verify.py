"""Checking an archive without the server: the signature of its manifest, and every file against the manifest.

The file may come from anybody: nothing is unpacked, and no more is read of an entry than the manifest says it has.
"""

from __future__ import annotations

import zipfile
import zlib
from collections import Counter
from hashlib import sha256
from pathlib import Path
from typing import Final

import msgspec

from rostra.archive.archive_writer import Listed, Manifest
from rostra.archive.layout import FORMAT, KEY, MANIFEST, SIGNATURE
from rostra.archive.signing import holds, name_key, same_key
from rostra.ledger.note import NoteError

_WINDOW: Final = 1 << 20
# Of some millions of files.
_LONGEST_MANIFEST: Final = 1 << 30
_LONGEST_KEY: Final = 10_000
_UNREADABLE: Final = (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError, OSError, ValueError)


class NotAnArchive(Exception):
    """The file cannot be checked at all; the text says why."""


class Verdict(msgspec.Struct, frozen=True, kw_only=True):
    """What checking has found. The archive is genuine where `problems` is empty and the key is the server's.

    `problems` says one thing a line; `key` is the key that signed it as /ledger of the server writes it; `missing` are
    the files that the server itself says it did not have.
    """

    account: str
    server: str
    made_at: str
    key: str
    files: int
    missing: list[str]
    problems: list[str]


def verify_archive(path: Path, believed: str | None = None) -> Verdict:
    """Check the archive at `path`; `believed` is the server's key as /ledger writes it, where it is known.

    Raises NotAnArchive for what has no manifest or cannot be read, NoteError where `believed` is no key.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            return _verify(archive, believed)
    except (zipfile.BadZipFile, OSError) as error:
        raise NotAnArchive(f"cannot be read as a zip file: {error}") from None


def _verify(archive: zipfile.ZipFile, believed: str | None) -> Verdict:
    raw, signature, pem = (
        _read_small(archive, name, most)
        for name, most in ((MANIFEST, _LONGEST_MANIFEST), (SIGNATURE, _LONGEST_KEY), (KEY, _LONGEST_KEY))
    )
    try:
        manifest = msgspec.json.decode(raw, type=Manifest)
    except (msgspec.MsgspecError, UnicodeDecodeError):
        raise NotAnArchive(f"{MANIFEST} cannot be read") from None
    if manifest.format != FORMAT:
        raise NotAnArchive(f"{MANIFEST} has the format {manifest.format}, which this version does not know")
    problems: list[str] = []
    key = ""
    try:
        key = name_key(manifest.server, pem)
        if not holds(pem, raw, signature):
            problems.append(f"{SIGNATURE}: the signature does not hold: {MANIFEST} was changed")
    except NoteError as error:
        problems.append(f"{KEY}: {error}")
    if believed is not None and not (key and same_key(believed, key)):
        problems.append(f"{KEY}: is not the key that was given")
    return Verdict(
        account=manifest.account,
        server=manifest.server,
        made_at=manifest.made_at,
        key=key,
        files=len(manifest.files),
        missing=[f"{each.name}: {each.why}" for each in manifest.missing],
        problems=[*problems, *_compare(archive, manifest.files)],
    )


def _compare(archive: zipfile.ZipFile, listed: list[Listed]) -> list[str]:
    names = Counter(archive.namelist())
    expected = {each.name for each in listed} | {MANIFEST, SIGNATURE, KEY}
    problems = [f"{name}: is there {times} times" for name, times in names.items() if times > 1]
    for each in listed:
        if each.name not in names:
            problems.append(f"{each.name}: is missing")
        elif not _is_same(archive, each):
            problems.append(f"{each.name}: was changed")
    return problems + [f"{name}: was added" for name in names if name not in expected]


def _is_same(archive: zipfile.ZipFile, listed: Listed) -> bool:
    entry = archive.getinfo(listed.name)
    if entry.file_size != listed.size:
        return False
    found, size = sha256(), 0
    try:
        with archive.open(entry) as file:
            while part := file.read(min(_WINDOW, listed.size - size + 1)):
                found.update(part)
                size += len(part)
                if size > listed.size:
                    return False
    except _UNREADABLE:
        return False
    return size == listed.size and found.hexdigest() == listed.sha256


def _read_small(archive: zipfile.ZipFile, name: str, most: int) -> bytes:
    try:
        with archive.open(name) as file:
            body = file.read(most + 1)
    except KeyError:
        raise NotAnArchive(f"has no {name}: it is not a signed archive") from None
    except _UNREADABLE:
        raise NotAnArchive(f"{name} cannot be read") from None
    if len(body) > most:
        raise NotAnArchive(f"{name} is too large")
    return body
