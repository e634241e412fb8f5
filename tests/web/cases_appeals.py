"""Cases of what those concerned see of decisions: the list, one decision, the appeal, what is closed to them."""

from __future__ import annotations

# ruff: noqa: E501
# fmt: off
from datetime import UTC, date, datetime
from typing import Any

from rostra.dsa.explain import Section
from tests.web import samples as s
from tests.web.case import Case
from tests.web.samples import page

AT = "2026-05-04T08:00:00.000Z"
LATER = "2026-06-04T08:00:00.000Z"
FROZEN: dict[str, Any] = {"kind": "freeze", "on": "account", "ends_at": LATER, "ended_at": None, "ended_why": None}
REMOVED: dict[str, Any] = {"kind": "remove", "on": "status", "ends_at": None, "ended_at": None, "ended_why": None}
ACTS = [REMOVED, FROZEN, *({**FROZEN, "kind": kind, "ended_at": AT, "ended_why": why} for kind, why in (("label", "expired"), ("sensitive", "reversed"), ("interaction-off", "reversed"), ("limit", "expired"), ("warn", "reversed"), ("suspend", "superseded"))), {**REMOVED, "kind": "limit"}, {**REMOVED, "kind": "warn"}]
SEEN: dict[str, Any] = {"kind": "status", "revision": 0, "taken_at": AT, "spoiler_text": "", "text": "I will be at the market with a crate of carrots.\nCome along.", "language": "en", "display_name": "Ada", "acct": "ada", "media": [{"type": "image", "description": "A crate of carrots", "url": "/media/x"}], "context": [{"id": "1", "acct": "bob", "text": "Who is going?"}], "fields": []}
PROFILE: dict[str, Any] = {**SEEN, "kind": "account", "display_name": s.HOSTILE, "spoiler_text": "", "text": s.HOSTILE, "media": [], "context": [], "fields": [{"name": s.HOSTILE, "value": s.HOSTILE}], "language": None}
SECTIONS = (Section("What we did", ("This is about your post of 4 May 2026.", "• We removed your post. Only you can still see it.")), Section("Why", ("It goes against the rules of this server.", s.HOSTILE)), Section("How we came to it", ("Somebody reported it.",)), Section("What you can do", ("You can appeal.",)))
ROW: dict[str, Any] = {"id": "7", "about": "status", "created_at": AT, "clause": "Threats", "acts": ACTS[:2], "excerpt": "I will be at the market", "automated": False, "reversed_at": None, "reversed_why": None}
APPEAL: dict[str, Any] = {"state": "filed", "text": s.HOSTILE, "evidence": s.HOSTILE, "filed_at": AT, "due_at": LATER, "decided_at": None, "answer": "", "new_decision_id": None}
STRIKES = [{"points": 2, "expires_at": datetime(2026, 8, 4, tzinfo=UTC).isoformat(), "lifted": False}, {"points": 1, "expires_at": datetime(2026, 8, 4, tzinfo=UTC).isoformat(), "lifted": True}]


def appeal_cases() -> dict[str, Case]:
    """Name to case."""
    return {**_decision_cases(), **_confined_cases()}


def _decision_cases() -> dict[str, Case]:
    listed = page("/settings/decisions")
    at = page("/settings/decisions/7")
    one: dict[str, Any] = {"decision": ROW, "explanation": SECTIONS, "acts": ACTS, "seen": SEEN, "strikes": STRIKES, "has_statement": True, "appeal": None, "may_appeal": True, "appeal_until": date(2026, 11, 4), "longest": 4000, "values": {}, "errors": {}}
    rows = [ROW | {"appeal": None}, ROW | {"appeal": "filed", "reversed_at": AT, "automated": True, "excerpt": s.HOSTILE}, *(ROW | {"appeal": state, "acts": [act]} for state, act in zip(("panel", "upheld", "overturned", "modified"), ACTS[2:6], strict=True))]
    closed = one | {"may_appeal": False}
    return {
        "settings/decisions": Case("settings/decisions.html", listed, {"decisions": rows, "older_url": "/settings/decisions?before=7"}),
        "settings/decisions-empty": Case("settings/decisions.html", listed, {"decisions": [], "older_url": None}),
        "settings/decision-hostile": Case("settings/decision.html", at, one),
        "settings/decision-wrong": Case("settings/decision.html", at, one | {"values": {"text": s.HOSTILE, "evidence": "x"}, "errors": {"text": "ERR_BLANK", "evidence": "ERR_TOO_LONG"}}),
        "settings/decision-account": Case("settings/decision.html", at, one | {"decision": ROW | {"about": "account", "automated": True}, "seen": PROFILE, "strikes": [], "has_statement": False}),
        "settings/decision-appealed": Case("settings/decision.html", at, closed | {"appeal": APPEAL}),
        "settings/decision-decided": Case("settings/decision.html", at, closed | {"appeal": APPEAL | {"state": "modified", "decided_at": LATER, "answer": s.HOSTILE, "new_decision_id": "8", "evidence": ""}}),
        "settings/decision-late": Case("settings/decision.html", at, closed | {"seen": None}),
        **{f"settings/decision-{why}": Case("settings/decision.html", at, closed | {"decision": ROW | {"reversed_at": LATER, "reversed_why": why}}) for why in ("appeal", "superseded", "review")},
    }


def _confined_cases() -> dict[str, Case]:
    why = {"ends_at": LATER, "decision_id": "7"}
    return {
        "confined-suspended": Case("confined.html", page("/explore", confined="suspended"), {"state": "suspended", **why}),
        "confined-frozen": Case("confined.html", page("/compose", confined="frozen"), {"state": "frozen", "ends_at": None, "decision_id": None}),
        "home-frozen": Case("settings/decisions.html", page("/settings", confined="frozen"), {"decisions": [], "older_url": None}),
        "settings/decisions-suspended": Case("settings/decisions.html", page("/settings/decisions", confined="suspended"), {"decisions": [ROW | {"appeal": None}], "older_url": None}),
    }
