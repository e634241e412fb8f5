"""The text detectors in one pass: normaliser, phrases, heads, the encoders where they are installed, fusion.

What fails inside one detector is raised under that detector's name: what then becomes of the text is for others to say.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Final, NamedTuple

import numpy as np
import numpy.typing as npt

from rostra.detect.adjust import Adjustment
from rostra.detect.encoder import Encoder, load_encoders
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
# From so much evasion on the language is recognised by the normalised text.
_HIDDEN: Final = 0.1


class DetectorFailed(Exception):
    """One detector broke on a text; `detector` says which, the cause is chained."""

    def __init__(self, detector: str) -> None:
        super().__init__(f"the detector {detector!r} failed")
        self.detector = detector


class named:  # noqa: N801 - read as `with named("fusion"):`
    """Puts a detector's name on whatever breaks inside."""

    __slots__ = ("_detector",)

    def __init__(self, detector: str) -> None:
        self._detector = detector

    def __enter__(self) -> None:
        pass

    def __exit__(self, _kind: object, error: BaseException | None, _trace: object) -> None:
        if isinstance(error, Exception):
            raise DetectorFailed(self._detector) from error


class Parts(NamedTuple):
    """What the parts that look at one text each gave for some texts."""

    normals: list[Normal]
    languages: list[str]
    matches: list[tuple[Match, ...]]


class Judged(NamedTuple):
    """What the model says of some texts: log-odds (texts, categories), the evidence of phrases, the first encoder's
    vectors (texts, its width), zeros where it was not asked, None where it is not there; and how many encoders were
    asked about each."""

    logits: Numbers
    evidence: Numbers
    encoded: Numbers | None
    asked: npt.NDArray[np.int64]

    def adjusted(self, adjustment: Adjustment | None) -> Numbers:
        """The log-odds with what was learnt from decisions."""
        return self.logits if adjustment is None else adjustment.adjust(self.logits, self.evidence, self.encoded)


