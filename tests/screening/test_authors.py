"""What is known of authors: the same for one as for many who are asked about together, each with copies of its own."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import timedelta

import msgspec

from rostra.detect.near import signature
from rostra.screening.author_queries import Asked, AuthorRow, find_authors
from rostra.screening.near_queries import insert_signature
from rostra.screening.screen import Screen
from rostra.screening.subject import Part, Subject
from tests.conftest import NOON
from tests.world import Person, World

WALK = "come to the old harbour on saturday evening and bring your friends, the lantern walk starts when it is dark"
BIKE = "somebody left a grey bicycle with a broken lamp in front of our kitchen window, please take it away again"


def but_for_ids(rows: Sequence[AuthorRow | None]) -> list[AuthorRow | None]:
    return [row and msgspec.structs.replace(row, next_id=0, place=1) for row in rows]


async def test_many_are_told_apart_and_each_is_as_if_it_were_asked_about_alone(world: World) -> None:
    one, two, three = [await world.person(name) for name in ("one", "two", "three")]
    await one.post("a post of the last hour")
    await two.api.post(f"/api/v1/accounts/{three.id}/follow")
    async with world.db.transaction() as tx:
        for status_id, person, text in ((1, one, WALK), (2, two, WALK), (3, two, BIKE)):
            await insert_signature(tx, status_id, int(person.id), NOON, signature(text))
    asked = [
        Asked(account_id=int(one.id), made=signature(WALK), mentioned=(int(two.id), int(three.id))),
        Asked(account_id=int(two.id), made=signature(BIKE), status_id=3),
        Asked(account_id=77),
        Asked(account_id=int(three.id), made=signature("ok"), mentioned=(int(two.id), int(one.id), int(three.id))),
        Asked(account_id=int(one.id), made=signature(BIKE)),
    ]
    at = NOON + timedelta(minutes=1)
    async with world.db.read() as conn:
        rows = await find_authors(conn, asked, at)
        alone = [(await find_authors(conn, [each], at))[0] for each in asked]
    assert but_for_ids(rows) == but_for_ids(alone)
    assert [row and (row.copies, row.authors, row.strangers) for row in rows] == [
        (2, 1, 2), (0, 0, 0), None, (0, 0, 1), (1, 1, 0),
    ]  # fmt: skip
    assert [row and row.posts_last_hour for row in rows] == [1, 0, None, 0, 1]
    ids = [row.next_id for row in rows if row]
    assert len({*ids}) == len(ids), "two posts of one author are two posts"


async def test_copies_are_found_on_both_sides_of_the_days_in_which_keys_change(world: World) -> None:
    author = await world.person("author")
    border = NOON.fromtimestamp((int(NOON.timestamp()) >> 19) + 1 << 19, NOON.tzinfo)
    async with world.db.transaction() as tx:
        for status_id, minutes in ((1, -1), (2, 1)):
            await insert_signature(tx, status_id, 5, border + timedelta(minutes=minutes), signature(WALK))
        asked = [Asked(account_id=int(author.id), made=signature(text)) for text in (BIKE, WALK)]
        rows = await find_authors(tx, asked, border + timedelta(minutes=2))
    assert [row and row.copies for row in rows] == [0, 2]


def post(person: Person, text: str) -> Subject:
    return Subject(kind="post", author_id=int(person.id), parts=(Part("text", text),), visibility="public")


async def test_what_is_judged_at_the_same_time_is_looked_at_with_one_statement(world: World) -> None:
    people = [await world.person(name) for name in ("one", "two", "three")]
    screen: Screen = world.res.screen
    await screen.judge(world.db, post(people[0], "to warm up"))
    subjects = [post(person, text) for person in people for text in (WALK, WALK, BIKE)] * 2

    async def judge() -> None:
        judged = await asyncio.gather(*(screen.judge(world.db, subject) for subject in subjects))
        assert [each.subject for each in judged] == subjects
        assert all(each.signature == signature(each.subject.text) for each in judged)
        ids = [each.author.next_id for each in judged if each.author]
        assert len({*ids}) == len(subjects), "each has an id of its own, though two are the same"

    ran = await world.statements(judge)
    assert len([text for text in ran if "near_signatures" in text]) == 1


async def test_one_that_has_no_author_does_not_keep_others_from_theirs(world: World) -> None:
    author = await world.person("author")
    title = Subject(kind="card", parts=(Part("text", "A title"),))
    card, own, other = await asyncio.gather(
        *(world.res.screen.judge(world.db, each) for each in (title, post(author, WALK), title))
    )
    assert (card.author, other.author) == (None, None)
    assert own.author is not None
