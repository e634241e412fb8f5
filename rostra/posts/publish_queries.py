"""The one statement that writes a new status: itself, its counts, the verdict on it, and the jobs that follow from it.

A statement of its own for each would cost the database a third more, and the process that asks twice as much: for most
posts this one is all that is written, and so the whole transaction.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Final, LiteralString

import asyncpg

from rostra.kit.db import Tx
from rostra.kit.jobs import Job
from rostra.kit.jobs.queries import columns as job_columns
from rostra.kit.jobs.queries import inserting as inserting_jobs
from rostra.ledger.append import Entry, appending
from rostra.posts.records import StatusParts
from rostra.screening.near_queries import inserting as inserting_signature
from rostra.screening.record_queries import AUTHOR_LABELS

# Whom it counts for: not everybody sees what is direct or withheld, so that it is not counted where everybody sees the
# count.
_COUNTS: Final = "$8 <> 'direct' and $19::text is null"

# $13 is the conversation, null for a new one; $16 when it says that it was written, $26 now. $22 to $25 are jobs, $27
# to $30 the event, from $31 on the signature.
_VERDICT: Final = "'verdict', 'status', $1, 0, $2, null, $27, $28, $29, $30"
_MADE: Final = "$31, $32, $33, $34, $35, $36, $37"
SCREENED: Final = f"""
event as ({appending("$26", _VERDICT)}),
signature as ({inserting_signature("$1", "$2", "$26", _MADE)})"""


def _publishing(key: LiteralString = "") -> LiteralString:
    """The answer is the row that `page` reads of a status that nobody has done anything with yet, and the event's
    id."""
    return f"""
with{key} conversation as (
  insert into conversations (id, created_at) select $1, $16::timestamptz where $13::bigint is null),
status as (
  insert into statuses (id, account_id, uri, url, text, content, spoiler_text, visibility, sensitive, language,
    in_reply_to_id, in_reply_to_account_id, conversation_id, app_id, has_poll, created_at, rendered, rendered_for,
    withheld, limited, interaction_off)
  values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, coalesce($13, $1), $14, $15, $16, $17, $18,
    $19, $20, $21)),
stats as (insert into status_stats (status_id) values ($1)),
jobs as ({inserting_jobs("$22", "$23", "$24", "$25")}),{SCREENED}
update account_stats st set statuses_count = st.statuses_count + case when {_COUNTS} then 1 else 0 end,
  last_status_at = case when {_COUNTS} then greatest(st.last_status_at, $16) else st.last_status_at end
from accounts a where st.account_id = $2 and a.id = $2
returning $1::bigint as cursor, $1::bigint as id, $2::bigint as account_id, null::bigint as reblog_of_id,
  $19::text as withheld, ({AUTHOR_LABELS})::text as labels, st.followers_count, st.following_count, st.statuses_count,
  st.last_status_at::date as last_status_on, 0 as replies_count, 0 as reblogs_count, 0 as favourites_count,
  0 as flags, null::json as poll, 0::bigint as rendered_version, a.rendered_version as account_version,
  (select id from event) as event_id
"""


PUBLISH: Final = _publishing()

# With the key of the request: its twin waits for the author's row, and ends here.
PUBLISH_ONCE: Final = _publishing("""
key as (insert into idempotency_keys (account_id, key, status_id, created_at) values ($2, $38, $1, $26)),""")


async def insert_status(
    tx: Tx,
    parts: StatusParts,
    *,
    account_id: int,
    conversation_id: int | None,
    app_id: int | None,
    rendered: str,
    fingerprint: int,
    withheld: str | None,
    limited: bool,
    interaction_off: bool,
    at: datetime,
    verdict: Entry,
    signature: Sequence[object],
    jobs: Sequence[Job],
    key: str | None = None,
) -> asyncpg.Record:
    """Write a status with its counts, begin its conversation unless it has one, count it for its author unless it is
    withheld, append the event of its verdict, store its signature (`stored_form`), queue jobs and keep the key of the
    request; its row. Raises asyncpg's UniqueViolationError where the key is known."""
    statement, kept = (PUBLISH, ()) if key is None else (PUBLISH_ONCE, (key,))
    row = await tx.fetchrow(
        statement, parts.id, account_id, parts.uri, parts.url, parts.text, parts.content, parts.spoiler_text,
        parts.visibility, parts.sensitive, parts.language, parts.in_reply_to_id, parts.in_reply_to_account_id,
        conversation_id, app_id, bool(parts.poll_options), parts.created_at, rendered, fingerprint,
        withheld, limited, interaction_off, *job_columns(jobs),
        at, verdict.policy, verdict.detectors, verdict.clause, verdict.details, *signature, *kept,
    )  # fmt: skip
    assert row is not None, "whoever writes has an account and its counts"
    return row
