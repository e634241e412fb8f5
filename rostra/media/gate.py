"""Who may fetch a stored file: everybody, the author of the post that waits with it, or nobody but reviewers.

What the database says of the post, the upload and the account decides: one statement for all files that are asked for
at the same time, and an answer is believed for two seconds. A file that nothing shows any more, such as one that is
kept as evidence of what was deleted, is for nobody. Reviewers go another way, which does not ask here.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Final, Literal

import msgspec

from rostra.kit.clock import Clock
from rostra.kit.db import DATABASE_ERRORS, Database, Reader
from rostra.kit.errors import Unavailable
from rostra.kit.together import Together
from rostra.media.keys import find_content_type, is_judged

# Posts that were removed or refused show their files to nobody; posts that wait, to their author alone. A file that was
# let go from a post that waited is its author's until another post shows it.
WHOM: Final = """
select k.key, m.account_id as author_id, case
    when m.removed_at is not null or a.suspended_at is not null or s.withheld = 'refused' then 'nobody'
    when s.withheld = 'review' or (s.id is null and m.own_only) then 'author'
    else 'everybody' end as whom
from unnest($1::text[]) k(key)
cross join lateral (
  select x.account_id, x.status_id, x.removed_at, x.own_only from media_attachments x where x.original_key = k.key
  union all
  select x.account_id, x.status_id, x.removed_at, x.own_only from media_attachments x where x.preview_key = k.key
  limit 1) m
join accounts a on a.id = m.account_id
left join statuses s on s.id = m.status_id
union all
select k.key, a.id, case when a.suspended_at is null then 'everybody' else 'nobody' end
from unnest($1::text[]) k(key)
cross join lateral (
  select x.id, x.suspended_at from accounts x where x.avatar_key = k.key
  union all select x.id, x.suspended_at from accounts x where x.avatar_static_key = k.key
  union all select x.id, x.suspended_at from accounts x where x.header_key = k.key
  union all select x.id, x.suspended_at from accounts x where x.header_static_key = k.key
  limit 1) a
"""

_BELIEVED: Final = timedelta(seconds=2)
_MOST_KEPT: Final = 10_000


class Whom(msgspec.Struct, frozen=True):
    """For whom a file is; `author_id` is who posted it, where anybody did."""

    whom: Literal["everybody", "author", "nobody"]
    author_id: int | None = None


_EVERYBODY: Final = Whom("everybody")
_NOBODY: Final = Whom("nobody")


class Gate:
    """Answers for whom a file is. Owns what the process remembers for a moment."""

    def __init__(self, db: Database, clock: Clock) -> None:
        self._db = db
        self._clock = clock
        self._rows = Together(self._look_up)
        self._kept: dict[str, tuple[datetime, Whom]] = {}

    async def find(self, key: str) -> Whom:
        """For whom the object `key` is. Raises Unavailable where the database is away and nothing is known of it."""
        if find_content_type(key) is None:
            return _NOBODY
        if not is_judged(key):
            return _EVERYBODY
        at = self._clock.now()
        kept = self._kept.get(key)
        if kept is not None and at - kept[0] < _BELIEVED:
            return kept[1]
        try:
            found = await self._rows.find(key) or _NOBODY
        except (Unavailable, *DATABASE_ERRORS):
            # What was known goes on holding.
            if kept is None:
                raise
            return kept[1]
        if len(self._kept) >= _MOST_KEPT:
            self._kept.clear()
        self._kept[key] = (at, found)
        return found

    async def _look_up(self, asked: Sequence[str]) -> Mapping[str, Whom]:
        async with self._db.read() as conn:
            return await find_whom(conn, asked)


async def find_whom(conn: Reader, keys: Sequence[str]) -> dict[str, Whom]:
    """For whom each of these files is; those that nothing shows are left out."""
    return {row["key"]: Whom(row["whom"], row["author_id"]) for row in await conn.fetch(WHOM, keys)}
