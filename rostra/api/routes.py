"""The list of all endpoints."""

from __future__ import annotations

from rostra.api import (
    accounts,
    accounts_self,
    apps,
    emails,
    filters,
    lists,
    markers,
    notifications,
    oauth,
    preferences,
    relationships,
    reports,
    search,
    statuses,
    tags,
    timelines,
    trends,
)
from rostra.api.route import Route, Routes

ALL: tuple[Routes, ...] = (
    apps.routes,
    oauth.routes,
    accounts_self.routes,
    preferences.routes,
    emails.routes,
    accounts.routes,
    relationships.routes,
    lists.routes,
    tags.routes,
    filters.routes,
    markers.routes,
    reports.routes,
    statuses.routes,
    timelines.routes,
    search.routes,
    trends.routes,
    notifications.routes,
)


def all_routes() -> list[Route]:
    """Every endpoint of the client API, in the order of the files."""
    return [route for routes in ALL for route in routes.routes]
