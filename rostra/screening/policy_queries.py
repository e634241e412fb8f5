"""SQL of the policy's versions, of which one is active, of paused rules, and of what rules hit."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from typing import Final

import msgspec

from rostra.kit.db import Reader, Tx, as_record, as_records, find_record

STATE: Final = """
select s.version_id, s.previous_id, s.revision, s.activated_at, v.version,
  array(select p.rule from paused_rules p where p.until is null or p.until > $1 order by p.rule) as paused,
  (select m.id from model_adjustments m where m.active) as adjustment_id
from policy_state s left join policy_versions v on v.id = s.version_id
"""

LOCK_STATE: Final = "select version_id from policy_state for update"

TOUCH_STATE: Final = "update policy_state set revision = revision + 1"

ACTIVATE: Final = """
update policy_state set previous_id = version_id, version_id = $1, activated_at = $2, revision = revision + 1
"""

CLEAR_PAUSED: Final = "delete from paused_rules"

PAUSE_RULE: Final = """
insert into paused_rules (rule, reason, until, paused_at) values ($1, $2, $3, $4)
on conflict (rule) do update set reason = excluded.reason, until = excluded.until, paused_at = excluded.paused_at
where paused_rules.until is not null returning rule
"""

RESUME_RULE: Final = "delete from paused_rules where rule = $1 returning rule"

PAUSED: Final = (
    "select rule, reason, until, paused_at from paused_rules where until is null or until > $1 order by rule"
)

INSERT_VERSION: Final = """
insert into policy_versions (id, version, files, note, author_id, created_at)
values (make_id($5), $1, $2, $3, $4, $5)
on conflict (version) do update
  set note = case when excluded.note <> '' then excluded.note else policy_versions.note end
returning id
"""

FILES: Final = "select id, version, files from policy_versions where id = $1"

FIND_VERSION: Final = """
select v.id, v.version, v.note, v.created_at, a.username as author,
  v.id = s.version_id as is_active, v.id = s.previous_id as is_previous
from policy_versions v cross join policy_state s left join accounts a on a.id = v.author_id
where v.version like $1 || '%' order by v.id desc limit 2
"""

VERSIONS: Final = """
select v.id, v.version, v.note, v.created_at, a.username as author,
  v.id is not distinct from s.version_id as is_active, v.id is not distinct from s.previous_id as is_previous
from policy_versions v cross join policy_state s left join accounts a on a.id = v.author_id
where v.id < $1 order by v.id desc limit $2
"""

ADD_HITS: Final = """
insert into rule_hits (day, rule, policy, live, shadow)
select $1, given.rule, $2, given.live, given.shadow
from unnest($3::text[], $4::integer[], $5::integer[]) as given(rule, live, shadow) order by given.rule
on conflict (day, rule, policy) do update set live = rule_hits.live + excluded.live,
  shadow = rule_hits.shadow + excluded.shadow
returning rule, live, shadow
"""

HITS: Final = """
select day, rule, live, shadow from rule_hits where policy = $1 and day > $2 order by day, rule
"""

# Of each author no more than so many posts count, and none of accounts that are new.
SETTLED: Final = """
select coalesce(sum(judged * least(1.0, $5::float8 / judged)), 0)::float8 as judged,
  coalesce(sum(hits * least(1.0, $5::float8 / judged)), 0)::float8 as hits
from (
  select count(*) as judged, count(*) filter (where e.details -> 'hits' ? $2) as hits
  from moderation_events e join accounts a on a.id = e.account_id
  where e.type = 'verdict' and e.policy = $1 and e.id >= $3 and a.created_at < $4
  group by e.account_id
) as authors
"""

# Put into force by the program itself, and by nobody afterwards.
UNTOUCHED: Final = """
select v.author_id is null and v.note = $2 from policy_versions v where v.id = $1
"""

IN_PLACE: Final = """
select v.version = $1 or v.author_id is not null or v.note <> $2
from policy_state s join policy_versions v on v.id = s.version_id
"""


class State(msgspec.Struct, frozen=True, kw_only=True):
    """Which version holds, and which of its rules are paused. `revision` changes with anything here."""

    version_id: int | None
    previous_id: int | None
    revision: int
    activated_at: datetime | None
    version: str | None
    paused: list[str]
    adjustment_id: int | None


class Files(msgspec.Struct, frozen=True, kw_only=True):
    """The files of a version, by name."""

    id: int
    version: str
    files: dict[str, str]


class Version(msgspec.Struct, frozen=True, kw_only=True):
    """A version in the history. `author` is a username; None for the program itself and the command line."""

    id: int
    version: str
    note: str
    created_at: datetime
    author: str | None
    is_active: bool
    is_previous: bool


class Paused(msgspec.Struct, frozen=True, kw_only=True):
    rule: str
    reason: str
    until: datetime | None
    paused_at: datetime


class Hits(msgspec.Struct, frozen=True, kw_only=True):
    """How often a rule hit on one day; the rule '' counts, as `live`, all that was judged."""

    day: date
    rule: str
    live: int
    shadow: int


async def read_state(conn: Reader, at: datetime) -> State:
    """What holds now."""
    row = await conn.fetchrow(STATE, at)
    assert row is not None
    return as_record(State, row)


async def lock_state(tx: Tx) -> int | None:
    """Keep others from activating until the transaction ends; the active version's id."""
    return await tx.fetchval(LOCK_STATE)


