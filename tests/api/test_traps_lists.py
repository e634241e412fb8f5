"""The traps of lists: how many rows they have, and the links that lead through them. The index is `test_traps`."""

from __future__ import annotations

import re
from typing import Any, Final

import httpx
import msgspec
import pytest

from tests.api.crowd import LIST, ROOT, gather, open_house
from tests.api.tour import rows
from tests.world import Person, World, link


class Kind(msgspec.Struct, frozen=True):
    """How a list is paged: how many without and with a limit, and whether a short page may be followed by another."""

    default: int
    most: int
    is_timeline: bool = False


STATUSES, TIMELINE = Kind(20, 40), Kind(20, 40, is_timeline=True)
ACCOUNTS, NOTIFICATIONS, NAMES = Kind(40, 80), Kind(40, 80, is_timeline=True), Kind(100, 200)
PAGED: Final = {
    "/api/v1/timelines/home": TIMELINE,
    "/api/v1/timelines/public": TIMELINE,
    "/api/v1/timelines/tag/cats": TIMELINE,
    f"/api/v1/timelines/list/{LIST}": TIMELINE,
    "/api/v1/notifications": NOTIFICATIONS,
    "/api/v1/accounts/{alice}/statuses": STATUSES,
    "/api/v1/accounts/{host}/statuses?pinned=true": TIMELINE,
    "/api/v1/favourites": STATUSES,
    "/api/v1/bookmarks": STATUSES,
    "/api/v1/scheduled_statuses": STATUSES,
    "/api/v1/conversations": STATUSES,
    "/api/v1/accounts/{alice}/followers": ACCOUNTS,
    "/api/v1/accounts/{alice}/following": ACCOUNTS,
    f"/api/v1/statuses/{ROOT}/favourited_by": ACCOUNTS,
    f"/api/v1/statuses/{ROOT}/reblogged_by": ACCOUNTS,
    f"/api/v1/lists/{LIST}/accounts": ACCOUNTS,
    "/api/v1/follow_requests": ACCOUNTS,
    "/api/v1/blocks": ACCOUNTS,
    "/api/v1/mutes": ACCOUNTS,
    "/api/v1/domain_blocks": NAMES,
    "/api/v1/followed_tags": NAMES,
}
# These are paged by an offset.
COUNTED: Final = {
    "/api/v1/trends/tags": Kind(10, 20),
    "/api/v1/trends/links": Kind(10, 20),
    "/api/v1/trends/statuses": STATUSES,
}
WITHOUT_LINKS: Final = {
    "/api/v1/accounts/search?q=cat": ACCOUNTS,
    "/api/v2/suggestions": ACCOUNTS,
    "/api/v2/search?q=cat&type=accounts": STATUSES,
    "/api/v2/search?q=cat&type=statuses": STATUSES,
    "/api/v2/search?q=cat&type=hashtags": STATUSES,
}


class House(msgspec.Struct):
    """A crowd, and alice who looks at it."""

    world: World
    alice: Person

    async def get(self, path: str, expect: int = 200, **query: Any) -> httpx.Response:
        bare = path.format(alice=self.alice.id, host=905)
        asked = "&".join(f"{name}={value}" for name, value in query.items())
        return await self.alice.api.get(f"{bare}{'&' if '?' in bare else '?'}{asked}", expect=expect)


@pytest.fixture
async def house(world: World) -> House:
    alice = await world.person("alice")
    await open_house(world, alice)
    return House(world, alice)


LINKS = re.compile(
    r'(<http://localhost:3000/api/[^>]+[?&]max_id=\d+>; rel="next", )?'
    r'<http://localhost:3000/api/[^>]+[?&]min_id=\d+>; rel="prev"'
)


