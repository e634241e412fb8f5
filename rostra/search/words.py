"""Reading a search: words for PostgreSQL's full-text search, and operators such as `from:` and `before:`."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, time, timedelta

import msgspec

from rostra.kit.ids import MAX_ID, first_id_at

# What stands in quotes is a phrase, whatever it looks like.
_OPERATOR = re.compile(r'"[^"]*"|(?<!\S)(-?)(from|has|is|in|language|before|after|during):(\S+)', re.IGNORECASE)
# An address is one word, and is kept without its scheme.
_ADDRESS = re.compile(r'(?<![^\s-])https?://([^\s"]+)', re.IGNORECASE)
_DAY = re.compile(r"([0-9]{4})-([0-9]{2})-([0-9]{2})")


class Search(msgspec.Struct, frozen=True, kw_only=True):
    """A parsed search of posts. `words` is for websearch_to_tsquery; None means: not asked for.

    `kept` True asks for the viewer's own library (what they wrote, were mentioned in, or kept) and no more, False for
    what anybody may find and no more. Posts have ids between `above` and `below`, both excluded.
    """

    words: str
    author: str | None = None
    has_media: bool | None = None
    has_poll: bool | None = None
    has_link: bool | None = None
    is_reply: bool | None = None
    is_sensitive: bool | None = None
    kept: bool | None = None
    language: str | None = None
    below: int = MAX_ID
    above: int = -1

    @property
    def is_empty(self) -> bool:
        """Whether nothing at all is asked for."""
        return self == Search(words="")


def parse_search(text: str) -> Search:
    """Parse what was typed. An operator with a value that it does not know is searched for as a word."""
    changes: dict[str, object] = {}
    kept: list[str] = []
    at = 0
    for found in _OPERATOR.finditer(text):
        change = _operator(found[2].lower(), found[3], wanted=not found[1]) if found[2] else None
        if change is not None:
            changes |= change
            kept.append(text[at : found.start()])
            at = found.end()
    kept.append(text[at:])
    words = _ADDRESS.sub(r'"\1"', " ".join("".join(kept).split()))
    return msgspec.structs.replace(Search(words=words), **changes)


def _operator(name: str, value: str, *, wanted: bool) -> dict[str, object] | None:
    match name, value.lower():
        case "from", _:
            return {"author": value.removeprefix("@")} if wanted else None
        case "has", "media" | "image" | "images":
            return {"has_media": wanted}
        case "has", "poll":
            return {"has_poll": wanted}
        case "has", "link" | "links" | "embed":
            return {"has_link": wanted}
        case "is", "reply":
            return {"is_reply": wanted}
        case "is", "sensitive":
            return {"is_sensitive": wanted}
        case "in", "library" | "public":
            return {"kept": value.lower() == "library"} if wanted else None
        case "language", code:
            return {"language": code} if wanted else None
        case _:
            return _dates(name, value) if wanted else None


def _dates(name: str, value: str) -> dict[str, object] | None:
    """Bounds of ids, which sort by time: `before` a day excludes it, `after` a day excludes it too."""
    found = _DAY.fullmatch(value)
    try:
        day = date(int(found[1]), int(found[2]), int(found[3])) if found else None
        next_day = day + timedelta(days=1) if day else None
    except (ValueError, OverflowError):
        return None
    if day is None or next_day is None or day.year < 1970:
        return None
    bounds: dict[str, dict[str, object]] = {
        "before": {"below": _first_id(day)},
        "after": {"above": _first_id(next_day) - 1},
        "during": {"below": _first_id(next_day), "above": _first_id(day) - 1},
    }
    return bounds.get(name)


def _first_id(day: date) -> int:
    # Ids end in the year 6429, dates that can be typed do not.
    return min(first_id_at(datetime.combine(day, time(), UTC)), MAX_ID)
