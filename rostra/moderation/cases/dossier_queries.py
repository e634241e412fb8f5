"""SQL of the dossier: all that lies beside a case, one statement for each kind of it, however much there is."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final

import asyncpg

from rostra.detect.signatures import Signature
from rostra.kit.db import Reader, as_records, find_record
from rostra.moderation.cases.dossier_records import (
    Around,
    Author,
    Before,
    CaseFull,
    Deadline,
    Holding,
    OtherCase,
    RefusedDraft,
    Related,
    ReportLine,
    StatusNow,
    VerdictRow,
)
from rostra.moderation.cases.queue_queries import CaseShown
from rostra.screening.author_queries import strike_points

_KEY_MASK: Final = (1 << 40) - 1

CASE: Final = """
select c.id, c.subject_kind, c.subject_id, c.account_id, c.state, c.source, c.policy, c.clause, c.rule, c.severity, c.p,
  c.views, c.opened_at, c.due_at, c.language, c.exposure, c.reports_count, c.assigned_to, c.lease_until,
  c.reserved_for, c.reserved_until, c.escalated_at, c.closed_at, c.outcome, c.decision_id,
  (select d.bulk_id from decisions d where d.id = c.decision_id) as bulk_id,
  h.username as holder, r.username as kept_for, e.username as escalated_by, k.username as closed_by
from cases c left join accounts h on h.id = c.assigned_to left join accounts r on r.id = c.reserved_for
  left join accounts e on e.id = c.escalated_by left join accounts k on k.id = c.closed_by
where c.id = $1
"""

STATUS: Final = """
select s.id, s.account_id, s.revision, s.text, s.spoiler_text, s.language, s.visibility, s.sensitive, s.created_at,
  s.edited_at, s.withheld, s.limited, s.interaction_off, s.covered, s.in_reply_to_id,
  coalesce((select p.options from polls p where s.has_poll and p.status_id = s.id), '{}') as options,
  coalesce((select jsonb_agg(jsonb_build_object('id', m.id::text, 'type', m.type, 'key', m.original_key,
      'preview_key', m.preview_key, 'description', m.description, 'removed', m.removed_at is not null,
      'covered', m.covered) order by m.position, m.id)
    from media_attachments m where m.status_id = s.id), '[]') as media,
  coalesce(st.replies_count, 0) as replies, coalesce(st.reblogs_count, 0) as boosts,
  coalesce(st.favourites_count, 0) as favourites,
  coalesce((select sum(v.views) from status_views v where v.status_id = s.id), 0)::bigint as views
from statuses s left join status_stats st on st.status_id = s.id
where s.id = $1 and s.reblog_of_id is null
"""

# $2 now, $3 a case that is not counted.
AUTHOR: Final = f"""
select a.id, a.username, a.domain, a.display_name, a.note_text, a.fields, a.avatar_key, a.header_key, a.created_at,
  a.silenced_at, a.suspended_at, a.frozen_at, a.sensitized_at, a.labels, st.followers_count as followers,
  st.following_count as following, st.statuses_count as statuses, u.role, u.locale,
  {strike_points("a.id", "$2")} as strikes,
  (select count(*) from (select from cases c where c.account_id = a.id and c.state <> 'closed' and c.id <> $3
    limit 1000) x) as open_cases,
  (select count(*) from (select from reports r where r.target_id = a.id and not r.muted limit 1000) x) as reports,
  (select count(*) from (select from decisions d where d.account_id = a.id and d.outcome = 'violates'
    and d.reversed_at is null limit 1000) x) as upheld
from accounts a join account_stats st on st.account_id = a.id left join users u on u.account_id = a.id
where a.id = $1
"""

DECISIONS: Final = """
select d.id, d.case_id, d.subject_kind, d.subject_id, d.clause, d.outcome, d.created_at, d.reversed_at, d.reversed_why,
  d.automated_decision,
  array(select x.kind from actions x where x.decision_id = d.id order by x.id) as actions
