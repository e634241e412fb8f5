"""`python -m training develop`: how the model of the package does on the development sentences, and what it confuses.

Templates, phrases, weights and penalties are chosen by these sentences and by the rows of `dev`, never by a test set.
They were written by the hand that wrote the templates: their figures flatter. Where the corpora are at hand, it also
says what is found at few false alarms among the harmless posts of `dev`: a ranking does not tell that.
"""

from __future__ import annotations

from pathlib import Path
from typing import Final

import numpy as np
import numpy.typing as npt

from rostra.detect.cascade import Cascade, find_parts
from rostra.detect.reading import CATEGORIES
from training.corpora import YES, Row
from training.measure import auroc, found, threshold, weighted_threshold
from training.prepare import prepare
from training.sets import is_quiet, read_development

Scores = npt.NDArray[np.float32]

# The share of the harmless that may be flagged where it is counted what is found: they are few, and all look harmful.
_FLAGGED: Final = 0.05
_SHOWN: Final = 8
_AT_ONCE: Final = 512
_VIOLENT: Final = [CATEGORIES.index("threat"), CATEGORIES.index("incitement")]


# Everyday posts of `dev` are few, and no news are among them: its quiet posts stand for one everyday post in seven, the
# reports of violence of own templates for as many, and the rest is taken for plainly harmless.
_STAND_FOR: Final = 1 / 7
_SHARES: Final = (0.01, 0.001)
_REPORTS: Final = frozenset({"benign.news", "benign.report"})


def develop(folder: Path | None) -> None:
    """Prints the table, and the worst confusions of each language and category; with the corpora in `folder` also what
    is found where few everyday posts are flagged."""
    rows = read_development()
    if folder is not None:
        _report_reach([*prepare(folder)[0].of("dev").rows, *rows])
    for language in ("en", "it"):
        _report(language, [row for row in rows if row.language == language])


def _report_reach(rows: list[Row]) -> None:
    """What is found of threats and calls in English, for each corpus and each kind of development sentences."""
    rows = [row for row in rows if row.language == "en"]
    scores = _judge(rows)[:, _VIOLENT].max(axis=1).astype(np.float64)
    quiet = np.array([is_quiet(row) for row in rows])
    reports = np.array([row.kind in _REPORTS for row in rows])
    masses = np.where(quiet, _STAND_FOR / quiet.sum(), np.where(reports, _STAND_FOR / reports.sum(), 0))
    above = [weighted_threshold(scores, masses, share) for share in _SHARES]
    violent = np.array([any(row.marks[at] == YES for at in _VIOLENT) for row in rows])
    names = np.array([row.kind if row.corpus == "development" else row.corpus for row in rows])
    print("found at " + " and ".join(f"{share:.1%}" for share in _SHARES) + " of everyday posts flagged")
    for name in sorted(set(names[violent].tolist())):
        chosen = scores[violent & (names == name)]
        reach = "  ".join(f"{found(chosen, each):.2f}" for each in above)
        print(f"  {name:24s} {len(chosen):5d}  {reach}")


def _judge(rows: list[Row]) -> Scores:
    cascade = Cascade.load(encoders=0)
    texts, languages = [row.text for row in rows], [row.language for row in rows]
    some = range(0, len(rows), _AT_ONCE)
    parts = [find_parts(texts[at : at + _AT_ONCE], languages[at : at + _AT_ONCE]) for at in some]
    judged = [cascade.judge(texts[at : at + _AT_ONCE], part) for at, part in zip(some, parts, strict=True)]
    return np.concatenate(judged)


def _report(language: str, rows: list[Row]) -> None:
    texts = [row.text for row in rows]
    logits = _judge(rows)
    marks = np.array([row.marks for row in rows])
    harmless = (marks != YES).all(axis=1)
    for name, columns in [("violence", _VIOLENT), *((name, [at]) for at, name in enumerate(CATEGORIES))]:
        scores: Scores = logits[:, columns].max(axis=1)
        harmful = (marks[:, columns] == YES).any(axis=1)
        above = threshold(scores[harmless].astype(np.float64), _FLAGGED)
        ranking = auroc(scores[harmful].astype(np.float64), scores[harmless].astype(np.float64))
        reach = found(scores[harmful].astype(np.float64), above)
        print(f"\n{language} {name}: {harmful.sum()} harmful, AUROC {ranking:.3f}, found at {_FLAGGED:.0%} {reach:.2f}")
        order = np.argsort(scores)
        for place in [each for each in order[::-1].tolist() if harmless[each]][:_SHOWN]:
            print(f"  harmless {scores[place]:6.2f}  {texts[place]}")
        for place in [each for each in order.tolist() if harmful[each]][:_SHOWN]:
            print(f"  harmful  {scores[place]:6.2f}  {texts[place]}")
