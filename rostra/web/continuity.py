"""The page of the copies: what would be lost if the server vanished now, where its copies are, what drills have shown.

GET /admin/continuity               admin/continuity.html, for those who may change settings; it changes nothing.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Iterator
from datetime import datetime, timedelta
from itertools import islice
from typing import Final, Literal

import msgspec
from markupsafe import Markup, escape
from starlette.responses import Response

from rostra.continuity.health import Finding, Situation, Weight, assess, holds
from rostra.continuity.records import DrillRecord, TargetStatus
from rostra.continuity.situation import read_situation
from rostra.continuity.words import duration, in_words, moment
from rostra.web.page import Pages
from rostra.web.visit import Visit

pages = Pages()

_DRILLS_SHOWN: Final = 10
_COMMAND: Final = re.compile(r"`([^`]*)`")

TargetState = Literal["safe", "late", "none", "problem", "unknown"]


class FindingLine(msgspec.Struct, frozen=True, kw_only=True):
    """A finding in the reader's language."""

    weight: Weight
    said: Markup
    todo: Markup | None


class TargetLine(msgspec.Struct, frozen=True, kw_only=True):
    """A place for copies; what is not known of it is empty."""

    label: str
    state: TargetState
    safe_until: str = ""
    behind: str = ""
    pieces: int = 0
    bases: int = 0
    base_at: str = ""
    media: int = 0
    problem: str = ""


class DrillLine(msgspec.Struct, frozen=True, kw_only=True):
    """A drill; `rpo` and `rto` are empty where it did not come so far."""

    at: str
    target: str
    full: bool
    ok: bool
    rpo: str
    rto: str
    problems: list[str]


@pages.get("/admin/continuity", access="settings")
async def show_continuity(visit: Visit) -> Response:
    """How the copies do, in words first."""
    now = visit.res.clock.now()
    situation = await asyncio.to_thread(read_situation, visit.res.settings)
    health = assess(situation, now)
    return await visit.html(
        "admin/continuity.html",
        level=health.level,
        headline=[_marked(in_words(each, visit.language, now)) for each in health.headline],
        findings=[_finding(each, visit.language, now) for each in health.findings],
        status=situation.status,
        targets=list(_targets(situation, visit.language, now)),
        drills=[_drill(each, visit.language, now) for each in islice(situation.drills, _DRILLS_SHOWN)],
    )


def _finding(finding: Finding, language: str, now: datetime) -> FindingLine:
    todo = None if finding.todo is None else _marked(in_words(finding.todo, language, now))
    return FindingLine(weight=finding.weight, said=_marked(in_words(finding.said, language, now)), todo=todo)


def _marked(text: str) -> Markup:
    """Escaped, with what stands between backquotes as something to type."""
    return Markup(_COMMAND.sub(r"<code>\1</code>", str(escape(text))))  # noqa: S704 - escaped


def _targets(situation: Situation, language: str, now: datetime) -> Iterator[TargetLine]:
    known = situation.status.targets if situation.status else []
    for target in known:
        until = situation.status.kept_until(target) if situation.status else None
        late = "" if until is None else duration(now - until, language)
        yield TargetLine(
            label=target.label,
            state=_state(target, situation, now),
            safe_until="" if until is None else moment(until, language, now),
            behind=late,
            pieces=target.behind,
            bases=target.bases,
            base_at="" if target.base_at is None else moment(target.base_at, language, now),
            media=target.media_behind,
            problem=target.problem or "",
        )
    labels = {target.label for target in known}
    yield from (TargetLine(label=label, state="unknown") for label, _ in situation.addresses if label not in labels)


def _state(target: TargetStatus, situation: Situation, now: datetime) -> TargetState:
    if target.problem is not None:
        return "problem"
    if situation.status is None or situation.status.kept_until(target) is None:
        return "none"
    return "safe" if holds(target, situation, now) else "late"


def _drill(drill: DrillRecord, language: str, now: datetime) -> DrillLine:
    return DrillLine(
        at=moment(drill.at, language, now),
        target=drill.target,
        full=drill.full,
        ok=drill.ok,
        rpo="" if drill.rpo is None else duration(timedelta(seconds=drill.rpo), language),
        rto="" if drill.rto is None else duration(timedelta(seconds=drill.rto), language),
        problems=drill.problems,
    )
