"""A village in which everybody could come upon everything: whoever may see a post there is known in plain Python.

There is one person for each way of standing to an author, and one post of each kind by each author. Every post stands
in every home timeline, list, library and index, and everybody was told of it: as if all of them had been close friends
before they followed, blocked, limited or suspended each other. What is left out is left out by who may see it alone.
"""

from __future__ import annotations

from copy import copy
from typing import Final

from tests.situations import Post, Society
from tests.world import Person, World

# Authors. `gone` is suspended, `quiet` is limited; `host` is an open house; `remote` lives elsewhere.
ANNA, GONE, QUIET, HOST, REMOTE = range(5)
AUTHORS: Final = (ANNA, GONE, QUIET, HOST, REMOTE)
ELSEWHERE: Final = "else.example"
# Readers, each named for what they are to anna; mostly they are the same to the others. `shy` has blocked the domain
# of `remote`.
FOLLOWER, STRANGER, BARRED, MENTIONED, NAMED_AND_BARRED, AVERSE, DEAF, ASKING, SHY = range(5, 14)
NAMES: Final = (
    "anna", "gone", "quiet", "host", "remote", "follower", "stranger", "barred", "mentioned", "named_and_barred",
    "averse", "deaf", "asking", "shy",
)  # fmt: skip
VISIBILITIES: Final = ("public", "unlisted", "private", "direct")
# Who boosts what: an author's post of a visibility, by somebody, and how the boost is shown.
BOOSTS: Final = (
    (HOST, ANNA, "public", "public"), (HOST, ANNA, "unlisted", "private"), (ANNA, ANNA, "private", "private"),
    (ANNA, GONE, "public", "public"), (ANNA, HOST, "public", "public"), (GONE, HOST, "unlisted", "public"),
    (QUIET, ANNA, "public", "unlisted"), (HOST, QUIET, "public", "public"), (HOST, REMOTE, "public", "public"),
    (ANNA, REMOTE, "unlisted", "private"), (REMOTE, HOST, "public", "public"),
)  # fmt: skip


class Village(Society):
    """The people, and their posts by what they are."""

    def __init__(self, world: World, people: list[Person]) -> None:
        super().__init__(world, people)
        self.plain: list[Post] = []
        self.boosts: list[Post] = []
        # Answers to `root`, and an open answer to each of those.
        self.root = Post(id=0, author=HOST, visibility="public", mentions=set(), kept_by=set())
        self.answers: list[Post] = []
        self.leaves: list[Post] = []
        self.lists: dict[int, int] = {}

    def within(self, world: World) -> Village:
        """The same village, looked at through the application of another world on the same records."""
        seen = copy(self)
        seen.world = world
        seen.people = [Person(world, each.account_id, each.username, each.token) for each in self.people]
        return seen

    @property
    def viewers(self) -> list[int | None]:
        """Everybody who can look, and a visitor."""
        return [None, *(number for number in range(len(self.people)) if number not in (GONE, REMOTE))]

    def wants(self, viewer: int | None, author: int) -> bool:
        """Whether the viewer wants to see the author in lists."""
        return super().wants(viewer, author) and (viewer, author) != (SHY, REMOTE)

    def path(self, post: Post) -> str:
        """Where the page of a post is."""
        domain = f"@{ELSEWHERE}" if post.author == REMOTE else ""
        return f"/@{NAMES[post.author]}{domain}/{post.id}"

    def likes(self, viewer: int | None, post: Post) -> bool:
        """Whether the viewer may see the post and wants to see both its author and whose post it boosts."""
        authors = {post.author} | ({post.boost_of.author} if post.boost_of else set())
        return self.may_see(viewer, post) and all(self.wants(viewer, author) for author in authors)

    def marker(self, post: Post) -> str:
        """The word that stands in this post and in no other."""
        return f"secret{(post.boost_of or post).id}"


