"""What the headers of shipped objects say about them (`Header.about`), and what ship tells the rest of the server.

Positions in the WAL (LSN) are integers here, bytes since the beginning; `format_lsn` writes them as PostgreSQL does.
"""

from __future__ import annotations

from datetime import datetime
from typing import Final, Literal

import msgspec

Why = Literal["init", "restore", "promote", "move"]
BaseKind = Literal["full", "incremental"]
SEGMENT: Final = 16 << 20
"""Bytes of one WAL segment."""


class Site(msgspec.Struct, frozen=True, kw_only=True):
    """One installation. `recipients` are age public keys, `roots` Ed25519 ones (base64) in the same order."""

    id: str
    domain: str
    created_at: datetime
    recipients: list[str]
    roots: list[str]


class Fork(msgspec.Struct, frozen=True, kw_only=True):
    """Where an epoch left the one before: its last piece that counts, and the position up to which it was used."""

    epoch: int
    sequence: int
    lsn: int


class Epoch(msgspec.Struct, frozen=True, kw_only=True):
    """Who may write from a moment on. `signing_key` is in base64; `fork` is None for the first."""

    number: int
    signing_key: str
    host: str
    opened_at: datetime
    why: Why
    fork: Fork | None = None


class Piece(msgspec.Struct, frozen=True, kw_only=True):
    """A run of WAL from `start` to `end` (exclusive); both are equal in a heartbeat.

    With `gap`, what lies between the piece before and this one was never shipped.
    """

    start: int
    end: int
    timeline: int
    gap: bool = False


class Part(msgspec.Struct, frozen=True, kw_only=True):
    """One encrypted run of a base's tar. `size` and `sha256` are of the object as it is stored."""

    name: str
    size: int
    sha256: str


class Base(msgspec.Struct, frozen=True, kw_only=True):
    """A base backup. To be usable it needs all WAL from `start` to `end` at least, which begins with piece `wal_from`.

    `parent` is the base that an incremental one builds on. `raw_size` are the bytes of the tar; `migrations` the names
    of those that were applied. `machine` is the kind of processor, as the system calls it.
    """

    id: str
    kind: BaseKind
    parent: str | None
    start: int
    end: int
    timeline: int
    wal_from: int
    started_at: datetime
    ended_at: datetime
    parts: list[Part]
    raw_size: int
    postgres: str
    system: str
    rostra: str
    migrations: list[str]
    machine: str = ""


class TableCensus(msgspec.Struct, frozen=True, kw_only=True):
    """`hash` is of all rows, whatever their order (queries.py)."""

    rows: int
    hash: str


class Census(msgspec.Struct, frozen=True, kw_only=True):
    """Every table as all transactions before `lsn`, and no others, had left it."""

    lsn: int
    made_at: datetime
    tables: dict[str, TableCensus]


class TargetStatus(msgspec.Struct, frozen=True, kw_only=True):
    """How one target does. `behind` counts pieces that are not there yet; `problem` is None while all is well.

    `safe_until` is the moment up to which everything acknowledged is at the target; None before the first usable base.
    `files_until` is that up to which files, settings and secrets are there; None before they all were.
    """

    label: str
    safe_until: datetime | None
    behind: int
    base: str | None
    base_at: datetime | None
    bases: int
    media_behind: int
    problem: str | None = None
    problem_since: datetime | None = None
    files_until: datetime | None = None


class ShipStatus(msgspec.Struct, frozen=True, kw_only=True):
    """What ship knows at a moment; it writes this once a second. `doing` has long work with its progress in words.

    `sync` is the mode that is set; with `sync_alarm` commits do not wait for a standby although they should. An
    `external_database` is left to its operator, and nothing of it is at any target.
    """

    at: datetime
    site: str
    epoch: int
    lsn: int
    spool_bytes: int
    wal_bytes: int
    targets: list[TargetStatus]
    doing: list[str] = []
    sync: str = "off"
    alarms: list[str] = []
    sync_alarm: bool = False
    external_database: bool = False

    def kept_until(self, target: TargetStatus) -> datetime | None:
        """The moment up to which a target has all that it is to have; None while it does not."""
        return target.files_until if self.external_database else target.safe_until


class DrillStep(msgspec.Struct, frozen=True, kw_only=True):
    """One thing that a drill did, how many seconds it took, what it found, and what was wrong (None: nothing)."""

    name: str
    seconds: float
    found: str = ""
    problem: str | None = None


class DrillRecord(msgspec.Struct, frozen=True, kw_only=True):
    """What a drill found. `rpo` are the seconds between the newest thing in the copy and the moment up to which it
    should reach; `rto` those from the command to the first answered request. Both are None where it did not get so far.

    `until` is the moment that the copy reaches; `media` and `tables` count what was compared.
    """

    at: datetime
    ended_at: datetime
    target: str
    host: str
    full: bool
    ok: bool
    epoch: int = 0
    until: datetime | None = None
    rpo: float | None = None
    rto: float | None = None
    tables: int = 0
    media: int = 0
    steps: list[DrillStep] = []
    problems: list[str] = []


class DrillLog(msgspec.Struct, frozen=True, kw_only=True):
    """The newest drills that were found at the targets, the newest first."""

    drills: list[DrillRecord] = []


def format_lsn(lsn: int) -> str:
    """As PostgreSQL writes a position."""
    return f"{lsn >> 32:X}/{lsn & 0xFFFFFFFF:X}"


def parse_lsn(text: str) -> int:
    """The position that PostgreSQL wrote as `text`. Raises ValueError."""
    high, _, low = text.partition("/")
    return (int(high, 16) << 32) + int(low, 16)


def segment_name(timeline: int, lsn: int) -> str:
    """The file in which PostgreSQL keeps the position."""
    number = lsn // SEGMENT
    per_log = (1 << 32) // SEGMENT
    return f"{timeline:08X}{number // per_log:08X}{number % per_log:08X}"
