from __future__ import annotations

import hashlib
import importlib.util
import os
import sys
import types
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from rostra.detect import encoder as module
from rostra.detect import sentences
from rostra.detect.cascade import Cascade, DetectorFailed, find_parts
from rostra.detect.encoder import load_encoders, network_file, read_network, write_network
from rostra.detect.normalise import normalise
from rostra.detect.sentences import READ, WHEELS, OtherEncoder, Wheel, cut, find_obstacle, is_usable, load_wheel
from tests.detect.encoders import THREAT, cascade, encoder, knows, network, wheel

EVERYDAY = "good morning, the coffee at the station is great today"
NEVER, ALWAYS = 13.0, -13.0


def _threat(reader: Cascade, text: str, *, thorough: bool = False) -> float:
    return reader.read([text], written_on=None, thorough=thorough)[0].scores["threat"]


def test_each_encoder_is_asked_only_about_what_came_through_the_stage_before_it() -> None:
    first, second = list[str](), list[str]()
    reader = cascade(
        encoder("one", "flurb", asks=first), encoder("two", "zonk", read=4, asks=second), asked_from=(ALWAYS, 0.0)
    )
    readings = reader.read([EVERYDAY, f"{EVERYDAY} flurb"], written_on=None)
    assert first == [EVERYDAY, f"{EVERYDAY} flurb"]
    assert second == [f"{EVERYDAY} flurb"]
    assert [set(reading.versions) & {"one", "two"} for reading in readings] == [{"one"}, {"one", "two"}]


def test_a_thorough_reading_asks_every_encoder() -> None:
    reader = cascade(encoder("one", "flurb"), encoder("two", "zonk", read=4), asked_from=(NEVER, NEVER))
    text = f"{EVERYDAY} zonk"
    quick, thorough = (reader.read([text], written_on=None, thorough=each)[0] for each in (False, True))
    assert not set(quick.versions) & {"one", "two"}
    assert (thorough.versions["one"], thorough.versions["two"]) == ("one-1", "two-1")
    assert thorough.scores["threat"] > 0.5 > quick.scores["threat"]


def test_the_version_of_the_cascade_names_every_encoder() -> None:
    reader = cascade(encoder("one", "flurb"), encoder("two", "zonk", read=4), asked_from=(NEVER, NEVER))
    assert reader.version.endswith("+one-1+two-1")
    assert reader.is_slow
    assert not cascade(encoder("one", "flurb"), asked_from=(NEVER,)).is_slow


def test_encoders_for_which_the_fusion_has_no_stage_are_not_asked() -> None:
    asks = list[str]()
    reader = cascade(encoder("one", "flurb"), encoder("two", "zonk", asks=asks), asked_from=(ALWAYS,))
    reader.read([EVERYDAY], written_on=None, thorough=True)
    assert asks == []
    assert "two" not in reader.versions


def test_a_network_reads_its_own_vector_or_those_before_it_too() -> None:
    both = np.array([[0.0, 1.0, 1.0, 1.0]], np.float32)
    only_own, all_of_them = encoder("two", "zonk", read=2), encoder("two", "zonk", read=4)
    assert only_own.judge(both)[0, THREAT] == all_of_them.judge(both)[0, THREAT] > 0


def test_a_text_gets_the_same_figures_whatever_is_read_beside_it() -> None:
    reader = cascade(encoder("one", "flurb"), encoder("two", "zonk", read=4), asked_from=(-6.0, -2.0))
    texts = [EVERYDAY, "I will kill you", f"{EVERYDAY} flurb", "zonk", "", "ti ammazzo domani"] * 3
    together = reader.judge_all(texts, find_parts(texts, [None] * len(texts)))
    for place, text in enumerate(texts[:6]):
        alone = reader.judge_all([text], find_parts([text], [None]))
        assert np.array_equal(alone.logits[0], together.logits[place])
        assert alone.asked[0] == together.asked[place]


def test_an_encoder_that_breaks_is_named() -> None:
    def broken(_text: str) -> Any:
        raise RuntimeError("broken")

    one = module.Encoder(wheel("one"), network("one-1", 2), broken)
    with pytest.raises(DetectorFailed, match="one"):
        cascade(one, asked_from=(ALWAYS,)).read([EVERYDAY], written_on=None)


def test_a_network_is_read_as_it_was_written(tmp_path: Path) -> None:
    write_network(network("one-1", 2), tmp_path / "one.bin")
    assert read_network(tmp_path / "one.bin") == network("one-1", 2)


def _install(folder: Path, monkeypatch: pytest.MonkeyPatch, weights: bytes) -> None:
    (folder / "somepackage").mkdir()
    (folder / "somepackage" / "__init__.py").write_text("def start(): return lambda text: len(text)\n")
    (folder / "somepackage" / "weights.bin").write_bytes(weights)
    monkeypatch.syspath_prepend(str(folder))
    monkeypatch.delitem(sys.modules, "somepackage", raising=False)


