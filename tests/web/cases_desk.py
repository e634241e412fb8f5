"""The templates of the desk with the variables that they document: as they usually are, empty, and hostile."""

from __future__ import annotations

# ruff: noqa: E501
# fmt: off
from datetime import timedelta
from functools import cache
from typing import Any, cast

import msgspec

from rostra.moderation.cases.dossier import Copies, Dossier, Note, Seen
from rostra.moderation.cases.dossier_records import (
    Around,
    Author,
    Before,
    CaseFull,
    Deadline,
    Holding,
    OtherCase,
    Related,
    ReportLine,
    StatusNow,
    VerdictRow,
)
from rostra.moderation.cases.evidence import Snapshot
from rostra.moderation.cases.queue import Query
from rostra.moderation.cases.queue_queries import CaseShown, ReviewerRow
from rostra.moderation.cases.rest import Today
from rostra.moderation.cases.reviewer_queries import Colleague, SavedFilter, Template
from rostra.moderation.decisions.bulk_queries import BulkRow, Preview
from rostra.moderation.decisions.second_look_queries import Waiting
from rostra.moderation.records import DecisionRow, Draft, Wish
from rostra.policy.shipped import shipped_bundle
from rostra.screening.active import Current
from rostra.screening.subject import Mark, Part
from rostra.text.urls import Urls
from rostra.web.desk import Choices, Load, Row
from rostra.web.desk_bulk import Listed, Waits
from rostra.web.desk_done import Done
from rostra.web.desk_place import Place
from rostra.web.desk_view import Viewer, view_of
from tests.web import samples as s
from tests.web.case import Case
from tests.web.samples import NOW, page

THREAT = "If you open that door again I will kill you, and your brother too"
POWERS = {"dismiss": True, "decide": True, "sanction": True, "escalated": False}
ADMIN = {**POWERS, "escalated": True}
TRIAGE = {"dismiss": True, "decide": False, "sanction": False, "escalated": False}
URLS = Urls(base="https://rostra.example", media="/media", domain="rostra.example")


class _Policy(msgspec.Struct):
    """What pages read of the policy in force."""

    bundle: Any
    clauses: dict[str, Any]
    labels: dict[str, Any]


@cache
def _current() -> Current:
    bundle = shipped_bundle()
    made = _Policy(bundle, {clause.id: clause for clause in bundle.clauses}, {label.id: label for label in bundle.labels})
    return cast("Current", made)


def _clause() -> str:
    clauses = _current().clauses
    return next((name for name in clauses if name.startswith("violence")), next(iter(clauses)))


def _shown(number: int, **changes: Any) -> CaseShown:
    made: dict[str, Any] = {
        "id": number, "subject_kind": "status", "subject_id": 900 + number, "account_id": 3, "state": "queued", "source": "report", "clause": _clause(), "rule": "threat-direct", "severity": 5, "p": 0.93,
        "views": 412.0, "rank": 2.5, "opened_at": NOW - timedelta(minutes=42), "due_at": None, "language": "en", "exposure": 1, "reports_count": 3, "assigned_to": None, "lease_until": None, "outcome": None,
        "closed_at": None, "username": "tomas", "domain": None, "withheld": None, "excerpt": THREAT,
    }
    return CaseShown(**(made | changes))


def _row(case: CaseShown, **changes: Any) -> Row:
    acct = f"{case.username}@{case.domain}" if case.domain else case.username
    made: dict[str, Any] = {"case": case, "acct": acct, "title": "Threats of violence", "holder": "", "is_mine": False, "is_own": False, "veiled": False}
    return Row(**(made | changes))


def _load(**changes: Any) -> Load:
    made: dict[str, Any] = {"queued": 26_012, "escalated": 3, "held": 812, "with_clock": 2, "next_due": NOW + timedelta(hours=2), "oldest": NOW - timedelta(days=3), "opened": 4_120, "closed": 5_310, "hours": 524.0, "alarming": True}
    return Load(**(made | changes))


