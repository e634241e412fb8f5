"""Words of lists are found whole, in their language, with their place; domains with subdomains; hosts of links."""

from __future__ import annotations

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rostra.detect.links import MOST_HOSTS, SHORTENERS, find_hosts, is_shortener
from rostra.detect.lists import MOST_HITS, DomainLists, Hit, WordLists
from rostra.detect.normalise import normalise
from rostra.detect.reading import Reading


class Words(msgspec.Struct, frozen=True):
    """A list, as a bundle has it."""

    id: str
    entries: tuple[str, ...]
    language: str = ""


def find(text: str, *lists: Words, language: str = "") -> list[Hit]:
    return WordLists(lists).find(text, Reading(normal=normalise(text).text, language=language))


def found_words(text: str, *entries: str) -> list[str]:
    return sorted(text[hit.start : hit.end] for hit in find(text, Words("some", entries)))


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("buy a fake passport now", ["fake passport"]),
        ("FAKE-PASSPORT!", ["FAKE-PASSPORT"]),
        ("a fake,  passport", ["fake,  passport"]),
        ("fake passports", []),
        ("unfake passport", []),
        ("fake news, passport", []),
        ("fáke paſsport", ["fáke paſsport"]),
        ("fake passport fake passport", ["fake passport", "fake passport"]),
        ("f a k e passport here", ["f a k e passport"]),
        ("", []),
        ("fake", []),
    ],
)
def test_expressions_are_found_as_whole_words(text: str, words: list[str]) -> None:
    assert found_words(text, "fake passport") == words


def test_hits_name_their_list_and_a_word_may_be_on_several() -> None:
    lists = Words("one", ("Wolf", "sheep")), Words("two", ("wolf",))
    assert sorted(hit.list for hit in find("a wolf", *lists)) == ["one", "two"]
    assert find("the sheep", *lists) == [Hit("one", 4, 9)]


def test_overlapping_expressions_are_all_found() -> None:
    assert found_words("a big bad wolf", "big bad", "bad wolf", "bad", "big bad wolf") == [
        "bad",
        "bad wolf",
        "big bad",
        "big bad wolf",
    ]


@pytest.mark.parametrize(
    ("language", "lists"),
    [("it", ["both", "it"]), ("en", ["both", "en"]), ("", ["both", "en", "it"]), ("fr", ["both"])],
)
def test_a_list_is_for_its_language_or_for_texts_in_an_unknown_one(language: str, lists: list[str]) -> None:
    given_lists = Words("both", ("lama",)), Words("it", ("lama",), "it"), Words("en", ("lama",), "en")
    assert sorted(hit.list for hit in find("a lama", *given_lists, language=language)) == lists


@pytest.mark.parametrize(
    ("entry", "text", "hits"),
    [
        ("c++", "c++ is old", 1),
        ("c++", "c is old", 0),
        ("🐸", "hello 🐸🐸", 2),
        ("朋友", "我的朋友们", 1),
        ("ไทย", "ภาษาไทยดี", 1),
        ("a+b", "xa+by", 0),
        ("   ", "a   b", 0),
        ("", "abc", 0),
        ("don't", "don’t do it", 1),
    ],
)
def test_signs_and_scripts_without_spaces_match_as_they_stand(entry: str, text: str, hits: int) -> None:
    assert len(find(text, Words("some", (entry,)))) == hits


def test_spans_survive_what_the_normaliser_undid() -> None:
    text = "x\u200bx 🔥 see a wo\u200blf there"
    (hit,) = find(text, Words("some", ("wolf",)))
    assert text[hit.start : hit.end] == "wo\u200blf"


def test_where_the_reading_is_not_of_the_normaliser_the_whole_text_is_marked() -> None:
    assert WordLists([Words("some", ("wolf",))]).find("A  WOLF", Reading(normal="a wolf")) in (
        [Hit("some", 3, 7)],
        [Hit("some", 0, 7)],
    )


def test_very_many_hits_are_cut() -> None:
    assert len(find("wolf " * 3000, Words("some", ("wolf",)))) <= MOST_HITS


def test_no_lists_and_empty_lists_find_nothing() -> None:
    assert find("a wolf") == []
    assert find("a wolf", Words("none", ())) == []


