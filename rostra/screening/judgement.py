"""What screening says of one subject: the verdict, what it means for the post, and what it was based on."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any, Final, Literal

import msgspec

from rostra.detect.signatures import EMPTY, Signature
from rostra.kit.errors import FieldProblem, Refused
from rostra.levers.enforce import Pace
from rostra.policy.decide import Verdict
from rostra.policy.facts import EventFacts
from rostra.policy.records import STRENGTH, Hold
from rostra.screening.author_queries import AuthorRow
from rostra.screening.subject import Mark, Part, Subject

Withheld = Literal["review", "refused"]
# Said where no rule has words of its own: a detector failed, or a condition did.
HELD: Final = {
    "en": "This could not be checked by itself and waits for a person to look at it.",
    "it": "Non è stato possibile controllarlo in automatico: aspetta che lo guardi una persona.",
}
FAILED: Final = "a-detector-failed"
# A profile is one whole that others see all the time: there is no version of it that could wait. What rules say of
# what they hold is that somebody will look at it, which would not be true here.
CANNOT_WAIT: Final = {
    "en": "A profile cannot wait for a person to look at it: please say it otherwise.",
    "it": "Un profilo non può aspettare che qualcuno lo guardi: prova a dirlo in un altro modo.",
}
NO_NAME: Final = {
    "en": "Please choose another name. If it is really yours, write to the people who run this server.",
    "it": "Scegli un altro nome. Se è davvero il tuo, scrivi a chi gestisce il server.",
}
_MAY_BREAK: Final = {
    "en": "This may break a rule of this server, “{title}”.",
    "it": "Questo può andare contro una regola del server, «{title}».",
}
NOT_CHECKED: Final = {
    "en": "This could not be checked just now: please try again later.",
    "it": "Al momento non è stato possibile controllarlo: riprova più tardi.",
}
INSIST: Final = {
    "en": "If this is a mistake, send it again as it is: a person will then look at it.",
    "it": "Se è un errore, invialo di nuovo così com'è: lo guarderà una persona.",
}
_MOST_MARKS: Final = 20
_NUMBER: Final = re.compile(r"\[\d+\]\Z")


_NEVER_HELD: Final = ("profile", "name", "card")
_HELD_KINDS: Final = ("post", "edit")
_MOST_WAITING: Final = 3


def hold_the_unread(verdict: Verdict, failed: Sequence[str]) -> Verdict:
    """The verdict; a hold where a detector crashed and the policy would let it through."""
    if failed and STRENGTH[verdict.action] < STRENGTH["hold"]:
        return msgspec.structs.replace(verdict, action="hold", rule=FAILED, clause="", reasons=HELD)
    return verdict


class LabelTerms(msgspec.Struct, frozen=True):
    """A label as the policy has it."""

    id: str
    title: dict[str, str]
    covers: bool
    # Which rule puts it on.
    rule: str = ""


class Judgement(msgspec.Struct, frozen=True, kw_only=True):
    """A verdict with all that recording it needs. `facts` are what is kept of the facts: figures, never texts."""

    subject: Subject
    verdict: Verdict
    severity: int = 0
    # Of its clause, by language.
    title: Mapping[str, str] = {}
    # Whether the clause says that a refusal stands.
    final: bool = False
    detectors: str = ""
    signature: Signature = EMPTY
    marks: tuple[Mark, ...] = ()
    labels: tuple[LabelTerms, ...] = ()
    facts: dict[str, Any] = {}
    # A hash of what was said.
    sample: int = 0
    # Posts of the author that wait for review already.
    waiting: int = 0
    event: EventFacts = EventFacts()
    # The higher of the probabilities of a threat and of incitement.
    risk: float = 0.0
    # None where nobody has an account yet, or nobody wrote it.
    author: AuthorRow | None = None
    # What becomes of it where it is held and nobody looks.
    hold: Hold = Hold()
    # The crisis lever that changed the verdict, and of the slow mode: how long the author has to wait.
    lever_id: int | None = None
    pace: Pace | None = None

    @property
    def sensitized(self) -> bool:
        """Whether all media of the author are marked sensitive."""
        return self.author is not None and self.author.sensitized

    @property
    def locale(self) -> str:
        """The author's language, for what they are told."""
        return self.author.locale if self.author is not None else self.subject.locale

    @property
    def withheld(self) -> Withheld | None:
        return "review" if self.verdict.action == "hold" else None

    @property
    def restricts(self) -> bool:
        """Whether what is published is less than what was sent: labelled, limited or closed."""
        return bool(self.labels or self.verdict.limited or self.verdict.interaction_off)

    @property
    def reason(self) -> dict[str, str]:
        """What the author is told, by language."""
        reasons = dict(self.verdict.reasons) or HELD
        if self.verdict.action == "hold" and self.subject.kind in _NEVER_HELD:
            if not self.verdict.clause:
                return NOT_CHECKED
            ends = NO_NAME if self.subject.kind == "name" else CANNOT_WAIT
            return {language: f"{self._suspicion(language)} {end}" for language, end in ends.items()}
        return reasons

    def _suspicion(self, language: str) -> str:
        return _MAY_BREAK[language].format(title=say(self.title, language) or self.verdict.clause)

    @property
    def rejected(self) -> bool:
        """Whether nothing is to be published. What cannot wait is not held but turned away."""
        return self.verdict.action == "reject" or (self.verdict.action == "hold" and self.subject.kind in _NEVER_HELD)

    @property
    def may_insist(self) -> bool:
        """Whether the author can have a person look at what was rejected: not where the clause says that a refusal
        stands, and a few at a time."""
        return self.subject.kind in _HELD_KINDS and not self.final and self.waiting < _MOST_WAITING

    def check(self) -> None:
        """Raises Rejected where nothing is to be published."""
        if self.rejected:
            raise Rejected(self)


class Rejected(Refused):
    """The policy does not let this be published. The text says why, in the author's language, and names the words.

    `field` is where the first of `marks` is, for a form.
    """

    def __init__(self, judgement: Judgement) -> None:
        self.marks: Sequence[Mark] = judgement.marks[:_MOST_MARKS]
        # What the marks lie in, as it was judged.
        self.parts: Sequence[Part] = judgement.subject.parts
        self.clause = judgement.verdict.clause
        # The field as forms name it: the second of a poll's choices is in poll[options].
        self.field = _NUMBER.sub("", self.marks[0].field) if self.marks else "text"
        self.reason = say(judgement.reason, judgement.locale)
        named = dict.fromkeys(words for mark in self.marks[:3] if (words := _words(judgement.subject, mark)))
        quoted = ", ".join(f"“{words}”" for words in named)
        text = f"{self.reason} ({quoted})" if quoted else self.reason
        # How to have a person look at it; empty where nobody would.
        self.insist = say(INSIST, judgement.locale) if judgement.may_insist else ""
        if self.insist:
            text = f"{text} {self.insist}"
        # For a form, in the shape in which other refused fields come.
        self.details = {self.field: [FieldProblem("ERR_REJECTED", text)]}
        super().__init__(text)


def say(texts: Mapping[str, str], locale: str) -> str:
    """The text in that language, in English, or in the first that there is."""
    return texts.get(locale) or texts.get("en") or next(iter(texts.values()), "")


def _words(subject: Subject, mark: Mark) -> str:
    text = next((part.text for part in subject.parts if part.field == mark.field), "")
    return text[mark.start : mark.end].strip()[:60]
