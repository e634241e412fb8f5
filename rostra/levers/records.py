"""The shapes of what is prepared, pulled and gone through."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any, Literal

import msgspec

from rostra.levers.forecast import Brake, Forecast
from rostra.levers.triggers import Trigger

Level = Literal["watch", "serious", "critical"]
How = Literal["person", "trigger", "brake"]
ReleasedHow = Literal["person", "expired", "brake"]


class Armed(msgspec.Struct, frozen=True, kw_only=True):
    """A lever as somebody has prepared it."""

    name: str
    params: dict[str, Any]
    lasts: timedelta | None
    trigger: Trigger | None
    is_set: bool
    armed_at: datetime
    armed_by: str | None = None


class Pull(msgspec.Struct, frozen=True, kw_only=True):
    """One time that a lever was pulled. `pulled_by` and `released_by` are names for staff."""

    id: int
    name: str
    incident_id: int
    params: dict[str, Any]
    how: How
    pulled_at: datetime
    reason: str
    reading: dict[str, Any] | None
    until: datetime | None
    released_at: datetime | None
    released_how: ReleasedHow | None
    held: int
    refused: int
    pulled_by: str | None = None
    released_by: str | None = None


class Incident(msgspec.Struct, frozen=True, kw_only=True):
    """What levers were pulled for. It runs until the last is released, and is open until its debrief is written."""

    id: int
    title: str
    level: Level
    started_at: datetime
    ended_at: datetime | None
    debrief: str
    debriefed_at: datetime | None
    started_by: str | None = None
    debriefed_by: str | None = None

    @property
    def is_due(self) -> bool:
        """Whether the debrief is to be written."""
        return self.ended_at is not None and self.debriefed_at is None


class State(msgspec.Struct, frozen=True, kw_only=True):
    """The brake, and what was seen when it was last looked at."""

    revision: int
    brake: Brake
    brake_is_set: bool
    forecast: Forecast | None
    looked_at: datetime | None


class Setup(msgspec.Struct, frozen=True, kw_only=True):
    """How a lever is to be prepared."""

    params: dict[str, object] = {}
    lasts: timedelta | None = None
    trigger: Trigger | None = None


class Wish(msgspec.Struct, frozen=True, kw_only=True):
    """How a person wants a lever pulled; what is not said is as it was prepared. `lasts` is a tuple of one where it is
    said (of None: until somebody releases it). `title` and `level` are for a new incident."""

    reason: str = ""
    lasts: tuple[timedelta | None] | None = None
    title: str = ""
    level: Level = "serious"
