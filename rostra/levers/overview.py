"""What the page, the API and the command line show: every lever as it stands, the forecast, incidents, a preview."""

from __future__ import annotations

from collections import defaultdict
from datetime import datetime, timedelta
from typing import Any, Final

import msgspec

from rostra.kit.clock import Clock
from rostra.kit.db import Database, Reader
from rostra.kit.errors import NotFound
from rostra.kit.ids import MAX_ID
from rostra.levers import preview_queries, queries
from rostra.levers.kinds import (
    BRAKE,
    NAMES,
    USUALLY,
    HoldNewAccounts,
    LabelledBoostsOff,
    LinksOffNew,
    Params,
    SlowMode,
    default_params,
    load_params,
)
from rostra.levers.preview_queries import Touched
from rostra.levers.reading_queries import read_all
from rostra.levers.records import Incident, Pull, State
from rostra.levers.triggers import Readings, Trigger, measure

PAGE: Final = 20
# The conditions are looked at each minute. After this long something is wrong.
_UNWATCHED: Final = timedelta(minutes=5)


class LeverView(msgspec.Struct, frozen=True, kw_only=True):
    """A lever as it stands. `reading` is what its condition reads now, None where there is nothing to read."""

    name: str
    params: dict[str, Any]
    lasts: timedelta | None
    trigger: Trigger | None
    is_set: bool
    armed_at: datetime | None
    armed_by: str | None
    pulled: Pull | None
    reading: float | None = None

    @property
    def state(self) -> str:
        """pulled, armed (somebody has prepared it), or ready (as it comes)."""
        return "pulled" if self.pulled else "armed" if self.armed_at else "ready"


class Overview(msgspec.Struct, frozen=True, kw_only=True):
    """Everything at a glance. `brake` is the growth brake, pulled or not."""

    levers: list[LeverView]
    brake: Pull | None
    state: State
    readings: Readings
    due: list[Incident]
    # Whether the conditions and the brake are looked at as they should be.
    is_watched: bool


class Chapter(msgspec.Struct, frozen=True, kw_only=True):
    """An incident with what was pulled in it."""

    incident: Incident
    pulls: list[Pull]


async def get_overview(db: Database, clock: Clock, *, started_at: datetime | None = None) -> Overview:
    """How everything stands now, with a constant number of statements. `started_at`: since when the server runs; what
    it cannot have done yet is not missing."""
    at = clock.now()
    async with db.read() as conn:
        armed = await queries.list_armed(conn)
        pulls = {name: pull for name, pull in (await queries.list_open_pulls(conn)).items() if _holds(pull, at)}
        state = await queries.get_state(conn)
        readings = await read_all(conn, at)
        incidents = await queries.list_incidents(conn, MAX_ID, PAGE)
    levers: list[LeverView] = []
    for name in NAMES:
        found = armed.get(name)
        trigger = found.trigger if found else None
        levers.append(
            LeverView(
                name=name,
                params=msgspec.structs.asdict(load_params(name, found.params)) if found else default_params(name),
                lasts=found.lasts if found else USUALLY,
                trigger=trigger,
                is_set=found.is_set if found else True,
                armed_at=found.armed_at if found else None,
                armed_by=found.armed_by if found else None,
                pulled=pulls.get(name),
                reading=measure(trigger, readings) if trigger else None,
            )
        )
    return Overview(
        levers=levers,
        brake=pulls.get(BRAKE),
        state=state,
        readings=readings,
        due=[incident for incident in incidents if incident.is_due],
        is_watched=any(since is not None and at - since < _UNWATCHED for since in (state.looked_at, started_at)),
    )


async def get_lever(db: Database, clock: Clock, name: str) -> LeverView:
    """One lever as it stands. Raises NotFound."""
    found = next((lever for lever in (await get_overview(db, clock)).levers if lever.name == name), None)
    if found is None:
        raise NotFound(f"There is no lever called {name}. There are: {', '.join(NAMES)}")
    return found


async def list_chapters(db: Database, *, below: int = MAX_ID) -> tuple[list[Chapter], int | None]:
    """A page of incidents, the newest first, and below which id the next begins (None at the end)."""
    async with db.read() as conn:
        incidents = await queries.list_incidents(conn, below, PAGE + 1)
        pulls = await queries.list_pulls_of(conn, [incident.id for incident in incidents[:PAGE]])
    by_incident: defaultdict[int, list[Pull]] = defaultdict(list)
    for pull in pulls:
        by_incident[pull.incident_id].append(pull)
    chapters = [Chapter(incident=each, pulls=by_incident[each.id]) for each in incidents[:PAGE]]
    return chapters, incidents[PAGE - 1].id if len(incidents) > PAGE else None


async def get_chapter(db: Database, incident_id: int) -> Chapter:
    """One incident with its pulls. Raises NotFound."""
    async with db.read() as conn:
        incident = await queries.find_incident(conn, incident_id)
        if incident is None:
            raise NotFound
        return Chapter(incident=incident, pulls=await queries.list_pulls_of(conn, [incident_id]))


async def preview(db: Database, clock: Clock, name: str, params: dict[str, Any]) -> Touched:
    """What the lever would have touched in the last 24 hours."""
    async with db.read() as conn:
        return await _count(conn, clock.now(), load_params(name, params))


async def _count(conn: Reader, at: datetime, params: Params) -> Touched:
    match params:
        case HoldNewAccounts():
            return await preview_queries.count_new(conn, at, params.hours, private_too=params.reach == "all")
        case LinksOffNew():
            return await preview_queries.count_new_links(conn, at, params.hours)
        case SlowMode():
            hours = None if params.who == "all" else params.hours
            return await preview_queries.count_fast(conn, at, params.seconds, hours)
        case LabelledBoostsOff():
            return await preview_queries.count_labelled_boosts(conn, at)
        case _:
            return await preview_queries.count_sign_ups(conn, at)


def _holds(pull: Pull, at: datetime) -> bool:
    return pull.until is None or at < pull.until
