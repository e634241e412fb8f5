"""The templates of moderation with the variables that they document: as they usually are, empty, and hostile."""

from __future__ import annotations

# ruff: noqa: E501
# fmt: off
from datetime import date, timedelta
from functools import cache
from typing import Any

import msgspec
from markupsafe import Markup

from rostra.policy.coverage import coverage_of
from rostra.policy.diff import diff_bundles
from rostra.policy.facts import FACTS
from rostra.policy.parse import parse_bundle
from rostra.policy.records import Bundle, Problem
from rostra.policy.said import bare, said
from rostra.screening.check_queries import CheckRow
from rostra.screening.cluster_queries import Cluster, ClusterHead, ClusterRefusal, ClusterStatus
from rostra.screening.overview import Overview, RuleLine, VersionView
from rostra.screening.overview_queries import Switch
from rostra.screening.policy_queries import Paused, Version
from rostra.screening.replay import Precision
from rostra.screening.replay_queries import ReplayRow, Sample
from rostra.screening.subject import Mark, Part
from rostra.web.context import Refusal, Withheld
from rostra.web.marked import mark_words, marked_parts
from rostra.web.policy import clause_view
from rostra.web.render import Composer
from tests.screening.policies import MAIN, RULES, bundle_files
from tests.web import samples as s
from tests.web.case import Case
from tests.web.cases_desk import desk_cases
from tests.web.samples import NOW, page

THREAT = "If you open that door again I will kill you, and your brother too"
REASON = "This reads as a threat against a person. Take the marked words out, or say that you quote somebody."
REFUSAL = Refusal(insist="Send it again.", reason=REASON, clause="words", field="text", parts=marked_parts(
    [Part("text", THREAT + s.HOSTILE), Part("poll[options][1]", s.HOSTILE), Part("note", s.HOSTILE), Part("fields[1]", s.HOSTILE), Part("username", "ada")],
    [Mark("text", 28, 43, "kill"), Mark("poll[options][1]", 0, 20, "x"), Mark("note", 2, 30, "x"), Mark("fields[1]", 2, 9, "x"), Mark("username", 0, 3, "x")]))


@cache
def bundle() -> Bundle:
    """A small policy with a host that nothing answers."""
    rules = RULES + """
- id: tried
  clause: words
  description: On trial.
  when: text.normal.contains("okra")
  then: [hold]
  reason: {en: Okra., it: Okra.}
  mode: canary
  share: 0.1
  daily_cap: 5
  expected: [1, 40]
"""
    host = b"id: cloud\ntitle: A host\nreply_within: 24h\nclauses:\n  - {id: violence, title: Violence, text: None.}\n  - {id: words, title: Words}\n"
    main = MAIN.replace("severity: 3", "severity: 3\n    covers: [cloud/words]")
    return parse_bundle({**bundle_files(rules, main), "hosts/cloud.yaml": host}).bundle


def _version(name: str = "5d0c2f1a9b7e", **changes: Any) -> Version:
    made: dict[str, Any] = {"id": 7, "version": name, "note": "Hold what was refused before", "created_at": NOW - timedelta(days=1), "author": "ada", "is_active": False, "is_previous": False}
    return Version(**(made | changes))


def _replay(**changes: Any) -> ReplayRow:
    result = {
        "hit": 120, "freed": 8, "reach": {"hit": 4821, "freed": 92}, "by_clause": {"hit": {"words": 118, "": 2}, "freed": {"words": 8}}, "by_language": {"hit": {"en": 100, "it": 18, "und": 2}, "freed": {"en": 8}},
        "by_action": [["allow", "hold", 118], ["hold", "allow", 8], ["allow", "interaction-off", 2]], "failed_rules": {"wait": 1}, "unknown_facts": ["near.copies", "author.strikes"], "seed": 9, "posts_per_second": 3120.4,
    }
    made: dict[str, Any] = {"id": 5, "version": "5d0c2f1a9b7e", "baseline": "99aa88bb77cc", "days": 30, "author": "ada", "started_at": NOW - timedelta(minutes=3), "finished_at": NOW, "judged": 48_000, "total": 48_000, "result": result, "error": None}
    return ReplayRow(**(made | changes))


def _sample(number: int, **changes: Any) -> Sample:
    made: dict[str, Any] = {"status_id": number, "change": "hit", "rule": "wait", "clause": "words", "before": "allow", "after": "hold", "is_right": None, "text": "A pumpkin", "spoiler_text": "", "created_at": NOW - timedelta(days=2), "username": "tomas", "domain": "relay.example"}
    return Sample(**(made | changes))


