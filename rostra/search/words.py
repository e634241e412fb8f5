"""Reading a search: words for PostgreSQL's full-text search, and operators such as `from:` and `before:`."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

import msgspec

from rostra.kit.ids import MAX_ID, first_id_at

_OPERATOR = re.compile(r"(?<!\S)(-?)(from|has|is|language|before|after|during):(\S+)", re.IGNORECASE)
_DAY = re.compile(r"(\d{4})-(\d{2})-(\d{2})")


class Search(msgspec.Struct, frozen=True, kw_only=True):
    """A parsed search of posts. `words` is for websearch_to_tsquery; None means: not asked for."""

    words: str
    author: str | None = None
    has_media: bool | None = None
    has_poll: bool | None = None
    is_reply: bool | None = None
    is_sensitive: bool | None = None
    language: str | None = None
    below: int = MAX_ID
    above: int = -1


def parse_search(text: str) -> Search:
    """Parse what was typed. An operator with a value that it does not know is searched for as a word."""
    changes: dict[str, object] = {}
    kept: list[str] = []
    at = 0
    for found in _OPERATOR.finditer(text):
        change = _operator(found[2].lower(), found[3], wanted=not found[1])
        if change is not None:
            changes |= change
            kept.append(text[at : found.start()])
            at = found.end()
    kept.append(text[at:])
    return msgspec.structs.replace(Search(words=" ".join("".join(kept).split())), **changes)


def _operator(name: str, value: str, *, wanted: bool) -> dict[str, object] | None:
    match name, value.lower():
        case "from", _:
            return {"author": value.removeprefix("@")} if wanted else None
        case "has", "media" | "image" | "images":
            return {"has_media": wanted}
        case "has", "poll":
            return {"has_poll": wanted}
        case "is", "reply":
            return {"is_reply": wanted}
        case "is", "sensitive":
            return {"is_sensitive": wanted}
        case "language", code:
            return {"language": code} if wanted else None
        case _:
            return _dates(name, value) if wanted else None


def _dates(name: str, value: str) -> dict[str, object] | None:
    """Bounds of ids, which sort by time: `before` a day excludes it, `after` a day excludes it too."""
    found = _DAY.fullmatch(value)
    try:
        day = datetime(int(found[1]), int(found[2]), int(found[3]), tzinfo=UTC) if found else None
    except ValueError:
        day = None
    if day is None or day.year < 1970:
        return None
    next_day = day + timedelta(days=1)
    bounds: dict[str, dict[str, object]] = {
        "before": {"below": first_id_at(day)},
        "after": {"above": first_id_at(next_day) - 1},
        "during": {"below": first_id_at(next_day), "above": first_id_at(day) - 1},
    }
    return bounds.get(name)
