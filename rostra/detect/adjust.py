"""What an instance's own decisions add to the text model: a few weights for each category, fitted to the decisions.

The base model's log-odds stay where they are and something is added to them; the weights are drawn towards nothing, so
that few decisions change little and none change nothing. Pure mathematics: whose decisions count, and whether the
outcome is better, is for others to say.
"""

from __future__ import annotations

import hashlib
from typing import Final, NamedTuple

import msgspec
import numpy as np
import numpy.typing as npt

from rostra.detect.fusion import EVIDENCE
from rostra.detect.hashing import Numbers
from rostra.detect.reading import CATEGORIES, Category

Floats = npt.NDArray[np.float64]

# A constant, what the model says of every category, what phrases say of this one; then the encoder's columns.
PLAIN: Final = 1 + len(CATEGORIES) + EVIDENCE
# Log-odds are some units wide; weights are drawn to nothing alike where columns are about one wide.
_LOGIT_SCALE: Final = 1 / 3
# The encoder's vectors have length 1 in 512 dimensions.
_ENCODED_SCALE: Final = 4.0
_MOST: Final = 12.0
_ROUNDS: Final = 40
_ENOUGH: Final = 1e-6
_BINS: Final = 10


class Adjustment(msgspec.Struct, frozen=True, kw_only=True):
    """What is added to the log-odds of some categories. `base` is the version of the model that it was fitted to;
    there are PLAIN weights for each category, or those and one for each of the encoder's columns."""

    base: str
    weights: dict[Category, tuple[float, ...]]

    def __post_init__(self) -> None:
        """Raises ValueError for numbers that would make chances into no numbers."""
        if not all(np.isfinite(weights).all() for weights in self.weights.values()):
            raise ValueError("has weights that are no finite numbers")

    def fits(self, base: str, width: int) -> bool:
        """Whether it was fitted to this version of the model, with encoder's vectors of this width (0: none)."""
        return self.base == base and all(len(weights) in {PLAIN, PLAIN + width} for weights in self.weights.values())

    @property
    def name(self) -> str:
        """Eight letters that are the same for the same weights."""
        return hashlib.sha256(msgspec.json.encode(self, order="sorted")).hexdigest()[:8]

    def adjust(self, logits: Numbers, evidence: Numbers, encoded: Numbers | None) -> Numbers:
        """Adjusted log-odds, (texts, categories). `evidence` is `fusion.weigh_matches`'s; `encoded` are the encoder's
        vectors, (texts, width), nothing where it was not asked."""
        adjusted = logits.astype(np.float64)
        for place, category in enumerate(CATEGORIES):
            weights = self.weights.get(category)
            if weights is not None:
                columns = columns_for(place, logits, evidence, encoded if len(weights) > PLAIN else None)
                adjusted[:, place] += columns @ np.array(weights)
        return np.clip(adjusted, -_MOST, _MOST).astype(np.float32)


class Lesson(NamedTuple):
    """Decisions on one category: the columns (decisions, columns), the base's log-odds, what was decided (0–1), and how
    much each counts."""

    columns: Floats
    base: Floats
    truth: Floats
    counts: Floats

    def of(self, chosen: npt.NDArray[np.bool_] | slice) -> Lesson:
        """Some of the decisions."""
        return Lesson(self.columns[chosen], self.base[chosen], self.truth[chosen], self.counts[chosen])

    def judged(self, weights: Floats | None) -> Floats:
        """The log-odds that these weights give."""
        return self.base if weights is None else self.base + self.columns @ weights


class Figures(msgspec.Struct, frozen=True):
    """How well a model does on decisions that it has not seen: how well it ranks, what it finds at 1 % of false alarms,
    how far its chances are from what was decided."""

    auroc: float
    recall: float
    ece: float


def columns_for(place: int, logits: Numbers, evidence: Numbers, encoded: Numbers | None) -> Floats:
    """What the adjustment of one category weighs, (texts, columns)."""
    parts = [np.ones((len(logits), 1)), logits * _LOGIT_SCALE, evidence[:, place]]
    if encoded is not None:
        parts.append(encoded * _ENCODED_SCALE)
    return np.concatenate(parts, axis=1, dtype=np.float64)


