"""What every format is read into, and the limits that hold for all of them.

Nothing here has been believed yet: names, senders and times are claims of whoever wrote the notice.
"""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from typing import Final, Literal

import msgspec

Format = Literal["xarf4", "xarf3", "arf", "mail", "csv", "text"]

# Why something was left out of a notice, or why nothing of it can be used.
Fault = Literal[
    "archive_not_opened",
    "auto_reply",
    "bad_base64",
    "bad_charset",
    "bad_headers",
    "bad_json",
    "bad_row",
    "delivery_report",
    "encrypted",
    "evidence_too_large",
    "evidence_wrong_hash",
    "missing_field",
    "no_items",
    "other_addresses",
    "too_deep",
    "too_large",
    "too_many_items",
    "too_many_parts",
    "unknown_format",
    "xml_not_read",
]

MAX_BYTES: Final = 48 << 20
MAX_ITEMS: Final = 500
MAX_EVIDENCE: Final = 50
MAX_EVIDENCE_BYTES: Final = 5 << 20
MAX_PARTS: Final = 200
MAX_DEPTH: Final = 8
# Characters of running text that are looked through.
MAX_TEXT: Final = 400_000
MAX_URL: Final = 2048
MAX_QUOTE: Final = 5000
MAX_LINE: Final = 500
SHORTEST_TERM: Final = timedelta(minutes=15)
LONGEST_TERM: Final = timedelta(days=90)

# What PostgreSQL cannot keep, and what would reorder or hide text where somebody looks at it.
_UNSEEN: Final = re.compile(
    r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u061c\u200b\u200e\u200f\u202a-\u202e\u2060\u2066-\u2069\ufeff\ud800-\udfff]"
)
_BLANKS: Final = re.compile(r"\s+")


class Unusable(Exception):
    """Nothing of what was sent can be used, and why."""

    def __init__(self, fault: Fault, detail: str = "") -> None:
        self.problem = Problem(fault, one_line(detail, 200))
        super().__init__(f"{fault}: {detail}" if detail else fault)


class Problem(msgspec.Struct, frozen=True):
    """Something that was left out, and where: `detail` is a name or a number from the notice, never a sentence."""

    fault: Fault
    detail: str = ""


class Evidence(msgspec.Struct, frozen=True, kw_only=True):
    """Something that came with a notice: SHA-256 (hexadecimal) and size in bytes. Type and name are claims."""

    sha256: str
    size: int
    content_type: str = ""
    name: str = ""


class ParsedItem(msgspec.Struct, frozen=True, kw_only=True):
    """One example: where it is, or what it says, or both. `clause` is the sender's name for what it breaks."""

    url: str = ""
    quote: str = ""
    clause: str = ""
    note: str = ""
    evidence: tuple[Evidence, ...] = ()


class ParsedNotice(msgspec.Struct, frozen=True, kw_only=True):
    """A notice as its sender wrote it. `term` or `due_at` is set where the text names a time for the answer."""

    format: Format
    report_id: str = ""
    reporter: str = ""
    domain: str = ""
    sender: str = ""
    subject: str = ""
    text: str = ""
    clauses: tuple[str, ...] = ()
    term: timedelta | None = None
    due_at: datetime | None = None
    items: tuple[ParsedItem, ...] = ()
    evidence: tuple[Evidence, ...] = ()
    problems: tuple[Problem, ...] = ()


def one_line(text: object, most: int = MAX_LINE) -> str:
    """A value as one line that can be kept and shown; empty for anything but text and numbers."""
    if isinstance(text, bool) or not isinstance(text, str | int | float):
        return ""
    return _BLANKS.sub(" ", _UNSEEN.sub("", str(text)[: most * 4])).strip()[:most]


def lines(text: object, most: int = MAX_QUOTE) -> str:
    """Running text that can be kept and shown, its line breaks as they were."""
    if not isinstance(text, str):
        return ""
    return _UNSEEN.sub("", text[: most * 2].replace("\r\n", "\n").replace("\r", "\n")).strip()[:most]


def bounded_term(term: timedelta) -> timedelta:
    """A term that makes sense: what is shorter or longer than anybody asks for becomes the nearest that does."""
    return max(SHORTEST_TERM, min(term, LONGEST_TERM))
