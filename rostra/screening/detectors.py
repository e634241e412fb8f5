"""All detectors together: what they find in one subject, as facts for rules and as marks for people.

The text model and its company are loaded once for a process; word and domain lists come with each version of the
policy. Each detector runs apart: one that crashes is named among the facts, and the others go on.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from functools import cache
from typing import Final, Protocol
from zlib import crc32

import msgspec
import structlog

from rostra.detect.adjust import Adjustment
from rostra.detect.cascade import Cascade
from rostra.detect.links import find_hosts, is_shortener
from rostra.detect.lists import DomainLists, WordLists
from rostra.detect.near import signature
from rostra.detect.reading import Category, Mentioned, Reading
from rostra.detect.registry import PlugIns, read_plug_ins
from rostra.detect.signatures import EMPTY, Signature
from rostra.policy.facts import DetectorFacts, EventFacts, Facts, ImageFacts, LinkFacts, PostFacts, TextFacts
from rostra.policy.records import Bundle
from rostra.screening.readers import NO_PLUG_INS, TextReaders, guard
from rostra.screening.subject import Mark, Picture, Subject, place

log = structlog.get_logger(__name__)

# Of each kind of find; more say nothing new.
_MOST: Final = 40
_NEVER: Final = 9999


class Found(msgspec.Struct, frozen=True, kw_only=True):
    """What the detectors found. `failed` are those that crashed."""

    text: TextFacts
    links: LinkFacts
    image: ImageFacts
    event: EventFacts
    scores: dict[Category, float]
    signature: Signature
    marks: tuple[Mark, ...]
    failed: tuple[str, ...]
    version: str

    @property
    def sample(self) -> int:
        """A hash of what was said, by which canaries choose: the same for the same text, whoever says it."""
        return crc32(self.text.normal.encode(errors="replace"))

    @property
    def facts(self) -> Facts:
        """The facts so far, as of a post by nobody in particular."""
        return Facts(
            text=self.text,
            links=self.links,
            image=self.image,
            event=self.event,
            post=PostFacts(visibility="public"),
            detectors=DetectorFacts(failed=list(self.failed)),
        )


class PictureBanks(Protocol):
    """Where pictures are looked up."""

    def facts(self, pictures: Sequence[Picture]) -> ImageFacts: ...


class NoBanks:
    """For texts without pictures."""

    def facts(self, pictures: Sequence[Picture]) -> ImageFacts:
        return ImageFacts(count=len(pictures))


@cache
def installed_plug_ins() -> PlugIns:
    """The plug-ins of this process; what cannot be used is said once, here."""
    found = read_plug_ins()
    for failure in found.failures:
        log.error("a plug-in cannot be used", plug_in=failure.name, reason=failure.reason)
    return found


@cache
def load_detectors() -> Detectors:
    """The detectors of this process. Takes a moment the first time: not for the event loop."""
    return Detectors(Cascade.load(), installed_plug_ins())


class Detectors:
    """What a process loads once. Stateless afterwards: threads may share it."""

    def __init__(self, cascade: Cascade, plug_ins: PlugIns = NO_PLUG_INS) -> None:
        self.cascade = cascade
        self._plug_ins = plug_ins

    def for_bundle(self, bundle: Bundle, adjustment: Adjustment | None = None) -> BundleDetectors:
        """The detectors with the lists of a version of the policy, and with what was learnt from decisions."""
        return BundleDetectors(
            TextReaders(self.cascade, self._plug_ins, adjustment),
            WordLists(entry for entry in bundle.lists if entry.kind == "words"),
            DomainLists(entry for entry in bundle.lists if entry.kind == "domains"),
        )


class BundleDetectors:
    """The detectors as one version of the policy uses them."""

    def __init__(self, readers: TextReaders, words: WordLists, domains: DomainLists) -> None:
        self._readers = readers
        self._words = words
        self._domains = domains

    @property
    def version(self) -> str:
        """What verdicts name: the model, what was learnt, the plug-ins."""
        return self._readers.version

    @property
    def is_slow(self) -> bool:
        """Whether reading may wait for others, or take long without the interpreter's lock."""
        return self._readers.is_slow

    @property
    def reads_better(self) -> bool:
        """Whether a thorough reading may say more."""
        return self._readers.reads_better

    def read(self, subject: Subject, banks: PictureBanks, today: date, *, thorough: bool = False) -> Found:
        """All that is found in a subject; by every encoder where it is `thorough`. Never raises."""
        return self.read_many([subject], banks, today, thorough=thorough)[0]

    def read_many(
        self,
        subjects: Sequence[Subject],
        banks: PictureBanks,
        today: date,
        *,
        compare: bool = True,
        thorough: bool = False,
    ) -> list[Found]:
        """The same for many, which costs less for each. Signatures are made only where something is to be compared."""
        texts = [subject.text for subject in subjects]
        languages = [subject.language for subject in subjects]
        readings = self._readers.read(texts, languages, today, thorough=thorough)
        return [
            self._conclude(subject, text, reading, banks, today, failed, compare=compare)
            for subject, text, (reading, failed) in zip(subjects, texts, readings, strict=True)
        ]

    def _conclude(
        self,
        subject: Subject,
        text: str,
        reading: Reading,
        banks: PictureBanks,
        today: date,
        crashed: Sequence[str],
        *,
        compare: bool,
    ) -> Found:
        failed = list(crashed)
        lists = guard(failed, "lists", lambda: self._words.find(text, reading), [])
        links = guard(failed, "links", lambda: self._read_links(text), LinkFacts())
        image = guard(
            failed, "pictures", lambda: banks.facts(subject.pictures), ImageFacts(count=len(subject.pictures))
        )
        made = guard(failed, "near", lambda: signature(reading.normal), EMPTY) if compare else EMPTY
        spans = [(match.start, match.end, match.name) for match in reading.matches if not match.suppressed_by]
        spans += [(hit.start, hit.end, hit.list) for hit in lists]
        marks = (place(subject.parts, *span) for span in spans[:_MOST])
        return Found(
            text=_text_facts(text, reading, [hit.list for hit in lists]),
            links=links,
            image=image,
            event=_event_facts(reading.mentioned, today),
            scores=reading.scores,
            signature=made,
            marks=tuple(mark for mark in marks if mark is not None),
            failed=tuple(failed),
            version=self._readers.version_of(reading),
        )

    def _read_links(self, text: str) -> LinkFacts:
        hosts = find_hosts(text)
        distinct = list(dict.fromkeys(hosts))[:_MOST]
        return LinkFacts(
            count=len(hosts),
            domains=distinct,
            lists=sorted({name for host in distinct for name in self._domains.find(host)}),
            shortened=sum(map(is_shortener, hosts)),
        )


