"""The policy as its operators and its readers look at it: what is in force, how its rules fare, and what versions are.

Reads only. Putting a version into force is `versions`, changing files is `drafts`.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import timedelta
from typing import Final

import msgspec

from rostra.kit.clock import Clock
from rostra.kit.db import Database, Reader
from rostra.policy.diff import Difference, diff_bundles
from rostra.policy.parse import parse_bundle
from rostra.policy.records import Bundle, Rule
from rostra.screening import overview_queries, policy_queries, versions
from rostra.screening.active import ActivePolicy, Current
from rostra.screening.overview_queries import Switch
from rostra.screening.policy_queries import Paused, Version
from rostra.screening.tally import ALL
from rostra.screening.watch import leaves_band

_PER: Final = 10_000


class RuleLine(msgspec.Struct, frozen=True, kw_only=True):
    """A rule and its day. `rate` is hits per 10,000 judged, shadows included where that is its mode; None before
    anything was judged."""

    rule: Rule
    live: int
    shadow: int
    rate: float | None
    # Whether that cannot be chance any more, by the alarm on hit rates.
    is_odd: bool
    paused: Paused | None


class Overview(msgspec.Struct, frozen=True, kw_only=True):
    """What is in force. `kept` is False where it is the shipped policy that was never written to the database."""

    bundle: Bundle
    kept: bool
    since: Switch | None
    judged: int
    rules: list[RuleLine]


class VersionView(msgspec.Struct, frozen=True, kw_only=True):
    """A kept version, read: `bundle` is there even where it has errors."""

    version: Version
    files: dict[str, bytes]
    bundle: Bundle


async def get_current(db: Database, policies: ActivePolicy) -> Current:
    """What holds now, as this process knows it."""
    async with db.read() as conn:
        return await policies.get(conn)


async def read_overview(db: Database, clock: Clock, policies: ActivePolicy) -> Overview:
    """What is in force, since when and by whom, and how its rules fare today."""
    at = clock.now()
    async with db.read() as conn:
        current = await policies.get(conn)
        since = await overview_queries.find_latest_switch(conn) if current.version_id is not None else None
        hits = {
            row.rule: row
            for row in await policy_queries.list_hits(conn, current.policy.version, at.date() - timedelta(days=1))
        }
        paused = {row.rule: row for row in await policy_queries.list_paused(conn, at)}
    judged = hits[ALL].live if ALL in hits else 0
    lines: list[RuleLine] = []
    for rule in current.bundle.rules:
        live, shadow = (hits[rule.id].live, hits[rule.id].shadow) if rule.id in hits else (0, 0)
        counted = shadow if rule.mode == "shadow" else live
        rate = round(counted * _PER / judged, 1) if judged else None
        is_odd = rule.mode == "live" and leaves_band(rule, live, judged)
        lines.append(
            RuleLine(rule=rule, live=live, shadow=shadow, rate=rate, is_odd=is_odd, paused=paused.get(rule.id))
        )
    return Overview(bundle=current.bundle, kept=current.version_id is not None, since=since, judged=judged, rules=lines)


async def get_version(db: Database, name: str) -> VersionView:
    """A kept version by its name or the first letters of it. Raises NotFound, and Refused where several begin so."""
    async with db.read() as conn:
        version = await versions.find_version(conn, name)
        files = await _read_files(conn, version.id)
    return VersionView(version=version, files=files, bundle=(await asyncio.to_thread(parse_bundle, files)).bundle)


async def find_in_force_once(db: Database, kept: Sequence[Version]) -> set[int]:
    """The ids of those of these versions that were in force at some time: what one can roll back to."""
    async with db.read() as conn:
        return await overview_queries.find_in_force_once(conn, [version.id for version in kept])


async def compare_with_before(db: Database, view: VersionView) -> tuple[Version, Difference] | None:
    """What a version changed in the one that was kept before it; None for the first."""
    async with db.read() as conn:
        before = await overview_queries.find_before(conn, view.version.id)
        if before is None:
            return None
        files = await _read_files(conn, before.id)
    old = (await asyncio.to_thread(parse_bundle, files)).bundle
    return before, await asyncio.to_thread(diff_bundles, old, view.bundle)


async def find_active_version(db: Database, clock: Clock) -> str:
    """The name of the version in force, as the database has it; '' where none was ever kept."""
    async with db.read() as conn:
        return (await policy_queries.read_state(conn, clock.now())).version or ""


async def compare_with_active(db: Database, policies: ActivePolicy, view: VersionView) -> Difference:
    """What must be done to the policy in force to have this version."""
    current = await get_current(db, policies)
    return await asyncio.to_thread(diff_bundles, current.bundle, view.bundle)


async def _read_files(conn: Reader, version_id: int) -> dict[str, bytes]:
    found = await policy_queries.find_files(conn, version_id)
    assert found is not None
    return {name: text.encode() for name, text in found.files.items()}
