"""The banks of known pictures that the operator has put into `banks` in the data directory: looked up, kept up to date.

Each file is a bank and has an index beside it, built once for all processes and shared by them. A changed file takes
effect within seconds; while it is read, or if it cannot be, the index of what it was before stays in use.
"""

from __future__ import annotations

import asyncio
import fcntl
from collections.abc import Generator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Final

import msgspec
import structlog

from rostra.detect.bank import BankMatch, Built, HashBank, build_index
from rostra.detect.bank_files import BankRefused
from rostra.detect.pdq_turned import turned_hashes
from rostra.policy.facts import ImageFacts
from rostra.screening.subject import Picture

log = structlog.get_logger(__name__)

INDEXES: Final = ".index"
WAITS: Final = "was not read yet; a running server does so within seconds"
_NO_MATCH: Final = ImageFacts().distance


class Bank(msgspec.Struct, frozen=True, kw_only=True):
    """A bank in use: its file, its name and how many hashes it has. `problem` is why the file as it is now is not."""

    file: str
    name: str
    hashes: int
    problem: str | None = None


class _Opened(msgspec.Struct, frozen=True):
    """An index, and the state of the file that it was made of."""

    stamp: str
    index: HashBank


class Banks:
    """The banks in a folder; none where there is no folder. What is looked up never waits for what is being read."""

    def __init__(self, folder: Path | None, *, silent: bool = False) -> None:
        """`silent` is for commands, which say themselves what they find."""
        self._folder = folder
        self._silent = silent
        self._opened: Mapping[str, _Opened] = {}
        self._problems: dict[str, tuple[str, str]] = {}
        self._seen: Mapping[str, str] = {}
        self._building: asyncio.Task[None] | None = None

    async def look(self) -> None:
        """Take up what has changed in the folder since the last look; to be called every second or two.

        New indexes are built in a thread, once a file is the same at two looks (it may still be on its way), and are
        found by a later look.
        """
        if self._folder is None or (self._building is not None and not self._building.done()):
            return
        try:
            found = _stamps(self._folder)
        except OSError as error:
            log.error("the folder of the banks cannot be read", problem=str(error))
            return
        gone = {*self._opened, *self._problems} - found.keys()
        opened = {name: bank for name, bank in self._opened.items() if name in found}
        for name in gone:
            self._problems.pop(name, None)
            if name in self._opened and not self._silent:
                log.info("a bank of pictures is no longer in use", bank=Path(name).stem)
        due = {name: stamp for name, stamp in found.items() if not self._take_up(opened, name, stamp)}
        self._opened = opened
        settled = {name: stamp for name, stamp in due.items() if self._seen.get(name) == stamp}
        self._seen = found
        if settled or gone:
            self._building = asyncio.create_task(self._build(self._folder, settled))

    async def finish(self) -> None:
        """Wait for what is being built."""
        if self._building is not None:
            await self._building

    def match(self, picture: Picture) -> list[BankMatch]:
        """The known pictures that this one resembles, also mirrored or turned, the nearest first."""
        if picture.pdq is None:
            return []
        turned = turned_hashes(picture.pdq)
        found = [
            match
            for bank in self._opened.values()
            for match in bank.index.match(picture.pdq, picture.quality, turned=turned)
        ]
        return sorted(found, key=lambda match: match.distance)

    def facts(self, pictures: Sequence[Picture]) -> ImageFacts:
        """What the banks know of the pictures of one post. Without banks nothing is to be compared, so nothing lacks.

        A picture too dull to compare (quality below 50) was compared and is like none.
        """
        if not pictures or not self._opened:
            return ImageFacts(count=len(pictures))
        found = [match for picture in pictures for match in self.match(picture)]
        return ImageFacts(
            count=len(pictures),
            unhashed=sum(picture.pdq is None for picture in pictures),
            banks=sorted({match.bank for match in found}),
            distance=min((match.distance for match in found), default=_NO_MATCH),
        )

    def describe(self) -> list[Bank]:
        """The banks by their files, also those that could never be read."""
        problems = {name: problem for name, (_, problem) in self._problems.items()}
        waiting = {name: WAITS for name in self._seen if name not in self._opened and name not in problems}
        problems = {**waiting, **problems}
        return [
            Bank(
                file=name,
                name=Path(name).stem,
                hashes=len(self._opened[name].index) if name in self._opened else 0,
                problem=problems.get(name),
            )
            for name in sorted({*self._opened, *problems})
        ]

    def _take_up(self, opened: dict[str, _Opened], name: str, stamp: str) -> bool:
        """Open the index of a file as it is now. False where there is none: then the one before, if any, goes on."""
        assert self._folder is not None
        if name in opened and opened[name].stamp == stamp:
            self._problems.pop(name, None)
            return True
        if self._problems.get(name, ("", ""))[0] == stamp:
            return True
        if (index := _open(_index_of(self._folder, name, stamp))) is not None:
            opened[name] = _Opened(stamp, index)
            self._problems.pop(name, None)
            if not self._silent:
                log.info("a bank of pictures is in use", bank=Path(name).stem, hashes=len(index))
            return True
        if name not in opened and (former := _open_newest(self._folder, name)):
            opened[name] = former
        if problem := _read_if_there(_refusal_of(self._folder, name, stamp)):
            self._refuse(name, stamp, problem, goes_on=name in opened)
            return True
        return False

    async def _build(self, folder: Path, due: Mapping[str, str]) -> None:
        try:
            await asyncio.to_thread(_build_all, folder, due)
        except OSError as error:
            # A full disk may be mended while the file stays as it is: tried again, told once.
            for name in due:
                if self._problems.get(name) != ("", str(error)):
                    self._refuse(name, "", str(error), goes_on=name in self._opened)
        except Exception as error:
            for name, stamp in due.items():
                self._refuse(name, stamp, repr(error), goes_on=name in self._opened)

    def _refuse(self, name: str, stamp: str, problem: str, *, goes_on: bool) -> None:
        self._problems[name] = (stamp, problem)
        kept = "the one before stays in use" if goes_on else "it is not in use"
        if not self._silent:
            log.error(f"a bank of pictures cannot be read: {kept}", file=name, problem=problem)


