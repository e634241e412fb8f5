"""The templates of notices with the variables that they document: as they usually are, empty, and hostile."""

from __future__ import annotations

# ruff: noqa: E501
# fmt: off
from datetime import timedelta
from functools import partial
from typing import Any

from rostra.notices.formats.records import Evidence, Problem
from rostra.notices.item_queries import Found, Person, Tally
from rostra.notices.queries import Counts, PackMade
from rostra.notices.records import (
    NEXT,
    Answer,
    Clock,
    Copy,
    Decided,
    Drilled,
    Item,
    Line,
    Notice,
    Provider,
    Reply,
    Step,
)
from rostra.notices.show import Shown, View
from rostra.web.measurement_charts import decimal, duration
from tests.web import samples as s
from tests.web.case import Case
from tests.web.samples import NOW, page

THREAT = "They all deserve to be hanged on the square in front of the palace on the nineteenth of January"
HOSTS = [("", "–"), ("cloud", "Acceptable use at a typical cloud host")]
CLAUSES = [("threats", "Threats"), ("hate", "Hate")]
LABELS = [("graphic", "Graphic")]
TYPED: dict[str, Any] = {"outcome": "violates", "clause": "threats", "acts": ["status.remove"], "lasts": {}, "label": "", "facts": "", "note": "", "with_copies": True}


def _line(number: int, **changes: Any) -> Line:
    made: dict[str, Any] = {"id": number, "provider": "Example Cloud", "channel": "mail", "state": "acting", "fault": "", "regime": "host", "sender": "abuse@cloud.example", "subject": "Abuse report 4711", "received_at": NOW - timedelta(hours=20), "due_at": NOW + timedelta(hours=4), "breached_at": None, "items": 12, "settled": 5}
    return Line(**(made | changes))


def _notice(**changes: Any) -> Notice:
    made: dict[str, Any] = {"id": 7, "provider_id": 3, "provider": "Example Cloud", "channel": "mail", "format": "mail", "proof": "signature", "state": "acting", "fault": "", "regime": "host", "sender": "abuse@cloud.example", "reporter": "", "subject": "Abuse report 4711", "text": "Please act within 24 hours.\nhttp://rostra.example/@tomas/12", "report_id": "4711", "clauses": ["violence"],
        "evidence": [Evidence(sha256="ab" * 32, size=812, name="shot.png")], "problems": [Problem("archive_not_opened", "all.zip")], "sha256": b"x" * 32, "received_at": NOW - timedelta(hours=20), "due_at": NOW + timedelta(hours=4), "breached_at": None, "closed_at": None, "language": "en", "contact": "abuse@cloud.example"}
    return Notice(**(made | changes))


DECIDED = Decided(decision_id=9, event_id=10, outcome="violates", clause="threats", rule="", policy="5d0c2f1a9b7e", at=NOW - timedelta(hours=1), actions=["remove", "freeze"], snapshot_id=4)


def _item(number: int, **changes: Any) -> Item:
    made: dict[str, Any] = {"id": number, "notice_id": 7, "position": number, "url": f"http://rostra.example/@tomas/{number}", "quote": THREAT, "named_clause": "violence", "clause": "threats", "note": "", "evidence": [], "match": "found", "subject_kind": "status", "subject_id": 100 + number, "account_id": 4, "case_id": 55, "copies": 2, "authors": 3, "reach": 4821, "bulk_id": None, "remark": ""}
    return Item(**(made | changes))


def _copy(number: int, **changes: Any) -> Copy:
    made: dict[str, Any] = {"item_id": 1, "status_id": number, "account_id": 5, "similarity": 0.97, "reach": 210, "case_id": 56, "revision": 0, "text": THREAT + "!!", "username": "tomas", "domain": "relay.example", "created_at": NOW - timedelta(days=2), "decision_id": None, "outcome": None, "actions": []}
    return Copy(**(made | changes))


TALLY = Tally(item_id=1, total=72, decided=1, left=71, seen="0f" * 16)
POST = Found(id=101, revision=0, text=THREAT, spoiler_text="", withheld=None, language="en", created_at=NOW - timedelta(days=3), username="tomas", domain=None)
PERSON = Person(id=4, username="tomas", domain=None, suspended=False, frozen=False)


def _view(notice: Notice, **changes: Any) -> View:
    steps = [Step(state=state, actor_id=None, pseudonym=name, at=NOW - timedelta(hours=hours), note="") for state, name, hours in (("received", None, 20), ("parsed", None, 20), ("expanding", None, 20), ("acting", None, 19), ("drafting", "Heron", 2))]
    made: dict[str, Any] = {"notice": notice, "items": [_item(1), _item(2, decided=DECIDED, bulk_id=8, bulk_waits=True, remark="We wrote to the police."), _item(3, match="gone", subject_kind=None, subject_id=None, quote=""), _item(4, match="near", url=""), _item(5, match="not_ours", url="https://elsewhere.example/x"), _item(6, match="found", subject_kind="account", quote="")], "total": 120, "settled": 3,
        "copies": {1: [_copy(201), _copy(202, outcome="violates", decision_id=1, actions=["remove"]), _copy(203, text=None, revision=None, username=None)]}, "tallies": {1: TALLY}, "posts": {101: POST}, "steps": steps,
        "clocks": [Clock(regime="host", starts_at=NOW - timedelta(hours=20), due_at=NOW + timedelta(hours=4), met_at=None, missed_at=None), Clock(regime="terrorist", starts_at=NOW - timedelta(hours=20), due_at=NOW - timedelta(hours=19), met_at=None, missed_at=NOW - timedelta(hours=19)), Clock(regime="legal", starts_at=NOW, due_at=NOW + timedelta(days=7), met_at=NOW, missed_at=None)],
        "answer": None, "replies": [], "pack": None}
    return View(**(made | changes))


