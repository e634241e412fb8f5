"""SQL of replays: the stored posts in batches, the results, and the samples that people label."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final

import msgspec

from rostra.kit.db import Reader, Tx, as_record, as_records, find_record

TOTAL: Final = "select count(*) from statuses where id >= $1 and reblog_of_id is null"

# What was said, by whom; the author as they were, as far as the database can tell.
BATCH: Final = """
select s.id, s.account_id, s.text, s.spoiler_text, s.language, s.visibility, s.sensitive, s.created_at,
  s.in_reply_to_id is not null as is_reply, s.edited_at is not null as is_edit, s.withheld is not null as is_withheld,
  a.created_at as joined_at, a.domain, a.labels, st.followers_count, st.statuses_count,
  coalesce(u.role, 'user') as role,
  case when s.has_poll then (select p.options from polls p where p.status_id = s.id) end as poll_options,
  array(select m.account_id from mentions m where m.status_id = s.id) as mentioned,
  (select count(*) from status_tags t where t.status_id = s.id) as hashtags,
  (select jsonb_agg(jsonb_build_object('description', m.description, 'pdq', encode(m.pdq, 'hex'),
      'quality', m.pdq_quality) order by m.position, m.id)
    from media_attachments m where m.status_id = s.id) as media
from statuses s join accounts a on a.id = s.account_id
join account_stats st on st.account_id = s.account_id left join users u on u.account_id = s.account_id
where s.id >= $1 and s.reblog_of_id is null order by s.id limit $2
"""

START: Final = """
insert into policy_replays (id, version, baseline, days, author_id, started_at, total)
values (make_id($5), $1, $2, $3, $4, $5, $6) returning id
"""

PROGRESS: Final = "update policy_replays set judged = $2 where id = $1"

FINISH: Final = "update policy_replays set judged = $2, result = $3, finished_at = $4 where id = $1"

FAIL: Final = "update policy_replays set error = $2, finished_at = $3 where id = $1"

INSERT_SAMPLES: Final = """
insert into replay_samples (replay_id, status_id, change, rule, clause, before, after)
select $1, g.status_id, g.change, g.rule, g.clause, g.before, g.after
from unnest($2::bigint[], $3::text[], $4::text[], $5::text[], $6::text[], $7::text[])
  as g(status_id, change, rule, clause, before, after)
join statuses s on s.id = g.status_id and s.visibility in ('public', 'unlisted')
on conflict do nothing
"""

REPLAY: Final = """
select r.id, r.version, r.baseline, r.days, a.username as author, r.started_at, r.finished_at, r.judged, r.total,
  r.result, r.error
from policy_replays r left join accounts a on a.id = r.author_id where r.id = $1
"""

REPLAYS: Final = """
select r.id, r.version, r.baseline, r.days, a.username as author, r.started_at, r.finished_at, r.judged, r.total,
  r.result, r.error
from policy_replays r left join accounts a on a.id = r.author_id order by r.id desc limit $1
"""

FINISHED: Final = """
select exists (select from policy_replays where version = $1 and finished_at > $2 and error is null)
"""

SAMPLES: Final = """
select x.status_id, x.change, x.rule, x.clause, x.before, x.after, x.is_right, s.text, s.spoiler_text, s.created_at,
  a.username, a.domain
from replay_samples x join statuses s on s.id = x.status_id join accounts a on a.id = s.account_id
where x.replay_id = $1 order by x.change, x.status_id
"""

LABEL: Final = """
update replay_samples set is_right = $3, labelled_by = $4 where replay_id = $1 and status_id = $2 returning status_id
"""

COUNT_LABELS: Final = """
select change, count(*) filter (where is_right) as right_ones, count(*) filter (where is_right is not null) as labelled,
  count(*) as sampled
