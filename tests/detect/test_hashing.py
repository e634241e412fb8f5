from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rostra.detect.hashing import CHAR_BITS, WORD_BITS, Bags, classes, read_bags, shape_size

texts = st.lists(st.text(max_size=60), max_size=8)


def _same(one: Bags, place: int, other: Bags) -> bool:
    return (
        np.array_equal(one.chars[one.char_rows[place] : one.char_rows[place + 1]], other.chars)
        and np.array_equal(one.words[one.word_rows[place] : one.word_rows[place + 1]], other.words)
        and np.array_equal(one.shape[place], other.shape[0])
    )


def _words_in_common(one: str, other: str) -> set[int]:
    return set(read_bags([one]).words.tolist()) & set(read_bags([other]).words.tolist())


@given(texts)
@settings(max_examples=200, deadline=None)
def test_a_text_has_the_same_features_alone_and_among_others(many: list[str]) -> None:
    together = read_bags(many)
    assert len(together.char_rows) == len(together.word_rows) == len(many) + 1
    for place, text in enumerate(many):
        assert _same(together, place, read_bags([text]))


@given(texts)
@settings(max_examples=100, deadline=None)
def test_every_feature_has_a_weight(many: list[str]) -> None:
    bags = read_bags(many)
    assert (bags.chars < 1 << CHAR_BITS).all()
    assert (bags.words < 1 << WORD_BITS).all()
    assert bags.shape.shape == (len(many), shape_size())
    assert np.isfinite(bags.shape).all()


def test_texts_longer_than_a_chunk_are_read_to_a_bound() -> None:
    bags = read_bags(["kill " * 60_000, "x"])
    assert len(bags.char_rows) == 3
    assert 0 < bags.char_rows[1] < 10 * (1 << 17)
    assert _same(bags, 1, read_bags(["x"]))


def test_runs_do_not_cross_words() -> None:
    assert set(read_bags(["abc def"]).chars.tolist()) == set(read_bags(["def abc"]).chars.tolist())


def test_the_features_of_a_word_list_are_stable() -> None:
    # Weights are stored by place: where these change, VERSION must, and the model be made anew.
    bags = read_bags(["i will kill you", "ti ammazzo domani, ebreo"])
    assert int(bags.chars.astype(np.uint64).sum()) == CHARS
    assert int(bags.words.astype(np.uint64).sum()) == WORDS
    assert len(classes().names) == 35


CHARS = 7478484
WORDS = 2691469


@pytest.mark.parametrize(
    ("one", "other"),
    [("i will kill you", "i will murder you"), ("kill them tomorrow", "slaughter them tomorrow")],
)
def test_words_of_one_class_share_features(one: str, other: str) -> None:
    unrelated = _words_in_common(one, one.replace("kill", "greet"))
    assert len(_words_in_common(one, other)) > len(unrelated)


def test_an_english_and_an_italian_sentence_of_one_build_share_features() -> None:
    assert _words_in_common("kill the jews tomorrow", "ammazziamo gli ebrei domani")
    assert not _words_in_common("paint the fence tomorrow", "leggiamo un libro insieme")


def test_a_negation_changes_what_follows_it_in_its_sentence() -> None:
    assert len(read_bags(["i never kill anybody"]).words) > len(read_bags(["i never"]).words) + 9
    denied = read_bags(["not kill"]).words
    ended = read_bags(["not. kill"]).words
    assert len(denied) == len(ended) + 1


def test_what_is_quoted_is_known_as_such() -> None:
    assert len(read_bags(['he said "kill them" to me']).words) == len(read_bags(["he said kill them to me"]).words) + 2
    # A mark that is never closed quotes nothing.
    assert len(read_bags(['he said "kill them to me']).words) == len(read_bags(["he said kill them to me"]).words)


def test_an_italian_article_is_a_word_of_its_own() -> None:
    assert _words_in_common("l'ebreo", "ebreo")
    assert not _words_in_common("don't", "don")
