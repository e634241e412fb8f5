"""An archive that somebody sent, as files to be read by name. Nothing is ever unpacked to a path that it names, and
nothing is read beyond what it may be: too many files, too large ones, ones that grow out of all proportion, names that
lead elsewhere and anything that is no plain file have the whole of it refused.
"""

from __future__ import annotations

import shutil
import tarfile
import zipfile
import zlib
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Final, Literal

from rostra.kit.errors import Invalid

Problem = Literal["format", "names", "files", "size", "bomb", "damaged", "encrypted", "no_posts", "no_actor"]

MAX_ARCHIVE: Final = 2 << 30
"""Bytes of a file that may be sent: some 5,000 pictures beside any number of posts. Somebody who has more of them can
ask the operator, whose command has no such limit but the unpacked one."""
MAX_UNPACKED: Final = 8 << 30
MAX_FILES: Final = 200_000
MAX_DOCUMENT: Final = 256 << 20
"""Bytes of outbox.json: some 100,000 posts."""
MAX_SMALL: Final = 20 << 20
# What deflate makes of plain repetition is 1,032 to 1; JSON comes to 20, seldom to 50.
_MOST_GROWTH: Final = 200
_GROWTH_MATTERS_FROM: Final = 10 << 20
_LONGEST_NAME: Final = 500
_WINDOW: Final = 1 << 20
_UNREADABLE: Final = (zipfile.BadZipFile, tarfile.TarError, zlib.error, EOFError, OSError, RuntimeError, ValueError)
_PROBLEMS: Final[dict[Problem, str]] = {
    "format": "is neither a zip file nor a tar.gz file",
    "names": "holds a file whose name leads out of the archive",
    "files": "holds more files than can be imported",
    "size": "is larger than what can be imported, or holds a file that is",
    "bomb": "grows out of all proportion when it is unpacked",
    "damaged": "is damaged: some of it cannot be read",
    "encrypted": "is encrypted: send it without a password",
    "no_posts": "holds no outbox.json: it is not an archive of posts",
    "no_actor": "holds no usable actor.json: it does not say whose it is",
}


class BadArchive(Invalid):
    """A file that is no archive to be imported."""

    def __init__(self, problem: Problem) -> None:
        self.problem: Problem = problem
        super().__init__("file", _PROBLEMS[problem])


class ArchiveReader:
    """The files of one archive, by their names below the folder in which its actor.json stands. Owns the open file."""

    def __init__(self, archive: zipfile.ZipFile) -> None:
        self._archive = archive
        self._sizes = _check_all(archive)
        actors = sorted((name for name in self._sizes if _base(name) == "actor.json"), key=len)
        self._folder = actors[0][: -len("actor.json")] if actors else ""

    def sizes(self) -> dict[str, int]:
        """Bytes of each file, by name."""
        start = len(self._folder)
        return {name[start:]: size for name, size in self._sizes.items() if name.startswith(self._folder)}

    def find(self, name: str, most: int) -> bytes | None:
        """The bytes of a file; None where there is none of this name. Raises BadArchive."""
        entry = self._folder + name
        if entry not in self._sizes:
            return None
        if self._sizes[entry] > most:
            raise BadArchive("size")
        try:
            return self._archive.read(entry)
        except _UNREADABLE:
            raise BadArchive("damaged") from None

    def find_media(self, address: str, most: int) -> bytes | None:
        """The bytes of the picture that a post names: by a name in the archive, or by an address on the server that
        ends in one."""
        path = address.split("?", maxsplit=1)[0].lstrip("/")
        for marker in ("", "media_attachments/", "files/"):
            at = path.find(marker) if marker else 0
            if at >= 0 and self._folder + path[at:] in self._sizes:
                return self.find(path[at:], most)
        return None


@contextmanager
def open_archive(path: Path) -> Generator[ArchiveReader]:
    """The zip file at `path`. Raises BadArchive."""
    try:
        archive = zipfile.ZipFile(path)
    except _UNREADABLE:
        raise BadArchive("format") from None
    with archive:
        yield ArchiveReader(archive)


def as_zip(path: Path) -> None:
    """Make a zip file of the archive at `path`, which may be one already or a tar file, compressed or not.

    In a zip file each picture can be read by itself; in a compressed tar file only after all before it. Raises
    BadArchive.
    """
    if zipfile.is_zipfile(path):
        return
    made = path.with_suffix(".part")
    try:
        with tarfile.open(path, "r:*") as source, zipfile.ZipFile(made, "w", zipfile.ZIP_STORED) as target:
            _copy_all(source, target, path.stat().st_size)
        made.replace(path)
    except tarfile.ReadError:
        raise BadArchive("format") from None
    except _UNREADABLE:
        raise BadArchive("damaged") from None
    finally:
        made.unlink(missing_ok=True)


def _copy_all(source: tarfile.TarFile, target: zipfile.ZipFile, packed: int) -> None:
    unpacked = files = 0
    for member in source:
        if member.isdir():
            continue
        if not member.isreg():
            raise BadArchive("names")
        name = _check_name(member.name.removeprefix("./"))
        files, unpacked = files + 1, unpacked + member.size
        _check_sums(files, unpacked, packed)
        body = source.extractfile(member)
        assert body is not None
        with target.open(zipfile.ZipInfo(name), "w", force_zip64=True) as entry:
            _copy(body, entry)


def _copy(source: IO[bytes], target: IO[bytes]) -> None:
    shutil.copyfileobj(source, target, _WINDOW)


def _check_all(archive: zipfile.ZipFile) -> dict[str, int]:
    sizes: dict[str, int] = {}
    unpacked = 0
    for entry in archive.infolist():
        if entry.is_dir():
            continue
        name = _check_name(entry.filename)
        # Unix keeps the kind of file in the upper half: 0o120000 is a symbolic link (0: made elsewhere, a plain file).
        if (entry.external_attr >> 28) not in (0, 0o10) or name in sizes:
            raise BadArchive("names")
        if entry.flag_bits & 1:
            raise BadArchive("encrypted")
        unpacked += entry.file_size
        _check_sums(len(sizes) + 1, unpacked, 0)
        if entry.file_size > _GROWTH_MATTERS_FROM and entry.file_size > _MOST_GROWTH * max(entry.compress_size, 1):
            raise BadArchive("bomb")
        sizes[name] = entry.file_size
    return sizes


def _check_sums(files: int, unpacked: int, packed: int) -> None:
    if files > MAX_FILES:
        raise BadArchive("files")
    if unpacked > MAX_UNPACKED:
        raise BadArchive("bomb")
    if packed and unpacked > _GROWTH_MATTERS_FROM and unpacked > _MOST_GROWTH * packed:
        raise BadArchive("bomb")


def _check_name(name: str) -> str:
    parts = name.split("/")
    if (
        not name
        or len(name) > _LONGEST_NAME
        or "\\" in name
        or ":" in parts[0]
        or any(part in ("", ".", "..") or not part.isprintable() for part in parts)
    ):
        raise BadArchive("names")
    return name


def _base(name: str) -> str:
    return name.rpartition("/")[2]
