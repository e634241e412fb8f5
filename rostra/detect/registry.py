"""Which detectors there are, what each says, needs and costs; and the plug-ins that an operator adds to them.

A plug-in is a Python package with an entry point in the group `rostra.detectors` that names a detector, or a function
without arguments that makes one (see docs/detectors.md). It runs in a thread of its own under a time limit, and what it
answers is checked: one that raises, overruns or answers nonsense is reported as failed and harms nothing else. What
failure means for a post is for the policy to say.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import Future
from importlib.metadata import EntryPoint, entry_points
from queue import SimpleQueue
from threading import Lock, Thread
from typing import Final, Literal, Protocol, cast, get_args

import msgspec

from rostra.detect.reading import CATEGORIES, Category, Match

GROUP: Final = "rostra.detectors"
TEXT_LIMIT: Final = 0.05
"""Seconds that a plug-in may take for one text …"""
NETWORK_LIMIT: Final = 1.0
"""… and one that asks somebody over the network."""
MOST_MATCHES: Final = 50

Need = Literal["text", "image", "account", "network"]

_NAME: Final = re.compile(r"[a-z][a-z0-9_-]{0,39}")
_MATCH_NAME: Final = re.compile(r"[a-z0-9_-]+(?:\.[a-z0-9_-]+)*")
_PLUG_IN_NEEDS: Final = frozenset[Need]({"text", "network"})


class DetectorCard(msgspec.Struct, frozen=True, kw_only=True):
    """What there is to know of a detector before it is used."""

    name: str
    # One sentence for the operator: what it says of a text, a picture or an account.
    says: str
    version: str
    # Primary language tags; none where it does not matter.
    languages: tuple[str, ...] = ()
    # Typical microseconds of CPU for one post.
    cost: float
    needs: tuple[Need, ...] = ("text",)


class Finding(msgspec.Struct, frozen=True, kw_only=True):
    """What a plug-in finds in one text: places in it, and probabilities where it has some."""

    matches: tuple[Match, ...] = ()
    scores: dict[Category, float] = {}


class Detector(Protocol):
    """What a plug-in provides."""

    @property
    def card(self) -> DetectorCard: ...

    def detect(self, texts: Sequence[str]) -> Sequence[Finding]:
        """One finding for each text, in their order. Called by one thread at a time, with texts as they were written;
        what is said of one must not depend on the others. No state may be kept of them."""
        ...


class Failure(msgspec.Struct, frozen=True):
    """A plug-in that gave nothing, and why, for the operator."""

    name: str
    reason: str


class PlugInResult(msgspec.Struct, frozen=True, kw_only=True):
    """What all plug-ins found: for each text what each of them says, by its name; and those that failed."""

    findings: tuple[dict[str, Finding], ...]
    failed: tuple[Failure, ...] = ()


BUILT_IN: Final[tuple[DetectorCard, ...]] = (
    DetectorCard(
        name="normalise", says="The text folded and with tricks undone, and how much had to be.", version="1", cost=20
    ),
    DetectorCard(
        name="phrases",
        says="Known ways to threaten, to call to violence, to expose people; and what takes them back.",
        version="1",
        languages=("en", "it"),
        cost=65,
    ),
    DetectorCard(
        name="heads",
        says="Probabilities of threat, incitement, hate, harassment, self-harm, sexual content and spam.",
        version="1",
        languages=("en", "it"),
        cost=600,
    ),
    DetectorCard(
        name="mentions",
        says="Places, days, weapons and targets that are named, and calls upon others.",
        version="1",
        languages=("en", "it"),
        cost=80,
    ),
    DetectorCard(name="language", says="The language of the text, where it is sure.", version="1", cost=35),
    DetectorCard(
        name="near", says="Near-copies of it, how many, by how many authors, and of what was removed.", version="1",
        cost=200, needs=("text", "account"),
    ),
    DetectorCard(name="lists", says="The words of the policy's own lists.", version="1", cost=10),
    DetectorCard(name="links", says="The hosts of links, the domain lists that have them, shorteners.", version="1",
                 cost=5),
    DetectorCard(
        name="pictures", says="The banks of known pictures that have a picture like it.", version="1", cost=1500,
        needs=("image",),
    ),
    DetectorCard(
        name="author", says="Age, strikes, rate and reports of the account.", version="1", cost=100, needs=("account",)
    ),
    DetectorCard(
        name="external", says="What a model that is asked over HTTP flags.", version="1", cost=1000,
        needs=("text", "network"),
    ),
)  # fmt: skip


def read_plug_ins() -> PlugIns:
    """The plug-ins that are installed beside Rostra. Never raises: what cannot be loaded is one of its failures."""
    return load_plug_ins(entry_points(group=GROUP))


def load_plug_ins(found: Iterable[EntryPoint]) -> PlugIns:
    """The plug-ins that these entry points name, in the order of their names."""
    workers: dict[str, _Worker] = {}
    failures: list[Failure] = []
    for point in sorted(found, key=lambda point: point.name):
        try:
            detector, card = _load(point)
            _check_card(card, workers)
            workers[card.name] = _Worker(detector, card)
        except Exception as error:
            failures.append(Failure(point.name, f"cannot be loaded: {_said(error)}"))
    return PlugIns(tuple(workers.values()), tuple(failures))


class PlugIns:
    """The plug-ins of a process. Safe to use from several threads."""

    def __init__(self, workers: tuple[_Worker, ...], failures: tuple[Failure, ...]) -> None:
        self._workers = workers
        self._failures = failures

    @property
    def cards(self) -> tuple[DetectorCard, ...]:
        """The cards of those that were loaded."""
        return tuple(worker.card for worker in self._workers)

    @property
    def failures(self) -> tuple[Failure, ...]:
        """Those that could not be loaded; they count as failed for every text."""
        return self._failures

    @property
    def version(self) -> str:
        """What verdicts name: `name 1.2, other 3`; empty without plug-ins."""
        return ", ".join(f"{worker.card.name} {worker.card.version}" for worker in self._workers)

    def detect(self, texts: Sequence[str]) -> PlugInResult:
        """Let each of them look at the texts. Takes at most twice the sum of their limits. Never raises."""
        findings: tuple[dict[str, Finding], ...] = tuple({} for _ in texts)
        failed = list(self._failures)
        for worker in self._workers if texts else ():
            answer = worker.ask(texts)
            if isinstance(answer, Failure):
                failed.append(answer)
                continue
            for about, finding in zip(findings, answer, strict=True):
                about[worker.card.name] = finding
        return PlugInResult(findings=findings, failed=tuple(failed))


class _Worker:
    """One plug-in and its thread. While the thread is stuck in an earlier call, the plug-in has failed.

    A thread cannot be ended from outside, so there is one at most, it dies with the process, and nobody waits for it.
    """

    def __init__(self, detector: Detector, card: DetectorCard) -> None:
        self.card = card
        self._detector = detector
        self._tasks: SimpleQueue[tuple[Sequence[str], Future[object]]] = SimpleQueue()
        self._lock = Lock()
        self._thread: Thread | None = None
        self._last: Future[object] | None = None

    def ask(self, texts: Sequence[str]) -> list[Finding] | Failure:
        limit = (NETWORK_LIMIT if "network" in self.card.needs else TEXT_LIMIT) * len(texts)
        if not self._lock.acquire(timeout=limit):
            return Failure(self.card.name, "is busy")
        try:
            if self._last is not None and not self._last.done():
                return Failure(self.card.name, "has not come back from an earlier text")
            self._last = self._start(tuple(texts))
            answer = self._last.result(limit)
            return _checked(answer, texts, self.card)
        except TimeoutError:
            return Failure(self.card.name, f"took longer than {limit * 1000:.0f} ms")
        except Exception as error:
            return Failure(self.card.name, _said(error))
        finally:
            self._lock.release()

    def _start(self, texts: Sequence[str]) -> Future[object]:
        if self._thread is None or not self._thread.is_alive():
            self._thread = Thread(target=self._work, name=f"detector-{self.card.name}", daemon=True)
            self._thread.start()
        answer: Future[object] = Future()
        self._tasks.put((texts, answer))
        return answer

    def _work(self) -> None:
        while True:
            texts, answer = self._tasks.get()
            try:
                answer.set_result(self._detector.detect(texts))
            except BaseException as error:
                # Also SystemExit, which would end the thread and tell nobody.
                answer.set_exception(error if isinstance(error, Exception) else RuntimeError(repr(error)))


def _load(point: EntryPoint) -> tuple[Detector, DetectorCard]:
    named: object = point.load()
    made = named if hasattr(named, "detect") and not isinstance(named, type) else cast("Callable[[], object]", named)()
    card = getattr(made, "card", None)
    if not hasattr(made, "detect") or not isinstance(card, DetectorCard):
        raise TypeError("it names neither a detector with a card and `detect`, nor a function that makes one")
    return cast("Detector", made), card


def _check_card(card: DetectorCard, taken: dict[str, _Worker]) -> None:
    """Raises ValueError for a card that says something impossible."""
    if not _NAME.fullmatch(card.name):
        raise ValueError(f"{card.name!r} is no name for a detector: lower-case letters, digits, - and _")
    if card.name in taken or card.name in {built_in.name for built_in in BUILT_IN}:
        raise ValueError(f"there is another detector named {card.name!r}")
    if unmet := set(card.needs) - _PLUG_IN_NEEDS:
        known = "; ".join(sorted(unmet & set(get_args(Need)))) or "something unknown"
        raise ValueError(f"a plug-in is given texts only, and needs {known}")


def _checked(answer: object, texts: Sequence[str], card: DetectorCard) -> list[Finding]:
    """The answer, with the plug-in's name in front of those of its matches. Raises ValueError for nonsense."""
    if not isinstance(answer, (list, tuple)):
        raise ValueError(f"answered with {type(answer).__name__}, not with a list of findings")
    findings = cast("Sequence[object]", answer)
    if len(findings) != len(texts):
        raise ValueError(f"answered {len(findings)} findings for {len(texts)} texts")
    return [_checked_finding(finding, text, card) for finding, text in zip(findings, texts, strict=True)]