ANSWER = Answer(id=77, text="Hello,\n\nthis is our answer to your notice.\n\n1. http://rostra.example/@tomas/1\n   Removed on 2026-05-04 11:00 UTC.", drafted_at=NOW, approved_at=None, sent_at=None, sent_by=None)
SENT = Answer(id=78, text=ANSWER.text, drafted_at=NOW, approved_at=NOW, sent_at=NOW, sent_by="mail")
REPLY = Reply(channel="mail", sender="abuse@cloud.example", text="There is one more.", at=NOW)
PACK = PackMade(id=3, sha256=b"\x0f" * 32, made_at=NOW, size=81_000)


def _provider(number: int, **changes: Any) -> Provider:
    made: dict[str, Any] = {"id": number, "name": "Example Cloud", "host": "cloud", "contact": "abuse@cloud.example", "domains": ["cloud.example", "mail.cloud.example"], "regime": "host", "reply_within": timedelta(hours=24), "language": "en", "has_token": True, "token_made_at": NOW - timedelta(days=9), "created_at": NOW - timedelta(days=30), "retired_at": None}
    return Provider(**(made | changes))


PROVIDERS = [_provider(3), _provider(4, name="Attorney General", regime="terrorist", reply_within=timedelta(hours=1), has_token=False, domains=[]), _provider(5, name=s.HOSTILE, retired_at=NOW)]


def _one(notice: Notice, **changes: Any) -> dict[str, Any]:
    view = changes.pop("view", None) or _view(notice)
    return {"view": view, "texts": {1: THREAT}, "older_url": "/admin/notices/7?after=50", "following": NEXT[notice.state], "problem": "", "errors": {}, "typed": {}, "duration": partial(duration, language="en"), "decimal": partial(decimal, language="en")} | changes


