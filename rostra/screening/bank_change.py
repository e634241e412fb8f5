"""Changing the banks of known pictures on a page: a file of hashes put into the folder, pictures added, a bank removed.

A file replaces the one before as a whole, so that whoever reads it meanwhile sees either. Each change is written into
the record of moderation: what is in a bank is refused without anybody looking.
"""

from __future__ import annotations

import asyncio
import fcntl
import re
import secrets
import shutil
from collections.abc import Callable, Generator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Final, TypeVar

import msgspec

from rostra.detect.bank_files import LEAST_QUALITY, BankRefused, read_bank, shape_of
from rostra.kit.clock import Clock
from rostra.kit.db import Database
from rostra.kit.errors import Invalid, NotFound
from rostra.kit.files import flush
from rostra.ledger.append import Entry, append

T = TypeVar("T")

_NAME: Final = re.compile(r"[a-z0-9][a-z0-9_-]{0,59}")
_SUFFIXES: Final = {"json": ".json", "csv": ".csv", "lines": ".csv"}
_LONGEST_NOTE: Final = 200


class NewHash(msgspec.Struct, frozen=True):
    """A picture that is to be known: its PDQ hash, the quality of that, and a few words."""

    pdq: bytes
    quality: int
    note: str = ""


class Added(msgspec.Struct, frozen=True):
    """How many hashes were added, how many the bank has already, and how many say too little to be compared."""

    added: int
    known: int
    dull: int


async def add_file(
    db: Database, clock: Clock, folder: Path, name: str, source: Path, *, replaces: bool, actor_id: int
) -> int:
    """Make a file of hashes the bank of that name; how many it has. The source stays as it is.

    Raises Invalid: for `name`, where it is none or there is such a bank and nobody said that it is to be replaced; for
    `file`, with line and what is wrong there.
    """
    _check_name(name)

    def put() -> int:
        with _changing(folder) as scratch:
            shutil.copyfile(source, scratch)
            number = _count(scratch)
            before = _find(folder, name)
            if before is not None and not replaces:
                raise Invalid("name", "is that of a bank", code="ERR_TAKEN")
            target = before or folder / f"{name}{_SUFFIXES[_shape(scratch)]}"
            _put(scratch, target)
            return number

    return await _write_down(db, clock, put, lambda number: {"bank": name, "hashes": number}, "bank_put", actor_id)


async def add_hashes(
    db: Database, clock: Clock, folder: Path, name: str, pictures: Sequence[NewHash], *, actor_id: int
) -> Added:
    """Add pictures to the bank of that name, which is made where there is none.

    Raises Invalid for `name`: where it is none, or the bank is a file of another shape, which comes from elsewhere and
    would be overwritten from there.
    """
    _check_name(name)

    def put() -> Added:
        with _changing(folder) as scratch:
            target = _find(folder, name) or folder / f"{name}.csv"
            text = target.read_bytes() if target.exists() else b""
            if text and _shape(target) != "lines":
                raise Invalid("name", "is a bank of another shape", code="ERR_BANK_SHAPE")
            known = text.lower()
            fresh = [each for each in pictures if each.quality >= LEAST_QUALITY]
            new = {each.pdq: each for each in fresh if each.pdq.hex().encode() not in known}
            lines = "".join(f"{each.pdq.hex()},{each.quality},{_note(each.note)}\n" for each in new.values())
            if new:
                scratch.write_bytes(text + (b"\n" if text and not text.endswith(b"\n") else b"") + lines.encode())
                _count(scratch)
                _put(scratch, target)
            return Added(len(new), len(fresh) - len(new), len(pictures) - len(fresh))

    return await _write_down(db, clock, put, lambda made: {"bank": name, "added": made.added}, "bank_put", actor_id)


async def remove_bank(db: Database, clock: Clock, folder: Path, file: str, *, actor_id: int) -> None:
    """Remove a file of the folder, and its bank with it. Raises NotFound."""

    def remove() -> None:
        found = next((path for path in _files(folder) if path.name == file), None)
        if found is None:
            raise NotFound
        found.unlink()

    await _write_down(db, clock, remove, lambda _: {"bank": Path(file).stem}, "bank_removed", actor_id)


async def _write_down(
    db: Database,
    clock: Clock,
    change: Callable[[], T],
    details: Callable[[T], dict[str, object]],
    done: str,
    actor_id: int,
) -> T:
    """Change the folder and note it; where that fails nothing is noted."""
    async with db.transaction() as tx:
        made = await asyncio.to_thread(change)
        entry = Entry(type=done, subject_kind="policy", subject_id=0, actor_id=actor_id, details=details(made))
        await append(tx, clock.now(), entry)
    return made


@contextmanager
def _changing(folder: Path) -> Generator[Path]:
    """A file to write to while nobody else changes the folder; gone in the end unless it was put into a place."""
    folder.mkdir(parents=True, exist_ok=True)
    scratch = folder / f".new-{secrets.token_hex(8)}"
    with (folder / ".changing").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        try:
            yield scratch
        finally:
            scratch.unlink(missing_ok=True)


def _put(scratch: Path, target: Path) -> None:
    flush(scratch)
    scratch.replace(target)
    flush(target.parent)


def _files(folder: Path) -> list[Path]:
    return [path for path in folder.iterdir() if not path.name.startswith(".")] if folder.is_dir() else []


def _find(folder: Path, name: str) -> Path | None:
    """The file of the bank of that name."""
    return next((path for path in sorted(_files(folder)) if path.stem == name), None)


def _check_name(name: str) -> None:
    if not _NAME.fullmatch(name):
        raise Invalid("name", "must be of small letters, digits, - and _", code="ERR_BANK_NAME")


def _count(path: Path) -> int:
    try:
        found = read_bank(path)
    except BankRefused as error:
        place, _, what = str(error).removeprefix(f"{path}:").partition(": ")
        raise Invalid("file", f"{what} (line {place})" if what else place.strip()) from error
    if not len(found.hashes) and not found.disabled:
        raise Invalid("file", "holds no hashes that could be compared")
    return len(found.hashes)


def _shape(path: Path) -> str:
    with path.open("rb") as file:
        return shape_of(file.read(4096))


def _note(note: str) -> str:
    return " ".join(note.replace(",", " ").split())[:_LONGEST_NOTE]