async def build_village(world: World) -> Village:
    """The village, with everything in it that there can be."""
    village = Village(world, [await world.person(name) for name in NAMES])
    village.follows = {(reader, author) for reader in (FOLLOWER, BARRED, AVERSE, DEAF, SHY) for author in AUTHORS}
    village.blocks = {(ANNA, BARRED), (ANNA, NAMED_AND_BARRED), (HOST, NAMED_AND_BARRED), (AVERSE, ANNA)}
    village.mutes = {(DEAF, ANNA), (DEAF, QUIET)}
    village.suspended, village.silenced, village.indexable = {GONE}, {QUIET}, set(AUTHORS)
    await _write_posts(village)
    await _relate(village)
    await _keep(village)
    return village


async def _write_posts(village: Village) -> None:
    await _write(village, village.root)
    named = {MENTIONED, NAMED_AND_BARRED}
    for author in AUTHORS:
        for visibility in VISIBILITIES:
            plain, answer = (
                Post(id=0, author=author, visibility=visibility, mentions=named - {author}, kept_by=set())
                for _ in range(2)
            )
            answer.reply_to = village.root
            leaf = Post(id=0, author=HOST, visibility="public", mentions=set(), kept_by=set(), reply_to=answer)
            for post, kind in ((plain, village.plain), (answer, village.answers), (leaf, village.leaves)):
                await _write(village, post)
                kind.append(post)
    for booster, author, seen, shown in BOOSTS:
        original = next(post for post in village.plain if (post.author, post.visibility) == (author, seen))
        boost = Post(id=0, author=booster, visibility=shown, mentions=set(), kept_by=set(), boost_of=original)
        await _write(village, boost)
        village.boosts.append(boost)


async def _write(village: Village, post: Post) -> None:
    ids, at = [person.account_id for person in village.people], village.world.clock.now()
    async with village.world.db.transaction() as tx:
        post.id = await tx.fetchval("select make_id($1)", at)
        marker = "" if post.boost_of else village.marker(post)
        await tx.execute("insert into conversations (id, created_at) values ($1, $2)", post.id, at)
        await tx.execute(
            "insert into statuses (id, account_id, uri, url, text, content, spoiler_text, visibility, reblog_of_id,"
            " conversation_id, created_at, in_reply_to_id, in_reply_to_account_id, has_poll)"
            " values ($1, $2, 'x' || $1::bigint, $9, $3, '<p>' || $3 || '</p>', '', $4, $5, $1, $6, $7, $8, $10)",
            post.id, ids[post.author], marker, post.visibility, post.boost_of.id if post.boost_of else None, at,
            post.reply_to.id if post.reply_to else None, ids[post.reply_to.author] if post.reply_to else None,
            f"http://localhost:3000{village.path(post)}", post.boost_of is None,
        )  # fmt: skip
        await tx.execute("insert into status_stats (status_id) values ($1)", post.id)
        await tx.executemany(
            "insert into mentions (status_id, account_id) values ($1, $2)",
            [(post.id, ids[number]) for number in sorted(post.mentions)],
        )
    village.posts.append(post)


async def _relate(village: Village) -> None:
    ids, at = [person.account_id for person in village.people], village.world.clock.now()
    async with village.world.db.transaction() as tx:
        for table, pairs in (
            ("follows", village.follows), ("blocks", village.blocks), ("mutes", village.mutes),
            ("follow_requests", {(ASKING, author) for author in AUTHORS}),
        ):  # fmt: skip
            await tx.executemany(
                f"insert into {table} (id, account_id, target_id, created_at) values (make_id($3), $1, $2, $3)",
                [(ids[a], ids[b], at) for a, b in sorted(pairs)],
            )
        await tx.execute("update accounts set discoverable = true, locked = (id = $1)", ids[ANNA])
        await tx.execute("update accounts set indexable = true where id = any($1::bigint[])", ids[:5])
        await tx.execute("update accounts set suspended_at = $2 where id = $1", ids[GONE], at)
        await tx.execute("update accounts set silenced_at = $2 where id = $1", ids[QUIET], at)
        await tx.execute("update accounts set domain = $2 where id = $1", ids[REMOTE], ELSEWHERE)
        await tx.execute("delete from users where account_id = $1", ids[REMOTE])
        await tx.execute(
            "insert into account_domain_blocks (id, account_id, domain, created_at) values (1, $1, $2, $3)",
            ids[SHY], ELSEWHERE, at,
        )  # fmt: skip


