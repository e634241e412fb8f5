"""Checks that several kinds of records share: words in all languages, ids that are there once, labels that exist."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Protocol

from rostra.policy.reading import Notes, did_you_mean
from rostra.policy.records import At, Bundle, Texts


class _Named(Protocol):
    @property
    def id(self) -> str: ...
    @property
    def at(self) -> At: ...


def check_texts(notes: Notes, bundle: Bundle, at: At, key: str, what: str, texts: Texts) -> None:
    """Every language of the bundle must be there, and no other."""
    missing = [language for language in bundle.languages if language not in texts]
    if missing and texts:
        remedy = f"write it in {', '.join(missing)}, or take the language out of `languages`"
        notes.at(at, key, f"{what}: {key} is missing in {', '.join(missing)}", remedy)
    for language in texts:
        if language not in bundle.languages:
            remedy = did_you_mean(language, bundle.languages, "add it to `languages` in policy.yaml")
            notes.at(at, key, f"{what}: {key}: {language} is not among the bundle's languages", remedy)


def check_unique(notes: Notes, kind: str, records: Iterable[_Named]) -> None:
    first: dict[str, At] = {}
    for record in records:
        if record.id and record.id in first:
            where = first[record.id]
            remedy = f"the other is at {where.file}:{where.line}; rename or take out one"
            notes.at(record.at, "id", f"{kind} {record.id} is there twice", remedy)
        first.setdefault(record.id, record.at)


def check_labels_of(notes: Notes, bundle: Bundle, at: At, key: str, what: str, labels: Sequence[str]) -> None:
    """Labels must be declared."""
    declared = [label.id for label in bundle.labels]
    for label in labels:
        if label not in declared:
            remedy = did_you_mean(label, declared, "declare it under `labels` in policy.yaml")
            notes.at(at, key, f"{what}: unknown label {label}", remedy)
