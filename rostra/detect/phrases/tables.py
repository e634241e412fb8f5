"""Reads the tables: phrases, edges and classes of words, from the TOML files beside this module.

A pattern is a line; lines that begin with a blank go on with the one before.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from importlib.resources import files
from typing import Final

import msgspec

from rostra.detect.phrases.conjugate import forms
from rostra.detect.phrases.phrase import Edge, Language, Phrase

_TABLES: Final = files("rostra.detect.phrases").joinpath("tables")
# The classes that every list of Italian verbs gives, by the form of the verb.
_FORMS: Final[dict[str, dict[str, str]]] = {
    "killing": {
        "uccido": "mine",
        "uccidere": "infinitive",
        "ucciderti": "to_you",
        "ucciderli": "to_them",
        "uccidete": "call",
        "uccideteli": "call_them",
        "ucciso": "done",
    },
    "beating": {
        "meno": "mine",
        "menare": "infinitive",
        "menarti": "to_you",
        "menarli": "to_them",
        "menate": "call",
        "menateli": "call_them",
        "menato": "done",
    },
    "breaking": {"rompo": "mine", "spezzate": "call"},
    "thrusting": {"metto": "mine"},
}


class _Words(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    classes: dict[str, str]
    verbs: dict[str, str] = {}


class _Row(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    name: str
    category: str
    reason: str
    weight: float
    patterns: dict[Language, str]
    example: dict[Language, str]
    contrast: dict[Language, str]
    yields_to: tuple[Edge, ...] | msgspec.UnsetType = msgspec.UNSET


class _Table(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    phrase: tuple[_Row, ...]


class Edges(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """By edge, the patterns that are looked for before a find, after it, near it, or over it."""

    before: dict[Edge, str]
    after: dict[Edge, str]
    near: dict[Edge, str]
    over: dict[Edge, str]


def read_phrases(table: str) -> tuple[Phrase, ...]:
    """The phrases of one table; a table that does not fit is a `msgspec.ValidationError` at import."""
    rows = msgspec.convert(_read(table), _Table).phrase
    return tuple(msgspec.convert(_filled(row), Phrase) for row in rows)


def read_classes(language: Language) -> Mapping[str, str]:
    """Classes of words by name, each a comma-separated list of expressions."""
    words = msgspec.convert(_read({"en": "english", "it": "italian"}[language]), _Words)
    made = {
        name: forms(words.verbs[verbs], form)
        for verbs, names in _FORMS.items()
        if verbs in words.verbs
        for name, form in names.items()
    }
    return words.classes | made


def read_edges() -> Edges:
    """What takes the edge off a find."""
    return msgspec.convert(_read("edges"), Edges)


def patterns_of(text: str) -> tuple[str, ...]:
    """The patterns of one block, a line each, long ones put together again."""
    patterns: list[str] = []
    for line in text.splitlines():
        if line.startswith(" "):
            patterns[-1] += line.lstrip(" ")
        elif line:
            patterns.append(line)
    return tuple(patterns)


def _filled(row: _Row) -> dict[str, object]:
    fields = msgspec.to_builtins(row)
    return fields | {"patterns": {language: patterns_of(text) for language, text in row.patterns.items()}}


def _read(table: str) -> dict[str, object]:
    return tomllib.loads(_TABLES.joinpath(f"{table}.toml").read_text(encoding="utf-8"))
