"""What a restore is asked for, what it says while it works, and what it reports in the end."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Literal

import msgspec

from rostra.continuity.keys import RecoveryKey
from rostra.continuity.records import TableCensus

Purpose = Literal["take-over", "look", "drill"]
"""To be the server from now on (and to fence the old one), to be looked at, or to be tried and thrown away."""


Unit = Literal["bytes", "pieces", ""]


class NotRestorable(Exception):
    """It cannot be done, or not like this; the text says exactly what is missing and what can be done."""


class Step(msgspec.Struct, frozen=True):
    """How far a step has come; `total` is None where nobody knows. Both count `unit`. Several may go on at a time."""

    name: str
    done: int = 0
    total: int | None = None
    unit: Unit = ""
    has_ended: bool = False


class Planned(msgspec.Struct, frozen=True, kw_only=True):
    """What will be fetched, before it is. `size` in bytes, without files; `until` is the last moment of it.

    `base_at` is None where the database was an external one, of which nothing is there."""

    site: str
    domain: str
    epoch: int
    base_at: datetime | None
    until: datetime
    size: int
    pieces: int


def _nothing(_: object) -> None:
    return None


class Listeners(msgspec.Struct, frozen=True, kw_only=True):
    """Who is told: of each step's progress, of what the operator should read, of what will be fetched, and when one
    can start the server. What `planned` raises ends it before anything was done."""

    step: Callable[[Step], None] = _nothing
    say: Callable[[str], None] = _nothing
    planned: Callable[[Planned], None] = _nothing
    ready: Callable[[Path], None] = _nothing


class Options(msgspec.Struct, frozen=True, kw_only=True):
    """What to bring back, and where to.

    `to` is the moment (None: the last one), `site` which one of a target, `storage` the address of another store of
    media than the data directory, `keep_storage` whether the one that the old server used is used on. `prove` compares
    every table with the newest census. `durable` False is for copies that are thrown away. `database_url` names the
    database of a server whose database was an external one, where its operator has brought it back already.
    """

    target: str
    key: RecoveryKey
    data_dir: Path
    purpose: Purpose = "take-over"
    to: datetime | None = None
    site: str | None = None
    storage: str | None = None
    keep_storage: bool = False
    prove: bool = False
    pg_bindir: Path | None = None
    pg_user: str | None = None
    durable: bool = True
    database_url: str | None = None


class Proof(msgspec.Struct, frozen=True, kw_only=True):
    """A census that the copy was held against at its very position, and passed."""

    lsn: int
    made_at: datetime
    tables: int
    rows: int


class LastPost(msgspec.Struct, frozen=True, kw_only=True):
    """The newest post of a person here that the copy holds."""

    id: str
    author: str
    created_at: datetime


class LedgerFound(msgspec.Struct, frozen=True, kw_only=True):
    """The ledger's tree, built anew from its leaves and held against the newest signed checkpoint."""

    size: int
    root: str
    problem: str | None = None


class MediaFound(msgspec.Struct, frozen=True, kw_only=True):
    """Files of the store: how many there should be, were there already, were fetched and checked, and lack.

    `missing` and `broken` have the keys of at most a hundred.
    """

    wanted: int = 0
    were_there: int = 0
    fetched: int = 0
    fetched_bytes: int = 0
    lacking: int = 0
    missing: list[str] = []
    broken: list[str] = []


class Report(msgspec.Struct, frozen=True, kw_only=True):
    """What was restored, and what was found to be in order.

    `until` is the last moment of which the copy knows anything, `last_transaction` when the last transaction in it was
    committed. `seconds` are what the steps took, `ready_after` the seconds until the server could be started.
    `problems` must be empty; `warnings` are to be read. With `external_database` there was no database to be restored,
    and nothing is said of bases, log and tables.
    """

    target: str
    site: str
    domain: str
    purpose: Purpose
    asked: datetime | None
    epoch: int
    new_epoch: int | None
    bases: list[str]
    first_piece: int
    last_piece: int
    until: datetime
    last_transaction: datetime | None
    last_post: LastPost | None
    files_verified: int
    proof: Proof | None
    tables: dict[str, TableCensus]
    ledger: LedgerFound | None
    media: MediaFound
    started_at: datetime
    ready_after: float
    finished_after: float
    seconds: dict[str, float]
    warnings: list[str]
    problems: list[str]
    external_database: bool = False

    @property
    def is_whole(self) -> bool:
        """Whether everything that was checked is as it should be."""
        return not self.problems
