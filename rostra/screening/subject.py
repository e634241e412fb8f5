"""What is put before the policy: everything that one act would publish, in parts that know where they were written."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

import msgspec

Kind = Literal["post", "edit", "profile", "name", "card"]


class Part(msgspec.Struct, frozen=True):
    """A text and the field that it was written in: `text`, `spoiler_text`, `poll[options][1]`, `note`, …"""

    field: str
    text: str


class Picture(msgspec.Struct, frozen=True):
    """A picture's PDQ hash (32 bytes) and quality (0–100); None where it has none."""

    pdq: bytes | None = None
    quality: int = 0


class Subject(msgspec.Struct, frozen=True, kw_only=True):
    """One piece of content by one author. `author_id` is None where nobody has an account yet, or nobody wrote it."""

    kind: Kind
    author_id: int | None = None
    # The language of whoever has no account yet.
    locale: str = "en"
    parts: tuple[Part, ...] = ()
    pictures: tuple[Picture, ...] = ()
    language: str | None = None
    visibility: str = ""
    sensitive: bool = False
    is_reply: bool = False
    has_poll: bool = False
    mentioned: tuple[int, ...] = ()
    hashtags: int = 0
    # Of an edit: the status that it changes, whose own signature is no copy.
    status_id: int | None = None
    # What it was written with.
    app_id: int | None = None

    @property
    def text(self) -> str:
        """All parts, one on a line."""
        return "\n".join(part.text for part in self.parts)


class Mark(msgspec.Struct, frozen=True):
    """A place that the detectors know, from `start` to `end` of the field that it was written in."""

    field: str
    start: int
    end: int
    name: str


def parts_of(*texts: tuple[str, str | None]) -> tuple[Part, ...]:
    """Parts from (field, text), empty ones left out."""
    return tuple(Part(field, text) for field, text in texts if text)


def place(parts: Sequence[Part], start: int, end: int, name: str) -> Mark | None:
    """A span of the whole text as a mark in the part that it begins in; it does not go on into the next."""
    begins = 0
    for part in parts:
        ends = begins + len(part.text)
        if start < ends:
            return Mark(part.field, max(0, start - begins), min(end, ends) - begins, name) if end > begins else None
        begins = ends + 1
    return None
