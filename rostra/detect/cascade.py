"""The text detectors in one pass: normaliser, phrases, model."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from rostra.detect.normalise import normalise
from rostra.detect.reading import Reading


class Cascade:
    """Reads texts."""

    version = "normaliser"

    @classmethod
    def load(cls) -> Cascade:
        """The detectors of the package."""
        return cls()

    def read(
        self, texts: Sequence[str], *, written_on: date | None, languages: Sequence[str | None] | None = None
    ) -> list[Reading]:
        """What is found in each text."""
        normal = [normalise(text) for text in texts]
        return [Reading(normal=each.text, evasion=each.evasion) for each in normal]