class Cascade:
    """The detectors of the package, loaded once; reading is a pure function of the text, the day and the language."""

    def __init__(self, heads: Heads, fusion: Fusion, encoders: Sequence[Encoder] = ()) -> None:
        self._heads = heads
        self._fusion = fusion
        self._encoders = tuple(encoders[: len(fusion.stages) - 1])
        base = {"ngrams": heads.version, "fusion": fusion.version, "phrases": str(len(PHRASES))}
        spoke = [(encoder.name, encoder.version) for encoder in self._encoders]
        # What to name where so many encoders were asked.
        self._versions = tuple(base | dict(spoke[:asked]) for asked in range(len(spoke) + 1))
        self.versions = self._versions[-1]
        self.version = "+".join(self.versions.values())

    @classmethod
    def load(cls, *, encoders: int | None = None) -> Cascade:
        """The detectors of the package, with the encoders whose extras are installed, at most so many.

        ValueError for a model that belongs to other code, OtherEncoder for an encoder that the model does not know.
        """
        return cls(load_heads(), load_fusion(), load_encoders(encoders))

    @property
    def reads_better(self) -> bool:
        """Whether there are encoders that are not asked about every text."""
        return bool(self._encoders)

    @property
    def is_slow(self) -> bool:
        """Whether some texts take tens of milliseconds, without the interpreter's lock: not for an event loop."""
        return len(self._encoders) > 1

    def read(
        self,
        texts: Sequence[str],
        *,
        written_on: date | None,
        languages: Sequence[str | None] | None = None,
        adjustment: Adjustment | None = None,
        thorough: bool = False,
    ) -> list[Reading]:
        """What is found in each text, in order; DetectorFailed where one of the detectors breaks.

        `languages` are those that authors declare, primary tags; they count where none is recognised. What is said of
        one text never depends on another. An `adjustment` for another version of the model counts for nothing. Where it
        is `thorough`, every encoder is asked about every text; else about those that may be worth it.
        """
        declared = languages if languages is not None else [None] * len(texts)
        readings: list[Reading] = []
        for first in range(0, len(texts), _AT_ONCE):
            some = texts[first : first + _AT_ONCE]
            parts = find_parts(some, declared[first : first + _AT_ONCE])
            readings += self._conclude(some, parts, written_on, self.suited(adjustment), thorough)
        return readings

    def _conclude(
        self, texts: Sequence[str], parts: Parts, written_on: date | None, adjustment: Adjustment | None, thorough: bool
    ) -> list[Reading]:
        judged = self.judge_all(texts, parts, thorough=thorough)
        with named("fusion"):
            scores = chances(judged.adjusted(adjustment))
        with named("mentions"):
            mentioned = [extract(text, normal, written_on) for text, normal in zip(texts, parts.normals, strict=True)]
        asked = judged.asked.tolist()
        return [
            Reading(
                language=language,
                normal=normal.text,
                evasion=normal.evasion,
                scores=score,
                matches=matches,
                mentioned=names,
                versions=self._versions[spoke],
            )
            for normal, language, matches, score, names, spoke in zip(*parts, scores, mentioned, asked, strict=True)
        ]

    def judge(self, texts: Sequence[str], parts: Parts, *, thorough: bool = False) -> Numbers:
        """Log-odds of the categories, (texts, categories)."""
        return self.judge_all(texts, parts, thorough=thorough).logits

    def judge_all(self, texts: Sequence[str], parts: Parts, *, thorough: bool = False) -> Judged:
        """The same with what it was judged by, as an adjustment wants it.

        An encoder is asked about texts that what was asked before it does not find harmless, or about all.
        """
        with named("ngrams"):
            heads = self.heads(parts)
        evasions = [normal.evasion for normal in parts.normals]
        with named("fusion"):
            evidence = weigh_matches(parts.matches, evasions)
            logits = self._fusion.logits(heads, evidence, parts.languages)
        judged = Judged(logits, evidence, self._no_vectors(len(texts)), np.zeros(len(texts), np.int64))
        self._ask_encoders(texts, parts, heads, judged, thorough)
        return judged

    def _ask_encoders(self, texts: Sequence[str], parts: Parts, heads: Numbers, judged: Judged, thorough: bool) -> None:
        """Put what the encoders say into `judged`, as far as they are asked."""
        asked = np.arange(len(texts))
        vectors, encoded = np.zeros((len(texts), 0), np.float32), list[Numbers]()
        for encoder, stage in zip(self._encoders, self._fusion.stages[1:], strict=False):
            worth = (judged.logits[asked] > stage.asked_from).any(axis=1) | thorough
            asked, vectors, encoded = asked[worth], vectors[worth], [each[worth] for each in encoded]
            if not len(asked):
                return
            some: list[int] = asked.tolist()
            with named(encoder.name):
                own = encoder.embed([texts[at] for at in some], [parts.normals[at] for at in some])
                vectors = np.concatenate([vectors, own], axis=1)
                encoded.append(encoder.judge(vectors))
            if judged.encoded is not None and len(encoded) == 1:
                judged.encoded[asked] = own
            judged.asked[asked] = len(encoded)
            languages = [parts.languages[at] for at in some]
            judged.logits[asked] = self._fusion.logits(heads[asked], judged.evidence[asked], languages, encoded)

    def _no_vectors(self, texts: int) -> Numbers | None:
        return np.zeros((texts, self._encoders[0].width), np.float32) if self._encoders else None

    def suited(self, adjustment: Adjustment | None) -> Adjustment | None:
        """The adjustment where it was fitted to this very model, else None."""
        width = self._encoders[0].width if self._encoders else 0
        return adjustment if adjustment is not None and adjustment.fits(self.version, width) else None

    def heads(self, parts: Parts) -> Numbers:
        """Log-odds of the heads alone, before phrases and scaling, (texts, categories)."""
        return self._heads.logits(read_bags([normal.text for normal in parts.normals]))

    def without_phrases(self, parts: Parts) -> Numbers:
        """What `judge` would say if there were no phrases and no encoders."""
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
