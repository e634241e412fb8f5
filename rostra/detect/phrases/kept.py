"""The mesh of the sieve as it is kept beside the tables: to read the needs off all patterns takes a third of a second
and leaves twelve megabytes of holes in a process's memory.

It says which patterns it was knit of. Where the tables say something else by now it is knit anew, in every process that
starts, until `python -m training.phrases` has written it again.
"""

from __future__ import annotations

import zlib
from collections.abc import Mapping, Sequence
from hashlib import blake2b
from pathlib import Path
from typing import Final

import msgspec

from rostra.detect.phrases.phrase import Language
from rostra.detect.phrases.sieve import Mesh, knit

MESH_FILE: Final = Path(__file__).parent / "mesh.bin"

Patterns = Sequence[tuple[Language, str]]
Classes = Mapping[Language, Mapping[str, str]]


class _Kept(msgspec.Struct, frozen=True):
    knit_of: bytes
    mesh: Mesh


def find_mesh(patterns: Patterns, classes: Classes, path: Path = MESH_FILE) -> Mesh:
    """That of the file where it was knit of these patterns, else one that is made now."""
    kept = msgspec.msgpack.decode(zlib.decompress(path.read_bytes()), type=_Kept)
    return kept.mesh if kept.knit_of == _digest(patterns, classes) else knit_mesh(patterns, classes)


def knit_mesh(patterns: Patterns, classes: Classes) -> Mesh:
    """The mesh of these patterns, whose numbers are their places."""
    # Half a megabyte that hardly any process needs.
    from rostra.detect.phrases.needs import NeedReader

    readers = {language: NeedReader(some) for language, some in classes.items()}
    return knit([readers[language].needs_of(pattern) for language, pattern in patterns])


def write_mesh(patterns: Patterns, classes: Classes, path: Path = MESH_FILE) -> None:
    """Put the mesh of these patterns into the file: the same bytes for the same patterns."""
    kept = _Kept(_digest(patterns, classes), knit_mesh(patterns, classes))
    path.write_bytes(zlib.compress(msgspec.msgpack.encode(kept), 9))


def _digest(patterns: Patterns, classes: Classes) -> bytes:
    named = {language: dict(some) for language, some in classes.items()}
    return blake2b(msgspec.msgpack.encode((patterns, named), order="sorted"), digest_size=16).digest()
