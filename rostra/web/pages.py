"""The list of all pages."""

from __future__ import annotations

from rostra.web import (
    admin,
    admin_people,
    lists,
    notifications,
    people,
    reports,
    settings_filters,
    settings_profile,
    site,
    timelines,
)
from rostra.web.page import PageRoute, Pages

ALL: tuple[Pages, ...] = (
    site.pages,
    timelines.pages,
    people.pages,
    lists.pages,
    notifications.pages,
    reports.pages,
    settings_profile.pages,
    settings_filters.pages,
    admin.pages,
    admin_people.pages,
)


def all_pages() -> list[PageRoute]:
    """Every page, in the order of the files."""
    return [route for pages in ALL for route in pages.routes]