def _check(**changes: Any) -> CheckRow:
    error = {"file": "rules/mine.yaml", "line": 12, "what": {"words": "x", "values": []}, "remedy": {"words": "y", "values": []}, "level": "error"}
    check = CheckRow(id=7, version_id=3, version="5d0c2f1a9b7e", wanted="check", file_name=None, file_text=None, note="", author_id=1, author="ada", seen="", ordered_at=NOW, started_at=None, done=0, total=0, finished_at=NOW, outcome="faulty", found_active="", problems=[error])
    return msgspec.structs.replace(check, **changes)


def _policy_cases() -> dict[str, Case]:
    made = bundle()
    other = parse_bundle(bundle_files(RULES.replace("No turnips here.", s.HOSTILE.replace('"', "").replace("'", "").replace(":", "").replace("{", "").replace("}", "").replace("%", "").replace(",", "")).replace("look", "glance"))).bundle
    paused = [Paused(rule="x", reason=reason, until=None, paused_at=NOW) for reason in ("daily_cap", "band", "person")]
    lines = [RuleLine(rule=rule, live=4 + n, shadow=n, rate=41.5 * n or None, is_odd=n == 2, paused=paused[n] if n < 3 else None) for n, rule in enumerate(made.rules)]
    since = Switch(type="policy_rolled_back", created_at=NOW - timedelta(hours=7), details={"why": "It hit recipes." + s.HOSTILE}, author="ada")
    staff, reader = page("/admin/policy"), page("/admin/policy", administrator=False, moderator=True)
    history = [_version(is_active=True), _version("99aa88bb77cc", is_previous=True, note=s.HOSTILE), _version("010203040506", author=None, note="")]
    running = _replay(finished_at=None, result=None, judged=12_000)
    failed = _replay(finished_at=NOW, result=None, error="ValueError")
    problems = [Problem(file="rules/mine.yaml", line=12, what=said("unknown name %(name)s", name="text.threta"), remedy=said("did you mean %(name)s?", name="text.threat"), excerpt="text.threta > 0.9", caret=5), Problem(file="tests/a.yaml", line=3, what=bare(s.HOSTILE), remedy=bare(s.HOSTILE), level="warning")]
    view = VersionView(version=_version(note=s.HOSTILE), files={}, bundle=made)
    active = VersionView(version=_version(is_active=True), files={}, bundle=made)
    version: dict[str, Any] = {"view": view, "files": [("policy.yaml", 900), ("rules/mine.yaml", 1200)], "before": _version("99aa88bb77cc"), "difference": diff_bundles(made, other), "against": "before", "replays": [_replay(), running, failed], "replayed": True, "once": True, "ordered": False, "problems": None, "problem": "", "check": None, "checked": None, "in_force": "99aa88bb77cc"}
    running_check = _check(done=120, total=800, started_at=NOW, finished_at=None, outcome=None)
    samples = [_sample(1), _sample(2, text=s.HOSTILE, spoiler_text=s.HOSTILE, domain=None, clause="gone", is_right=True), _sample(3, is_right=False)]
    replay: dict[str, Any] = {"replay": _replay(), "result": _replay().result, "precisions": {"hit": Precision(18, 20, 0.9, 0.7, 0.97)}, "change": "hit", "labelled": False, "sampled": 100, "open_ones": 80, "samples": samples, "titles": {"words": "Words"}}
    edit: dict[str, Any] = {"version": _version(), "name": "rules/mine.yaml", "text": "- id: x\n  when: text.threat > 0.9 && \"</textarea><script>alert(1)</script>\"\n", "note": "", "beside": Markup("1\n2\n<b>3</b>"), "is_new": False, "problems": None, "errors": {}}
    where = page("/admin/policy/versions/5d0c2f1a9b7e")
    clauses = [clause_view(clause, "en") for clause in made.clauses]
    evil = msgspec.structs.replace(clauses[0], id="evil", title=s.HOSTILE, text=s.HOSTILE, law=s.HOSTILE, ground="law", severity=5)
    return {
        "policy": Case("policy.html", page("/policy", member=False), {"clauses": [*clauses, evil], "version": "5d0c2f1a9b7e", "hold": {"hours": 72, "then": "refuse"}}),
        "policy-empty": Case("policy.html", page("/policy", member=False), {"clauses": [], "version": "5d0c2f1a9b7e", "hold": {"hours": 1, "then": "release"}}),
        "admin/policy": Case("admin/policy.html", staff, {"overview": Overview(bundle=made, kept=True, since=since, judged=1204, rules=lines), "titles": {"words": "Words"}, "history": history, "replays": [_replay(), running, failed]}),
        "admin/policy-shipped": Case("admin/policy.html", reader, {"overview": Overview(bundle=made, kept=False, since=None, judged=0, rules=lines), "titles": {}, "history": [], "replays": []}),
        "admin/policy_coverage": Case("admin/policy_coverage.html", reader, {"hosts": [(host, [row for row in coverage_of(made).rows if row.host == host.id]) for host in made.hosts], "coverage": coverage_of(made)}),
        "admin/policy_coverage-empty": Case("admin/policy_coverage.html", reader, {"hosts": [], "coverage": coverage_of(other)}),
        "admin/policy_facts": Case("admin/policy_facts.html", reader, {"groups": {"text": [(fact, "number") for fact in list(FACTS.values())[:5]]}}),
        "admin/policy_versions": Case("admin/policy_versions.html", staff, {"once": {7}, "versions": history, "older_url": "/admin/policy/versions?before=1"}),
        "admin/policy_versions-empty": Case("admin/policy_versions.html", reader, {"once": set(), "versions": [], "older_url": None}),
        "admin/policy_version-hostile": Case("admin/policy_version.html", where, version),
        "admin/policy_version-active": Case("admin/policy_version.html", where, version | {"view": active, "replays": [], "before": None, "difference": None}),
        "admin/policy_version-refused": Case("admin/policy_version.html", where, version | {"against": "active", "before": None, "replayed": False, "problems": problems, "problem": "It did not pass.", "replays": [running]}),
        "admin/policy_version-activated": Case("admin/policy_version.html", where, version | {"view": active, "difference": None, "before": None, "problems": problems[1:], "check": _check(wanted="activate", outcome="activated")}),
        "admin/policy_version-checked": Case("admin/policy_version.html", where, version | {"checked": _check()}),
        "admin/policy_version-checking": Case("admin/policy_version.html", where, version | {"checked": running_check}),
        "admin/policy_version-lost": Case("admin/policy_version.html", where, version | {"checked": _check(outcome="failed", author=None)}),
        "admin/policy_check": Case("admin/policy_check.html", page("/admin/policy/checks/7"), {"check": running_check}),
        "admin/policy_check-waits": Case("admin/policy_check.html", page("/admin/policy/checks/7"), {"check": _check(wanted="activate", finished_at=None, outcome=None)}),
        "admin/policy_check-file": Case("admin/policy_check.html", page("/admin/policy/checks/7"), {"check": _check(file_name=s.HOSTILE, file_text=b"x", started_at=NOW, finished_at=None, outcome=None)}),
        "admin/policy_version-ordered": Case("admin/policy_version.html", page("/admin/policy/versions/5d0c2f1a9b7e?ordered=1", administrator=False), version | {"ordered": True, "replays": [], "problems": [], "difference": diff_bundles(made, made)}),
        "admin/policy_edit-hostile": Case("admin/policy_edit.html", where, edit | {"problems": problems, "note": s.HOSTILE}),
        "admin/policy_edit-new": Case("admin/policy_edit.html", where, edit | {"name": "", "text": "", "is_new": True}),
        "admin/policy_edit-wrong": Case("admin/policy_edit.html", where, edit | {"name": s.HOSTILE, "is_new": True, "errors": {"name": "must be a name", "text": s.HOSTILE}}),
        "admin/policy_edit-warned": Case("admin/policy_edit.html", where, edit | {"problems": problems[1:]}),
        "admin/policy_edit-right": Case("admin/policy_edit.html", where, edit | {"problems": []}),
        "admin/policy_roll_back": Case("admin/policy_roll_back.html", where, {"version": _version(), "difference": diff_bundles(other, made)}),
        "admin/policy_replays": Case("admin/policy_replays.html", reader, {"replays": [_replay(), running, failed]}),
        "admin/policy_replays-empty": Case("admin/policy_replays.html", reader, {"replays": []}),
        "admin/policy_replay-hostile": Case("admin/policy_replay.html", reader, replay),
        "admin/policy_replay-labelled": Case("admin/policy_replay.html", reader, replay | {"labelled": True, "open_ones": 3}),
        "admin/policy_replay-done": Case("admin/policy_replay.html", reader, replay | {"samples": [], "open_ones": 0, "precisions": {}}),
        "admin/policy_replay-nothing": Case("admin/policy_replay.html", reader, replay | {"samples": [], "open_ones": 0, "sampled": 0, "change": "freed"}),
        "admin/policy_replay-running": Case("admin/policy_replay.html", reader, replay | {"replay": running, "result": {}}),
        "admin/policy_replay-failed": Case("admin/policy_replay.html", reader, replay | {"replay": failed, "result": {}}),
    }


