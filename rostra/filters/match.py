"""Matching statuses against a person's filters, compiled once per change to them."""

from __future__ import annotations

import re
from collections import OrderedDict
from collections.abc import Sequence
from datetime import datetime
from functools import lru_cache
from typing import Any

import msgspec

from rostra.accounts.records import Viewer
from rostra.entities.account import timestamp
from rostra.entities.status import FilterResult, FilterSummary
from rostra.filters.queries import FilterRecord, list_filters
from rostra.kit.db import Database

_TAG = re.compile(r"<[^>]*>")
_BREAK = re.compile(r"<br ?/?>|</p>")
_ENTITIES = (("&lt;", "<"), ("&gt;", ">"), ("&quot;", '"'), ("&#39;", "'"), ("&amp;", "&"))


def render_summary(record: FilterRecord) -> FilterSummary:
    """The filter as it stands inside a FilterResult."""
    expires_at = timestamp(record.expires_at) if record.expires_at else None
    return msgspec.convert(
        {
            "id": str(record.id),
            "title": record.title,
            "context": record.context,
            "expires_at": expires_at,
            "filter_action": record.action,
        },
        FilterSummary,
    )


@lru_cache(maxsize=256)
def _pattern(keywords: tuple[tuple[str, bool], ...]) -> re.Pattern[str]:
    parts = [_word(keyword) if whole else re.escape(keyword) for keyword, whole in keywords]
    return re.compile("|".join(parts), re.IGNORECASE)


def fold(text: str) -> str:
    """The same for all texts that a pattern takes for one another; and for some that it does not."""
    return text.replace("\u0130", "i").replace("\u0131", "i").casefold()


def _word(keyword: str) -> str:
    """A whole word: bounded where the keyword itself begins or ends in a letter or digit."""
    start = r"(?<!\w)" if re.match(r"\w", keyword) else ""
    end = r"(?!\w)" if re.search(r"\w$", keyword) else ""
    return f"{start}{re.escape(keyword)}{end}"


class _Compiled:
    __slots__ = ("_keywords", "record", "status_ids", "summary")

    def __init__(self, record: FilterRecord) -> None:
        self.record = record
        # Those that do not stand in a text are most of them, and found out at once; no pattern is made of them.
        self._keywords = [(fold(word), (word, whole)) for _, word, whole in record.keywords if word.strip()]
        self.status_ids = {status_id for _, status_id in record.statuses}
        self.summary = render_summary(record)

    def match(self, status_id: int, text: str, folded: str) -> FilterResult | None:
        near = tuple(keyword for key, keyword in self._keywords if key in folded)
        words = [found.group() for found in _pattern(near).finditer(text)] if near else []
        statuses = [str(status_id)] if status_id in self.status_ids else []
        if not words and not statuses:
            return None
        return FilterResult(
            filter=self.summary, keyword_matches=list(dict.fromkeys(words)) or None, status_matches=statuses or None
        )


class Filters:
    """One person's filters, ready to match."""

    def __init__(self, records: Sequence[FilterRecord]) -> None:
        self._filters = [_Compiled(record) for record in records]

    def __bool__(self) -> bool:
        return bool(self._filters)

    def results(
        self, status_id: int, static: str, extra: Sequence[str], context: str, at: datetime
    ) -> list[FilterResult] | None:
        """What matches a status in `context` (home, notifications, public, thread, account; empty: everywhere).

        `static` is the status's stored JSON, `extra` further text of it (poll options). None means: leave it out.
        """
        text: str | None = None
        folded = ""
        results: list[FilterResult] = []
        for item in self._filters:
            record = item.record
            if (context and context not in record.context) or (record.expires_at and record.expires_at <= at):
                continue
            if text is None:
                text = _searchable(static, extra)
                folded = fold(text)
            result = item.match(status_id, text, folded)
            if result is None:
                continue
            if record.action == "hide" and context:
                return None
            results.append(result)
        return results


class _Texts(msgspec.Struct):
    content: str
    spoiler_text: str
    media_attachments: list[dict[str, Any]]


def _searchable(static: str, extra: Sequence[str]) -> str:
    """What a reader would see of a status, as plain text."""
    seen = msgspec.json.decode(f"{{{static}}}", type=_Texts)
    plain = _TAG.sub("", _BREAK.sub("\n", seen.content))
    for entity, character in _ENTITIES:
        plain = plain.replace(entity, character)
    described = [str(media.get("description") or "") for media in seen.media_attachments]
    return "\n".join([seen.spoiler_text, plain, *described, *extra])


NO_FILTERS = Filters([])


class FilterCache:
    """Compiled filters by person and revision, least recently used ones dropped."""

    def __init__(self, size: int = 2000) -> None:
        self._size = size
        self._kept: OrderedDict[int, tuple[int, Filters]] = OrderedDict()

    async def of(self, db: Database, viewer: Viewer | None) -> Filters:
        """The viewer's filters; a statement is only needed where they have some and have changed them."""
        return NO_FILTERS if viewer is None else await self.of_account(db, viewer.account_id, viewer.filters_revision)

    async def of_account(self, db: Database, account_id: int, revision: int) -> Filters:
        """Like `of`, for an account whose filters have this revision."""
        if revision == 0:
            return NO_FILTERS
        kept = self._kept.get(account_id)
        if kept is None or kept[0] != revision:
            async with db.read() as conn:
                kept = (revision, Filters(await list_filters(conn, account_id)))
            self._kept[account_id] = kept
        self._kept.move_to_end(account_id)
        if len(self._kept) > self._size:
            self._kept.popitem(last=False)
        return kept[1]