def _text_facts(text: str, reading: Reading, lists: Sequence[str]) -> TextFacts:
    standing = list(dict.fromkeys(match.name for match in reading.matches if not match.suppressed_by))[:_MOST]
    suppressed = [match for match in reading.matches if match.suppressed_by]
    quoted = bool(suppressed) and not standing and any(m.suppressed_by in _QUOTED for m in suppressed)
    return TextFacts(
        **reading.scores,
        language=reading.language,
        length=len(text),
        plain=text,
        normal=reading.normal,
        evasion=reading.evasion,
        matches=standing,
        suppressed=list(dict.fromkeys(match.name for match in suppressed))[:_MOST],
        quoted=quoted,
        lists=list(dict.fromkeys(lists)),
    )


_QUOTED: Final = ("quotation", "report")


def _event_facts(mentioned: Mentioned, today: date) -> EventFacts:
    ahead = [days for day in mentioned.dates if (days := (date.fromisoformat(day) - today).days) >= 0]
    return EventFacts(
        places=list(mentioned.places[:_MOST]),
        dates=list(mentioned.dates[:_MOST]),
        days_until=min(ahead, default=_NEVER),
        weapons=list(mentioned.weapons[:_MOST]),
        targets=list(mentioned.targets[:_MOST]),
        imperative=mentioned.imperative,
    )
