"""Forty of everything, written past the API: what the lists are filled with whose statements are counted.

Each row of a list is somebody else's and has all that can hang on it: a picture, a poll with a vote, a mention, a
hashtag, a preview, an emoji. The number of a guest is part of all ids that have to do with them.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Final

from tests.world import Person, World

# Where the accounts begin that alice follows; those whom she blocks or mutes, and those who ask to follow her, are
# others, for they cannot be in her other lists.
GUESTS: Final = 1_000
# Where the posts of the guests begin. Beyond are alice's boosts of them, replies to ROOT, boosts of ROOT, the
# pictures of HOST, all of them pinned, and what each guest tells alice alone.
POSTS: Final = 10_000
# Of these there is one, and of the things that belong to alice alone each has its number as its id.
ROOT: Final = 900
FILTER: Final = 901
LIST: Final = 902
CATS: Final = 903
CARD: Final = 904
HOST: Final = 905

_STATUS: Final = (
    "insert into statuses (id, account_id, uri, url, text, content, visibility, conversation_id, created_at"
)

# $1 alice, $2 the time.
_ONCE: Final = (
    f"insert into conversations (id, created_at) select {ROOT}, $2 where $1::bigint > 0",
    f"{_STATUS}) values ({ROOT}, $1, 'root', 'root', 'root', '<p>root</p>', 'public', {ROOT}, $2)",
    f"insert into status_stats (status_id) select {ROOT} where $1::bigint > 0 and $2::timestamptz is not null",
    f"insert into tags (id, name, display_name, created_at) select {CATS}, 'cats', 'cats', $2 where $1::bigint > 0",
    f"""insert into preview_cards (id, url, title, usable, fetched_at)
    select {CARD}, 'https://news.example/', 'News', true, $2 where $1::bigint > 0""",
    f"insert into lists (id, account_id, title, created_at) values ({LIST}, $1, 'Everybody', $2)",
    f"""insert into filters (id, account_id, title, context, created_at)
    values ({FILTER}, $1, 'Dogs', '{{home,public,thread,account,notifications}}', $2)""",
    "update users set filters_revision = 1, role = 'moderator' where account_id = $1 and $2::timestamptz is not null",
    f"""insert into accounts (id, username, uri, url, created_at, updated_at)
    select {HOST}, 'host', 'host', 'host', $2, $2 where $1::bigint > 0""",
    f"insert into account_stats (account_id) select {HOST} where $1::bigint > 0 and $2::timestamptz is not null",
    f"insert into follows (id, account_id, target_id, created_at) values ({HOST}, $1, {HOST}, $2)",
)

# $1 alice, $2 the time, $3 and $4 the first and the last guest.
_EACH: Final = (
    # People.
    """insert into accounts (id, username, display_name, uri, url, discoverable, indexable, created_at, updated_at)
    select kind + n, who || n, 'Number ' || n, who || n, '', true, true, $2, $2
    from guest, (values (1000, 'cat'), (2000, 'blocked'), (3000, 'muted'), (4000, 'asking')) k(kind, who)""",
    "insert into account_stats (account_id) select kind + n from guest, unnest('{1000,2000,3000,4000}'::int[]) kind",
    "update account_stats set statuses_count = 1 from guest where account_id = 4000 + n",
    "insert into follows (id, account_id, target_id, created_at) select 1000 + n, $1, 1000 + n, $2 from guest",
    "insert into follows (id, account_id, target_id, created_at) select 5000 + n, 1000 + n, $1, $2 from guest",
    f"insert into follows (id, account_id, target_id, created_at) select 6000 + n, 1000 + n, {HOST}, $2 from guest",
    "insert into follow_requests (id, account_id, target_id, created_at) select n, 4000 + n, $1, $2 from guest",
    "insert into blocks (id, account_id, target_id, created_at) select n, $1, 2000 + n, $2 from guest",
    """insert into mutes (id, account_id, target_id, expires_at, created_at)
    select n, $1, 3000 + n, $2::timestamptz + interval '1 day', $2 from guest""",
    """insert into account_domain_blocks (id, account_id, domain, created_at)
    select n, $1, 'domain' || n || '.example', $2 from guest""",
    f"insert into list_accounts (id, list_id, account_id) select n, {LIST}, 1000 + n from guest",
    # Posts.
    """insert into custom_emojis (id, shortcode, image_key, static_key, created_at)
    select n, 'emoji' || n, 'x', 'x', $2 from guest""",
    f"""{_STATUS}, has_poll, language, card_id)
    select 10000 + n, 1000 + n, 'post' || n, '', 'lighthouse', '<p>lighthouse :emoji' || n || ':</p>', 'public', {ROOT},
      $2, true, 'en', {CARD} from guest""",
    f"""{_STATUS}, reblog_of_id)
    select 20000 + n, $1, 'boost' || n, '', '', '', 'public', {ROOT}, $2, 10000 + n from guest""",
    f"""{_STATUS}, in_reply_to_id, in_reply_to_account_id)
    select 30000 + n, 1000 + n, 'reply' || n, '', 'hm', '<p>hm</p>', 'public', {ROOT}, $2, {ROOT}, $1 from guest""",
    f"""{_STATUS}, reblog_of_id)
    select 40000 + n, 1000 + n, 'back' || n, '', '', '', 'public', {ROOT}, $2, {ROOT} from guest""",
    f"""{_STATUS})
    select 50000 + n, {HOST}, 'host' || n, '', '', '', 'public', {ROOT}, $2 from guest""",
    """insert into conversations (id, created_at) select 60000 + n, $2 from guest""",
    f"""{_STATUS})
    select 60000 + n, 1000 + n, 'private' || n, '', '', '', 'direct', 60000 + n, $2 from guest""",
    "insert into mentions (status_id, account_id) select 60000 + n, $1 from guest",
    """insert into status_stats (status_id)
    select kind + n from guest, unnest('{10000,20000,30000,40000,50000,60000}'::int[]) kind""",
    f"insert into status_tags (tag_id, status_id) select {CATS}, 10000 + n from guest",
    """insert into polls (id, status_id, account_id, options, votes, multiple, created_at)
    select 10000 + n, 10000 + n, 1000 + n, '{yes,no}', '{1,0}', false, $2 from guest""",
    "insert into poll_votes (poll_id, account_id, choices, created_at) select 10000 + n, $1, '{0}', $2 from guest",
    """insert into media_attachments (id, account_id, status_id, type, content_type, original_key, preview_key,
      size_bytes, meta, created_at)
    select n, 1000 + n, 10000 + n, 'image', 'image/png', 'x', 'x', 1, '{}', $2 from guest""",
    f"""insert into media_attachments (id, account_id, status_id, type, content_type, original_key, preview_key,
      size_bytes, meta, created_at)
    select 100_000 + n, {HOST}, 50000 + n, 'image', 'image/png', 'x', 'x', 1, '{{}}', $2 from guest""",
    "insert into mentions (status_id, account_id) select 10000 + n, $1 from guest",
    """insert into home_entries (account_id, status_id, subject_id, author_id, subject_author_id)
    select $1, 10000 + n, 10000 + n, 1000 + n, 1000 + n from guest""",
    """insert into status_search (status_id, account_id, open, words)
    select 10000 + n, 1000 + n, true, to_tsvector('plain', 'cat lighthouse') from guest""",
    f"""insert into status_edits (status_id, revision, text, content, spoiler_text, sensitive, created_at)
    select {ROOT}, n, '', '<p>:emoji' || n || ':</p>', '', false, $2 from guest""",
    # What has been done about them.
    f"insert into favourites (id, account_id, status_id, created_at) select n, 1000 + n, {ROOT}, $2 from guest",
    "insert into favourites (id, account_id, status_id, created_at) select 100_000 + n, $1, 10000 + n, $2 from guest",
    "insert into bookmarks (id, account_id, status_id, created_at) select n, $1, 10000 + n, $2 from guest",
    f"insert into status_pins (id, account_id, status_id, created_at) select n, {HOST}, 50000 + n, $2 from guest",
    """insert into notifications (account_id, type, from_account_id, status_id, created_at)
    select $1, 'mention', 1000 + n, 10000 + n, $2 from guest""",
    """insert into reports (id, account_id, target_id, created_at) select n, 1000 + n, 2000 + n, $2 from guest""",
    """insert into notifications (account_id, type, from_account_id, report_id, created_at)
    select $1, 'admin.report', 1000 + n, n, $2 from guest""",
    # Hashtags, trends, filters, lists, what is to come.
    """insert into tags (id, name, display_name, last_used_at, created_at)
    select n, 'catsof' || n, 'CatsOf' || n, $2, $2 from guest""",
    "insert into tag_follows (id, account_id, tag_id, created_at) select n, $1, n, $2 from guest",
    "insert into tag_uses (tag_id, used_on, account_id) select n, $2::timestamptz::date, 1000 + n from guest",
    "insert into trending_tags (tag_id, score) select n, n from guest",
    "insert into trending_statuses (status_id, score) select 10000 + n, n from guest",
    """insert into preview_cards (id, url, title, usable, fetched_at)
    select n, 'https://news.example/' || n, 'News', true, $2 from guest""",
    "insert into trending_links (card_id, score, history) select n, n, '{}' from guest",
    """insert into filters (id, account_id, title, context, created_at)
    select n, $1, 'Filter ' || n, '{home,public,thread,account,notifications}', $2 from guest""",
    "insert into filter_keywords (id, filter_id, keyword) select n, n, 'dog' || n from guest",
    f"insert into filter_keywords (id, filter_id, keyword) select 100_000 + n, {FILTER}, 'puppy' || n from guest",
    f"insert into filter_statuses (id, filter_id, status_id) select n, {FILTER}, 30000 + n from guest",
    "insert into lists (id, account_id, title, created_at) select n, $1, 'List ' || n, $2 from guest",
    f"insert into list_accounts (id, list_id, account_id) select 100_000 + n, n, {HOST} from guest",
    """insert into scheduled_statuses (id, account_id, scheduled_at, draft, created_at)
    select n, $1, $5, '{"text": "Later"}', $2 from guest""",
    "insert into rules (id, text, position) select n, 'Be kind', n from guest",
)
# PostgreSQL wants to be told of what a statement does not use.
_GUEST: Final = """with guest as (
  select n from generate_series($3::int, $4::int) n where $1::bigint > 0 and $2::timestamptz < $5::timestamptz) """


async def open_house(world: World, alice: Person) -> None:
    """What there is one of, whoever comes."""
    async with world.db.transaction() as tx:
        for statement in _ONCE:
            await tx.execute(statement, alice.account_id, world.clock.now())


async def gather(world: World, alice: Person, first: int, last: int) -> None:
    """Add the guests from `first` to `last` with all that is theirs."""
    at = world.clock.now()
    async with world.db.transaction() as tx:
        for statement in _EACH:
            await tx.execute(_GUEST + statement, alice.account_id, at, first, last, at + timedelta(days=30))
