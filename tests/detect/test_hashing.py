from __future__ import annotations

import math
import re
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rostra.detect import hashing, runs
from rostra.detect.classes import classes
from rostra.detect.hashing import CHAR_BITS, SURFACE, WORD_BITS, Bags, meetings, read_bags, shape_size

# What splits, joins, denies and quotes, beside everything else that there is.
PIECES = (
    "kill",
    "not ",
    "never",
    "don't",
    "l'ebreo",
    '"',
    "'",
    ".",
    "?!",
    "\n",
    "\n \n",
    "  ",
    "@user",
    "é",
    "漢字",
    "x",
)
hostile = st.lists(st.one_of(st.sampled_from(PIECES), st.text(max_size=12)), max_size=14).map("".join)
texts = st.lists(hostile, max_size=6)


class Bag:
    """The features of one text of several, as multisets."""

    def __init__(self, bags: Bags, place: int) -> None:
        self.chars = _features(bags.chars, bags.char_starts, place, CHAR_BITS)
        self.words = _features(bags.words, bags.word_starts, place, WORD_BITS)
        self.classes = bags.classes[place]
        self.surface = bags.surface[place].tolist()

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Bag) and vars(self) == vars(other)

    __hash__ = None  # pyright: ignore[reportAssignmentType] - only compared


def _features(places: np.ndarray, starts: list[int], place: int, bits: int) -> list[int]:
    own = places[:, starts[place] : [*starts, places.shape[1]][place + 1]]
    return sorted(own[own < 1 << bits].tolist())


def bags_of(many: list[str]) -> list[Bag]:
    return [Bag(bags, place) for bags in read_bags(many) for place in range(len(bags.classes))]


def bag(text: str) -> Bag:
    return bags_of([text])[0]


def _words_in_common(one: str, other: str) -> set[int]:
    return set(bag(one).words) & set(bag(other).words)


@given(texts)
@settings(max_examples=200, deadline=None)
def test_a_text_has_the_same_features_alone_and_among_others(many: list[str]) -> None:
    assert bags_of(many) == [bag(text) for text in many]


@given(texts)
@settings(max_examples=100, deadline=None)
def test_a_text_has_the_same_features_whatever_was_read_before(many: list[str]) -> None:
    before = bags_of(many)
    hashing._PIECES.clear()  # pyright: ignore[reportPrivateUsage]
    assert bags_of(many) == before


@given(hostile)
@settings(max_examples=300, deadline=None)
def test_features_are_those_that_the_weights_were_fitted_to(text: str) -> None:
    found = bag(text)
    assert found.chars == sorted(_chars_by_the_book(text))
    assert found.words == sorted(_words_by_the_book(text))


def _chars_by_the_book(text: str) -> list[int]:
    raw = b" %b " % text.encode("utf-8", "replace")
    runs = [(size, raw[at : at + size]) for size in (2, 3, 4, 5) for at in range(len(raw) - size + 1)]
    return [_place(_number(run), size) for size, run in runs if min(run[1:-1], default=max(run)) > 32]


def _words_by_the_book(text: str) -> list[int]:
    """One feature after the other, with numbers of any size."""
    raw = text.encode("utf-8", "replace")
    parted = re.sub(rb"'(?=[a-z0-9@_'\x80-\xff]{3})", b" ", raw)
    found = list(re.finditer(rb"[a-z0-9@_'\x80-\xff]+", parted))
    kinds = [classes().of(each.group()) for each in found]
    own = [_number(each.group()) for each in found]
    masked = [
        _number(f"<{classes().names[kind - 1]}>".encode()) if kind else number
        for kind, number in zip(kinds, own, strict=True)
    ]
    classed = [number for kind, number in zip(kinds, masked, strict=True) if kind]
    places = [_place(number, 16) for number in own]
    places += [_place(_joined(*pair), 17) for pair in pairwise(own)]
    places += [_place(_joined(*pair), 18) for pair in zip(masked, masked[2:], strict=False)]
    places += [
        _place(_joined(*pair), 19) for pair, sort in zip(pairwise(masked), pairwise(kinds), strict=True) if any(sort)
    ]
    places += [_place(_joined(*three), 20) for three in zip(masked, masked[1:], masked[2:], strict=False)]
    for size in (2, 3, 4):
        places += [_place(_joined(*run), 30 + size) for run in zip(*(classed[at:] for at in range(size)), strict=False)]
    nots = [kind == classes().names.index("not") + 1 for kind in kinds]
    sentences = [len(re.findall(rb"[.!?;:\n]", raw[: each.start()])) for each in found]
    quotes = [raw[: each.start()].count(b'"') for each in found]
    for at, number in enumerate(masked):
        near = range(max(0, at - 4), at)
        if not nots[at] and any(nots[before] and sentences[before] == sentences[at] for before in near):
            places.append(_place(number, 40))
        if quotes[at] % 2 and quotes[at] < raw.count(b'"'):
            places.append(_place(number, 41))
    return places


