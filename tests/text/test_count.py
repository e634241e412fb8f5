"""How many characters a post has."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rostra.text.count import CHARACTERS_PER_URL, count_characters
from rostra.text.entities import find_entities
from tests.text.strategies import DOMAIN, typed_texts


def count(text: str, spoiler: str = "") -> int:
    return count_characters(text, spoiler, domain=DOMAIN)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", 0),
        ("hello", 5),
        ("città", 5),
        ("citta\u0300", 5),
        ("a\nb", 3),
        ("a\r\nb", 3),
        ("à\r\nb", 3),
        ("日本語", 3),
        ("😀", 1),
        ("👩‍👩‍👧‍👦", 1),
        ("👍🏽", 1),
        ("🇮🇹🇪🇺", 2),
        ("#️⃣", 1),
        ("각", 1),
        ("नि", 1),
        ("https://a.test", CHARACTERS_PER_URL),
        ("https://a.test/" + "x" * 500, CHARACTERS_PER_URL),
        ("see https://a.test.", 4 + CHARACTERS_PER_URL + 1),
        ("a.test", 6),
        ("@alice", 6),
        ("@alice@remote.test", 6),
        ("@alice@remote.test hi", 9),
        ("alice@remote.test", 17),
        ("#tag", 4),
        (":blob:", 6),
    ],
)
def test_characters_are_counted_as_authors_are_told(text: str, expected: int) -> None:
    assert count(text) == expected


def test_the_content_warning_counts_too_and_in_full() -> None:
    assert count("hello", "CW 😀") == 9
    assert count("", "https://a.test") == 14


@given(typed_texts)
def test_passing_the_entities_gives_the_same_count(text: str) -> None:
    assert count(text) == count_characters(text, domain=DOMAIN, entities=find_entities(text, domain=DOMAIN))


@given(st.text(st.characters(max_codepoint=0x24F), max_size=50))
def test_without_combining_characters_each_character_counts(text: str) -> None:
    entities = find_entities(text, domain=DOMAIN)
    if not entities.links and not entities.mentions:
        assert count(text) == len(text.replace("\r\n", "\n"))
