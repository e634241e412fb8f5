from __future__ import annotations

import numpy as np
import pytest

from rostra.detect.fusion import chances, load_fusion, weigh_matches
from rostra.detect.reading import CATEGORIES, Match

THREAT = CATEGORIES.index("threat")
OPEN = Match("threat.direct", "threat", 0, 4, "says so", 0.9)
QUOTED = Match("threat.direct", "threat", 0, 4, "says so", 0.9, "quotation")


def _judge(matches: list[Match], evasion: float = 0.0, language: str = "en") -> float:
    heads = np.full((1, len(CATEGORIES)), -3, np.float32)
    return float(load_fusion().logits(heads, weigh_matches([matches], [evasion]), [language])[0, THREAT])


def test_an_open_phrase_never_speaks_for_the_harmless() -> None:
    assert _judge([OPEN]) > _judge([])
    assert _judge([OPEN], evasion=0.8) >= _judge([OPEN])


def test_what_is_suppressed_counts_less_than_what_is_open() -> None:
    assert _judge([QUOTED]) < _judge([OPEN])


@pytest.mark.parametrize("language", ["en", "it", "de", ""])
def test_every_language_has_a_scaling(language: str) -> None:
    assert -12 <= _judge([], language=language) <= 12


def test_more_log_odds_never_mean_a_smaller_chance() -> None:
    rising = np.linspace(-15, 15, 40, dtype=np.float32)[:, None].repeat(len(CATEGORIES), axis=1)
    for stage in load_fusion().stages:
        for category in stage.categories.values():
            assert category.weights[0] > 0
            assert all(scaling.slope > 0 for scaling in category.scalings.values())
    logits = load_fusion().logits(rising, weigh_matches([()] * 40, [0.0] * 40), ["it"] * 40)
    assert (np.diff(logits, axis=0) >= 0).all()


def test_only_the_strongest_match_counts() -> None:
    weak = Match("threat.veiled", "threat", 0, 4, "perhaps", 0.3)
    assert np.array_equal(weigh_matches([[OPEN, weak]], [0.0]), weigh_matches([[OPEN]], [0.0]))


def test_chances_are_between_nothing_and_one() -> None:
    found = chances(np.array([[-12, 12, 0, 0, 0, 0, 0]], np.float32))[0]
    assert 0 < found["threat"] < 0.001
    assert 0.999 < found["incitement"] < 1
    assert found["hate"] == 0.5
