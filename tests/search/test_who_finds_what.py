"""Who finds whose posts: over random societies, exactly those who may, and in lists want to, see them."""

from __future__ import annotations

import pytest

from rostra.posts.hydrate import StatusReader
from rostra.search.find import SearchPage, search_statuses
from rostra.search.index import index
from tests.situations import Post, Society, make_society
from tests.world import World


async def found_by(society: Society, viewer: int | None, text: str) -> set[int]:
    world = society.world
    viewer_id = None if viewer is None else society.people[viewer].account_id
    reader = StatusReader(world.db, world.res.urls, viewer_id, world.clock.now())
    ids: set[int] = set()
    for offset in (0, 40):
        part = SearchPage(limit=40, offset=offset)
        found = await search_statuses(world.db, reader, text, part, viewer_id=viewer_id, domain="localhost:3000")
        ids |= {int(str(bytes(status)).partition('"id":"')[2].partition('"')[0]) for status in found}
    return ids


def should_find(society: Society, viewer: int | None, post: Post) -> bool:
    if not society.may_see(viewer, post) or not society.wants(viewer, post.author):
        return False
    limited = post.author in society.silenced and (viewer, post.author) not in society.follows
    if post.visibility == "public" and post.author in society.indexable and not limited:
        return True
    return viewer is not None and (viewer == post.author or viewer in post.mentions or viewer in post.kept_by)


@pytest.mark.parametrize("seed", range(6))
async def test_everybody_finds_exactly_what_they_may_and_want_to_see(world: World, seed: int) -> None:
    society = await make_society(world, seed, posts=50)
    await index(world.db, [post.id for post in society.posts])
    for viewer in (None, *range(len(society.people))):
        expected = {post.id for post in society.posts if should_find(society, viewer, post)}
        assert await found_by(society, viewer, "situation") == expected
        kept = {
            post.id
            for post in society.posts
            if viewer is not None
            and society.may_see(viewer, post)
            and society.wants(viewer, post.author)
            and viewer in ({post.author} | post.mentions | post.kept_by)
        }
        assert await found_by(society, viewer, "situation in:library") == kept


async def test_the_societies_are_no_desert(world: World) -> None:
    society = await make_society(world, 1, posts=50)
    answers = {should_find(society, viewer, post) for viewer in range(6) for post in society.posts}
    seen = {society.may_see(viewer, post) for viewer in range(6) for post in society.posts}
    assert answers == seen == {True, False}
