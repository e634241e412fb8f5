"""Banks of PDQ hashes: which known pictures a picture resembles, among millions, in about a millisecond.

An index is one file, mapped into memory and shared by all processes. It is exact: of sixteen parts of two hashes that
differ in at most 31 bits, one part differs in at most one bit, so looking up each part in its seventeen spellings finds
them all. A new index replaces the file as a whole; who has the old one open keeps it.
"""

from __future__ import annotations

import mmap
import os
from collections.abc import Collection, Sequence
from pathlib import Path
from typing import Any, Final

import msgspec
import numpy as np
import numpy.typing as npt

from rostra.detect.bank_files import LEAST_QUALITY, BankEntries, BankRefused, read_bank
from rostra.detect.pdq import HASH_BYTES, Pdq

RADIUS: Final = 31
"""Hashes that differ in at most so many bits are of the same picture (Meta's published threshold)."""

_MAGIC: Final = b"rostra-pdq-1\n\0\0\0"
_PARTS: Final = 16
_VALUES: Final = 1 << 16
_ALIGN: Final = 64
_MOST_MATCHES: Final = 100
# Rows that are compared at once where the parts of very many hashes are equal.
_CHUNK: Final = 1 << 16
_SPELLINGS: Final = np.array([0, *(1 << bit for bit in range(16))], dtype=np.uint16)


class BankMatch(msgspec.Struct, frozen=True):
    """A known picture: its bank, its line (or place) in the bank's file, and in how many bits it differs."""

    bank: str
    entry: int
    distance: int
    note: str = ""


class Built(msgspec.Struct, frozen=True, kw_only=True):
    """What went into an index: the hashes of each bank, and what was passed over."""

    banks: dict[str, int]
    other: int = 0
    dull: int = 0
    disabled: int = 0


class _Header(msgspec.Struct, frozen=True, kw_only=True):
    banks: list[str]
    count: int
    notes: int


