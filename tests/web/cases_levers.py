"""The templates of crisis levers with the variables that they document: as they usually are, empty, and hostile."""

from __future__ import annotations

# ruff: noqa: E501
# fmt: off
from datetime import timedelta
from typing import Any

from rostra.levers.forecast import Brake, Forecast
from rostra.levers.kinds import NAMES, default_params, fields_of
from rostra.levers.overview import LeverView
from rostra.levers.preview_queries import Touched
from rostra.levers.records import Incident, Pull
from rostra.levers.triggers import Trigger
from rostra.levers.words import choice_title, condition_titles, does, field_title, settings_in_words, title
from rostra.web.levers import Card, PullLine
from tests.web import samples as s
from tests.web.case import Case
from tests.web.samples import NOW, page


def _pull(**changes: Any) -> Pull:
    made: dict[str, Any] = {"id": 7, "name": "slow-mode", "incident_id": 3, "params": default_params("slow-mode"), "how": "person", "pulled_at": NOW - timedelta(hours=3), "reason": "A flood of new accounts", "reading": None, "until": NOW + timedelta(hours=5), "released_at": None, "released_how": None, "held": 1204, "refused": 3, "pulled_by": "ada"}
    return Pull(**(made | changes))


def _line(**changes: Any) -> PullLine:
    pull = _pull(**changes)
    return PullLine(pull=pull, title=title(pull.name, "en"), settings=settings_in_words(pull.params, "en"), condition="over 500 open cases" if pull.how != "person" else "")


def _card(name: str, line: PullLine | None = None, **changes: Any) -> Card:
    made: dict[str, Any] = {"name": name, "params": default_params(name), "lasts": timedelta(hours=24), "trigger": None, "is_set": True, "armed_at": None, "armed_by": None, "pulled": line.pull if line else None}
    view = LeverView(**(made | changes))
    return Card(view=view, title=title(name, "en"), does=does(name, "en"), settings=settings_in_words(view.params, "en"), condition="over 500 open cases" if view.trigger else "", reading="1,204" if view.trigger else "", line=line)


def _incident(**changes: Any) -> Incident:
    made: dict[str, Any] = {"id": 3, "title": "The flood", "level": "serious", "started_at": NOW - timedelta(days=2), "ended_at": None, "debrief": "", "debriefed_at": None, "started_by": "ada"}
    return Incident(**(made | changes))


