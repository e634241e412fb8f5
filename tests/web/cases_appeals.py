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
FROZEN: dict[str, Any] = {"kind": "freeze", "on": "account", "ends_at": LATER, "ended_at": None, "ended_why": None, "unpublished": False}
REMOVED: dict[str, Any] = {"kind": "remove", "on": "status", "ends_at": None, "ended_at": None, "ended_why": None, "unpublished": False}
ACTS = [REMOVED, {**REMOVED, "unpublished": True}, FROZEN, *({**FROZEN, "kind": kind, "ended_at": AT, "ended_why": why} for kind, why in (("label", "expired"), ("sensitive", "reversed"), ("interaction-off", "reversed"), ("limit", "expired"), ("warn", "reversed"), ("suspend", "superseded"))), {**REMOVED, "kind": "limit"}, {**REMOVED, "kind": "warn"}]
SEEN: dict[str, Any] = {"kind": "status", "revision": 0, "taken_at": AT, "spoiler_text": "", "text": "I will be at the market with a crate of carrots.\nCome along.", "language": "en", "display_name": "Ada", "acct": "ada", "media": [{"type": "image", "description": "A crate of carrots", "url": "/media/x"}], "context": [{"id": "1", "acct": "bob", "text": "Who is going?"}], "fields": []}
PROFILE: dict[str, Any] = {**SEEN, "kind": "account", "display_name": s.HOSTILE, "spoiler_text": "", "text": s.HOSTILE, "media": [], "context": [], "fields": [{"name": s.HOSTILE, "value": s.HOSTILE}], "language": None}
SECTIONS = (Section("What we did", ("This is about your post of 4 May 2026.", "• We removed your post. Only you can still see it.")), Section("Why", ("It goes against the rules of this server.", s.HOSTILE)), Section("How we came to it", ("Somebody reported it.",)), Section("What you can do", ("You can appeal.",)))
ROW: dict[str, Any] = {"id": "7", "about": "status", "created_at": AT, "clause": "Threats", "acts": ACTS[:2], "excerpt": "I will be at the market", "automated": False, "reversed_at": None, "reversed_why": None}
APPEAL: dict[str, Any] = {"by_panel": False, "state": "filed", "text": s.HOSTILE, "evidence": s.HOSTILE, "filed_at": AT, "due_at": LATER, "decided_at": None, "answer": "", "new_decision_id": None}
STRIKES = [{"points": 2, "expires_at": datetime(2026, 8, 4, tzinfo=UTC).isoformat(), "lifted": False}, {"points": 1, "expires_at": datetime(2026, 8, 4, tzinfo=UTC).isoformat(), "lifted": True}]


def appeal_cases() -> dict[str, Case]:
    """Name to case."""
    return {**_decision_cases(), **_confined_cases(), **_review_cases(), **_panel_cases()}


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
        "settings/decision-decided": Case("settings/decision.html", at, closed | {"appeal": APPEAL | {"state": "modified", "by_panel": True, "decided_at": LATER, "answer": s.HOSTILE, "new_decision_id": "8", "evidence": ""}}),
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


