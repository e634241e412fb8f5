"""What a text names that could belong to an event in the world: places, days, weapons, targets, and whether it calls
upon others. It says what is there; what that means is for the policy.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date
from typing import Final

import msgspec

from rostra.detect.naming.dates import WORDS, find_dates
from rostra.detect.naming.gazetteer import Named, read_names
from rostra.detect.normalise import Normal
from rostra.detect.phrases.fold import fold
from rostra.detect.reading import Mentioned

_NAMES: Final = read_names()
_WORD: Final = re.compile("[a-z0-9]+|W+")
_NUMBER_DAY: Final = re.compile(r"\d[/.-]\d")
_STARTS: Final = re.compile(
    r"(?:^|[.!?:;,\n\"(>)*-]|@user|httpurl|\b(?:and|so|then|now|please|e|ora|adesso|quindi))\s*\Z"
)
_PREPOSITIONS: Final = """
    in at to near from outside towards around for of a ad da di dal dalla per verso nel nella alla al su vicino"""
_BEFORE_PLACES: Final = frozenset(_PREPOSITIONS.split())
# How many words may stand between an attack and the place that it is meant for.
_REACH: Final = 5
_MOST: Final = 20


class _Found(msgspec.Struct):
    """What has been named so far; dicts keep the order and each name once."""

    places: dict[str, None]
    weapons: dict[str, None]
    targets: dict[str, None]
    imperative: bool = False
    # Where the last word of attack stood.
    attacked_at: int = -_REACH - 1


def extract(text: str, normal: Normal, written_on: date | None) -> Mentioned:
    """Everything that `text` names; `normal` is `normalise(text)`, `written_on` the day from which to count.

    Names are counted under one form (`rome` for Roma, `police station` for questura), each once, at most twenty of a
    kind. Days are ISO 8601; without `written_on` only those with a year can be told.
    """
    folded = fold(normal.text).decode("ascii")
    words = _WORD.findall(folded)
    found = _Found({}, {}, {})
    if not _NAMES.keys().isdisjoint(words):
        _Names(text, normal, folded, words).read(found)
    dates = ()
    if not WORDS.isdisjoint(words) or _NUMBER_DAY.search(folded):
        dates = find_dates(folded, written_on)
    if not (dates or found.places or found.weapons or found.targets or found.imperative):
        return _NOTHING
    return Mentioned(
        tuple(found.places)[:_MOST],
        dates,
        tuple(found.weapons)[:_MOST],
        tuple(found.targets)[:_MOST],
        found.imperative,
    )


_NOTHING: Final = Mentioned()


class _Names:
    """One text, read word by word."""

    def __init__(self, text: str, normal: Normal, folded: str, words: list[str]) -> None:
        self._text = text
        self._normal = normal
        self._folded = folded
        self._words = words
        self._spans: list[tuple[int, int]] = []

    def read(self, found: _Found) -> None:
        """Puts into `found` what the words name; of overlapping forms the longest counts."""
        taken = 0
        for index, form in self._forms():
            last = index + len(form.rest)
            if form.kind in {"call", "call_first", "attack"}:
                self._call(found, form, index)
            elif index >= taken and self._counts(form, index):
                taken = last + 1
                self._name(found, form, index)

    def _forms(self) -> Iterator[tuple[int, Named]]:
        words = self._words
        for index, word in enumerate(words):
            for form in _NAMES.get(word, ()):
                rest = form.rest
                if not rest or tuple(words[index + 1 : index + 1 + len(rest)]) == rest:
                    yield index, form

    def _name(self, found: _Found, form: Named, index: int) -> None:
        if form.kind == "weapon":
            found.weapons[form.name] = None
        elif form.kind == "target":
            found.targets[form.name] = None
        else:
            found.places[form.name] = None
            if not form.known and index - found.attacked_at <= _REACH:
                found.targets[form.name] = None

    def _call(self, found: _Found, form: Named, index: int) -> None:
        if form.kind == "attack":
            found.attacked_at = index
        elif not found.imperative:
            found.imperative = form.kind == "call" or self._begins(index)

    def _counts(self, form: Named, index: int) -> bool:
        """Whether a city is meant: a capital letter or a preposition, and both where the name is a word as well."""
        if not form.known:
            return True
        capital, led = self._is_capital(index), index > 0 and self._words[index - 1] in _BEFORE_PLACES
        return capital and led if form.wary else capital or led

    def _is_capital(self, index: int) -> bool:
        start, end = self._normal.origin(*self._span(index))
        return self._text[start:end][:1].isupper()

    def _begins(self, index: int) -> bool:
        start = self._span(index)[0]
        return bool(_STARTS.search(self._folded[max(0, start - 16) : start])) or start == 0

    def _span(self, index: int) -> tuple[int, int]:
        if not self._spans:
            self._spans = [word.span() for word in _WORD.finditer(self._folded)]
        return self._spans[index]
