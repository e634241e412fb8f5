"""The templates of transparency with the variables that they document: as they usually are, empty, and hostile."""

from __future__ import annotations

# ruff: noqa: E501
# fmt: off
from datetime import date, timedelta
from typing import Any

from rostra.measurement.transparency_queries import Overview, Published, Submissions
from rostra.web.transparency import Figures, Shown
from rostra.web.transparency_charts import draw_all
from tests.web import samples as s
from tests.web.case import Case
from tests.web.samples import NOW, page

_KINDS = ["removed", "labelled", "covered", "demoted", "interaction_restricted", "service_partially_suspended", "account_suspended", "account_terminated", "warned"]
_SECTIONS = {
    "1.4_own_initiative_and_other_measures": {"columns": ["origin", "category", "measures", *_KINDS], "rows": [["report", "VIOLENCE", 5200, *[0] * 9], ["own", "SCAMS_AND_FRAUD", 900, *[0] * 9], ["TOTAL", "TOTAL", 6100, 8210, 3100, 40, 700, 90, 300, 120, 12, 800]]},
    "1.5_complaints": {"columns": ["kind", "upheld", "overturned", "modified", "open"], "rows": [["internal_complaint", 300, 100, 7, 12]]},
    "X.1_times": {"columns": ["since", "origin", "month", "median_hours", "p90_hours", "p99_hours"], "rows": [["report", "TOTAL", f"2026-{month:02}", 1.5, 20.0 + month, 130.0] for month in range(1, 5)]},
    "X.4_months": {"columns": ["month", *_KINDS], "rows": [[f"2025-{month:02}", 300 + 40 * month, 200, 10, 30, 20, 10, 5, 1, 44] for month in range(5, 13)]},
    "X.5_prevalence": {"columns": ["begins", "clause", "share", "low", "high"], "rows": [[f"2026-03-{day:02}", "TOTAL", 0.004 + day / 9000, 0.002, 0.011] for day in (2, 9, 16, 23, 30)]},
}


def _shown(number: int, **changes: Any) -> Shown:
    made: dict[str, Any] = {"id": f"{number:024x}", "day": "2026-05-03", "clause": "Threats", "clause_id": "violence.threat", "acts": ("Post removed", "Account frozen until 10 May 2026"), "origin": "reported by a user", "automatic": False, "detected": True, "account": "k3J9xQ2vTz0b", "server": "", "policy": "3f2a91c07d", "reversed": "", "leaf": "kY+3xw=="}
    return Shown(**(made | changes))


def _published(**changes: Any) -> Published:
    made: dict[str, Any] = {"id": 17, "begins": date(2025, 1, 1), "ends": date(2026, 1, 1), "revision": 1, "note": "", "file_key": "transparency/x.zip", "file_size": 9000, "sha256": "ab" * 32, "made_at": NOW - timedelta(days=20)}
    return Published(**(made | changes))


def transparency_cases() -> dict[str, Case]:
    """Name to case."""
    report = {"id": 17, "begins": "2025-01-01", "ends": "2025-12-31", "revision": 1, "note": "", "sha256": "ab" * 32, "made_at": NOW.isoformat()}
    overview = Overview(content={"sections": {}}, made_at=NOW)
    figures = Figures(measures=12873, automatic=0.237, turned=118, median_hours="1.5", unstated=0)
    charts = draw_all(str, {"sections": _SECTIONS}, "en")
    empty: dict[str, Any] = {"overview": None, "figures": None, "charts": [], "reports": []}
    submissions = Submissions(accepted=4000, known=2, refused=1, latest=NOW)
    values = {"from": "2025-01-01", "to": "2025-12-31"}
    return {
        "transparency": Case("transparency.html", page("/transparency", member=False), {"overview": overview, "figures": figures, "charts": charts, "reports": [report, {**report, "id": 18, "revision": 2, "note": "Two decisions were counted twice."}]}),
        "transparency-empty": Case("transparency.html", page("/transparency"), empty),
        "transparency-hostile": Case("transparency.html", page("/transparency"), {"overview": overview, "figures": Figures(measures=0, automatic=0.0, turned=0, median_hours="", unstated=2), "charts": [], "reports": [{**report, "note": s.HOSTILE}]}),
        "transparency_log": Case("transparency_log.html", page("/transparency/log", member=False), {"days": [("2026-05-03", [_shown(1), _shown(4, account="", server="bad.example", acts=("Server limited",)), _shown(2, automatic=True, reversed="turned round on appeal", leaf="")]), ("2026-05-02", [_shown(3, clause_id="", clause="No clause", acts=(), detected=False)])], "unlisted": 41, "first": True, "older_url": "/transparency/log?after=20575-ab"}),
        "transparency_log-empty": Case("transparency_log.html", page("/transparency/log"), {"days": [], "unlisted": 0, "first": True, "older_url": None}),
        "transparency_log-hostile": Case("transparency_log.html", page("/transparency/log"), {"days": [("2026-05-03", [_shown(1, clause=s.HOSTILE, acts=(s.HOSTILE,), policy=s.HOSTILE, leaf=s.HOSTILE, clause_id="")])], "unlisted": 1, "first": False, "older_url": None}),
        "transparency_admin": Case("transparency_admin.html", page("/admin/transparency"), {"values": values, "errors": {}, "submissions": submissions, "takes": True, "configured": True, "reports": [_published(), _published(id=18, revision=2)]}),
        "transparency_admin-wrong": Case("transparency_admin.html", page("/admin/transparency", administrator=False), {"values": {}, "errors": {"note": s.HOSTILE}, "submissions": Submissions(accepted=0, known=0, refused=0, latest=None), "takes": False, "configured": False, "reports": []}),
    }
