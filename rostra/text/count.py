"""Counts the characters of a post as its author is told they count. Owns the rules, not the limit."""

from __future__ import annotations

import re

import regex

from rostra.text.entities import Entities, Mention, find_entities
from rostra.text.links import Link

CHARACTERS_PER_URL = 23

_GRAPHEME = regex.compile(r"\X")
_MAY_COMBINE = re.compile(r"[\u0300-\U0010ffff]")
_URL_PLACEHOLDER = "x" * CHARACTERS_PER_URL


def count_characters(text: str, spoiler: str = "", *, domain: str, entities: Entities | None = None) -> int:
    """Characters of a post and its content warning together, by Mastodon's rules.

    A link counts CHARACTERS_PER_URL whatever its length, a mention counts without its domain, and what a reader takes
    for one character (an emoji with modifiers, a letter with its accents) counts once: UAX 29 grapheme clusters.
    `entities` spares a second search: it must be what `find_entities` found in this very text.
    """
    pieces: list[str] = [spoiler]
    done = 0
    for span in (entities or find_entities(text, domain=domain)).spans:
        if isinstance(span, Link):
            shortened = _URL_PLACEHOLDER
        elif isinstance(span, Mention):
            shortened = f"@{span.username}"
        else:
            continue
        pieces += (text[done : span.start], shortened)
        done = span.end
    pieces.append(text[done:])
    return _count_graphemes("".join(pieces))


def _count_graphemes(text: str) -> int:
    # Below the combining marks the only cluster of two characters is CR LF; most European texts need no more than this.
    if not _MAY_COMBINE.search(text):
        return len(text) - text.count("\r\n")
    return len(_GRAPHEME.findall(text))