def fit(lesson: Lesson, pull: float) -> Floats:
    """The weights that make the decisions likeliest while `pull` draws them towards nothing (L2), by Newton's method.

    A step that makes things worse is halved, so that it ends well wherever it begins.
    """
    weights = np.zeros(lesson.columns.shape[1])
    loss = _loss(lesson, weights, pull)
    for _ in range(_ROUNDS):
        chances = _chances(lesson.judged(weights))
        slope = lesson.columns.T @ (lesson.counts * (chances - lesson.truth)) + pull * weights
        curve = (lesson.columns * (lesson.counts * chances * (1 - chances))[:, None]).T @ lesson.columns
        step = np.linalg.solve(curve + pull * np.eye(len(weights)), slope)
        size = 1.0
        while (better := _loss(lesson, weights - size * step, pull)) > loss and size > _ENOUGH:
            size /= 2
        if loss - better < _ENOUGH * max(loss, 1.0):
            break
        weights, loss = weights - size * step, better
    return weights


def choose_pull(lesson: Lesson, pulls: tuple[float, ...], folds: int = 4) -> float:
    """The pull that does best on decisions left out, each fold once."""
    place = np.arange(len(lesson.truth)) % folds
    losses = [
        sum(_loss(lesson.of(place == fold), fit(lesson.of(place != fold), pull), 0.0) for fold in range(folds))
        for pull in pulls
    ]
    return pulls[int(np.argmin(losses))]


def share_out(counts: Floats, people: npt.NDArray[np.int64], most: float) -> Floats:
    """The same counts, with none of the people having more than `most` of the sum, as far as there are others.

    With fewer people than that takes, each counts alike at most.
    """
    known, whose = np.unique(people, return_inverse=True)
    sums = np.bincount(whose, counts)
    if len(known) == 0:
        return counts
    most = max(most, 1 / len(known))
    capped = sums.copy()
    # From the largest on: those over the cap get the share that leaves each of them exactly there.
    order = np.argsort(-sums, kind="stable")
    for over in range(1, len(known) + 1):
        rest = sums[order[over:]].sum()
        cap = most * rest / (1 - over * most) if over * most < 1 - 1e-12 else sums.min()
        if sums[order[over - 1]] <= cap:
            break
        capped[order[:over]] = cap
        if over == len(known) or sums[order[over]] <= cap:
            break
    with np.errstate(divide="ignore", invalid="ignore"):
        scale = np.where(sums > 0, capped / sums, 0.0)
    return counts * scale[whose]


def measure(judged: Floats, truth: Floats, counts: Floats) -> Figures:
    """The figures of log-odds against what was decided; there must be decisions of both kinds."""
    yes, no = truth > 0.5, truth <= 0.5
    order = np.argsort(judged[no], kind="stable")
    scores, mass = judged[no][order], counts[no][order]
    below = np.concatenate([[0.0], np.cumsum(mass)])
    left, right = np.searchsorted(scores, judged[yes], "left"), np.searchsorted(scores, judged[yes], "right")
    ranked = (below[left] + below[right]) / 2 / below[-1]
    # Of the harmless at most one in a hundred scores as high; those that score the same count.
    above = below[-1] - below[left]
    found = above <= 0.01 * below[-1]
    weight = counts[yes] / counts[yes].sum()
    return Figures(
        round(float(ranked @ weight), 4), round(float(found @ weight), 4), round(_calibration(judged, truth, counts), 4)
    )


def _calibration(judged: Floats, truth: Floats, counts: Floats) -> float:
    """The expected calibration error, over equally wide bins."""
    chances = _chances(judged)
    place = np.minimum((chances * _BINS).astype(int), _BINS - 1)
    gaps = np.bincount(place, counts * (chances - truth), _BINS)
    return float(np.abs(gaps).sum() / counts.sum())


def _chances(logits: Floats) -> Floats:
    return 1 / (1 + np.exp(-np.clip(logits, -30, 30)))


def _loss(lesson: Lesson, weights: Floats, pull: float) -> float:
    judged = np.clip(lesson.judged(weights), -30, 30)
    surprise = np.logaddexp(0, judged) - lesson.truth * judged
    return float(lesson.counts @ surprise + pull / 2 * weights @ weights)