def test_twenty_thousand_entries_are_looked_up_in_one_pass() -> None:
    entries = tuple(f"word{number} thing" for number in range(20_000))
    assert found_words("a word777 thing and word 778 thing", *entries) == ["word777 thing"]


@given(
    st.lists(st.text("abc ", min_size=1, max_size=8).map(str.strip).filter(bool), min_size=1, max_size=8),
    st.text("abc ,", max_size=60),
)
@settings(max_examples=200, deadline=None)
def test_the_lists_find_what_looking_word_by_word_finds(entries: list[str], text: str) -> None:
    normal = normalise(text).text
    words = normal.replace(",", " ").split()
    expected = {
        entry
        for entry in entries
        for folded in [normalise(entry).text.split()]
        if any(words[at : at + len(folded)] == folded for at in range(len(words)))
    }
    lists = [Words(entry, (entry,)) for entry in entries]
    assert {hit.list for hit in find(text, *lists)} == expected


@given(st.text(max_size=200), st.lists(st.text(max_size=12), max_size=5))
@settings(max_examples=200, deadline=None)
def test_hits_lie_in_the_text_whatever_it_is(text: str, entries: list[str]) -> None:
    for hit in find(text, Words("some", tuple(entries))):
        assert 0 <= hit.start < hit.end <= len(text)


@pytest.mark.parametrize(
    ("host", "lists"),
    [
        ("example.com", ["bad"]),
        ("a.b.EXAMPLE.com.", ["bad"]),
        ("badexample.com", []),
        ("com", []),
        ("sub.wild.org", ["bad", "worse"]),
        ("wild.org", ["bad", "worse"]),
        ("xn--mnchen-3ya.example", ["worse"]),
        ("münchen.example", ["worse"]),
        ("", []),
        ("...", []),
        ("x" * 5000, []),
        ("a.a.a.a", []),
    ],
)
def test_domains_have_their_subdomains_with_them(host: str, lists: list[str]) -> None:
    both = Words("bad", ("Example.com", "*.wild.org")), Words("worse", ("wild.org", "münchen.example"))
    assert DomainLists(both).find(host) == lists


def test_very_many_labels_are_bounded() -> None:
    assert DomainLists([Words("bad", ("example.com",))]).find("a." * 100_000 + "example.com") == ["bad"]


@pytest.mark.parametrize(
    ("text", "hosts"),
    [
        ("see https://Example.COM/a, and http://b.example:8080?x.", ["example.com", "b.example"]),
        ("http://google.com@evil.example/x", ["evil.example"]),
        ("http://user:pw@evil.example", ["evil.example"]),
        ("https://münchen.example/", ["xn--mnchen-3ya.example"]),
        ("http://192.0.2.7/x", ["192.0.2.7"]),
        ("hxxps://evil[.]example/x", ["evil.example"]),
        ("evil(dot)example/x", ["evil.example"]),
        ("www.evil.example now", ["www.evil.example"]),
        ("go to bit.ly/abc", ["bit.ly"]),
        ("evil.example", []),
        ("1.5/2 and/or 3.4/5", []),
        ("mail me@evil.example/x", []),
        ("https://a.example https://a.example", ["a.example", "a.example"]),
        ("(https://a.example)", ["a.example"]),
        ("http://", []),
        ("http://-/", []),
        ("https://a.example.", ["a.example"]),
        ("", []),
    ],
)
def test_hosts_of_links_are_found_in_one_spelling(text: str, hosts: list[str]) -> None:
    assert find_hosts(text) == hosts


@pytest.mark.parametrize("piece", ["http://a.example ", "a.", "http://", "-.", "www.", "[.]", "a/", "@", "http://a@"])
def test_megabytes_of_links_are_bounded(piece: str) -> None:
    assert len(find_hosts(piece * 200_000)) <= MOST_HOSTS


@given(st.text(max_size=300))
@settings(max_examples=200)
def test_hosts_are_always_plain_names(text: str) -> None:
    assert all(host and host == host.lower() and " " not in host for host in find_hosts(text))


def test_shorteners_are_known_with_and_without_www() -> None:
    assert is_shortener("bit.ly")
    assert is_shortener("www.bit.ly")
    assert not is_shortener("example.com")
    assert all(host == host.lower().strip() and "." in host for host in SHORTENERS)