# $1 the time, $2 ids of all people, $3 of the authors.
_EVERYTHING_TO_EVERYBODY: Final = (
    # A boost and what it boosts do not both stand in a home timeline.
    """insert into home_entries (account_id, status_id, subject_id, author_id, subject_author_id)
    select p.id, s.id, coalesce(o.id, s.id), s.account_id, coalesce(o.account_id, s.account_id)
    from unnest($2::bigint[]) p(id), statuses s left join statuses o on o.id = s.reblog_of_id
    where $1::timestamptz is not null and cardinality($3::bigint[]) > 0
    order by s.reblog_of_id is null, s.id on conflict do nothing""",
    """insert into lists (id, account_id, title, created_at)
    select make_id($1), p.id, 'Authors', $1 from unnest($2::bigint[]) p(id) where cardinality($3::bigint[]) > 0""",
    """insert into list_accounts (id, list_id, account_id)
    select make_id($1), l.id, a.id from lists l, unnest($3::bigint[]) a(id) where l.account_id = any($2::bigint[])""",
    """insert into favourites (id, account_id, status_id, created_at)
    select make_id($1), p.id, s.id, $1 from unnest($2::bigint[]) p(id), statuses s
    where s.reblog_of_id is null and cardinality($3::bigint[]) > 0""",
    """insert into bookmarks (id, account_id, status_id, created_at)
    select make_id($1), p.id, s.id, $1 from unnest($2::bigint[]) p(id), statuses s
    where s.reblog_of_id is null and cardinality($3::bigint[]) > 0""",
    """insert into notifications (account_id, type, from_account_id, status_id, created_at)
    select p.id, 'status', s.account_id, s.id, $1 from unnest($2::bigint[]) p(id), statuses s
    where cardinality($3::bigint[]) > 0""",
    """insert into status_pins (id, account_id, status_id, created_at)
    select make_id($1), s.account_id, s.id, $1 from statuses s
    where s.reblog_of_id is null and s.in_reply_to_id is null and s.account_id = any($3::bigint[])
      and cardinality($2::bigint[]) > 0""",
    """insert into status_search (status_id, account_id, open, words)
    select s.id, s.account_id, s.visibility = 'public', to_tsvector('plain', 'village') from statuses s
    where s.reblog_of_id is null and s.account_id = any($3::bigint[]) and cardinality($2::bigint[]) > 0
      and $1::timestamptz is not null""",
    """insert into trending_statuses (status_id, score)
    select s.id, s.id % 97 from statuses s
    where s.account_id = any($3::bigint[]) and cardinality($2::bigint[]) > 0 and $1::timestamptz is not null""",
    """insert into polls (id, status_id, account_id, options, votes, multiple, created_at)
    select s.id, s.id, s.account_id, '{yes,no}', '{0,0}', false, $1 from statuses s
    where s.reblog_of_id is null and s.account_id = any($3::bigint[]) and cardinality($2::bigint[]) > 0""",
    """insert into media_attachments (id, account_id, status_id, type, content_type, original_key, preview_key,
      size_bytes, meta, created_at)
    select make_id($1), s.account_id, s.id, 'image', 'image/png', 'secret' || s.id, 'secret' || s.id, 1, '{}', $1
    from statuses s
    where s.reblog_of_id is null and s.account_id = any($3::bigint[]) and cardinality($2::bigint[]) > 0""",
    """insert into tags (id, name, display_name, created_at) select 1, 'village', 'village', $1
    where cardinality($2::bigint[]) > 0 and cardinality($3::bigint[]) > 0""",
    """insert into status_tags (tag_id, status_id) select 1, s.id from statuses s
    where s.reblog_of_id is null and s.account_id = any($3::bigint[]) and cardinality($2::bigint[]) > 0
      and $1::timestamptz is not null""",
)


async def _keep(village: Village) -> None:
    ids, world = [person.account_id for person in village.people], village.world
    async with world.db.transaction() as tx:
        for statement in _EVERYTHING_TO_EVERYBODY:
            await tx.execute(statement, world.clock.now(), ids, ids[:5])
        rows = await tx.fetch("select id, account_id from lists")
    village.lists = {ids.index(row["account_id"]): row["id"] for row in rows}
