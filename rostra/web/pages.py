"""The list of all pages."""

from __future__ import annotations

from rostra.web import (
    admin,
    admin_people,
    auth,
    authorize,
    clusters,
    decisions,
    explore,
    ledger,
    levers,
    lists,
    notifications,
    password,
    people,
    policy,
    policy_change,
    policy_replay,
    reactions,
    reports,
    rewriting,
    saved,
    scheduled,
    settings_filters,
    settings_login,
    settings_profile,
    sign_up,
    site,
    thread,
    timelines,
    transparency,
    transparency_admin,
    writing,
)
from rostra.web.page import PageRoute, Pages

ALL: tuple[Pages, ...] = (
    auth.pages,
    sign_up.pages,
    password.pages,
    authorize.pages,
    site.pages,
    timelines.pages,
    people.pages,
    reactions.pages,
    thread.pages,
    writing.pages,
    rewriting.pages,
    saved.pages,
    scheduled.pages,
    explore.pages,
    lists.pages,
    notifications.pages,
    reports.pages,
    settings_profile.pages,
    settings_login.pages,
    settings_filters.pages,
    decisions.pages,
    admin.pages,
    admin_people.pages,
    policy.pages,
    policy_change.pages,
    policy_replay.pages,
    clusters.pages,
    levers.pages,
    ledger.pages,
    transparency.pages,
    transparency_admin.pages,
)


def all_pages() -> list[PageRoute]:
    """Every page, in the order of the files."""
    return [route for pages in ALL for route in pages.routes]
