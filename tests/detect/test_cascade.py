from __future__ import annotations

from datetime import date

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rostra.detect import cascade as module
from rostra.detect.cascade import Cascade, DetectorFailed
from rostra.detect.reading import CATEGORIES
from rostra.detect.sentences import WHEELS, is_usable

TODAY = date(2026, 11, 22)
EVERYDAY = [
    "Good morning everyone, the coffee at the station is great today",
    "Stasera pizza con gli amici, chi viene?",
    "I finished the book you lent me, thank you so much!",
    "Oggi ho portato i bambini al parco, che bella giornata",
]


@pytest.fixture(scope="module")
def cascade() -> Cascade:
    return Cascade.load(encoders=0)


def _scores(cascade: Cascade, text: str, language: str | None = None) -> dict[str, float]:
    reading = cascade.read([text], written_on=TODAY, languages=[language])[0]
    return dict(reading.scores)


@pytest.mark.parametrize(
    ("text", "category"),
    [
        ("I will kill you tomorrow", "threat"),
        ("I'm going to k i l l you at your house tonight", "threat"),
        ("Domani ti ammazzo, so dove abiti", "threat"),
        ("Ti amm4zz0 d0m4ni, so dove abiti", "threat"),
        ("kill all the jews, every one of them", "incitement"),
        ("bruciamo vivi gli immigrati, tutti", "incitement"),
        ("you are a stupid ugly idiot", "harassment"),
        ("I want to end my life tonight", "self_harm"),
        ("WIN FREE BITCOIN now, click https://win.example", "spam"),
    ],
)
def test_what_is_harmful_stands_out(cascade: Cascade, text: str, category: str) -> None:
    everyday = max(_scores(cascade, each)[category] for each in EVERYDAY)
    assert _scores(cascade, text)[category] > max(0.3, 3 * everyday)


@pytest.mark.parametrize(
    "text", [*EVERYDAY, "this boss fight kills me every time lol", "kill the process and restart it"]
)
def test_everyday_posts_stay_below_every_even_chance(cascade: Cascade, text: str) -> None:
    assert max(_scores(cascade, text).values()) < 0.5


@given(st.lists(st.text(max_size=40), max_size=5))
@settings(max_examples=60, deadline=None)
def test_every_text_has_a_reading_with_a_chance_for_every_category(texts: list[str]) -> None:
    readings = Cascade.load(encoders=0).read(texts, written_on=None)
    assert len(readings) == len(texts)
    for reading in readings:
        assert tuple(reading.scores) == CATEGORIES
        assert all(0 < chance < 1 for chance in reading.scores.values())


def test_a_text_reads_the_same_alone_and_among_others(cascade: Cascade) -> None:
    texts = ["I will kill you", *EVERYDAY, "ti spacco la faccia", "k.i.l.l them @bob"] * 40
    together = cascade.read(texts, written_on=TODAY)
    for place, text in enumerate(texts[:7]):
        alone = cascade.read([text], written_on=TODAY)[0]
        assert alone.scores == pytest.approx(together[place].scores, abs=2e-5)
        assert alone.matches == together[place].matches


def test_hiding_a_threat_does_not_make_it_harmless(cascade: Cascade) -> None:
    plain = _scores(cascade, "i will kill you")["threat"]
    for hidden in (
        "i will k1ll you",
        "i will k i l l you",
        "i will kіll you",
        "I WILL K\u200bILL YOU",
        "i will k.i.l.l you",
    ):
        assert _scores(cascade, hidden)["threat"] >= 0.9 * plain


def test_an_empty_list_has_no_readings(cascade: Cascade) -> None:
    assert cascade.read([], written_on=None) == []


def test_versions_name_every_part(cascade: Cascade) -> None:
    reading = cascade.read(["hello there"], written_on=None)[0]
    assert {"ngrams", "fusion", "phrases"} <= set(reading.versions)
    assert all(reading.versions.values())


def test_a_detector_that_breaks_is_named(cascade: Cascade, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_args: object) -> None:
        raise RuntimeError("broken")

    monkeypatch.setattr(module, "find_phrases", broken)
    with pytest.raises(DetectorFailed, match="phrases") as raised:
        cascade.read(["hello"], written_on=None)
    assert raised.value.detector == "phrases"
    assert isinstance(raised.value.__cause__, RuntimeError)


@pytest.mark.parametrize(
    "text", ["k\u0335" * 500_000, "😀" * 300_000, '"' * 200_000, "кi" * 200_000, "\ud800 lone", "\0"]
)
def test_hostile_texts_are_read(cascade: Cascade, text: str) -> None:
    reading = cascade.read([text], written_on=TODAY)[0]
    assert len(reading.normal) < 100_000
    assert all(np.isfinite(chance) for chance in reading.scores.values())


@pytest.mark.skipif(is_usable(WHEELS[0]), reason="the encoder is installed here")
def test_without_the_extra_the_base_reads_alone() -> None:
    assert "use3" not in Cascade.load().versions


@pytest.mark.skipif(not is_usable(WHEELS[0]), reason="needs the extra rostra[ml]")
def test_with_the_extra_the_encoder_takes_part() -> None:
    with_encoder = Cascade.load(encoders=1)
    assert with_encoder.versions["use3"].startswith("use3-")
    text = "we should get rid of every last one of those people, permanently"
    assert _scores(with_encoder, text) != _scores(Cascade.load(encoders=0), text)


def test_no_texts_have_no_scores(cascade: Cascade) -> None:
    assert cascade.read([], written_on=TODAY) == []
    assert cascade.judge([], module.find_parts([], [])).shape == (0, len(CATEGORIES))