class HashBank:
    """An open index. Immutable and safe to use from several threads."""

    def __init__(self, path: Path, *, disabled: Collection[bytes] = ()) -> None:
        """Open the index that `build_index` wrote; `disabled` hashes are known no longer. Raises BankRefused."""
        try:
            with path.open("rb") as file:
                self._map = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
        except (OSError, ValueError) as error:
            raise BankRefused(f"{path}: cannot be opened: {error}") from error
        if self._map[: len(_MAGIC)] != _MAGIC:
            raise BankRefused(f"{path}: is no index of this version; build it anew")
        size = int.from_bytes(self._map[len(_MAGIC) : len(_MAGIC) + 8], "little")
        at = len(_MAGIC) + 8
        try:
            header = msgspec.json.decode(self._map[at : at + size], type=_Header)
            sections = _sections(header, at + size)
            arrays: dict[str, npt.NDArray[Any]] = {
                name: np.frombuffer(self._map, kind, count, start) for name, kind, count, start in sections
            }
        except (msgspec.DecodeError, ValueError) as error:
            raise BankRefused(f"{path}: is damaged; build it anew") from error
        self._banks = header.banks
        self._hashes: npt.NDArray[np.uint64] = arrays["hashes"].reshape(-1, 4)
        self._order: npt.NDArray[np.uint32] = arrays["order"]
        self._starts: npt.NDArray[np.uint32] = arrays["starts"]
        self._bank_of: npt.NDArray[np.uint16] = arrays["bank_of"]
        self._lines: npt.NDArray[np.uint32] = arrays["lines"]
        self._note_ends: npt.NDArray[np.uint32] = arrays["note_ends"]
        self._notes: npt.NDArray[np.uint8] = arrays["notes"]
        self._disabled = frozenset(disabled)

    def __len__(self) -> int:
        return len(self._hashes)

    @property
    def banks(self) -> list[str]:
        """The names of the banks in it."""
        return list(self._banks)

    def match(self, hashed: bytes, quality: int, *, turned: Sequence[bytes] = ()) -> list[BankMatch]:
        """The entries within 31 bits of a hash, or of the same picture `turned`, the nearest first and at most 100.

        Nothing where the quality is below 50: such pictures have too little in them to be told apart. Raises ValueError
        for a hash that has not 32 bytes.
        """
        if any(len(wanted) != HASH_BYTES for wanted in (hashed, *turned)):
            raise ValueError(f"a PDQ hash has {HASH_BYTES} bytes")
        if quality < LEAST_QUALITY or not len(self._hashes):
            return []
        wanted = np.frombuffer(b"".join((hashed, *turned)), dtype=np.uint64).reshape(-1, 4)
        nearest: dict[int, int] = {}
        for row in wanted:
            for index, distance in zip(*self._near(row), strict=True):
                nearest[index] = min(distance, nearest.get(index, 256))
        ordered = sorted(nearest.items(), key=lambda found: (found[1], found[0]))
        return [self._match_at(index, distance) for index, distance in ordered[:_MOST_MATCHES]]

    def match_picture(self, made: Pdq) -> list[BankMatch]:
        """`match` for a picture in all its eight positions."""
        return self.match(made.hash, made.quality, turned=made.turned)

    def _near(self, wanted: npt.NDArray[np.uint64]) -> tuple[list[int], list[int]]:
        """Rows and distances of all that is within the radius and not disabled."""
        candidates = self._candidates(wanted.view(np.uint16))
        if candidates is not None:
            rows, distances = _within(self._hashes[candidates], wanted)
            rows = candidates[rows]
        else:
            parts = [
                (at + rows, distances)
                for at in range(0, len(self._hashes), _CHUNK)
                for rows, distances in [_within(self._hashes[at : at + _CHUNK], wanted)]
            ]
            rows = np.concatenate([part[0] for part in parts])
            distances = np.concatenate([part[1] for part in parts])
        if self._disabled:
            kept = np.array(
                [self._hashes[row].tobytes() not in self._disabled for row in rows.tolist()], dtype=np.bool_
            )
            rows, distances = rows[kept], distances[kept]
        return _nearest_first(rows, distances)

    def _candidates(self, parts: npt.NDArray[np.uint16]) -> npt.NDArray[np.intp] | None:
        """Rows that share a spelling of a part, or None where these are so many that it is quicker to compare all."""
        spelt = (parts[:, None] ^ _SPELLINGS).astype(np.intp)
        places = spelt + (np.arange(_PARTS) * (_VALUES + 1))[:, None]
        starts = self._starts[places].astype(np.intp).ravel()
        lengths = self._starts[places + 1].astype(np.intp).ravel() - starts
        total = int(lengths.sum())
        if total >= len(self._hashes):
            return None
        starts += np.repeat(np.arange(_PARTS) * len(self._hashes), len(_SPELLINGS))
        before = np.cumsum(lengths) - lengths
        return self._order[np.arange(total) + np.repeat(starts - before, lengths)].astype(np.intp)

    def _match_at(self, row: int, distance: int) -> BankMatch:
        start = int(self._note_ends[row - 1]) if row else 0
        note = self._notes[start : int(self._note_ends[row])].tobytes().decode()
        return BankMatch(self._banks[self._bank_of[row]], int(self._lines[row]), distance, note)


def build_index(sources: Sequence[Path], target: Path) -> Built:
    """Read the banks and put their index in the place of `target`, as a whole or not at all. Raises BankRefused.

    A bank is named like its file without the ending; two of one name are refused.
    """
    banks = [read_bank(path) for path in sources]
    names = [bank.name for bank in banks]
    if twice := next((name for name in names if names.count(name) > 1), None):
        raise BankRefused(f"two files make a bank named {twice!r}; rename one")
    scratch = target.with_name(f".{target.name}.{os.getpid()}")
    try:
        _write(scratch, banks)
        scratch.replace(target)
    finally:
        scratch.unlink(missing_ok=True)
    return Built(
        banks={bank.name: len(bank.lines) for bank in banks},
        other=sum(bank.other for bank in banks),
        dull=sum(bank.dull for bank in banks),
        disabled=sum(bank.disabled for bank in banks),
    )


