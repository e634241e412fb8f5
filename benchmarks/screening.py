"""Measure what judging a post costs, by part, and how fast a policy is replayed: `python -m benchmarks screening`.

Without a server, on one core, with the model of the package and without the encoder. `python -m benchmarks --only post
unscreened` measures the whole path with screening and without.
"""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable
from datetime import date, datetime, timedelta
from typing import Any, Final

import msgspec

from benchmarks.load import percentile
from benchmarks.scenarios import sentence
from rostra.detect.cascade import Cascade
from rostra.detect.extract import extract
from rostra.detect.hashing import read_bags
from rostra.detect.language import recognise
from rostra.detect.near import signature
from rostra.detect.normalise import normalise
from rostra.detect.phrases import find_phrases
from rostra.policy.evaluate import compile_policy
from rostra.policy.shipped import shipped_bundle
from rostra.screening.detectors import Detectors, NoBanks
from rostra.screening.replay import BATCH, Candidate, Tallies, judge_batch
from rostra.screening.replay_queries import Stored
from rostra.screening.subject import Part, Subject

TODAY: Final = date(2026, 9, 1)
_POSTS: Final = 2_000
_REPLAYED: Final = 10_000
_JOINED: Final = datetime(2026, 1, 1)  # noqa: DTZ001 - only differences matter


class Cost(msgspec.Struct, frozen=True, kw_only=True):
    """Microseconds of CPU for one post."""

    name: str
    middle: float
    p99: float

    def __str__(self) -> str:
        return f"{self.name:<34}{self.middle:>9.0f}{self.p99:>9.0f}"


def run() -> None:
    """Measure and print."""
    print(f"\n{'one post, µs of CPU':<34}{'p50':>9}{'p99':>9}")
    for cost in measure_parts():
        print(cost)
    for size in (1, 8, 64):
        print(f"{f'read together, {size} at a time':<34}{_together(size):>9.0f}")
    print(f"replay: {measure_replay():,.0f} posts a second")


def measure_parts() -> list[Cost]:
    """Each part on posts as they come, one at a time."""
    cascade, bundle = Cascade.load(encoders=0), shipped_bundle()
    detectors, policy = Detectors(cascade).for_bundle(bundle), compile_policy(bundle)
    texts = [sentence(number) for number in range(_POSTS)]
    normals = [normalise(text) for text in texts]
    found = [detectors.read(_subject(text), NoBanks(), TODAY) for text in texts[:200]]
    parts: list[tuple[str, Callable[[int], Any]]] = [
        ("normaliser", lambda n: normalise(texts[n])),
        ("language", lambda n: recognise(texts[n])),
        ("phrases", lambda n: find_phrases(texts[n], normals[n])),
        ("n-grams, hashed", lambda n: read_bags([normals[n].text])),
        ("what the text names", lambda n: extract(texts[n], normals[n], TODAY)),
        ("the text detectors together", lambda n: cascade.read([texts[n]], written_on=TODAY)),
        ("signature of near-copies", lambda n: signature(normals[n].text)),
        ("all detectors", lambda n: detectors.read(_subject(texts[n]), NoBanks(), TODAY)),
        (
            f"the policy, {len(bundle.rules)} rules",
            lambda n: policy.judge(found[n % 200].facts, now=TODAY, sample=found[n % 200].sample),
        ),
    ]
    return [_cost(name, part) for name, part in parts]


def measure_replay() -> float:
    """Posts a second, the detectors and both versions of the policy included."""
    bundle = shipped_bundle()
    detectors = Detectors(Cascade.load(encoders=0)).for_bundle(bundle)
    one, other = Candidate(compile_policy(bundle), detectors), Candidate(compile_policy(bundle), detectors)
    posts = [_stored(number) for number in range(_REPLAYED)]
    tallies, began = Tallies(1), time.process_time()
    for first in range(0, len(posts), BATCH):
        judge_batch(posts[first : first + BATCH], one, other, NoBanks(), TODAY, tallies)
    return tallies.judged / (time.process_time() - began)


def _together(size: int) -> float:
    detectors = Detectors(Cascade.load(encoders=0)).for_bundle(shipped_bundle())
    subjects = [_subject(sentence(number)) for number in range(_POSTS)]
    detectors.read_many(subjects[:64], NoBanks(), TODAY)
    began = time.process_time()
    for first in range(0, len(subjects), size):
        detectors.read_many(subjects[first : first + size], NoBanks(), TODAY)
    return (time.process_time() - began) / len(subjects) * 1e6


def _cost(name: str, part: Callable[[int], Any]) -> Cost:
    for number in range(100):
        part(number)
    times: list[float] = []
    for number in range(_POSTS):
        began = time.process_time()
        part(number)
        times.append((time.process_time() - began) * 1e6)
    return Cost(name=name, middle=statistics.median(times), p99=percentile(times, 0.99))


def _subject(text: str) -> Subject:
    return Subject(kind="post", parts=(Part("text", text),), visibility="public")


def _stored(number: int) -> Stored:
    return Stored(
        id=number,
        account_id=number % 200,
        text=sentence(number),
        spoiler_text="",
        language=None,
        visibility="public",
        sensitive=False,
        created_at=_JOINED + timedelta(minutes=number),
        is_reply=False,
        is_edit=False,
        is_withheld=False,
        joined_at=_JOINED,
        domain=None,
        labels=None,
        followers_count=50,
        statuses_count=100,
        role="user",
        poll_options=None,
        mentioned=[],
        hashtags=0,
        media=None,
    )