def notice_cases() -> dict[str, Case]:
    """Cases by name."""
    at, hostile = "/admin/notices/7", s.HOSTILE
    counts = Counts(open=3, quarantined=2, overdue=1)
    late = _notice(state="sent", breached_at=NOW - timedelta(hours=2))
    wrong = _notice(subject=hostile, sender=hostile, text=hostile, provider=None, problems=[Problem("bad_row", hostile)], state="drafting", channel="drill", contact="")
    bad_view = _view(wrong, items=[_item(1, url=hostile, quote=hostile, named_clause=hostile, remark=hostile)], copies={1: [_copy(1, text=hostile, username=hostile)]}, answer=Answer(id=1, text=hostile, drafted_at=NOW, approved_at=None, sent_at=None, sent_by=None), replies=[Reply(channel="mail", sender=hostile, text=hostile, at=NOW)])
    shown = Shown(notice=_notice(), item=_item(1), copies=[_copy(201), _copy(202, outcome="violates"), _copy(203, text=None)], tally=TALLY, post=POST, person=PERSON)
    bad_shown = Shown(notice=wrong, item=_item(1, url=hostile, quote=hostile, named_clause=hostile, note=hostile), copies=[_copy(1, text=hostile)], tally=TALLY, post=Found(id=101, revision=2, text=hostile, spoiler_text=hostile, withheld="refused", language=None, created_at=NOW, username="tomas", domain=None), person=Person(id=4, username=hostile, domain=None, suspended=True, frozen=False))
    return {
        "admin/notices": Case("admin/notices.html", page("/admin/notices"), {"which": "open", "rows": [_line(7), _line(8, provider=None, regime="terrorist", due_at=NOW - timedelta(minutes=5)), _line(9, state="follow_up", breached_at=NOW), _line(10, channel="drill", state="approved", settled=12), _line(11, channel="api", state="expanding", subject="")], "counts": counts, "older_url": "/admin/notices?after=1-2"}),
        "admin/notices-quarantined": Case("admin/notices.html", page("/admin/notices"), {"which": "quarantined", "rows": [_line(7, provider=None, state="quarantined", fault=fault, subject=hostile, items=0, channel="public") for fault in ("unverified", "too_deep", "archive_not_opened", "no_items")], "counts": Counts(open=0, quarantined=4, overdue=0), "older_url": None}),
        "admin/notices-closed": Case("admin/notices.html", page("/admin/notices"), {"which": "closed", "rows": [_line(7, state="closed"), _line(8, state="refused", fault="auto_reply", provider=None, sender="")], "counts": counts, "older_url": None}),
        "admin/notices-empty": Case("admin/notices.html", page("/admin/notices"), {"which": "open", "rows": [], "counts": Counts(open=0, quarantined=0, overdue=0), "older_url": None}),
        "admin/notices_new": Case("admin/notices_new.html", page("/admin/notices/new"), {"providers": PROVIDERS[:2], "values": {}, "errors": {}}),
        "admin/notices_new-wrong": Case("admin/notices_new.html", page("/admin/notices/new"), {"providers": PROVIDERS, "values": {"text": hostile, "provider_id": "3", "regime": "legal"}, "errors": {"text": hostile}}),
        "admin/notices_held": Case("admin/notices_held.html", page(at), {"view": _view(_notice(state="quarantined", fault="unverified", provider=None, proof="none")), "original": "From: abuse@cloud.example\n\nhttp://rostra.example/@tomas/12", "providers": PROVIDERS[:2], "problem": "", "errors": {}, "typed": {}}),
        "admin/notices_held-wrong": Case("admin/notices_held.html", page(at), {"view": _view(_notice(state="refused", fault="bad_json", provider=None, subject="", sender=hostile)), "original": hostile, "providers": PROVIDERS, "problem": hostile, "errors": {}, "typed": {}}),
        "admin/notices_one": Case("admin/notices_one.html", page(at), _one(_notice())),
        "admin/notices_one-drill": Case("admin/notices_one.html", page(at), _one(_notice(state="closed", channel="drill"), view=_view(_notice(state="closed", channel="drill"), drilled=Drilled(seconds={"pack": 0.03, "intake": 0.035, "else": 1.0}, copies=3, found=2, verified=False)))),
        "admin/notices_one-drafting": Case("admin/notices_one.html", page(at), _one(_notice(state="drafting"), view=_view(_notice(state="drafting"), answer=ANSWER, pack=PACK), older_url=None)),
        "admin/notices_one-approved": Case("admin/notices_one.html", page(at), _one(_notice(state="approved"), view=_view(_notice(state="approved"), answer=ANSWER))),
        "admin/notices_one-sent": Case("admin/notices_one.html", page(at), _one(late, view=_view(late, answer=SENT, replies=[REPLY], pack=PACK))),
        "admin/notices_one-follow-up": Case("admin/notices_one.html", page(at), _one(_notice(state="follow_up"), view=_view(_notice(state="follow_up"), answer=SENT, replies=[REPLY]))),
        "admin/notices_one-wrong": Case("admin/notices_one.html", page(at), _one(wrong, view=bad_view, texts={1: hostile}, problem=hostile, typed={"text": hostile})),
        "admin/notices_item": Case("admin/notices_item.html", page(at + "/items/1"), {"found": shown, "clauses": CLAUSES, "labels": LABELS, "typed": TYPED, "errors": {}, "problem": ""}),
        "admin/notices_item-wrong": Case("admin/notices_item.html", page(at + "/items/1"), {"found": bad_shown, "clauses": CLAUSES, "labels": LABELS, "typed": {**TYPED, "facts": hostile, "note": hostile}, "errors": {}, "problem": hostile}),
        "admin/notices_item-account": Case("admin/notices_item.html", page(at + "/items/6"), {"found": Shown(notice=_notice(), item=_item(6, subject_kind="account", url="", named_clause=""), copies=[], tally=None, post=None, person=PERSON), "clauses": CLAUSES, "labels": LABELS, "typed": TYPED, "errors": {}, "problem": ""}),
        "admin/notices_providers": Case("admin/notices_providers.html", page("/admin/notices/providers"), {"providers": PROVIDERS, "hosts": HOSTS, "values": {"regime": "host", "hours": "24"}, "errors": {}}),
        "admin/notices_providers-wrong": Case("admin/notices_providers.html", page("/admin/notices/providers"), {"providers": [], "hosts": HOSTS, "values": {"name": hostile, "contact": hostile, "domains": hostile}, "errors": {"name": "ERR_TAKEN", "contact": hostile, "hours": hostile}}),
        "admin/notices_provider": Case("admin/notices_provider.html", page("/admin/notices/providers/3"), {"provider": PROVIDERS[0], "hosts": HOSTS, "values": {"name": "Example Cloud", "host": "cloud"}, "errors": {}, "token": "rn_0123456789abcdef"}),
        "admin/notices_provider-wrong": Case("admin/notices_provider.html", page("/admin/notices/providers/5"), {"provider": PROVIDERS[2], "hosts": HOSTS, "values": {"name": hostile}, "errors": {"name": hostile}, "token": ""}),
        "notice_new": Case("notice_new.html", page("/notices/new", member=False), {"values": {"regime": "order"}, "errors": {}, "number": ""}),
        "notice_new-done": Case("notice_new.html", page("/notices/new", member=False), {"values": {}, "errors": {}, "number": "116514"}),
        "notice_new-wrong": Case("notice_new.html", page("/notices/new", member=False), {"values": {"organisation": hostile, "urls": hostile, "text": hostile}, "errors": {"email": "ERR_BLANK", "urls": hostile}, "number": ""}),
    }
