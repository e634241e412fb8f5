"""Notices of hosts as programs see them (`/api/rostra/v1/notices…`): by their senders, and by the desk."""

from __future__ import annotations

import msgspec

from rostra.entities.account import Timestamp


class NoticeReceipt(msgspec.Struct, frozen=True, kw_only=True):
    """What a sender is told: where the notice stands and by when it will be answered."""

    id: str
    state: str
    received_at: Timestamp
    due_at: Timestamp


class NoticeOutcome(msgspec.Struct, frozen=True, kw_only=True):
    """What became of one example; `actions` hold now."""

    position: int
    url: str
    match: str
    outcome: str | None
    clause: str
    actions: list[str]
    decided_at: Timestamp | None
    copies: int


class NoticeStatus(NoticeReceipt, frozen=True, kw_only=True):
    """The receipt with what became of each example so far."""

    items: list[NoticeOutcome]


class NoticeCopies(msgspec.Struct, frozen=True, kw_only=True):
    """The near-copies of an item in figures; `seen` is sent back with the act over them."""

    total: int
    decided: int
    seen: str


class NoticeItem(NoticeOutcome, frozen=True, kw_only=True):
    """An example as the desk sees it."""

    id: str
    quote: str
    named_clause: str
    subject_kind: str | None
    subject_id: str | None
    revision: int | None
    case_id: str | None
    reach: int
    near: NoticeCopies | None
    remark: str


class NoticeLine(msgspec.Struct, frozen=True, kw_only=True):
    """A notice in a list."""

    id: str
    provider: str | None
    channel: str
    state: str
    fault: str
    regime: str
    received_at: Timestamp
    due_at: Timestamp
    breached_at: Timestamp | None
    items: int
    settled: int


class NoticeList(msgspec.Struct, frozen=True, kw_only=True):
    """A page of notices; `next` goes on from its end, null at the last one."""

    notices: list[NoticeLine]
    next: str | None


class NoticeAnswer(msgspec.Struct, frozen=True, kw_only=True):
    """The newest draft of the answer, or what was sent."""

    id: str
    text: str
    approved_at: Timestamp | None
    sent_at: Timestamp | None


class NoticeView(NoticeLine, frozen=True, kw_only=True):
    """One notice as the desk sees it; `shown` are up to fifty of its items."""

    sender: str
    subject: str
    text: str
    proof: str
    shown: list[NoticeItem]
    answer: NoticeAnswer | None
