"""What a policy bundle is made of: clauses, rules, labels, host profiles, lists and tests, as immutable records.

Every record knows the file and line that it was written on. What may be written and how is `parse`; whether it makes
sense is `check`.
"""

from __future__ import annotations

from datetime import date, timedelta
from typing import Final, Literal

import msgspec

from rostra.policy.said import Said

# What a rule may ask for, weakest first. `case` is not among them: it can go with any.
Action = Literal["allow", "label", "limit", "interaction-off", "hold", "reject"]
ACTIONS: Final[tuple[Action, ...]] = ("allow", "label", "limit", "interaction-off", "hold", "reject")
STRENGTH: Final[dict[Action, int]] = {action: place for place, action in enumerate(ACTIONS)}

Mode = Literal["draft", "shadow", "canary", "live", "retired"]
MODES: Final[tuple[Mode, ...]] = ("draft", "shadow", "canary", "live", "retired")

StepAction = Literal["warn", "limit", "freeze", "suspend"]
STEP_ACTIONS: Final[tuple[StepAction, ...]] = ("warn", "limit", "freeze", "suspend")

Ground = Literal["terms", "law"]
GROUNDS: Final[tuple[Ground, ...]] = ("terms", "law")

# Words for people, by language tag: {"en": …, "it": …}.
Texts = dict[str, str]


class At(msgspec.Struct, frozen=True):
    """Where something is written: file within the bundle, line from 1, and the line of each of its keys."""

    file: str
    line: int
    keys: dict[str, int] = {}

    def key(self, name: str) -> int:
        """The line of a key, or the record's own where the key is not written."""
        return self.keys.get(name, self.line)


class Problem(msgspec.Struct, frozen=True, kw_only=True):
    """One thing that is wrong with a bundle, where, and what to do about it. A `warning` does not stop activation."""

    file: str
    line: int
    what: Said
    remedy: Said
    level: Literal["error", "warning"] = "error"
    # A piece of the condition, and which of its characters is meant.
    excerpt: str = ""
    caret: int = 0

    def __str__(self) -> str:
        """The problem as a compiler would print it, over two or four lines."""
        shown = f"    {self.excerpt}\n    {' ' * self.caret}^\n" if self.excerpt else ""
        return f"{self.file}:{self.line}: {self.level}: {self.what}\n{shown}    {self.remedy}"


class Do(msgspec.Struct, frozen=True):
    """What becomes of a hit: the strongest action, the labels, and whether a case is opened."""

    actions: tuple[Action, ...] = ()
    labels: tuple[str, ...] = ()
    case: bool = False

    @property
    def strongest(self) -> Action:
        return ACTIONS[max((STRENGTH[action] for action in self.actions), default=0)]


class Label(msgspec.Struct, frozen=True, kw_only=True):
    id: str
    title: Texts
    # Whether media and text are covered until somebody asks for them.
    sensitive: bool = False
    at: At


class Dsa(msgspec.Struct, frozen=True):
    """The clause's place in the European Union's transparency database."""

    category: str
    keywords: tuple[str, ...] = ()


class Strikes(msgspec.Struct, frozen=True):
    points: int
    expires: timedelta


class Hold(msgspec.Struct, frozen=True):
    """What becomes of a held post that nobody has looked at: when, and whether it is published or refused."""

    expires: timedelta = timedelta(hours=72)
    then: Literal["refuse", "release"] = "refuse"


class Clause(msgspec.Struct, frozen=True, kw_only=True):
    """A part of the policy as people read it. `action` is what its rules do where they say nothing else."""

    id: str
    title: Texts
    text: Texts
    severity: int
    ground: Ground = "terms"
    law: str = ""
    dsa: Dsa | None = None
    # Clauses of hosts that this one answers: "host/clause".
    covers: tuple[str, ...] = ()
    action: Do = Do()
    # What the author reads where a rule of this clause has no reason of its own.
    reason: Texts = {}
    # None: as the bundle says.
    hold: Hold | None = None
    strikes: Strikes | None = None
    # Why no rule looks for it: what people do instead. Empty where rules must look for it.
    by_people: str = ""
    # Whether a refusal stands: its author cannot send the same again for a person to look at.
    final: bool = False
    retired: bool = False
    at: At


