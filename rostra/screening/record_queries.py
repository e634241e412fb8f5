"""SQL of what follows from a verdict: holds, cases, labels."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Final, Literal

from rostra.kit.db import Tx

# A status has one open hold; an edit that is held anew has another.
SUPERSEDE_HOLD: Final = """
with superseded as (
  update holds set decided_at = $2, decision = 'superseded' where status_id = $1 and decided_at is null
  returning status_id, fresh),
closed as (
  update cases c set state = 'closed', closed_at = $2, outcome = 'gone' from superseded h
  where c.subject_kind = 'status' and c.subject_id = h.status_id and c.state <> 'closed' and c.source = 'hold'
    and c.reports_count = 0)
select fresh from superseded
"""

INSERT_HOLD: Final = """
insert into holds (id, status_id, account_id, revision, fresh, event_id, policy, clause, rule, severity, reason, spans,
  created_at, expires_at, expires_to)
values (make_id($11), $1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $14, $11, $12, $13)
"""

PUT_LABEL: Final = """
insert into labels (id, subject_kind, subject_id, label, title, covers, source, event_id, created_at, expires_at)
values (make_id($8), $1, $2, $3, $4, $5, $6, $7, $8, $9)
on conflict (subject_kind, subject_id, label) do update set title = excluded.title, covers = excluded.covers,
  source = excluded.source, event_id = excluded.event_id, expires_at = excluded.expires_at
"""

TAKE_RULE_LABELS: Final = """
delete from labels where subject_kind = $1 and subject_id = $2 and source like 'rule:%'
"""

TAKE_LABEL: Final = "delete from labels where subject_kind = $1 and subject_id = $2 and label = $3 returning id"

OWNER: Final = """
select case $1::text when 'account' then $2::bigint else (select account_id from statuses where id = $2) end
"""

EXPIRED_LABELS: Final = """
delete from labels where id in (select id from labels where expires_at <= $1 order by expires_at limit $2)
returning subject_kind, subject_id, label
"""

_COVERING: Final = "'$[*] ? (@.covers == true)'"

# Of an author: whether all media that they post are covered, by a decision or by a label of the account that covers.
AUTHOR_COVERS: Final = f"(a.sensitized_at is not null or coalesce(a.labels @? {_COVERING}, false))"

# A label of the account that covers what it posts is one of each of its posts; others are read on the profile alone.
AUTHOR_LABELS: Final = f"nullif(jsonb_path_query_array(a.labels, {_COVERING}), '[]')"

# The labels that readers of a status see.
SHOWN_LABELS: Final = f"""case when a.labels is null then s.labels
  else nullif(coalesce(s.labels, '[]') || coalesce({AUTHOR_LABELS}, '[]'), '[]') end"""

# What readers see is kept in the row that they read; the stored JSON is made anew when it is next read.
SHOW_STATUS_LABELS: Final = f"""
update statuses s set labels = shown.labels, rendered_for = 0,
  covered = coalesce(shown.covered, false)
    or exists (select from actions x where x.subject_kind = 'status' and x.subject_id = s.id and x.kind = 'sensitive'
      and x.ended_at is null)
    or exists (select from media_attachments m where m.status_id = s.id and m.covered and m.removed_at is null)
    or (exists (select from media_attachments m where m.status_id = s.id)
      and (select {AUTHOR_COVERS} from accounts a where a.id = s.account_id))
from (
  select jsonb_agg(jsonb_build_object('id', l.label, 'title', l.title) order by l.id) as labels,
    bool_or(l.covers) as covered
  from labels l where l.subject_kind = 'status' and l.subject_id = $1) shown
where s.id = $1
"""

# Whether it covers what the account posts, or no longer does.
SHOW_ACCOUNT_LABELS: Final = f"""
with before as materialized (
  select id, coalesce(labels @? {_COVERING}, false) as covers from accounts where id = $1 for no key update)