def _review_cases() -> dict[str, Case]:
    at = page("/admin/appeals", moderator=True, decides=True)
    counts = {"filed": 3, "panel": 1, "late": 1}
    row: dict[str, Any] = {"id": "5", "side": "author", "state": "filed", "text": "It was a joke about vegetables.", "language": "en", "about": "status", "filed_at": AT, "due_at": datetime(2026, 5, 3, tzinfo=UTC), "decided_at": None, "automated": True, "took_part": False, "taken": True, "clause": "Threats"}
    rows = [row, row | {"side": "reporter", "text": s.HOSTILE, "due_at": datetime(2026, 6, 3, tzinfo=UTC), "took_part": True, "clause": s.HOSTILE}]
    rates = {by: [{"key": key, "name": name, "decided": 1204, "overturned": 201, "modified": 33, "share": 19}] for by, key, name in (("side", "author", "author"), ("clause", "words", s.HOSTILE), ("rule", "r-1", "r-1"), ("reviewer", "reviewer-1f", "reviewer-1f"), ("language", "it", "it"))}
    rates["side"].append(rates["side"][0] | {"key": "reporter"})
    listed: dict[str, Any] = {"tab": "filed", "counts": counts, "rates": {}, "older_url": "/admin/appeals?after=x"}
    decision: dict[str, Any] = {"id": "7", "about": "status", "outcome": "violates", "clause": "Threats", "rule": "r-1", "policy": "9f86d081884c", "facts": s.HOSTILE, "reason": s.HOSTILE, "automated": True, "created_at": AT, "acts": ACTS[:2]}
    appeal: dict[str, Any] = {"id": "5", "side": "author", "state": "filed", "text": s.HOSTILE, "evidence": s.HOSTILE, "language": "it", "filed_at": AT, "due_at": datetime(2026, 6, 3, tzinfo=UTC), "decided_at": None, "answer": "", "new_decision_id": None, "panel": None}
    moment = datetime(2026, 5, 1, tzinfo=UTC).isoformat()
    said = [{"kind": kind, "text": s.HOSTILE, "created_at": moment} for kind in ("report", "note", "appeal")]
    before = [{"id": 3, "outcome": "ok", "clause": "words", "created_at": moment, "reversed_why": "review", "automated_decision": True}]
    typed: dict[str, Any] = {"finding": "", "answer": "", "clause": "words", "acts": [], "lasts": {}, "label": ""}
    one: dict[str, Any] = {"appeal": appeal, "decision": decision, "seen": SEEN, "changed": True, "gone": False, "revision": 2, "said": said, "before": before, "state": "mine", "clauses": [("words", "Threats")], "labels": [("graphic", s.HOSTILE)], "on_status": ("label", "sensitive", "remove"), "on_account": ("warn", "freeze", "suspend"), "longest": 4000, "typed": typed, "errors": {}, "problem": "", "may_ask": True}
    group = {"uphold": 1.0, "overturn": 1.0, "unsure": 1.0}
    returned: dict[str, Any] = {"state": "returned", "outcome": None, "groups": [group, group], "reasons": [{"vote": "uphold", "reason": s.HOSTILE}]}
    done = appeal | {"state": "upheld", "decided_at": LATER, "answer": s.HOSTILE, "panel": returned}
    file = page("/admin/appeals/5", moderator=True, decides=True)
    wrong = {"typed": typed | {"finding": "modified", "answer": s.HOSTILE, "acts": ["status.remove"]}, "errors": {"answer": "ERR_BLANK", "actions": s.HOSTILE, "finding": "ERR_INCLUSION"}, "problem": s.HOSTILE}
    return {
        "admin/appeals-hostile": Case("admin/appeals.html", at, listed | {"appeals": rows}),
        "admin/appeals-decided": Case("admin/appeals.html", at, listed | {"appeals": [row | {"state": "overturned", "decided_at": AT}], "tab": "decided", "rates": rates, "older_url": None}),
        "admin/appeals-empty": Case("admin/appeals.html", at, listed | {"appeals": [], "tab": "panel", "counts": {"filed": 0, "panel": 0, "late": 0}, "older_url": None}),
        "admin/appeal-hostile": Case("admin/appeal.html", file, one),
        "admin/appeal-wrong-hostile": Case("admin/appeal.html", file, one | wrong),
        "admin/appeal-reporter": Case("admin/appeal.html", file, one | {"appeal": appeal | {"side": "reporter"}, "decision": decision | {"outcome": "ok", "acts": [], "automated": False, "about": "account"}, "seen": PROFILE, "revision": None, "on_status": (), "changed": False}),
        **{f"admin/appeal-{state}": Case("admin/appeal.html", file, one | {"state": state, "seen": None, "gone": True}) for state in ("open", "taken", "part", "panel")},
        "admin/appeal-decided": Case("admin/appeal.html", file, one | {"state": "decided", "appeal": done}),
        **{f"admin/appeal-found-{found}": Case("admin/appeal.html", file, one | {"state": "open", "appeal": done | {"decided_at": None, "panel": returned | {"outcome": found}}}) for found in ("uphold", "overturn")},
    }


def _panel_cases() -> dict[str, Case]:
    at = page("/panel", juror=True)
    row: dict[str, Any] = {"id": "9", "excerpt": s.HOSTILE, "due_at": LATER, "open": True, "over": False, "outcome": None, "vote": None, "reason": ""}
    voted = [row | {"open": False, "vote": vote, "over": vote == "uphold"} for vote in ("uphold", "overturn", "unsure")]
    question: dict[str, Any] = {"text": s.HOSTILE, "spoiler_text": s.HOSTILE, "context": [{"who": "A", "text": s.HOSTILE}, {"who": "*", "text": "x"}], "language": "en", "side": "author", "outcome": "violates", "acts": ["remove", "freeze"], "facts": s.HOSTILE, "appeal": s.HOSTILE, "evidence": s.HOSTILE}
    one: dict[str, Any] = {"panel": row, "question": question, "clause": "Threats", "clause_text": s.HOSTILE, "values": {}, "errors": {}}
    file = page("/panel/9", juror=True)
    return {
        "panel": Case("panel/index.html", at, {"waiting": [row], "voted": voted, "willing": True}),
        "panel-empty": Case("panel/index.html", at, {"waiting": [], "voted": [], "willing": False}),
        "panel/one-hostile": Case("panel/one.html", file, one),
        "panel/one-wrong": Case("panel/one.html", file, one | {"errors": {"vote": "ERR_INCLUSION"}, "values": {"reason": s.HOSTILE}}),
        "panel/one-reporter": Case("panel/one.html", file, one | {"question": question | {"side": "reporter", "outcome": "ok", "acts": [], "context": [], "spoiler_text": "", "facts": "", "evidence": ""}, "clause_text": ""}),
        **{f"panel/one-{outcome or 'returned'}": Case("panel/one.html", file, one | {"panel": voted[0] | {"outcome": outcome}}) for outcome in ("uphold", "overturn", None)},
        "panel/one-missed": Case("panel/one.html", file, one | {"panel": row | {"open": False, "over": True}}),
    }
