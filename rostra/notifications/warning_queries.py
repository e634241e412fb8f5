"""SQL of notifications that tell of decisions of moderation. They come from the account itself: nobody is named."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Final, Literal

import msgspec

from rostra.kit.db import Reader, Tx, as_records
from rostra.notifications.queries import Told

# What was told of the same decision before makes room: it says what no longer holds.
WITHDRAW: Final = "delete from notifications where account_id = $1 and decision_id = $2 and created_at < $3"

NOTIFY: Final = """
insert into notifications (account_id, type, from_account_id, decision_id, created_at)
select u.account_id, 'moderation_warning', u.account_id, $2, $3 from users u where u.account_id = $1
on conflict do nothing returning id, account_id
"""

WARNINGS: Final = """
select d.id, d.account_id, case when d.subject_kind = 'status' then d.subject_id end as status_id, d.reason,
  d.reversed_at is not null as reversed, d.created_at, u.locale,
  array(select x.kind || '.' || x.subject_kind from actions x where x.decision_id = d.id order by x.id) as acts,
  a.text as appeal_text, a.state as appeal_state
from decisions d join users u on u.account_id = d.account_id
left join appeals a on a.decision_id = d.id and a.side = 'author'
where d.id = any($1::bigint[])
"""


class WarningRow(msgspec.Struct, frozen=True, kw_only=True):
    """A decision, as far as a notification tells of it. `acts` as `kind.subject`."""

    id: int
    account_id: int
    status_id: int | None
    reason: dict[str, str]
    reversed: bool
    created_at: datetime
    locale: str
    acts: list[str]
    appeal_text: str | None
    appeal_state: Literal["filed", "panel", "upheld", "overturned", "modified"] | None


async def insert_warning(tx: Tx, account_id: int, decision_id: int, at: datetime) -> list[Told]:
    """Tell somebody of a decision, in place of what they were told of it before."""
    await tx.execute(WITHDRAW, account_id, decision_id, at)
    return as_records(Told, await tx.fetch(NOTIFY, account_id, decision_id, at))


async def find_warnings(db: Reader, ids: Sequence[int]) -> list[WarningRow]:
    """What notifications say of decisions, in no order."""
    return as_records(WarningRow, await db.fetch(WARNINGS, ids))
