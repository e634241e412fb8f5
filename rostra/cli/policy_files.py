"""Policies as folders, for the command line: reading, refusing, copying and comparing them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

import click
import msgspec

from rostra.cli.options import Exit, Refusal, say
from rostra.kit.clock import Clock
from rostra.policy.check import check_files
from rostra.policy.diff import diff_bundles
from rostra.policy.folder import FOLDERS, FolderRefused, read_folder
from rostra.policy.records import Bundle, Problem
from rostra.policy.shipped import shipped_files


def files_of(place: str) -> dict[str, bytes]:
    """The files of the policy in a folder, or of the one that comes with the program. Ends the command without one."""
    if place == "shipped":
        return shipped_files()
    try:
        files = read_folder(Path(place))
    except FolderRefused as error:
        raise Refusal(Exit.FAILED, f"{error.problem.what}; {error.problem.remedy}") from None
    _say_left_out(Path(place), files)
    return files


def _say_left_out(root: Path, files: Mapping[str, bytes]) -> None:
    """Name what looks like a part of the policy and is none, one folder too deep or in one with another name."""
    names = [path.relative_to(root).as_posix() for path in (*root.glob("*/*.y*ml"), *root.glob("*/*/*.y*ml"))]
    if left := sorted(set(names) - set(files)):
        say(f"not read, for files stand in {', '.join(FOLDERS)}: {', '.join(left[:5])}{' …' if len(left) > 5 else ''}")


def sound_bundle(place: str) -> Bundle:
    """A policy without errors, though its coverage may have empty cells. Ends the command with all that is wrong."""
    from rostra.screening.fixtures import known_names

    bundle, problems = check_files(files_of(place), today=Clock().now().date(), known=known_names(), coverage=False)
    errors = [problem for problem in problems if problem.level == "error"]
    if errors:
        print_problems(errors)
        raise Refusal(Exit.FAILED, f"{place}: {counted(len(errors), 'error')}; mend them first")
    return bundle


def print_problems(problems: Iterable[Problem]) -> None:
    for problem in problems:
        click.echo(str(problem))


def write_copy(folder: Path) -> None:
    """The policy of the program as files, in a folder that has no policy yet."""
    if (folder / "policy.yaml").exists():
        raise Refusal(Exit.FAILED, f"{folder} has a policy already; name another folder")
    files = shipped_files()
    try:
        for name, content in files.items():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            (folder / name).write_bytes(content)
    except OSError as error:
        raise Refusal(Exit.FAILED, f"{error.filename}: {error.strerror}") from None
    say(f"{counted(len(files), 'file')} written to {folder}; next: rostra policy check {folder}")


def print_difference(old: str, new: str, *, as_json: bool) -> None:
    difference = diff_bundles(sound_bundle(old), sound_bundle(new))
    if as_json:
        click.echo(msgspec.json.encode(difference))
        return
    for change in difference.changes:
        click.echo(str(change))
    if not difference.changes:
        click.echo("No difference.")


def counted(number: int, word: str) -> str:
    """1 error, 2 errors."""
    return f"{number:,} {word}{'' if number == 1 else 's'}"


def columns(rows: Sequence[Sequence[str]]) -> Iterable[str]:
    """Rows as lines, each column as wide as its widest cell, but the last."""
    if not rows:
        return
    widths = [max(len(row[place]) for row in rows) for place in range(len(rows[0]) - 1)]
    for row in rows:
        cells = [cell.ljust(width) for cell, width in zip(row, widths, strict=False)]
        yield "  ".join([*cells, row[-1]]).rstrip()