def _stamps(folder: Path) -> dict[str, str]:
    """The files of the folder, and of each what changes with its content."""
    try:
        files = [path for path in folder.iterdir() if not path.name.startswith(".") and path.is_file()]
    except FileNotFoundError:
        return {}
    return {path.name: stamp for path in sorted(files) if (stamp := _stamp(path))}


def _stamp(path: Path) -> str | None:
    try:
        found = path.stat()
    except OSError:
        return None
    return f"{found.st_mtime_ns:x}-{found.st_size:x}"


def _index_of(folder: Path, name: str, stamp: str) -> Path:
    return folder / INDEXES / f"{name}.{stamp}.pdq"


def _refusal_of(folder: Path, name: str, stamp: str) -> Path:
    """Holds why a file was refused, so that the other processes need not find out."""
    return folder / INDEXES / f"{name}.{stamp}.refused"


def _open(path: Path) -> HashBank | None:
    """The index at a path; None where there is none, or one of an older version."""
    try:
        return HashBank(path)
    except BankRefused:
        return None


def _open_newest(folder: Path, name: str) -> _Opened | None:
    """The newest index that was ever built of a file: after a start, what was in use before."""
    found: list[tuple[str, str, Path]] = []
    for path in (folder / INDEXES).glob("*.pdq"):
        of, _, stamp = path.name.removesuffix(".pdq").rpartition(".")
        if of == name:
            found.append((_stamp(path) or "", stamp, path))
    opened = (
        _Opened(stamp, index) for _, stamp, path in sorted(found, reverse=True) if (index := _open(path)) is not None
    )
    return next(opened, None)


def _read_if_there(path: Path) -> str | None:
    try:
        return path.read_text()
    except OSError:
        return None


def _build_all(folder: Path, due: Mapping[str, str]) -> None:
    """Build what no other process has built or is building, and remove what is of no more use. Raises OSError."""
    (folder / INDEXES).mkdir(exist_ok=True)
    with _lock(folder / INDEXES / "lock") as mine:
        if not mine:
            return
        for name, stamp in due.items():
            _build_one(folder, name, stamp)
        for path in (folder / INDEXES).iterdir():
            of = path.stem.rpartition(".")[0]
            # What begins with a dot was left half written by a process that ended.
            if path.name.startswith(".") or (of and not (folder / of).exists()):
                path.unlink(missing_ok=True)


def _build_one(folder: Path, name: str, stamp: str) -> None:
    target, refusal = _index_of(folder, name, stamp), _refusal_of(folder, name, stamp)
    if refusal.exists() or _open(target) is not None:
        return
    try:
        built = build_index([folder / name], target)
        if not any(built.banks.values()) and not built.disabled:
            target.unlink()
            raise BankRefused(_none_in(folder / name, built))
    except BankRefused as error:
        refusal.write_text(str(error))
        return
    if _stamp(folder / name) != stamp:
        target.unlink()
        return
    for path in (folder / INDEXES).iterdir():
        if path != target and path.stem.rpartition(".")[0] == name:
            path.unlink(missing_ok=True)


def _none_in(path: Path, built: Built) -> str:
    """Why there is nothing to compare with: more often a download that failed than a bank that is over."""
    passed = {"of other kinds than PDQ": built.other, "of a quality below 50": built.dull}
    counts = ", ".join(f"{number} {what}" for what, number in passed.items() if number)
    return f"{path}: holds no hashes{f' ({counts})' if counts else ''}; remove the file to remove the bank"


@contextmanager
def _lock(path: Path) -> Generator[bool]:
    """Whether this process is the one that builds; the kernel gives the lock back however it ends."""
    with path.open("w") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            yield False
            return
        yield True
