"""What `rostra doctor` asks about the copies: whether each place takes them, what ship and drills said last, and
whether the recovery key was left beside what it protects.
"""

from __future__ import annotations

import asyncio
import os
import shutil
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from rostra.cli.findings import Finding, State
from rostra.continuity.health import Health, Weight
from rostra.continuity.place import Place
from rostra.continuity.situation import read_health
from rostra.continuity.targets import StoreUnavailable, Target, TargetUnusable, label_of, open_target
from rostra.continuity.words import in_words
from rostra.kit.objectstore import open_store
from rostra.kit.postgres import PostgresRefused
from rostra.kit.postgres_programs import client_program
from rostra.kit.settings import Settings

_PROGRAMS: Final = ("pg_receivewal", "pg_basebackup", "pg_verifybackup", "pg_combinebackup", "psql")
_STATES: Final[dict[Weight, State]] = {"note": "ok", "warn": "warn", "bad": "fail"}
_PROBES: Final = "doctor"
# A store may keep its times to the second, and has its own.
_CLOCK: Final = 5.0
_SECRET: Final = b"AGE-SECRET-KEY-1"
# Files larger than this are no key, and directories that hold nothing but what the program puts there are left out.
_KEY_FILE: Final = 64 << 10
_PASSED_OVER: Final = frozenset({"postgres", "media", "banks", "log", "run", "wal", "spool"})


def check_copies(settings: Settings) -> list[Finding]:
    """Everything about copies; one warning where there are none."""
    if not settings.continuity_targets and not Place(settings.data_dir).is_set_up:
        todo = "see docs/continuity.md: name a place in continuity_targets, then rostra continuity init"
        state: State = "ok" if settings.dev else "warn"
        found = [Finding("copies", state, "there are no copies elsewhere", "" if settings.dev else todo)]
        return [*found, *_check_key(settings.data_dir)]
    asked = [asyncio.run(_ask(address)) for address in settings.continuity_targets]
    if not asked:
        text = "copies are set up, and continuity_targets names no place: none can be tried"
        asked = [[Finding("copies", "warn", text, "call this with the environment that the server has")]]
    return [
        *_check_programs(settings),
        *(finding for findings in asked for finding in findings),
        *_check_spool(settings),
        *_check_health(settings),
        *_check_key(settings.data_dir),
    ]


async def _ask(address: str) -> list[Finding]:
    """Write, read and remove an object at a target; see whether it keeps what is there, and what time it has."""
    label = label_of(address)
    try:
        async with open_target(address) as target:
            finding, skew = await _probe(target)
            found = [finding]
        if finding.state == "ok" and skew is not None and abs(skew) > _CLOCK:
            text = f"{label}: its clock is {skew:+.0f} s from ours"
            found.append(Finding("copies", "warn", text, "let this machine keep its time by NTP"))
        if address.startswith("s3://") and not await open_store(address).honours_put_new():
            text = f"{label} replaces what is there although asked not to (If-None-Match)"
            todo = "two servers cannot be kept apart there in every case: prefer a store that honours it"
            found.append(Finding("copies", "warn", text, todo))
    except TargetUnusable as error:
        return [Finding("copies", "fail", str(error), "check continuity_targets")]
    except StoreUnavailable as error:
        text = str(error)
        return [Finding("copies", "fail", text if label in text else f"{label}: {text}", "check it, and its rights")]
    return found


async def _probe(target: Target) -> tuple[Finding, float | None]:
    """And by how many seconds the target's clock is ahead of ours, where it says when it wrote."""
    key, body = f"{_PROBES}/{os.urandom(8).hex()}", os.urandom(32)
    before = time.time()
    await target.put(key, body)
    middle = (before + time.time()) / 2
    try:
        same = await target.find(key) == body
        heads = [head async for head in target.list(_PROBES) if head.key == key]
    finally:
        await target.delete([key])
    if not same or await target.find(key) is not None:
        text = f"{target.label}: an object came back other than it was written, or could not be removed"
        return Finding("copies", "fail", text, "check the place and its rights"), None
    skew = heads[0].last_modified.timestamp() - middle if heads else None
    return Finding("copies", "ok", f"{target.label}: an object was written, read and removed"), skew


def _check_programs(settings: Settings) -> Iterator[Finding]:
    if settings.database_url is not None:
        return
    try:
        for name in _PROGRAMS:
            client_program(settings.pg_bindir, name)
    except PostgresRefused as error:
        yield Finding("copies", "fail", str(error))


def _check_spool(settings: Settings) -> Iterator[Finding]:
    if not settings.data_dir.is_dir():
        return
    free = shutil.disk_usage(settings.data_dir).free >> 20
    if free < settings.continuity_spool_mib:
        text = f"{free} MiB free, of which copies may take {settings.continuity_spool_mib} while a place is away"
        yield Finding("copies", "warn", text, "make room, or lower continuity_spool_mib")


def _check_health(settings: Settings) -> Iterator[Finding]:
    now = datetime.now(UTC)
    health = read_health(settings, now)
    state: State = {"bad": "fail", "off": "warn", "warn": "warn"}.get(health.level, "ok")  # pyright: ignore[reportAssignmentType] - values of State
    yield Finding("copies", state, *_headline(health, now))
    for finding in health.findings:
        todo = "" if finding.todo is None else in_words(finding.todo, "en", now)
        yield Finding("copies", _STATES[finding.weight], in_words(finding.said, "en", now), todo)


def _headline(health: Health, now: datetime) -> tuple[str, str]:
    said = " ".join(in_words(sentence, "en", now) for sentence in health.headline)
    return said, "" if health.level == "good" else "the next lines say why"


def _check_key(data_dir: Path) -> Iterator[Finding]:
    """Warn of a recovery key beside the data: whoever takes the server would have the old copies too."""
    for path in sorted(_small_files(data_dir)):
        try:
            found = _SECRET in path.read_bytes().upper()
        except OSError:
            continue
        if found:
            todo = f"write it on paper and remove it: shred -u {path}"
            yield Finding("copies", "warn", f"{path} holds a recovery key, beside what it protects", todo)


def _small_files(directory: Path) -> Iterator[Path]:
    for folder, below, files in os.walk(directory):
        below[:] = [name for name in below if name not in _PASSED_OVER]
        for name in files:
            path = Path(folder) / name
            if path.is_file() and not path.is_symlink() and path.stat().st_size <= _KEY_FILE:
                yield path