from decisions d where d.account_id = $1 order by d.id desc limit $2
"""

OTHER_CASES: Final = """
select c.id, c.subject_kind, c.clause, c.severity, c.opened_at, c.source, left(s.text, 120) as excerpt
from cases c left join statuses s on c.subject_kind = 'status' and s.id = c.subject_id
where c.account_id = $1 and c.state <> 'closed' and c.id <> $2 order by c.id desc limit $3
"""

REPORTS: Final = """
select r.id, r.account_id, r.category, r.reason, r.comment, r.source, r.muted, r.created_at, r.outcome, r.snapshot_ids,
  a.username, a.domain, coalesce(w.upheld, 0) as upheld, coalesce(w.rejected, 0) as rejected,
  w.trusted_at is not null as trusted, n.law, n.explanation
from report_cases rc join reports r on r.id = rc.report_id left join accounts a on a.id = r.account_id
  left join reporters w on w.account_id = r.account_id left join legal_notices n on n.report_id = r.id
where rc.case_id = $1 order by r.id limit 50
"""

# The evidence of the first report where there is one, else the newest.
SNAPSHOT: Final = """
select x.id, x.subject_kind, x.subject_id, x.revision, x.account_id, x.content, x.taken_at from snapshots x
where x.subject_kind = $1 and x.subject_id = $2
order by (x.id = any($3::bigint[])) desc, case when x.id = any($3::bigint[]) then x.id else -x.id end limit 1
"""

# What an account wanted to say and was told not to: verdicts on drafts are kept with their author.
REFUSED: Final = """
select e.created_at, e.clause, e.details from moderation_events e
where e.subject_id = $1 and e.subject_kind = 'account' and e.type = 'verdict' and e.details ->> 'action' = 'reject'
order by e.id desc limit $2
"""

VERDICT: Final = """
select e.clause, e.policy, e.detectors, e.details, e.revision, e.created_at,
  h.spans, h.revision as held_revision, h.reason, h.expires_at, h.expires_to
from (select 1) one
  left join lateral (select v.clause, v.policy, v.detectors, v.details, v.revision, v.created_at
    from moderation_events v where v.subject_id = $2 and v.subject_kind = $1 and v.type = 'verdict'
    order by v.id desc limit 1) e on true
  left join lateral (select x.spans, x.revision, x.reason, x.expires_at, x.expires_to from holds x
    where $1 = 'status' and x.status_id = $2 and x.decided_at is null) h on true
"""

# Up to five above it and the first eight answers, as far as everybody may read them.
THREAD: Final = """
with recursive above as (
  select p.id, p.in_reply_to_id, 1 as depth from statuses s join statuses p on p.id = s.in_reply_to_id
  where s.id = $1 and p.visibility in ('public', 'unlisted')
  union all
  select p.id, p.in_reply_to_id, above.depth + 1 from above join statuses p on p.id = above.in_reply_to_id
  where above.depth < 5 and p.visibility in ('public', 'unlisted'))
select s.id, s.account_id, left(s.text, 600) as text, s.spoiler_text, s.created_at, s.withheld, a.username, a.domain,
  x.place, exists (select from media_attachments m where m.status_id = s.id) as has_media
from (select above.id, 'above' as place from above
    union all
    (select r.id, 'below' from statuses r where r.in_reply_to_id = $1 and r.visibility in ('public', 'unlisted')
      order by r.id limit 8)) x
  join statuses s on s.id = x.id join accounts a on a.id = s.account_id
order by s.id
"""

LATEST: Final = """
select s.id, s.account_id, left(s.text, 600) as text, s.spoiler_text, s.created_at, s.withheld, a.username, a.domain,
  'latest' as place, exists (select from media_attachments m where m.status_id = s.id) as has_media
