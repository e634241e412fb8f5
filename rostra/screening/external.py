"""Asking an external model over HTTP: only where the operator has set one up and the policy wants to know.

Owns the time-out, the circuit breaker and the bound on questions at once. That the model is down, slow or speaks
nonsense is a fact like others (`external.asked`, not `external.available`): what follows from it the policy says.
"""

from __future__ import annotations

import asyncio
from collections.abc import Collection
from datetime import datetime, timedelta
from typing import Final, Literal, Self

import msgspec
import structlog

from rostra.kit import metrics
from rostra.kit.breaker import Breaker, State
from rostra.kit.clock import Clock
from rostra.kit.errors import Upstream
from rostra.kit.http import HttpClient, Response
from rostra.kit.settings import Settings
from rostra.policy.facts import ExternalFacts
from rostra.screening.external_models import ADAPTERS, POLICY, ExternalModel, Nonsense, Opinion
from rostra.screening.subject import Subject

log = structlog.get_logger(__name__)

Outcome = Literal["answered", "nonsense", "refused", "failed", "paused"]

LONGEST: Final = 16_000
"""Characters that are sent of one subject."""

_FAILURES: Final = 5
_PAUSE: Final = timedelta(seconds=30)
_AT_ONCE: Final = 8
_LARGEST_ANSWER: Final = 1 << 18
# The server answered; it is this text that it does not take.
_NOT_THIS_TEXT: Final = frozenset({400, 413, 422})
_SAY_AGAIN: Final = timedelta(minutes=1)

_NOT_ASKED: Final = ExternalFacts()
_NO_ANSWER: Final = ExternalFacts(asked=True)


def open_external(settings: Settings, http: HttpClient, clock: Clock) -> External:
    """The model that these settings name, or none. `http` must be one with `own_server=settings.external_url`."""
    if settings.external_url is None:
        return External.off()
    model = ExternalModel(
        url=settings.external_url,
        kind=settings.external_kind,
        model=settings.external_model,
        key=settings.external_key,
        timeout=settings.external_timeout,
        policy=settings.external_policy.read_text() if settings.external_policy else None,
    )
    return External(model, http, clock)


class External:
    """The external model of a process, or none. Nothing that it says or does raises."""

    def __init__(self, model: ExternalModel | None, http: HttpClient | None, clock: Clock) -> None:
        """`model` None, or no `http`: nothing is ever asked. `http` must have been told of the model's address."""
        self._asking = None if model is None or http is None else _Asking(model, http, clock)

    @classmethod
    def off(cls) -> Self:
        """For a server without one."""
        return cls(None, None, Clock())

    @property
    def state(self) -> State | None:
        """Of the circuit breaker: `open` while it is not asked because it failed; None where there is no model."""
        return None if self._asking is None else self._asking.breaker.state

    async def ask(self, subject: Subject, named: Collection[str]) -> ExternalFacts:
        """What the model makes of the subject's text. `named` are the facts that the policy speaks of.

        Of a longer text only the beginning is sent; that the model finds nothing in it counts as no answer then.
        """
        text = subject.text.strip()
        if self._asking is None or not text or not any(name.startswith("external.") for name in named):
            return _NOT_ASKED
        opinion = await self._asking.find_opinion(text[:LONGEST])
        if opinion is None or (len(text) > LONGEST and not opinion.flagged):
            return _NO_ANSWER
        return ExternalFacts(
            asked=True,
            available=True,
            flagged=opinion.flagged,
            categories=list(opinion.categories),
            score=opinion.score,
        )

    async def find_problem(self, text: str = "Good morning, neighbours.") -> str | None:
        """Why the model gives no opinion on a harmless text now; None where it does, or where there is none.

        For whoever sets it up: it is asked although it was left alone, and nothing is counted."""
        return None if self._asking is None else await self._asking.find_problem(text)


