"""What was decided, as statements and explanations need it. The desk fills it; nothing here reads a database."""

from __future__ import annotations

import re
from datetime import date, datetime
from typing import Final, Literal

import msgspec

from rostra.dsa import schema

Kind = Literal["label", "sensitive", "interaction-off", "limit", "remove", "warn", "freeze", "suspend"]
ContentKind = Literal["text", "image", "video", "audio"]
Origin = Literal["own", "report", "legal", "trusted", "host", "order"]
Automation = Literal["fully", "partially", "not"]
# Words by language tag: {"en": …, "it": …}.
Texts = dict[str, str]
# A statement as the database takes it.
Body = dict[str, str | list[str]]

PUID: Final = re.compile(r"[a-zA-Z0-9_-]{1,500}\Z")


class Ground(msgspec.Struct, frozen=True, kw_only=True):
    """The clause that was broken, in its words of then. `category` and `keywords` are the database's; may be empty."""

    id: str
    title: Texts
    text: Texts
    ground: Literal["terms", "law"] = "terms"
    law: str = ""
    category: str = ""
    keywords: tuple[str, ...] = ()


class Done(msgspec.Struct, frozen=True, kw_only=True):
    """One action. `ends_at` is None for good; `label` is its title by language, where it is one. On a file of a post:
    its `place` among its `files`, counted from one, what it is (`content`) and its author's `description` of it.
    `unpublished`: of a removal, that nobody but its author had ever seen it."""

    kind: Kind
    on: Literal["status", "account", "media"] = "status"
    ends_at: datetime | None = None
    unpublished: bool = False
    label: Texts = {}
    place: int = 0
    files: int = 0
    content: ContentKind | None = None
    description: str = ""


class Decided(msgspec.Struct, frozen=True, kw_only=True):
    """All that a statement of reasons says. Raises ValueError where the puid is not one or a time has no zone.

    `content_date`: when the post, or the account, was made. `facts`: what was found, as the reviewer or the rule wrote
    it; `names`: usernames and display names of those concerned, to be taken out of it. `reason`: what the author reads
    beside the clause's own words, by language. `also_illegal`: of what breaks the terms, where somebody said so.
    """

    puid: str
    decided_at: datetime
    subject_kind: Literal["status", "account"]
    content_date: date
    clause: Ground
    actions: tuple[Done, ...]
    content_kinds: tuple[ContentKind, ...] = ()
    language: str | None = None
    facts: str = ""
    names: tuple[str, ...] = ()
    reason: Texts = {}
    origin: Origin = "own"
    automated_detection: bool = False
    automated_decision: Automation = "not"
    territory: tuple[str, ...] = schema.COUNTRIES
    account_type: Literal["private", "business"] | None = None
    also_illegal: bool | None = None

    def __post_init__(self) -> None:
        if not PUID.match(self.puid):
            raise ValueError("a puid has 1 to 500 letters, digits, hyphens and underscores")
        times = (self.decided_at, *(action.ends_at for action in self.actions))
        if any(time is not None and time.utcoffset() is None for time in times):
            raise ValueError("times must have a zone")

    @property
    def restricts(self) -> bool:
        """Whether anything was taken from the person: a warning alone is no restriction."""
        return any(action.kind != "warn" for action in self.actions)


def puid_of(domain: str, decision_id: int) -> str:
    """The statement's name for ever, from the decision's id: the same however often it is made."""
    return f"{re.sub(r'[^a-z0-9]+', '-', domain.lower()).strip('-')[:100]}-{decision_id}".lstrip("-")