from statuses s join accounts a on a.id = s.account_id
where s.account_id = $1 and s.reblog_of_id is null and s.visibility in ('public', 'unlisted')
order by s.id desc limit 8
"""

SIGNATURE: Final = """
select signature, array[band_1, band_2, band_3, band_4, band_5, band_6] as bands from near_signatures
where status_id = $1
"""

# $1 their authors, $2 the most similar ones.
COPIES: Final = """
select (select coalesce(sum(st.followers_count), 0) from account_stats st where st.account_id = any($1::bigint[]))
    ::bigint as reach,
  (select coalesce(jsonb_agg(jsonb_build_object('id', s.id::text, 'text', left(s.text, 200), 'username', a.username,
      'domain', a.domain, 'created_at', s.created_at, 'withheld', s.withheld, 'case_id', c.id::text)
      order by x.position), '[]')
    from unnest($2::bigint[]) with ordinality x(id, position) join statuses s on s.id = x.id
      join accounts a on a.id = s.account_id
      left join cases c on c.subject_kind = 'status' and c.subject_id = s.id and c.closed_at is null) as shown
"""

# Who may be the same person, and why: $1 the author, $2 authors of near-copies. Names count as like each other where
# they differ in what stands at their end and is no letter, or are much like that of somebody who was suspended.
RELATED: Final = """
with me as (
  select a.id, lower(a.username) as name, u.sign_up_ip, regexp_replace(lower(a.username), '[^a-z]+$', '') as stem
  from accounts a left join users u on u.account_id = a.id where a.id = $1),
found as (
  (select u.account_id as id, 'address' as signal from me join users u on u.sign_up_ip = me.sign_up_ip
    order by u.account_id desc limit 30)
  union all
  (select y.id, 'name' from me cross join lateral (
      select x.id, x.username from accounts x
      where lower(x.username) ~>=~ me.stem and lower(x.username) ~<~ (me.stem || '~') limit 300) y
    where length(me.stem) >= 4 and regexp_replace(lower(y.username), '[^a-z]+$', '') = me.stem limit 30)
  union all
  (select y.id, 'name' from me cross join lateral (
      select x.id, x.username from accounts x where x.suspended_at is not null order by x.id desc limit 2000) y
    where similarity(lower(y.username), me.name) > 0.6 limit 30)
  union all
  (select x.id, 'text' from unnest($2::bigint[]) x(id) limit 200)),
ranked as (
  select f.id, array_agg(distinct f.signal order by f.signal) as signals from found f where f.id <> $1 group by f.id)
select a.id, a.username, a.domain, a.created_at, a.suspended_at is not null as suspended,
  a.silenced_at is not null as limited, a.frozen_at is not null as frozen, r.signals,
  (select count(*) from (select from cases c where c.account_id = a.id and c.state <> 'closed' limit 100) x)
    as open_cases
from ranked r join accounts a on a.id = r.id
order by cardinality(r.signals) desc, a.suspended_at is null, a.id desc limit 12
"""

# Those of the queue's lists, by their ids.
CASES: Final = """
select c.id, c.subject_kind, c.subject_id, c.account_id, c.state, c.source, c.clause, c.rule, c.severity, c.p, c.views,
  c.rank, c.opened_at, c.due_at, c.language, c.exposure, c.reports_count, c.assigned_to, c.lease_until, c.outcome,
  c.closed_at, a.username, a.domain, s.withheld,
  left(coalesce(nullif(s.text, ''), s.spoiler_text, a.display_name), 300) as excerpt
from cases c join accounts a on a.id = c.account_id
  left join statuses s on c.subject_kind = 'status' and s.id = c.subject_id
where c.id = any($1::bigint[]) and c.state <> 'closed' order by c.rank desc, c.id
"""

NAMES: Final = """
select a.id, a.username, a.domain, a.display_name as text, c.id as case_id
from unnest($1::bigint[]) with ordinality x(id, position) join accounts a on a.id = x.id
  left join cases c on c.subject_kind = 'account' and c.subject_id = a.id and c.closed_at is null
order by x.position
"""

DEADLINES: Final = "select regime, due_at, met_at, missed_at from deadlines where case_id = $1 order by due_at"

HOLDING: Final = """
select kind, subject_kind, detail, starts_at, ends_at from actions
where ((subject_kind = $1 and subject_id = $2) or (subject_kind = 'account' and subject_id = $3)
    or $1 = 'status' and subject_kind = 'media'
      and subject_id in (select m.id from media_attachments m where m.status_id = $2))
  and ended_at is null order by id