class _Asking:
    """One model and what is known of its health."""

    def __init__(self, model: ExternalModel, http: HttpClient, clock: Clock) -> None:
        self.breaker = Breaker(clock, failures=_FAILURES, pause=_PAUSE)
        self._adapter = ADAPTERS[model.kind]
        self._model = model.model
        self._policy = model.policy or POLICY
        self._url = model.url.rstrip("/") + self._adapter.path
        self._headers = {"content-type": "application/json"}
        if model.key:
            self._headers["authorization"] = f"Bearer {model.key}"
        self._timeout = model.timeout
        self._http = http
        self._clock = clock
        self._at_once = asyncio.Semaphore(_AT_ONCE)
        self._said: dict[Outcome, datetime] = {}

    async def find_opinion(self, text: str) -> Opinion | None:
        """The model's opinion, None where there is none to be had in time."""
        if not self.breaker.admits():
            metrics.observe_external("paused")
            return None
        began = asyncio.get_running_loop().time()
        try:
            answer = await self._post(text)
            opinion = self._read(answer)
        except asyncio.CancelledError:
            self.breaker.release()
            raise
        except Nonsense as problem:
            return self._give_up("nonsense", self._words(problem), harmless=True)
        except _RefusedText as problem:
            return self._give_up("refused", self._words(problem), harmless=True)
        except Exception as problem:  # Whatever it is, the post must be judged.
            return self._give_up("failed", self._words(problem))
        self._succeed()
        metrics.observe_external("answered", asyncio.get_running_loop().time() - began)
        return opinion

    async def find_problem(self, text: str) -> str | None:
        """What is in the way of an opinion, in words for who runs the server."""
        try:
            self._read(await self._post(text))
        except (Nonsense, _RefusedText, Upstream, TimeoutError, msgspec.MsgspecError) as problem:
            return self._words(problem)
        return None

    def _words(self, problem: Exception) -> str:
        """What was in the way; of what nobody thought of its name alone, for its text may hold what was written."""
        if isinstance(problem, Nonsense):
            return "it answers, but its words cannot be read"
        if isinstance(problem, msgspec.MsgspecError):
            return f"it answers, but in another shape: {problem}"
        if isinstance(problem, TimeoutError):
            return f"no answer within {self._timeout:g} s, which is as long as a post waits"
        return str(problem) if isinstance(problem, _RefusedText | Upstream) else type(problem).__name__

    async def _post(self, text: str) -> Response:
        sound = text.encode("utf-8", "replace").decode()
        content = msgspec.json.encode(self._adapter.body(self._model, self._policy, sound))
        # The wait for a turn counts, so that nobody waits for longer than they were promised.
        async with asyncio.timeout(self._timeout), self._at_once:
            return await self._http.post_to_own_server(
                self._url, content=content, headers=self._headers, max_bytes=_LARGEST_ANSWER, deadline=self._timeout
            )

    def _read(self, answer: Response) -> Opinion:
        if answer.status in _NOT_THIS_TEXT:
            raise _RefusedText(f"answered with {answer.status}")
        if answer.status != 200:
            raise Upstream(f"answered with {answer.status}")
        return self._adapter.read(answer.body)

    def _succeed(self) -> None:
        before = self.breaker.state
        self.breaker.succeed()
        if before != "closed":
            metrics.external_paused.dec()
            log.info("the external model answers again")

    def _give_up(self, outcome: Outcome, problem: str, *, harmless: bool = False) -> None:
        metrics.observe_external(outcome)
        if harmless:
            self._succeed()
        before = self.breaker.state
        if not harmless:
            self.breaker.fail()
        if before == "closed" and self.breaker.state == "open":
            metrics.external_paused.inc()
            log.error("the external model is left alone for a while", problem=problem, seconds=_PAUSE.total_seconds())
        elif self._is_news(outcome):
            log.warning("the external model gave no opinion", outcome=outcome, problem=problem)

    def _is_news(self, outcome: Outcome) -> bool:
        """Whether to say it: once a minute, for each post would say it."""
        now, last = self._clock.now(), self._said.get(outcome)
        if last is not None and last <= now < last + _SAY_AGAIN:
            return False
        self._said[outcome] = now
        return True


class _RefusedText(Exception):
    """The server is well and does not take this text."""
