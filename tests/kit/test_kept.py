"""Kept texts: only of the version asked for, and never more than there is room for."""

from __future__ import annotations

from rostra.kit.kept import Kept


def test_a_text_is_found_by_its_version_only():
    kept: Kept[int] = Kept(1000)
    kept.keep(1, "first", 10)
    assert (kept.find(1, 10), kept.find(1, 11), kept.find(2, 10)) == ("first", None, None)
    kept.keep(1, "second", 11)
    assert (kept.find(1, 10), kept.find(1, 11)) == (None, "second")


def test_what_is_asked_for_stays_and_the_rest_goes_when_room_is_needed():
    kept: Kept[int] = Kept(1000)
    kept.keep(0, "x" * 100, 1)
    for number in range(1, 100):
        kept.keep(number, "y" * 100, 1)
        assert kept.find(0, 1) == "x" * 100
        assert len(kept) <= 12
    assert kept.find(1, 1) is None
    assert kept.find(99, 1) == "y" * 100


def test_a_version_that_took_anothers_place_takes_no_room_twice():
    kept: Kept[int] = Kept(1000)
    kept.keep(7, "z" * 100, 1)
    for version in range(50):
        kept.keep(1, "y" * 100, version)
    assert kept.find(7, 1) == "z" * 100


def test_an_old_version_does_not_come_back():
    kept: Kept[int] = Kept(100)
    kept.keep(1, "a" * 60, 1)
    kept.keep(1, "b" * 60, 2)
    assert kept.find(1, 1) is None
