"""What a standby keeps about itself in `DATA/continuity/`, and where.

`standby.json` makes a data directory a standby; it goes when the standby is promoted. What was pulled of the primary's
identity lies apart (`identity_of_primary`), so that nothing ships in the primary's name from here.
"""

from __future__ import annotations

import re
import socket
from datetime import datetime, timedelta
from pathlib import Path
from typing import Final, Literal

import msgspec

from rostra.continuity.place import Place
from rostra.continuity.records import format_lsn

STANDBY: Final = "standby.json"
STATUS: Final = "standby-status.json"
GO_ON: Final = "standby-go-on.json"
PULLED: Final = "standby-pulled.json"
INCOMING: Final = "incoming"
PREFIX: Final = "standby_"

TakeOverWhy = Literal["promote", "move"]


class Standby(msgspec.Struct, frozen=True, kw_only=True):
    """A replica's own settings. `source` is `ssh://…` with the files of its keys, or a data directory on this machine.

    `name` is that of its replication slot and of its session on the primary. `limits` are settings of the primary's
    PostgreSQL of which a replica may not have less.
    """

    name: str
    source: str
    made_at: datetime
    limits: dict[str, str] = {}


class StandbyStatus(msgspec.Struct, frozen=True, kw_only=True):
    """How a replica does; it writes this once a second.

    `lsn` is up to where it has replayed, `received` what it has on its disk, `primary_lsn` what the primary had written
    at `contact_at`, the last time that it answered. `behind_bytes` and `behind_seconds` are the difference, None before
    the first contact. `synchronous`: at that time commits of the primary waited for this standby. `media_behind` counts
    files.
    """

    at: datetime
    streaming: bool
    lsn: int
    received: int
    primary_lsn: int
    contact_at: datetime | None
    behind_bytes: int | None
    behind_seconds: float | None
    synchronous: bool = False
    media_behind: int | None = None
    doing: str | None = None
    problem: str | None = None


class GoOn(msgspec.Struct, frozen=True, kw_only=True):
    """Said to the process that keeps a standby, once the standby was promoted: serve (`up`), or end.

    It answers by setting `url` when it serves, or `problem`.
    """

    up: bool
    url: str | None = None
    problem: str | None = None


def find_standby(place: Place) -> Standby | None:
    """What makes the directory a standby, or None where it is none."""
    return place.find_json(STANDBY, Standby)


def find_standby_status(place: Place) -> StandbyStatus | None:
    """What a standby last wrote, however long ago."""
    return place.find_json(STATUS, StandbyStatus)


def identity_of_primary(place: Place) -> Place:
    """Where the primary's identity lies on a standby."""
    return Place(place.path / "primary")


def next_identity(place: Place) -> Place:
    """Where the identity lies that a standby is about to take on."""
    return Place(place.path / "next")


def default_name(data_dir: Path) -> str:
    """A name that PostgreSQL takes for a slot, from the host's and the directory's."""
    words = f"{socket.gethostname().partition('.')[0]}_{data_dir.resolve().name}".lower()
    return slot_name(words)


def slot_name(words: str) -> str:
    """`standby_…`: letters, digits and underscores, 63 at most."""
    return (PREFIX + re.sub(r"[^a-z0-9_]+", "_", words.lower()).strip("_"))[:63]


def describe(standby: Standby, label: str, status: StandbyStatus | None, now: datetime) -> list[str]:
    """How a standby does, in lines for people. `label` is its source without what is secret."""
    lines = [f"standby {standby.name} of {label}"]
    if status is None:
        return [*lines, "it has not followed yet; start it: rostra continuity standby"]
    if now - status.at > _SILENCE:
        lines.append(f"it does not run: its last sign of life was at {_moment(status.at)}")
    lines.append(
        f"has everything up to {format_lsn(status.lsn)}; {_behind(status)}" if status.lsn else "has no database yet"
    )
    if status.contact_at is not None and now - status.contact_at > _SILENCE:
        lines.append(f"the primary last answered at {_moment(status.contact_at)}")
    if status.synchronous:
        lines.append("posts wait until they are here (synchronous)")
    if status.media_behind:
        lines.append(f"{status.media_behind} media files are still to come")
    lines += [f"under way: {status.doing}"] if status.doing else []
    lines += [f"problem: {status.problem}"] if status.problem else []
    return lines


def _behind(status: StandbyStatus) -> str:
    if status.behind_bytes is None or status.behind_seconds is None:
        return "the primary has not answered yet"
    if status.behind_bytes == 0:
        return "that is all that the primary had written"
    return f"{status.behind_bytes:,} bytes or {status.behind_seconds:.1f} s behind"


def _moment(at: datetime) -> str:
    return f"{at:%Y-%m-%d %H:%M:%S} UTC"


_SILENCE: Final = timedelta(seconds=10)
