"""Claims about what a text names: places, days, weapons, targets, and calls upon others."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rostra.detect.extract import extract
from rostra.detect.naming.dates import find_dates
from rostra.detect.naming.gazetteer import read_names
from rostra.detect.normalise import normalise
from rostra.detect.reading import Mentioned

# A Monday.
WRITTEN = date(2027, 1, 4)


def read(text: str, written_on: date | None = WRITTEN) -> Mentioned:
    return extract(text, normalise(text), written_on)


def test_a_call_to_come_armed_gives_all_that_an_event_needs():
    assert read("be at the capitol with rifles on 19 January") == Mentioned(
        places=("capitol",), dates=("2027-01-19",), weapons=("rifle",), imperative=True
    )
    assert read("Tutti in piazza a Roma il 19 gennaio, portate i bastoni") == Mentioned(
        places=("square", "rome"), dates=("2027-01-19",), weapons=("bat",), imperative=True
    )


def test_a_post_that_names_nothing_gives_nothing():
    assert read("what a lovely day it was") == Mentioned()
    assert read("") == Mentioned()


# --- days ----------------------------------------------------------------------------------------------------------
DAYS = [
    ("19 January", "2027-01-19"),
    ("January 19", "2027-01-19"),
    ("Jan 19th, 2028", "2028-01-19"),
    ("the 19th of January", "2027-01-19"),
    ("il 19 gennaio", "2027-01-19"),
    ("il 1° maggio", "2027-05-01"),
    ("primo maggio", "2027-05-01"),
    ("19 gennaio 2028", "2028-01-19"),
    ("2027-02-03", "2027-02-03"),
    ("19/01/2027", "2027-01-19"),
    ("01/19/2027", "2027-01-19"),
    ("19-01-2027", "2027-01-19"),
    ("19/01", "2027-01-19"),
    ("on 1/19", "2027-01-19"),
    ("il 5/2", "2027-02-05"),
    ("il 5.2", "2027-02-05"),
    ("today", "2027-01-04"),
    ("stasera", "2027-01-04"),
    ("tomorrow at 6", "2027-01-05"),
    ("domani", "2027-01-05"),
    ("dopodomani", "2027-01-06"),
    ("in 3 days", "2027-01-07"),
    ("fra tre giorni", "2027-01-07"),
    ("tra due settimane", "2027-01-18"),
    ("next Friday", "2027-01-08"),
    ("on Friday night", "2027-01-08"),
    ("venerdì sera", "2027-01-08"),
    ("sabato prossimo", "2027-01-09"),
    ("monday", "2027-01-11"),
    ("4 january", "2027-01-04"),
    ("3 january", "2028-01-03"),
    ("29 February", "2028-02-29"),
    ("may 5th", "2027-05-05"),
    ("March 5, 2027", "2027-03-05"),
]


@pytest.mark.parametrize(("text", "day"), DAYS, ids=[text for text, _ in DAYS])
def test_a_day_is_told_as_people_write_it(text, day):
    assert read(text).dates == (day,)


NO_DAYS = [
    "24/7 support",
    "9/11 was long ago",
    "3/4 of them",
    "10/10 would do it again",
    "may 5 people come in",
    "march 3 miles",
    "at 10.30",
    "version 1.2.3",
    "2-1 after the break",
    "50% off",
    "last Friday",
    "every Sunday",
    "Sundays are nice",
    "lunedì scorso",
    "ogni domenica",
    "32/13",
    "31 February",
    "yesterday",
    "call 555/123456",
]


@pytest.mark.parametrize("text", NO_DAYS)
def test_what_only_looks_like_a_day_is_none(text):
    assert read(text).dates == ()


def test_an_ambiguous_day_gives_both_readings_and_italian_words_decide():
    assert read("on 5/2 at noon").dates == ("2027-05-02", "2027-02-05")
    assert read("ci vediamo il 5/2 alle 18").dates == ("2027-02-05",)


def test_without_the_day_of_writing_only_days_with_a_year_can_be_told():
    assert read("tomorrow, next Friday, 19 January! 2027-02-03", None).dates == ("2027-02-03",)


def test_a_day_without_a_year_is_never_before_the_day_of_writing():
    for month in range(1, 13):
        (day,) = find_dates(f"{WRITTEN.day}/{month:02}/", WRITTEN) or ("9999",)
        assert day >= WRITTEN.isoformat()


# --- places --------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("we meet in Rome", "rome"),
        ("ci vediamo a roma", "rome"),
        ("Milano ci aspetta", "milan"),
        ("see you in new york", "new york"),
        ("We live near Bath", "bath"),
        ("un viaggio in Germania", "germany"),
        ("in USA", "united states"),
        ("davanti alla questura", "police station"),
        ("outside the synagogue", "synagogue"),
        ("sotto la moschea", "mosque"),
        ("all'ospedale", "hospital"),
        ("at the polling stations", "polling place"),
    ],
)
def test_a_place_is_counted_under_one_name(text, place):
    assert place in read(text).places


@pytest.mark.parametrize(
    "text",
    [
        "a nice mobile phone for reading in the bath",
        "Reading is fun",
        "Austin and Charlotte say hello",
        "usa il telefono",
        "i mali del mondo",
        "una cosa così bella non basta",
        "ho tanta fame",
        "turkey sandwich with orange juice",
    ],
)
def test_words_that_are_also_names_of_cities_are_not_places(text):
    assert read(text).places == ()


def test_new_york_is_not_also_york():
    assert read("in New York City").places == ("new york",)


# --- weapons, targets, calls ---------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("text", "weapon"),
    [
        ("with my AR-15", "rifle"),
        ("due fucili", "rifle"),
        ("petrol bombs", "molotov"),
        ("una tanica di benzina", "fuel"),
        ("baseball bats", "bat"),
        ("le spranghe", "bat"),
        ("bring 🔫", "picture of a weapon"),
        ("a kn1fe", "knife"),
    ],
)
def test_a_weapon_is_counted_under_one_name(text, weapon):
    assert read(text).weapons == (weapon,)


def test_persons_and_groups_are_targets():
    assert read("the judges and the journalists").targets == ("judges", "journalists")
    assert read("gli sbirri e i migranti").targets == ("police", "migrants")


def test_a_place_that_an_attack_is_meant_for_is_a_target_too():
    assert read("let's storm the parliament").targets == ("parliament",)
    assert read("bruciamo la questura").targets == ("police station",)
    assert read("a concert in the church").targets == ()


@pytest.mark.parametrize(
    "text",
    [
        "Bring your friends",
        "everyone to the square",
        "join us tomorrow",
        "please share",
        "venite numerosi",
        "tutti in piazza",
        "andiamo a prenderli",
        "ci vediamo sotto il ministero",
        "Kill them all",
    ],
)
def test_a_call_upon_others_is_an_imperative(text):
    assert read(text).imperative


@pytest.mark.parametrize(
    "text",
    ["I will bring nothing", "the police kill time", "they went home", "ieri sono andato al mare", "he takes the bus"],
)
def test_a_statement_is_no_imperative(text):
    assert not read(text).imperative


# --- the lists, and hostile input ----------------------------------------------------------------------------------
def test_every_form_of_a_name_is_written_as_the_normaliser_leaves_it():
    for first, forms in read_names().items():
        for form in forms:
            words = (first, *form.rest)
            assert all(word == word.lower() or word.strip("W") == "" for word in words), words
            assert all(word.isascii() and word.isalnum() for word in words), words


@settings(max_examples=200, deadline=None)
@given(st.text(), st.dates())
def test_whatever_is_written_nothing_is_raised_and_days_are_days(text, written_on):
    named = read(text, written_on)
    assert all(date.fromisoformat(day) for day in named.dates)


DAYLIKE = [
    "0",
    "1",
    "19",
    "31",
    "/",
    ".",
    "-",
    ":",
    "January",
    "mag",
    "of",
    "il",
    "next",
    "friday",
    "fra",
    "giorni",
    "2027",
    "9999",
]


@settings(max_examples=200, deadline=None)
@given(st.lists(st.sampled_from(DAYLIKE)).map(" ".join), st.lists(st.sampled_from(DAYLIKE)).map("".join), st.dates())
def test_whatever_looks_like_a_day_is_one_or_none(spaced, joined, written_on):
    for text in (spaced, joined):
        assert len(read(text, written_on).dates) <= 10


@pytest.mark.parametrize("piece", ["1/1 ", "19 January ", "Rome ", "kill ", "🔫", "1.1.", "new york ", "9" * 50, "\n"])
def test_a_megabyte_of_anything_gives_few_names(piece):
    named = read(piece * (1_000_000 // len(piece)))
    assert max(map(len, (named.places, named.dates, named.weapons, named.targets))) <= 20