def _checked_finding(finding: object, text: str, card: DetectorCard) -> Finding:
    if not isinstance(finding, Finding):
        raise ValueError(f"answered with {type(finding).__name__}, not with a Finding")
    for category, score in finding.scores.items():
        if category not in CATEGORIES or not _is_share(score):
            raise ValueError(f"{category!r}: {score!r} is no probability of a known category")
    matches: list[Match] = []
    for match in finding.matches[:MOST_MATCHES]:
        if match.category not in CATEGORIES or not _MATCH_NAME.fullmatch(match.name) or not _is_share(match.weight):
            raise ValueError(
                f"the match {match.name[:40]!r} has no known category, no dotted name or no weight of 0 to 1"
            )
        # A plug-in can put anything into a struct; what is not a whole number would break whoever cuts the text there.
        sound = msgspec.convert(msgspec.to_builtins(match), Match)
        if not 0 <= sound.start < sound.end <= len(text):
            raise ValueError(f"the match {match.name!r} lies outside of the text")
        matches.append(msgspec.structs.replace(sound, name=f"{card.name}.{match.name}"))
    return Finding(matches=tuple(matches), scores={name: float(score) for name, score in finding.scores.items()})


def _is_share(value: object) -> bool:
    return isinstance(value, (int, float)) and 0 <= value <= 1


def _said(error: Exception) -> str:
    return f"{type(error).__name__}: {error}"[:300]
