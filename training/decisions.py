"""`python -m training.decisions FOLDER`: what a server gains by learning from its own decisions, simulated.

Texts of test sets stand for posts that people decided on, four reviewers in turn; what is learnt goes through the same
gate as on a server, and is measured on texts that were never decided on.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final

import numpy as np

from rostra.detect.adjust import Adjustment, Figures, measure
from rostra.detect.cascade import Cascade, Judged, find_parts
from rostra.detect.reading import CATEGORIES, Category
from rostra.screening.lessons import Decision, Texts, learn_from
from training.corpora import NO, YES, Row
from training.sets import read_tests

_DOMAINS: Final[tuple[tuple[str, Category], ...]] = (
    ("openai", "threat"), ("openai", "hate"), ("openai", "sexual"),
    ("hatecheck", "threat"), ("hatecheck", "hate"), ("hatemojicheck", "hate"), ("mhc_de", "hate"),
)  # fmt: skip
_NUMBERS: Final = (50, 100, 200, 500)
_REPEATS: Final = 5
_ORDINARY: Final = 300
_MOST: Final = 1_700
_AT_ONCE: Final = 128
_BEGAN: Final = datetime(2026, 1, 1, tzinfo=UTC)


def run(folder: Path, *, encoders: int) -> None:
    """Print a line for each corpus, category and number of decisions."""
    cascade = Cascade.load(encoders=encoders)
    rows = read_tests(folder)
    ordinary = [row for row in rows if row.corpus == "news"][:_ORDINARY]
    print(
        f"{'corpus':<14} {'category':<8} {'decisions':>9} {'promoted':>8} {'worse':>5}   AUROC         "
        "at 1 %        error"
    )
    for corpus in dict.fromkeys(corpus for corpus, _ in _DOMAINS):
        random = np.random.default_rng(1)
        some = [row for row in rows if row.corpus == corpus]
        some = [some[place] for place in random.permutation(len(some))[:_MOST]]
        texts = Texts(_read(cascade, [*some, *ordinary]), {place: place for place in range(len(some) + len(ordinary))})
        for name, category in _DOMAINS:
            for number in _NUMBERS if name == corpus else ():
                _print_line(cascade.version, corpus, category, number, some, texts)


def _print_line(base: str, corpus: str, category: Category, number: int, rows: Sequence[Row], texts: Texts) -> None:
    place = CATEGORIES.index(category)
    told = [at for at, row in enumerate(rows) if row.marks[place] in (YES, NO)]
    if len(told) < number + 300:
        return
    promoted, worse, pairs = 0, 0, list[tuple[Figures, Figures]]()
    for repeat in range(_REPEATS):
        order = np.random.default_rng(repeat).permutation(told).tolist()
        decisions = [_decision(at, n, category, rows[at].marks[place] == YES) for n, at in enumerate(order[:number])]
        anchors = list(range(len(rows), len(texts.places)))
        adjustment, learnt = learn_from(decisions, texts, anchors, None, base)
        promoted += learnt[category].outcome == "promoted"
        pairs.append(_measure(adjustment, category, order[number:], rows, texts))
        worse += pairs[-1][1].auroc < pairs[-1][0].auroc - 0.01
    means = np.array([[list(_astuple(each)) for each in pair] for pair in pairs]).mean(axis=0)
    shown = "   ".join(f"{was:.2f} → {now:.2f}" for was, now in zip(*means, strict=True))
    print(f"{corpus:<14} {category:<8} {number:>9} {promoted}/{_REPEATS:<6} {worse:>5}   {shown}", flush=True)


def _astuple(figures: Figures) -> tuple[float, float, float]:
    return figures.auroc, figures.recall, figures.ece


def _decision(at: int, number: int, category: Category, bad: bool) -> Decision:
    moment = _BEGAN + timedelta(minutes=number)
    return Decision(status_id=at, says={category: bad}, actor_id=number % 4, at=moment)


def _measure(
    adjustment: Adjustment, category: Category, unseen: Sequence[int], rows: Sequence[Row], texts: Texts
) -> tuple[Figures, Figures]:
    """The figures before and after, on texts that nobody decided on."""
    place, judged = CATEGORIES.index(category), texts.judged
    after = judged.adjusted(adjustment)
    at = list(unseen)
    truth = np.array([float(rows[each].marks[place] == YES) for each in at])
    ones = np.ones(len(at))
    before, now = (measure(logits[at, place].astype(np.float64), truth, ones) for logits in (judged.logits, after))
    return before, now


def _read(cascade: Cascade, rows: Sequence[Row]) -> Judged:
    read: list[Judged] = []
    for first in range(0, len(rows), _AT_ONCE):
        some = rows[first : first + _AT_ONCE]
        texts = [row.text for row in some]
        read.append(cascade.judge_all(texts, find_parts(texts, [row.language for row in some])))
    encoded = [each.encoded for each in read if each.encoded is not None]
    return Judged(
        np.concatenate([each.logits for each in read]),
        np.concatenate([each.evidence for each in read]),
        np.concatenate(encoded) if encoded else None,
        np.concatenate([each.asked for each in read]),
    )


if __name__ == "__main__":
    run(Path(sys.argv[1]), encoders=int("--encoder" in sys.argv))