def _write(path: Path, banks: Sequence[BankEntries]) -> None:
    hashes = np.concatenate([np.zeros((0, HASH_BYTES), dtype=np.uint8), *(bank.hashes for bank in banks)])
    note_ends, notes = _notes_of(banks, len(hashes))
    header = _Header(banks=[bank.name for bank in banks], count=len(hashes), notes=len(notes))
    order, starts = _order(hashes)
    arrays: dict[str, npt.NDArray[Any]] = {
        "hashes": hashes,
        "order": order,
        "starts": starts,
        "bank_of": np.repeat(np.arange(len(banks), dtype=np.uint16), [len(bank.lines) for bank in banks]),
        "lines": np.concatenate([np.zeros(0, dtype=np.uint32), *(bank.lines for bank in banks)]),
        "note_ends": note_ends,
        "notes": np.frombuffer(notes, dtype=np.uint8),
    }
    encoded = msgspec.json.encode(header)
    with path.open("wb") as file:
        file.write(_MAGIC + len(encoded).to_bytes(8, "little") + encoded)
        for name, _, _, start in _sections(header, len(_MAGIC) + 8 + len(encoded)):
            file.write(bytes(start - file.tell()))
            file.write(np.ascontiguousarray(arrays[name]).data)
        # An empty last section would else lie beyond the end.
        file.write(bytes(_ALIGN))
        file.flush()
        os.fsync(file.fileno())


def _order(hashes: npt.NDArray[np.uint8]) -> tuple[npt.NDArray[np.uint32], npt.NDArray[np.uint32]]:
    """For each of sixteen parts: the rows sorted by it, and where each of its values begins."""
    parts = np.ascontiguousarray(hashes).view(np.uint16).reshape(-1, _PARTS)
    order = np.empty((_PARTS, len(hashes)), dtype=np.uint32)
    starts = np.zeros((_PARTS, _VALUES + 1), dtype=np.uint32)
    for part in range(_PARTS):
        values = np.ascontiguousarray(parts[:, part])
        order[part] = values.argsort(kind="stable")
        starts[part, 1:] = np.cumsum(np.bincount(values, minlength=_VALUES))
    return order, starts


def _notes_of(banks: Sequence[BankEntries], count: int) -> tuple[npt.NDArray[np.uint32], bytes]:
    """The notes of all rows one after the other, and where each ends."""
    lengths, notes, before = np.zeros(count, dtype=np.uint32), list[bytes](), 0
    for bank in banks:
        for row in sorted(bank.notes):
            notes.append(bank.notes[row].encode())
            lengths[before + row] = len(notes[-1])
        before += len(bank.lines)
    return np.cumsum(lengths, dtype=np.uint32), b"".join(notes)


def _sections(header: _Header, start: int) -> list[tuple[str, type[np.generic], int, int]]:
    """Name, type, number of values and place in the file of each array."""
    found: list[tuple[str, type[np.generic], int, int]] = []
    for name, kind, count in (
        ("hashes", np.uint64, header.count * 4),
        ("order", np.uint32, header.count * _PARTS),
        ("starts", np.uint32, _PARTS * (_VALUES + 1)),
        ("bank_of", np.uint16, header.count),
        ("lines", np.uint32, header.count),
        ("note_ends", np.uint32, header.count),
        ("notes", np.uint8, header.notes),
    ):
        start = -(-start // _ALIGN) * _ALIGN
        found.append((name, kind, count, start))
        start += count * np.dtype(kind).itemsize
    return found


def _within(
    hashes: npt.NDArray[np.uint64], wanted: npt.NDArray[np.uint64]
) -> tuple[npt.NDArray[np.intp], npt.NDArray[np.uint8]]:
    """The rows within the radius, and their distances."""
    counts = np.bitwise_count(hashes ^ wanted)
    # At most 255: what is that far away stays far away.
    distances = np.minimum(counts[:, 0], 63) + counts[:, 1] + counts[:, 2] + counts[:, 3]
    rows = np.flatnonzero(distances <= RADIUS)
    return rows, distances[rows]


def _nearest_first(rows: npt.NDArray[np.intp], distances: npt.NDArray[np.uint8]) -> tuple[list[int], list[int]]:
    """Each row once, the nearest first, no more than are wanted."""
    rows, first = np.unique(rows, return_index=True)
    distances = distances[first]
    chosen = np.argsort(distances, kind="stable")[:_MOST_MATCHES]
    return rows[chosen].tolist(), distances[chosen].tolist()
