"""Who hears what by which stream: what is sent live is what the timelines would show."""

from __future__ import annotations

import pytest

from rostra.filters.match import NO_FILTERS
from rostra.kit.paging import PageForm
from rostra.posts.broadcast import Viewing, render_for
from rostra.posts.hydrate import StatusReader
from rostra.timelines.announce import NewStatus
from rostra.timelines.fan_out import fan_out
from rostra.timelines.home import home
from rostra.timelines.public import Choice, listed, public
from tests.situations import Society, make_society
from tests.streaming.connected import Connected, connect
from tests.world import World

FORTY = PageForm(limit=40).window()
POLICIES = ("followed", "list", "none")


def ids_of(statuses: list[object]) -> set[str]:
    return {bytes(status).decode().partition('"id":"')[2].partition('"')[0] for status in statuses}  # type: ignore[arg-type]


async def make_lists(society: Society) -> list[int]:
    """A list of everybody's, with everybody in it whom they follow; some of them take the posts out of home."""
    at, ids = society.world.clock.now(), []
    async with society.world.db.transaction() as tx:
        for number, person in enumerate(society.people):
            list_id = await tx.fetchval(
                "insert into lists (id, account_id, title, replies_policy, exclusive, created_at)"
                " values (make_id($1), $2, 'x', $3, $4, $1) returning id",
                at, person.account_id, POLICIES[number % 3], number == 4,
            )  # fmt: skip
            await tx.executemany(
                "insert into list_accounts (id, list_id, account_id) values (make_id($1), $2, $3)",
                [
                    (at, list_id, society.people[b].account_id)
                    for a, b in sorted(society.follows)
                    if a == number and (a + b) % 3
                ],
            )
            ids.append(list_id)
    return ids


async def read_timelines(society: Society, viewer: int, list_id: int) -> dict[str, set[str]]:
    world, account_id = society.world, society.people[viewer].account_id
    reader = StatusReader(world.db, world.res.urls, account_id, world.clock.now())
    shown = {
        "user": (await home(reader, FORTY)).items,
        "public": (await public(reader, FORTY, Choice())).items,
        "public:local": (await public(reader, FORTY, Choice(local=True))).items,
        "public:remote": (await public(reader, FORTY, Choice(remote=True))).items,
        f"list?{list_id}": (await listed(world.db, reader, FORTY, account_id=account_id, list_id=list_id)).items,
    }
    return {name: ids_of(statuses) for name, statuses in shown.items()}


@pytest.mark.parametrize("seed", range(8))
async def test_everybody_hears_exactly_what_their_timelines_show(world: World, seed: int) -> None:
    society = await make_society(world, seed, posts=24, boosts=12, replies=True)
    merged = society.people[seed % 6].account_id
    await world.db.connection.execute("update accounts set merged_on_read = true where id = $1", merged)
    lists = await make_lists(society)
    connections: list[Connected] = []
    for person, list_id in zip(society.people, lists, strict=True):
        streams = ("user", "public", "public:local", "public:remote", f"list?{list_id}")
        connections.append(await connect(person, *streams))
    for post in society.posts:
        await fan_out(world.db, post.id)
    for post in society.posts:
        await world.app.hub.deliver(NewStatus(status_id=post.id))
    something = False
    for viewer, (connection, list_id) in enumerate(zip(connections, lists, strict=True)):
        heard: dict[str, set[str]] = {}
        for stream, name, status_id in connection.heard():
            assert name == "update"
            heard.setdefault(stream, set()).add(status_id)
        for stream, shown in (await read_timelines(society, viewer, list_id)).items():
            assert heard.pop(stream, set()) == shown, (viewer, stream)
            something = something or bool(shown)
        assert heard == {}
    assert something


@pytest.mark.parametrize("seed", range(4))
async def test_a_status_is_rendered_for_those_who_may_and_want_to_see_it(world: World, seed: int) -> None:
    society = await make_society(world, seed, posts=24, boosts=8)
    viewings = {person.account_id: Viewing(NO_FILTERS, ("home", "public")) for person in society.people}
    for post in society.posts:
        for even_unwanted in (False, True):
            rendered = await render_for(
                world.db, world.res.urls, post.id, viewings, at=world.clock.now(), even_unwanted=even_unwanted
            )
            for viewer, person in enumerate(society.people):
                authors = {post.author} | ({post.boost_of.author} if post.boost_of else set())
                expected = society.may_see(viewer, post) and (
                    even_unwanted or all(society.wants(viewer, author) for author in authors)
                )
                assert ((person.account_id, "home") in rendered) == expected
                if not expected:
                    continue
                reader = StatusReader(world.db, world.res.urls, person.account_id, world.clock.now())
                assert bytes(rendered[person.account_id, "public"]) == bytes(await reader.get(post.id))
