"""Claims about the sieve before the phrases: it lets every text through that one of their patterns is found in."""

from __future__ import annotations

import random
import re
import string
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from rostra.detect.phrases import PHRASES
from rostra.detect.phrases.find import patterns
from rostra.detect.phrases.fold import Squeezed, fold, join, squeeze
from rostra.detect.phrases.kept import MESH_FILE, find_mesh, knit_mesh, write_mesh
from rostra.detect.phrases.needs import NeedReader
from rostra.detect.phrases.phrase import LANGUAGES, Language, expand
from rostra.detect.phrases.sieve import Mesh, Sieve, knit
from rostra.detect.phrases.tables import read_classes

CLASSES: dict[Language, Mapping[str, str]] = {language: read_classes(language) for language in LANGUAGES}
PATTERNS: list[tuple[Language, str]] = [
    (language, pattern) for phrase in PHRASES for language, some in phrase.patterns.items() for pattern in some
]
WORDS = {"kill": "kill, murder, cut down", "kin": "kids?, mother, (?:the )*{kill}s?"}


@pytest.fixture(scope="module")
def mesh() -> Mesh:
    return knit_mesh(PATTERNS, CLASSES)


@pytest.fixture(scope="module")
def sieve(mesh: Mesh) -> Sieve:
    return Sieve(mesh)


def sieve_of(pattern: str) -> Sieve:
    return Sieve(knit([NeedReader(WORDS).needs_of(pattern)]))


def lets_through(pattern: str, text: str) -> bool:
    return sieve_of(pattern).candidates(text.encode()) == [0]


class Sayings:
    """Texts that an expression matches, drawn by chance: a walk through what Python's own reader makes of it."""

    def __init__(self, expression: str, seed: int) -> None:
        parser: Any = re._parser  # pyright: ignore
        self._tree = parser.parse(expression.replace(r"\z", r"\Z"))
        self._random = random.Random(seed)

    def draw(self) -> str:
        return "".join(self._walk(self._tree))

    def _walk(self, tree: Any) -> Iterator[str]:
        for kind, value in tree:
            match str(kind):
                case "LITERAL":
                    yield chr(value)
                case "ANY":
                    yield self._random.choice("x y")
                case "IN":
                    yield self._random.choice(sorted(self._signs(value)))
                case "BRANCH":
                    yield from self._walk(self._random.choice(value[1]))
                case "SUBPATTERN":
                    yield from self._walk(value[3])
                case "MAX_REPEAT":
                    least, most, repeated = value
                    for _ in range(self._random.randint(least, min(most, least + 2))):
                        yield from self._walk(repeated)
                case "AT":
                    yield ""
                case other:
                    raise AssertionError(other)

    def _signs(self, value: Any) -> set[str]:
        signs: set[str] = set()
        for kind, each in value:
            if str(kind) == "LITERAL":
                signs.add(chr(each))
            elif str(kind) == "RANGE":
                signs |= {chr(point) for point in range(each[0], each[1] + 1)}
            else:
                signs |= {"CATEGORY_DIGIT": set("07"), "CATEGORY_SPACE": {" "}, "CATEGORY_NOT_WORD": set(" .")}.get(
                    str(each), set("abz")
                )
        return signs or set(string.ascii_lowercase)


def test_whatever_a_pattern_matches_passes_the_sieve(sieve: Sieve):
    matched = 0
    for index, (language, pattern) in enumerate(PATTERNS):
        expression = expand(pattern, CLASSES[language])
        sayings = Sayings(expression, seed=index)
        for _ in range(8):
            text = squeeze(f"so, {sayings.draw()}. ok".replace(",", " ").encode())
            if re.search(expression.replace(r"\z", r"\Z").encode(), text):
                matched += 1
                assert index in sieve.candidates(text), (pattern, text)
    # The walk knows nothing of edges of words, and yet most of what it draws is found.
    assert matched > 4 * len(PATTERNS)