def _event_cases() -> dict[str, Case]:
    def cluster(**changes: Any) -> Cluster:
        made: dict[str, Any] = {"id": 4, "place": "piazza maggiore", "day": date(2026, 5, 9), "first_at": NOW - timedelta(days=2), "last_at": NOW, "statuses": 41, "authors": 17, "reach": 20_412, "latest": 30, "earlier": 8, "weapons": ["knife", "gun"], "targets": ["town hall"], "imperatives": 6, "risk": 0.93, "refused": 3, "refused_authors": 2}
        return Cluster(**(made | changes))

    far = cluster(id=5, refused=0, refused_authors=0, place="", day=date(2026, 7, 1), weapons=[], targets=[s.HOSTILE], imperatives=1, latest=1, earlier=3, authors=1, statuses=1, reach=1)
    nameless = cluster(id=6, place=s.HOSTILE, day=None)
    head = ClusterHead(id=4, place="piazza maggiore", day=date(2026, 5, 4), first_at=NOW - timedelta(days=2), last_at=NOW)
    posts = [ClusterStatus(status_id=n, at=NOW, reach=n, weapons=["knife"] if n % 2 else [], imperative=n % 3 == 0, risk=0.4, text=s.HOSTILE if n else None, is_withheld=n == 2, username="tomas", domain="relay.example" if n else None) for n in range(4)]
    refusals = [ClusterRefusal(username=s.HOSTILE, drafts=n, weapons=["knife"] * (n % 2), imperative=n > 1, risk=0.8, first_at=NOW, last_at=NOW) for n in (1, 2)]
    at = page("/admin/policy/clusters", administrator=False, moderator=True)
    return {
        "admin/clusters": Case("admin/clusters.html", at, {"clusters": [(cluster(), 5), (far, 58), (nameless, None), (cluster(id=7, day=date(2026, 5, 4)), 0)]}),
        "admin/clusters-empty": Case("admin/clusters.html", at, {"clusters": []}),
        "admin/cluster-hostile": Case("admin/cluster.html", at, {"cluster": head, "days": 0, "refusals": refusals, "statuses": posts, "older_url": "/admin/policy/clusters/4?before=1"}),
        "admin/cluster-empty": Case("admin/cluster.html", at, {"cluster": head, "days": -1, "refusals": [], "statuses": [], "older_url": None}),
    }