"""


async def find_case(conn: Reader, case_id: int) -> CaseFull | None:
    return find_record(CaseFull, await conn.fetchrow(CASE, case_id))


async def find_status(conn: Reader, status_id: int) -> StatusNow | None:
    return find_record(StatusNow, await conn.fetchrow(STATUS, status_id))


async def find_author(conn: Reader, account_id: int, at: datetime, but_case: int) -> Author | None:
    return find_record(Author, await conn.fetchrow(AUTHOR, account_id, at, but_case))


async def list_before(conn: Reader, account_id: int, limit: int) -> list[Before]:
    """The latest decisions on what an account did."""
    return as_records(Before, await conn.fetch(DECISIONS, account_id, limit))


async def list_other_cases(conn: Reader, account_id: int, case_id: int, limit: int) -> list[OtherCase]:
    """Other open cases of an account, the newest first."""
    return as_records(OtherCase, await conn.fetch(OTHER_CASES, account_id, case_id, limit))


async def list_reports(conn: Reader, case_id: int) -> list[ReportLine]:
    """A case's reports, the first fifty."""
    return as_records(ReportLine, await conn.fetch(REPORTS, case_id))


async def find_evidence(conn: Reader, kind: str, subject_id: int, reported: Sequence[int]) -> asyncpg.Record | None:
    """The first of the snapshots `reported`, else the subject's newest."""
    return await conn.fetchrow(SNAPSHOT, kind, subject_id, reported)


async def list_refused(conn: Reader, account_id: int, limit: int) -> list[RefusedDraft]:
    """Drafts of an account that were refused, the newest first."""
    return as_records(RefusedDraft, await conn.fetch(REFUSED, account_id, limit))


async def find_verdict(conn: Reader, kind: str, subject_id: int) -> VerdictRow:
    row = await conn.fetchrow(VERDICT, kind, subject_id)
    assert row is not None
    return VerdictRow(**dict(row.items()))


async def list_around(conn: Reader, kind: str, subject_id: int) -> list[Around]:
    """The thread around a post, or the latest posts of an account."""
    return as_records(Around, await conn.fetch(THREAD if kind == "status" else LATEST, subject_id))


async def find_signature(conn: Reader, status_id: int) -> Signature | None:
    """The stored signature of a post, None where its text is too short for one."""
    row = await conn.fetchrow(SIGNATURE, status_id)
    if row is None:
        return None
    return Signature(tuple(band & _KEY_MASK for band in row["bands"]), row["signature"].bytes)


async def find_copies(
    conn: Reader, account_ids: Sequence[int], status_ids: Sequence[int]
) -> tuple[int, list[dict[str, Any]]]:
    """How many followers those accounts have together, and these posts in their order."""
    row = await conn.fetchrow(COPIES, account_ids, status_ids)
    assert row is not None
    return row["reach"], row["shown"]


async def list_related(conn: Reader, account_id: int, copiers: Sequence[int]) -> list[Related]:
    """Accounts that may be the same person's, those with most signals first."""
    return as_records(Related, await conn.fetch(RELATED, account_id, copiers))


async def list_cases_by_id(conn: Reader, case_ids: Sequence[int]) -> list[CaseShown]:
    """Open cases by their ids, the most urgent first."""
    return as_records(CaseShown, await conn.fetch(CASES, case_ids))


async def find_names(conn: Reader, account_ids: Sequence[int]) -> list[asyncpg.Record]:
    """Accounts in the order of their ids, in the shape of `find_copies`."""
    return await conn.fetch(NAMES, account_ids)


async def list_deadlines(conn: Reader, case_id: int) -> list[Deadline]:
    return as_records(Deadline, await conn.fetch(DEADLINES, case_id))


async def list_holding(conn: Reader, kind: str, subject_id: int, account_id: int) -> list[Holding]:
    """What holds of a subject and of its author."""
    return as_records(Holding, await conn.fetch(HOLDING, kind, subject_id, account_id))
