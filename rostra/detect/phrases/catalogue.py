"""All built-in phrases, in the order in which a reader would look them up. Names are stable: policies speak of them."""

from __future__ import annotations

from typing import Final

from rostra.detect.phrases.phrase import Phrase
from rostra.detect.phrases.tables import read_phrases

TABLES: Final = (
    "threats",
    "incitement",
    "mobilisation",
    "glorification",
    "exposure",
    "harassment",
    "hatred",
    "self_harm",
    "sexual",
    "spam",
)

PHRASES: Final[tuple[Phrase, ...]] = tuple(phrase for table in TABLES for phrase in read_phrases(table))