def _full(**changes: Any) -> CaseFull:
    made: dict[str, Any] = {
        "id": 7, "subject_kind": "status", "subject_id": 907, "account_id": 3, "state": "queued", "source": "report", "policy": "5d0c2f1a9b7e", "clause": _clause(), "rule": "threat-direct", "severity": 5, "p": 0.93,
        "views": 412.0, "opened_at": NOW - timedelta(minutes=42), "due_at": NOW + timedelta(hours=2), "language": "en", "exposure": 3, "reports_count": 3, "assigned_to": 1, "lease_until": NOW + timedelta(minutes=4),
        "reserved_for": None, "reserved_until": None, "escalated_at": None, "closed_at": None, "outcome": None, "decision_id": None, "bulk_id": None, "holder": "mia", "kept_for": None, "escalated_by": None, "closed_by": None,
    }
    return CaseFull(**(made | changes))


def _author(**changes: Any) -> Author:
    made: dict[str, Any] = {
        "id": 3, "username": "tomas", "domain": None, "display_name": "Tomás", "note_text": "I say what I think.", "fields": [], "avatar_key": None, "header_key": None, "created_at": NOW - timedelta(days=12),
        "silenced_at": None, "suspended_at": None, "frozen_at": None, "sensitized_at": None, "labels": None, "followers": 1204, "following": 88, "statuses": 310, "role": "user", "locale": "it", "strikes": 3,
        "open_cases": 2, "reports": 9, "upheld": 2,
    }
    return Author(**(made | changes))


def _status(**changes: Any) -> StatusNow:
    made: dict[str, Any] = {
        "id": 907, "account_id": 3, "revision": 1, "text": THREAT, "spoiler_text": "", "language": "en", "visibility": "public", "sensitive": False, "created_at": NOW - timedelta(hours=2), "edited_at": None,
        "withheld": None, "limited": False, "interaction_off": False, "covered": False, "in_reply_to_id": None, "options": [], "media": [], "replies": 4, "boosts": 2, "favourites": 1, "views": 640,
    }
    return StatusNow(**(made | changes))


def _snapshot(text: str = "If you open that door again you will see", **changes: Any) -> Snapshot:
    made: dict[str, Any] = {"id": 5, "subject_kind": "status", "subject_id": 907, "revision": 0, "account_id": 3, "content": {"text": text, "spoiler_text": "", "language": "en", "media": [{"id": "1", "type": "image", "key": "picture-1.svg", "preview_key": "picture-1.svg", "description": "A knife on a table", "blurhash": None}]}, "taken_at": NOW - timedelta(hours=1)}
    return Snapshot(**(made | changes))


def _report(number: int, **changes: Any) -> ReportLine:
    made: dict[str, Any] = {"id": number, "account_id": 20 + number, "category": "violation", "reason": _clause(), "comment": "He means it.", "source": "user", "muted": False, "created_at": NOW - timedelta(minutes=40), "outcome": None, "snapshot_ids": [5], "username": "giulia", "domain": None, "upheld": 8, "rejected": 1, "trusted": False, "law": None, "explanation": None}
    return ReportLine(**(made | changes))


def _verdict(**changes: Any) -> VerdictRow:
    made: dict[str, Any] = {"clause": _clause(), "policy": "5d0c2f1a9b7e", "detectors": "1", "details": {"rule": "threat-direct", "hits": ["threat-direct", "threat-model"]}, "revision": 1, "created_at": NOW, "spans": None, "held_revision": None, "reason": None, "expires_at": None, "expires_to": None}
    return VerdictRow(**(made | changes))


def _around(number: int, place: Any, **changes: Any) -> Around:
    made: dict[str, Any] = {"id": number, "account_id": 4, "text": "What do you want at my door?", "spoiler_text": "", "created_at": NOW - timedelta(hours=3), "withheld": None, "username": "marco", "domain": None, "place": place, "has_media": False}
    return Around(**(made | changes))


