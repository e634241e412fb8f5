"""SQL of what a transparency report counts: one grouped statement for each kind of thing, however much there is.

Decisions are those of a range of ids, which is one of time. What was undone before anybody was told counts nowhere.
"""

from __future__ import annotations

from typing import Final, LiteralString

# $1 and $2: ids from and before which.
_TAKEN: Final[LiteralString] = """
d.id >= $1 and d.id < $2 and d.reversed_why is distinct from 'undo'
"""

DECISIONS: Final[LiteralString] = f"""
select d.origin, d.clause, d.outcome, d.automated_detection as detected, d.automated_decision as automated,
  coalesce(st.body ->> 'category', '') as category,
  coalesce(st.body ->> 'decision_ground', '') = 'DECISION_GROUND_ILLEGAL_CONTENT' as illegal,
  coalesce(st.body ->> 'content_language', '') as language,
  coalesce(d.reversed_why, '') as reversed_why, count(*)::integer as decisions
from decisions d left join statements st on st.decision_id = d.id
where {_TAKEN}
group by 1, 2, 3, 4, 5, 6, 7, 8, 9
"""

ACTIONS: Final[LiteralString] = f"""
select to_char(d.created_at, 'YYYY-MM') as month, d.origin, d.clause, coalesce(st.body ->> 'category', '') as category,
  coalesce(st.body ->> 'decision_ground', '') = 'DECISION_GROUND_ILLEGAL_CONTENT' as illegal,
  a.kind, a.ends_at is not null as timed, count(*)::integer as actions,
  count(*) filter (where d.automated_detection)::integer as detected,
  count(*) filter (where d.automated_decision)::integer as automated
from decisions d join actions a on a.decision_id = d.id left join statements st on st.decision_id = d.id
where {_TAKEN} and d.outcome = 'violates'
group by 1, 2, 3, 4, 5, 6, 7
"""

# Since the content was made (its id says when), and since it was first reported; for each origin, for each month.
TIMES: Final[LiteralString] = f"""
with taken as (
  select d.origin, to_char(d.created_at, 'YYYY-MM') as month, d.created_at, d.subject_kind, d.subject_id, d.case_id
  from decisions d where {_TAKEN} and d.outcome = 'violates'
), reported as (
  select rc.case_id, min(r.created_at) as at from report_cases rc join reports r on r.id = rc.report_id
  where not r.muted and r.id < $2 group by rc.case_id
), timed as (
  select 'creation' as since, origin, month,
    extract(epoch from created_at)::double precision - (subject_id >> 16) / 1000.0 as seconds
  from taken where subject_kind = 'status'
  union all
  select 'report', t.origin, t.month, extract(epoch from t.created_at - r.at)::double precision
  from taken t join reported r on r.case_id = t.case_id where r.at <= t.created_at
)
select since, coalesce(origin, '') as origin, coalesce(month, '') as month, count(*)::integer as decisions,
  percentile_cont(0.5) within group (order by greatest(seconds, 0)) as p50,
  percentile_cont(0.9) within group (order by greatest(seconds, 0)) as p90,
  percentile_cont(0.99) within group (order by greatest(seconds, 0)) as p99
from timed group by grouping sets ((since, origin), (since, month), (since))
order by 1, 2, 3
"""

REPORTS: Final[LiteralString] = """
with answered as (
  -- Of several posts in one report, the first that had to go stands for all.
  select distinct on (rc.report_id) rc.report_id, st.body, d.automated_decision
  from report_cases rc join cases c on c.id = rc.case_id join decisions d on d.id = c.decision_id
    left join statements st on st.decision_id = d.id
  where rc.report_id >= $1 and rc.report_id < $2 order by rc.report_id, st.puid
), sent as (
  select r.source, coalesce(a.body ->> 'category', '') as category,
    coalesce(a.body ->> 'decision_ground', '') = 'DECISION_GROUND_ILLEGAL_CONTENT' as illegal,
    coalesce(r.outcome, 'open') as outcome, coalesce(a.automated_decision, false) as automated, r.acknowledged_at,
    extract(epoch from r.action_taken_at - r.created_at)::double precision as seconds
  from reports r left join answered a on a.report_id = r.id
  where r.id >= $1 and r.id < $2 and not r.muted
)
select grouping(category) = 1 as whole, source, coalesce(category, '') as category, coalesce(illegal, false) as illegal,
  coalesce(outcome, '') as outcome, coalesce(automated, false) as automated, count(*)::integer as reports,
  count(acknowledged_at)::integer as acknowledged,
  percentile_cont(0.5) within group (order by seconds) as p50,
  percentile_cont(0.9) within group (order by seconds) as p90
from sent group by grouping sets ((source, category, illegal, outcome, automated), (source))
"""

DEADLINES: Final[LiteralString] = """
select regime, count(*)::integer as started, count(met_at)::integer as met, count(missed_at)::integer as missed,
  percentile_cont(0.5) within group (order by extract(epoch from met_at - starts_at)::double precision) as p50,
  percentile_cont(0.9) within group (order by extract(epoch from met_at - starts_at)::double precision) as p90
from deadlines where id >= $1 and id < $2 group by regime order by regime
"""

