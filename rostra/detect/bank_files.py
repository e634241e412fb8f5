"""Reads banks of PDQ hashes from files as others hand them out. What is made of them is for `bank.py`.

Understood are, told apart by their content:
- text: a hash in 64 hexadecimal digits on each line, then, if wanted, `,quality` and `,note`; `#` begins a comment;
- CSV with a header: `hash` (or `indicator`, `pdq`, `value`), if wanted `type`, `quality`, `tags`, `note`, `status`;
- JSON, or JSON lines: hashes, or objects with those names, in a list or under `data` or `items`, as the ThreatExchange
  API answers them; or with `signals: {"pdq": …}` and `disable_until_ts`, as the Hasher-Matcher-Actioner has contents.
Entries of other types (MD5, video …) are counted and passed over; so are those whose quality is below 50, and those
that are taken back: status NON_MALICIOUS, `enabled: false`, or any `disable_until_ts`. The XML of NCMEC's hash sharing
is not read: the Hasher-Matcher-Actioner fetches it.
"""

from __future__ import annotations

import csv
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any, Final, Literal, cast

import msgspec
import numpy as np
import numpy.typing as npt

from rostra.detect.pdq import HASH_BYTES

LEAST_QUALITY: Final = 50
MOST_ENTRIES: Final = 20_000_000
MOST_BYTES: Final = 2 << 30

_DIGITS: Final = 2 * HASH_BYTES
_PDQ_TYPES: Final = frozenset({"", "pdq", "hash_pdq"})
_HASH_NAMES: Final = ("hash", "indicator", "raw_indicator", "pdq", "value", "signal_value")
_TYPE_NAMES: Final = ("type", "signal_type", "indicator_type")
_NOTE_NAMES: Final = ("note", "description", "tags", "id")
_LONGEST_NOTE: Final = 200
_NO_DIGIT: Final = 0xFF
_COMMENT: Final = ord("#")


Shape = Literal["json", "csv", "lines"]


class BankRefused(Exception):
    """A file cannot be read as a bank; the text names the file, the line and what is wrong there."""


class BankEntries(msgspec.Struct, frozen=True, kw_only=True):
    """What one file holds: n × 32 bytes of hashes, the line (or the place in the list) of each, and notes by row."""

    name: str
    hashes: npt.NDArray[np.uint8]
    lines: npt.NDArray[np.uint32]
    notes: dict[int, str]
    # Passed over: of other types, too dull, and taken back.
    other: int = 0
    dull: int = 0
    disabled: int = 0


