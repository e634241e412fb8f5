"""What moderation says of a status where people read it: that it waits for review, was refused, or bears labels.

Mastodon's entities have no place for it. Apps are told by FilterResults, which all of them show with their title; our
own pages read `moderation`, which names the same notices, so that they are not taken for filters of the reader's own.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final, Literal
from zlib import crc32

import msgspec

from rostra.entities.status import FilterResult, FilterSummary, Moderation, Notice

_CONTEXTS: Final = ["home", "notifications", "public", "thread", "account"]
_WITHHELD: Final[dict[str, dict[str, str]]] = {
    "review": {"en": "Waiting for review", "it": "In attesa di revisione"},
    "refused": {"en": "Not published", "it": "Non pubblicato"},
}


class Label(msgspec.Struct, frozen=True):
    """A label as it stands in the row of a status or an account; `title` is by language."""

    id: str
    title: dict[str, str]


def find_moderation(
    withheld: Literal["review", "refused"] | None, labels: Sequence[dict[str, Any]] | None, locale: str
) -> Moderation | None:
    """What there is to say, in the reader's language where the policy has it; None for nearly all statuses."""
    if withheld is None and labels is None:
        return None
    notices = [Notice(id=name_notice(withheld), title=_in(_WITHHELD[withheld], locale))] if withheld else []
    # A post and its author may bear the same.
    known = {label.id: label for label in msgspec.convert(labels or [], list[Label])}
    notices += [Notice(id=name_notice(label.id), title=_in(label.title, locale)) for label in known.values()]
    return Moderation(withheld=withheld, notices=notices)


def render_notices(moderation: Moderation) -> list[FilterResult]:
    """The same for apps: as what a filter has found. The whole post stays to be read after a press."""
    return [
        FilterResult(filter=_filter(notice), keyword_matches=None, status_matches=None) for notice in moderation.notices
    ]


def name_notice(name: str) -> str:
    """The id of a notice: apps take ids of filters for numbers."""
    return str(crc32(name.encode()))


def _filter(notice: Notice) -> FilterSummary:
    made: dict[str, Any] = {
        "id": notice.id,
        "title": notice.title,
        "context": _CONTEXTS,
        "expires_at": None,
        "filter_action": "warn",
    }
    return msgspec.convert(made, FilterSummary)


def _in(texts: dict[str, str], locale: str) -> str:
    return texts.get(locale) or texts.get("en") or next(iter(texts.values()), "")
