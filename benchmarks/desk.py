"""Measure the moderation desk with a backlog: `python -m benchmarks desk [--posts N] [--cases N] [--rounds N]`.

A real server, one reviewer, 26,000 open cases and 100,000 closed ones over a million posts, all written by a few large
statements. What is timed is a page over loopback, from request to last byte, session, frame and template included. The
CPU time of the web process and of the database tells more where other things run on the machine.
"""

from __future__ import annotations

import argparse
import asyncio
import re
import time
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Final

import asyncpg
import httpx

from benchmarks.load import percentile
from benchmarks.server import Server, Spent
from rostra.accounts.create import create_account
from rostra.accounts.records import NewAccount
from rostra.accounts.sessions import open_session
from rostra.kit.clock import Clock
from rostra.kit.db import connect, open_database
from rostra.kit.settings import Settings, load_settings
from rostra.policy.shipped import shipped_bundle
from rostra.resources import urls_of
from rostra.text.urls import Urls

PEOPLE: Final = 20_000
_WARM: Final = 5
_WARM_CASES: Final = 20
# What is aimed at, in milliseconds.
AIM: Final = 50.0

ACCOUNTS: Final = """
insert into accounts (id, username, uri, url, display_name, note_text, note, created_at, updated_at)
select n << 16, name, $2 || '/users/' || name, $2 || '/@' || name, 'Person ' || n, '', '', $1, $1
from (select n, 'bench' || (n % 700) || chr(97 + (n % 26)::integer) || n as name
  from generate_series(1, $3::bigint) n) x
"""
USERS: Final = """
insert into users (account_id, email, email_key, password_hash, confirmed_at, approved_at, created_at, sign_up_ip)
select n << 16, n || '@bench.example', n || '@bench.example', 'x', $1, $1, $1,
  '10.0.0.0'::inet + n / 3 from generate_series(1, $2::bigint) n
"""
STATS: Final = """
insert into account_stats (account_id, followers_count) select n << 16, n % 5000 from generate_series(1, $1::bigint) n
"""
CONVERSATION: Final = "insert into conversations (id, created_at) values (1, $1)"
# Ids go back from now, one post a second.
STATUSES: Final = """
insert into statuses (id, account_id, uri, url, text, content, visibility, language, conversation_id, created_at,
  in_reply_to_id)
select id, ((n % $4) + 1) << 16, 'u' || n, 'u' || n, 'Post number ' || n || ' of somebody who has a lot to say of it',
  '', 'public', case when n % 3 = 0 then 'it' else 'en' end, 1, at,
  case when n % 5 = 0 and n < $3 then (floor(extract(epoch from at - interval '1 second') * 1000)::bigint << 16) end
from (select n, at, floor(extract(epoch from at) * 1000)::bigint << 16 as id
  from (select n, $1::timestamptz - n * interval '1 second' as at from generate_series($2::bigint, 1, -1) n) t) x
order by id
"""
STATUS_STATS: Final = "insert into status_stats (status_id) select id from statuses"
# The newest posts have signatures; each hundredth of them says the same.
SIGNATURES: Final = """
insert into near_signatures (status_id, account_id, at, signature, band_1, band_2, band_3, band_4, band_5, band_6)
select id, account_id, created_at, case when n % 100 = 0 then repeat('01', 128)::bit(256)
    else (select string_agg((random() * 16)::integer::bit(4)::text, '') from generate_series(1, 64) where n > 0)
      ::bit(256) end, k(1), k(2), k(3), k(4), k(5), k(6)
from (select row_number() over (order by id desc) as n, * from statuses order by id desc limit 100000) x
"""
# Of clauses as they are met: a few of them make most of it.
CASES: Final = """
insert into cases (id, subject_kind, subject_id, account_id, policy, clause, rule, severity, opened_at, source, p,
  views, language, exposure, reports_count, state, closed_at, outcome, rank)
select make_id(at), 'status', id, account_id, 'bench',
  ($2::text[])[(n * n % array_length($2::text[], 1))::integer + 1], 'r', n % 5 + 1, at,
  case n % 4 when 0 then 'hold' when 1 then 'rule' else 'report' end, (n % 97) / 100.0, n % 3000,
  language, n % 4, n % 7, case when n <= $1 then 'queued' else 'closed' end,
  case when n > $1 then $4::timestamptz - (n - $1) * interval '7 seconds' end, case when n > $1 then 'ok' end,
  case_rank(((n % 97) / 100.0)::real, (n % 5 + 1)::integer, (n % 3000)::real, at, null, at)
from (select row_number() over (order by id desc) as n, id, account_id, language, created_at as at from statuses
  order by id desc limit $3) x
"""
REPORTS: Final = """
insert into reports (id, account_id, target_id, status_ids, comment, created_at)
select make_id(c.opened_at), ((c.id >> 3) % 20000 + 1) << 16, c.account_id, array[c.subject_id], 'Look at this',
  c.opened_at
from cases c where c.state = 'queued'
"""
LINKS: Final = """
insert into report_cases (case_id, report_id)
select c.id, r.id from reports r join cases c on c.subject_kind = 'status' and c.subject_id = r.status_ids[1]
on conflict do nothing
"""
VERDICTS: Final = """
insert into moderation_events (id, type, subject_kind, subject_id, account_id, policy, clause, details, created_at)
select make_id(c.opened_at), 'verdict', 'status', c.subject_id, c.account_id, 'bench', c.clause,
  '{"rule": "r", "action": "allow", "scores": {"threat": 0.4}}', c.opened_at
from cases c where c.state = 'queued'
"""
TABLES: Final = "accounts, users, account_stats, statuses, status_stats, near_signatures, cases, reports, report_cases"


