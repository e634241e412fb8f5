"""`rostra policy score`: what the detectors find in lines of text, and what a policy makes of it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import date, timedelta
from itertools import islice
from typing import Final

import click
import msgspec

from rostra.cli.policy_files import sound_bundle
from rostra.kit.clock import Clock
from rostra.policy.decide import Verdict
from rostra.policy.evaluate import Policy, compile_policy
from rostra.policy.records import Bundle
from rostra.screening.detectors import BundleDetectors, Found, NoBanks, load_detectors
from rostra.screening.judgement import hold_the_unread
from rostra.screening.subject import Mark, Part, Subject

_BATCH: Final = 64
# Longer than any post may be.
_LONGEST: Final = 20_000
# Scores below this say nothing that people need to read.
_SHOWN: Final = 0.01


def score_and_print(lines: Iterable[str], place: str, *, as_json: bool) -> None:
    """Judge each line that is not empty and print what came of it, batch by batch."""
    bundle = sound_bundle(place)
    today = Clock().now().date()
    for text, found, verdict in judge_lines(lines, bundle, today):
        click.echo(msgspec.json.encode(_as_json(text, found, verdict)) if as_json else _as_text(text, found, verdict))


def judge_lines(lines: Iterable[str], bundle: Bundle, today: date) -> Iterator[tuple[str, Found, Verdict]]:
    """Each line with what was found in it and its verdict; no canary is left to chance."""
    policy, detectors = compile_policy(bundle), load_detectors().for_bundle(bundle)
    texts = (text[:_LONGEST] for line in lines if (text := line.strip()))
    while batch := list(islice(texts, _BATCH)):
        yield from _judge(batch, policy, detectors, today)


def _judge(
    batch: list[str], policy: Policy, detectors: BundleDetectors, today: date
) -> Iterator[tuple[str, Found, Verdict]]:
    subjects = [Subject(kind="post", parts=(Part("text", text),), visibility="public") for text in batch]
    for text, found in zip(batch, detectors.read_many(subjects, NoBanks(), today), strict=True):
        yield text, found, hold_the_unread(policy.judge(found.facts, now=today, sample=None), found.failed)


def _as_text(text: str, found: Found, verdict: Verdict) -> str:
    decided = f" {verdict.clause} by {verdict.rule}" if verdict.rule else ""
    lines = [text, f"  {verdict.action}{decided}"]
    if verdict.hold is not None:
        end = "refused" if verdict.hold.then == "refuse" else "published"
        lines.append(f"  {end} where nobody looks within {verdict.hold.expires / timedelta(hours=1):g} h")
    scores = sorted(found.scores.items(), key=lambda each: -each[1])
    shown = "  ".join(f"{name} {value:.2f}" for name, value in scores if value >= _SHOWN)
    lines.append(f"  {found.text.language or 'language unknown'}  {shown}".rstrip())
    lines += [f'  {mark.name} "{_words(text, mark)}"' for mark in found.marks]
    lines += [f"  {name} taken back" for name in found.text.suppressed]
    for word, rules in (("also hit", verdict.hits), ("in shadow", verdict.shadow), ("failed", verdict.failed)):
        others = [rule for rule in rules if rule != verdict.rule]
        lines += [f"  {word}: {', '.join(others)}"] if others else []
    if found.failed:
        lines.append(f"  detectors failed: {', '.join(found.failed)}")
    return "\n".join(lines)


def _as_json(text: str, found: Found, verdict: Verdict) -> dict[str, object]:
    return {
        "text": text,
        "language": found.text.language,
        "scores": {name: round(value, 4) for name, value in found.scores.items()},
        "matches": [
            {"name": mark.name, "start": mark.start, "end": mark.end, "words": _words(text, mark)}
            for mark in found.marks
        ],
        "suppressed": found.text.suppressed,
        "detectors": found.version,
        "detectors_failed": found.failed,
        "verdict": verdict,
    }


def _words(text: str, mark: Mark) -> str:
    return text[mark.start : mark.end]
