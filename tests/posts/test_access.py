"""Who may see what, and who wants to: the SQL predicates and their Python twins agree in every world."""

from __future__ import annotations

from datetime import timedelta
from typing import Final

import asyncpg
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from msgspec import Struct

from rostra.posts.access import Facts, may_see, visible, wanted
from rostra.relationships.wanted import Distance, wants
from tests.conftest import NOON, TransactionDatabase

PEOPLE: Final = range(5)
DOMAINS: Final = (None, None, None, "a.example", "b.example")
VISIBILITIES: Final = ("public", "unlisted", "private", "direct")
Pair = tuple[int, int]


class Post(Struct, frozen=True):
    author: int
    visibility: str
    mentioned: frozenset[int] = frozenset()
    withheld: bool = False


class Little(Struct, frozen=True):
    """A little world. Mutes end so many seconds from now; None never."""

    domains: tuple[str | None, ...]
    suspended: frozenset[int]
    follows: frozenset[Pair]
    blocks: frozenset[Pair]
    mutes: dict[Pair, int | None]
    blocked_domains: frozenset[tuple[int, str]]
    posts: tuple[Post, ...]

    def facts(self, viewer: int | None, post: Post) -> Facts:
        """What decides whether the viewer may see the post."""
        return Facts(
            visibility=post.visibility,
            withheld=post.withheld,
            author_suspended=post.author in self.suspended,
            is_author=viewer == post.author,
            is_mentioned=viewer in post.mentioned,
            follows_author=(viewer, post.author) in self.follows,
            blocked_by_author=(post.author, viewer) in self.blocks,
        )

    def distance(self, viewer: int | None, author: int) -> Distance:
        """What decides whether the viewer wants to see the author."""
        muted = viewer is not None and (viewer, author) in self.mutes
        end = self.mutes[(viewer, author)] if muted and viewer is not None else None
        return Distance(
            blocked=(viewer, author) in self.blocks,
            blocked_by=(author, viewer) in self.blocks,
            muted=muted and (end is None or end > 0),
            domain_blocked=(viewer, self.domains[author]) in self.blocked_domains,
        )


people = st.sampled_from(PEOPLE)
pairs = st.tuples(people, people).filter(lambda pair: pair[0] != pair[1])
posts = st.builds(Post, people, st.sampled_from(VISIBILITIES), st.frozensets(people, max_size=3), st.booleans())
worlds = st.builds(
    Little,
    domains=st.tuples(*(st.sampled_from(DOMAINS) for _ in PEOPLE)),
    suspended=st.frozensets(people, max_size=2),
    follows=st.frozensets(pairs, max_size=10),
    blocks=st.frozensets(pairs, max_size=4),
    mutes=st.dictionaries(pairs, st.sampled_from((None, -1, 0, 1)), max_size=4),
    blocked_domains=st.frozensets(st.tuples(people, st.sampled_from(("a.example", "b.example"))), max_size=3),
    posts=st.lists(posts, min_size=1, max_size=10).map(tuple),
)
EMPTY: Final = Little((None,) * 5, frozenset(), frozenset(), frozenset(), {}, frozenset(), ())


