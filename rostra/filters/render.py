"""Filters as entities."""

from __future__ import annotations

from rostra.entities.account import timestamp
from rostra.entities.status import Filter, FilterKeyword, FilterStatus
from rostra.filters.queries import FilterRecord


def render_filter(record: FilterRecord) -> Filter:
    """A filter with all its parts."""
    return Filter(
        id=str(record.id),
        title=record.title,
        context=record.context,
        expires_at=timestamp(record.expires_at) if record.expires_at else None,
        filter_action=record.action,
        keywords=[render_keyword(keyword) for keyword in record.keywords],
        statuses=[render_status(status) for status in record.statuses],
    )


def render_keyword(keyword: tuple[int, str, bool]) -> FilterKeyword:
    """A keyword, from (id, keyword, whole_word)."""
    return FilterKeyword(id=str(keyword[0]), keyword=keyword[1], whole_word=keyword[2])


def render_status(status: tuple[int, int]) -> FilterStatus:
    """A status in a filter, from (row id, status id)."""
    return FilterStatus(id=str(status[0]), status_id=str(status[1]))