def _pinned(weights: bytes, needs: frozenset[str] = frozenset()) -> Wheel:
    digest = hashlib.sha256(weights).hexdigest()
    return Wheel(
        name="some", extra="ml", package="somepackage", width=1, pinned=(("weights.bin", digest),), needs=needs,
        load=lambda package: package.start(),
    )  # fmt: skip


def test_other_weights_than_those_that_were_trained_with_are_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    _install(tmp_path, monkeypatch, b"the right ones")
    assert load_wheel(_pinned(b"the right ones"))("four") == 4
    with pytest.raises(OtherEncoder, match=r"weights\.bin of somepackage"):
        load_wheel(_pinned(b"others"))


def test_a_processor_that_cannot_run_an_engine_never_loads_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    _install(tmp_path, monkeypatch, b"")
    wanting = _pinned(b"", frozenset({"avx9000"}))
    monkeypatch.setattr(sentences, "_features", lambda: frozenset({"avx2"}))
    assert find_obstacle(wanting) == "this processor lacks avx9000"
    with pytest.raises(OtherEncoder, match="avx9000"):
        load_wheel(wanting)
    assert "somepackage" not in sys.modules


def test_what_is_not_installed_is_said_and_nothing_behind_it_is_asked(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    missing, there = wheel("not_installed_anywhere"), wheel("json")._replace(load=lambda _package: knows(""))
    for each in (missing, there):
        write_network(network(f"{each.name}-1", 2), network_file(tmp_path, each.name))
    monkeypatch.setattr(module, "WHEELS", (missing, there))
    assert find_obstacle(missing) == "not installed"
    assert load_encoders(folder=tmp_path) == ()
    monkeypatch.setattr(module, "WHEELS", (there, missing))
    assert [each.name for each in load_encoders(folder=tmp_path)] == ["json"]
    assert load_encoders(0, tmp_path) == ()


@pytest.mark.parametrize(
    "text",
    ["", "\0", "\ufdfa" * 5000, "\ud800", "e\u0301" * 4000, "k" + "\u0335" * 4000, "😀" * 5000, "a\0b", "\r\n\t" * 900],
    ids=["empty", "zero", "ligature", "surrogate", "marks", "zalgo", "emoji", "zero within", "blanks"],
)
def test_what_an_encoder_reads_is_short_whole_and_without_zeros(text: str) -> None:
    found = cut(text, normalise(text))
    assert len(found) <= READ
    assert "\0" not in found
    assert found.encode().decode() == found


def test_no_letter_that_an_encoder_reads_becomes_more_than_four_for_each_of_its_bytes() -> None:
    """The engine of e5 has room for so many; U+FDFA alone would be eighteen, of three bytes."""
    assert "\ufdfa" not in cut("\ufdfa" * 9, normalise("\ufdfa" * 9))


def test_the_settings_of_threads_are_as_before_once_an_engine_is_loaded(monkeypatch: pytest.MonkeyPatch) -> None:
    seen = list[str | None]()

    class Engine:
        def __init__(self, num_threads: int) -> None:
            os.environ["OMP_NUM_THREADS"] = str(num_threads)
            seen.append(os.environ.get("OMP_NUM_THREADS"))

    load = next(each.load for each in WHEELS if each.name == "e5")
    for before in (None, "3"):
        monkeypatch.delenv("OMP_NUM_THREADS", raising=False)
        if before is not None:
            monkeypatch.setenv("OMP_NUM_THREADS", before)
        load(types.SimpleNamespace(E5=Engine))
        assert os.environ.get("OMP_NUM_THREADS") == before
    assert seen == ["1", "1"]


E5 = next(each for each in WHEELS if each.name == "e5")
needs_e5 = pytest.mark.skipif(not is_usable(E5), reason="needs the extra rostra[ml-best]")


@needs_e5
@pytest.mark.parametrize("text", ["", "\0", "\ufdfa" * 5000, "\ud800", "k" + "\u0335" * 4000, "😀" * 5000, "龘" * 5000])
def test_the_engine_of_e5_survives_hostile_texts(text: str) -> None:
    vector = load_wheel(E5)(cut(text, normalise(text)))
    assert vector.shape == (E5.width,)
    assert np.isfinite(vector).all()


@needs_e5
def test_e5_gives_a_text_the_same_vector_every_time_and_knows_what_sentences_mean() -> None:
    encode = load_wheel(E5)
    threat, same, weather = (encode(text) for text in ("I will kill you", "ti ammazzo", "it rains in the mountains"))
    assert np.array_equal(threat, encode("I will kill you"))
    assert threat @ same > threat @ weather


@needs_e5
def test_with_the_better_extra_a_reported_text_is_read_by_both() -> None:
    if len(load_encoders()) < len(WHEELS):
        pytest.skip("needs rostra[ml], too")
    reading = Cascade.load().read([EVERYDAY], written_on=None, thorough=True)[0]
    assert reading.versions["e5"].startswith("e5-")


def test_nothing_of_the_extras_is_imported_by_looking_for_them() -> None:
    for each in WHEELS:
        if importlib.util.find_spec(each.package) is None:
            assert find_obstacle(each) == "not installed"
            assert each.package not in sys.modules
