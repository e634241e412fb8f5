"""Files that are whole or absent, on disk, and for their owner alone."""

from __future__ import annotations

import stat
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path

import pytest

from rostra.kit import files
from rostra.kit.files import create_private, write_whole


def test_a_private_file_is_whole_and_for_its_owner_alone(tmp_path: Path) -> None:
    path = tmp_path / "deep" / "down" / "key"
    assert create_private(path, b"secret") == b"secret"
    assert path.read_bytes() == b"secret"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert list(path.parent.iterdir()) == [path], "nothing else is left"


def test_what_is_there_already_stays(tmp_path: Path) -> None:
    path = tmp_path / "key"
    path.write_bytes(b"first")
    assert create_private(path, b"second") == b"first"
    assert path.read_bytes() == b"first"
    assert list(tmp_path.iterdir()) == [path]


def test_all_who_make_it_at_once_get_the_same(tmp_path: Path) -> None:
    path = tmp_path / "key"
    bodies = [str(number).encode() * 10_000 for number in range(20)]
    with ThreadPoolExecutor(8) as pool:
        got = set(pool.map(partial(create_private, path), bodies))
    assert got == {path.read_bytes()}
    assert list(tmp_path.iterdir()) == [path]


def test_a_file_that_cannot_be_made_leaves_nothing(tmp_path: Path) -> None:
    (tmp_path / "key").mkdir()
    with pytest.raises(IsADirectoryError):
        create_private(tmp_path / "key", b"secret")
    assert [path.name for path in tmp_path.iterdir()] == ["key"]


def test_a_file_is_replaced_whole_and_its_directory_flushed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    flushed: list[Path] = []
    monkeypatch.setattr(files, "flush", flushed.append)
    path = tmp_path / "key"
    path.write_bytes(b"the first, which is longer")
    write_whole(path, b"the second")
    assert path.read_bytes() == b"the second"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert list(tmp_path.iterdir()) == [path]
    assert flushed == [tmp_path]
