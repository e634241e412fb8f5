"""Opening a case: one for each subject, whoever asks for it and how often. What is added to an open one raises it.

Reading, leasing and deciding cases is `rostra.moderation`'s; this is below it because rules open cases too.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Final, Literal, LiteralString

import msgspec

from rostra.kit.db import Tx

CaseKind = Literal["status", "account"]
CaseSource = Literal["rule", "hold", "report", "legal", "notice", "sample", "person", "expiry", "appeal", "unseen"]

# Until anybody has counted views: three in ten followers look within a day, and a few others.
_EXPECTED: Final = "5 + 0.3 * coalesce(st.followers_count, 0)"
READ_AGAIN: Final = "read_again"
"""The event of a post that was read better than when it was written: for a report."""

# The highest score that a post had when it was last read.
_SCORE: Final = f"""coalesce((
    select max(score.value::real)
    from (select e.details from moderation_events e where e.subject_id = s.id and e.type in ('verdict', '{READ_AGAIN}')
        and e.subject_kind = 'status' order by e.id desc limit 1) said
      cross join jsonb_each_text(coalesce(said.details -> 'scores', '{{}}')) score), 0)"""


def _odds(score: LiteralString) -> LiteralString:
    """What a score makes of the odds: a tenth is what a text scores of which nothing is known. That nothing was found
    halves them at most: the detectors do not know every language."""
    return f"greatest(0.5, (0.02 + {score}) / 0.1)"


# What people say of a post, and what the detectors said of it, as odds. Rules have looked at the scores already.
_BELIEVED: Final = f"""
case when s.id is null or $10 in ('rule', 'hold') then $11::real
  else least(0.99, 1 / (1 + (1 - $11::real) / greatest($11::real, 0.001) / {_odds(_SCORE)})) end"""
# Of what was opened and what is added. Reports are not independent of each other: each adds less than the one before.
_EITHER: Final = """
least(0.999, 1 - (1 - cases.p) * (1 - excluded.p
  / (1 + case when excluded.reports_count > 0 then cases.reports_count else 0 end)))::real"""
_WORSE: Final = "excluded.severity > cases.severity or cases.clause = ''"
# $2 are the subjects, $3 whose they are.
OPEN: Final = f"""
insert into cases (id, subject_kind, subject_id, account_id, event_id, policy, clause, rule, severity, opened_at,
  source, p, views, due_at, language, exposure, reports_count, rank)
select make_id($9), $1, x.id, $3, $4, $5, $6, $7, $8::integer, $9, $10, b.p, e.views, $12, s.language,
  ($8::integer >= 4)::integer + 2 * (exists (select from media_attachments m where m.status_id = s.id))::integer, $13,
  case_rank(b.p, $8::integer, e.views, $9, $12, $9)
from unnest($2::bigint[]) x(id)
  left join statuses s on $1 = 'status' and s.id = x.id
  left join account_stats st on st.account_id = $3
  cross join lateral (select ({_EXPECTED})::real as views) e
  cross join lateral (select ({_BELIEVED})::real as p) b
on conflict (subject_kind, subject_id) where closed_at is null do update
  set severity = greatest(cases.severity, excluded.severity),
    clause = case when {_WORSE} then excluded.clause else cases.clause end,
    rule = case when {_WORSE} then excluded.rule else cases.rule end,
    event_id = coalesce(cases.event_id, excluded.event_id),
    p = {_EITHER},
    exposure = greatest(cases.exposure, excluded.exposure),
    due_at = least(cases.due_at, excluded.due_at),
    reports_count = cases.reports_count + excluded.reports_count,
    rank = case_rank({_EITHER}, greatest(cases.severity, excluded.severity), cases.views,
      cases.opened_at, least(cases.due_at, excluded.due_at), excluded.opened_at)
returning subject_id, id
"""


# $2 is the score now. Of a case that a rule opened the scores are in already.
BELIEVE: Final = f"""
update cases c set p = n.p, rank = case_rank(n.p, c.severity, c.views, c.opened_at, c.due_at, $3)
from statuses s
  cross join lateral (select {_odds("$2::real")} / {_odds(_SCORE)} as ratio) r
  cross join lateral (
    select least(0.99, 1 / (1 + (1 - x.p) / greatest(x.p, 0.001) / r.ratio))::real as p from cases x where x.id = $1) n
where c.id = $1 and c.state <> 'closed' and c.source not in ('rule', 'hold')
  and c.subject_kind = 'status' and s.id = c.subject_id
"""


class NewCase(msgspec.Struct, frozen=True, kw_only=True):
    """What somebody should look at, and why. `p`: the probability that it breaks the policy; `reports`: how many come
    with it."""

    kind: CaseKind
    subject_id: int
    account_id: int
    source: CaseSource
    clause: str = ""
    rule: str = ""
    policy: str = ""
    severity: int = 2
    p: float = 0.5
    event_id: int | None = None
    due_at: datetime | None = None
    reports: int = 0


async def open_case(tx: Tx, at: datetime, case: NewCase) -> int:
    """Open a case or add to the one that is open; its id."""
    return (await open_cases(tx, at, case, [case.subject_id]))[case.subject_id]


async def open_cases(tx: Tx, at: datetime, case: NewCase, subject_ids: Sequence[int]) -> dict[int, int]:
    """The same for several subjects of one account, with one statement: the cases by their subjects."""
    rows = await tx.fetch(
        OPEN, case.kind, sorted(set(subject_ids)), case.account_id, case.event_id, case.policy, case.clause, case.rule,
        case.severity, at, case.source, case.p, case.due_at, case.reports,
    )  # fmt: skip
    return {row["subject_id"]: row["id"] for row in rows}


async def believe_anew(tx: Tx, at: datetime, case_id: int, score: float) -> None:
    """Have a case be as probable as a new reading of its post makes it, whose highest score this is; before the reading
    is written down."""
    await tx.execute(BELIEVE, case_id, score, at)
