"""What reading a text gives: probabilities, matches with their place in the original, and what the text names.

All detectors of text speak these shapes; offsets are in code points of the text as it was written.
"""

from __future__ import annotations

from typing import Final, Literal

import msgspec

Category = Literal["threat", "incitement", "hate", "harassment", "self_harm", "sexual", "spam"]
CATEGORIES: Final[tuple[Category, ...]] = (
    "threat",
    "incitement",
    "hate",
    "harassment",
    "self_harm",
    "sexual",
    "spam",
)


class Match(msgspec.Struct, frozen=True):
    """One place that a rule or a list knows, from `start` to `end` of the original.

    `name` is dotted and stable (`threat.direct`, `dox.address`, `list.slurs`), `reason` says in English why it matters.
    `suppressed_by` names what takes the edge off it (`quotation`, `report`, `negation`, `game`, `sport`, `technology`,
    `fiction`, `hyperbole`), or is empty.
    """

    name: str
    category: Category
    start: int
    end: int
    reason: str
    # How much such a match means by itself, 0–1.
    weight: float = 1.0
    suppressed_by: str = ""


class Mentioned(msgspec.Struct, frozen=True):
    """What a text names that could belong to an event in the world; texts are case-folded, dates are ISO 8601.

    A date without a year is the next such day after `written_on`, which the caller gives.
    """

    places: tuple[str, ...] = ()
    dates: tuple[str, ...] = ()
    weapons: tuple[str, ...] = ()
    targets: tuple[str, ...] = ()
    imperative: bool = False


class Reading(msgspec.Struct, frozen=True, kw_only=True):
    """All that the built-in detectors find in one text."""

    # BCP 47 primary tag, empty where unknown.
    language: str = ""
    # The text as the detectors see it: folded, de-obfuscated.
    normal: str = ""
    # 0–1: how much had to be undone (zero-width, confusables, leetspeak, spaced-out letters).
    evasion: float = 0.0
    # Calibrated probabilities, one for each category.
    scores: dict[Category, float] = {}
    matches: tuple[Match, ...] = ()
    mentioned: Mentioned = Mentioned()
    # The versions of what made this: {"ngrams": "2026.11-ab12cd34", "phrases": "…"}.
    versions: dict[str, str] = {}
