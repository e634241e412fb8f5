"""What a pulled lever does to a post, a boost, a sign-up. Pure; those whose business it is ask here, and say it to the
author in their language.

Levers never make anything easier: what the policy refuses stays refused, and a closed server stays closed.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from math import ceil
from typing import Final, Literal

import msgspec

from rostra.kit.errors import FieldProblem, Invalid, Refused
from rostra.levers.active import Holding, InForce
from rostra.levers.kinds import HoldNewAccounts, LabelledBoostsOff, LeverName, LinksOffNew, SlowMode
from rostra.policy.decide import Verdict
from rostra.policy.facts import AuthorFacts, Facts
from rostra.policy.records import STRENGTH, Texts

Mode = Literal["open", "approval", "invite", "closed"]
LabelledAct = Literal["boost", "favourite", "reply"]
_STRICTNESS: Final[dict[Mode, int]] = {"open": 0, "approval": 1, "invite": 2, "closed": 3}

_LEVER: Final = "lever:"
_TEXTS: Final[dict[str, dict[str, str]]] = {
    "hold": {
        "en": "For the time being, posts of new accounts are looked at by a person before others see them{until}.",
        "it": "Per ora i post dei nuovi account vengono guardati da una persona prima che altri li vedano{until}.",
    },
    "links": {
        "en": "For the time being, new accounts cannot post links{until}. Take the link out to post this now.",
        "it": "Per ora i nuovi account non possono pubblicare link{until}. Togli il link per pubblicarlo adesso.",
    },
    "slow": {
        "en": "For the time being you can post once every {every}. You can post again at {next} UTC.",
        "it": "Per ora puoi pubblicare una volta ogni {every}. Puoi pubblicare di nuovo alle {next} UTC.",
    },
    "boost": {
        "en": "For the time being, posts that bear a label cannot be boosted{until}.",
        "it": "Per ora i post con un’etichetta non possono essere condivisi{until}.",
    },
    "favourite": {
        "en": "For the time being, posts that bear a label cannot be favourited{until}.",
        "it": "Per ora i post con un’etichetta non possono essere aggiunti ai preferiti{until}.",
    },
    "reply": {
        "en": "For the time being, posts that bear a label cannot be answered{until}.",
        "it": "Per ora non si può rispondere ai post con un’etichetta{until}.",
    },
    "until": {"en": " (until {moment} UTC)", "it": " (fino al {moment} UTC)"},
    "seconds": {"en": "{n} seconds", "it": "{n} secondi"},
    "minutes": {"en": "{n} minutes", "it": "{n} minuti"},
}


class Pace(msgspec.Struct, frozen=True):
    """Of the slow mode: how long the author waits between two posts."""

    pull_id: int
    every: timedelta


class Touch(msgspec.Struct, frozen=True, kw_only=True):
    """What levers make of a verdict. `pull_id` is the lever that changed it, `then` what becomes of what it holds and
    nobody sees in time."""

    verdict: Verdict
    pull_id: int | None = None
    then: Literal["release", "refuse"] | None = None
    pace: Pace | None = None

    @property
    def concerns(self) -> bool:
        """Whether any lever has to do with it."""
        return self.pull_id is not None or self.pace is not None


class TooSoon(Invalid):
    """The slow mode: the author can post again at `until` (HTTP 429)."""

    status = 429

    def __init__(self, text: str, until: datetime, at: datetime) -> None:
        super().__init__("text", text)
        self.text = text
        self.until = until
        self.details = {"text": [FieldProblem("ERR_INVALID", text)]}
        self.headers = {"retry-after": str(max(1, ceil((until - at).total_seconds())))}


def rule_of(name: str) -> str:
    """How a verdict names the lever that changed it, in place of a rule."""
    return f"{_LEVER}{name}"


def is_lever(rule: str) -> bool:
    """Whether what a verdict names as its rule is a lever."""
    return rule.startswith(_LEVER)


def touch(in_force: InForce, facts: Facts, verdict: Verdict, at: datetime) -> Touch:
    """What the levers make of the policy's verdict on a post or an edit. Staff, and authors of other servers, are left
    out: these are brakes on what is written here."""
    author, post = facts.author, facts.post
    if not in_force.pulls or author.staff or not author.local or post.kind not in ("post", "edit"):
        return Touch(verdict=verdict)
    pace = _pace(in_force, author, at) if post.kind == "post" else None
    if (links := in_force.find("links-off-new", at)) and facts.links.count and STRENGTH[verdict.action] < _REJECT:
        assert isinstance(links.params, LinksOffNew)
        if author.age_hours < links.params.hours:
            refused = _changed(verdict, "reject", "links-off-new", _texts("links", links.until))
            return Touch(verdict=refused, pull_id=links.pull_id, pace=pace)
    if (hold := in_force.find("hold-new-accounts", at)) and STRENGTH[verdict.action] < _HOLD:
        assert isinstance(hold.params, HoldNewAccounts)
        seen = hold.params.reach == "all" or post.visibility in ("public", "unlisted")
        if seen and author.age_hours < hold.params.hours:
            held = _changed(verdict, "hold", "hold-new-accounts", _texts("hold", hold.until))
            return Touch(verdict=held, pull_id=hold.pull_id, then=hold.params.unseen, pace=pace)
    return Touch(verdict=verdict, pace=pace)


def too_soon(pace: Pace, until: datetime, at: datetime, locale: str) -> TooSoon:
    """The refusal of a post before its time, in the author's language."""
    seconds = int(pace.every.total_seconds())
    unit, n = ("minutes", seconds // 60) if seconds % 60 == 0 and seconds > 60 else ("seconds", seconds)
    every = _say(unit, locale).format(n=n)
    return TooSoon(_say("slow", locale).format(every=every, next=f"{until:%H:%M:%S}"), until, at)


def check_labelled(in_force: InForce, act: LabelledAct, at: datetime, *, locale: str = "en") -> None:
    """Raises LeverRefused where a post that bears a label can at present not be boosted, favourited or answered."""
    found = in_force.find("labelled-boosts-off", at)
    if found is None:
        return
    assert isinstance(found.params, LabelledBoostsOff)
    if act == "boost" or (act == "favourite" and found.params.favourites) or (act == "reply" and found.params.replies):
        raise LeverRefused(_in(_texts(act, found.until), locale), found.pull_id)


class LeverRefused(Refused):
    """A lever stands against it (HTTP 422); `pull_id` is which."""

    def __init__(self, text: str, pull_id: int) -> None:
        self.pull_id = pull_id
        super().__init__(text)


def sign_up_mode(in_force: InForce, mode: Mode, at: datetime) -> tuple[Mode, Holding | None]:
    """Who may sign up: the strictest of what the server is set to and of the levers, and the lever that says so."""
    named: tuple[tuple[LeverName, Mode], ...] = (
        ("growth-brake", "invite"),
        ("sign-ups-invitation", "invite"),
        ("sign-ups-approval", "approval"),
    )
    strictest: Holding | None = None
    for name, wanted in named:
        found = in_force.find(name, at)
        if found is not None and _STRICTNESS[wanted] > _STRICTNESS[mode]:
            mode, strictest = wanted, found
    return mode, strictest


_HOLD: Final = STRENGTH["hold"]
_REJECT: Final = STRENGTH["reject"]


def _pace(in_force: InForce, author: AuthorFacts, at: datetime) -> Pace | None:
    found = in_force.find("slow-mode", at)
    if found is None:
        return None
    assert isinstance(found.params, SlowMode)
    if found.params.who == "new" and author.age_hours >= found.params.hours:
        return None
    return Pace(found.pull_id, timedelta(seconds=found.params.seconds))


def _changed(verdict: Verdict, action: Literal["hold", "reject"], name: LeverName, reasons: Texts) -> Verdict:
    # No clause of the policy says it: nobody has done anything wrong.
    return msgspec.structs.replace(verdict, action=action, rule=rule_of(name), clause="", reasons=reasons)


def _texts(name: str, until: datetime | None) -> dict[str, str]:
    said: dict[str, str] = {}
    for locale, text in _TEXTS[name].items():
        moment = _TEXTS["until"][locale].format(moment=f"{until:%Y-%m-%d %H:%M}") if until else ""
        said[locale] = text.format(until=moment)
    return said


def _say(name: str, locale: str) -> str:
    return _in(_TEXTS[name], locale)


def _in(texts: dict[str, str], locale: str) -> str:
    return texts.get(locale) or texts["en"]
