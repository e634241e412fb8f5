"""The templates of transparency with the variables that they document: as they usually are, empty, and hostile."""

from __future__ import annotations

# ruff: noqa: E501
# fmt: off
from datetime import date, timedelta
from typing import Any

from rostra.measurement.transparency_queries import Overview, Published, Submissions
from rostra.web.transparency import Bar, Figures, Shown
from tests.web import samples as s
from tests.web.case import Case
from tests.web.samples import NOW, page


def _shown(number: int, **changes: Any) -> Shown:
    made: dict[str, Any] = {"id": f"{number:024x}", "day": "2026-05-03", "clause": "Threats", "clause_id": "violence.threat", "acts": ("Post removed", "Account frozen until 10 May 2026"), "origin": "reported by a user", "automatic": False, "detected": True, "account": "k3J9xQ2vTz0b", "policy": "3f2a91c07d", "reversed": "", "leaf": "kY+3xw=="}
    return Shown(**(made | changes))


def _published(**changes: Any) -> Published:
    made: dict[str, Any] = {"id": 17, "begins": date(2025, 1, 1), "ends": date(2026, 1, 1), "revision": 1, "note": "", "file_key": "transparency/x.zip", "file_size": 9000, "sha256": "ab" * 32, "made_at": NOW - timedelta(days=20)}
    return Published(**(made | changes))


def transparency_cases() -> dict[str, Case]:
    """Name to case."""
    report = {"id": 17, "begins": "2025-01-01", "ends": "2025-12-31", "revision": 1, "note": "", "sha256": "ab" * 32, "made_at": NOW.isoformat()}
    overview = Overview(content={"sections": {}}, made_at=NOW)
    figures = Figures(measures=12873, automatic=0.237, turned=118, median_hours=1.52, unstated=0)
    bars = {
        "acts": [Bar("Post removed", 8210), Bar("Label added", 3100), Bar("Account suspended for good", 12)],
        "origins": [Bar("Found by ourselves", 7000), Bar("Reported by users", 5800)],
        "categories": [Bar("Violence", 5200), Bar("Scams and fraud", 900)],
        "appeals": [Bar("Decision stands", 300), Bar("Turned round", 100)],
    }
    hostile = [Bar(s.HOSTILE, 3)]
    empty: dict[str, Any] = {"overview": None, "figures": None, "bars": {}, "reports": []}
    submissions = Submissions(accepted=4000, known=2, refused=1, latest=NOW)
    values = {"from": "2025-01-01", "to": "2025-12-31"}
    return {
        "transparency": Case("transparency.html", page("/transparency", member=False), {"overview": overview, "figures": figures, "bars": bars, "reports": [report, {**report, "id": 18, "revision": 2, "note": "Two decisions were counted twice."}]}),
        "transparency-empty": Case("transparency.html", page("/transparency"), empty),
        "transparency-hostile": Case("transparency.html", page("/transparency"), {"overview": overview, "figures": Figures(measures=0, automatic=0.0, turned=0, median_hours=None, unstated=2), "bars": dict.fromkeys(bars, hostile), "reports": [{**report, "note": s.HOSTILE}]}),
        "transparency_log": Case("transparency_log.html", page("/transparency/log", member=False), {"days": [("2026-05-03", [_shown(1), _shown(2, automatic=True, reversed="turned round on appeal", leaf="")]), ("2026-05-02", [_shown(3, clause_id="", clause="No clause", acts=(), detected=False)])], "unlisted": 41, "first": True, "older_url": "/transparency/log?after=20575-ab"}),
        "transparency_log-empty": Case("transparency_log.html", page("/transparency/log"), {"days": [], "unlisted": 0, "first": True, "older_url": None}),
        "transparency_log-hostile": Case("transparency_log.html", page("/transparency/log"), {"days": [("2026-05-03", [_shown(1, clause=s.HOSTILE, acts=(s.HOSTILE,), policy=s.HOSTILE, leaf=s.HOSTILE, clause_id="")])], "unlisted": 1, "first": False, "older_url": None}),
        "transparency_admin": Case("transparency_admin.html", page("/admin/transparency"), {"values": values, "errors": {}, "submissions": submissions, "takes": True, "configured": True, "reports": [_published(), _published(id=18, revision=2)]}),
        "transparency_admin-wrong": Case("transparency_admin.html", page("/admin/transparency", administrator=False), {"values": {}, "errors": {"note": s.HOSTILE}, "submissions": Submissions(accepted=0, known=0, refused=0, latest=None), "takes": False, "configured": False, "reports": []}),
    }
