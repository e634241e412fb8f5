"""Small random societies for property tests: people who follow, block and mute each other, and posts of every kind.

What the database holds is also known here in plain Python, so that a test can say who should see what.
"""

from __future__ import annotations

import random

import msgspec

from rostra.posts.access import Facts, may_see
from rostra.relationships.wanted import Distance, wants
from tests.world import Person, World

VISIBILITIES = ("public", "unlisted", "private", "direct")


class Post(msgspec.Struct, kw_only=True):
    """One status; people by their place in `Society.people`."""

    id: int
    author: int
    visibility: str
    mentions: set[int]
    kept_by: set[int]
    boost_of: Post | None = None
    reply_to: Post | None = None


class Society:
    """People, and pairs of them (who, whom) by relation."""

    def __init__(self, world: World, people: list[Person]) -> None:
        self.world = world
        self.people = people
        self.follows: set[tuple[int, int]] = set()
        # Follows that bring no boosts.
        self.quiet_follows: set[tuple[int, int]] = set()
        self.blocks: set[tuple[int, int]] = set()
        self.mutes: set[tuple[int, int]] = set()
        self.suspended: set[int] = set()
        self.silenced: set[int] = set()
        self.indexable: set[int] = set()
        self.posts: list[Post] = []

    def may_see(self, viewer: int | None, post: Post) -> bool:
        """Whether the viewer (None: a visitor) may see the post and what it boosts."""
        if post.boost_of is not None and not self.may_see(viewer, post.boost_of):
            return False
        known = viewer is not None
        return may_see(
            Facts(
                visibility=post.visibility,
                author_suspended=post.author in self.suspended,
                is_author=known and post.author == viewer,
                is_mentioned=known and viewer in post.mentions,
                follows_author=known and (viewer, post.author) in self.follows,
                blocked_by_author=known and (post.author, viewer) in self.blocks,
            )
        )

    def wants(self, viewer: int | None, author: int) -> bool:
        """Whether the viewer wants to see the author in lists."""
        return viewer is None or wants(
            Distance(
                blocked=(viewer, author) in self.blocks,
                blocked_by=(author, viewer) in self.blocks,
                muted=(viewer, author) in self.mutes,
            )
        )


async def make_society(
    world: World, seed: int, *, people: int = 6, posts: int = 36, boosts: int = 0, replies: bool = False
) -> Society:
    """A society that is the same for the same numbers. Nobody is told of anything; timelines are empty."""
    chance = random.Random(seed)
    society = Society(world, [await world.person(f"person{number}") for number in range(people)])
    pairs = [(a, b) for a in range(people) for b in range(people) if a != b]
    society.follows = {pair for pair in pairs if chance.random() < 0.5}
    society.blocks = {pair for pair in pairs if chance.random() < 0.12}
    society.mutes = {pair for pair in pairs if chance.random() < 0.12}
    society.suspended = {number for number in range(people) if chance.random() < 0.12}
    society.silenced = {number for number in range(people) if chance.random() < 0.15}
    society.indexable = {number for number in range(people) if chance.random() < 0.7}
    society.quiet_follows = {pair for pair in sorted(society.follows) if chance.random() < 0.3}
    await _write_relations(society)
    for _ in range(posts):
        author = chance.randrange(people)
        others = [number for number in range(people) if number != author]
        post = Post(
            id=0,
            author=author,
            visibility=chance.choice(VISIBILITIES),
            mentions={number for number in others if chance.random() < 0.15},
            kept_by={number for number in range(people) if chance.random() < 0.1},
        )
        if replies and society.posts and chance.random() < 0.4:
            post.reply_to = chance.choice(society.posts)
        await _write_post(society, post)
    for _ in range(boosts):
        original = chance.choice([post for post in society.posts if post.boost_of is None])
        booster = chance.randrange(people)
        known = {(post.author, post.boost_of.id) for post in society.posts if post.boost_of}
        if (booster, original.id) not in known:
            boost = Post(id=0, author=booster, visibility="public", mentions=set(), kept_by=set(), boost_of=original)
            await _write_post(society, boost)
    return society


async def _write_relations(society: Society) -> None:
    at, ids = society.world.clock.now(), [person.account_id for person in society.people]
    async with society.world.db.transaction() as tx:
        for table, pairs in (("follows", society.follows), ("blocks", society.blocks), ("mutes", society.mutes)):
            await tx.executemany(
                f"insert into {table} (id, account_id, target_id, created_at) values (make_id($3), $1, $2, $3)",
                [(ids[a], ids[b], at) for a, b in sorted(pairs)],
            )
        await tx.executemany(
            "update follows set show_reblogs = false where account_id = $1 and target_id = $2",
            [(ids[a], ids[b]) for a, b in sorted(society.quiet_follows)],
        )
        for number, account_id in enumerate(ids):
            await tx.execute(
                "update accounts set indexable = $2, suspended_at = $3, silenced_at = $4, rendered_for = 0"
                " where id = $1",
                account_id,
                number in society.indexable,
                at if number in society.suspended else None,
                at if number in society.silenced else None,
            )


async def _write_post(society: Society, post: Post) -> None:
    at, ids = society.world.clock.now(), [person.account_id for person in society.people]
    async with society.world.db.transaction() as tx:
        post.id = await tx.fetchval("select make_id($1)", at)
        await tx.execute("insert into conversations (id, created_at) values ($1, $2)", post.id, at)
        await tx.execute(
            "insert into statuses (id, account_id, uri, url, text, content, visibility, reblog_of_id, conversation_id,"
            " created_at, in_reply_to_id, in_reply_to_account_id)"
            " values ($1, $2, $3, $3, 'a situation', '<p>a situation</p>', $4, $5, $1, $6, $7, $8)",
            post.id,
            ids[post.author],
            f"https://example.com/{post.id}",
            post.visibility,
            post.boost_of.id if post.boost_of else None,
            at,
            post.reply_to.id if post.reply_to else None,
            ids[post.reply_to.author] if post.reply_to else None,
        )
        await tx.execute("insert into status_stats (status_id) values ($1)", post.id)
        await tx.executemany(
            "insert into mentions (status_id, account_id) values ($1, $2)",
            [(post.id, ids[number]) for number in sorted(post.mentions)],
        )
        await tx.executemany(
            "insert into favourites (id, account_id, status_id, created_at) values (make_id($3), $2, $1, $3)",
            [(post.id, ids[number], at) for number in sorted(post.kept_by)],
        )
    society.posts.append(post)
