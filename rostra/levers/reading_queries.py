"""SQL of what triggers and the brake are held against: a few counts of the last hour and day, once a minute."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

from rostra.kit.db import Reader
from rostra.kit.ids import first_id_at
from rostra.levers.forecast import Forecast
from rostra.levers.triggers import LEAST_AUTHORS, Readings

# Ids are made of the moment at which a row is written: the primary keys count the last hour.
CASES: Final = """
select (select count(*) from cases where closed_at is null) as backlog,
  (select count(*) from cases where id > $1) as opened,
  (select count(*) from cases where state = 'closed' and closed_at > $2) as closed
"""

# Events that nobody has written of for longer are not looked through.
_TALKED_OF: Final = timedelta(days=7)
HOUR: Final = """
select
  (select count(*) from users u join accounts a on a.id = u.account_id where a.id > $1) as sign_ups,
  (select count(*) from statuses where id > $1 and reblog_of_id is null) as posts,
  (select count(*) from holds where id > $1 and rule not like 'lever:%') as held,
  (select created_at from moderation_events where type = 'prevalence_alarm' order by id desc limit 1) as alarm_at,
  (select min(c.day) from event_clusters c where c.day between $2 and $2 + 60 and c.last_at > $4
    and (select count(distinct s.account_id) >= $3 and (bool_or(s.imperative) or bool_or(s.weapons <> '{}')) from (
      select account_id, imperative, weapons from event_cluster_statuses where cluster_id = c.id union all
      select account_id, imperative, weapons from event_cluster_refusals where cluster_id = c.id) s)) as event_day
"""


async def read_forecast(conn: Reader, at: datetime) -> Forecast:
    """The open cases, and those of the last 24 hours."""
    since = at - timedelta(hours=24)
    row = await conn.fetchrow(CASES, first_id_at(since), since)
    assert row is not None
    return Forecast(backlog=row["backlog"], opened=row["opened"], closed=row["closed"])


async def read_all(conn: Reader, at: datetime) -> Readings:
    """Everything that a condition may be about."""
    forecast = await read_forecast(conn, at)
    row = await conn.fetchrow(HOUR, first_id_at(at - timedelta(hours=1)), at.date(), LEAST_AUTHORS, at - _TALKED_OF)
    assert row is not None
    day = row["event_day"]
    return Readings(
        forecast=forecast,
        sign_ups=row["sign_ups"],
        posts=row["posts"],
        held=row["held"],
        alarm_at=row["alarm_at"],
        event_days=(day - at.date()).days if day else None,
    )
