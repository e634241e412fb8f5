"""Small functions over words: the English of several languages, cut to a length, an address that is one."""

from __future__ import annotations

import re
from typing import Final
from urllib.parse import urlsplit

from rostra.dsa import schema
from rostra.dsa.decided import Ground, Texts
from rostra.dsa.personal import plain

_NOT_IN_ADDRESSES: Final = re.compile(r"[\s<>\"\\^`{|}]")
# What the database takes for space, besides space.
_INVISIBLE: Final = dict.fromkeys(map(ord, "\ufeff\u200b\u200e\0"), " ")


def english(texts: Texts) -> str:
    """The English words, or those of the first language that has any; without what no database takes."""
    candidates = (" ".join(plain(text).split()) for text in (texts.get("en", ""), *texts.values()))
    return next((words for words in candidates if not is_blank(words)), "")


def title_of(clause: Ground) -> str:
    """The clause's title in English; its id where it has none."""
    return english(clause.title) or clip(clause.id, schema.SHORT) or "-"


def is_blank(text: str) -> bool:
    """Whether nothing is left of it when the database has trimmed it."""
    return not text.translate(_INVISIBLE).strip()


def clip(text: str, most: int) -> str:
    """At most so many characters, without space around; what is cut ends in an ellipsis."""
    clean = "" if is_blank(text) else plain(text).strip()
    return clean if len(clean) <= most else clean[: most - 1].rstrip() + "…"


def is_web_address(url: str) -> bool:
    """Whether the database would take it as an address of a page."""
    if not url.isascii() or len(url) > schema.SHORT or _NOT_IN_ADDRESSES.search(url):
        return False
    try:
        parts = urlsplit(url)
        named = bool(re.match(r"[a-z0-9][a-z0-9.-]*\Z", parts.hostname or ""))
        return parts.scheme in ("http", "https") and named and parts.port != 0 and "@" not in parts.netloc
    except ValueError:
        return False
