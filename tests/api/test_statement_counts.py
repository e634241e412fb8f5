"""Every list costs as many statements for forty rows as for one, and here is how many.

One of them is always the look-up of the token; filters are read once for each change to them, and so not counted here.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

import pytest
from msgspec import Struct

from rostra.api.routes import all_routes
from rostra.entities.search import Search
from rostra.entities.status import Context
from tests.api.crowd import FILTER, GUESTS, HOST, LIST, POSTS, ROOT, gather, open_house
from tests.world import World

MANY: Final = 40


class Place(Struct, frozen=True):
    """A list: its path, what it costs, what it is asked, and how its rows are counted."""

    path: str
    statements: int
    query: Callable[[int], dict[str, Any]] = lambda _: {"limit": MANY}
    rows: Callable[[Any], int] = len
    # How many are shown of one row and of forty.
    shown: tuple[int, int] = (1, MANY)


def named(first: int) -> Callable[[int], dict[str, Any]]:
    """By the ids of so many rows."""
    return lambda count: {"id[]": [first + number for number in range(1, count + 1)]}


def search(kind: str, text: str, statements: int) -> Place:
    return Place(
        "/api/v2/search",
        statements,
        query=lambda count: {"q": text, "type": kind, "limit": count},
        rows=lambda body: len(body[kind]),
    )


def plain(_: int) -> dict[str, Any]:
    return {}


PLACES: Final = {
    # Timelines.
    "GET /api/v1/timelines/home": Place("/api/v1/timelines/home", 2),
    "GET /api/v1/timelines/public": Place("/api/v1/timelines/public", 2, shown=(3, 40)),
    "GET /api/v1/timelines/tag/{hashtag}": Place("/api/v1/timelines/tag/cats", 2),
    "GET /api/v1/timelines/list/{list_id}": Place(f"/api/v1/timelines/list/{LIST}", 3, shown=(3, 40)),
    "GET /api/v1/accounts/{id}/statuses": Place("/api/v1/accounts/{alice}/statuses", 2, shown=(2, 40)),
    "the same, pictures only": Place(
        f"/api/v1/accounts/{HOST}/statuses", 2, lambda _: {"limit": MANY, "only_media": True}
    ),
    "the same, pinned": Place(f"/api/v1/accounts/{HOST}/statuses", 2, lambda _: {"limit": MANY, "pinned": True}),
    # Posts.
    "GET /api/v1/statuses": Place("/api/v1/statuses", 2, named(POSTS)),
    "GET /api/v1/statuses/{id}/context": Place(
        f"/api/v1/statuses/{ROOT}/context", 3, plain, lambda body: len(body["descendants"])
    ),
    "GET /api/v1/statuses/{id}/favourited_by": Place(f"/api/v1/statuses/{ROOT}/favourited_by", 4),
    "GET /api/v1/statuses/{id}/reblogged_by": Place(f"/api/v1/statuses/{ROOT}/reblogged_by", 4),
    "GET /api/v1/statuses/{id}/history": Place(f"/api/v1/statuses/{ROOT}/history", 4, plain, shown=(2, 41)),
    "GET /api/v1/favourites": Place("/api/v1/favourites", 2),
    "GET /api/v1/bookmarks": Place("/api/v1/bookmarks", 2),
    "GET /api/v1/scheduled_statuses": Place("/api/v1/scheduled_statuses", 2),
    # People.
    "GET /api/v1/accounts": Place("/api/v1/accounts", 3, named(GUESTS)),
    "GET /api/v1/accounts/relationships": Place("/api/v1/accounts/relationships", 2, named(GUESTS)),
    "GET /api/v1/accounts/familiar_followers": Place(
        "/api/v1/accounts/familiar_followers", 3, lambda _: {"id[]": [HOST]}, lambda body: len(body[0]["accounts"])
    ),
    "GET /api/v1/accounts/{id}/followers": Place("/api/v1/accounts/{alice}/followers", 4),
    "GET /api/v1/accounts/{id}/following": Place("/api/v1/accounts/{alice}/following", 4, shown=(2, 40)),
    "GET /api/v1/accounts/{id}/lists": Place(f"/api/v1/accounts/{HOST}/lists", 3, plain),
    "GET /api/v1/accounts/search": Place("/api/v1/accounts/search", 3, lambda _: {"q": "cat", "limit": MANY}),
    "GET /api/v1/follow_requests": Place("/api/v1/follow_requests", 3),
    "GET /api/v1/blocks": Place("/api/v1/blocks", 3),
    "GET /api/v1/mutes": Place("/api/v1/mutes", 3),
    "GET /api/v1/domain_blocks": Place("/api/v1/domain_blocks", 2),
    "GET /api/v1/lists/{id}/accounts": Place(f"/api/v1/lists/{LIST}/accounts", 4),
    "GET /api/v2/suggestions": Place("/api/v2/suggestions", 3),
    # What is searched, and what trends.
    "GET /api/v2/search": search("statuses", "lighthouse", 2),
    "the same, accounts": search("accounts", "cat", 3),
    "the same, hashtags": search("hashtags", "catsof", 3),
    "the same, all three": Place(
        "/api/v2/search",
        6,
        lambda count: {"q": "cat", "limit": count},
        lambda body: sum(map(len, body.values())),
        shown=(3, 120),
    ),
    "GET /api/v1/trends": Place("/api/v1/trends", 3, shown=(1, 20)),
    "GET /api/v1/trends/tags": Place("/api/v1/trends/tags", 3, shown=(1, 20)),
    "GET /api/v1/trends/statuses": Place("/api/v1/trends/statuses", 3),
    "GET /api/v1/trends/links": Place("/api/v1/trends/links", 2, shown=(1, 20)),
    # What is one's own.
    "GET /api/v1/notifications": Place("/api/v1/notifications", 6, lambda _: {"limit": 80}, shown=(2, 80)),
    "GET /api/v1/conversations": Place("/api/v1/conversations", 5),
    "GET /api/v1/followed_tags": Place("/api/v1/followed_tags", 2),
    "GET /api/v1/lists": Place("/api/v1/lists", 2, plain, shown=(2, 41)),
    "GET /api/v2/filters": Place("/api/v2/filters", 2, plain, shown=(2, 41)),
    "GET /api/v2/filters/{id}/keywords": Place(f"/api/v2/filters/{FILTER}/keywords", 2, plain),
    "GET /api/v2/filters/{id}/statuses": Place(f"/api/v2/filters/{FILTER}/statuses", 2, plain),
    "GET /api/v1/filters": Place("/api/v1/filters", 2, plain, shown=(2, 80)),
    # The instance, most of which is remembered.
    "GET /api/v1/custom_emojis": Place("/api/v1/custom_emojis", 2, plain),
    "GET /api/v1/instance/rules": Place("/api/v1/instance/rules", 1, plain, shown=(1, 1)),
}  # fmt: skip

# Of these nothing can be had yet, or always the same.
CONSTANT: Final = {
    "GET /api/v1/accounts/{id}/featured_tags",
    "GET /api/v1/instance/activity",
    "GET /api/v1/instance/domain_blocks",
    "GET /api/v1/instance/languages",
    "GET /api/v1/instance/peers",
}


def is_list(kind: Any) -> bool:
    return kind in (Context, Search) or getattr(kind, "__origin__", None) is list


def test_no_list_is_forgotten() -> None:
    # Those of staff have tests where they are made: tests/api/admin, tests/levers, …
    routes = [route for route in all_routes() if not any(scope.startswith("admin:") for scope in route.scopes)]
    lists = {f"{route.method} {route.path}" for route in routes if is_list(route.returns_kind)}
    assert lists == {label for label in PLACES if label.startswith("GET ")} | CONSTANT


@pytest.mark.parametrize("label", PLACES)
async def test_a_list_takes_as_many_statements_for_forty_rows_as_for_one(world: World, label: str) -> None:
    place, alice = PLACES[label], await world.person("alice")
    await open_house(world, alice)
    path = place.path.format(alice=alice.id)
    counts: list[int] = []
    for first, last, shown in ((1, 1, place.shown[0]), (2, MANY, place.shown[1])):
        await gather(world, alice, first, last)
        query = place.query(last)
        # What has been stored as JSON for other addresses, or never, is stored by the first who looks.
        assert place.rows((await alice.api.get(path, query)).json()) == shown
        counts.append(len(await world.statements(lambda query=query: alice.api.get(path, query))))
    assert counts == [place.statements, place.statements]


async def test_a_visitor_saves_the_look_up_of_the_token(world: World) -> None:
    alice = await world.person("alice")
    await open_house(world, alice)
    await gather(world, alice, 1, MANY)
    for path, statements in (("/api/v1/timelines/public", 1), (f"/api/v1/statuses/{ROOT}/context", 2)):
        await world.anyone.get(path)
        assert len(await world.statements(lambda path=path: world.anyone.get(path))) == statements
