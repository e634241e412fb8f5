"""The list of all endpoints."""

from __future__ import annotations

from rostra.api import (
    accounts,
    accounts_self,
    appeals,
    apps,
    bookmarks,
    boosts,
    emails,
    favourites,
    filters,
    instance,
    ledger,
    levers,
    lists,
    markers,
    media,
    moderation,
    notices,
    notifications,
    oauth,
    polls,
    preferences,
    push,
    relationships,
    reports,
    scheduled,
    search,
    statuses,
    tags,
    threads,
    timelines,
    transparency,
    trends,
    wellknown,
)
from rostra.api.admin.all import ALL as ADMIN
from rostra.api.route import Route, Routes

ALL: tuple[Routes, ...] = (
    apps.routes,
    oauth.routes,
    instance.routes,
    wellknown.routes,
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
    threads.routes,
    scheduled.routes,
    polls.routes,
    media.routes,
    moderation.routes,
    appeals.routes,
    notices.routes,
    favourites.routes,
    boosts.routes,
    bookmarks.routes,
    timelines.routes,
    search.routes,
    trends.routes,
    notifications.routes,
    push.routes,
    levers.routes,
    ledger.routes,
    transparency.routes,
    *ADMIN,
)


def all_routes() -> list[Route]:
    """Every endpoint of the client API, in the order of the files."""
    return [route for routes in ALL for route in routes.routes]
