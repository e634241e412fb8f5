"""Finds the built-in phrases in a text: those whose words it has, then the few expressions that are left, then what
surrounds a find. Linear in the text's length, whatever is in it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from functools import cache, lru_cache
from typing import Final, Protocol, cast

import msgspec
import re2

from rostra.detect.normalise import Normal
from rostra.detect.phrases.catalogue import PHRASES
from rostra.detect.phrases.edges import Surroundings
from rostra.detect.phrases.fold import Squeezed, fold, join
from rostra.detect.phrases.kept import find_mesh
from rostra.detect.phrases.phrase import LANGUAGES, Language, Phrase, expand
from rostra.detect.phrases.sieve import Sieve
from rostra.detect.phrases.tables import read_classes
from rostra.detect.reading import Match

# A text that says the same a thousand times says it once; more would only cost time.
_MOST_OF_ONE: Final = 5
_MOST: Final = 40
# What a find in a text of another language is worth: "die" is a German article.
_ELSEWHERE: Final = 0.5
# Bytes that one expression's program and its automaton may take; what is beyond runs slower, not out of memory. The
# largest program just fits: with a megabyte for each, 10,000 posts leave 26 MB more and are read no faster.
_MEMORY: Final = 3 << 16
# So many expressions are kept compiled, 40 kB each and what their automata grow to. A busy server's posts need fewer.
_KEPT: Final = 512

_MARKS: Final = b" \n.,;:!?\"'()-"


class _Known(msgspec.Struct, frozen=True):
    phrase: Phrase
    language: Language
    pattern: str


class _Expression(Protocol):
    """What is used of a compiled RE2 expression."""

    def finditer(self, text: bytes) -> Iterator[re.Match[bytes]]: ...


class Patterns:
    """Every phrase's patterns behind their sieve. Each is compiled when it is first worth looking for: all at once
    would take half a second of every start, and 45 MB."""

    def __init__(self, phrases: Sequence[Phrase]) -> None:
        self.known = tuple(
            _Known(phrase, language, pattern)
            for phrase in phrases
            for language, some in phrase.patterns.items()
            for pattern in some
        )
        self._classes: dict[Language, Mapping[str, str]] = {language: read_classes(language) for language in LANGUAGES}
        self.sieve = Sieve(find_mesh([(known.language, known.pattern) for known in self.known], self._classes))
        self.compiled = lru_cache(_KEPT)(self._compile)

    def _compile(self, index: int) -> _Expression:
        known = self.known[index]
        options = re2.Options()
        options.max_mem = _MEMORY
        # One byte is one code point: nothing else needs to be understood.
        options.encoding = re2.Options.Encoding.LATIN1
        options.never_capture = True
        options.log_errors = False
        expression = expand(known.pattern, self._classes[known.language])
        return cast("_Expression", re2.compile(expression.encode("ascii"), options))


@cache
def patterns() -> Patterns:
    """Those of the built-in phrases, made when the first text is read."""
    return Patterns(PHRASES)


def find_phrases(text: str, normal: Normal, language: str = "") -> tuple[Match, ...]:
    """Every phrase that the text holds, in the order of the original, with what takes the edge off it.

    `normal` is `normalise(text)`; spans are of `text`, in code points. `language` is a BCP 47 primary tag or empty; it
    only halves the weight of finds of other languages. At most 40 matches, at most one of a name over one place.
    """
    folded = fold(normal.text)
    squeezed = Squeezed(join(folded))
    all_of_them = patterns()
    around = Surroundings(folded, squeezed)
    found: dict[tuple[str, int, int], Match] = {}
    for index in all_of_them.sieve.candidates(squeezed.text):
        known = all_of_them.known[index]
        for start, end in _spans(all_of_them.compiled(index), squeezed.text):
            edge = around.edge_of(known.phrase, start, end)
            match = _match(known, text, normal, squeezed.span(start, end), edge, language)
            found.setdefault((match.name, match.start, match.end), match)
    return _widest(list(found.values()))


def _spans(expression: _Expression, squeezed: bytes) -> list[tuple[int, int]]:
    spans: list[tuple[int, int]] = []
    for found in expression.finditer(squeezed):
        start, end = found.span()
        # What begins or ends a sentence helps to know a phrase, but is not part of it.
        said = squeezed[start:end]
        spans.append((end - len(said.lstrip(_MARKS)), start + len(said.rstrip(_MARKS))))
        if len(spans) == _MOST_OF_ONE:
            break
    return spans


def _match(known: _Known, text: str, normal: Normal, span: tuple[int, int], edge: str, language: str) -> Match:
    start, end = normal.origin(*span)
    phrase = known.phrase
    foreign = language and language != known.language
    return Match(
        phrase.name,
        phrase.category,
        min(start, len(text)),
        min(end, len(text)),
        phrase.reason,
        phrase.weight * _ELSEWHERE if foreign else phrase.weight,
        edge,
    )


def _widest(found: list[Match]) -> tuple[Match, ...]:
    """Of finds of one name that overlap, the one that nothing suppresses, then the widest."""
    found.sort(key=lambda match: (match.name, match.suppressed_by != "", match.start - match.end, match.start))
    kept: list[Match] = []
    for match in found:
        if len(kept) == _MOST:
            break
        if not any(other.name == match.name and other.start < match.end and match.start < other.end for other in kept):
            kept.append(match)
    kept.sort(key=lambda match: (match.start, match.end, match.name))
    return tuple(kept)