def dossier(text: str = THREAT, **changes: Any) -> Dossier:
    """A case of a threat, as it usually is."""
    seen = Seen(parts=(Part("text", text),), marks=(Mark("text", 28, 43, "threat.kill"),), scores=[("threat", 0.97), ("harassment", 0.31)], found=["threat.kill"])
    before = [
        Before(id=70, case_id=71, subject_kind="status", subject_id=72, clause=_clause(), outcome="violates", created_at=NOW - timedelta(days=4), reversed_at=None, reversed_why=None, automated_decision=False, actions=["remove", "warn"]),
        Before(id=60, case_id=None, subject_kind="status", subject_id=62, clause=_clause(), outcome="violates", created_at=NOW - timedelta(days=6), reversed_at=NOW, reversed_why="review", automated_decision=True, actions=["limit"]),
    ]
    related = [
        Related(id=40, username="tomas_2", domain=None, created_at=NOW - timedelta(days=2), suspended=True, limited=False, frozen=False, signals=["address", "name", "text"], open_cases=2),
        Related(id=41, username="tomas9", domain="relay.example", created_at=NOW - timedelta(days=20), suspended=False, limited=True, frozen=False, signals=["name"], open_cases=0),
    ]
    copies = Copies(count=42, authors=12, reach=20_412, shown=[{"id": "33", "text": text, "username": "bot4", "domain": None, "created_at": "", "withheld": None, "case_id": "34"}, {"id": "35", "text": text, "username": "bot5", "domain": "relay.example", "created_at": "", "withheld": "refused", "case_id": None}])
    made: dict[str, Any] = {
        "case": _full(), "author": _author(), "status": _status(text=text), "evidence": _snapshot(), "seen": seen, "verdict": _verdict(),
        "around": [_around(1, "above"), _around(2, "above", account_id=3, username="tomas"), _around(3, "below", has_media=True, spoiler_text="Careful")], "before": before,
        "other_cases": [OtherCase(id=81, subject_kind="status", clause=_clause(), severity=4, opened_at=NOW, source="rule", excerpt="And another thing"), OtherCase(id=82, subject_kind="account", clause="", severity=2, opened_at=NOW, source="person", excerpt=None)],
        "reports": [_report(1), _report(2, trusted=True, username="help", domain="hotline.example", comment=""), _report(3, muted=True, upheld=0, rejected=0, reason="", category="other")],
        "copies": copies, "alike": copies, "related": related, "deadlines": [Deadline(regime="host", due_at=NOW + timedelta(hours=2), met_at=None, missed_at=None), Deadline(regime="legal", due_at=NOW - timedelta(hours=2), met_at=None, missed_at=NOW - timedelta(hours=2))],
        "holding": [Holding(kind="limit", subject_kind="account", detail="", starts_at=NOW, ends_at=NOW + timedelta(days=2))], "notes": [Note(id=1, text="Known from last week.", created_at=NOW - timedelta(minutes=5), username="nora")], "current": _current(),
    }
    return Dossier(**(made | changes))


def _bare(**changes: Any) -> Dossier:
    """A case with nothing beside it."""
    made: dict[str, Any] = {"evidence": None, "seen": Seen(), "verdict": _verdict(clause=None, policy=None, details=None), "around": [], "before": [], "other_cases": [], "reports": [], "alike": Copies(), "copies": Copies(), "related": [], "deadlines": [], "holding": [], "notes": []}
    return dossier(**(made | changes))


def _values(d: Dossier, role: Any = "moderator", me: int = 1, **changes: Any) -> dict[str, Any]:
    templates = [Template(id=3, name="A threat", clause=_clause(), text={"en": "Dear {author}, this is a threat.", "it": "{author}, questa è una minaccia."}), Template(id=4, name=s.HOSTILE, clause="spam", text={"en": s.HOSTILE})]
    view = view_of(d, templates, Viewer(account_id=me, role=role, language="en", at=NOW, urls=URLS))
    typed = {"outcome": "", "clause": d.case.clause, "acts": [], "media": ["700"], "lasts": {}, "label": "", "reason": "", "facts": "", "note": "", "confidence": "", "template": "", "revision": str(d.status.revision) if d.status else ""}
    made: dict[str, Any] = {"d": d, "v": view, "typed": typed, "errors": {}, "problem": "", "place": Place(query=Query(clause="violence"), skipped=(5,)), "since": 1_780_000_000, "kept": ReviewerRow(), "today": Today(items={0: 12, 1: 41, 3: 60}, seconds=3600), "colleagues": [Colleague(id=9, username="nora", role="admin")], "done": None, "may": POWERS}
    return made | changes


def _done() -> Done:
    decision = DecisionRow(id=90, case_id=91, subject_kind="status", subject_id=92, revision=0, account_id=3, reviewer_id=1, snapshot_id=None, event_id=1, policy="x", clause=_clause(), rule="", outcome="violates", reason={}, facts="", confidence=None, origin="own", automated_detection=False, automated_decision=False, bulk_id=None, created_at=NOW, reversed_at=None, reversed_by=None, reversed_why=None)
    return Done(decision=decision, actions=["remove", "freeze"], until=NOW + timedelta(minutes=10))


