"""The templates about people and the log of changes with the variables that they document: usual, bare and hostile."""

from __future__ import annotations

# ruff: noqa: E501
# fmt: off
from datetime import timedelta
from typing import Any

from rostra.accounts.admin_queries import AdminRow
from rostra.accounts.people_queries import Actor, AuditEvent, Login
from rostra.archive.move_queries import Link
from rostra.moderation.cases.person import Record
from rostra.moderation.cases.person_queries import ReportOf, Standing, Strike
from rostra.moderation.decisions.history import DecisionView
from rostra.moderation.records import ActionRow, DecisionRow
from rostra.web.admin_audit import lines_of
from tests.web import samples as s
from tests.web.case import Case
from tests.web.samples import NOW, page

AGO = NOW - timedelta(days=9)
ROLES = ["user", "juror", "triage", "moderator", "admin"]
LINKS = [Link(id=9, username="tomas2", at=AGO, left=True, undone=True), Link(id=8, username=s.HOSTILE, at=AGO, left=False, undone=False)]


def _row(number: int, **changes: Any) -> AdminRow:
    made: dict[str, Any] = {"id": number, "username": "tomas", "domain": None, "created_at": AGO, "suspended_at": None, "silenced_at": None, "sensitized_at": None, "frozen_at": None, "is_local": True, "email": "tomas@mail.example", "role": "user", "locale": "en", "confirmed_at": AGO, "approved_at": AGO, "disabled_at": None, "sign_up_reason": "", "app_id": None, "invited_by": None, "ips": [("192.0.2.44", NOW)]}
    return AdminRow(**(made | changes))


def _login(**changes: Any) -> Login:
    made: dict[str, Any] = {"id": 4, "username": "tomas", "domain": None, "created_at": AGO, "suspended_at": None, "silenced_at": None, "sensitized_at": None, "frozen_at": AGO, "is_local": True, "role": "moderator", "email": "tomas@mail.example", "locale": "it", "confirmed_at": AGO, "approved_at": AGO, "disabled_at": None, "last_active_on": NOW.date(), "has_two_factor": True, "sign_up_reason": "I row.", "sign_up_ip": "192.0.2.44", "inviter_id": 1, "inviter": "ada", "sessions": 3, "apps": 1, "neighbours": 2}
    return Login(**(made | changes))


def _standing(**changes: Any) -> Standing:
    made: dict[str, Any] = {"about": 12, "about_upheld": 7, "about_rejected": 3, "about_open": 2, "made": 4, "made_upheld": 1, "made_rejected": 2, "made_open": 1, "muted_at": NOW, "trusted_at": NOW, "open_cases": 2}
    return Standing(**(made | changes))


NOTHING = _standing(**dict.fromkeys(("about", "about_upheld", "about_rejected", "about_open", "made", "made_upheld", "made_rejected", "made_open", "open_cases"), 0), muted_at=None, trusted_at=None)


def _action(kind: Any, **changes: Any) -> ActionRow:
    made: dict[str, Any] = {"id": 1, "decision_id": 2, "kind": kind, "subject_kind": "account", "subject_id": 4, "account_id": 4, "detail": "", "starts_at": AGO, "ends_at": NOW, "ended_at": None, "ended_why": None}
    return ActionRow(**(made | changes))


def _decision(number: int, **changes: Any) -> DecisionView:
    made: dict[str, Any] = {"id": number, "case_id": number, "subject_kind": "status", "subject_id": 9, "revision": 0, "account_id": 4, "reviewer_id": 1, "snapshot_id": None, "event_id": 3, "policy": "p", "clause": "words", "rule": "", "outcome": "violates", "reason": {}, "facts": "", "confidence": None, "origin": "own", "automated_detection": False, "automated_decision": False, "bulk_id": None, "created_at": AGO, "reversed_at": None, "reversed_by": None, "reversed_why": None}
    return DecisionView(decision=DecisionRow(**(made | changes)), actions=[_action("remove"), _action("warn")], reviewer="heron")


def _event(number: int, action: str, **changes: Any) -> AuditEvent:
    made: dict[str, Any] = {"id": number, "action": action, "subject": "4", "details": {}, "created_at": AGO, "actor_id": 1, "actor": "ada", "person_id": 4, "person": "tomas", "person_domain": None}
    return AuditEvent(**(made | changes))


EVENTS = [
    _event(9, "account.role", details={"old": "user", "new": "moderator"}), _event(8, "account.disabled", actor=None, actor_id=None), _event(7, "account.enabled", actor=None), _event(6, "account.created"), _event(5, "account.password"),
    *(_event(4, f"account.{verb}") for verb in ("confirmed", "approved", "rejected", "closed")),
    *(_event(3, action, subject="12", person_id=None, person=None, details={"text": s.HOSTILE, "n": [1, 2]}) for action in ("rule.add", "rule.change", "rule.remove", "emoji.add", "emoji.remove", "ip_block.created", "ip_block.changed", "ip_block.deleted", "template_saved", "template_deleted", "tag.changed", s.HOSTILE)),
    _event(2, "instance.settings", subject="", person_id=None, person=None, details={"title": {"from": "", "to": s.HOSTILE * 3}, "members_may_invite": {"from": True, "to": False}}),
]


