"""SQL of learning: what people decided, the texts that it was about as far as they still exist, and the adjustments."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any, Final

import msgspec
import structlog

from rostra.kit.db import Reader, Tx, as_records, find_record

if TYPE_CHECKING:
    from rostra.detect.adjust import Adjustment

log = structlog.get_logger(__name__)

# Only what people decided, and only while the post says what it said then.
DECISIONS: Final = """
select e.subject_id as status_id, coalesce(e.details ->> 'outcome', e.type) as type, e.clause,
  e.actor_id, e.created_at as at,
  e.details -> 'categories' as categories
from moderation_events e join statuses s on s.id = e.subject_id and s.revision = e.revision
where e.type = any($1) and e.subject_kind = 'status' and e.actor_id is not null order by e.id desc limit $2
"""

# The sample of a replay is of posts as they were when it ran.
SAMPLES: Final = """
select x.status_id, case when (x.change = 'hit') = x.is_right then 'sample_bad' else 'sample_good' end as type,
  x.clause, x.labelled_by as actor_id, r.started_at as at, null::jsonb as categories
from replay_samples x join policy_replays r on r.id = x.replay_id join statuses s on s.id = x.status_id
where x.is_right is not null and x.labelled_by is not null and coalesce(s.edited_at, s.created_at) <= r.started_at
order by r.id desc limit $1
"""

_TEXT: Final = """
select s.id, s.account_id, s.revision, s.language, s.spoiler_text, s.text, a.username, a.domain,
  coalesce((select p.options from polls p where s.has_poll and p.status_id = s.id), '{}') as poll_options,
  array(select coalesce(m.description, '') from media_attachments m where m.status_id = s.id
    order by m.position, m.id) as descriptions
from statuses s join accounts a on a.id = s.account_id
"""

TEXTS: Final = f"{_TEXT} where s.id = any($1)"

# What nobody and nothing has found fault with, and nobody has looked at.
UNFLAGGED: Final = f"""
{_TEXT} where s.visibility = 'public' and s.reblog_of_id is null and s.withheld is null and not s.limited
  and not exists (select from holds h where h.status_id = s.id)
  and not exists (select from cases c where c.subject_kind = 'status' and c.subject_id = s.id)
  and not exists (select from moderation_events e where e.subject_id = s.id and e.type = 'text_labelled')
order by s.id desc limit $1
"""

# What anybody may see can be labelled.
_OPEN: Final = "s.visibility in ('public', 'unlisted') and s.reblog_of_id is null"

OPEN_TEXTS: Final = f"{_TEXT} where s.id = any($1) and {_OPEN} and s.withheld is null and s.account_id <> $2"

SAID: Final = """
select subject_id as status_id, actor_id = $2 as is_mine, details -> 'categories' as categories, created_at as at
from moderation_events where subject_id = any($1) and type = 'text_labelled' order by id
"""

INSERT: Final = """
insert into model_adjustments (id, base, weights, figures, before_id, created_at, activated_at, active)
values (make_id($4), $1, $2, $3, (select id from model_adjustments where active), $4, $4, false) returning id
"""

ACTIVATE: Final = "update model_adjustments set active = true, activated_at = $2 where id = $1"

DEACTIVATE: Final = "update model_adjustments set active = false where active returning id, before_id"

TOUCH: Final = "update policy_state set revision = revision + 1"

FIND: Final = "select id, base, weights from model_adjustments where id = $1"

ACTIVE: Final = """
select m.id, m.base, m.figures, m.created_at, m.activated_at, m.before_id from model_adjustments m where m.active
"""

LATEST: Final = """
select type, created_at from moderation_events where type in ('model_promoted', 'model_rolled_back')
order by id desc limit 1
"""

STATUS: Final = f"select s.id, s.account_id, s.revision from statuses s where s.id = $1 and {_OPEN}"


class Row(msgspec.Struct, frozen=True, kw_only=True):
    """Something that somebody decided on a status. `categories` are those that a person named, where they did."""

    status_id: int
    type: str
    clause: str
    actor_id: int
    at: datetime
    categories: list[str] | None


class TextRow(msgspec.Struct, frozen=True, kw_only=True):
    """What a status says, in its parts."""

    id: int
    account_id: int
    revision: int
    language: str | None
    spoiler_text: str
    text: str
    username: str
    domain: str | None
    poll_options: list[str]
    descriptions: list[str]

    @property
    def whole(self) -> str:
        """All parts, one on a line, as they are put before the policy."""
        return "\n".join(
            part for part in (self.spoiler_text, self.text, *self.poll_options, *self.descriptions) if part
        )


class Said(msgspec.Struct, frozen=True, kw_only=True):
    """What somebody found a status to be of."""

    status_id: int
    is_mine: bool
    categories: list[str]
    at: datetime


class ActiveRow(msgspec.Struct, frozen=True, kw_only=True):
    """The adjustment in force."""

    id: int
    base: str
    figures: dict[str, Any]
    created_at: datetime
    activated_at: datetime
    before_id: int | None


class Latest(msgspec.Struct, frozen=True):
    """What was last done about adjustments."""

    type: str
    created_at: datetime


class Labelled(msgspec.Struct, frozen=True):
    """A status that somebody labels."""

    id: int
    account_id: int
    revision: int


async def list_decisions(conn: Reader, types: Sequence[str], limit: int) -> list[Row]:
    """The newest decisions of people, and what they said of replays' samples."""
    rows = as_records(Row, await conn.fetch(DECISIONS, list(types), limit))
    return rows + as_records(Row, await conn.fetch(SAMPLES, limit))


