"""Every list of the admin API costs as many statements for forty rows as for one, and here is how many.

One of them is always the look-up of the token.
"""

from __future__ import annotations

from typing import Any, Final

import pytest

from rostra.api.admin.all import ALL
from tests.api.admin.town import settle_down
from tests.world import Person, World

MANY: Final = 40
# The path, with what it is asked, and the statements.
LISTS: Final[dict[str, tuple[dict[str, Any], int]]] = {
    "/api/v1/admin/accounts": ({"email": "@a.example"}, 3),
    "/api/v2/admin/accounts": ({"ip": "203.0.113.0/24", "status": "active", "username": "guest"}, 3),
    "/api/v1/admin/reports": ({}, 6),
    "/api/v1/admin/domain_blocks": ({}, 2),
    "/api/v1/admin/domain_allows": ({}, 2),
    "/api/v1/admin/email_domain_blocks": ({}, 2),
    "/api/v1/admin/canonical_email_blocks": ({}, 2),
    "/api/v1/admin/ip_blocks": ({}, 2),
    "/api/v1/admin/tags": ({}, 3),
    "/api/v1/admin/trends/tags": ({"limit": 40}, 4),
    "/api/v1/admin/trends/statuses": ({"limit": 40}, 3),
    "/api/v1/admin/trends/links": ({"limit": 40}, 2),
    "/api/v1/admin/trends/links/publishers": ({}, 2),
}
# No more than twice as many as a page has.
MOST: Final = {"/api/v1/admin/trends/tags": 20, "/api/v1/admin/trends/links": 20}


def test_no_list_is_forgotten() -> None:
    lists = {
        route.path
        for routes in ALL
        for route in routes.routes
        if route.method == "GET" and getattr(route.returns_kind, "__origin__", None) is list
    }
    assert lists == set(LISTS)


@pytest.mark.parametrize("path", LISTS)
async def test_a_list_takes_as_many_statements_for_forty_rows_as_for_one(
    world: World, moderator: Person, path: str
) -> None:
    query, expected = LISTS[path]
    counts: list[int] = []
    for first, last in ((1, 1), (2, MANY)):
        await settle_down(world, first, last)
        # What has never been stored as JSON is stored by the first who looks.
        answer = await moderator.api.get(path, query)
        assert len(answer.json()) == min(last, MOST.get(path, MANY))
        counts.append(len(await world.statements(lambda: moderator.api.get(path, query))))
    assert counts == [expected, expected]