async def is_untouched(tx: Tx, version_id: int, note: str) -> bool:
    """Whether nobody but the program has put this version here, with that note."""
    return bool(await tx.fetchval(UNTOUCHED, version_id, note))


async def is_in_place(conn: Reader, version: str, note: str) -> bool:
    """Whether this version is the active one, or one is that somebody has chosen."""
    return bool(await conn.fetchval(IN_PLACE, version, note))


async def set_active(tx: Tx, version_id: int, at: datetime) -> None:
    """Make a version the active one; rules are paused in none but the one that they were paused in."""
    await tx.execute(ACTIVATE, version_id, at)
    await tx.execute(CLEAR_PAUSED)


async def pause_rule(tx: Tx, rule: str, reason: str, until: datetime | None, at: datetime) -> bool:
    """Have a rule go on as a shadow; False where it is paused for good already."""
    paused = await tx.fetchval(PAUSE_RULE, rule, reason, until, at) is not None
    if paused:
        await tx.execute(TOUCH_STATE)
    return paused


async def resume_rule(tx: Tx, rule: str) -> bool:
    """Have a paused rule count again; False where it was not paused."""
    resumed = await tx.fetchval(RESUME_RULE, rule) is not None
    if resumed:
        await tx.execute(TOUCH_STATE)
    return resumed


async def list_paused(conn: Reader, at: datetime) -> list[Paused]:
    """Rules that are paused now."""
    return as_records(Paused, await conn.fetch(PAUSED, at))


async def insert_version(
    tx: Tx, version: str, files: dict[str, str], note: str, author_id: int | None, at: datetime
) -> int:
    """Keep the files of a version; its id, also where it was kept before."""
    return await tx.fetchval(INSERT_VERSION, version, files, note, author_id, at)


async def find_files(conn: Reader, version_id: int) -> Files | None:
    """The files of a version."""
    return find_record(Files, await conn.fetchrow(FILES, version_id))


async def find_versions(conn: Reader, prefix: str) -> list[Version]:
    """The versions whose name begins so, at most two."""
    return as_records(Version, await conn.fetch(FIND_VERSION, prefix))


async def list_versions(conn: Reader, before: int, limit: int) -> list[Version]:
    """The history, the newest first."""
    return as_records(Version, await conn.fetch(VERSIONS, before, limit))


async def add_hits(tx: Tx, day: date, policy: str, hits: Sequence[tuple[str, int, int]]) -> dict[str, tuple[int, int]]:
    """Add (rule, live, shadow) to the day's counts; the sums of these rules."""
    rows = await tx.fetch(
        ADD_HITS, day, policy, [hit[0] for hit in hits], [hit[1] for hit in hits], [hit[2] for hit in hits]
    )
    return {row["rule"]: (row["live"], row["shadow"]) for row in rows}


async def count_settled(
    conn: Reader, policy: str, rule: str, since_id: int, made_before: datetime, most_of_one: int
) -> tuple[float, float]:
    """What was judged by a version of accounts that were made before a moment, and the hits of a rule among it; of an
    account that posted more than `most_of_one`, as if it had posted so many."""
    row = await conn.fetchrow(SETTLED, policy, rule, since_id, made_before, most_of_one)
    assert row is not None
    return row["judged"], row["hits"]


async def list_hits(conn: Reader, policy: str, since: date) -> list[Hits]:
    """The counts of a version by day and rule, from the day after `since` on."""
    return as_records(Hits, await conn.fetch(HITS, policy, since))