def _queue_cases() -> dict[str, Case]:
    at = page("/admin/desk", administrator=False, moderator=True, waiting=400)
    rows = [
        _row(_shown(1, due_at=NOW + timedelta(hours=2)), veiled=True),
        _row(_shown(2, source="hold", severity=4, exposure=2, withheld="review", excerpt="", reports_count=0, domain="relay.example"), holder="nora"),
        _row(_shown(3, subject_kind="account", clause="", rule="", source="person", severity=2, exposure=0, language=None, excerpt="Tomás"), title="", is_mine=True),
        _row(_shown(4, excerpt=s.HOSTILE, rule=s.HOSTILE, clause=s.HOSTILE, username="evil", due_at=NOW - timedelta(hours=2), severity=3), title=s.HOSTILE),
        _row(_shown(5, excerpt=None, source="legal"), is_own=True),
    ]
    closed = [_row(_shown(6, state="closed", outcome="violates", closed_at=NOW - timedelta(minutes=3))), _row(_shown(8, state="closed", outcome="gone", closed_at=NOW - timedelta(days=3), excerpt=None))]
    choices = Choices(clauses=[(_clause(), "Threats of violence", 812), ("spam.bulk", "Spam", 20_114)], languages=[("en", 20_000), ("it", 6_000)], exposures=[(0, 25_000), (3, 12)], sources=[("report", 25_000), ("hold", 812)])
    filters = [(SavedFilter(id=1, account_id=None, name="Threats first", query={}), "/admin/desk?clause=violence"), (SavedFilter(id=2, account_id=1, name=s.HOSTILE, query={}), "/admin/desk?language=it")]
    base: dict[str, Any] = {"tab": "queued", "servers": [], "rows": rows, "older_url": "/admin/desk?after=2.5_5", "choices": choices, "load": _load(), "query": Query(), "place": Place(), "filters": filters, "today": Today(items={1: 41}, seconds=3600), "kept": ReviewerRow(), "done": None, "may": POWERS}
    narrow = Query(clause=s.HOSTILE, language="tlh", exposure=3, source="notice")
    none = Choices(clauses=[], languages=[], exposures=[], sources=[])
    calm = _load(queued=0, escalated=0, held=0, with_clock=0, oldest=None, opened=0, closed=0, hours=0.0, alarming=False)
    empty = base | {"rows": [], "older_url": None, "choices": none, "load": calm, "filters": []}
    return {
        "admin/desk-hostile": Case("admin/desk.html", at, base),
        "admin/desk-narrow-hostile": Case("admin/desk.html", at, base | {"query": narrow, "place": Place(query=narrow), "load": _load(hours=None, closed=0), "done": _done()}),
        "admin/desk-kept": Case("admin/desk.html", at, base | {"query": Query(language="it"), "place": Place(query=Query(language="it"))}),
        "admin/desk-narrow-empty": Case("admin/desk.html", at, empty | {"query": narrow, "place": Place(query=narrow)}),
        "admin/desk-triage": Case("admin/desk.html", at, base | {"may": TRIAGE, "today": Today(items={}, seconds=7000), "load": _load(hours=0.4, alarming=False)}),
        "admin/desk-enough": Case("admin/desk.html", at, base | {"today": Today(items={0: 1000, 1: 12}, seconds=900)}),
        "admin/desk-enough-of-harsh": Case("admin/desk.html", at, base | {"today": Today(items={1: 400}, seconds=900), "rows": [msgspec.structs.replace(rows[0], kept_for="mia", holder="", is_mine=False), msgspec.structs.replace(rows[1], kept_for_me=True, holder="", is_mine=False)]}),
        "admin/desk-resting": Case("admin/desk.html", at, base | {"today": Today(items={3: 60}, seconds=7300, resting_until=NOW + timedelta(minutes=12)), "load": _load(hours=30.0)}),
        "admin/desk-escalated": Case("admin/desk.html", at, base | {"tab": "escalated"}),
        "admin/desk-closed": Case("admin/desk.html", at, base | {"tab": "closed", "rows": closed}),
        **{f"admin/desk-empty-{tab}": Case("admin/desk.html", at, empty | {"tab": tab}) for tab in ("queued", "escalated", "closed")},
        "partials/desk_counts": Case("partials/desk_counts.html", at, {"tab": "escalated", "load": _load(waiting=[Waiting(id=n, actor_id=n or None, username=s.HOSTILE if n else "", total=4_120, created_at=NOW) for n in range(3)]), "place": Place(query=narrow)}),
    }