NOTICES: Final[LiteralString] = """
select n.regime, count(*)::integer as notices, count(n.breached_at)::integer as breached,
  coalesce(sum(i.items), 0)::integer as items, coalesce(sum(i.found), 0)::integer as found,
  percentile_cont(0.5) within group (order by extract(epoch from a.sent_at - n.received_at)::double precision) as p50,
  percentile_cont(0.9) within group (order by extract(epoch from a.sent_at - n.received_at)::double precision) as p90
from notices n
left join (select notice_id, count(*) as items, count(*) filter (where match in ('found', 'near')) as found
  from notice_items group by notice_id) i on i.notice_id = n.id
left join (select notice_id, min(sent_at) as sent_at from notice_answers group by notice_id) a on a.notice_id = n.id
where n.id >= $1 and n.id < $2 and n.channel <> 'drill' and n.state not in ('quarantined', 'refused')
group by n.regime order by n.regime
"""

MISUSE: Final[LiteralString] = f"""
select
  (select count(distinct a.account_id) from actions a join decisions d on d.id = a.decision_id
    join statements st on st.decision_id = d.id
    where {_TAKEN} and a.kind in ('freeze', 'suspend')
      and st.body ->> 'decision_ground' = 'DECISION_GROUND_ILLEGAL_CONTENT')::integer as illegal_content,
  (select count(*) from reporters where muted_at >= $3 and muted_at < $4)::integer as unfounded_notices
"""

APPEALS: Final[LiteralString] = """
select a.side as by, count(*)::integer as filed,
  count(*) filter (where a.state = 'upheld')::integer as upheld,
  count(*) filter (where a.state = 'overturned')::integer as overturned,
  count(*) filter (where a.state = 'modified')::integer as modified,
  count(*) filter (where a.decided_at is null)::integer as waiting,
  count(*) filter (where d.automated_decision)::integer as automatic,
  count(*) filter (where d.automated_decision and a.state in ('overturned', 'modified'))::integer as automatic_turned,
  percentile_cont(0.5) within group (order by extract(epoch from a.decided_at - a.filed_at)::double precision) as p50,
  percentile_cont(0.9) within group (order by extract(epoch from a.decided_at - a.filed_at)::double precision) as p90
from appeals a join decisions d on d.id = a.decision_id
where a.id >= $1 and a.id < $2 group by a.side order by a.side
"""

# Looked at again by somebody who did not know the first answer.
SECOND: Final[LiteralString] = """
select d.automated_decision as automated, count(*)::integer as items,
  count(*) filter (where (i.outcome = 'violates') = (d.outcome = 'violates'))::integer as same
from label_items i join decisions d on d.id = i.decision_id
where i.kind = 'second' and i.state = 'settled' and i.outcome <> 'unclear' and d.id >= $1 and d.id < $2
group by 1 order by 1
"""

# What rules had brought to people, and how much of it people found, and still find, to violate.
CHECKED: Final[LiteralString] = f"""
select count(*)::integer as decided,
  count(*) filter (where d.outcome = 'violates' and (d.reversed_at is null or d.reversed_why = 'superseded'))::integer
    as upheld
from decisions d
where {_TAKEN} and d.automated_detection and d.reviewer_id is not null and d.outcome in ('violates', 'ok')
"""

PREVALENCE: Final[LiteralString] = """
select lower(days) as begins, upper(days) as ends, clause, views, labelled, hits, share, low, high, unknown
from prevalence_estimates where lower(days) >= $1::date and lower(days) < $2::date order by lower(days), clause
"""

STAFF: Final[LiteralString] = """
select coalesce(l.language, '') as language, count(*)::integer as people
from users u left join reviewers r on r.account_id = u.account_id
  left join lateral unnest(r.languages) l(language) on true
where u.role in ('owner', 'admin', 'moderator', 'triage') and u.disabled_at is null
group by 1 order by 1
"""

WORK: Final[LiteralString] = """
select
  (select count(*) from users where role in ('owner', 'admin', 'moderator', 'triage') and disabled_at is null)::integer
    as staff,
  (select count(distinct d.reviewer_id) from decisions d where d.id >= $1 and d.id < $2)::integer as deciding,
  (select count(*) from decisions d where d.id >= $1 and d.id < $2 and d.reviewer_id is not null)::integer as by_people,
  (select coalesce(sum(seconds), 0) from exposures where day >= $3::date and day < $4::date)::bigint as seconds
"""

RECIPIENTS: Final[LiteralString] = """
select to_char(month, 'YYYY-MM') as month, accounts from recipients_by_month
where month >= $1::date and month < $2::date order by month
"""

POLICIES: Final[LiteralString] = """
select policy, count(*)::integer as decisions, min(created_at) as first_at from decisions
where id >= $1 and id < $2 group by policy order by min(created_at)
"""

# Decisions on other servers: what was decided, and what has become of it.
SERVERS: Final[LiteralString] = """
select d.severity, d.clause, d.ends_at is not null as timed, coalesce(d.ended_why, '') as ended_why,
  count(*)::integer as decisions
from domain_decisions d where d.id >= $1 and d.id < $2 group by 1, 2, 3, 4 order by 1, 2, 3, 4
"""

# Must be none: what restricts a person of this server without a statement.
UNSTATED: Final[LiteralString] = f"""
select count(*)::integer from decisions d join accounts ac on ac.id = d.account_id and ac.domain is null
where {_TAKEN} and d.outcome = 'violates'
  and exists (select from actions a where a.decision_id = d.id and a.kind <> 'warn')
  and not exists (select from statements st where st.decision_id = d.id)
"""
