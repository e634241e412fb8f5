"""Own hand-written examples for the text model: templates with slots, harmful ones and their benign contrasts.

A file `<language>_<topic>.yaml` maps a kind (`threat.direct`, `benign.game`) to its labels and its templates, one
a line; those of a kind with `times: 2` are filled twice as often as others. `fillers_<language>.yaml` holds what goes
into the slots. The grammar is described in `sentences`. Nothing here is taken from a test suite or a corpus.
"""

from __future__ import annotations

import random
from collections import defaultdict
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any, Final, cast

import msgspec
import yaml

from rostra.detect.reading import CATEGORIES, Category
from training.seeds.sentences import Table, Template, Writer, distinct, normalise, read_table

HERE: Final = Path(__file__).parent
LANGUAGES: Final = ("en", "it")


class Example(msgspec.Struct, frozen=True):
    """One sentence to learn from: its labels (none: benign), its kind, and the template that it comes from."""

    text: str
    language: str
    labels: frozenset[Category]
    kind: str
    template: str


@cache
def templates() -> tuple[Template, ...]:
    """All templates of all languages in the order of the files."""
    found: list[Template] = []
    for path in sorted(HERE.glob("*_*.yaml")):
        language = path.stem.split("_")[0]
        if language not in LANGUAGES:
            continue
        for kind, entry in _read(path).items():
            labels = frozenset(cast("list[str]", entry.get("labels", [])))
            if unknown := labels - set(CATEGORIES):
                raise ValueError(f"{path.name}: {kind}: unknown label {sorted(unknown)}")
            lines = [line.strip() for line in str(entry["texts"]).splitlines()]
            times = int(entry.get("times", 1))
            found += [
                Template(text=line, language=language, kind=kind, labels=labels, times=times) for line in lines if line
            ]
    return tuple(found)


@cache
def fillers(language: str) -> Mapping[str, Table]:
    """The fillers of a language by name."""
    raw = _read(HERE / f"fillers_{language}.yaml")
    return {name: read_table(name, str(text)) for name, text in raw.items()}


def expand(seed: int = 0, per_template: int = 4) -> list[Example]:
    """Every template with up to `per_template` different fillings, the same for the same seed.

    A template without slots comes at most four times, differently dressed. No normalised text comes twice.
    """
    examples: list[Example] = []
    for language in LANGUAGES:
        examples += _expand_language(language, seed, per_template)
    return examples


def _expand_language(language: str, seed: int, per_template: int) -> list[Example]:
    own = [template for template in templates() if template.language == language]
    kinds: dict[str, list[Template]] = defaultdict(list)
    for template in own:
        kinds[template.kind].append(template)
    tables = fillers(language)
    rng = random.Random(f"{seed} {language}")  # noqa: S311 - reproducible, nothing secret
    writer = Writer(language, tables, kinds, rng)
    frames = (tables["openers"], tables["closers"])
    seen: set[str] = set()
    examples: list[Example] = []
    for template in own:
        wanted = min(per_template * template.times, max(4, writer.combinations(template)))
        for text in distinct(writer, template, wanted, frames, rng):
            key = normalise(text)
            if key in seen:
                continue
            seen.add(key)
            labels = cast("frozenset[Category]", template.labels)
            examples.append(
                Example(text=text, language=language, labels=labels, kind=template.kind, template=template.text)
            )
    return examples


def _read(path: Path) -> dict[str, Any]:
    return cast("dict[str, Any]", yaml.load(path.read_text(encoding="utf-8"), yaml.CSafeLoader))