update accounts a set rendered_for = 0, labels = (
  select jsonb_agg(jsonb_build_object('id', l.label, 'title', l.title, 'covers', l.covers) order by l.id)
  from labels l where l.subject_kind = 'account' and l.subject_id = $1)
from before where a.id = before.id
returning coalesce(a.labels @? {_COVERING}, false) <> before.covers
"""

COVER_MEDIA: Final = f"""
update statuses s set rendered_for = 0,
  covered = (select {AUTHOR_COVERS} from accounts a where a.id = s.account_id)
    or exists (select from actions x where x.subject_kind = 'status' and x.subject_id = s.id and x.kind = 'sensitive'
      and x.ended_at is null)
    or exists (select from media_attachments m where m.status_id = s.id and m.covered and m.removed_at is null)
    or exists (select from labels l where l.subject_kind = 'status' and l.subject_id = s.id and l.covers)
where s.account_id = $1 and exists (select from media_attachments m where m.status_id = s.id)
"""


async def supersede_hold(tx: Tx, status_id: int, at: datetime) -> bool | None:
    """Close the open hold of a status that is judged anew: whether it was of a status that nobody had seen yet, None
    where there was none."""
    return await tx.fetchval(SUPERSEDE_HOLD, status_id, at)


async def insert_hold(
    tx: Tx,
    *,
    status_id: int,
    account_id: int,
    revision: int,
    fresh: bool,
    event_id: int,
    policy: str,
    clause: str,
    rule: str,
    severity: int,
    reason: dict[str, str],
    spans: list[tuple[str, int, int, str]],
    at: datetime,
    expires_at: datetime,
    expires_to: str,
) -> None:
    """Have a status wait for review."""
    await tx.execute(
        INSERT_HOLD, status_id, account_id, revision, fresh, event_id, policy, clause, rule, severity, reason, at,
        expires_at, expires_to, spans,
    )  # fmt: skip


async def put_label(
    tx: Tx,
    kind: Literal["status", "account"],
    subject_id: int,
    *,
    label: str,
    title: dict[str, str],
    covers: bool,
    source: str,
    event_id: int,
    at: datetime,
    expires_at: datetime | None,
) -> None:
    """Put a label on a status or an account, or renew it."""
    await tx.execute(PUT_LABEL, kind, subject_id, label, title, covers, source, event_id, at, expires_at)


async def take_rule_labels(tx: Tx, kind: Literal["status", "account"], subject_id: int) -> None:
    """Take the labels off that rules put on a status or an account: it is judged anew."""
    await tx.execute(TAKE_RULE_LABELS, kind, subject_id)


async def take_label(tx: Tx, kind: Literal["status", "account"], subject_id: int, label: str) -> bool:
    """Take a label off; False where it was not on."""
    return await tx.fetchval(TAKE_LABEL, kind, subject_id, label) is not None


async def find_owner(tx: Tx, kind: str, subject_id: int) -> int | None:
    """Whose an account or a status is; None where a status is gone."""
    return await tx.fetchval(OWNER, kind, subject_id)


async def take_expired_labels(tx: Tx, at: datetime, limit: int) -> list[tuple[str, int, str]]:
    """Take labels off whose time is over, as (kind, subject, label)."""
    rows: list[Any] = await tx.fetch(EXPIRED_LABELS, at, limit)
    return [(row["subject_kind"], row["subject_id"], row["label"]) for row in rows]


async def show_labels(tx: Tx, kind: str, subject_id: int) -> None:
    """Have readers see the labels as they are now."""
    if kind == "status":
        await tx.execute(SHOW_STATUS_LABELS, subject_id)
    elif await tx.fetchval(SHOW_ACCOUNT_LABELS, subject_id):
        await cover_media(tx, subject_id)


async def cover_media(tx: Tx, account_id: int) -> None:
    """Cover the media of an account's posts, or uncover them, as what now holds of it and of each says. Their JSON is
    made anew when it is next read."""
    await tx.execute(COVER_MEDIA, account_id)
