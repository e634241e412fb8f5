"""Texts with the words marked that moderation means. Escapes everything: spans count characters of plain text."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

import msgspec
from markupsafe import Markup, escape

from rostra.screening.subject import Mark, Part

Span = tuple[str, int, int, str]


class MarkedPart(msgspec.Struct, frozen=True):
    """A text of a form with its marked words, and those words by themselves. `field` is where it was written."""

    field: str
    html: Markup
    words: Sequence[str]


def mark_words(text: str, spans: Iterable[tuple[int, int]]) -> Markup:
    """The text as HTML with `<mark>` around the spans; spans that overlap or touch become one, wrong ones are cut."""
    pieces: list[Markup | str] = []
    last = 0
    for start, end in _joined(spans, len(text)):
        pieces += [escape(text[last:start]), Markup("<mark>{}</mark>").format(text[start:end])]
        last = end
    return Markup("").join([*pieces, escape(text[last:])])


def mark_field(text: str, spans: Iterable[Span], field: str) -> Markup:
    """The text of one field, with those of the spans marked that lie in it."""
    return mark_words(text, ((start, end) for where, start, end, _ in spans if where == field))


def marked_parts(parts: Sequence[Part], marks: Sequence[Mark]) -> list[MarkedPart]:
    """The parts that have marks, in their order."""
    found: list[MarkedPart] = []
    for part in parts:
        spans = list(_joined(((m.start, m.end) for m in marks if m.field == part.field), len(part.text)))
        if spans:
            words = dict.fromkeys(part.text[start:end].strip() for start, end in spans)
            found.append(MarkedPart(part.field, mark_words(part.text, spans), [word for word in words if word]))
    return found


def _joined(spans: Iterable[tuple[int, int]], length: int) -> Iterator[tuple[int, int]]:
    begin, finish = -1, -1
    for start, end in sorted((max(0, start), min(end, length)) for start, end in spans):
        if start >= end:
            continue
        if start > finish:
            if begin >= 0:
                yield begin, finish
            begin = start
        finish = max(finish, end)
    if begin >= 0:
        yield begin, finish
