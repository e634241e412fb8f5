"""The files of a bundle: which belong to it, their limits, and the version that follows from their content."""

from __future__ import annotations

from collections.abc import Mapping
from hashlib import sha256
from pathlib import Path
from typing import Final

from rostra.policy.records import Problem
from rostra.policy.said import Said, said
from rostra.policy.yamlfile import MAX_FILE_BYTES

MAIN: Final = "policy.yaml"
FOLDERS: Final = ("clauses", "rules", "tests", "hosts", "lists")
MAX_FILES: Final = 200
MAX_BYTES: Final = 8_000_000


class FolderRefused(Exception):
    """The folder cannot be read as a bundle; the problem says why."""

    def __init__(self, problem: Problem) -> None:
        super().__init__(str(problem.what))
        self.problem = problem


def read_folder(place: Path) -> dict[str, bytes]:
    """The files of the bundle in `place`, by their name within it: policy.yaml and folders/*.yaml.

    Other files and links out of the folder are left alone. Raises FolderRefused where there are too many, or too large
    ones, or where one cannot be read.
    """
    found: dict[str, bytes] = {}
    total = 0
    root = place.resolve()
    for path in _belonging(root):
        name = path.relative_to(root).as_posix()
        try:
            with path.open("rb") as file:
                content = file.read(MAX_FILE_BYTES + 1)
        except OSError as error:
            what = said("cannot be read: %(why)s", why=error.strerror or str(error))
            raise _refused(name, what, said("check the file's owner and mode")) from None
        total += len(content)
        found[name] = content
        if total > MAX_BYTES or len(found) > MAX_FILES:
            what = said("the bundle is larger than %(n)s bytes or %(most)s files", n=MAX_BYTES, most=MAX_FILES)
            raise _refused(name, what, said("take out what is not used"))
    if MAIN not in found:
        what = said("there is no %(name)s in %(place)s", name=MAIN, place=str(place))
        raise _refused(MAIN, what, said("name the folder that holds it"))
    return found


def version_of(files: Mapping[str, bytes]) -> str:
    """The version of a bundle: the first twelve hex digits of a hash over names and contents, in order of the names."""
    whole = sha256()
    for name in sorted(files):
        # Git on Windows writes other line ends; the policy is the same.
        content = files[name].replace(b"\r\n", b"\n")
        whole.update(name.encode() + b"\0" + sha256(content).digest())
    return whole.hexdigest()[:12]


def _belonging(root: Path) -> list[Path]:
    candidates = [root / MAIN]
    for folder in FOLDERS:
        candidates += sorted((root / folder).glob("*.yaml")) + sorted((root / folder).glob("*.yml"))
    return [path for path in candidates if path.is_file() and path.resolve().is_relative_to(root)]


def _refused(name: str, what: Said, remedy: Said) -> FolderRefused:
    return FolderRefused(Problem(file=name, line=1, what=what, remedy=remedy))
