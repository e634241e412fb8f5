"""The list of all pages."""

from __future__ import annotations

from rostra.web import people, site, timelines
from rostra.web.page import PageRoute, Pages

ALL: tuple[Pages, ...] = (
    site.pages,
    timelines.pages,
    people.pages,
)


def all_pages() -> list[PageRoute]:
    """Every page, in the order of the files."""
    return [route for pages in ALL for route in pages.routes]