def test_every_pattern_can_be_compiled_in_what_it_may_take():
    for index in range(len(patterns().known)):
        assert patterns().compiled(index).finditer(b"good morning")


def test_no_two_blanks_come_of_a_comma_before_a_picture():
    folded = join(fold("for you, 🔪 and him"))
    squeezed = Squeezed(folded)
    assert squeezed.text == b"for you xarmx and him"
    assert squeezed.span(4, 7) == (4, 7)
    assert squeezed.span(14, 21) == (11, 18)


def test_the_mesh_in_the_package_is_that_of_the_tables_and_of_this_code(mesh: Mesh, tmp_path: Path):
    write_mesh(PATTERNS, CLASSES, tmp_path / "mesh.bin")
    assert (tmp_path / "mesh.bin").read_bytes() == MESH_FILE.read_bytes(), "run: python -m training.phrases"
    assert find_mesh(PATTERNS, CLASSES) == mesh


def test_other_patterns_or_classes_than_those_of_the_file_get_a_mesh_of_their_own():
    sieve = Sieve(find_mesh([("en", "nobody knows this one")], CLASSES))
    assert sieve.candidates(b"and nobody knows this one") == [0]
    others: dict[Language, Mapping[str, str]] = {**CLASSES, "en": {**CLASSES["en"], "kill": "wibble"}}
    assert find_mesh(PATTERNS, others) != find_mesh(PATTERNS, CLASSES)


def test_a_word_may_lead_to_one_pattern_and_meet_what_others_ask_for():
    needs = [[frozenset({"rope"}), frozenset({"you", "your"})], [frozenset({"you"})], [], [frozenset({"~ing"})]]
    sieve = Sieve(knit(needs))
    assert sieve.candidates(b"a rope") == [2]
    assert sieve.candidates(b"a rope for you") == [0, 1, 2]
    assert sieve.candidates(b"your rope, hanging") == [0, 2, 3]


def test_the_sieve_finds_nothing_worth_a_look_in_an_ordinary_sentence(sieve: Sieve):
    assert sieve.candidates(b"good morning everybody, the sun is shining on the lake") == []


def test_a_pattern_without_a_word_to_hold_on_to_is_looked_for_everywhere():
    assert lets_through(r"\d{1,5} ?[a-z]+", "anything at all")


@pytest.mark.parametrize(
    ("pattern", "text"),
    [
        ("i'?ll ~2 {kill} you", "ill just murder you"),
        ("i'?ll ~2 {kill} you", "i ll cut down you"),
        (r"shoot\w*", "shooting"),
        (r"(?:un|re)?kill(?:ed|s)?", "rekilled"),
        ("{start}{kill}{end}", "kill"),
        ("{kin} (?:die|dies)", "the the cut downs die"),
        ("(?:a|the|this )?{kin}", "this kid"),
        ("k+ill", "kkkill"),
        ("kill ?~1 ?(?:him|her)", "kill the her"),
    ],
)
def test_needs_ask_for_no_more_than_the_pattern(pattern: str, text: str):
    assert re.search(expand(pattern, WORDS).replace(r"\z", r"\Z"), text)
    assert lets_through(pattern, text)


@pytest.mark.parametrize(
    ("pattern", "text"),
    [
        ("i'?ll ~2 {kill} you", "you said that he might kill it"),
        ("i'?ll ~2 {kill} you", "i ll go with you to the skills fair"),
        ("going to (?:die|bleed)", "die, he said, is going"),
        (r"shoot\w*", "an offshoot"),
    ],
)
def test_what_lacks_a_word_is_not_worth_a_look(pattern: str, text: str):
    assert not lets_through(pattern, text)


@pytest.mark.parametrize("pattern", ["kill)", "(?:kill", "kill^", "kill*?", "[kill"])
def test_what_the_notation_does_not_have_is_refused(pattern: str):
    with pytest.raises(ValueError, match="phrase"):
        NeedReader(WORDS).needs_of(pattern)
