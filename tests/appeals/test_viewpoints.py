"""Placing jurors by their votes, drawing across the groups, and what a panel has found."""

from __future__ import annotations

import random

import pytest

from rostra.appeals.viewpoints import (
    FEWEST_JURORS,
    SIZE,
    Cast,
    Side,
    Vote,
    Weighed,
    draw,
    find_factors,
    fingerprint,
    outcome_of,
    quality_of,
    tally_of,
    weight_of,
)


def polarised(jurors: int = 20, panels: int = 30, noise: float = 0.1) -> list[Cast]:
    """Two camps: the even jurors overturn the even panels, the odd ones the odd, but for some noise."""
    chance = random.Random(7)
    cast: list[Cast] = []
    for panel in range(panels):
        for juror in range(jurors):
            if chance.random() < 0.4:
                agrees = (juror % 2 == panel % 2) != (chance.random() < noise)
                cast.append(Cast(juror, panel, 1.0 if agrees else 0.0))
    return cast


def test_the_axis_tells_two_camps_apart() -> None:
    factors = find_factors(polarised())
    assert len(factors) == 20
    even = [factors[juror] > 0 for juror in range(0, 20, 2)]
    odd = [factors[juror] > 0 for juror in range(1, 20, 2)]
    assert len(set(even)) == len(set(odd)) == 1
    assert even[0] != odd[0]


def test_the_same_ballots_give_the_same_places() -> None:
    assert find_factors(polarised()) == find_factors(polarised())


def test_with_few_ballots_or_jurors_nothing_is_said() -> None:
    assert find_factors([]) == {}
    assert find_factors(polarised(jurors=FEWEST_JURORS - 1)) == {}
    assert find_factors(polarised(panels=3)) == {}


def test_who_is_strict_with_everything_is_not_a_camp() -> None:
    cast = [Cast(juror, panel, float(juror < 5)) for juror in range(10) for panel in range(10)]
    factors = find_factors(cast)
    spread = max(factors.values(), default=0) - min(factors.values(), default=0)
    camps = find_factors(polarised())
    assert spread < (max(camps.values()) - min(camps.values())) / 4


def test_a_panel_has_people_of_both_groups_and_the_seed_gives_it_again() -> None:
    candidates = [(juror, -1.0 if juror < 40 else 1.0) for juror in range(50)]
    for number in range(50):
        panel = draw(candidates, f"seed-{number}")[:SIZE]
        assert sorted({one.side for one in panel}) == [0, 1]
        assert {sum(one.side == side for one in panel) for side in (0, 1)} == {2, 3}
        assert all((one.juror_id >= 40) == (one.side == 1) for one in panel)
        assert draw(list(reversed(candidates)), f"seed-{number}")[:SIZE] == panel


def test_without_ballots_the_groups_are_chance_and_everybody_has_the_same_chance() -> None:
    counts = dict.fromkeys(range(20), 0)
    for number in range(2000):
        for one in draw([(juror, None) for juror in range(20)], f"seed-{number}")[:SIZE]:
            counts[one.juror_id] += 1
    assert all(400 < count < 600 for count in counts.values())


@pytest.mark.parametrize("number", [SIZE, SIZE + 2])
def test_few_of_whom_nothing_is_known_are_never_all_of_one_group(number: int) -> None:
    for seed in range(500):
        panel = draw([(juror, None) for juror in range(number)], f"seed-{seed}")[:SIZE]
        assert {one.side for one in panel} == {0, 1}, seed


def test_the_draw_orders_everybody_once() -> None:
    order = draw([(juror, None) for juror in range(13)], "seed")
    assert sorted(one.juror_id for one in order) == list(range(13))


def test_the_hash_says_who_could_have_been_drawn() -> None:
    some: list[tuple[int, float | None]] = [(1, None), (2, 0.5)]
    assert fingerprint(some) == fingerprint(list(reversed(some)))
    assert fingerprint(some) != fingerprint([(1, None), (2, 0.4)])


def votes(of_0: str, of_1: str, weight: float = 1.0) -> list[Weighed]:
    """`u`, `o` and `?` for uphold, overturn and unsure."""
    names: dict[str, Vote] = {"u": "uphold", "o": "overturn", "?": "unsure"}
    sides: tuple[tuple[Side, str], ...] = ((0, of_0), (1, of_1))
    return [Weighed(side, names[letter], weight) for side, letters in sides for letter in letters]


@pytest.mark.parametrize(
    ("of_0", "of_1", "found"),
    [
        ("oo", "ooo", "overturn"),
        ("oo", "oou", "overturn"),
        ("uu", "uuu", "uphold"),
        ("uu", "uuo", "uphold"),
        # One group alone carries nothing, however many it is.
        ("uu", "ooo", None),
        ("ou", "ooo", None),
        ("", "ooooo", None),
        ("o?", "ou?", None),
        ("o", "oo?", "overturn"),
        ("o", "o", None),
        ("??", "???", None),
    ],
)
def test_two_thirds_of_both_groups_are_needed(of_0: str, of_1: str, found: str | None) -> None:
    assert outcome_of(votes(of_0, of_1)) == found


def test_a_vote_weighs_more_of_who_was_right_more_often() -> None:
    assert weight_of(quality_of(0, 0)) == 1.0
    assert weight_of(quality_of(10, 10)) > 1.3 > weight_of(quality_of(5, 10)) > weight_of(quality_of(0, 10))
    heavy = [Weighed(0, "overturn", 1.5), Weighed(0, "uphold", 0.6), *votes("", "oo")]
    assert outcome_of(heavy) == "overturn"
    assert outcome_of([Weighed(0, "overturn", 1.0), Weighed(0, "uphold", 1.0), *votes("", "oo")]) is None


def test_the_tally_counts_and_names_nobody() -> None:
    tally = tally_of(votes("ou", "oo?", 1.2))
    assert tally["all"] == {
        "uphold": 1, "uphold_weight": 1.2, "overturn": 3, "overturn_weight": 3.6, "unsure": 1, "unsure_weight": 1.2,
    }  # fmt: skip
    assert tally["0"]["overturn"] == 1
