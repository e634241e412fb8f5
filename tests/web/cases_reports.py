"""Cases of reporting: the form, one's own reports, legal notices, and both as the staff has them."""

from __future__ import annotations

# ruff: noqa: E501
# fmt: off
from datetime import UTC, date, datetime
from typing import Any

from rostra.moderation.reports.legal import LONGEST
from rostra.web.reasons import Group
from tests.web import samples as s
from tests.web.case import Case
from tests.web.samples import page

AT = "2026-05-04T08:00:00.000Z"
LATER = "2026-06-04T08:00:00.000Z"
GROUPS = [Group(id="spam", clauses=(("spam.bulk", "Spam"),)), *(Group(id=first, clauses=((f"{first}.one", f"One of {first}"), (f"{first}.two", s.HOSTILE))) for first in ("fraud", "harassment", "hate", "violence", "sexual", "privacy", "minors", "selfharm", "goods", "rights", "terror", "integrity", "vegetables"))]


def report_cases() -> dict[str, Case]:
    """Name to case."""
    return {**_form_cases(), **_own_cases(), **_legal_cases(), **_staff_cases(), **_reporter_cases()}


def _form_cases() -> dict[str, Case]:
    tie = {"following": True, "requested": False, "muting": False, "blocking": False}
    form: dict[str, Any] = {"account": s.TOMAS, "thread": [s.REPLY, s.WARNED], "statuses": [s.GALLERY, {**s.SENSITIVE, "content": ""}], "chosen": {s.WARNED["id"]}, "groups": GROUPS, "relationship": tie, "longest": 1000, "values": {"reason": "rule", "rule_ids": [2], "comment": s.HOSTILE, "forward": True}, "errors": {}, "remote": True}
    plain = form | {"thread": [], "values": {}, "chosen": set(), "relationship": None, "remote": False}
    bare = {**s.SITE, "rules": []}
    return {
        "report": Case("report.html", page("/report?account_id=4"), form),
        "report-profile": Case("report.html", page("/report?account_id=4"), plain),
        "report-wrong": Case("report.html", page("/report?account_id=4", site=bare), plain | {"statuses": [], "values": {"reason": "fraud.two"}, "errors": {"reason": "ERR_INCLUSION", "comment": "ERR_TOO_LONG", "base": s.HOSTILE}}),
    }


def _own_cases() -> dict[str, Case]:
    row: dict[str, Any] = {"id": "7", "account": s.TOMAS, "posts": 2, "category": "violation", "reason": "Threats of violence", "comment": "He names the bridge.", "forwarded": True, "created_at": AT, "state": "received", "outcome": "", "decided_at": None, "automated": False, "detected": True}
    decided = row | {"state": "decided", "decided_at": LATER}
    rows = [row, row | {"state": "looked_at", "posts": 0}, row | {"state": "unheard", "reason": s.HOSTILE}, *(decided | {"outcome": outcome, "reason": "", "category": "other"} for outcome in ("upheld", "partly", "rejected", "gone"))]
    at = page("/settings/reports/7")
    one: dict[str, Any] = {"report": row, "statuses": [s.WARNED], "rules": s.RULES[:1], "became": {s.WARNED["id"]: "waits"}, "appeals": [], "longest": 4000, "typed": {}, "errors": {}}
    appeal: dict[str, Any] = {"about": "status", "subject_id": s.WARNED["id"], "decision_id": "70", "open": True, "until": date(2026, 11, 4), "state": "", "mine": False, "by_panel": False, "due_at": None, "answer": ""}
    states = [appeal, appeal | {"decision_id": "71", "open": False}, appeal | {"decision_id": "72", "open": False, "state": "filed", "mine": True, "due_at": LATER}, appeal | {"decision_id": "73", "open": False, "state": "upheld", "mine": True, "due_at": LATER, "answer": s.HOSTILE}, appeal | {"decision_id": "74", "open": False, "state": "panel", "due_at": LATER}]
    return {
        "settings/reports": Case("settings/reports.html", page("/settings/reports"), {"reports": rows, "older_url": "/settings/reports?before=7"}),
        "settings/reports-empty": Case("settings/reports.html", page("/settings/reports"), {"reports": [], "older_url": None}),
        "settings/report": Case("settings/report.html", at, one),
        "settings/report-looked-at": Case("settings/report.html", at, one | {"report": row | {"state": "looked_at", "posts": 0}, "statuses": [], "rules": []}),
        "settings/report-in-part": Case("settings/report.html", at, one | {"report": row | {"state": "looked_at"}, "became": {s.WARNED["id"]: "waits", "9": "acted"}}),
        "settings/report-in-parts": Case("settings/report.html", at, one | {"report": decided | {"outcome": "partly"}, "became": {s.WARNED["id"]: "nothing", "9": "acted", "10": "gone"}}),
        "settings/report-unheard": Case("settings/report.html", at, one | {"report": row | {"state": "unheard"}}),
        "settings/report-hostile": Case("settings/report.html", at, one | {"report": decided | {"outcome": "partly", "comment": s.HOSTILE, "reason": s.HOSTILE, "automated": True}, "appeals": states}),
        "settings/report-rejected": Case("settings/report.html", at, one | {"report": decided | {"outcome": "rejected", "posts": 1}, "appeals": [appeal]}),
        "settings/report-wrong": Case("settings/report.html", at, one | {"report": decided | {"outcome": "rejected"}, "appeals": [appeal], "typed": {"decision_id": 70, "text": s.HOSTILE}, "errors": {"text": "ERR_TOO_LONG"}}),
        "settings/report-gone": Case("settings/report.html", at, one | {"report": decided | {"outcome": "gone"}, "statuses": []}),
    }


