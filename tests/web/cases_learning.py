"""The templates of what the model learns, with the variables that they document: as they usually are, empty, and hostile."""

from __future__ import annotations

# ruff: noqa: E501
# fmt: off
from datetime import timedelta
from typing import Any

import msgspec

from rostra.detect.adjust import Figures
from rostra.detect.reading import CATEGORIES, Category
from rostra.moderation.cases.rest import Today
from rostra.screening.learn import Outcome
from rostra.screening.learn_overview import InForce, Learning
from rostra.screening.learn_queries import ActiveRow, TextRow
from rostra.screening.learn_run_queries import Answers, RunRow, Switch
from rostra.screening.lessons import Learnt
from rostra.screening.propose import Question
from rostra.web.context import Page
from tests.web import samples as s
from tests.web.case import Case
from tests.web.samples import NOW, page


def learning_cases() -> dict[str, Case]:
    """Name to case."""
    at = page("/admin/policy/learning")
    few = Learnt(decisions=12, bad=3, reviewers=1)
    better = Learnt(decisions=180, bad=71, reviewers=3, held_back=36, outcome="promoted", before=Figures(0.71, 0.1, 0.21), after=Figures(0.84, 0.31, 0.06))
    worse = msgspec.structs.replace(better, outcome="no-better", after=Figures(0.6, 0.0, 0.3))
    figures: dict[Category, Learnt] = {"threat": better, "hate": worse, "spam": few}
    row = ActiveRow(id=9, base="b", figures={}, created_at=NOW, activated_at=NOW, before_id=None)
    force = InForce(row=row, name="1a2b3c4d", suits=True, figures=figures, adjusts=("threat",), actor="ada")
    ended = RunRow(id=3, started_at=NOW, finished_at=NOW, outcome={}, actor=None)
    switches = [Switch(type="model_rolled_back", adjustment_id=8, created_at=NOW, name="", actor=None), Switch(type="model_promoted", adjustment_id=9, created_at=NOW, name="1a2b3c4d", actor="ada")]
    full = Learning(in_force=force, running=None, last=ended, outcome=Outcome(categories=figures, promoted="1a2b3c4d"), waits=False, switches=switches, answers=Answers(answers=1204, mine_today=1))
    bare = Learning(in_force=None, running=None, last=None, outcome=None, waits=False, switches=[], answers=Answers(answers=0, mine_today=0))
    old = msgspec.structs.replace(force, suits=False, actor=None, figures={}, row=msgspec.structs.replace(row, before_id=4, activated_at=NOW + timedelta(days=1)))

    def learning(case: Learning, place: Page = at) -> Case:
        return Case("admin/learning.html", place, {"learning": case, "least": 50, "least_of_each": 10, "decimal": lambda number: f"{number:.3f}"})

    text = TextRow(id=5, account_id=2, revision=1, language="it", spoiler_text=s.HOSTILE, text=s.HOSTILE, username="tomas", domain=None, poll_options=["a", s.HOSTILE], descriptions=["", s.HOSTILE])
    question = Question(row=text, chances={"threat": 0.512, "hate": 0.0001}, then=(6, 7))
    label: dict[str, Any] = {"question": question, "categories": CATEGORIES, "left": "5.6.7", "skip": "/admin/policy/learning/label?waiting=6.7", "said": None, "change": "", "is_new": True, "answers": Answers(answers=3, mine_today=2), "today": Today(items={}), "is_enough": False, "since": 1777, "problem": "", "percent": lambda share: f"{share:.0%}"}
    said = label | {"said": ["threat", "hate"], "change": "/admin/policy/learning/label?waiting=4.5&again=1", "is_new": False}
    place = page("/admin/policy/learning/label", administrator=False, moderator=True)
    return {
        "admin/learning": learning(full),
        "admin/learning-empty": learning(bare, page("/admin/policy/learning", administrator=False, moderator=True)),
        "admin/learning-old": learning(msgspec.structs.replace(full, in_force=old, waits=True, running=ended, outcome=Outcome(broken=("tests/a.yaml:3: <b>", "x")))),
        "admin/learning-cut": learning(msgspec.structs.replace(bare, last=ended)),
        "admin/learning-overtaken": learning(msgspec.structs.replace(bare, last=ended, outcome=Outcome(categories=figures, skipped="x"))),
        "admin/learning-left-out": learning(msgspec.structs.replace(full, outcome=Outcome(categories={"hate": msgspec.structs.replace(better, outcome="breaks-tests")}, promoted="1a2b3c4d", broken=("tests/a.yaml:3: <b>",)))),
        "admin/learning-nothing": learning(msgspec.structs.replace(bare, last=ended, outcome=Outcome(categories=figures))),
        "admin/learning-other": learning(msgspec.structs.replace(bare, last=ended, outcome=Outcome(categories=figures, promoted="99"))),
        "admin/learning_label-hostile": Case("admin/learning_label.html", place, label),
        "admin/learning_label-said": Case("admin/learning_label.html", place, said | {"problem": "It was edited."}),
        "admin/learning_label-fine": Case("admin/learning_label.html", place, said | {"said": []}),
        "admin/learning_label-over": Case("admin/learning_label.html", place, said | {"question": None}),
        "admin/learning_label-nothing": Case("admin/learning_label.html", place, label | {"question": None}),
        "admin/learning_label-enough": Case("admin/learning_label.html", place, label | {"question": None, "is_enough": True, "today": Today(items={}, resting_until=NOW + timedelta(minutes=9))}),
    }