async def list_texts(conn: Reader, ids: Sequence[int]) -> dict[int, TextRow]:
    """What these statuses say."""
    return {row.id: row for row in as_records(TextRow, await conn.fetch(TEXTS, list(ids)))}


async def list_unflagged(conn: Reader, limit: int) -> list[TextRow]:
    """The newest public posts that nothing was found in and that nobody has labelled."""
    return as_records(TextRow, await conn.fetch(UNFLAGGED, limit))


async def list_open_texts(conn: Reader, ids: Sequence[int], but_of: int) -> dict[int, TextRow]:
    """What those of these statuses say that anybody may see, but for one's own."""
    return {row.id: row for row in as_records(TextRow, await conn.fetch(OPEN_TEXTS, list(ids), but_of))}


async def list_said(conn: Reader, ids: Sequence[int], actor_id: int) -> dict[int, Said]:
    """What was said last of each of these statuses, and whether by this person."""
    return {row.status_id: row for row in as_records(Said, await conn.fetch(SAID, list(ids), actor_id))}


async def insert_adjustment(
    tx: Tx, base: str, weights: dict[str, list[float]], figures: dict[str, Any], at: datetime
) -> int:
    """Keep an adjustment, not yet in force; its id."""
    return await tx.fetchval(INSERT, base, weights, figures, at)


async def switch(tx: Tx, adjustment_id: int | None, at: datetime) -> ActiveBefore | None:
    """Put an adjustment into force, or none; the one that was before."""
    before = find_record(ActiveBefore, await tx.fetchrow(DEACTIVATE))
    if adjustment_id is not None:
        await tx.execute(ACTIVATE, adjustment_id, at)
    await tx.execute(TOUCH)
    return before


class ActiveBefore(msgspec.Struct, frozen=True):
    """The adjustment that was in force, and the one that was before it."""

    id: int
    before_id: int | None


async def find_active(conn: Reader) -> ActiveRow | None:
    """The adjustment in force."""
    return find_record(ActiveRow, await conn.fetchrow(ACTIVE))


async def find_latest(conn: Reader) -> Latest | None:
    """What was last done about adjustments."""
    return find_record(Latest, await conn.fetchrow(LATEST))


async def find_labelled(conn: Reader, status_id: int) -> Labelled | None:
    """The status, where it is one that anybody may see."""
    return find_record(Labelled, await conn.fetchrow(STATUS, status_id))


async def find_adjustment(conn: Reader, adjustment_id: int | None) -> Adjustment | None:
    """An adjustment, ready to adjust; None where there is none or it cannot be read."""
    row = None if adjustment_id is None else await conn.fetchrow(FIND, adjustment_id)
    if row is None:
        return None
    from rostra.detect.adjust import Adjustment

    try:
        return msgspec.convert({"base": row["base"], "weights": row["weights"]}, Adjustment)
    except msgspec.ValidationError:
        log.exception("an adjustment cannot be read: the model judges without it", adjustment=adjustment_id)
        return None
