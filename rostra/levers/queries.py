"""SQL of levers: what is prepared, what is pulled, incidents, the brake."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any, Final

import msgspec

from rostra.kit.db import Reader, Tx, as_records, find_record
from rostra.levers.forecast import Brake, Forecast
from rostra.levers.records import Armed, How, Incident, Level, Pull, ReleasedHow, State
from rostra.levers.triggers import Trigger

HOLDING: Final = "select id, name, params, until from lever_pulls where released_at is null order by id"

ADD_COUNTS: Final = """
update lever_pulls p set held = p.held + n.held, refused = p.refused + n.refused
from unnest($1::bigint[], $2::bigint[], $3::bigint[]) n(id, held, refused) where p.id = n.id
"""

# Serialises all acts on levers.
LOCK: Final = "update lever_state set revision = revision + 1"

STATE: Final = """
select revision, brake_on, brake_limit_hours, brake_least_backlog, brake_is_set, forecast, looked_at from lever_state
"""

SET_BRAKE: Final = """
update lever_state set brake_on = $1, brake_limit_hours = $2, brake_least_backlog = $3, brake_is_set = true
"""

SET_BRAKE_READY: Final = "update lever_state set brake_is_set = $1"

KEEP_FORECAST: Final = "update lever_state set forecast = $1, looked_at = $2"

ARMED: Final = """
select l.name, l.params, l.lasts, l.trigger, l.is_set, l.armed_at, a.username as armed_by
from levers l left join accounts a on a.id = l.armed_by order by l.name
"""

ARM: Final = """
insert into levers (name, params, lasts, trigger, armed_by, armed_at) values ($1, $2, $3, $4, $5, $6)
on conflict (name) do update set params = excluded.params, lasts = excluded.lasts, trigger = excluded.trigger,
  is_set = true, armed_by = excluded.armed_by, armed_at = excluded.armed_at
"""

DISARM: Final = "delete from levers where name = $1 returning name"

SET_READY: Final = "update levers set is_set = $2 where name = $1"

_PULL: Final = """
select p.id, p.name, p.incident_id, p.params, p.how, p.pulled_at, p.reason, p.reading, p.until, p.released_at,
  p.released_how, p.held, p.refused, by.username as pulled_by, off.username as released_by
from lever_pulls p left join accounts by on by.id = p.pulled_by left join accounts off on off.id = p.released_by
"""

OPEN_PULLS: Final = f"{_PULL} where p.released_at is null order by p.id"
FIND_PULL: Final = f"{_PULL} where p.id = $1"
LATEST_PULLED: Final = "select name, max(pulled_at) as pulled_at from lever_pulls group by name"
PULLS_OF: Final = f"{_PULL} where p.incident_id = any($1::bigint[]) order by p.id"

INSERT_PULL: Final = """
insert into lever_pulls (id, name, incident_id, params, how, pulled_by, pulled_at, reason, reading, until)
values (make_id($6), $1, $2, $3, $4, $5, $6, $7, $8, $9)
on conflict (name) where released_at is null do nothing returning id
"""

RELEASE: Final = """
update lever_pulls set released_at = $2, released_by = $3, released_how = $4 where id = $1 and released_at is null
"""

CLEAR_TURNS: Final = "delete from lever_turns"

# What only the lever holds is decided at once by the clock that decides what nobody sees in time.
LET_HELD_GO: Final = """
update holds set expires_at = $2, expires_to = 'release' where rule = $1 and decided_at is null
"""

TAKE_TURN: Final = """
insert into lever_turns (account_id, next_at) values ($1, $3)
on conflict (account_id) do update set next_at = excluded.next_at where lever_turns.next_at <= $2
returning account_id
"""

TURN: Final = "select next_at from lever_turns where account_id = $1"

_INCIDENT: Final = """
select i.id, i.title, i.level, i.started_at, i.ended_at, i.debrief, i.debriefed_at,
  s.username as started_by, d.username as debriefed_by
from incidents i left join accounts s on s.id = i.started_by left join accounts d on d.id = i.debriefed_by
"""

# One that has ended a while ago is over, and waits for its debrief only.
JOINABLE: Final = """
select id from incidents where debriefed_at is null and (ended_at is null or ended_at > $1) order by id desc limit 1
"""

INSERT_INCIDENT: Final = """
insert into incidents (id, title, level, started_at, started_by) values (make_id($3), $1, $2, $3, $4) returning id
"""

GO_ON: Final = "update incidents set ended_at = null where id = $1"

END: Final = """
update incidents i set ended_at = $2
where i.id = $1 and i.ended_at is null
  and not exists (select from lever_pulls p where p.incident_id = i.id and p.released_at is null)
"""

FIND_INCIDENT: Final = f"{_INCIDENT} where i.id = $1"
INCIDENTS: Final = f"{_INCIDENT} where i.id < $1 order by i.id desc limit $2"

DEBRIEF: Final = """
update incidents set debrief = $2, debriefed_by = $3, debriefed_at = $4 where id = $1 and debriefed_at is null
"""


class HoldingRow(msgspec.Struct, frozen=True, kw_only=True):
    id: int
    name: str
    params: dict[str, Any]
    until: datetime | None


async def list_holding(conn: Reader) -> list[HoldingRow]:
    """The levers that are pulled, without words."""
    return as_records(HoldingRow, await conn.fetch(HOLDING))


async def add_counts(tx: Tx, rows: Sequence[tuple[int, int, int]]) -> None:
    """Add what pulled levers held and refused, as (pull, held, refused)."""
    await tx.execute(ADD_COUNTS, [row[0] for row in rows], [row[1] for row in rows], [row[2] for row in rows])


async def lock(tx: Tx) -> None:
    """Be the only one to change levers until the transaction ends, and have everybody notice."""
    await tx.execute(LOCK)


async def get_state(conn: Reader) -> State:
    """The brake's settings and the last forecast."""
    row = await conn.fetchrow(STATE)
    assert row is not None
    return State(
        revision=row["revision"],
        brake=Brake(on=row["brake_on"], limit_hours=row["brake_limit_hours"], least_backlog=row["brake_least_backlog"]),
        brake_is_set=row["brake_is_set"],
        forecast=msgspec.convert(row["forecast"], Forecast | None),
        looked_at=row["looked_at"],
    )


