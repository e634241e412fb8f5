"""Reading what was typed into a search box."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rostra.kit.ids import MAX_ID, first_id_at
from rostra.search.words import Search, parse_search


def test_words_stay_and_operators_go() -> None:
    search = parse_search("bread from:@alice  -is:reply has:image wine")
    assert search == Search(words="bread wine", author="alice", is_reply=False, has_media=True)


def test_a_phrase_is_never_read_for_operators() -> None:
    assert parse_search('"from:me to you" from:me') == Search(words='"from:me to you"', author="me")


@pytest.mark.parametrize("typed", ["has:teeth", "-from:alice", "before:yesterday", "before:2024-13-01", "is:", "from:"])
def test_an_operator_that_means_nothing_is_a_word(typed: str) -> None:
    assert parse_search(typed) == Search(words=typed)


def test_days_bound_ids_and_are_excluded_by_before_and_after() -> None:
    start, end = first_id_at(datetime(2026, 5, 4, tzinfo=UTC)), first_id_at(datetime(2026, 5, 5, tzinfo=UTC))
    assert parse_search("before:2026-05-04").below == start
    assert parse_search("after:2026-05-04").above == end - 1
    during = parse_search("during:2026-05-04")
    assert (during.below, during.above) == (end, start - 1)


@pytest.mark.parametrize("typed", ["before:9999-12-31", "after:9999-12-31", "during:8000-01-01", "before:0001-01-01"])
def test_days_beyond_all_ids_do_no_harm(typed: str) -> None:
    search = parse_search(typed)
    assert -1 <= search.above <= MAX_ID
    assert 0 <= search.below <= MAX_ID


def test_what_is_kept_and_what_is_public_can_be_asked_for() -> None:
    assert parse_search("in:library").kept is True
    assert parse_search("in:public").kept is False
    assert parse_search("in:all") == Search(words="in:all")


@given(st.text())
def test_nothing_that_can_be_typed_breaks_it(typed: str) -> None:
    assert isinstance(parse_search(typed).words, str)


def test_an_address_is_looked_for_as_one_word_without_its_scheme() -> None:
    assert (
        parse_search("see -https://a.example/b?c=1&d HTTP://b.example").words == 'see -"a.example/b?c=1&d" "b.example"'
    )
