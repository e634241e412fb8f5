"""What takes the edge off a find: somebody else's words, a report, a negation, a game, sport, technology, fiction, an
idiom. A suppressed find is still a find; whoever weighs it knows both.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final, Protocol, cast

import re2

from rostra.detect.phrases.fold import Squeezed, join, squeeze
from rostra.detect.phrases.phrase import Edge, Phrase, expand
from rostra.detect.phrases.tables import patterns_of, read_edges

# How far is looked, in code points: a sentence's beginning, its end, the words about a topic.
_BEFORE: Final = 120
_AFTER: Final = 90
_NEAR: Final = 200
# From this weight on a cake in the same post says nothing: only what friends say as well is taken back by it.
_MEANT: Final = 0.7
# What overlaps a find may begin this much earlier, or end this much later.
_LEAN: Final = 45

_QUOTE: Final = re.compile(rb'"[^"]{2,800}"|(?<!\w)\'[^\'\n]{4,300}\'(?!\w)|^[ \t]{0,3}>[^\n]*', re.MULTILINE)
# "No, kill them all" denies nothing.
_SENTENCE_END: Final = re.compile(rb"[.!?](?=\s)|\n|\bno,")
# "I don't care, but", "don't talk or", "he said no, so I": what was negated or reported ends here.
_TURN: Final[dict[Edge, re.Pattern[bytes]]] = {
    "negation": re.compile(
        rb"\b(?:or|but|because|unless|otherwise|then|ma|oppure|perche|senno|altrimenti|o"
        rb"|and (?:i|we|you)|e (?:io|noi|ti|vi|lo|li|la)|when i|until i|wait to|vedo l ora)\b"
    ),
    "report": re.compile(
        rb"\b(?:(?:so|now|but|and|therefore)(?: now| then)? (?:i|we|let s)"
        rb"|quindi|percio|e adesso|e ora)\b"
    ),
}
# A post that is one quotation from end to end is its author's own words.
_OWN_LETTERS: Final = 6
_MASKS: Final = re.compile(rb"@user|httpurl|[^a-z]+")


class _Pattern(Protocol):
    """What is used of a compiled RE2 expression."""

    def search(self, text: bytes) -> re.Match[bytes] | None: ...

    def finditer(self, text: bytes) -> Iterator[re.Match[bytes]]: ...


def _compile(block: str) -> _Pattern:
    options = re2.Options()
    options.never_capture = True
    options.encoding = re2.Options.Encoding.LATIN1
    compiled = re2.compile("|".join(expand(pattern, {}) for pattern in patterns_of(block)).encode("ascii"), options)
    return cast("_Pattern", compiled)


_EDGES: Final = read_edges()
_BEFORE_IT: Final = {edge: _compile(block) for edge, block in _EDGES.before.items()}
_AFTER_IT: Final = {edge: _compile(block) for edge, block in _EDGES.after.items()}
_NEAR_IT: Final = {edge: _compile(block) for edge, block in _EDGES.near.items()}
_OVER_IT: Final = {edge: _compile(block) for edge, block in _EDGES.over.items()}


class Surroundings:
    """One text, asked about the surroundings of finds in it; places are those of the squeezed text."""

    def __init__(self, folded: bytes, squeezed: Squeezed) -> None:
        self._text = folded
        self._squeezed = squeezed
        self._quotes: list[tuple[int, int]] | None = None

    def edge_of(self, phrase: Phrase, start: int, end: int) -> str:
        """The first of the edges that `phrase` yields to and that stands around `start`–`end`, or ''."""
        return next((edge for edge in phrase.yields_to if self._stands(phrase, edge, start, end)), "")

    def _stands(self, phrase: Phrase, edge: Edge, start: int, end: int) -> bool:
        if edge == "quotation":
            return self._is_quoted(start, end)
        if edge in _OVER_IT and self._overlaps(_OVER_IT[edge], start, end):
            return True
        if edge in _BEFORE_IT and self._is_before(edge, start):
            return True
        if edge in _AFTER_IT and _AFTER_IT[edge].search(self._rest(end)):
            return True
        if edge not in _NEAR_IT or (edge == "hyperbole" and phrase.weight >= _MEANT):
            return False
        return _NEAR_IT[edge].search(self._squeezed.text[max(0, start - _NEAR) : end + _NEAR]) is not None

    def _is_before(self, edge: Edge, start: int) -> bool:
        """Whether a sentence begins with what belongs to `edge`, and does not turn before the find."""
        lead = self._lead(start)
        said = _BEFORE_IT[edge].search(lead)
        turn = _TURN.get(edge)
        # The find's own first words may be those that turn: "so now | I'm going to".
        own = self._squeezed.text[start : start + 6]
        return said is not None and not (turn and turn.search(lead + own, said.start()))

    def _lead(self, start: int) -> bytes:
        """What stands before a find in its sentence."""
        place, _ = self._squeezed.span(start, start + 1)
        lead = self._text[max(0, place - _BEFORE) : place]
        ends = [stop.end() for stop in _SENTENCE_END.finditer(lead)]
        return squeeze(join(lead[ends[-1] :] if ends else lead))

    def _rest(self, end: int) -> bytes:
        """What stands after a find in its sentence."""
        _, place = self._squeezed.span(end - 1, end)
        rest = self._text[place : place + _AFTER]
        stop = _SENTENCE_END.search(rest)
        return squeeze(join(rest[: stop.start()] if stop else rest))

    def _overlaps(self, pattern: _Pattern, start: int, end: int) -> bool:
        low = max(0, start - _LEAN)
        window = self._squeezed.text[low : end + _LEAN]
        return any(found.start() + low < end and start < found.end() + low for found in pattern.finditer(window))

    def _is_quoted(self, start: int, end: int) -> bool:
        if self._quotes is None:
            self._quotes = self._find_quotes()
        low, high = self._squeezed.span(start, end)
        return any(first <= low and high <= last for first, last in self._quotes)

    def _find_quotes(self) -> list[tuple[int, int]]:
        quotes = [found.span() for found in _QUOTE.finditer(self._text)]
        own = _QUOTE.sub(b" ", self._text) if quotes else b""
        return quotes if len(_MASKS.sub(b"", own)) >= _OWN_LETTERS else []
