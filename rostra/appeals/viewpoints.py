"""Where jurors stand, from how they have voted; and who is drawn. Pure: the same ballots and seed give the same panel.

Votes are explained by a mean, how strict each juror and how grave each question is, and one axis on which jurors and
questions lie: the bridging model of Community Notes, whose point is that what both ends agree on says more than what
one end alone is sure of. Its two ends are the viewpoint groups. While there are few ballots, chance takes its place.
"""

from __future__ import annotations

import hashlib
import random
from collections.abc import Sequence
from typing import TYPE_CHECKING, Final, Literal

import msgspec

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

    _Floats = npt.NDArray[np.float64]

Vote = Literal["uphold", "overturn", "unsure"]
Side = Literal[0, 1]

SIZE: Final = 5
# With fewer ballots than this nothing is said of a juror, and with fewer jurors than that nothing of anybody.
FEWEST_BALLOTS: Final = 5
FEWEST_JURORS: Final = 8
# The share of the weight that an outcome takes, in each of the groups.
MAJORITY: Final = 2 / 3
FEWEST_VOTES: Final = 3

# What is published of the model: mild on where somebody stands, stern on how strict they are.
_LAMBDA_INTERCEPT: Final = 0.15
_LAMBDA_FACTOR: Final = 0.03
_ROUNDS: Final = 80
_FEWEST_OF_GROUP: Final = 3
_CLOSE: Final = 1e-6


class Cast(msgspec.Struct, frozen=True):
    """One ballot that says something: 1 for overturning, 0 for upholding."""

    juror_id: int
    panel_id: int
    value: float


class Drawn(msgspec.Struct, frozen=True):
    """Somebody in the order of the draw, and the group that they stand for."""

    juror_id: int
    side: Side


class Weighed(msgspec.Struct, frozen=True):
    """A vote with its group and weight."""

    side: Side
    vote: Vote
    weight: float


def find_factors(ballots: Sequence[Cast]) -> dict[int, float]:
    """Where jurors stand, by their ids; those with too few ballots are left out, and all where there are too few. Which
    end is which means nothing."""
    # Here and below: with a nightly job comes NumPy, which most that know of panels do without.
    import numpy as np

    counts: dict[int, int] = {}
    for ballot in ballots:
        counts[ballot.juror_id] = counts.get(ballot.juror_id, 0) + 1
    known = sorted(juror for juror, count in counts.items() if count >= FEWEST_BALLOTS)
    if len(known) < FEWEST_JURORS:
        return {}
    kept = [ballot for ballot in ballots if counts[ballot.juror_id] >= FEWEST_BALLOTS]
    panels = sorted({ballot.panel_id for ballot in kept})
    rows = np.array([known.index(ballot.juror_id) for ballot in kept])
    columns = np.array([panels.index(ballot.panel_id) for ballot in kept])
    values = np.array([ballot.value for ballot in kept])
    factors = _fit(rows, columns, values, len(known), len(panels))
    if float(np.std(factors)) < _CLOSE:
        return {}
    return {juror: float(factor) for juror, factor in zip(known, factors, strict=True)}


def _fit(
    rows: npt.NDArray[np.int64], columns: npt.NDArray[np.int64], values: _Floats, jurors: int, questions: int
) -> _Floats:
    """The jurors' factors by alternating least squares: with one side held, the other is a small ridge regression."""
    import numpy as np

    mean = float(values.mean())
    # From no chance: the same ballots must give the same groups.
    start = np.random.default_rng(0)
    of_juror = np.stack([np.zeros(jurors), start.normal(0, 0.5, jurors)], axis=1)
    of_question = np.stack([np.zeros(questions), start.normal(0, 0.5, questions)], axis=1)
    for _ in range(_ROUNDS):
        of_question = _solve(columns, rows, values - mean, of_juror, questions)
        # What all questions have in common is how strict a juror is, and not where they stand.
        of_question[:, 1] -= of_question[:, 1].mean()
        of_juror = _solve(rows, columns, values - mean, of_question, jurors)
    return of_juror[:, 1]


def _solve(
    own: npt.NDArray[np.int64], others: npt.NDArray[np.int64], rest: _Floats, known: _Floats, count: int
) -> _Floats:
    """Intercept and factor of each of `count` on one side, given those of the other."""
    import numpy as np

    ridge = np.diag([_LAMBDA_INTERCEPT, _LAMBDA_FACTOR])
    solved = np.zeros((count, 2))
    for number in range(count):
        mine = own == number
        intercepts, factors = known[others[mine], 0], known[others[mine], 1]
        design = np.stack([np.ones_like(factors), factors], axis=1)
        target = rest[mine] - intercepts
        weight = max(int(mine.sum()), 1)
        solved[number] = np.linalg.solve(design.T @ design + ridge * weight, design.T @ target)
    return solved