from replay_samples where replay_id = $1 group by change
"""


class Stored(msgspec.Struct, frozen=True, kw_only=True):
    """A stored post with its author."""

    id: int
    account_id: int
    text: str
    spoiler_text: str
    language: str | None
    visibility: str
    sensitive: bool
    created_at: datetime
    is_reply: bool
    is_edit: bool
    is_withheld: bool
    joined_at: datetime
    domain: str | None
    labels: list[dict[str, Any]] | None
    followers_count: int
    statuses_count: int
    role: str
    poll_options: list[str] | None
    mentioned: list[int]
    hashtags: int
    media: list[dict[str, Any]] | None


class ReplayRow(msgspec.Struct, frozen=True, kw_only=True):
    """A replay: running, finished or failed."""

    id: int
    version: str
    baseline: str
    days: int
    author: str | None
    started_at: datetime
    finished_at: datetime | None
    judged: int
    total: int
    result: dict[str, Any] | None
    error: str | None


class Sample(msgspec.Struct, frozen=True, kw_only=True):
    """A post of which the two versions say different things; `is_right` is what a person said of the change."""

    status_id: int
    change: str
    rule: str
    clause: str
    before: str
    after: str
    is_right: bool | None
    text: str
    spoiler_text: str
    created_at: datetime
    username: str
    domain: str | None


class Labelled(msgspec.Struct, frozen=True, kw_only=True):
    """How many of a sample people have looked at, and how many changes they found right."""

    change: str
    right_ones: int
    labelled: int
    sampled: int


async def count_since(conn: Reader, first_id: int) -> int:
    """How many posts there are from this id on."""
    return await conn.fetchval(TOTAL, first_id)


async def list_stored(conn: Reader, first_id: int, limit: int) -> list[Stored]:
    """The next posts from this id on."""
    return as_records(Stored, await conn.fetch(BATCH, first_id, limit))


async def start(tx: Tx, version: str, baseline: str, days: int, author_id: int | None, at: datetime, total: int) -> int:
    return await tx.fetchval(START, version, baseline, days, author_id, at, total)


async def note_progress(tx: Tx, replay_id: int, judged: int) -> None:
    await tx.execute(PROGRESS, replay_id, judged)


async def finish(tx: Tx, replay_id: int, judged: int, result: dict[str, Any], at: datetime) -> None:
    await tx.execute(FINISH, replay_id, judged, result, at)


async def fail(tx: Tx, replay_id: int, error: str, at: datetime) -> None:
    await tx.execute(FAIL, replay_id, error, at)


async def insert_samples(tx: Tx, replay_id: int, rows: Sequence[tuple[int, str, str, str, str, str]]) -> None:
    """Keep (status, change, rule, clause, before, after) for people to look at; what is gone meanwhile is left out,
    and so is what is not for everybody."""
    columns = [list(column) for column in zip(*rows, strict=True)] if rows else [[] for _ in range(6)]
    await tx.execute(INSERT_SAMPLES, replay_id, *columns)


async def find_replay(conn: Reader, replay_id: int) -> ReplayRow | None:
    return find_record(ReplayRow, await conn.fetchrow(REPLAY, replay_id))


async def list_replays(conn: Reader, limit: int) -> list[ReplayRow]:
    """The latest replays, the newest first."""
    return as_records(ReplayRow, await conn.fetch(REPLAYS, limit))


async def is_replayed(conn: Reader, version: str, since: datetime) -> bool:
    """Whether a replay of this version has been finished since then."""
    return await conn.fetchval(FINISHED, version, since)


async def list_samples(conn: Reader, replay_id: int) -> list[Sample]:
    return as_records(Sample, await conn.fetch(SAMPLES, replay_id))


async def label_sample(tx: Tx, replay_id: int, status_id: int, is_right: bool | None, actor_id: int) -> bool:
    """Say whether a change is right; False where the sample has no such post."""
    return await tx.fetchval(LABEL, replay_id, status_id, is_right, actor_id) is not None


async def count_labels(conn: Reader, replay_id: int) -> dict[str, Labelled]:
    """What people said of the sample, by kind of change."""
    rows = await conn.fetch(COUNT_LABELS, replay_id)
    return {row["change"]: as_record(Labelled, row) for row in rows}