class _Gathered:
    """What a file that is read entry by entry has given so far."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._hashes = bytearray()
        self._lines: list[int] = []
        self._notes: dict[int, str] = {}
        self._other = self._dull = self._disabled = 0

    def add(self, line: int, fields: dict[str, Any]) -> None:
        """One entry. Raises BankRefused."""
        if str(_first(fields, _TYPE_NAMES, "")).lower() not in _PDQ_TYPES:
            self._other += 1
            return
        signals = fields.get("signals")
        if isinstance(signals, dict):
            named = {str(name).lower(): value for name, value in cast("dict[object, Any]", signals).items()}
            fields = {**fields, "hash": named.get("pdq")}
            if fields["hash"] is None:
                self._other += 1
                return
        hashed = _hash_of(_first(fields, _HASH_NAMES, ""), self._path, line)
        if _is_disabled(fields):
            self._disabled += 1
        elif _quality_of(fields.get("quality"), self._path, line) < LEAST_QUALITY:
            self._dull += 1
        else:
            if note := _note_of(fields):
                self._notes[len(self._lines)] = note
            self._hashes += hashed
            self._lines.append(line)
            if len(self._lines) > MOST_ENTRIES:
                raise BankRefused(f"{self._path}:{line}: a bank has at most {MOST_ENTRIES:,} hashes")

    def finish(self) -> BankEntries:
        return BankEntries(
            name=self._path.stem,
            hashes=np.frombuffer(bytes(self._hashes), dtype=np.uint8).reshape(-1, HASH_BYTES),
            lines=np.array(self._lines, dtype=np.uint32),
            notes=self._notes,
            other=self._other,
            dull=self._dull,
            disabled=self._disabled,
        )


def read_bank(path: Path) -> BankEntries:
    """Read the bank that is named like the file without its ending. Raises BankRefused."""
    try:
        if path.stat().st_size > MOST_BYTES:
            raise BankRefused(f"{path}: is larger than {MOST_BYTES >> 30} GB")
        body = path.read_bytes().removeprefix(b"\xef\xbb\xbf")
    except OSError as error:
        raise BankRefused(f"{path}: cannot be read: {error.strerror}") from error
    if body[:2] in (b"\xff\xfe", b"\xfe\xff"):
        raise BankRefused(f"{path}: is written in UTF-16; save it as UTF-8")
    read: dict[Shape, Callable[[bytes, Path], BankEntries]] = {
        "json": _read_json,
        "csv": _read_csv,
        "lines": _read_text,
    }
    return read[shape_of(body)](body, path)


def shape_of(start: bytes) -> Shape:
    """In which shape a file is, by how it begins."""
    start = start[:4096].removeprefix(b"\xef\xbb\xbf").lstrip()
    if start[:1] in (b"{", b"["):
        return "json"
    header = start.split(b"\n", 1)[0].decode(errors="replace").lower()
    return "csv" if any(name.strip().strip('"') in _HASH_NAMES for name in header.split(",")) else "lines"


def _read_text(body: bytes, path: Path) -> BankEntries:
    """A hash on each line. The digits of all lines are decoded at once, what follows them line by line."""
    raw = np.frombuffer(body, dtype=np.uint8)
    starts = np.concatenate([np.zeros(1, dtype=np.intp), np.flatnonzero(raw == ord("\n")) + 1])
    lengths = np.diff(np.append(starts, len(raw) + 1)) - 1
    has_hash = _has_hash(body, raw, starts, lengths, path)
    starts, lengths = starts[has_hash], lengths[has_hash]
    if len(starts) > MOST_ENTRIES:
        raise BankRefused(f"{path}: a bank has at most {MOST_ENTRIES:,} hashes")
    lines = (np.flatnonzero(has_hash) + 1).astype(np.uint32)
    hashes = _decode_all(body, raw, starts, lengths)
    wrong = np.flatnonzero((hashes == 0).all(axis=1) | (lengths < _DIGITS))
    for row in wrong.tolist():
        hashed = _hash_of(_text(body, starts[row], lengths[row]).split(",")[0], path, int(lines[row]))
        hashes[row] = np.frombuffer(hashed, dtype=np.uint8)
    notes: dict[int, str] = {}
    keep = np.ones(len(starts), dtype=np.bool_)
    for row in np.flatnonzero(lengths > _DIGITS).tolist():
        digits, *rest = _text(body, starts[row], lengths[row]).split(",", 2)
        if len(digits.strip()) != _DIGITS:
            _hash_of(digits, path, int(lines[row]))
        keep[row] = not rest or _quality_of(rest[0], path, int(lines[row])) >= LEAST_QUALITY
        if len(rest) == 2:
            notes[row] = rest[1].strip()[:_LONGEST_NOTE]
    rows = np.flatnonzero(keep)
    at_row = dict(zip(rows.tolist(), range(len(rows)), strict=True)) if len(rows) < len(keep) else None
    return BankEntries(
        name=path.stem,
        hashes=hashes[rows],
        lines=lines[rows],
        notes=notes if at_row is None else {at_row[row]: note for row, note in notes.items() if row in at_row},
        dull=len(keep) - len(rows),
    )


def _has_hash(
    body: bytes, raw: npt.NDArray[np.uint8], starts: npt.NDArray[np.intp], lengths: npt.NDArray[np.intp], path: Path
) -> npt.NDArray[np.bool_]:
    """Which lines are neither empty nor a comment. Raises BankRefused for one that is too short for a hash."""
    first = raw[np.minimum(starts, max(len(raw) - 1, 0))] if len(raw) else np.zeros(len(starts), dtype=np.uint8)
    has_hash = (lengths > 0) & (first != _COMMENT)
    for row in np.flatnonzero(has_hash & (lengths < _DIGITS)).tolist():
        line = _text(body, starts[row], lengths[row]).strip()
        if line and not line.startswith("#"):
            _hash_of(line.split(",")[0], path, row + 1)
        has_hash[row] = False
    return has_hash


def _decode_all(
    body: bytes, raw: npt.NDArray[np.uint8], starts: npt.NDArray[np.intp], lengths: npt.NDArray[np.intp]
) -> npt.NDArray[np.uint8]:
    """The hashes at the beginnings of lines; zeros where there are no digits."""
    if len(raw) <= len(starts) * (_DIGITS + 1) and (lengths == _DIGITS).all():
        try:
            # The usual file, digits and nothing else, is decoded in one go.
            plain = np.frombuffer(bytearray.fromhex(body.decode("ascii")), dtype=np.uint8)
        except ValueError:
            plain = _NONE
        if plain.size == len(starts) * HASH_BYTES:
            return plain.reshape(-1, HASH_BYTES)
    return np.concatenate([_decode(raw, starts[at : at + 65536]) for at in range(0, len(starts), 65536)] or [_NONE])


def _decode(raw: npt.NDArray[np.uint8], starts: npt.NDArray[np.intp]) -> npt.NDArray[np.uint8]:
    """The hashes that begin at `starts`; zeros where there are no digits."""
    digits = _DIGIT_VALUES[raw[starts[:, None] + np.arange(_DIGITS)]]
    hashes = (digits[:, 0::2] << 4 | digits[:, 1::2]).astype(np.uint8, copy=False)
    hashes[(digits == _NO_DIGIT).any(axis=1)] = 0
    return hashes


def _read_csv(body: bytes, path: Path) -> BankEntries:
    gathered = _Gathered(path)
    try:
        rows = csv.DictReader(body.decode().splitlines(keepends=True), restkey="_", restval="")
        rows.fieldnames = [name.strip().lower() for name in rows.fieldnames or []]
        for row in rows:
            gathered.add(rows.line_num, cast("dict[str, Any]", row))
    except UnicodeDecodeError as error:
        raise BankRefused(f"{path}:{_line_of(body, error.start)}: is not UTF-8") from error
    except csv.Error as error:
        raise BankRefused(f"{path}: {error}") from error
    return gathered.finish()


def _read_json(body: bytes, path: Path) -> BankEntries:
    gathered = _Gathered(path)
    for place, entry in _json_entries(body, path):
        if isinstance(entry, dict):
            gathered.add(place, cast("dict[str, Any]", entry))
        else:
            gathered.add(place, {"hash": entry})
    return gathered.finish()


def _json_entries(body: bytes, path: Path) -> Iterable[tuple[int, object]]:
    """The entries with their place in the list, or their line."""
    first_line = body.lstrip().split(b"\n", 1)[0].strip()
    if first_line.startswith(b"{") and first_line.endswith(b"}") and body.strip().count(b"\n"):
        return _json_lines(body, path)
    whole = _decoded(body, path, lambda offset: _line_of(body, offset))
    if isinstance(whole, dict):
        fields = cast("dict[str, object]", whole)
        whole = next((fields[name] for name in ("data", "items", "entries") if name in fields), [fields])
    if not isinstance(whole, list):
        raise BankRefused(f"{path}: holds no list of hashes")
    return enumerate(cast("list[object]", whole), 1)


def _json_lines(body: bytes, path: Path) -> Iterator[tuple[int, object]]:
    for number, line in enumerate(body.split(b"\n"), 1):
        if line.strip():
            yield number, _decoded(line, path, lambda _, number=number: number)


def _decoded(body: bytes, path: Path, line_of: Callable[[int], int]) -> object:
    try:
        return msgspec.json.decode(body)
    except (msgspec.DecodeError, RecursionError, UnicodeDecodeError) as error:
        # The text ends with the place, "(byte 123)".
        offset = str(error).rpartition("(byte ")[2].rstrip(")")
        line = line_of(int(offset) if offset.isdigit() else 0)
        raise BankRefused(f"{path}:{line}: is no JSON: {error}") from error


def _hash_of(value: object, path: Path, line: int) -> bytes:
    text = str(value).strip()
    try:
        hashed = bytes.fromhex(text) if len(text) == _DIGITS else b""
    except ValueError:
        hashed = b""
    if len(hashed) != HASH_BYTES:
        raise BankRefused(f"{path}:{line}: {text[:80]!r} is no PDQ hash (64 hexadecimal digits)")
    return hashed


def _quality_of(value: object, path: Path, line: int) -> int:
    """100 where nobody says."""
    text = "" if value is None else str(value).strip()
    if not text:
        return 100
    if not text.isdecimal() or len(text) > 3 or int(text) > 100:
        raise BankRefused(f"{path}:{line}: {text[:40]!r} is no quality (0 to 100)")
    return int(text)


def _is_disabled(fields: dict[str, Any]) -> bool:
    if str(fields.get("status") or "").upper() == "NON_MALICIOUS":
        return True
    if str(fields.get("enabled", "")).lower() in ("false", "0", "no"):
        return True
    return str(fields.get("disable_until_ts") or "0") != "0"


def _note_of(fields: dict[str, Any]) -> str:
    value = _first(fields, _NOTE_NAMES, "")
    if isinstance(value, dict):
        value = cast("dict[str, object]", value).get("data", "")
    if isinstance(value, list):
        tags = (
            cast("dict[str, object]", tag).get("text", "") if isinstance(tag, dict) else tag
            for tag in cast("list[object]", value)
        )
        value = " ".join(map(str, tags))
    return str(value).strip()[:_LONGEST_NOTE]


def _first(fields: dict[str, Any], names: tuple[str, ...], default: object) -> Any:
    return next((fields[name] for name in names if fields.get(name)), default)


def _text(body: bytes, start: int, length: int) -> str:
    return body[start : start + length].decode(errors="replace")


def _line_of(body: bytes, offset: int) -> int:
    return body.count(b"\n", 0, offset) + 1


def _digit_values() -> npt.NDArray[np.uint8]:
    values = np.full(256, _NO_DIGIT, dtype=np.uint8)
    for digit in "0123456789abcdefABCDEF":
        values[ord(digit)] = int(digit, 16)
    return values


_DIGIT_VALUES: Final = _digit_values()
_NONE: Final = np.zeros((0, HASH_BYTES), dtype=np.uint8)