def draw(candidates: Sequence[tuple[int, float | None]], seed: str) -> list[Drawn]:
    """All candidates (id, factor) in the order of the draw, the groups by turns: the first `SIZE` are the panel, the
    others stand in for who falls out of their group."""
    ranked = sorted(candidates)
    sides = _sides(ranked, seed)
    chance = random.Random(seed)  # noqa: S311
    groups: tuple[list[int], list[int]] = ([], [])
    for juror_id, _ in ranked:
        groups[sides[juror_id]].append(juror_id)
    for group in groups:
        chance.shuffle(group)
    first: Side = 1 if chance.random() < 0.5 else 0
    order: list[Drawn] = []
    for turn in range(2 * max(len(groups[0]), len(groups[1]))):
        side: Side = first if turn % 2 == 0 else (0 if first else 1)
        if turn // 2 < len(groups[side]):
            order.append(Drawn(groups[side][turn // 2], side))
    return order


def _sides(candidates: Sequence[tuple[int, float | None]], seed: str) -> dict[int, Side]:
    middle = _middle(sorted(factor for _, factor in candidates if factor is not None))
    sides: dict[int, Side] = {}
    for juror_id, factor in candidates:
        # Of those of whom nothing is known chance decides.
        if middle is None or factor is None:
            sides[juror_id] = _toss(juror_id, seed)
        else:
            sides[juror_id] = 1 if factor >= middle else 0
    if len(set(sides.values())) == 1:
        # Of a few, chance puts all into one group now and then, and a panel is of both.
        for place, juror_id in enumerate(sorted(sides, key=lambda juror_id: _digest(juror_id, seed))):
            sides[juror_id] = 1 if place % 2 else 0
    return sides


def _middle(known: Sequence[float]) -> float | None:
    """Where the two groups part, by what keeps each closest together: they need not be of one size. None while there
    are not enough of each."""
    count, total = len(known), sum(known)
    best: tuple[float, float | None] = (_CLOSE, None)
    below = 0.0
    for place in range(1, count):
        below += known[place - 1]
        if min(place, count - place) < _FEWEST_OF_GROUP or known[place] == known[place - 1]:
            continue
        apart = below / place - (total - below) / (count - place)
        best = max(best, (place * (count - place) * apart * apart, known[place]), key=lambda each: each[0])
    return best[1]


def _toss(juror_id: int, seed: str) -> Side:
    return 1 if _digest(juror_id, seed)[0] & 1 else 0


def _digest(juror_id: int, seed: str) -> bytes:
    return hashlib.sha256(f"{seed}:{juror_id}".encode()).digest()


def fingerprint(candidates: Sequence[tuple[int, float | None]]) -> str:
    """A hash of who could have been drawn, so that an auditor can see that a draw was made of these."""
    told = ",".join(
        f"{juror_id}:{'' if factor is None else f'{factor:.6f}'}" for juror_id, factor in sorted(candidates)
    )
    return hashlib.sha256(told.encode()).hexdigest()


def weight_of(quality: float) -> float:
    """What a vote weighs, by how often its juror was right: from a half to one and a half."""
    return 0.5 + min(max(quality, 0.0), 1.0)


def quality_of(right: float, asked: float) -> float:
    """The share of right answers, drawn towards a half while there are few."""
    return (right + 2) / (asked + 4)


def outcome_of(votes: Sequence[Weighed]) -> Literal["uphold", "overturn"] | None:
    """What a panel has found: what two thirds of the weight are for in both groups; None where that is neither."""
    said = [vote for vote in votes if vote.vote != "unsure"]
    if len(said) < FEWEST_VOTES:
        return None
    shares: list[float] = []
    for side in (0, 1):
        own = [vote for vote in said if vote.side == side]
        if not own:
            return None
        for_it = sum(vote.weight for vote in own if vote.vote == "overturn")
        shares.append(for_it / sum(vote.weight for vote in own))
    if min(shares) >= MAJORITY - _CLOSE:
        return "overturn"
    return "uphold" if max(shares) <= 1 - MAJORITY + _CLOSE else None


def tally_of(votes: Sequence[Weighed]) -> dict[str, dict[str, float]]:
    """Votes and weights by group, and in all; nothing by juror."""
    tally: dict[str, dict[str, float]] = {}
    for name, sides in (("0", (0,)), ("1", (1,)), ("all", (0, 1))):
        own = [vote for vote in votes if vote.side in sides]
        counted: dict[str, float] = {}
        for kind in ("uphold", "overturn", "unsure"):
            of_kind = [vote for vote in own if vote.vote == kind]
            counted[kind] = len(of_kind)
            counted[f"{kind}_weight"] = round(sum(vote.weight for vote in of_kind), 3)
        tally[name] = counted
    return tally