def _legal_cases() -> dict[str, Case]:
    new, at = page("/legal/notice", member=False), page("/legal/notice/x", member=False)
    form: dict[str, Any] = {"groups": GROUPS, "most": 50, "longest": LONGEST, "values": {}, "errors": {}}
    typed = {"urls": s.HOSTILE, "explanation": s.HOSTILE, "law": s.HOSTILE, "name": s.HOSTILE, "email": "ada@", "reason": "fraud.one", "children": True, "good_faith": True}
    notice: dict[str, Any] = {"token": "x", "urls": ["http://rostra.example/@tomas/5"], "explanation": "He threatens to burn the bridge.", "law": "Criminal Code, art. 612", "reason": "Threats of violence", "created_at": AT, "outcome": "", "decided_at": None, "automated": False, "detected": False, "appealed_at": None}
    state: dict[str, Any] = {"notice": notice, "may_appeal": False, "longest": 5000, "values": {}, "errors": {}}
    decided = notice | {"decided_at": LATER, "automated": True, "detected": True}
    return {
        "legal/new": Case("legal/new.html", new, form),
        "legal/new-wrong": Case("legal/new.html", page("/legal/notice"), form | {"values": typed, "errors": {"urls": s.HOSTILE, "explanation": "ERR_TOO_LONG", "reason": "ERR_INCLUSION", "name": "ERR_BLANK", "email": "ERR_INVALID", "good_faith": "ERR_ACCEPTED", "law": "ERR_TOO_LONG"}}),
        "legal/state": Case("legal/state.html", at, state),
        "legal/state-hostile": Case("legal/state.html", at, state | {"notice": notice | {"urls": [s.HOSTILE], "explanation": s.HOSTILE, "law": s.HOSTILE, "reason": s.HOSTILE, "appealed_at": LATER, "again_done": False}}),
        "legal/state-again": Case("legal/state.html", at, state | {"notice": decided | {"outcome": "rejected", "appealed_at": LATER, "again_done": True}}),
        **{f"legal/state-{outcome}": Case("legal/state.html", at, state | {"notice": decided | {"outcome": outcome}, "may_appeal": outcome == "rejected"}) for outcome in ("upheld", "partly", "rejected")},
        "legal/state-wrong": Case("legal/state.html", at, state | {"notice": decided | {"outcome": "rejected"}, "may_appeal": True, "values": {"text": s.HOSTILE}, "errors": {"text": "ERR_BLANK"}}),
    }


