"""What points to a person is taken out of the facts; what was found stays."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rostra.dsa.personal import without_personal


@pytest.mark.parametrize(
    ("said", "left"),
    [
        ("threatens @anna", "threatens [account]"),
        ("threatens @anna.verdi@city.example, twice", "threatens [account], twice"),
        ("threatens ＠anna", "threatens [account]"),
        ("see u/anna_v there", "see [account] there"),
        ("wrote from anna.verdi+x@mail.example.", "wrote from [address]."),
        ("acct:anna@b.example said so", "[address] said so"),
        ("mailto:anna@b.example", "[address]"),
        ("links https://a.example/anna?x=1 to it", "links [link] to it"),
        ("links HTTP://A.EXAMPLE to it", "links [link] to it"),
        ("links a.example/anna to it", "links [link] to it"),
        ("links annaverdi.it to it", "links [link] to it"),
        ("and/or/a.example/anna, too", "and/or/[link] too"),
        ("links a.example:8080/anna to it", "links [link] to it"),
        ("wrote (anna@b.example) and =anna@b.example", "wrote ([address]) and [address]"),
        ("links www.anna-verdi.example to it", "links [link] to it"),
        ("from 192.0.2.17, at night", "from [address], at night"),
        ("from 2001:db8::17 at night", "from [address] at night"),
        ("calls +39 333 123 4567 often", "calls [number] often"),
        ("calls (02) 1234-5678", "calls [number]"),
        ("pays to IT60 X054 2811 1010 0000 0123 456 now", "pays to [number] now"),
        ("is VRDNNA80A41F205X", "is [number]"),
    ],
)
def test_what_points_to_a_person_is_replaced(said: str, left: str):
    assert without_personal(said) == left


@pytest.mark.parametrize(
    "said",
    [
        "Names a place, 19 January 2026, and a weapon.",
        "Posted 120 times in 24 hours; 3,500 views; at 10:30; on 2026-01-19.",
        "Rule violence.threat of version 3.2.1 matched at 0.97.",
        "The phrase is an imperative with a target, e.g. a neighbour: see the clause.",
        "Posted 3.5/4 of it and/or more, v2.10 of it; see 1.2/x.",
        "Distance 12/256 to a known picture (PDQ).",
    ],
)
def test_what_was_found_stays(said: str):
    assert without_personal(said) == said


@pytest.mark.parametrize(
    "piece", ["a", "a.", "a-", "1-", ":", "@", "@a", "a@", "u/", "www.", "a.aa/", "a.it.", "12", "(", "漢"]
)
def test_hostile_facts_take_no_longer_than_others(piece: str):
    # Where a pattern looked at each place again, this would take minutes.
    assert isinstance(without_personal(piece * 100_000), str)


def test_known_names_are_found_as_whole_words_in_any_case():
    said = without_personal("ANNA VERDI and Annabel; anna verdi's post", ["Anna Verdi", "an", ""])

    assert said == "[account] and Annabel; [account]'s post"


@given(st.text(), st.lists(st.text(), max_size=3))
def test_doing_it_again_changes_nothing_more_and_no_handle_is_left(text: str, names: list[str]):
    once = without_personal(text)

    assert without_personal(once) == once
    assert isinstance(without_personal(text, names), str)
