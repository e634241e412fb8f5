"""What encoders gave stays on disk, and a run that was ended in the middle does no harm."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from rostra.detect.hashing import Numbers
from tests.detect.encoders import wheel
from training import embed
from training.embed import Vectors, default_folder


def _counting(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    asked = list[str]()

    def encode(text: str) -> Numbers:
        asked.append(text)
        return np.array([len(text), 0.1], np.float32)

    monkeypatch.setattr(embed, "load_wheel", lambda _wheel: encode)
    return asked


def test_a_text_is_embedded_once_for_all_runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    asked = _counting(monkeypatch)
    first = Vectors(wheel("one"), tmp_path).of(["a carrot", "two carrots", "a carrot"])
    again = Vectors(wheel("one"), tmp_path).of(["two carrots", "a carrot", "three carrots"])
    assert asked == ["a carrot", "two carrots", "three carrots"]
    assert np.array_equal(first[[1, 0]], again[:2])
    assert first.dtype == again.dtype == np.float32


def test_a_row_that_was_half_written_is_made_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    asked = _counting(monkeypatch)
    vectors = Vectors(wheel("one"), tmp_path)
    vectors.of(["a carrot", "two carrots"])
    vectors.path.write_bytes(vectors.path.read_bytes()[:-3])
    found = Vectors(wheel("one"), tmp_path).of(["a carrot", "two carrots", "three carrots"])
    assert asked[2:] == ["two carrots", "three carrots"]
    assert np.array_equal(Vectors(wheel("one"), tmp_path).of(["three carrots"])[0], found[2])


def test_vectors_of_another_version_are_not_taken(tmp_path: Path) -> None:
    one = Vectors(wheel("one"), tmp_path)
    other = Vectors(wheel("one")._replace(pinned=(("weights.bin", "abc"),)), tmp_path)
    assert one.path != other.path


def test_no_text_is_written_and_the_folder_is_the_users(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    _counting(monkeypatch)
    vectors = Vectors(wheel("one"), tmp_path)
    vectors.of(["a most peculiar carrot"])
    assert b"carrot" not in vectors.path.read_bytes()
    monkeypatch.setenv("XDG_CACHE_HOME", "/somewhere")
    assert default_folder() == Path("/somewhere/rostra/vectors")


def test_no_texts_have_no_vectors(tmp_path: Path) -> None:
    assert Vectors(wheel("one"), tmp_path).of([]).shape == (0, 2)
