"""Running a bundle's own tests: the detectors read each text, the test's facts go over what they find."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from rostra.detect.adjust import Adjustment
from rostra.detect.phrases.catalogue import PHRASES
from rostra.policy.check_fixtures import FixtureResult, Progress, check_fixtures, no_progress
from rostra.policy.evaluate import compile_policy
from rostra.policy.facts import Facts
from rostra.policy.literals import Known
from rostra.policy.records import Bundle, Fixture, Problem
from rostra.policy.said import said
from rostra.screening.detectors import BundleDetectors, Detectors, NoBanks, installed_plug_ins
from rostra.screening.subject import Part, Subject


def known_names() -> Known:
    """The names that detectors give, so that a rule about one that does not exist is found."""
    plug_ins = frozenset(card.name for card in installed_plug_ins().cards)
    return Known(matches=frozenset(phrase.name for phrase in PHRASES), families=plug_ins)


def run_fixtures(
    bundle: Bundle,
    detectors: Detectors,
    today: date,
    adjustment: Adjustment | None = None,
    *,
    progress: Progress = no_progress,
) -> list[FixtureResult]:
    """The results of all tests of a bundle that has no errors, drafts included."""
    policy = compile_policy(bundle, drafts=True)
    bound = detectors.for_bundle(bundle, adjustment)
    return check_fixtures(
        policy, bundle, lambda fixture: read_fixture(bound, fixture, today), now=today, progress=progress
    )


def read_fixture(detectors: BundleDetectors, fixture: Fixture, today: date) -> Facts:
    """What the text of a test gives, as a post of nobody in particular."""
    return read_text(detectors, fixture.text, today, language=fixture.language or None)


def read_text(detectors: BundleDetectors, text: str, today: date, *, language: str | None = None) -> Facts:
    """The facts of a text by nobody in particular, posted today."""
    subject = Subject(kind="post", parts=(Part("text", text),), language=language, visibility="public")
    return detectors.read(subject, NoBanks(), today).facts


def failures_of(results: Sequence[FixtureResult]) -> list[Problem]:
    """The tests that stand in the way of activation, as problems of the bundle."""
    return [
        Problem(
            file=result.fixture.at.file,
            line=result.fixture.at.line,
            what=said("test failed: %(why)s: %(text)s", why=result.what, text=repr(result.fixture.text[:80])),
            remedy=said("mend the rule, or the test where it asks for the wrong thing"),
        )
        for result in results
        if not result.ok
    ]
