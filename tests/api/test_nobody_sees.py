"""Nobody sees what they may not see: by every way in, exactly what the predicate of `posts.access` lets through.

The predicate itself is held to its twin in `tests/posts/test_access.py`; here it is the twin that says what every
endpoint and every page may show in a village where everybody could come upon everything.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Iterable
from typing import Any, Final
from urllib.parse import parse_qsl

import asyncpg
import pytest

from rostra.effects import emit
from rostra.events import PushOrdered
from rostra.kit.clock import FixedClock
from rostra.timelines.announce import EditedStatus, NewStatus
from tests.api.village import ANNA, AUTHORS, GONE, HOST, NAMES, QUIET, REMOTE, Village, build_village
from tests.conftest import NOON, rolled_back
from tests.notifications.push_service import running_push_service
from tests.situations import Post
from tests.streaming.connected import Connected, connect
from tests.web.browser import Browser
from tests.world import Api, World, link


@pytest.fixture(scope="module")
async def built(
    shared_connection: asyncpg.Connection, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Village]:
    """The village as it is at first, made once and never committed."""
    async with rolled_back(shared_connection) as db:
        world = World(db, FixedClock(NOON), tmp_path_factory.mktemp("village"))
        async with world.http_client, world.images:
            yield await build_village(world)
            await world.aclose()


@pytest.fixture
def village(built: Village, world: World) -> Village:
    """The village in the world of a test, which begins with it and takes back what it does."""
    return built.within(world)


def api_of(village: Village, viewer: int | None) -> Api:
    return village.world.anyone if viewer is None else village.people[viewer].api


def who(viewer: int | None) -> str:
    return "a visitor" if viewer is None else NAMES[viewer]


async def read_all(api: Api, path: str) -> list[dict[str, Any]]:
    """A list with all its pages."""
    bare, _, asked = path.partition("?")
    answer = await api.get(bare, {"limit": 40, **dict(parse_qsl(asked))})
    items: list[dict[str, Any]] = answer.json()
    while following := link(answer, "next"):
        answer = await api.get(following)
        items += answer.json()
    return items


def ids_of(statuses: Iterable[dict[str, Any]]) -> list[int]:
    return sorted(int(status["id"]) for status in statuses)


def numbers(posts: Iterable[Post]) -> list[int]:
    return sorted(post.id for post in posts)


# One post. Ways that lead from a boost to what it boosts are asked about the latter.
ONE: Final = ("", "/context", "/history", "/favourited_by", "/reblogged_by")
# Where all ways were too many: whose posts are the hardest to see.
CLOSE: Final = (ANNA, GONE)


async def test_a_post_and_all_about_it_is_there_for_those_who_may_see_it_and_else_not_found(village: Village) -> None:
    for viewer in village.viewers:
        api = api_of(village, viewer)
        ways = ONE if viewer is None else (*ONE, "/source")
        for post in (*village.plain, *village.boosts, village.answers[2]):
            for way in ways if post.author in CLOSE or post.boost_of else ("",):
                subject = post if way == "" else (post.boost_of or post)
                answer = await api.get(f"/api/v1/statuses/{post.id}{way}", expect=None)
                expected = 200 if village.may_see(viewer, subject) else 404
                assert answer.status_code == expected, (who(viewer), NAMES[post.author], post.visibility, way)
                if expected == 404:
                    assert answer.json() == {"error": "Record not found"}


async def test_a_poll_is_there_for_those_who_may_see_its_post(village: Village) -> None:
    for viewer in village.viewers:
        for post in village.plain:
            answer = await api_of(village, viewer).get(f"/api/v1/polls/{post.id}", expect=None)
            assert answer.status_code == (200 if village.may_see(viewer, post) else 404), (who(viewer), post)


async def test_several_posts_at_once_are_those_that_may_be_seen(village: Village) -> None:
    asked = [*village.plain, *village.boosts]
    for viewer in village.viewers:
        found = (await api_of(village, viewer).get("/api/v1/statuses", {"id[]": [post.id for post in asked]})).json()
        assert ids_of(found) == numbers(post for post in asked if village.may_see(viewer, post)), who(viewer)


async def test_a_thread_leaves_out_what_may_not_be_seen_above_and_below(village: Village) -> None:
    below = [*village.answers, *village.leaves]
    for viewer in village.viewers:
        if not village.may_see(viewer, village.root):
            continue
        api = api_of(village, viewer)
        context = (await api.get(f"/api/v1/statuses/{village.root.id}/context")).json()
        assert ids_of(context["descendants"]) == numbers(post for post in below if village.likes(viewer, post))
        for answer, leaf in zip(village.answers, village.leaves, strict=True):
            context = (await api.get(f"/api/v1/statuses/{leaf.id}/context")).json()
            above = [post for post in (village.root, answer) if village.likes(viewer, post)]
            assert ids_of(context["ancestors"]) == numbers(above), (who(viewer), NAMES[answer.author])


async def test_the_people_of_a_post_are_those_whom_the_viewer_wants_to_see(village: Village) -> None:
    everybody = [number for number in range(len(NAMES)) if number not in village.suspended]
    for viewer in village.viewers:
        api = api_of(village, viewer)
        for post in village.plain:
            if not village.may_see(viewer, post):
                continue
            fans = {person["username"] for person in await read_all(api, f"/api/v1/statuses/{post.id}/favourited_by")}
            assert fans == {NAMES[number] for number in everybody if village.wants(viewer, number)}
            boosters = await read_all(api, f"/api/v1/statuses/{post.id}/reblogged_by")
            assert {person["username"] for person in boosters} == {
                NAMES[boost.author]
                for boost in village.boosts
                if boost.boost_of is post and village.may_see(viewer, boost) and village.wants(viewer, boost.author)
            }


# Lists. Each says which of all posts it would have, were they all to be seen.
def standing_in(village: Village, viewer: int, post: Post) -> bool:
    """A home timeline has a boosted post once, as its first boost."""
    boosts = [boost for boost in village.boosts if boost.boost_of is (post.boost_of or post)]
    return village.likes(viewer, post) and (not boosts or boosts[0] is post)


def listed(village: Village, viewer: int, post: Post) -> bool:
    return post.visibility != "direct" and (viewer, post.author) in village.follows and village.likes(viewer, post)


def is_open(village: Village, viewer: int | None, post: Post) -> bool:
    """As public as can be: where everybody passes by."""
    loud = post.boost_of is None and post.visibility == "public" and post.author not in village.silenced
    return loud and village.likes(viewer, post)


def is_answer(post: Post) -> bool:
    return post.reply_to is not None and post.reply_to.author != post.author


def is_kept(village: Village, viewer: int, post: Post) -> bool:
    return post.boost_of is None and village.may_see(viewer, post)


LISTS: Final[dict[str, Callable[[Village, int, Post], bool]]] = {
    "/api/v1/timelines/home": standing_in,
    "/api/v1/timelines/list/{list}": listed,
    "/api/v1/timelines/public": lambda village, viewer, post: is_open(village, viewer, post) and not is_answer(post),
    "/api/v1/timelines/tag/village": is_open,
    "/api/v1/favourites": is_kept,
    "/api/v1/bookmarks": is_kept,
    "/api/v1/trends/statuses": is_open,
}
FOR_VISITORS: Final = [path for path in LISTS if "public" in path or "tag" in path or "trends" in path]


@pytest.mark.parametrize("path", LISTS)
async def test_a_list_shows_what_may_and_is_wanted_to_be_seen_and_nothing_else(village: Village, path: str) -> None:
    for viewer in village.viewers if path in FOR_VISITORS else village.viewers[1:]:
        place = path.format(list=village.lists.get(viewer, 0) if viewer is not None else 0)
        shown = await read_all(api_of(village, viewer), place)
        expected = [post for post in village.posts if LISTS[path](village, viewer, post)]  # type: ignore[arg-type]
        assert ids_of(shown) == numbers(expected), who(viewer)
        assert expected or viewer is not None


async def test_conversations_show_what_may_and_is_wanted_to_be_seen_and_nothing_else(village: Village) -> None:
    for viewer in village.viewers[1:]:
        shown = [each["last_status"] for each in await read_all(api_of(village, viewer), "/api/v1/conversations")]
        expected = [
            post
            for post in village.posts
            if post.visibility == "direct" and (post.author == viewer or village.likes(viewer, post))
        ]
        assert ids_of(shown) == numbers(expected), who(viewer)


async def test_posts_that_are_merged_into_home_are_those_that_would_have_been_copied(village: Village) -> None:
    large = {ANNA, HOST, REMOTE, GONE}
    large_ids = [village.people[author].account_id for author in large]
    async with village.world.db.transaction() as tx:
        await tx.execute("update accounts set merged_on_read = true where id = any($1::bigint[])", large_ids)
        await tx.execute("delete from home_entries where author_id = any($1::bigint[])", large_ids)
    for viewer in village.viewers[1:]:
        assert viewer is not None
        kept = {post.id for post in village.posts if post.author not in large and standing_in(village, viewer, post)}
        subjects = {(post.boost_of or post).id for post in village.posts if post.id in kept}
        merged = {
            post.id
            for post in village.posts
            if post.author in large and listed(village, viewer, post) and (post.boost_of or post).id not in subjects
        }
        shown = await read_all(village.people[viewer].api, "/api/v1/timelines/home")
        assert set(ids_of(shown)) - kept == {
            post.id
            for post in village.posts
            if post.id in merged and (not is_answer(post) or follows_both(village, viewer, post))
        }, who(viewer)


def follows_both(village: Village, viewer: int, post: Post) -> bool:
    return post.reply_to is not None and (viewer, post.reply_to.author) in village.follows


@pytest.mark.parametrize("choice", ["", "only_media=true", "exclude_reblogs=true", "tagged=village", "pinned=true"])
async def test_a_profile_shows_what_may_be_seen_even_of_those_whom_one_does_not_follow(
    village: Village, choice: str
) -> None:
    for viewer in village.viewers:
        for author in AUTHORS:
            barred = author in village.suspended or (author, viewer) in village.blocks
            expected = [
                post
                for post in village.posts
                if post.author == author
                and not barred
                and village.may_see(viewer, post)
                and (post.boost_of is None or (not choice and village.wants(viewer, post.boost_of.author)))
                and (choice != "pinned=true" or (post.boost_of is None and post.reply_to is None))
                and (choice not in ("only_media=true", "tagged=village") or post.boost_of is None)
            ]
            path = f"/api/v1/accounts/{village.people[author].id}/statuses?{choice}"
            shown = await read_all(api_of(village, viewer), path)
            assert ids_of(shown) == numbers(expected), (who(viewer), NAMES[author])


async def test_notifications_tell_of_what_may_still_be_seen(village: Village) -> None:
    for viewer in village.viewers[1:]:
        assert viewer is not None
        api = village.people[viewer].api
        told = await read_all(api, "/api/v1/notifications")
        assert ids_of(one["status"] for one in told) == numbers(
            post for post in village.posts if village.may_see(viewer, post)
        ), who(viewer)
        shown = {int(one["id"]) for one in told}
        every = await village.world.db.connection.fetch(
            "select id from notifications where account_id = $1 order by id limit 20", village.people[viewer].account_id
        )
        for row in every:
            answer = await api.get(f"/api/v1/notifications/{row['id']}", expect=None)
            assert answer.status_code == (200 if row["id"] in shown else 404)


async def test_a_search_finds_what_may_and_is_wanted_to_be_seen(village: Village) -> None:
    for viewer in village.viewers:
        api = api_of(village, viewer)
        found: list[int] = []
        for offset in (0, 40) if viewer is not None else (0,):
            query = {"q": "village", "type": "statuses", "limit": 40} | ({"offset": offset} if offset else {})
            found += ids_of((await api.get("/api/v2/search", query)).json()["statuses"])
        originals = [post for post in village.posts if post.boost_of is None and village.likes(viewer, post)]
        if viewer is None:
            originals = [post for post in originals if post.visibility == "public" and post.author != QUIET][:40]
            assert set(found) <= set(numbers(originals))
        else:
            assert sorted(found) == numbers(originals), who(viewer)


async def test_an_address_finds_a_post_for_those_who_may_see_it(village: Village) -> None:
    for viewer in village.viewers:
        for post in village.plain:
            address = f"http://localhost:3000{village.path(post)}"
            found = (await api_of(village, viewer).get("/api/v2/search", {"q": address, "type": "statuses"})).json()
            assert ids_of(found["statuses"]) == ([post.id] if village.may_see(viewer, post) else []), who(viewer)


ACTS: Final = (
    "favourite", "unfavourite", "bookmark", "unbookmark", "reblog", "unreblog", "pin", "unpin", "mute", "unmute",
)  # fmt: skip


async def test_nothing_can_be_done_with_what_may_not_be_seen(village: Village) -> None:
    for viewer in village.viewers[1:]:
        assert viewer is not None
        person = village.people[viewer]
        made = (await person.api.post("/api/v2/filters", {"title": "x", "context": ["home"]})).json()
        for post in village.plain:
            if village.may_see(viewer, post) or post.author not in CLOSE:
                continue
            path = f"/api/v1/statuses/{post.id}"
            for act in ACTS:
                answer = await person.api.post(f"{path}/{act}", expect=404)
                assert village.marker(post) not in answer.text
            await person.api.put(path, {"status": "Mine now"}, expect=404)
            await person.api.delete(path, expect=404)
            await person.api.post(f"/api/v1/polls/{post.id}/votes", {"choices": [0]}, expect=404)
            await person.api.post("/api/v1/statuses", {"status": "So!", "in_reply_to_id": str(post.id)}, expect=404)
            await person.api.post(f"/api/v2/filters/{made['id']}/statuses", {"status_id": str(post.id)}, expect=404)
            report = {"account_id": village.people[post.author].id, "status_ids": [str(post.id)]}
            await person.api.post("/api/v1/reports", report, expect=404)
            media_id = await village.world.db.connection.fetchval(
                "select id from media_attachments where status_id = $1", post.id
            )
            await person.api.get(f"/api/v1/media/{media_id}", expect=404)


async def test_a_page_of_a_post_is_there_for_those_who_may_see_it(village: Village) -> None:
    for viewer in village.viewers:
        browser = await browser_of(village, viewer)
        for post in (*(post for post in village.plain if post.author in CLOSE), *village.boosts):
            subject, seen = post.boost_of or post, village.may_see(viewer, post)
            parts = ("", "/history", "/favourites", "/reblogs") if post in village.plain[2:4] else ("",)
            for part in parts:
                answer = await browser.http.get(f"{village.path(post)}{part}")
                assert answer.status_code == (200 if seen else 404), (who(viewer), NAMES[post.author], part)
                if not seen or part in ("", "/history"):
                    assert (village.marker(subject) in answer.text) == seen


async def browser_of(village: Village, viewer: int | None) -> Browser:
    return Browser(village.world) if viewer is None else await Browser.of(village.world, village.people[viewer])


PAGES: Final = (
    "/", "/public", "/public/local", "/tags/village", "/explore", "/search?q=village&type=statuses", "/@anna",
    "/@anna/with_replies", "/@anna/media", "/@quiet/with_replies", "/@host/with_replies", "/@gone", "/home",
    "/lists/{list}", "/bookmarks", "/favourites", "/notifications", "/report?account_id={anna}&status_ids[]={post}",
    "/compose?in_reply_to={post}", "/@host/{root}",
)  # fmt: skip


async def test_no_page_shows_what_may_not_be_seen(village: Village) -> None:
    hidden_from_somebody: set[str] = set()
    shown_somewhere: set[str] = set()
    for viewer in village.viewers:
        browser = await browser_of(village, viewer)
        own_list = village.lists.get(-1 if viewer is None else viewer)
        for page in PAGES:
            private = next(post for post in village.plain if (post.author, post.visibility) == (ANNA, "private"))
            path = page.format(list=own_list, anna=village.people[ANNA].id, post=private.id, root=village.root.id)
            answer = await browser.http.get(path, params=None if "?" in path else {"limit": "40"})
            assert answer.status_code in (200, 404), (who(viewer), path)
            for post in village.posts:
                if post.boost_of is not None:
                    continue
                marker = village.marker(post)
                if village.may_see(viewer, post):
                    shown_somewhere |= {marker} if marker in answer.text else set()
                else:
                    hidden_from_somebody.add(marker)
                    assert marker not in answer.text, (who(viewer), path, NAMES[post.author], post.visibility)
    assert shown_somewhere & hidden_from_somebody


LIVE: Final = {"user": standing_in, "public": LISTS["/api/v1/timelines/public"], "hashtag?village": is_open}


async def test_what_is_sent_live_is_what_the_lists_would_show(village: Village) -> None:
    connections: dict[int, Connected] = {}
    for viewer in village.viewers[1:]:
        assert viewer is not None
        connections[viewer] = await connect(village.people[viewer], *LIVE, f"list?{village.lists[viewer]}")
    for post in village.posts:
        await village.world.app.hub.deliver(NewStatus(status_id=post.id))
    for viewer, connection in connections.items():
        heard: dict[str, set[str]] = {}
        for stream, _, status_id in connection.heard():
            heard.setdefault(stream, set()).add(status_id)
        for stream, shows in {**LIVE, f"list?{village.lists[viewer]}": listed}.items():
            expected = {str(post.id) for post in village.posts if shows(village, viewer, post)}
            assert heard.get(stream, set()) == expected, (who(viewer), stream)
    for post in village.posts:
        await village.world.app.hub.deliver(EditedStatus(status_id=post.id))
    for viewer, connection in connections.items():
        again = {status_id for _, _, status_id in connection.heard()}
        assert again <= {str(post.id) for post in village.posts if village.likes(viewer, post)}, who(viewer)


async def test_what_may_no_longer_be_seen_is_not_pushed(village: Village) -> None:
    world = village.world
    async with running_push_service() as service:
        for viewer in village.viewers[1:]:
            assert viewer is not None
            person = village.people[viewer]
            subscribed = await person.api.post("/api/v1/push/subscription", {"subscription": service.subscription()})
            rows = await world.db.connection.fetch(
                "select id, status_id from notifications where account_id = $1 and status_id = any($2::bigint[])",
                person.account_id, [post.id for post in (*village.plain, *village.boosts)],
            )  # fmt: skip
            async with world.db.transaction() as tx:
                for row in rows:
                    ordered = PushOrdered(subscription_id=int(subscribed.json()["id"]), notification_id=row["id"])
                    await emit(tx, ordered)
            await world.settle()
            told = {row["id"]: row["status_id"] for row in rows}
            pushed = [told[push["notification_id"]] for push in service.read()]
            assert sorted(pushed) == numbers(
                post for post in (*village.plain, *village.boosts) if village.may_see(viewer, post)
            ), who(viewer)


async def test_an_app_without_a_person_sees_what_a_visitor_sees(village: Village) -> None:
    await village.world.token_for(None, "app", "read write")
    app = Api(village.world, "app")
    for post in village.plain:
        answer = await app.get(f"/api/v1/statuses/{post.id}", expect=None)
        assert answer.status_code == (200 if village.may_see(None, post) else 404)