def _one_cases() -> dict[str, Case]:
    at = page("/admin/desk/cases/7", administrator=False, moderator=True, waiting=400)
    media = [{"id": str(700 + n), "removed": n == 1, "type": kind, "key": f"picture-{n}.svg", "preview_key": f"picture-{n}.svg", "description": "A knife on a table" if n else None} for n, kind in enumerate(("image", "image", "gifv", "video", "audio"))]
    evil_seen = Seen(parts=(Part("spoiler_text", s.HOSTILE), Part("text", s.HOSTILE), Part("poll[options][0]", s.HOSTILE)), marks=(Mark("text", 0, 9, s.HOSTILE), Mark("spoiler_text", 2, 8, "x")), scores=[(s.HOSTILE, 0.5)], found=[s.HOSTILE])
    evil = dossier(
        status=_status(text=s.HOSTILE, spoiler_text=s.HOSTILE, options=[s.HOSTILE], language=s.HOSTILE, media=[{**media[0], "description": s.HOSTILE}], visibility="private"), evidence=_snapshot(s.HOSTILE[:20]), seen=evil_seen,
        author=_author(username="evil", display_name=s.HOSTILE, domain="bad.example", role=None, locale=None, labels=[{"id": "x", "title": {"en": s.HOSTILE}}], suspended_at=NOW, frozen_at=NOW, silenced_at=NOW, sensitized_at=NOW),
        reports=[_report(1, comment=s.HOSTILE, source="legal", username=None, explanation=s.HOSTILE, law=s.HOSTILE), _report(2, source="remote", username=None)], around=[_around(1, "below", text=s.HOSTILE, spoiler_text=s.HOSTILE, withheld="refused")],
        notes=[Note(id=1, text=s.HOSTILE, created_at=NOW, username=None)], verdict=_verdict(details={"rule": s.HOSTILE}, reason={"en": s.HOSTILE}, expires_at=NOW + timedelta(hours=60), expires_to="release"),
        holding=[Holding(kind="label", subject_kind="status", detail=s.HOSTILE, starts_at=NOW, ends_at=None)],
    )
    typed = {"outcome": "violates", "clause": _clause(), "acts": ["status.remove", "account.freeze"], "media": ["700"], "lasts": {"account.freeze": "7d"}, "label": "graphic", "reason": s.HOSTILE, "facts": s.HOSTILE, "note": s.HOSTILE, "confidence": "fairly", "template": "3", "revision": "2"}
    errors = dict.fromkeys(("outcome", "clause", "label", "actions", "note", "to"), s.HOSTILE)
    held = dossier(case=_full(source="hold", assigned_to=None, lease_until=None, holder=None, kept_for="nora", reserved_for=9, reserved_until=NOW + timedelta(hours=1), due_at=None), status=_status(withheld="review", media=media), verdict=_verdict(spans=[("text", 0, 6, "x")], held_revision=1, expires_at=NOW + timedelta(hours=60), expires_to="refuse"))
    profile = dossier(case=_full(subject_kind="account", source="expiry", clause="", severity=2, exposure=0), status=None, evidence=None, seen=Seen(parts=(Part("display_name", "Tomás"), Part("note", "I say what I think."))), around=[_around(n, "latest", username="tomas", account_id=3) for n in range(2)], copies=Copies(), author=_author(fields=[{"name": "Web", "value": "https://x.example"}]))
    closed = dossier(case=_full(state="closed", outcome="violates", decision_id=90, closed_at=NOW - timedelta(hours=3), closed_by="nora", assigned_to=None, lease_until=None))
    up = dossier(case=_full(state="escalated", escalated_by="mia", escalated_at=NOW, assigned_to=None, lease_until=None))
    def case(d: Dossier, role: Any = "moderator", **changes: Any) -> Case:
        return Case("admin/desk_case.html", at, _values(d, role, **changes))
    return {
        "admin/desk_case": case(dossier(), done=_done()),
        "admin/desk_case-hostile": case(evil, typed=typed, errors=errors, problem=s.HOSTILE, today=Today(items={}, seconds=7000)),
        "admin/desk_case-held": case(held),
        "admin/desk_case-gone": case(dossier(status=None)),
        "admin/desk_case-lost": case(_bare(status=None)),
        "admin/desk_case-bare": case(_bare(case=_full(reports_count=0, due_at=None)), kept=ReviewerRow(blur=False, greyscale=False), colleagues=[]),
        "admin/desk_case-profile": case(profile),
        "admin/desk_case-taken": case(dossier(case=_full(assigned_to=9, holder="nora"))),
        "admin/desk_case-own": case(dossier(), me=3),
        "admin/desk_case-triage": case(dossier(), "triage", may=TRIAGE),
        "admin/desk_case-escalated": case(up),
        "admin/desk_case-escalated-admin": case(up, "admin", may=ADMIN),
        "admin/desk_case-closed": case(closed),
        "admin/desk_case-closed-admin": case(closed, "admin", may=ADMIN),
    }


