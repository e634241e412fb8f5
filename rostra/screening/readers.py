"""What reads texts, the cascade and the plug-ins, as one: many at a time, and each text as if it were alone.

What breaks on one text says nothing of those that happened to be read with it: they are read again, one by one.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date
from typing import Final, NamedTuple, TypeVar

import msgspec
import structlog

from rostra.detect.adjust import Adjustment
from rostra.detect.cascade import Cascade
from rostra.detect.reading import Category, Reading
from rostra.detect.registry import Finding, PlugIns

log = structlog.get_logger(__name__)
T = TypeVar("T")

NO_PLUG_INS: Final = PlugIns((), ())


class Read(NamedTuple):
    """What was found in a text, and which readers crashed on it."""

    reading: Reading
    failed: tuple[str, ...]


class TextReaders:
    """The cascade, as decisions have adjusted it, and the plug-ins. Safe to use from several threads."""

    def __init__(self, cascade: Cascade, plug_ins: PlugIns, adjustment: Adjustment | None = None) -> None:
        self._cascade = cascade
        self._adjustment = cascade.suited(adjustment)
        self._plug_ins = plug_ins
        self._asks = bool(plug_ins.cards or plug_ins.failures)
        # Plug-ins may take their time, and others over the network; an encoder may.
        self.is_slow = self._asks or cascade.is_slow
        self.reads_better = cascade.reads_better
        learnt = "" if self._adjustment is None else f"+own-{self._adjustment.name}"
        self._besides = learnt + (f", {plug_ins.version}" if plug_ins.version else "")
        self.version = cascade.version + self._besides

    def version_of(self, reading: Reading) -> str:
        """The versions of what read this text: of the encoders only those that were asked."""
        return "+".join(reading.versions.values()) + self._besides if reading.versions else self.version

    def read(
        self, texts: Sequence[str], languages: Sequence[str | None], today: date, *, thorough: bool = False
    ) -> list[Read]:
        """What is found in each text, in order; by every encoder where it is `thorough`. Never raises."""
        read = self._read(texts, languages, today, thorough)
        if not self._asks:
            return read
        return [_merge(each, *asked) for each, asked in zip(read, self._ask(texts), strict=True)]

    def _read(self, texts: Sequence[str], languages: Sequence[str | None], today: date, thorough: bool) -> list[Read]:
        failed: list[str] = []
        readings = guard(
            failed,
            "text",
            lambda: self._cascade.read(
                texts, written_on=today, languages=languages, adjustment=self._adjustment, thorough=thorough
            ),
            list[Reading](),
        )
        if not failed:
            return [Read(reading, ()) for reading in readings]
        if len(texts) == 1:
            return [Read(Reading(normal=texts[0]), tuple(failed))]
        each = zip(texts, languages, strict=True)
        return [self._read([text], [language], today, thorough)[0] for text, language in each]

    def _ask(self, texts: Sequence[str]) -> list[tuple[dict[str, Finding], tuple[str, ...]]]:
        """What the plug-ins find in each text, and which of them failed."""
        result = self._plug_ins.detect(texts)
        if len(texts) > 1 and len(result.failed) > len(self._plug_ins.failures):
            return [self._ask([text])[0] for text in texts]
        if news := result.failed[len(self._plug_ins.failures) :]:
            log.error("a plug-in failed", failures={failure.name: failure.reason for failure in news})
        failed = tuple(failure.name for failure in result.failed)
        return [(findings, failed) for findings in result.findings]


def guard(failed: list[str], name: str, run: Callable[[], T], otherwise: T) -> T:
    """What `run` gives, or `otherwise` where it crashes; `failed` has its name then."""
    try:
        return run()
    except Exception:
        # Whatever it is: what the detector chokes on must not get past it.
        log.exception("a detector crashed", detector=name)
        failed.append(name)
        return otherwise


def _merge(read: Read, findings: dict[str, Finding], failed: tuple[str, ...]) -> Read:
    """The higher of the chances, and the matches of all."""
    scores: dict[Category, float] = dict(read.reading.scores)
    for finding in findings.values():
        for category, score in finding.scores.items():
            scores[category] = max(scores.get(category, 0.0), score)
    matches = (*read.reading.matches, *(match for finding in findings.values() for match in finding.matches))
    return Read(msgspec.structs.replace(read.reading, scores=scores, matches=matches), read.failed + failed)