def _staff_cases() -> dict[str, Case]:
    row: dict[str, Any] = {"id": "7", "account": s.MARCO, "target": s.TOMAS, "category": "violation", "reason": "", "comment": "He names the bridge and the hour.", "forwarded": False, "source": "user", "muted": False, "outcome": "", "closed": False, "created_at": AT, "posts": 2, "cases": ["9", "10"], "notice": None}
    notice = {"urls": ["http://rostra.example/@tomas/5", s.HOSTILE], "explanation": s.HOSTILE, "law": s.HOSTILE, "sender": s.HOSTILE, "email": "nora@mail.example", "resolved": True}
    legal = row | {"id": "8", "account": None, "target": None, "source": "legal", "category": "legal", "reason": s.HOSTILE, "posts": 0, "cases": [], "notice": notice, "comment": ""}
    rows = [row, legal, row | {"source": "trusted", "category": "spam", "forwarded": True, "target": s.LONG}, row | {"source": "remote", "account": None, "category": "other"}, row | {"muted": True, "category": "legal"}, *(row | {"closed": True, "outcome": outcome} for outcome in ("upheld", "partly", "rejected", "gone"))]
    listed, at = page("/admin/reports"), page("/admin/reports/7")
    one: dict[str, Any] = {"report": row, "statuses": [s.WARNED, s.SENSITIVE], "rules": s.RULES[:2], "may_close": False}
    bare = one | {"statuses": [], "rules": []}
    return {
        "admin/reports": Case("admin/reports.html", listed, {"reports": rows, "tab": "open", "older_url": "/admin/reports?before=7"}),
        **{f"admin/reports-{tab}": Case("admin/reports.html", listed, {"reports": [], "tab": tab, "older_url": None}) for tab in ("decided", "legal", "muted")},
        "admin/report": Case("admin/report.html", at, one),
        "admin/report-bare": Case("admin/report.html", at, bare | {"report": row | {"comment": "", "posts": 0, "cases": [], "forwarded": True, "closed": True, "target": s.LONG}}),
        "admin/report-legal-hostile": Case("admin/report.html", at, bare | {"report": legal, "may_close": True}),
        "admin/report-unresolved": Case("admin/report.html", at, bare | {"report": legal | {"notice": {**notice, "resolved": False, "sender": "", "email": ""}}}),
        "admin/report-forgotten": Case("admin/report.html", at, bare | {"report": legal | {"notice": None, "posts": 1, "closed": True, "outcome": "upheld"}}),
    }


def _reporter_cases() -> dict[str, Case]:
    at, when = page("/admin/reporters"), datetime(2026, 5, 3, tzinfo=UTC).isoformat()
    row: dict[str, Any] = {"id": "2", "acct": "marco", "sent": 1000, "decided": 42, "upheld": 40, "accuracy": 95, "warned_at": None, "muted_at": None, "trusted": True, "proposed": False, "is_local": True}
    bad = row | {"id": "3", "acct": "tomas@relay.example", "upheld": 1, "accuracy": 2, "trusted": False, "proposed": True, "is_local": False}
    rows = [row, bad, bad | {"id": "4", "warned_at": when}, bad | {"id": "5", "warned_at": when, "muted_at": when, "proposed": False}, row | {"id": "6", "decided": 0, "accuracy": None, "sent": 1}]
    made: dict[str, Any] = {"reporters": rows, "tab": "all", "older_url": "/admin/reporters?before=42_2", "may_trust": True, "values": {}, "errors": {}}
    return {
        "admin/reporters": Case("admin/reporters.html", at, made),
        "admin/reporters-proposed": Case("admin/reporters.html", at, made | {"reporters": [bad], "tab": "proposed", "may_trust": False}),
        "admin/reporters-trusted-wrong": Case("admin/reporters.html", at, made | {"reporters": [], "tab": "trusted", "older_url": None, "values": {"acct": s.HOSTILE}, "errors": {"acct": s.HOSTILE}}),
        "admin/reporters-muted": Case("admin/reporters.html", at, made | {"reporters": [], "tab": "muted", "older_url": None}),
    }
