"""The texts that are for measuring only, and the everyday posts that false alarms are counted on."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import yaml

from rostra.detect.reading import Category
from training.corpora import NO, UNTOLD, YES, Row, clean, labelled, marks, read_lines, read_table

_QUIET: Final = {
    "davidson": {"neither"},
    "paradetox": {"polite"},
    "hatexplain": {"normal"},
    "surge": {"none"},
    "news": {"everyday"},
    "comments": {"everyday"},
}
_HATECHECK_THREATS: Final = ("threat_dir_h", "threat_norm_h")


def is_quiet(row: Row) -> bool:
    """Whether it is a post of nobody in particular, of which corpora say nothing bad."""
    return row.kind in _QUIET.get(row.corpus, ())


def read_hatecheck(folder: Path) -> Iterator[Row]:
    """HateCheck: 29 functions of hate and what looks like it, threats among them."""
    for row in read_table(folder / "test/hatecheck_en.csv"):
        yield _checked(row["test_case"], "en", "hatecheck", row["functionality"], row["label_gold"] == "hateful")


def read_mhc(folder: Path, language: str, name: str) -> Iterator[Row]:
    """Multilingual HateCheck in a language that nothing was learnt in."""
    for row in read_table(folder / f"test/mhc_{name}.csv"):
        hateful = row["label_gold"] == "hateful"
        yield _checked(row["test_case"], language, f"mhc_{language}", row["functionality"], hateful)


def _checked(text: str, language: str, corpus: str, function: str, hateful: bool) -> Row:
    threat = function in _HATECHECK_THREATS
    found = marks(
        hate=YES if hateful else NO,
        threat=YES if threat else NO if not hateful else UNTOLD,
        incitement=UNTOLD if hateful else NO,
    )
    return Row(clean(text), language, corpus, function, found, "test")


def read_hatemojicheck(folder: Path) -> Iterator[Row]:
    """HatemojiCheck: hate with emoji, by function."""
    for row in read_table(folder / "test/hatemojicheck.csv"):
        yield Row(
            clean(row["text"]), "en", "hatemojicheck", row["functionality"],
            marks(hate=YES if row["label_gold"] == "1" else NO), "test",
        )  # fmt: skip


_OPENAI: Final[tuple[tuple[str, tuple[Category, ...]], ...]] = (
    ("V", ("threat", "incitement")),
    ("H2", ("threat", "incitement", "hate")),
    ("H", ("hate",)),
    ("HR", ("harassment",)),
    ("SH", ("self_harm",)),
    ("S", ("sexual",)),
    ("S3", ("sexual",)),
)


def read_openai(folder: Path) -> Iterator[Row]:
    """OpenAI's evaluation set; V is violence, H2 hateful threats, which are here both threat and incitement."""
    for row in read_lines(folder / "test/openai_mod.jsonl.gz"):
        labels = {name for letter, names in _OPENAI if row.get(letter) for name in names}
        kind = "+".join(letter for letter, _names in _OPENAI if row.get(letter)) or "none"
        yield Row(clean(str(row["prompt"])), "en", "openai", kind, labelled(frozenset(labels)), "test")  # type: ignore[arg-type]


def read_news(folder: Path) -> Iterator[Row]:
    """AG News: headlines and first sentences."""
    with (folder / "test/agnews_test.csv").open(encoding="utf-8", newline="") as file:
        for row in csv.reader(file):
            yield Row(clean(f"{row[1]}. {row[2]}"), "en", "news", "everyday", marks(rest=NO), "test")


def read_comments(folder: Path) -> Iterator[Row]:
    """MultiEmotions-It: Italian comments on music and advertisements."""
    for row in read_table(folder / "test/multiemotions_it.tsv", "\t"):
        if row["comment"]:
            yield Row(clean(row["comment"]), "it", "comments", "everyday", marks(rest=NO), "test")


def read_own() -> Iterator[Row]:
    """The project's own held-out sentences, in other words than the templates; `acceptance/*.yaml`."""
    for path in sorted((Path(__file__).parent / "acceptance").glob("*.yaml")):
        for item in yaml.load(path.read_text(encoding="utf-8"), yaml.CSafeLoader):
            labels: frozenset[Category] = frozenset(item.get("labels", ()))
            yield Row(item["text"], path.stem, f"own_{path.stem}", item["kind"], labelled(labels), "test")


def read_development() -> list[Row]:
    """The sentences that choices are made by; `development/*.yaml`, in the form of the templates, without slots."""
    rows: list[Row] = []
    for path in sorted((Path(__file__).parent / "development").glob("*.yaml")):
        for kind, entry in yaml.load(path.read_text(encoding="utf-8"), yaml.CSafeLoader).items():
            labels: frozenset[Category] = frozenset(entry.get("labels", ()))
            lines = [line.strip() for line in entry["texts"].splitlines()]
            rows += [Row(line, path.stem, "development", kind, labelled(labels), "dev") for line in lines if line]
    return rows


def read_tests(folder: Path) -> list[Row]:
    """Every text of `test/` and of the own held-out sentences."""
    rows = [*read_hatecheck(folder), *read_hatemojicheck(folder), *read_openai(folder)]
    for language, name in (("es", "spanish"), ("fr", "french"), ("de", "german")):
        rows += read_mhc(folder, language, name)
    rows += [*read_news(folder), *read_comments(folder), *read_own()]
    return [row for row in rows if row.text]