class Rule(msgspec.Struct, frozen=True, kw_only=True):
    """A condition over Facts and what follows. An `allow` rule needs no clause: it lifts hits of those in `lifts`."""

    id: str
    clause: str = ""
    description: str
    when: str
    # Where the condition stands on several lines: how many characters, spaces left out, are on each from `when` on.
    when_spread: tuple[int, ...] = ()
    then: Do | None = None
    reason: Texts = {}
    # None: as the clause says.
    hold: Hold | None = None
    mode: Mode
    # Share of traffic that a canary decides over, 0–1.
    share: float | None = None
    # Hits in a day after which the rule goes on as a shadow.
    daily_cap: int | None = None
    # Band of hits per 10,000 judged: outside of it, alarm and rollback.
    expected: tuple[float, float] | None = None
    # The last day on which the rule counts.
    expires: date | None = None
    lifts: tuple[str, ...] = ()

    def follows(self, clause: Clause | None) -> Do:
        """What becomes of its hits: what it says itself, or else its clause."""
        return self.then or (clause.action if clause is not None else Do())

    at: At


class Expect(msgspec.Struct, frozen=True, kw_only=True):
    """What a test asks for. Empty fields ask for nothing."""

    action: Action
    # Whether a stronger action does as well: `at_least: hold` is content with a refusal.
    or_stronger: bool = False
    clause: str = ""
    rule: str = ""
    labels: tuple[str, ...] = ()
    case: bool | None = None
    # What becomes of it where it is held and nobody looks at it.
    unseen: Literal["", "refuse", "release"] = ""
    # Rules that must hit, also as shadows and drafts.
    hits: tuple[str, ...] = ()
    # Rules that must not.
    misses: tuple[str, ...] = ()


class Fixture(msgspec.Struct, frozen=True, kw_only=True):
    """A text with the verdict that it must get. `facts` are set beside what the text gives: author.age_hours, 2.0."""

    text: str
    language: str = ""
    facts: dict[str, bool | int | float | str | tuple[str, ...]] = {}
    expect: Expect
    # Why this is known not to work yet: counted, shown, and no obstacle to activation, open or closed.
    known_gap: str = ""
    at: At


class HostClause(msgspec.Struct, frozen=True, kw_only=True):
    id: str
    title: str
    text: str = ""
    # What answers it where no clause of the policy does.
    met_by: str = ""
    at: At


class HostProfile(msgspec.Struct, frozen=True, kw_only=True):
    """A host's acceptable-use policy."""

    id: str
    title: str
    reply_within: timedelta
    url: str = ""
    clauses: tuple[HostClause, ...]
    at: At


class WordList(msgspec.Struct, frozen=True, kw_only=True):
    """The operator's own words or domains; its id is what `text.lists` or `links.lists` names."""

    id: str
    kind: Literal["words", "domains"]
    title: str = ""
    # Empty: texts in every language.
    language: str = ""
    entries: tuple[str, ...]
    at: At


class Step(msgspec.Struct, frozen=True, kw_only=True):
    """A step of the ladder: what follows when an account's strike points reach `points`. `lasts` is None for good."""

    points: int
    then: StepAction
    lasts: timedelta | None = None
    at: At


class Bundle(msgspec.Struct, frozen=True, kw_only=True):
    """A whole policy. `version` is a hash of its files, the same wherever they lie."""

    version: str
    name: str
    description: str = ""
    # The first is the one that is shown where a reader's own is missing.
    languages: tuple[str, ...]
    hold: Hold = Hold()
    ladder: tuple[Step, ...] = ()
    labels: tuple[Label, ...] = ()
    clauses: tuple[Clause, ...] = ()
    rules: tuple[Rule, ...] = ()
    hosts: tuple[HostProfile, ...] = ()
    lists: tuple[WordList, ...] = ()
    fixtures: tuple[Fixture, ...] = ()
