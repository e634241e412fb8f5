"""The page of the copies with the variables that it documents: well, empty, and hostile."""

from __future__ import annotations

# ruff: noqa: E501
# fmt: off
from datetime import timedelta
from typing import Any

from markupsafe import Markup, escape

from rostra.continuity.records import ShipStatus
from rostra.web.continuity import DrillLine, FindingLine, TargetLine
from tests.web import samples as s
from tests.web.case import Case
from tests.web.samples import NOW, page


def _status(sync: str) -> ShipStatus:
    return ShipStatus(at=NOW - timedelta(seconds=1), site="s", epoch=1, lsn=1, spool_bytes=1_234_567, wal_bytes=0, targets=[], sync=sync)


def _drill(*problems: str, full: bool = True) -> DrillLine:
    return DrillLine(at="yesterday, 03:12 UTC", target="s3://copies/rostra", full=full, ok=not problems, rpo="2 seconds", rto="2 minutes" if not problems else "", problems=list(problems))


def continuity_cases() -> dict[str, Case]:
    """Name to case."""
    at = page("/admin/continuity")
    hostile = Markup(escape(s.HOSTILE))
    well: dict[str, Any] = {
        "level": "good", "headline": ["If this server vanished now, 4 seconds of posts would be lost, and it would be back in about 2 minutes.", "Last proven: yesterday, 03:12 UTC."],
        "findings": [FindingLine(weight="note", said=Markup("There is one place for copies. A second one, at another company, is safer."), todo=None)], "status": _status("off"),
        "targets": [TargetLine(label="s3://copies/rostra", state="safe", safe_until="today, 12:00 UTC", behind="4 seconds", pieces=0, bases=2, base_at="today, 03:00 UTC", media=0)],
        "drills": [_drill(), _drill(full=False)],
    }
    findings = [FindingLine(weight="bad", said=hostile, todo=hostile), FindingLine(weight="warn", said=hostile, todo=Markup("Run <code>rostra continuity drill</code>.")), FindingLine(weight="note", said=hostile, todo=None)]
    targets = [TargetLine(label=s.HOSTILE, state="problem", problem=s.HOSTILE, pieces=12345, bases=0, media=17), TargetLine(label="sftp://a.example/x", state="late", safe_until="today", behind="2 hours", pieces=1, bases=1, media=0), TargetLine(label="sftp://b.example/x", state="none", pieces=0, bases=0, media=0), TargetLine(label="/mnt/x", state="unknown")]
    bad = well | {"level": "bad", "headline": [s.HOSTILE, "Never proven."], "findings": findings, "targets": targets, "status": _status("strict"), "drills": [_drill(s.HOSTILE, "a byte was changed")]}
    told = [
        FindingLine(weight="bad", said=Markup("sftp://shed.example/srv/copies has a problem since today, 09:41 UTC: connection refused"), todo=Markup("<code>rostra doctor</code> tries each target.")),
        FindingLine(weight="warn", said=Markup("The last drill was 9 days ago."), todo=Markup("Run <code>rostra continuity drill --key FILE</code>, best on another machine and by itself every week.")),
        FindingLine(weight="note", said=Markup("Under way: base copy: 12 %"), todo=None),
    ]
    shed = TargetLine(label="sftp://shed.example/srv/copies", state="problem", problem="connection refused", safe_until="today, 09:40 UTC", behind="2 hours", pieces=1204, bases=1, base_at="yesterday, 03:00 UTC", media=17)
    unwell = well | {"level": "bad", "findings": told, "targets": [*well["targets"], shed], "drills": [_drill("bases/000001-20261122T031200000Z/part-000003: its bytes were changed or cut short"), *well["drills"]]}
    return {
        "admin/continuity-bad": Case("admin/continuity.html", page("/admin/continuity", copies="bad"), unwell),
        "admin/continuity": Case("admin/continuity.html", at, well),
        "admin/continuity-hostile": Case("admin/continuity.html", page("/admin/continuity", copies="bad"), bad),
        "admin/continuity-warn": Case("admin/continuity.html", page("/admin/continuity", copies="warn"), well | {"level": "warn", "drills": [], "status": _status("on"), "findings": findings[1:2]}),
        "admin/continuity-other-sync": Case("admin/continuity.html", at, well | {"status": _status("paused")}),
        "admin/continuity-empty": Case("admin/continuity.html", at, well | {"level": "off", "headline": ["There are no copies of this server."], "findings": [], "targets": [], "drills": [], "status": None}),
    }