def _other_cases() -> dict[str, Case]:
    at = page("/admin/desk/bulk", administrator=False, moderator=True)
    listed = [Listed(id=n, acct="tomas@relay.example" if n else "x", excerpt=s.HOSTILE if n else THREAT, case_id=n or None) for n in range(4)]
    clauses = [(_clause(), "Threats of violence"), ("evil", s.HOSTILE)]
    blank: dict[str, Any] = {"outcome": "violates", "clause": "", "acts": [], "media": ["700"], "lasts": {}, "label": "", "facts": "", "note": "", "out": []}
    new: dict[str, Any] = {"kind": "status", "ids": list(range(400)), "listed": listed, "left_out": 2, "reach": Preview(items=400, accounts=31, local=20, views=41_233, withheld=3), "clauses": clauses, "labels": [("graphic", s.HOSTILE)], "typed": blank, "errors": {}, "second": "none"}
    wrong = blank | {"acts": ["status.limit"], "media": ["700"], "lasts": {"status.limit": "7d"}, "facts": s.HOSTILE, "out": [1]}
    bulk = BulkRow(id=5, actor_id=1, draft={"outcome": "violates", "clause": _clause(), "wishes": [{"kind": "remove", "on": "status"}]}, policy="x", total=400, done=120, skipped=3, state="running", created_at=NOW, finished_at=None, reversed=0, reversed_by=None, reversed_note="", second_look="none", approved_by=None, approved_at=None, stopped_by=None)
    waiting = {"state": "waiting", "second_look": "asked", "done": 0, "skipped": 0}
    draft = Draft(outcome="violates", clause=_clause(), wishes=(Wish(kind="remove"), Wish(kind="freeze", on="account", lasts=timedelta(days=7)), Wish(kind="limit", on="account", lasts=timedelta(hours=5)), Wish(kind="sensitive", on="media", media_id=700), Wish(kind="label", label="graphic")), facts=s.HOSTILE, note=s.HOSTILE)
    waits = Waits(kind="status", reach=Preview(items=400, accounts=31, local=20, views=41_233, withheld=3), listed=listed, is_mine=False, may_approve=True, may_stop=True)

    def progress(changes: dict[str, Any] | None = None, **more: Any) -> Case:
        given: dict[str, Any] = {"bulk": msgspec.structs.replace(bulk, **(changes or {})), "draft": Draft(outcome="violates", wishes=(Wish(kind="remove"),)), "clause": "", "skipped": [], "may_reverse": True, "names": {1: "mia", 9: "nora"}, "waits": None}
        return Case("admin/desk_bulk.html", page("/admin/desk/bulk/5"), given | more)

    skipped = [("status", 4, "changed"), ("status", 5, "gone"), ("account", 6, s.HOSTILE)]
    templates = [Template(id=3, name=s.HOSTILE, clause=_clause(), text={"en": s.HOSTILE, "it": "Ciao {author}"}), Template(id=4, name="Plain", clause="", text={"it": "Ciao"})]
    settings: dict[str, Any] = {"kept": ReviewerRow(declined=["evil"]), "languages": "en it", "today": Today(items={0: 12, 3: 60}, seconds=3700), "clauses": clauses, "over": None, "errors": {}}
    kept: dict[str, Any] = {"templates": templates, "clauses": clauses, "values": {}, "errors": {}, "may": POWERS}
    return {
        "admin/desk_bulk_new-second": Case("admin/desk_bulk_new.html", at, new | {"second": "asked"}),
        "admin/desk_bulk_new-alone": Case("admin/desk_bulk_new.html", at, new | {"second": "alone"}),
        "admin/desk_bulk_new-hostile": Case("admin/desk_bulk_new.html", at, new),
        "admin/desk_bulk_new-wrong": Case("admin/desk_bulk_new.html", at, new | {"typed": wrong, "errors": {"actions": "ERR_BLANK", "clause": s.HOSTILE, "label": s.HOSTILE}}),
        "admin/desk_bulk_new-accounts": Case("admin/desk_bulk_new.html", at, new | {"kind": "account", "ids": [1], "listed": listed[:1], "left_out": 0, "reach": Preview(items=1, accounts=1, local=1, views=0, withheld=0)}),
        "admin/desk_bulk-hostile": progress(clause=s.HOSTILE, skipped=skipped),
        "admin/desk_bulk-finished": progress({"state": "finished", "done": 397, "reversed": 2, "second_look": "alone"}),
        "admin/desk_bulk-stopped": progress({"state": "stopped", "stopped_by": 9}, clause="Threats", skipped=skipped, may_reverse=False),
        "admin/desk_bulk-reversing": progress({"state": "reversing", "done": 397, "reversed": 50, "reversed_note": s.HOSTILE}),
        "admin/desk_bulk-reversed": progress({"state": "reversed", "done": 397, "reversed": 396, "reversed_note": s.HOSTILE}),
        "admin/desk_bulk-approved": progress({"second_look": "asked", "approved_by": 9, "approved_at": NOW}),
        "admin/desk_bulk-waiting": progress(waiting, draft=draft, waits=waits),
        "admin/desk_bulk-waiting-mine": progress(waiting, draft=draft, waits=msgspec.structs.replace(waits, is_mine=True, may_approve=False)),
        "admin/desk_bulk-waiting-triage": progress(waiting, draft=draft, names={}, waits=msgspec.structs.replace(waits, may_approve=False, may_stop=False)),
        "admin/desk_act": Case("admin/desk_act.html", at, {"kind": "status", "subject_id": 7, "account": s.MARCO}),
        "admin/desk_act-hostile": Case("admin/desk_act.html", at, {"kind": "account", "subject_id": 7, "account": s.EVIL}),
        "admin/desk_settings-hostile": Case("admin/desk_settings.html", page("/admin/desk/settings"), settings),
        "admin/desk_settings-owner": Case("admin/desk_settings.html", page("/admin/desk/settings"), settings | {"over": s.HOSTILE, "errors": {"second_look_over": s.HOSTILE}}),
        "admin/desk_settings-never": Case("admin/desk_settings.html", page("/admin/desk/settings"), settings | {"over": 0}),
        "admin/desk_settings-wrong": Case("admin/desk_settings.html", page("/admin/desk/settings"), settings | {"languages": s.HOSTILE, "errors": {"languages": s.HOSTILE, "most_exposure": "must be 0, 1, 2 or 3"}}),
        "admin/desk_templates-hostile": Case("admin/desk_templates.html", page("/admin/desk/templates"), kept),
        "admin/desk_templates-wrong": Case("admin/desk_templates.html", page("/admin/desk/templates"), kept | {"values": {"id": 4, "name": "", "clause": "evil", "text": {"en": s.HOSTILE}}, "errors": {"name": "ERR_BLANK", "text": s.HOSTILE, "clause": "ERR_INCLUSION"}}),
        "admin/desk_templates-new-wrong": Case("admin/desk_templates.html", page("/admin/desk/templates"), kept | {"values": {"id": None, "name": s.HOSTILE, "clause": "", "text": {}}, "errors": {"text": "ERR_BLANK"}}),
        "admin/desk_templates-empty": Case("admin/desk_templates.html", page("/admin/desk/templates"), kept | {"templates": [], "may": TRIAGE}),
        "admin/desk_templates-triage": Case("admin/desk_templates.html", page("/admin/desk/templates"), kept | {"may": TRIAGE}),
    }


def desk_cases() -> dict[str, Case]:
    """Name to case."""
    return {**_queue_cases(), **_one_cases(), **_other_cases()}
