"""The text detectors in one pass: normaliser, phrases, heads, the encoder where it is installed, fusion.

What fails inside one detector is raised under that detector's name: what then becomes of the text is for others to say.
"""

from __future__ import annotations

from collections.abc import Generator, Sequence
from contextlib import contextmanager
from datetime import date
from typing import Final, NamedTuple

from rostra.detect.fusion import Fusion, chances, load_fusion
from rostra.detect.hashing import Numbers, read_bags
from rostra.detect.heads import Heads, load_heads
from rostra.detect.normalise import Normal, normalise
from rostra.detect.phrases import find_phrases
from rostra.detect.reading import Match, Mentioned, Reading

# Texts are read so many at a time: enough for whole arrays to pay, few enough to stay in the processor's cache.
_AT_ONCE: Final = 128


class DetectorFailed(Exception):
    """One detector broke on a text; `detector` says which, the cause is chained."""

    def __init__(self, detector: str) -> None:
        super().__init__(f"the detector {detector!r} failed")
        self.detector = detector


@contextmanager
def named(detector: str) -> Generator[None]:
    """Puts a detector's name on whatever breaks inside."""
    try:
        yield
    except Exception as error:
        raise DetectorFailed(detector) from error


class Parts(NamedTuple):
    """What the parts that look at one text each gave for some texts."""

    normals: list[Normal]
    languages: list[str]
    matches: list[tuple[Match, ...]]


class Cascade:
    """The detectors of the package, loaded once; reading is a pure function of the text, the day and the language."""

    def __init__(self, heads: Heads, fusion: Fusion) -> None:
        self._heads = heads
        self._fusion = fusion
        self.versions = {"ngrams": heads.version, "fusion": fusion.version}
        self.version = f"{heads.version}+{fusion.version}"

    @classmethod
    def load(cls) -> Cascade:
        """The detectors of the package; ValueError for a model that belongs to other code."""
        return cls(load_heads(), load_fusion())

    def read(
        self,
        texts: Sequence[str],
        *,
        written_on: date | None,  # noqa: ARG002 - what a text names has no year without it
        languages: Sequence[str | None] | None = None,
    ) -> list[Reading]:
        """What is found in each text, in order; DetectorFailed where one of the detectors breaks.

        `languages` are those that authors declare, primary tags. What is said of one text never depends on another.
        """
        declared = languages if languages is not None else [None] * len(texts)
        readings: list[Reading] = []
        for first in range(0, len(texts), _AT_ONCE):
            some = texts[first : first + _AT_ONCE]
            readings += self._read(some, declared[first : first + _AT_ONCE])
        return readings

    def _read(self, texts: Sequence[str], declared: Sequence[str | None]) -> list[Reading]:
        parts = find_parts(texts, declared)
        with named("ngrams"):
            logits = self.logits([normal.text for normal in parts.normals])
        with named("fusion"):
            evasions = [normal.evasion for normal in parts.normals]
            scores = chances(self._fusion.logits(logits, parts.matches, evasions, parts.languages))
        return [
            Reading(
                language=language,
                normal=normal.text,
                evasion=normal.evasion,
                scores=score,
                matches=matches,
                mentioned=Mentioned(),
                versions=self.versions,
            )
            for normal, language, matches, score in zip(*parts, scores, strict=True)
        ]

    def views(self, texts: Sequence[str], parts: Parts) -> dict[str, Numbers]:
        """Log-odds, (texts, categories), as each way of reading has them: without phrases, and the whole base."""
        heads = self.logits([normal.text for normal in parts.normals])
        evasions = [normal.evasion for normal in parts.normals]
        return {
            "heads": self._fusion.logits(heads, [()] * len(texts), evasions, parts.languages),
            "base": self._fusion.logits(heads, parts.matches, evasions, parts.languages),
        }

    def logits(self, normals: Sequence[str]) -> Numbers:
        """Log-odds of the heads for normalised texts, (texts, categories)."""
        return self._heads.logits(read_bags(normals))


def find_parts(texts: Sequence[str], declared: Sequence[str | None]) -> Parts:
    """The detectors that look at one text at a time."""
    with named("normalise"):
        normals = [normalise(text) for text in texts]
    with named("language"):
        found = [language or "" for language in declared]
    with named("phrases"):
        matches = [
            find_phrases(text, normal, language) for text, normal, language in zip(texts, normals, found, strict=True)
        ]
    return Parts(normals, found, matches)
