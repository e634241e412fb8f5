"""What is trained anew, what is kept, and what the fusion is fitted on."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("scipy", reason="training needs scikit-learn")

from rostra.detect.encoder import MODEL, network_file, read_network, write_network
from rostra.detect.fusion import load_fusion
from rostra.detect.hashing import Numbers
from rostra.detect.sentences import Wheel
from tests.detect.encoders import network, wheel
from training import train
from training.corpora import NO, YES, Row, marks
from training.prepare import Lesson


def _lesson(rows: list[Row]) -> Lesson:
    told = np.array([row.marks for row in rows], np.int8)
    return Lesson(rows, [row.text for row in rows], told, np.ones(told.shape, np.float32))


def _row(text: str, **known: int) -> Row:
    return Row(text, "en", "surge", "none", marks(rest=NO, **known), "dev", 0.5)


class _Lengths:
    """Vectors without an encoder."""

    def __init__(self, _wheel: Wheel, _folder: Path) -> None:
        pass

    def of(self, texts: list[str]) -> Numbers:
        return np.array([[len(text), 1.0] for text in texts], np.float32)


def test_a_network_that_is_kept_stays_as_it_is_and_the_others_are_made_anew(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(train, "WHEELS", (wheel("one"), wheel("two")))
    monkeypatch.setattr(train, "find_obstacle", lambda _wheel: None)
    monkeypatch.setattr(train, "Vectors", _Lengths)
    for name in ("one", "two"):
        write_network(network(f"{name}-old", 2), network_file(tmp_path, name))
    before = network_file(tmp_path, "two").read_bytes()
    lesson = _lesson([_row("a carrot", threat=YES), _row("two carrots")])
    encoders = train.train_encoders(lesson, tmp_path, tmp_path, {"two"}, lambda _line: None)
    assert network_file(tmp_path, "two").read_bytes() == before
    assert encoders[1].version == "two-old"
    assert read_network(network_file(tmp_path, "one")).version == encoders[0].version != "one-old"


def test_heads_that_are_kept_stay_with_all_that_reads_without_an_encoder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("heads.bin", "words.bin", "fusion.json"):
        shutil.copy(MODEL / name, tmp_path)
    lesson = _lesson([_row("a carrot", threat=YES), _row("two carrots")._replace(split="train")])
    monkeypatch.setattr(train, "WHEELS", ())
    monkeypatch.setattr(train, "prepare", lambda _folder: (lesson, 0))
    train.make(tmp_path, tmp_path, tmp_path, lambda _line: None, {"heads"})
    for name in ("heads.bin", "words.bin"):
        assert (tmp_path / name).read_bytes() == (MODEL / name).read_bytes()
    assert "Kept from the model before" in (tmp_path / "MODEL_CARD.md").read_text()
    load_fusion.cache_clear()
    assert load_fusion(tmp_path / "fusion.json").stages == load_fusion().stages[:1]


def test_the_fusion_is_fitted_on_scarce_rows_whole_and_on_a_part_of_the_rest_that_counts_for_all() -> None:
    scarce = [_row(f"threat {number}", threat=YES) for number in range(50)]
    hateful = [_row(f"hate {number}", hate=YES) for number in range(400)]
    harmless = [_row(f"post {number}") for number in range(400)]
    spoken = np.zeros((850, 7, 5), np.float32)
    spoken[800:, 2, 1] = 1
    chosen, counts = train.worth_fusing(_lesson([*scarce, *hateful, *harmless]), spoken, 4)
    assert chosen[:50] == list(range(50))
    assert chosen[-50:] == list(range(800, 850))
    assert set(counts[-50:].tolist()) == {0.5}
    assert set(counts[:50].tolist()) == {0.5}
    assert set(counts[50:-50].tolist()) == {2.0}
    for first, last in ((50, 450), (450, 800)):
        assert 60 < sum(first <= at < last for at in chosen) < 140
    everything, same = train.worth_fusing(_lesson([*scarce, *hateful]), spoken[:450], 1)
    assert everything == list(range(450))
    assert set(same.tolist()) == {0.5}
