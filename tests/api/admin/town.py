"""A server with one, or forty, of everything that the admin API lists."""

from __future__ import annotations

from typing import Final

from tests.world import World

# $1 the time, $2 the first number, $3 the last; `n` counts. Ids are small, so that they come before all others.
_N: Final = "from generate_series($2::int, $3::int) n"
_EACH: Final = [
    "insert into accounts (id, username, domain, uri, url, discoverable, created_at, updated_at)"
    f" select 1000 + n, 'guest' || n, null, 'https://a.example/' || n, '', true, $1, $1 {_N}",
    f"insert into account_stats (account_id) select 1000 + n {_N} where $1::timestamptz is not null",
    "insert into users (account_id, email, email_key, password_hash, sign_up_ip, approved_at, confirmed_at, created_at)"
    f" select 1000 + n, 'g' || n || '@a.example', 'g' || n || '@a.example', '', '203.0.113.1', $1, $1, $1 {_N}",
    "insert into sessions (id, token_hash, account_id, ip, created_at, last_seen_at)"
    f" select 1000 + n, ('s' || n)::bytea, 1000 + n, '203.0.113.2', $1, $1 {_N}",
    f"insert into conversations (id, created_at) select 1000 + n, $1 {_N}",
    "insert into statuses (id, account_id, uri, url, content, visibility, conversation_id, created_at)"
    f" select make_id($1), 1000 + n, 'https://a.example/s/' || n, '', 'Hello', 'public', 1000 + n, $1 {_N}",
    "insert into status_stats (status_id) select s.id from statuses s where s.conversation_id between 1000 + $2::int"
    " and 1000 + $3::int and $1::timestamptz is not null",
    "insert into trending_statuses (status_id, score) select s.id, 1 from statuses s where s.conversation_id"
    " between 1000 + $2::int and 1000 + $3::int and $1::timestamptz is not null",
    "insert into cases (id, subject_kind, subject_id, account_id, policy, clause, rule, severity, opened_at, rank)"
    f" select 1000 + n, 'account', 1000 + n, 1000 + n, '', '', '', 1, $1, 0 {_N}",
    "insert into reports (id, account_id, target_id, status_ids, rule_ids, category, created_at)"
    " select 1000 + n, 1001, 1000 + n, array[(select s.id from statuses s where s.conversation_id = 1000 + n)], '{1}',"
    f" 'violation', $1 {_N}",
    f"insert into report_cases (case_id, report_id) select 1000 + n, 1000 + n {_N} where $1::timestamptz is not null",
    "insert into domain_blocks (id, domain, severity, created_at, updated_at)"
    f" select 1000 + n, 'd' || n || '.example', 'suspend', $1, $1 {_N}",
    f"insert into domain_allows (id, domain, created_at) select 1000 + n, 'd' || n || '.example', $1 {_N}",
    f"insert into email_domain_blocks (id, domain, created_at) select 1000 + n, 'd' || n || '.example', $1 {_N}",
    f"insert into email_domain_attempts (block_id, day, address, attempts) select 1000 + n, $1::date, '::1', 3 {_N}",
    "insert into canonical_email_blocks (id, canonical_email_hash, created_at)"
    f" select 1000 + n, encode(sha256(('e' || n)::bytea), 'hex'), $1 {_N}",
    "insert into ip_blocks (id, network, severity, created_at)"
    f" select 1000 + n, ('198.51.100.' || n)::cidr, 'sign_up_block', $1 {_N}",
    "insert into tags (id, name, display_name, last_used_at, created_at)"
    f" select 1000 + n, 'tag' || n, 'Tag' || n, $1, $1 {_N}",
    f"insert into tag_uses (tag_id, used_on, account_id) select 1000 + n, $1::date, 1001 {_N}",
    f"insert into trending_tags (tag_id, score) select 1000 + n, 1 {_N} where $1::timestamptz is not null",
    f"insert into link_publishers (id, domain, created_at) select 1000 + n, 'news' || n || '.example', $1 {_N}",
    "insert into preview_cards (id, url, title, usable, fetched_at, publisher_id)"
    f" select 1000 + n, 'https://news' || n || '.example/', 'News', true, $1, 1000 + n {_N}",
    "insert into trending_links (card_id, score, history)"
    f" select 1000 + n, 1, '{{}}' {_N} where $1::timestamptz is not null",
]
FIRST: Final = 1001


async def settle_down(world: World, first: int, last: int) -> None:
    """Add everything with the numbers from `first` to `last`."""
    async with world.db.transaction() as tx:
        if first == 1:
            await tx.execute("insert into rules (id, text) values (1, 'Be kind')")
        for statement in _EACH:
            await tx.execute(statement, world.clock.now(), first, last)
