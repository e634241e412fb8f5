"""Drawing: unbiased, and always the same."""

from __future__ import annotations

import hashlib
from collections import Counter
from random import Random

import pytest

from rostra.measurement.frame import digest, draw, make_frame, pack, stratum_of, text_of, unpack
from rostra.measurement.strata import Counted, allocate, estimate

ROWS = [(30, 5, 1), (10, 1, 1), (20, 94, 1), (40, 7, 3)]


def test_a_frame_does_not_depend_on_the_order_of_its_rows_and_comes_back_from_the_store() -> None:
    frame = make_frame(ROWS)
    assert text_of(frame) == b"10 1 1\n20 94 1\n30 5 1\n40 7 3\n"
    assert digest(frame) == digest(make_frame(ROWS[::-1])) == hashlib.sha256(text_of(frame)).digest()
    assert text_of(unpack(pack(frame))) == text_of(frame)
    assert text_of(unpack(pack(make_frame([])))) == b""


def test_the_same_seed_gives_the_same_sample_and_another_another() -> None:
    frame = make_frame([(number, 1 + number % 7, number % 4) for number in range(1, 500)])
    assert draw(frame, "seed", [5, 20, 20, 20], 0.1) == draw(frame, "seed", [5, 20, 20, 20], 0.1)
    assert draw(frame, "seed", [5, 20, 20, 20], 0.1) != draw(frame, "seee", [5, 20, 20, 20], 0.1)


def test_the_sample_of_a_seed_is_the_documented_one() -> None:
    """By hand: the first draw of stratum 1 takes view floor(SHA-256("s/1/0")[:16] * 100 / 2^128) of 100."""
    view = int.from_bytes(hashlib.sha256(b"s/1/0").digest()[:16], "big") * 100 >> 128
    status = 10 if view < 1 else 20 if view < 95 else 30
    (item,) = draw(make_frame(ROWS), "s", [0, 1, 0, 0], 0.1)
    assert (item.status_id, item.stratum, item.draws, item.position, item.twice) == (status, 1, 1, 0, True)


def test_views_are_drawn_and_not_posts() -> None:
    items = draw(make_frame(ROWS), "seed", [0, 20_000, 0, 10], 0.1)
    found = {item.status_id: item.draws for item in items}
    assert found[40] == 10
    assert found[20] == pytest.approx(18_800, abs=150)
    assert found[30] == pytest.approx(1_000, abs=130)
    assert sum(found.values()) == 20_010


def test_nothing_is_drawn_from_nothing() -> None:
    assert draw(make_frame([]), "seed", [5, 5, 5, 5], 0.1) == []


def test_at_least_the_asked_share_is_labelled_twice() -> None:
    frame = make_frame([(number, 1, 1) for number in range(1, 96)])
    items = draw(frame, "seed", [0, 200, 0, 0], 0.1)
    assert sum(item.twice for item in items) * 10 >= len(items)
    assert [item.position for item in items] == list(range(len(items)))
    assert Counter(item.twice for item in items[: len(items) // 2])[True] > 0


@pytest.mark.parametrize(
    ("risk", "is_flagged", "stratum"),
    [
        (None, False, 0),
        (None, True, 3),
        (0.0, False, 1),
        (0.1, False, 2),
        (0.49, False, 2),
        (0.5, False, 3),
        (0.0, True, 3),
    ],
)
def test_what_screening_said_gives_the_stratum(risk: float | None, is_flagged: bool, stratum: int) -> None:
    assert stratum_of(risk, is_flagged=is_flagged) == stratum


def test_the_whole_instrument_is_unbiased() -> None:
    """Two thousand posts of very unequal views, of which a model sees most of what is bad: drawing and estimating three
    hundred times gives the true share of views, and its interval holds it."""
    random = Random(8)
    rows: list[tuple[int, int, int]] = []
    bad: set[int] = set()
    for number in range(1, 2001):
        views = 1 + int(random.paretovariate(1.1))
        is_bad = random.random() < 0.02
        seen_by_model = random.random() < (0.7 if is_bad else 0.01)
        rows.append((number, min(views, 2_000), 3 if seen_by_model else 1))
        if is_bad:
            bad.add(number)
    frame = make_frame(rows)
    views = [frame.views_of(stratum) for stratum in range(4)]
    truth = sum(views for number, views, _ in rows if number in bad) / sum(views)
    draws = allocate(views, [0.005, 0.005, 0.02, 0.3], 600)
    shares: list[float] = []
    covered = 0
    for number in range(300):
        items = draw(frame, f"seed {number}", draws, 0.1)
        hits = Counter[int]()
        for item in items:
            hits[item.stratum] += item.draws * (item.status_id in bad)
        found = estimate([Counted(views[h] / sum(views), draws[h], hits[h]) for h in range(4)])
        shares.append(found.share)
        covered += found.low <= truth <= found.high
    spread = (sum((share - truth) ** 2 for share in shares) / 300) ** 0.5
    assert sum(shares) / 300 == pytest.approx(truth, abs=3.5 * spread / 300**0.5)
    assert covered >= 0.94 * 300
