"""Checks that several kinds of records share: words in all languages, ids that are there once, labels that exist."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Protocol

from rostra.policy.reading import Notes, did_you_mean, named
from rostra.policy.records import At, Bundle, Texts
from rostra.policy.said import Said, of, said


class _Named(Protocol):
    @property
    def id(self) -> str: ...
    @property
    def at(self) -> At: ...


def check_texts(notes: Notes, bundle: Bundle, at: At, key: str, what: Said, texts: Texts) -> None:
    """Every language of the bundle must be there, and no other."""
    missing = [language for language in bundle.languages if language not in texts]
    if missing and texts:
        names = ", ".join(missing)
        remedy = said("write it in %(names)s, or take the language out of `languages`", names=names)
        notes.at(at, key, of(what, said("%(name)s is missing in %(names)s", name=key, names=names)), remedy)
    for language in texts:
        if language not in bundle.languages:
            remedy = did_you_mean(language, bundle.languages, said("add it to `languages` in policy.yaml"))
            wrong = said("%(name)s: %(text)s is not among the bundle's languages", name=key, text=language)
            notes.at(at, key, of(what, wrong), remedy)


def check_unique(notes: Notes, kind: Said, records: Iterable[_Named]) -> None:
    first: dict[str, At] = {}
    for record in records:
        if record.id and record.id in first:
            where = first[record.id]
            place = f"{where.file}:{where.line}"
            remedy = said("the other is at %(place)s; rename or take out one", place=place)
            notes.at(record.at, "id", said("%(what)s is there twice", what=named(kind, record.id)), remedy)
        first.setdefault(record.id, record.at)


def check_labels_of(notes: Notes, bundle: Bundle, at: At, key: str, what: Said, labels: Sequence[str]) -> None:
    """Labels must be declared."""
    declared = [label.id for label in bundle.labels]
    for label in labels:
        if label not in declared:
            remedy = did_you_mean(label, declared, said("declare it under `labels` in policy.yaml"))
            notes.at(at, key, of(what, said("unknown label %(name)s", name=label)), remedy)
