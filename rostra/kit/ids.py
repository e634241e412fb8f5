"""Snowflake ids in Mastodon's layout: milliseconds since 1970 shifted left by 16 bits, plus a sequence number.

They sort by time, fit a PostgreSQL bigint and travel as decimal strings. The database's function `make_id(at)` hands
them out, so that several processes and machines never meet; this module only reads them and makes the bounds of a
range of time.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

MAX_ID = 2**63 - 1
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def first_id_at(moment: datetime) -> int:
    """The smallest id that a record made at `moment` can have."""
    return ((moment - _EPOCH) // timedelta(milliseconds=1)) << 16


def moment_of(record_id: int) -> datetime:
    """When the record with this id was made, to the millisecond."""
    return _EPOCH + timedelta(milliseconds=record_id >> 16)
