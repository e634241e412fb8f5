"""SQL of those who report: how often each was right, who was warned, is muted or trusted."""

from __future__ import annotations

from datetime import datetime
from typing import Final, LiteralString

import msgspec

from rostra.kit.db import Reader, Tx, as_records, find_record
from rostra.kit.ids import MAX_ID

# So many without one in ten that was right, and a person is asked whether to leave somebody unheard.
_PROPOSED: Final[LiteralString] = "r.muted_at is null and r.rejected >= 10 and r.upheld * 10 < r.upheld + r.rejected"

_WHICH: Final[dict[str, LiteralString]] = {
    "all": "r.upheld + r.rejected > 0",
    "proposed": _PROPOSED,
    "muted": "r.muted_at is not null",
    "trusted": "r.trusted_at is not null",
}


def _page(which: LiteralString) -> LiteralString:
    return f"""
select r.account_id, a.username, a.domain, r.upheld, r.rejected, r.warned_at, r.muted_at, r.trusted_at,
  {_PROPOSED} as proposed, a.domain is null as is_local,
  (select count(*) from (select from reports x where x.account_id = r.account_id limit 1000) counted) as sent
from reporters r join accounts a on a.id = r.account_id
where {which} and (r.upheld + r.rejected, r.account_id) < ($1, $2)
order by r.upheld + r.rejected desc, r.account_id desc limit $3
"""


PAGES: Final[dict[str, LiteralString]] = {tab: _page(which) for tab, which in _WHICH.items()}

REACHED: Final = """
select a.username, coalesce(r.upheld, 0) as upheld, coalesce(r.rejected, 0) as rejected, r.warned_at, r.muted_at,
  case when u.confirmed_at is not null and a.suspended_at is null then u.email else '' end as email,
  coalesce(u.locale, 'en') as locale
from accounts a left join users u on u.account_id = a.id left join reporters r on r.account_id = a.id
where a.id = $1 for update of a
"""

WARN: Final = """
insert into reporters (account_id, warned_at) values ($1, $2)
on conflict (account_id) do update set warned_at = excluded.warned_at
"""

MUTE: Final = """
insert into reporters (account_id, muted_at, muted_by) values ($1, $2, $3)
on conflict (account_id) do update set muted_at = excluded.muted_at, muted_by = excluded.muted_by
"""

TRUST: Final = """
insert into reporters (account_id, trusted_at) values ($1, $2)
on conflict (account_id) do update set trusted_at = excluded.trusted_at
"""


class ReporterRow(msgspec.Struct, frozen=True, kw_only=True):
    """Somebody who reports. `sent`: how many reports, up to 1000; `proposed`: for being left unheard."""

    account_id: int
    username: str
    domain: str | None
    upheld: int
    rejected: int
    warned_at: datetime | None
    muted_at: datetime | None
    trusted_at: datetime | None
    proposed: bool
    is_local: bool
    sent: int


class Reached(msgspec.Struct, frozen=True, kw_only=True):
    """Somebody who reports and how they can be written to; `email` "" where they cannot."""

    username: str
    upheld: int
    rejected: int
    warned_at: datetime | None
    muted_at: datetime | None
    email: str
    locale: str


async def list_reporters(conn: Reader, tab: str, before: tuple[int, int] | None, limit: int) -> list[ReporterRow]:
    """Those who report, by how many of their reports were decided."""
    decided, account_id = before or (2**31 - 1, MAX_ID)
    return as_records(ReporterRow, await conn.fetch(PAGES[tab], decided, account_id, limit))


async def find_reached(tx: Tx, account_id: int) -> Reached | None:
    return find_record(Reached, await tx.fetchrow(REACHED, account_id))


async def warn(tx: Tx, account_id: int, at: datetime) -> None:
    await tx.execute(WARN, account_id, at)


async def mute(tx: Tx, account_id: int, at: datetime | None, actor_id: int | None) -> None:
    await tx.execute(MUTE, account_id, at, actor_id)


async def trust(tx: Tx, account_id: int, at: datetime | None) -> None:
    await tx.execute(TRUST, account_id, at)
