"""The format of an export, and checking one from the file alone, without server or database, in constant memory."""

from __future__ import annotations

import gzip
import zlib
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import IO, Final, TypeVar, cast

import msgspec

from rostra.ledger.audit import Auditor, Outcome
from rostra.ledger.leaf import Field, Leaf, Opened
from rostra.ledger.note import Checkpoint, NoteError, Verifier, read_checkpoint, read_verifier
from rostra.ledger.proof import Broken

T = TypeVar("T")

EXPORT_FORMAT: Final = "rostra-ledger-export/1"
# Bytes of a leaf's hash that stand beside it: enough to say which leaf was damaged.
CHECKED: Final = 8
_LONGEST_LINE: Final = 1_000_000
_GZIP: Final = b"\x1f\x8b"
_OFTEN: Final = 1_000


class Header(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The first line. `checkpoint` is over all leaves that follow; `keys` have signed, the first one first."""

    format: str
    made_at: str
    checkpoint: str
    keys: list[str]
    with_openings: bool


class LeafLine(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, forbid_unknown_fields=True, tag="leaf"):
    """The leaf of index `n`; `check` are the first bytes of its hash, in hex."""

    n: int
    check: str
    leaf: Leaf
    opened: dict[Field, Opened] = {}
    # Whether whom it is about, or who did it, was erased since.
    erased: bool = False


class CheckpointLine(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, tag="checkpoint"):
    """A checkpoint over all leaves that stand before the line."""

    note: str


Line = LeafLine | CheckpointLine
_HEADER: Final = msgspec.json.Decoder(Header)
_LINE: Final[msgspec.json.Decoder[Line]] = msgspec.json.Decoder(Line)


def check_export(
    path: Path,
    *,
    key: Verifier | None = None,
    witnessed: Sequence[Checkpoint] = (),
    progress: Callable[[int, int], None] | None = None,
) -> Outcome:
    """Check a file that `rostra/ledger/export.py` has written. Without a `key`, those are believed that the file names.

    `progress` is told the leaves checked and all of them. Raises Broken; OSError where the file cannot be opened.
    """
    lines = _lines(path)
    header = _decode(next(lines, b""), _HEADER, "the first line")
    if header.format != EXPORT_FORMAT:
        raise Broken(f"is no export that this version knows, but {header.format!r}")
    auditor = Auditor([key] if key else [_key(text) for text in header.keys], witnessed)
    total = _size(header.checkpoint)
    for raw in lines:
        _take(auditor, _decode(raw, _LINE, f"the line of leaf {auditor.size}"))
        if progress and auditor.size % _OFTEN == 0:
            progress(auditor.size, total)
    return auditor.finish(header.checkpoint)


def _take(auditor: Auditor, line: Line) -> None:
    if isinstance(line, LeafLine):
        try:
            check = bytes.fromhex(line.check)
        except ValueError:
            check = b""
        check = check if len(check) == CHECKED else b""
        auditor.leaf(line.n, line.leaf, check, is_erased=line.erased, opened=line.opened)
    elif auditor.may_check(line.note):
        # What an older key has signed tells nothing to whom only the newest was given, which has signed it all again.
        auditor.checkpoint(line.note)


def _lines(path: Path) -> Iterator[bytes]:
    with path.open("rb") as file:
        is_packed = file.read(len(_GZIP)) == _GZIP
        file.seek(0)
        source = cast("IO[bytes]", gzip.GzipFile(fileobj=file)) if is_packed else file
        count = 0
        try:
            while line := source.readline(_LONGEST_LINE):
                count += 1
                yield line
        except (EOFError, zlib.error, gzip.BadGzipFile) as error:
            raise Broken(f"the file is damaged or cut off after line {count}: {error}") from None


def _decode(raw: bytes, decoder: msgspec.json.Decoder[T], where: str) -> T:
    try:
        return decoder.decode(raw)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise Broken(f"{where} cannot be read: {error}") from None


def _key(text: str) -> Verifier:
    try:
        return read_verifier(text)
    except NoteError as error:
        raise Broken(f"the first line: {error}") from None


def _size(note: str) -> int:
    try:
        return read_checkpoint(note).size
    except NoteError as error:
        raise Broken(f"the checkpoint of the first line {error}") from None