def _author_cases() -> dict[str, Case]:
    notices = [{"id": "1", "title": "Waiting for review"}, {"id": "2", "title": s.HOSTILE}]
    held = {**s.FIRST, "moderation": {"withheld": "review", "notices": notices}, "filtered": [{"filter": {**s.FILTER, "id": "1", "context": ["home", "thread"]}}]}
    refused = {**s.LINKED, "moderation": {"withheld": "refused", "notices": notices[:1]}}
    labelled = {**s.REPLY, "moderation": {"notices": [{"id": "9", "title": "Graphic"}]}, "filtered": []}
    why = Withheld(state="review", reason=REASON, clause="words", clause_title="Threats", until="2026-05-07T08:00:00.000Z", text=mark_words(THREAT, [(28, 43)]), warning=mark_words(s.HOSTILE, [(0, 8)]))
    thread: dict[str, Any] = {"origin": None, "ancestors": [], "descendants": [labelled], "composer": Composer(in_reply_to=s.FIRST), "live": None}
    profile = {"display_name": "Ada", "note": "x", "fields": [], "avatar_description": "", "header_description": ""}
    return {
        "thread-held-hostile": Case("thread.html", page("/@ada/1"), thread | {"status": held, "withheld": why}),
        "thread-held-release": Case("thread.html", page("/@ada/1"), thread | {"status": held, "withheld": msgspec.structs.replace(why, then="release", warning=None)}),
        "thread-refused": Case("thread.html", page("/@ada/1"), thread | {"status": refused, "withheld": Withheld(state="refused", reason=REASON)}),
        "home-moderated": Case("home.html", page("/home"), {"composer": Composer(idempotency_key="k"), "statuses": [held, refused, labelled], "older_url": None, "newest_url": None, "live": None}),
        "compose-refused-hostile": Case("compose.html", page("/compose"), {"composer": Composer(text=THREAT + s.HOSTILE, errors={"text": REASON}, refusal=REFUSAL, poll={"options": ["a", s.HOSTILE], "multiple": False, "expires_in": None})}),
        "compose-refused-bare": Case("compose.html", page("/compose"), {"composer": Composer(text="x", errors={"text": REASON}, refusal=Refusal(reason=REASON, clause="", field="text"))}),
        "settings/profile-refused-hostile": Case("settings/profile.html", page("/settings/profile"), {"refusal": REFUSAL, "account": s.VIEWER, "values": profile, "errors": {"note": REASON}}),
        "profile-labelled-hostile": Case("profile.html", page("/@giulia"), {"account": {**s.GIULIA, "moderation": {"labels": [{"id": "x", "title": {"en": s.HOSTILE}}, {"id": "y", "title": {"it": "Strano"}}]}}, "relationship": None, "tab": "posts", "pinned": [], "statuses": [labelled], "older_url": None, "newest_url": None, "live": None, "hidden": None}),
    }


def moderation_cases() -> dict[str, Case]:
    """Name to case."""
    return {**desk_cases(), **_policy_cases(), **_event_cases(), **_author_cases()}