def main(arguments: Sequence[str]) -> None:
    """Seed, measure and print."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks desk", description=__doc__)
    parser.add_argument("--posts", type=int, default=1_000_000)
    parser.add_argument("--cases", type=int, default=26_000)
    parser.add_argument("--rounds", type=int, default=60)
    options = parser.parse_args(arguments)
    asyncio.run(_measure(options.posts, options.cases, options.rounds))


async def _measure(posts: int, cases: int, rounds: int) -> None:
    with Server(workers=1) as server:
        server.start()
        began = time.perf_counter()
        await seed(server.dsn, _urls(server).base, posts, cases)
        print(f"{cases:,} open cases over {posts:,} posts, seeded in {time.perf_counter() - began:.0f} s", flush=True)
        await measure_on(server, rounds)


def _settings(server: Server) -> Settings:
    return load_settings({}, {"data_dir": server.directory, "dev": True, "scheme": "http", "domain": server.domain})


def _urls(server: Server) -> Urls:
    return urls_of(_settings(server))


async def measure_on(server: Server, rounds: int) -> None:
    """Open each page of the desk so often, on a server that has the volume."""
    urls, clock = _urls(server), Clock()
    async with open_database(server.dsn) as db:
        async with db.transaction() as tx:
            new = NewAccount(
                username="reviewer", email="r@bench.example", password_hash="x", role="moderator", confirmed=True,
                approved=True,
            )  # fmt: skip
            account_id = await create_account(tx, urls, new, clock.now())
        token = await open_session(db, clock, account_id, ip=None, user_agent="bench")
    cookies = {f"{_settings(server).cookie_prefix}session": token}
    async with httpx.AsyncClient(base_url=urls.base, cookies=cookies, trust_env=False, timeout=60) as http:
        await _pages(server, http, rounds)


async def seed(dsn: str, base: str, posts: int, cases: int) -> None:
    """Write the volume."""
    connection: asyncpg.Connection = await connect(dsn)
    now = datetime.now(UTC)
    clauses = [clause.id for clause in shipped_bundle().clauses]
    await connection.execute("set synchronous_commit = off")
    await connection.execute("alter table moderation_events disable trigger user")
    await connection.execute(ACCOUNTS, now, base, PEOPLE)
    await connection.execute(USERS, now, PEOPLE)
    await connection.execute(STATS, PEOPLE)
    await connection.execute(CONVERSATION, now)
    await connection.execute(STATUSES, now, posts, posts, PEOPLE, timeout=900)
    await connection.execute(STATUS_STATS, timeout=900)
    keyed = SIGNATURES
    for band in range(1, 7):
        key = f"case when n % 100 = 0 then {band} else n * 7919 + {band} end"
        keyed = keyed.replace(f"k({band})", f"(extract(epoch from created_at)::bigint >> 19) << 40 | {key}")
    await connection.execute(keyed, timeout=900)
    await connection.execute(CASES, cases, clauses, cases + 100_000, now, timeout=900)
    for statement in (REPORTS, LINKS, VERDICTS):
        await connection.execute(statement, timeout=900)
    await connection.execute("alter table moderation_events enable trigger user")
    await connection.execute(f"analyze {TABLES}", timeout=900)
    await connection.close()


async def _pages(server: Server, http: httpx.AsyncClient, rounds: int) -> None:
    print(f"{'milliseconds':<44}{'p50':>8}{'p95':>8}{'web':>8}{'db':>8}", flush=True)
    for name, path in (
        ("the queue", "/admin/desk"),
        ("the queue, narrowed", "/admin/desk?language=it&source=report"),
        ("its counts alone", "/admin/desk/counts"),
        ("what was decided", "/admin/desk?tab=closed"),
    ):
        for _ in range(_WARM):
            await _get(http, path)
        before = server.usage()
        timed = [await _get(http, path) for _ in range(rounds)]
        _line(name, timed, server.usage().since(before))
    await _work(server, http, rounds)


async def _work(server: Server, http: httpx.AsyncClient, rounds: int) -> None:
    """Take, look, decide, as a reviewer does."""
    timed: dict[str, list[float]] = {"the page of a case": [], "a decision, and the next case leased": []}
    spent = {name: Spent() for name in timed}
    where = await _next(http)
    # Every connection of the pool prepares its statements once.
    for _ in range(_WARM_CASES):
        await _get(http, where)
    for _ in range(rounds):
        before, began = server.usage(), time.perf_counter()
        page = (await http.get(where)).text
        timed["the page of a case"].append(time.perf_counter() - began)
        spent["the page of a case"] += server.usage().since(before)
        to = re.findall(r'action="(/admin/desk/cases/\d+/decide)"', page)[0]
        hidden = dict(re.findall(r'type="hidden" name="(\w+)" value="([^"]*)"', page))
        before, began = server.usage(), time.perf_counter()
        answer = await http.post(to, data={**hidden, "quick": "ok", "since": "0"})
        timed["a decision, and the next case leased"].append(time.perf_counter() - began)
        spent["a decision, and the next case leased"] += server.usage().since(before)
        assert answer.status_code == 303, answer.text[:300]
        where = answer.headers["location"]
    for name, seconds in timed.items():
        _line(name, seconds, spent[name])


async def _next(http: httpx.AsyncClient) -> str:
    page = (await http.get("/admin/desk")).text
    csrf = re.findall(r'name="csrf" value="([^"]+)"', page)[0]
    answer = await http.post("/admin/desk/next", data={"csrf": csrf})
    assert answer.status_code == 303, answer.text[:300]
    return answer.headers["location"]


async def _get(http: httpx.AsyncClient, path: str) -> float:
    began = time.perf_counter()
    answer = await http.get(path)
    assert answer.status_code == 200, answer.text[:300]
    return time.perf_counter() - began


def _line(name: str, seconds: Sequence[float], spent: Spent) -> None:
    found = [1000 * each for each in seconds]
    web, database = (1000 * each / len(found) for each in (spent.web, spent.database))
    high = percentile(found, 0.95)
    over = "  over" if high > AIM else ""
    print(f"{name:<44}{percentile(found, 0.5):>8.1f}{high:>8.1f}{web:>8.1f}{database:>8.1f}{over}", flush=True)