_BASE = 0x9E3779B97F4A7C15
_VALUES = [
    int(value) * 2 + 1
    for value in np.random.Generator(np.random.PCG64(20261122)).integers(1, 2**63, 256, dtype=np.uint64)
]


def _number(raw: bytes) -> int:
    return sum(_VALUES[byte] * _BASE**at for at, byte in enumerate(raw)) % 2**64


def _joined(first: int, *rest: int) -> int:
    for number in rest:
        first = ((first ^ first >> 31) * 0xC4CEB9FE1A85EC53 + number) % 2**64
    return first


def _place(number: int, salt: int) -> int:
    number = (number + salt * _BASE) % 2**64
    return (number ^ number >> 32) * 0xFF51AFD7ED558CCD % 2**64 >> 47


@given(texts)
@settings(max_examples=100, deadline=None)
def test_every_feature_has_a_weight(many: list[str]) -> None:
    for each in bags_of(many):
        assert all(0 <= place < 1 << CHAR_BITS for place in each.chars)
        assert all(0 <= place < 1 << WORD_BITS for place in each.words)
        assert all(0 <= place < shape_size() - SURFACE for place in meetings(each.classes))
        assert all(map(math.isfinite, each.surface))


def test_every_two_classes_that_meet_have_a_column_of_their_own() -> None:
    count = len(classes().names)
    met = [meetings(1 << one | 1 << other) for one in range(count) for other in range(one)]
    assert sorted(pair for _, _, pair in met) == list(range(count, shape_size() - SURFACE))
    assert meetings(0b101) == [0, 2, count + 1]


def test_texts_longer_than_a_chunk_are_read_to_a_bound() -> None:
    found = bags_of(["kill " * 60_000, "x"])
    assert 0 < len(found[0].chars) < 10 * (1 << 17)
    assert found[1] == bag("x")


def test_what_is_known_of_words_is_kept_to_a_bound() -> None:
    known = hashing._PIECES  # pyright: ignore[reportPrivateUsage]
    most = 0
    for start in range(0, 3 * known.most, 1000):
        read_bags([" ".join(f"w{number}" for number in range(start, start + 1000))])
        most = max(most, len(known))
    assert 0 < most <= known.most
    long = "w" * 1000
    read_bags([long])
    assert long.encode() not in known


def test_runs_do_not_cross_words() -> None:
    assert bag("abc def").chars == bag("def abc").chars


def test_the_features_of_a_word_list_are_stable() -> None:
    # Weights are stored by place: where these change, VERSION must, and the model be made anew.
    many = bags_of(["i will kill you", "ti ammazzo domani, ebreo"])
    assert sum(sum(each.chars) for each in many) == CHARS
    assert sum(sum(each.words) for each in many) == WORDS
    assert len(classes().names) == 43


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
    assert len(bag("i never kill anybody").words) > len(bag("i never").words) + 9
    denied = bag("not kill").words
    ended = bag("not. kill").words
    assert len(denied) == len(ended) + 1


def test_what_is_quoted_is_known_as_such() -> None:
    assert len(bag('he said "kill them" to me').words) == len(bag("he said kill them to me").words) + 2
    # A mark that is never closed quotes nothing.
    assert len(bag('he said "kill them to me').words) == len(bag("he said kill them to me").words)


def test_an_italian_article_is_a_word_of_its_own() -> None:
    assert _words_in_common("l'ebreo", "ebreo")
    assert not _words_in_common("don't", "don")


def test_bytes_are_worth_what_the_weights_were_learnt_with():
    drawn = np.random.Generator(np.random.PCG64(20261122)).integers(1, 2**63, 256, dtype=np.uint64)
    assert [int(value) * 2 + 1 for value in drawn] == runs._VALUES