def people_cases() -> dict[str, Case]:
    """Name to case."""
    where, one = page("/admin/people"), page("/admin/people/4")
    nothing = {"q": "", "by": "", "origin": "", "role": "", "state": ""}
    states: dict[str, Any] = dict.fromkeys(("disabled_at", "suspended_at", "frozen_at", "silenced_at", "sensitized_at"), NOW)
    rows = [
        {"row": _row(4, role="triage"), "account": s.TOMAS},
        {"row": _row(5, confirmed_at=None, approved_at=None, ips=None, **states), "account": s.LONG},
        {"row": _row(6, is_local=False, email=None, role=None, ips=None, confirmed_at=None, approved_at=None), "account": s.EVIL},
    ]
    reports = [ReportOf(id=n, category=category, created_at=AGO, outcome=outcome, muted=n == 1, is_about=n < 4, other_id=2, username="marco" if n else None, domain="relay.example" if n == 2 else None)
        for n, (category, outcome) in enumerate([("spam", "upheld"), ("legal", "partly"), ("violation", "rejected"), ("other", "gone"), ("spam", None)])]
    strikes = [Strike(id=1, clause="words", points=2, created_at=AGO, expires_at=NOW, case_id=3), Strike(id=2, clause="", points=1, created_at=AGO, expires_at=NOW, case_id=None)]
    decisions = [_decision(3), _decision(2, case_id=None, clause="", outcome="ok", automated_decision=True), _decision(1, subject_kind="account", clause="", reversed_at=NOW)]
    record = Record(standing=_standing(), strikes=strikes, holding=[_action("freeze"), _action("label", detail="spam", ends_at=None)], reports=reports, decisions=decisions)
    bare = Record(standing=NOTHING, strikes=[], holding=[], reports=[], decisions=[])
    powers = {"moderate": True, "login": True, "role": True, "private": True}
    weak = dict.fromkeys(powers, False)
    person: dict[str, Any] = {"login": _login(), "account": s.TOMAS, "powers": powers, "roles": ROLES, "record": record, "decisions": decisions, "titles": {"words": "Words", "": ""}, "links": LINKS, "changes": lines_of(EVENTS), "older_url": "/admin/people/4?before=1"}
    empty: dict[str, Any] = {"record": bare, "decisions": [], "changes": [], "older_url": None}
    hidden = _login(role="user", email=None, sign_up_ip=None, sign_up_reason=None, inviter=None, inviter_id=None, neighbours=0, frozen_at=None)
    waits = _login(role="user", approved_at=None, confirmed_at=None, disabled_at=NOW, last_active_on=None, has_two_factor=False, sign_up_ip=None, sign_up_reason=s.HOSTILE, suspended_at=NOW)
    away = _login(is_local=False, role=None, domain="relay.example", email=None, locale=None, approved_at=None, confirmed_at=None)
    log: dict[str, Any] = {"lines": lines_of(EVENTS), "actors": [Actor(id=1, username="ada")], "actions": sorted({event.action for event in EVENTS}), "actor_id": 1, "action": "rule.add", "older_url": "/admin/audit?before=1"}
    return {
        "admin/people": Case("admin/people.html", where, {"rows": rows, "asked": nothing, "is_narrow": False, "private": True, "older_url": "/admin/people?max_id=1"}),
        "admin/people-hostile": Case("admin/people.html", where, {"rows": rows, "asked": {**nothing, "q": s.HOSTILE, "state": "frozen"}, "is_narrow": True, "private": False, "older_url": None}),
        "admin/people-none": Case("admin/people.html", where, {"rows": [], "asked": {**nothing, "q": "x"}, "is_narrow": True, "private": True, "older_url": None}),
        "admin/people-empty": Case("admin/people.html", where, {"rows": [], "asked": nothing, "is_narrow": False, "private": True, "older_url": None}),
        "admin/person": Case("admin/person.html", one, person),
        "admin/person-triage": Case("admin/person.html", one, {**person, **empty, "login": hidden, "powers": weak}),
        "admin/person-hostile": Case("admin/person.html", one, {**person, **empty, "login": waits, "account": s.EVIL, "record": record}),
        "admin/person-remote": Case("admin/person.html", one, {**person, **empty, "login": away, "account": s.LONG}),
        "admin/audit-hostile": Case("admin/audit.html", page("/admin/audit"), log),
        "admin/audit-empty": Case("admin/audit.html", page("/admin/audit"), {**log, "lines": [], "actor_id": None, "action": "", "older_url": None}),
    }
