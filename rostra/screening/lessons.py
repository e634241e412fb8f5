"""From what people decided to what there is to learn: which category a decision was about, what it says of it, how much
it counts, and which decisions are held back to measure by. Pure: rows in, lessons out.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Final, NamedTuple

import msgspec
import numpy as np

from rostra.detect.adjust import (
    Adjustment,
    Figures,
    Lesson,
    choose_pull,
    columns_for,
    fit,
    measure,
    share_out,
)
from rostra.detect.cascade import Judged
from rostra.detect.reading import CATEGORIES, Category
from rostra.policy.records import STRENGTH, Bundle
from rostra.screening.learn_queries import Row

LEAST: Final = 50
"""Decisions on a category below which nothing is learnt of it …"""
LEAST_OF_EACH: Final = 10
"""… and of each outcome."""
MOST_OF_ONE: Final = 0.3
"""Of the weight of all decisions on a category, the most that one reviewer has."""
HELD_BACK: Final = 0.2
"""Of each outcome so many of the newest are held back …"""
LEAST_HELD_BACK: Final = 5
"""… and no fewer, for what is measured on less is chance."""
ANCHORED: Final = 0.5
"""What ordinary posts count, whose chances are to stay where they are, as a share of what the decisions count."""
_PULLS: Final = (1.0, 3.0, 10.0, 30.0)
# The encoder's vectors make lessons wide; more of the newest decisions say little new.
_MOST: Final = 2_000
_SLACK: Final = 0.005

_GOOD: Final = frozenset({"ok", "decision_reversed", "sample_good"})
_BAD: Final = frozenset({"violates", "sample_bad"})
LABELLED: Final = "text_labelled"
TYPES: Final = ("decision", "decision_reversed", LABELLED)
_REVERSED: Final = "decision_reversed"
# Taken back at once, or by a newer verdict: nothing was said.
_UNDONE: Final = "undone"
_TEXT_FACT: Final = re.compile(rf"\btext\.({'|'.join(CATEGORIES)})\b")


class Decision(msgspec.Struct, frozen=True, kw_only=True):
    """What a person says of a text: by category, whether it is of it. `counts` is 2 for what was turned round."""

    status_id: int
    says: dict[Category, bool]
    actor_id: int
    at: datetime
    counts: float = 1.0


class Learnt(msgspec.Struct, frozen=True, kw_only=True):
    """What came of the decisions on one category. `outcome`: promoted, too-few, no-better, or
    breaks-tests where tests of the policy stand in the way; the figures are of the
    decisions that were held back, of what is in force and of what was learnt."""

    decisions: int
    bad: int
    reviewers: int
    held_back: int = 0
    outcome: str = "too-few"
    before: Figures | None = None
    after: Figures | None = None


class Texts(NamedTuple):
    """What the model says of texts, and where each of them is."""

    judged: Judged
    places: dict[int, int]

    def lesson(self, place: int, ids: Sequence[int], truth: Sequence[float], counts: Sequence[float]) -> Lesson:
        """A lesson on the category at `place`, of these texts."""
        at = [self.places[each] for each in ids]
        logits, evidence = self.judged.logits[at], self.judged.evidence[at]
        encoded = None if self.judged.encoded is None else self.judged.encoded[at]
        columns = columns_for(place, logits, evidence, encoded)
        return Lesson(columns, logits[:, place].astype(np.float64), np.array(truth), np.array(counts))


def read_decisions(rows: Iterable[Row], bundle: Bundle) -> list[Decision]:
    """What people say of each status, the last word for each, the oldest first."""
    categories = categories_of(bundle)
    last: dict[int, Decision] = {}
    for row in sorted(rows, key=lambda row: row.at):
        says: dict[Category, bool] = {}
        if row.type == _UNDONE:
            last.pop(row.status_id, None)
        elif row.type == LABELLED:
            says = {category: category in (row.categories or ()) for category in CATEGORIES}
        elif row.type in _GOOD | _BAD:
            says = dict.fromkeys(categories.get(row.clause, ()), row.type in _BAD)
        if says:
            last[row.status_id] = Decision(
                status_id=row.status_id,
                says=says,
                actor_id=row.actor_id,
                at=row.at,
                counts=2.0 if row.type == _REVERSED else 1.0,
            )
    return sorted(last.values(), key=lambda decision: decision.at)


def categories_of(bundle: Bundle) -> dict[str, tuple[Category, ...]]:
    """The categories that decisions under each clause are about: what most of its rules speak of.

    Clauses that only put labels say nothing: what they are about may stay.
    """
    found: dict[str, tuple[Category, ...]] = {}
    named: dict[str, Counter[str]] = {clause.id: Counter() for clause in bundle.clauses}
    for rule in bundle.rules:
        if rule.clause in named:
            named[rule.clause].update(set(_TEXT_FACT.findall(rule.when)))
    for clause in bundle.clauses:
        most = max(named[clause.id].values(), default=0)
        first: list[Category] = [category for category in CATEGORIES if most and named[clause.id][category] == most]
        if len(first) > 1:
            words = re.split(r"\W", clause.id)
            first = [category for category in first if category in words]
        if first and any(STRENGTH[action] > STRENGTH["label"] for action in clause.action.actions):
            found[clause.id] = tuple(first)
    return found


def learn_from(
    decisions: Sequence[Decision], texts: Texts, ordinary: Sequence[int], in_force: Adjustment | None, base: str
) -> tuple[Adjustment, dict[Category, Learnt]]:
    """The adjustment with what wins on the decisions that were held back, and what came of each category.

    `ordinary` are posts that nobody has decided on, whose chances are to stay as they are. Takes seconds, with the
    encoder a minute or two.
    """
    weights: dict[Category, tuple[float, ...]] = dict(in_force.weights) if in_force is not None else {}
    learnt: dict[Category, Learnt] = {}
    for place, category in enumerate(CATEGORIES):
        about = [decision for decision in decisions if category in decision.says][-_MOST:]
        found, won = _learn_category(place, category, about, texts, ordinary, weights.get(category))
        learnt[category] = found
        if won is not None:
            weights[category] = won
    return Adjustment(base=base, weights=weights), learnt


def _learn_category(
    place: int,
    category: Category,
    about: Sequence[Decision],
    texts: Texts,
    ordinary: Sequence[int],
    in_force: tuple[float, ...] | None,
) -> tuple[Learnt, tuple[float, ...] | None]:
    bad = sum(decision.says[category] for decision in about)
    reviewers = len({decision.actor_id for decision in about})
    few = Learnt(decisions=len(about), bad=bad, reviewers=reviewers)
    if len(about) < LEAST or min(bad, len(about) - bad) < LEAST_OF_EACH:
        return few, None
    learnt_from, measured_by = _split(about, category)
    older = _lesson(place, category, learnt_from, texts)
    held_back = _lesson(place, category, measured_by, texts)
    pull = choose_pull(older, _PULLS)
    weights = fit(_anchored(older, place, texts, ordinary), pull).round(5)
    before = np.array(in_force) if in_force is not None and len(in_force) == len(weights) else None
    was = measure(held_back.judged(before), held_back.truth, held_back.counts)
    now = measure(held_back.judged(weights), held_back.truth, held_back.counts)
    won = _wins(was, now, 1.001 / max(int(held_back.truth.sum()), 1))
    found = msgspec.structs.replace(
        few,
        held_back=len(measured_by),
        outcome="promoted" if won else "no-better",
        before=was,
        after=now,
    )
    return found, tuple(weights.tolist()) if won else None


def _lesson(place: int, category: Category, about: Sequence[Decision], texts: Texts) -> Lesson:
    truth = [float(decision.says[category]) for decision in about]
    people = np.array([decision.actor_id for decision in about], np.int64)
    counts = share_out(np.array([decision.counts for decision in about]), people, MOST_OF_ONE)
    return texts.lesson(place, [decision.status_id for decision in about], truth, counts.tolist())


def _anchored(lesson: Lesson, place: int, texts: Texts, ordinary: Sequence[int]) -> Lesson:
    """The decisions, and ordinary posts at the chance that the model gives them.

    What is decided on is what was flagged: without these, a server whose holds are mostly refused would learn that most
    posts are bad.
    """
    if not ordinary:
        return lesson
    each = ANCHORED * float(lesson.counts.sum()) / len(ordinary)
    anchors = texts.lesson(place, ordinary, [0.0] * len(ordinary), [each] * len(ordinary))
    anchors = anchors._replace(truth=1 / (1 + np.exp(-anchors.base)))
    return Lesson(*(np.concatenate(pair) for pair in zip(lesson, anchors, strict=True)))


def _split(about: Sequence[Decision], category: Category) -> tuple[list[Decision], list[Decision]]:
    """What is learnt from and what is held back: of each outcome the newest, of each reviewer in proportion.

    Of all together the newest may be of one outcome alone, as after a day of answers about something else; or of one
    person, who would have the only say in what does better.
    """
    held_back: set[int] = set()
    for outcome in (True, False):
        of_it = [decision for decision in about if decision.says[category] is outcome]
        number = max(int(len(of_it) * HELD_BACK), LEAST_HELD_BACK)
        held_back.update(decision.status_id for decision in _newest_of_each(of_it)[:number])
    older = [decision for decision in about if decision.status_id not in held_back]
    return older, [decision for decision in about if decision.status_id in held_back]


def _newest_of_each(decisions: Sequence[Decision]) -> list[Decision]:
    """Those first that are the newest among their reviewer's."""
    had: Counter[int] = Counter()
    everybodys = Counter(decision.actor_id for decision in decisions)
    ranked: list[tuple[float, int, Decision]] = []
    for age, decision in enumerate(reversed(decisions)):
        had[decision.actor_id] += 1
        ranked.append((had[decision.actor_id] / (everybodys[decision.actor_id] + 1), age, decision))
    return [decision for _, _, decision in sorted(ranked, key=lambda each: each[:2])]


def _wins(was: Figures, now: Figures, one: float) -> bool:
    """It ranks better or its chances are truer, and neither is worse; nor does it find less, but for the share `one`
    of a single decision, by which what is found among a few dozen comes and goes by chance."""
    if now.auroc < was.auroc or now.ece > was.ece + _SLACK or now.recall < was.recall - one:
        return False
    return now.auroc > was.auroc + _SLACK or now.ece < was.ece - _SLACK


def describe(learnt: Mapping[Category, Learnt]) -> dict[str, object]:
    """The figures as they are kept."""
    return {category: msgspec.to_builtins(found) for category, found in learnt.items()}
