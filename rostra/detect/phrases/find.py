"""Finds the built-in phrases in a text: one pass over all of them for the words they cannot do without, then the few
expressions that are left, then what surrounds a find. Linear in the text's length, whatever is in it.
"""

from __future__ import annotations

from functools import cache
from typing import Final

import msgspec
import re2

from rostra.detect.normalise import Normal
from rostra.detect.phrases.catalogue import PHRASES
from rostra.detect.phrases.edges import Surroundings
from rostra.detect.phrases.fold import Squeezed, fold, join
from rostra.detect.phrases.phrase import LANGUAGES, Language, Phrase, expand
from rostra.detect.phrases.tables import read_classes
from rostra.detect.reading import Match

# A text that says the same a thousand times says it once; more would only cost time.
_MOST_OF_ONE: Final = 5
_MOST: Final = 40
# What a find in a text of another language is worth: "die" is a German article.
_ELSEWHERE: Final = 0.5
# Bytes that one expression's program and its automaton may take; what is beyond runs slower, not out of memory.
_MEMORY: Final = 4 << 20

_MARKS: Final = b" \n.,;:!?\"'()-"


class _Known(msgspec.Struct, frozen=True):
    phrase: Phrase
    language: Language


def _options() -> re2.Options:
    options = re2.Options()
    options.max_mem = _MEMORY
    # One byte is one code point: nothing else needs to be understood.
    options.encoding = re2.Options.Encoding.LATIN1
    options.never_capture = True
    options.log_errors = False
    return options


@cache
def compiled() -> tuple[re2.Filter, tuple[_Known, ...]]:
    """The sieve with every phrase's patterns, made when the first text is read: it takes a second and 60 MB, which a
    process that reads none is spared."""
    sieve, known, options = re2.Filter(), list[_Known](), _options()
    classes = {language: read_classes(language) for language in LANGUAGES}
    for phrase in PHRASES:
        for language, patterns in phrase.patterns.items():
            for pattern in patterns:
                sieve.Add(expand(pattern, classes[language]).encode("ascii"), options)
                known.append(_Known(phrase, language))
    sieve.Compile()
    return sieve, tuple(known)


def find_phrases(text: str, normal: Normal, language: str = "") -> tuple[Match, ...]:
    """Every phrase that the text holds, in the order of the original, with what takes the edge off it.

    `normal` is `normalise(text)`; spans are of `text`, in code points. `language` is a BCP 47 primary tag or empty; it
    only halves the weight of finds of other languages. At most 40 matches, at most one of a name over one place.
    """
    folded = fold(normal.text)
    squeezed = Squeezed(join(folded))
    sieve, patterns = compiled()
    indices = sieve.Match(squeezed.text)
    if indices is None:
        return ()
    around = Surroundings(folded, squeezed)
    found: dict[tuple[str, int, int], Match] = {}
    for index in indices:
        known = patterns[index]
        for start, end in _spans(sieve, index, squeezed.text):
            edge = around.edge_of(known.phrase, start, end)
            match = _match(known, text, normal, squeezed.span(start, end), edge, language)
            found.setdefault((match.name, match.start, match.end), match)
    return _widest(list(found.values()))


def _spans(sieve: re2.Filter, index: int, squeezed: bytes) -> list[tuple[int, int]]:
    spans: list[tuple[int, int]] = []
    for found in sieve.re(index).finditer(squeezed):
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