def lever_cases() -> dict[str, Case]:
    """Name to case."""
    at, looks = page("/admin/crisis"), page("/admin/crisis", administrator=False, moderator=True)
    braked = _line(name="growth-brake", params={}, how="brake", until=None, pulled_by=None, reason="", reading={"kind": "drain-time", "over": 72})
    trigger = Trigger("backlog", 500)
    cards = [_card(name) for name in NAMES if name not in ("slow-mode", "links-off-new")]
    cards += [_card("slow-mode", _line()), _card("links-off-new", trigger=trigger, is_set=False, armed_at=NOW, armed_by="ada")]
    due = _incident(ended_at=NOW, title=s.HOSTILE)
    values = {"on": True, "limit_hours": "72", "least_backlog": 100}
    full: dict[str, Any] = {"cards": cards, "brake": Brake(), "braked": braked, "forecast": Forecast(backlog=26_000, opened=3_000, closed=900), "drain": "It does not end: at least as much comes in as is done.", "alarming": True, "share": 100, "due": [due, _incident(ended_at=NOW, title="")], "watched": True, "values": values, "errors": {}, "may_pull": True}
    quiet = full | {"cards": [_card(name) for name in NAMES], "brake": Brake(on=False), "braked": None, "forecast": Forecast(), "drain": "Nothing waits.", "alarming": False, "share": 0, "due": [], "watched": False, "may_pull": False}
    lines = [_line(reason=s.HOSTILE), _line(how="trigger", pulled_by=None, released_at=NOW, released_how="expired"), _line(pulled_by=None, reason="", released_at=NOW, released_how="person", released_by="ada"), _line(released_at=NOW, released_how="person"), braked, _line(released_at=NOW, released_how="brake")]

    def one(name: str, **changes: Any) -> dict[str, Any]:
        fields = [(field, field_title(field, "en"), [(c, choice_title(field, c, "en")) for c in field.choices]) for field in fields_of(name)]
        made: dict[str, Any] = {"card": _card(name), "touched": Touched(1204, 17), "fields": fields, "lasts": [60, 90, 1440, 4320, 0], "conditions": condition_titles("en"), "of": "", "values": {**default_params(name), "lasts": 1440, "trigger": "", "over": "", "level": "serious"}, "errors": {}, "may_pull": True}
        return made | changes

    wrong = {"seconds": "Choose a number from 5 to 86400.", "over": "This number does not go with the condition.", "lasts": "Choose an end.", "title": s.HOSTILE, "reason": s.HOSTILE}
    return {
        "admin/levers-hostile": Case("admin/levers.html", at, full),
        "admin/levers-empty": Case("admin/levers.html", looks, quiet),
        "admin/levers-wrong": Case("admin/levers.html", at, full | {"errors": {"limit_hours": "Choose a number from 1 to 2160."}, "values": {"limit_hours": s.HOSTILE}}),
        "admin/levers_one": Case("admin/levers_one.html", at, one("hold-new-accounts")),
        "admin/levers_one-wrong": Case("admin/levers_one.html", at, one("slow-mode", of="arm", errors=wrong, values={"seconds": s.HOSTILE, "who": "all", "hours": "1", "lasts": "60", "trigger": "backlog", "over": s.HOSTILE, "level": "watch", "title": s.HOSTILE, "reason": s.HOSTILE})),
        "admin/levers_one-wrong-pull": Case("admin/levers_one.html", at, one("slow-mode", of="pull", errors=wrong)),
        "admin/levers_one-pulled": Case("admin/levers_one.html", at, one("slow-mode", card=_card("slow-mode", _line(reason=s.HOSTILE), armed_at=NOW, armed_by="ada"))),
        "admin/levers_one-boosts": Case("admin/levers_one.html", at, one("labelled-boosts-off", touched=Touched(1, 1))),
        "admin/levers_one-looked-at": Case("admin/levers_one.html", looks, one("sign-ups-approval", may_pull=False)),
        "admin/levers_release": Case("admin/levers_release.html", at, {"line": _line(name="hold-new-accounts", params={})}),
        "admin/levers_release-brake": Case("admin/levers_release.html", at, {"line": braked}),
        "admin/levers_incidents-hostile": Case("admin/levers_incidents.html", at, {"chapters": [(_incident(title=s.HOSTILE, level="critical"), lines), (due, []), (_incident(title="", level="watch", ended_at=NOW, debriefed_at=NOW), lines[:1])], "older_url": "/admin/crisis/incidents?before=3"}),
        "admin/levers_incidents-empty": Case("admin/levers_incidents.html", looks, {"chapters": [], "older_url": None}),
        "admin/levers_incident": Case("admin/levers_incident.html", at, {"incident": _incident(), "lines": lines, "values": {"debrief": ""}, "errors": {}, "may_pull": True}),
        "admin/levers_incident-wrong": Case("admin/levers_incident.html", at, {"incident": due, "lines": lines, "values": {"debrief": s.HOSTILE}, "errors": {"debrief": "ERR_TOO_SHORT"}, "may_pull": True}),
        "admin/levers_incident-waiting": Case("admin/levers_incident.html", looks, {"incident": due, "lines": lines, "values": {"debrief": ""}, "errors": {}, "may_pull": False}),
        "admin/levers_incident-closed-hostile": Case("admin/levers_incident.html", looks, {"incident": _incident(ended_at=NOW, debriefed_at=NOW, debriefed_by="ada", debrief="It was short.\n\n" + s.HOSTILE), "lines": lines, "values": {"debrief": ""}, "errors": {}, "may_pull": False}),
    }
