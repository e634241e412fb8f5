"""The conditions by which levers are pulled without a person: a small fixed set, each with one number. Pure.

A trigger pulls once, and again only after its condition has been over in between.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime
from typing import Final, Literal

import msgspec

from rostra.kit.errors import Invalid, OutOfRange
from rostra.levers.forecast import Brake, Forecast, is_alarming

TriggerKind = Literal["drain-time", "backlog", "sign-ups", "held-share", "prevalence-alarm", "event-near"]

# A share of less than this many posts says nothing.
_LEAST_POSTS: Final = 50
# An event that fewer people write of is none.
LEAST_AUTHORS: Final = 3
_SPELLED: Final = re.compile(r"([a-z-]+)(?:\s*[:=>]\s*|\s+over\s+|\s+within\s+)?([0-9]+(?:\.[0-9]+)?)?")


class Bounds(msgspec.Struct, frozen=True):
    """The number that goes with a condition; `most` 0: none."""

    unit: str
    least: float
    most: float
    usual: float


BOUNDS: Final[Mapping[str, Bounds]] = {
    "drain-time": Bounds("hours", 1, 2160, 72),
    "backlog": Bounds("cases", 1, 1_000_000, 500),
    "sign-ups": Bounds("an hour", 1, 100_000, 100),
    "held-share": Bounds("%", 1, 100, 20),
    "prevalence-alarm": Bounds("", 0, 0, 0),
    "event-near": Bounds("days", 0, 60, 3),
}


class Trigger(msgspec.Struct, frozen=True):
    """Pull when what `kind` measures passes `over` (of an event: when it is at most that many days away)."""

    kind: TriggerKind
    over: float = 0.0


class Readings(msgspec.Struct, frozen=True, kw_only=True):
    """What the conditions are held against."""

    forecast: Forecast = Forecast()
    # In the last hour: sign-ups, posts that were judged, posts that rules held (levers' own holds left out).
    sign_ups: int = 0
    posts: int = 0
    held: int = 0
    # The latest alarm of the measurement of prevalence.
    alarm_at: datetime | None = None
    # Days until the nearest event that several people call for.
    event_days: int | None = None


def read_trigger(kind: str, over: float | None = None) -> Trigger:
    """A condition with its number, or the usual one. Raises Invalid with the bounds."""
    bounds = BOUNDS.get(kind)
    if bounds is None:
        raise Invalid("trigger", f"must be one of: {', '.join(BOUNDS)}", code="ERR_INCLUSION")
    if not bounds.most:
        return Trigger(msgspec.convert(kind, TriggerKind))
    number = bounds.usual if over is None else over
    if not bounds.least <= number <= bounds.most:
        raise OutOfRange("over", bounds.least, bounds.most, bounds.unit)
    return Trigger(msgspec.convert(kind, TriggerKind), number)


def parse_trigger(text: str) -> Trigger | None:
    """A condition as it is written: `backlog:500`, `backlog over 500`, `prevalence-alarm`; None for an empty text or
    `none`. Raises Invalid."""
    text = text.strip().lower()
    if text in ("", "none"):
        return None
    found = _SPELLED.fullmatch(text)
    if found is None:
        raise Invalid("trigger", "must look like backlog:500", code="ERR_INVALID")
    return read_trigger(found[1], float(found[2]) if found[2] else None)


def measure(trigger: Trigger, readings: Readings) -> float | None:
    """What the condition reads now, in its unit; None where there is nothing to read."""
    match trigger.kind:
        case "drain-time":
            return readings.forecast.hours
        case "backlog":
            return readings.forecast.backlog
        case "sign-ups":
            return readings.sign_ups
        case "held-share":
            return 100 * readings.held / readings.posts if readings.posts >= _LEAST_POSTS else None
        case "event-near":
            return readings.event_days
        case "prevalence-alarm":
            return None


def is_met(trigger: Trigger, readings: Readings, *, since: datetime) -> bool:
    """Whether the condition holds. An alarm counts if it is younger than `since`: when the lever was armed or last
    pulled."""
    if trigger.kind == "prevalence-alarm":
        return readings.alarm_at is not None and readings.alarm_at > since
    if trigger.kind == "drain-time":
        return is_alarming(readings.forecast, Brake(limit_hours=trigger.over))
    read = measure(trigger, readings)
    if read is None:
        return False
    return read <= trigger.over if trigger.kind == "event-near" else read > trigger.over
