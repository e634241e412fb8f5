"""Where processes share their metrics: in memory, and nothing of it is left behind."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from rostra.kit import metricfiles
from rostra.kit.metricfiles import DIRECTORY, prepare, remove


def test_the_files_do_not_lie_on_the_data_disk(tmp_path: Path) -> None:
    link = tmp_path / "run" / "metrics"
    place = Path(prepare(link)[DIRECTORY])
    assert place.parent == Path("/dev/shm")
    assert (link.readlink(), place.stat().st_mode & 0o777) == (place, 0o700)
    (place / "counter_1.db").write_bytes(b"x")
    # The next start after a killed one.
    again = Path(prepare(link)[DIRECTORY])
    assert (place.exists(), list(again.iterdir())) == (False, [])
    remove(link)
    assert not again.exists()
    assert not link.is_symlink()


def test_what_an_earlier_version_left_is_replaced(tmp_path: Path) -> None:
    (tmp_path / "metrics").mkdir()
    (tmp_path / "metrics" / "counter_1.db").write_bytes(b"x")
    prepare(tmp_path / "metrics")
    assert list((tmp_path / "metrics").iterdir()) == []
    remove(tmp_path / "metrics")


def test_a_link_to_elsewhere_loses_the_link_alone(tmp_path: Path) -> None:
    (tmp_path / "mine").mkdir()
    (tmp_path / "metrics").symlink_to(tmp_path / "mine")
    remove(tmp_path / "metrics")
    assert (tmp_path / "mine").is_dir()


def test_without_a_place_in_memory_the_disk_serves(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(metricfiles, "_MEMORY", tmp_path / "absent")
    place = prepare(tmp_path / "run" / "metrics")[DIRECTORY]
    assert place == str(tmp_path / "run" / "metrics")
    assert list(Path(place).iterdir()) == []


def test_it_goes_with_the_process_that_made_it(tmp_path: Path) -> None:
    code = (
        "import os; from pathlib import Path; from rostra.kit.metricfiles import prepare;"
        f"print(prepare(Path({str(tmp_path / 'metrics')!r}))['{DIRECTORY}'])"
    )
    made = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True).stdout.strip()
    assert made.startswith(f"/dev/shm{os.sep}")
    assert not Path(made).exists()
    assert not (tmp_path / "metrics").is_symlink()
