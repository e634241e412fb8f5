"""Banks of hashes of known pictures."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from rostra.policy.facts import ImageFacts
from rostra.screening.subject import Picture


class Banks:
    """The banks in a folder."""

    def __init__(self, folder: Path | None) -> None:
        self._folder = folder

    async def look(self) -> None:
        """Take up what has changed."""

    def facts(self, pictures: Sequence[Picture]) -> ImageFacts:
        """What the banks know of pictures."""
        return ImageFacts(count=len(pictures))