async def test_the_links_of_every_list_lead_through_it_and_back_and_end(house: House) -> None:
    """Trap 5. Mastodon for Android wants `rel` quoted and right behind the address."""
    await gather(house.world, house.alice, 1, 11)
    for path, kind in PAGED.items():
        everything = rows(await house.get(path, limit=40))
        assert len(everything) >= 11, path
        pages: list[list[Any]] = []
        answer = await house.get(path, limit=4)
        while rows(answer):
            pages.append(rows(answer))
            assert LINKS.fullmatch(answer.headers["link"]), (path, answer.headers["link"])
            following, back = link(answer, "next"), link(answer, "prev")
            if len(pages) > 1:
                assert rows(await house.alice.api.get(back or "")) == pages[-2], path
            else:
                assert rows(await house.alice.api.get(back or "")) == [], path
            if following is None:
                assert not kind.is_timeline, path
                assert len(pages[-1]) < 4, path
                break
            answer = await house.alice.api.get(following)
        else:
            assert "link" not in answer.headers, path
            assert kind.is_timeline or len(pages[-1]) == 4, path
        assert [row for page in pages for row in page] == everything, path
        assert len(set(everything)) == len(everything), path


async def test_lists_that_are_counted_lead_on_by_their_offset(house: House) -> None:
    """Trap 5. Trends have no cursor."""
    await gather(house.world, house.alice, 1, 17)
    for path in COUNTED:
        first = await house.get(path, limit=10)
        second = await house.alice.api.get(link(first, "next") or "")
        assert len({*rows(first), *rows(second)}) == 17, path
        assert rows(await house.alice.api.get(link(second, "prev") or "")) == rows(first)
        assert link(second, "next") is None
        assert "link" not in (await house.get(path, offset=100)).headers


async def test_a_list_has_as_many_rows_as_clients_count_on_and_no_more_than_twice_that(house: House) -> None:
    """Trap 6."""
    await gather(house.world, house.alice, 1, 205)
    for path, kind in (PAGED | COUNTED | WITHOUT_LINKS).items():
        assert len(rows(await house.get(path))) == kind.default, path
        assert len(rows(await house.get(path, limit=100_000))) == kind.most, path
        assert len(rows(await house.get(path, limit=3))) == 3, path


async def test_a_negative_limit_or_offset_is_a_bad_request(house: House) -> None:
    """Trap 6."""
    for path in PAGED | COUNTED | WITHOUT_LINKS:
        assert "error" in (await house.get(path, expect=400, limit=-1)).json()
    for path in COUNTED | WITHOUT_LINKS:
        assert "error" in (await house.get(path, expect=400, offset=-1)).json()


async def test_bounds_on_both_sides_combine(house: House) -> None:
    """Trap 4. `since_id` cuts the newest page off; `min_id` begins right after it; `max_id` goes with either."""
    await gather(house.world, house.alice, 1, 17)
    for path in ("/api/v1/timelines/home", "/api/v1/notifications"):
        ids = rows(await house.get(path, limit=40))
        top, bottom = ids[1], ids[-2]
        between = ids[2:-2]
        assert rows(await house.get(path, max_id=top, since_id=bottom, limit=5)) == between[:5]
        assert rows(await house.get(path, max_id=top, min_id=bottom, limit=5)) == between[-5:]
        assert rows(await house.get(path, since_id=bottom, limit=5)) == ids[:5]
        assert rows(await house.get(path, min_id=bottom, limit=5)) == ids[-7:-2]


async def test_later_ids_are_longer_or_sort_behind(world: World) -> None:
    """Trap 2."""
    alice, ben = await world.person("alice"), await world.person("ben")
    posts: list[str] = []
    for number in range(12):
        posts.append((await ben.post(f"{number} @alice"))["id"])
        world.clock.tick(milliseconds=1)
    await world.settle()
    told = list(reversed(rows(await alice.api.get("/api/v1/notifications"))))
    assert len(told) == 12
    for ids in (posts, told):
        assert sorted(ids, key=lambda one: (len(one), one)) == ids
        assert max(int(one) for one in ids) < 2**63
