"""The shapes of notices, their items, and those who send them, as they come out of the database."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final, Literal, get_args

import msgspec

from rostra.notices.formats.records import Evidence, Problem

Regime = Literal["host", "order", "terrorist", "legal", "store", "own"]
REGIMES: Final[tuple[Regime, ...]] = get_args(Regime)
Channel = Literal["api", "mail", "form", "public", "file", "drill"]
Proof = Literal["token", "signature", "person", "none"]
State = Literal[
    "quarantined", "refused", "received", "parsed", "expanding", "acting", "drafting", "approved", "sent", "accepted",
    "follow_up", "contested", "closed",
]  # fmt: skip
Match = Literal["pending", "found", "near", "gone", "not_ours", "unknown"]

# How a notice goes on; the database holds to the same.
NEXT: Final[dict[State, tuple[State, ...]]] = {
    "quarantined": ("received", "refused"),
    "refused": (),
    "received": ("parsed",),
    "parsed": ("expanding",),
    "expanding": ("acting",),
    "acting": ("drafting",),
    "drafting": ("acting", "approved"),
    "approved": ("drafting", "sent"),
    "sent": ("accepted", "follow_up", "contested", "closed"),
    "accepted": ("follow_up", "contested", "closed"),
    "follow_up": ("acting", "drafting", "accepted", "closed"),
    "contested": ("acting", "drafting", "accepted", "closed"),
    "closed": (),
}
ANSWERED: Final = frozenset[State]({"sent", "accepted", "follow_up", "contested", "closed"})

# Where nobody says otherwise: the time for an answer by regime.
TERMS: Final[dict[Regime, timedelta]] = {
    "host": timedelta(hours=24),
    "order": timedelta(hours=24),
    # Regulation (EU) 2021/784, Article 3(3).
    "terrorist": timedelta(hours=1),
    "legal": timedelta(days=7),
    "store": timedelta(hours=24),
    "own": timedelta(hours=24),
}


class Provider(msgspec.Struct, frozen=True, kw_only=True):
    """Who sends notices. `host` names a host profile of the policy; `domains` are those of their mail."""

    id: int
    name: str
    host: str
    contact: str
    domains: list[str]
    regime: Regime
    reply_within: timedelta
    language: str
    has_token: bool
    token_made_at: datetime | None
    created_at: datetime
    retired_at: datetime | None


class Notice(msgspec.Struct, frozen=True, kw_only=True):
    """A notice. `fault` says why it is quarantined or was refused; what its author claims is not to be believed."""

    id: int
    provider_id: int | None
    provider: str | None
    channel: Channel
    format: str
    proof: Proof
    state: State
    fault: str
    regime: Regime
    sender: str
    reporter: str
    subject: str
    text: str
    report_id: str
    clauses: list[str]
    evidence: list[Evidence]
    problems: list[Problem]
    sha256: bytes
    received_at: datetime
    due_at: datetime
    breached_at: datetime | None
    closed_at: datetime | None
    language: str
    contact: str


class Line(msgspec.Struct, frozen=True, kw_only=True):
    """A notice in a list."""

    id: int
    provider: str | None
    channel: Channel
    state: State
    fault: str
    regime: Regime
    sender: str
    subject: str
    received_at: datetime
    due_at: datetime
    breached_at: datetime | None
    items: int
    settled: int


class Decided(msgspec.Struct, frozen=True, kw_only=True):
    """The decision that holds on a subject: what was found, and the kinds of acts that hold because of it."""

    decision_id: int
    event_id: int
    outcome: str
    clause: str
    rule: str
    policy: str
    at: datetime
    actions: list[str]
    snapshot_id: int | None


class Item(msgspec.Struct, frozen=True, kw_only=True):
    """One example of a notice with what was found and, where it was decided, the decision that holds."""

    id: int
    notice_id: int
    position: int
    url: str
    quote: str
    named_clause: str
    clause: str
    note: str
    evidence: list[Evidence]
    match: Match
    subject_kind: Literal["status", "account"] | None
    subject_id: int | None
    account_id: int | None
    case_id: int | None
    copies: int
    authors: int
    reach: int
    bulk_id: int | None
    remark: str
    decided: Decided | None = None
    # Whether what is to be done with its copies waits for a second person.
    bulk_waits: bool = False

    @property
    def is_settled(self) -> bool:
        """Whether nothing is left to decide about it."""
        return self.decided is not None or self.match in ("gone", "not_ours")


class Copy(msgspec.Struct, frozen=True, kw_only=True):
    """A near-copy of an item. `similarity` is 0.5–1, `reach` the author's followers when it was found; `text` is None
    once the status is gone."""

    item_id: int
    status_id: int
    account_id: int
    similarity: float
    reach: int
    case_id: int | None
    revision: int | None
    text: str | None
    username: str | None
    domain: str | None
    created_at: datetime | None
    decision_id: int | None
    outcome: str | None
    actions: list[str]


class Step(msgspec.Struct, frozen=True, kw_only=True):
    state: str
    actor_id: int | None
    pseudonym: str | None
    at: datetime
    note: str


class Drilled(msgspec.Struct, frozen=True, kw_only=True):
    """What a drill measured: the seconds of each step in its order, how many copies there were and how many were found,
    and whether the evidence pack proved itself."""

    seconds: dict[str, float]
    copies: int
    found: int
    verified: bool

    @property
    def whole(self) -> float:
        """From the notice to the proven answer."""
        return sum(self.seconds.values())


class Clock(msgspec.Struct, frozen=True, kw_only=True):
    """A clock of a notice."""

    regime: Regime
    starts_at: datetime
    due_at: datetime
    met_at: datetime | None
    missed_at: datetime | None


class Answer(msgspec.Struct, frozen=True, kw_only=True):
    id: int
    text: str
    drafted_at: datetime
    approved_at: datetime | None
    sent_at: datetime | None
    sent_by: str | None


class Reply(msgspec.Struct, frozen=True, kw_only=True):
    channel: str
    sender: str
    text: str
    at: datetime