async def build(connection: asyncpg.Connection, little: Little) -> None:
    """Write the world; people have the ids 1 to 5, posts those from 101."""
    await connection.executemany(
        "insert into accounts (id, username, domain, uri, url, suspended_at, created_at, updated_at)"
        " values ($1, 'p' || $1::bigint, $2, $1::bigint::text, '', $3, $4, $4)",
        [(n + 1, little.domains[n], NOON if n in little.suspended else None, NOON) for n in PEOPLE],
    )
    for table, rows in (("follows", little.follows), ("blocks", little.blocks)):
        await connection.executemany(
            f"insert into {table} (id, account_id, target_id, created_at) values (make_id($3), $1, $2, $3)",
            [(one + 1, other + 1, NOON) for one, other in rows],
        )
    await connection.executemany(
        "insert into mutes (id, account_id, target_id, expires_at, created_at) values (make_id($4), $1, $2, $3, $4)",
        [
            (one + 1, other + 1, None if end is None else NOON + timedelta(seconds=end), NOON)
            for (one, other), end in little.mutes.items()
        ],
    )
    await connection.executemany(
        "insert into account_domain_blocks (id, account_id, domain, created_at) values (make_id($3), $1, $2, $3)",
        [(one + 1, domain, NOON) for one, domain in little.blocked_domains],
    )
    await connection.execute("insert into conversations (id, created_at) values (1, $1)", NOON)
    for number, post in enumerate(little.posts):
        await connection.execute(
            "insert into statuses (id, account_id, uri, url, visibility, conversation_id, created_at, withheld)"
            " values ($1, $2, $1::bigint::text, '', $3, 1, $4, $5)",
            101 + number, post.author + 1, post.visibility, NOON, "review" if post.withheld else None,
        )  # fmt: skip
        await connection.executemany(
            "insert into mentions (status_id, account_id) values ($1, $2)",
            [(101 + number, who + 1) for who in post.mentioned],
        )


MAY_SEE: Final = f"""
select s.id from statuses s join accounts a on a.id = s.account_id where {visible("$1", "s", "a")}
"""
# As fan-out and notifications ask: for many viewers at once.
MAY_SEE_EACH: Final = f"""
select w.id as viewer, s.id from accounts w cross join statuses s join accounts a on a.id = s.account_id
where {visible("w.id", "s", "a")}
"""
WANTS: Final = f"select a.id from accounts a where {wanted('$1', 'a.id', 'a', '$2')}"

several = settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


@given(little=worlds)
@example(little=EMPTY)
@several
async def test_sql_and_python_agree_on_who_may_see_a_status(little: Little, db: TransactionDatabase) -> None:
    transaction = db.connection.transaction()
    await transaction.start()
    try:
        await build(db.connection, little)
        for viewer in (None, *PEOPLE):
            rows = await db.connection.fetch(MAY_SEE, None if viewer is None else viewer + 1)
            expected = {101 + n for n, post in enumerate(little.posts) if may_see(little.facts(viewer, post))}
            assert {row["id"] for row in rows} == expected, f"viewer {viewer}"
        rows = await db.connection.fetch(MAY_SEE_EACH)
        assert {(row["viewer"] - 1, row["id"]) for row in rows} == {
            (viewer, 101 + n)
            for viewer in PEOPLE
            for n, post in enumerate(little.posts)
            if may_see(little.facts(viewer, post))
        }
    finally:
        await transaction.rollback()


@given(little=worlds)
@example(little=EMPTY)
@several
async def test_sql_and_python_agree_on_whom_somebody_wants_to_see(little: Little, db: TransactionDatabase) -> None:
    transaction = db.connection.transaction()
    await transaction.start()
    try:
        await build(db.connection, little)
        for viewer in (None, *PEOPLE):
            rows = await db.connection.fetch(WANTS, None if viewer is None else viewer + 1, NOON)
            expected = {author + 1 for author in PEOPLE if wants(little.distance(viewer, author))}
            assert {row["id"] for row in rows} == expected, f"viewer {viewer}"
    finally:
        await transaction.rollback()


def test_nothing_outweighs_a_block_or_a_suspension() -> None:
    close = {"is_author": True, "is_mentioned": True, "follows_author": True}
    for visibility in VISIBILITIES:
        assert may_see(Facts(visibility=visibility, **close))
        assert not may_see(Facts(visibility=visibility, blocked_by_author=True, **close))
        assert not may_see(Facts(visibility=visibility, author_suspended=True, **close))
        assert not may_see(Facts(visibility=visibility, withheld=True, **{**close, "is_author": False}))


def test_a_follower_sees_private_posts_and_no_direct_ones() -> None:
    assert may_see(Facts(visibility="private", follows_author=True))
    assert not may_see(Facts(visibility="direct", follows_author=True))
    assert not may_see(Facts(visibility="private"))
    assert may_see(Facts(visibility="unlisted"))