async def set_brake(tx: Tx, brake: Brake) -> None:
    await tx.execute(SET_BRAKE, brake.on, brake.limit_hours, brake.least_backlog)


async def set_brake_ready(tx: Tx, *, ready: bool) -> None:
    """Whether the brake may take hold by itself."""
    await tx.execute(SET_BRAKE_READY, ready)


async def keep_forecast(tx: Tx, forecast: Forecast, at: datetime) -> None:
    await tx.execute(KEEP_FORECAST, msgspec.to_builtins(forecast), at)


async def list_armed(conn: Reader) -> dict[str, Armed]:
    """What people have prepared, by name."""
    return {
        row["name"]: Armed(**{**dict(row.items()), "trigger": msgspec.convert(row["trigger"], Trigger | None)})
        for row in await conn.fetch(ARMED)
    }


async def arm(
    tx: Tx,
    name: str,
    params: dict[str, Any],
    lasts: timedelta | None,
    trigger: Trigger | None,
    actor_id: int | None,
    at: datetime,
) -> None:
    await tx.execute(ARM, name, params, lasts, msgspec.to_builtins(trigger), actor_id, at)


async def disarm(tx: Tx, name: str) -> bool:
    """Have the lever be as it comes; whether it was otherwise."""
    return await tx.fetchval(DISARM, name) is not None


async def set_ready(tx: Tx, name: str, *, ready: bool) -> None:
    """Whether the lever's trigger may pull it."""
    await tx.execute(SET_READY, name, ready)


async def list_open_pulls(conn: Reader) -> dict[str, Pull]:
    """What is pulled and not released, by name."""
    return {pull.name: pull for pull in as_records(Pull, await conn.fetch(OPEN_PULLS))}


async def find_pull(conn: Reader, pull_id: int) -> Pull | None:
    return find_record(Pull, await conn.fetchrow(FIND_PULL, pull_id))


async def list_latest_pulled(conn: Reader) -> dict[str, datetime]:
    """When each lever was last pulled."""
    return {row["name"]: row["pulled_at"] for row in await conn.fetch(LATEST_PULLED)}


async def list_pulls_of(conn: Reader, incident_ids: Sequence[int]) -> list[Pull]:
    """The pulls of these incidents, the oldest first."""
    return as_records(Pull, await conn.fetch(PULLS_OF, incident_ids))


async def insert_pull(
    tx: Tx,
    name: str,
    incident_id: int,
    params: dict[str, Any],
    how: How,
    actor_id: int | None,
    at: datetime,
    *,
    reason: str,
    reading: dict[str, Any] | None,
    until: datetime | None,
) -> int | None:
    """Pull it; None where it is pulled already."""
    return await tx.fetchval(INSERT_PULL, name, incident_id, params, how, actor_id, at, reason, reading, until)


async def release(tx: Tx, pull_id: int, at: datetime, actor_id: int | None, how: ReleasedHow) -> bool:
    """Release it; False where somebody has done so."""
    return await tx.execute(RELEASE, pull_id, at, actor_id, how) == "UPDATE 1"


async def clear_turns(tx: Tx) -> None:
    await tx.execute(CLEAR_TURNS)


async def let_held_go(tx: Tx, rule: str, at: datetime) -> int:
    """Have the clock release what waits for this rule's sake; how much that is."""
    return int((await tx.execute(LET_HELD_GO, rule, at)).rpartition(" ")[2])


async def take_turn(tx: Tx, account_id: int, at: datetime, next_at: datetime) -> datetime | None:
    """Take the account's turn to post; where it is not its turn yet, when it is. Of two at once one gets it."""
    if await tx.fetchval(TAKE_TURN, account_id, at, next_at) is not None:
        return None
    return await tx.fetchval(TURN, account_id)


async def find_joinable(tx: Tx, since: datetime) -> int | None:
    """The incident that goes on, or that ended after `since` and was not debriefed."""
    return await tx.fetchval(JOINABLE, since)


async def insert_incident(tx: Tx, title: str, level: Level, at: datetime, actor_id: int | None) -> int:
    return await tx.fetchval(INSERT_INCIDENT, title, level, at, actor_id)


async def go_on(tx: Tx, incident_id: int) -> None:
    """Have an incident that ended run again."""
    await tx.execute(GO_ON, incident_id)


async def end_incident(tx: Tx, incident_id: int, at: datetime) -> bool:
    """End it if none of its levers is pulled any more; whether it did."""
    return await tx.execute(END, incident_id, at) == "UPDATE 1"


async def find_incident(conn: Reader, incident_id: int) -> Incident | None:
    return find_record(Incident, await conn.fetchrow(FIND_INCIDENT, incident_id))


async def list_incidents(conn: Reader, below: int, limit: int) -> list[Incident]:
    """Incidents with ids below that, the newest first."""
    return as_records(Incident, await conn.fetch(INCIDENTS, below, limit))


async def debrief(tx: Tx, incident_id: int, text: str, actor_id: int | None, at: datetime) -> bool:
    """Close an incident; False where somebody has done so."""
    return await tx.execute(DEBRIEF, incident_id, text, actor_id, at) == "UPDATE 1"
