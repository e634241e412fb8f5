"""The spool: sealed pieces on this disk until every target has them. The newest one always stays.

It is what makes the chain survive any death of the process: a piece is on the disk, whole, before a target sees it, and
the newest says where the chain goes on.
"""

from __future__ import annotations

import asyncio
import itertools
import os
from datetime import datetime
from pathlib import Path
from typing import Final

import msgspec

from rostra.continuity import names
from rostra.continuity.place import Identity
from rostra.continuity.records import Piece
from rostra.continuity.sealed import Broken, Header, Sealed, peek, unseal
from rostra.kit.files import write_whole

# More than a header takes.
_HEAD: Final = 8192


class Link(msgspec.Struct, frozen=True, kw_only=True):
    """A piece of the chain without its bytes. `digest` is what the next one's `previous` says; `reached` the moment up
    to which all that was acknowledged is in the pieces up to this one; `size` in bytes, as an object."""

    sequence: int
    digest: str
    start: int
    end: int
    timeline: int
    gap: bool
    reached: datetime
    size: int


class Spool:
    """Owns the directory; made by `open_spool`."""

    def __init__(self, path: Path, identity: Identity, links: dict[int, Link]) -> None:
        self._path = path
        self._identity = identity
        self._links = links
        # Known even where its bytes have rotted: the chain goes on behind it.
        self._newest = links[max(links)] if links else None
        self.size = sum(link.size for link in links.values())

    @property
    def newest(self) -> Link | None:
        return self._newest

    @property
    def links(self) -> list[Link]:
        """All that are there, in their order."""
        return list(self._links.values())

    def find(self, sequence: int) -> Link | None:
        return self._links.get(sequence)

    def waiting(self, after: int) -> int:
        """Bytes of the pieces behind the sequence `after`."""
        return sum(link.size for sequence, link in self._links.items() if sequence > after)

    async def add(self, link: Link, raw: bytes) -> None:
        """Keep a piece, on the disk when this returns. Raises OSError, and then there is nothing of it."""
        await asyncio.to_thread(_write, self._file(link.sequence), raw)
        self._links[link.sequence] = link
        self._newest = link
        self.size += link.size

    async def read(self, sequence: int) -> bytes:
        """A piece as it goes to the targets. Raises Broken where the disk does not give back what it was given; the
        piece is then out of the spool."""
        try:
            return await asyncio.to_thread(self._read, sequence)
        except Broken:
            if link := self._links.pop(sequence, None):
                self.size -= link.size
            raise

    def _read(self, sequence: int) -> bytes:
        name, key = names.wal_piece(self._identity.epoch.number, sequence), self._identity.signing_key.public
        try:
            raw = self._file(sequence).read_bytes()
        except FileNotFoundError:
            raise Broken(f"{name}: is gone from the spool") from None
        unseal(raw, {key.id: key}, site=self._identity.site.id, name=name)
        return raw

    def drop_until(self, sequence: int) -> None:
        """Remove the pieces up to `sequence` that every target has, but not the newest."""
        newest = 0 if self._newest is None else self._newest.sequence
        for each in list(itertools.takewhile(lambda each: each <= sequence and each < newest, self._links)):
            self._file(each).unlink(missing_ok=True)
            self.size -= self._links.pop(each).size

    def _file(self, sequence: int) -> Path:
        return self._path / f"{sequence:012d}"


def open_spool(path: Path, identity: Identity) -> tuple[Spool, bool]:
    """What lies there for the epoch of `identity`, and whether that is the end of the chain for certain.

    What an earlier epoch or a death in the middle left is removed. It is not certain where there is nothing, and where
    the newest file is broken.
    """
    links: dict[int, Link] = {}
    is_certain = True
    for file in sorted(path.iterdir(), reverse=True):
        # Behind a hole nothing can be used: it is the end that counts, for from there the chain goes on.
        link = _find_link(file, identity, whole=not links)
        if link is not None and (not links or link.sequence + 1 in links):
            links[link.sequence] = link
            continue
        is_certain = is_certain and (bool(links) or not file.name.isdecimal())
        file.unlink()
    return Spool(path, identity, dict(sorted(links.items()))), is_certain and bool(links)


def link_of(sealed: Sealed, size: int) -> Link:
    """A piece that was found genuine, as a link."""
    return _link(sealed.header, sealed.digest, size)


def _find_link(file: Path, identity: Identity, *, whole: bool) -> Link | None:
    """The piece in a file; None where it is none of this epoch. Read `whole`, its signature is tried."""
    if not file.name.isdecimal():
        return None
    name = names.wal_piece(identity.epoch.number, int(file.name))
    with file.open("rb") as opened:
        raw = opened.read() if whole else opened.read(_HEAD)
    try:
        if not whole:
            header = peek(raw, name)
            is_ours = (header.site, header.name) == (identity.site.id, name)
            return _link(header, "", file.stat().st_size) if is_ours else None
        key = identity.signing_key.public
        return link_of(unseal(raw, {key.id: key}, site=identity.site.id, name=name), len(raw))
    except Broken:
        return None


def _link(header: Header, digest: str, size: int) -> Link:
    about = msgspec.json.decode(header.about, type=Piece)
    return Link(
        sequence=header.sequence,
        digest=digest,
        start=about.start,
        end=about.end,
        timeline=about.timeline,
        gap=about.gap,
        reached=header.made_at,
        size=size,
    )


def _write(path: Path, raw: bytes) -> None:
    try:
        write_whole(path, raw)
    except OSError:
        # A full disk leaves a half under the passing name.
        path.with_name(f".{path.name}.{os.getpid()}").unlink(missing_ok=True)
        raise
