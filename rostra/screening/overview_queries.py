"""SQL of what a person sees of the policy: since when it is in force, by whom, and the version before another."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final

import msgspec

from rostra.kit.db import Reader, find_record
from rostra.screening.policy_queries import Version

LATEST_SWITCH: Final = """
select e.type, e.created_at, e.details, a.username as author
from moderation_events e left join accounts a on a.id = e.actor_id
where e.type in ('policy_activated', 'policy_rolled_back') order by e.id desc limit 1
"""

BEFORE: Final = """
select v.id, v.version, v.note, v.created_at, a.username as author,
  v.id is not distinct from s.version_id as is_active, v.id is not distinct from s.previous_id as is_previous
from policy_versions v cross join policy_state s left join accounts a on a.id = v.author_id
where v.id < $1 order by v.id desc limit 1
"""

WERE_IN_FORCE: Final = """
select distinct e.subject_id from moderation_events e
where e.subject_kind = 'policy' and e.type in ('policy_activated', 'policy_rolled_back')
  and e.subject_id = any($1::bigint[])
union select s.previous_id from policy_state s where s.previous_id = any($1::bigint[])
"""


class Switch(msgspec.Struct, frozen=True, kw_only=True):
    """The last time that another version was put into force; `author` None is the program or the command line."""

    type: str
    created_at: datetime
    details: dict[str, Any]
    author: str | None


async def find_latest_switch(conn: Reader) -> Switch | None:
    """When the version in force became so, and by whom; None where none ever was."""
    return find_record(Switch, await conn.fetchrow(LATEST_SWITCH))


async def find_before(conn: Reader, version_id: int) -> Version | None:
    """The version that was kept before this one."""
    return find_record(Version, await conn.fetchrow(BEFORE, version_id))


async def find_in_force_once(conn: Reader, version_ids: Sequence[int]) -> set[int]:
    """Those of these versions that were in force at some time."""
    return {row["subject_id"] for row in await conn.fetch(WERE_IN_FORCE, list(version_ids))}
