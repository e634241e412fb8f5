"""The public log of decisions: each that took something from somebody in public, without texts, times or names.

Accounts have pseudonyms that are keyed and change with the month: enough to see that ten decisions concern one account,
not enough to follow it or to look somebody up. Entries are named by a keyed hash and stand in its order within a day,
because an id would tell the time to the millisecond. Who decided is not in it at all.
"""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from typing import Any, Final, Literal

import msgspec

from rostra.kit.clock import Clock
from rostra.kit.db import Database
from rostra.kit.errors import Invalid
from rostra.kit.ids import first_id_at
from rostra.kit.sealing import Sealer
from rostra.ledger.leaf import encode_hash
from rostra.measurement import public_log_queries as queries
from rostra.measurement.public_log_queries import LogRow, MonthCount
from rostra.moderation.domains.domains import obscure

MOST: Final = 100
_EPOCH: Final = date(1970, 1, 1)
_PSEUDONYM: Final = 12
_END: Final = (1 << 31, "")
_MONTHS: Final = 12


class LoggedAction(msgspec.Struct, frozen=True, kw_only=True):
    """What was done; `until` is the day on which it ends by itself, None for good."""

    kind: Literal["label", "sensitive", "interaction-off", "limit", "remove", "warn", "freeze", "suspend"]
    on: Literal["status", "account", "media", "server"]
    until: str | None


class Logged(msgspec.Struct, frozen=True, kw_only=True):
    """A decision as everybody may know it. `day` is in UTC, `account` a pseudonym of the month (None where it is about
    a `server`, whose domain may be half hidden), `leaf` the hash by which the ledger proves it (None: it has none yet),
    `reversed` why it holds no more."""

    id: str
    day: str
    clause: str
    actions: list[LoggedAction]
    subject: Literal["status", "account", "server"]
    account: str | None
    server: str | None
    origin: Literal["own", "report", "legal", "trusted", "host", "order"]
    automated_detection: bool
    automated_decision: bool
    policy: str
    reversed: Literal["undo", "review", "appeal", "superseded"] | None
    leaf: str | None


async def read_log(
    db: Database, clock: Clock, sealer: Sealer, *, after: str = "", limit: int = 40
) -> tuple[list[Logged], str]:
    """A page of the log, the latest day first, and what to ask for the next one with (empty: there is none).

    Days that are not over are left out: what is undone at once is undone by then. Raises Invalid for an `after` that
    this function did not give.
    """
    limit = max(1, min(limit, MOST))
    today = (clock.now().astimezone(UTC).date() - _EPOCH).days
    async with db.read() as conn:
        rows = await queries.list_page(conn, _key(sealer), today, _read_cursor(after), limit + 1)
    page = rows[:limit]
    following = f"{page[-1].day}-{page[-1].entry}" if len(rows) > limit else ""
    return [_show(row, sealer) for row in page], following


async def count_log(db: Database, clock: Clock) -> list[MonthCount]:
    """Of the last months, how many decisions there were and how many of them the log lists: those on what not everybody
    could see are counted and not listed."""
    now = clock.now()
    whole = now.year * 12 + now.month - 1 - _MONTHS
    begin = datetime(whole // 12, whole % 12 + 1, 1, tzinfo=UTC)
    end = datetime.combine(now.date(), time(), UTC)
    async with db.read() as conn:
        return await queries.count_months(conn, first_id_at(begin), first_id_at(end))


def pseudonym(sealer: Sealer, account_id: int, day: date) -> str:
    """What the log calls an account in the month of that day."""
    return sealer.mac("log: account", f"{day:%Y-%m} {account_id}").replace("-", "x").replace("_", "y")[:_PSEUDONYM]


def _key(sealer: Sealer) -> str:
    return sealer.mac("log: entries", "")


def _show(row: LogRow, sealer: Sealer) -> Logged:
    day = _EPOCH + timedelta(days=row.day)
    known: dict[str, Any] = {
        "id": row.entry,
        "day": day.isoformat(),
        "clause": row.clause,
        "actions": row.actions,
        "subject": row.subject_kind,
        "account": None if row.account_id is None else pseudonym(sealer, row.account_id, day),
        "server": obscure(row.server) if row.server and row.obfuscate else row.server,
        "origin": row.origin,
        "automated_detection": row.automated_detection,
        "automated_decision": row.automated_decision,
        "policy": row.policy,
        "reversed": row.reversed_why,
        "leaf": None if row.leaf is None else encode_hash(row.leaf),
    }
    return msgspec.convert(known, Logged)


def _read_cursor(after: str) -> tuple[int, str]:
    if not after:
        return _END
    day, _, entry = after.partition("-")
    if not (day.isascii() and day.isdigit() and len(day) <= 9 and entry.isascii() and entry.isalnum()):
        raise Invalid("after", "is not what a page of this list ended with")
    return int(day), entry
