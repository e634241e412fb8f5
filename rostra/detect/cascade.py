"""The text detectors in one pass: normaliser, phrases, heads, the encoder where it is installed, fusion.

What fails inside one detector is raised under that detector's name: what then becomes of the text is for others to say.
"""

from __future__ import annotations

from collections.abc import Generator, Sequence
from contextlib import contextmanager
from datetime import date
from typing import Final, NamedTuple

import numpy as np

from rostra.detect.adjust import Adjustment
from rostra.detect.encoder import WIDTH, Encoder, load_encoder
from rostra.detect.extract import extract
from rostra.detect.fusion import Fusion, chances, load_fusion, weigh_matches
from rostra.detect.hashing import Numbers, read_bags
from rostra.detect.heads import Heads, load_heads
from rostra.detect.language import recognise
from rostra.detect.normalise import Normal, normalise
from rostra.detect.phrases import PHRASES, find_phrases
from rostra.detect.reading import Match, Reading

# Texts are read so many at a time: enough for whole arrays to pay, few enough to stay in the processor's cache.
_AT_ONCE: Final = 128
# Log-odds of any category from which the encoder is asked; a fifth of everyday posts stays below.
WORTH_ENCODING: Final = -4.0
# From so much evasion on the language is recognised by the normalised text.
_HIDDEN: Final = 0.1


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


class Judged(NamedTuple):
    """What the model says of some texts: log-odds (texts, categories), the evidence of phrases, and the encoder's
    vectors (texts, WIDTH), zeros where it was not asked; None where it is not there."""

    logits: Numbers
    evidence: Numbers
    encoded: Numbers | None


class Cascade:
    """The detectors of the package, loaded once; reading is a pure function of the text, the day and the language."""

    def __init__(self, heads: Heads, fusion: Fusion, encoder: Encoder | None = None) -> None:
        self._heads = heads
        self._fusion = fusion
        self._encoder = encoder if fusion.encoder else None
        self.versions = {"ngrams": heads.version, "fusion": fusion.version, "phrases": str(len(PHRASES))}
        if self._encoder is not None:
            self.versions["encoder"] = self._encoder.version
        self.version = "+".join(self.versions.values())

    @classmethod
    def load(cls, *, encoder: bool = True) -> Cascade:
        """The detectors of the package, with the encoder where the extra is installed and wanted.

        ValueError for a model that belongs to other code, OtherEncoder for an encoder that the model does not know.
        """
        return cls(load_heads(), load_fusion(), load_encoder() if encoder else None)

    def read(
        self,
        texts: Sequence[str],
        *,
        written_on: date | None,
        languages: Sequence[str | None] | None = None,
        adjustment: Adjustment | None = None,
    ) -> list[Reading]:
        """What is found in each text, in order; DetectorFailed where one of the detectors breaks.

        `languages` are those that authors declare, primary tags; they count where none is recognised. What is said of
        one text never depends on another. An `adjustment` for another version of the model counts for nothing.
        """
        declared = languages if languages is not None else [None] * len(texts)
        readings: list[Reading] = []
        for first in range(0, len(texts), _AT_ONCE):
            some = texts[first : first + _AT_ONCE]
            readings += self._read(some, declared[first : first + _AT_ONCE], written_on, self.suited(adjustment))
        return readings

    def _read(
        self,
        texts: Sequence[str],
        declared: Sequence[str | None],
        written_on: date | None,
        adjustment: Adjustment | None,
    ) -> list[Reading]:
        parts = find_parts(texts, declared)
        judged = self.judge_all(texts, parts)
        with named("fusion"):
            scores = chances(judged.logits if adjustment is None else adjustment.adjust(*judged))
        with named("mentions"):
            mentioned = [extract(text, normal, written_on) for text, normal in zip(texts, parts.normals, strict=True)]
        return [
            Reading(
                language=language,
                normal=normal.text,
                evasion=normal.evasion,
                scores=score,
                matches=matches,
                mentioned=names,
                versions=self.versions,
            )
            for normal, language, matches, score, names in zip(*parts, scores, mentioned, strict=True)
        ]

    def judge(self, texts: Sequence[str], parts: Parts, *, everything: bool = False) -> Numbers:
        """Log-odds of the categories, (texts, categories).

        The encoder is asked about texts that the base does not find plainly harmless, or with `everything` about all.
        """
        return self.judge_all(texts, parts, everything=everything).logits

    def judge_all(self, texts: Sequence[str], parts: Parts, *, everything: bool = False) -> Judged:
        """The same with what it was judged by, as an adjustment wants it."""
        with named("ngrams"):
            heads = self.heads(parts)
        evasions = [normal.evasion for normal in parts.normals]
        with named("fusion"):
            evidence = weigh_matches(parts.matches, evasions)
            judged = self._fusion.logits(heads, evidence, parts.languages)
        if self._encoder is None:
            return Judged(judged, evidence, None)
        vectors = np.zeros((len(texts), WIDTH), np.float32)
        doubtful = np.flatnonzero((judged > WORTH_ENCODING).any(axis=1) | everything)
        if len(doubtful):
            some = doubtful.tolist()
            with named("encoder"):
                vectors[doubtful] = self._encoder.embed([texts[at] for at in some], [parts.normals[at] for at in some])
                encoded = self._encoder.judge(vectors[doubtful])
            languages = [parts.languages[at] for at in some]
            judged[doubtful] = self._fusion.logits(heads[doubtful], evidence[doubtful], languages, encoded)
        return Judged(judged, evidence, vectors)

    def suited(self, adjustment: Adjustment | None) -> Adjustment | None:
        """The adjustment where it was fitted to this very model, else None."""
        width = 0 if self._encoder is None else WIDTH
        return adjustment if adjustment is not None and adjustment.fits(self.version, width) else None

    def heads(self, parts: Parts) -> Numbers:
        """Log-odds of the heads alone, before phrases and scaling, (texts, categories)."""
        return self._heads.logits(read_bags([normal.text for normal in parts.normals]))

    def without_phrases(self, parts: Parts) -> Numbers:
        """What `judge` would say if there were no phrases and no encoder."""
        evasions = [normal.evasion for normal in parts.normals]
        nothing = weigh_matches([()] * len(parts.normals), evasions)
        return self._fusion.logits(self.heads(parts), nothing, parts.languages)


def find_parts(texts: Sequence[str], declared: Sequence[str | None]) -> Parts:
    """The detectors that look at one text at a time."""
    with named("normalise"):
        normals = [normalise(text) for text in texts]
    with named("language"):
        found = [
            recognise(text if normal.evasion < _HIDDEN else normal.text) or language or ""
            for text, normal, language in zip(texts, normals, declared, strict=True)
        ]
    with named("phrases"):
        matches = [
            find_phrases(text, normal, language) for text, normal, language in zip(texts, normals, found, strict=True)
        ]
    return Parts(normals, found, matches)
