"""Plug-ins are heard: what they find reaches rules, what fails in them holds the post and nothing else."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from datetime import date
from importlib.metadata import EntryPoint
from types import SimpleNamespace
from typing import Any

import pytest

from rostra.cli import policy_score
from rostra.detect import registry
from rostra.detect.cascade import Cascade
from rostra.detect.reading import Match
from rostra.detect.registry import DetectorCard, Finding, PlugIns, load_plug_ins
from rostra.policy.check import check_files
from rostra.policy.parse import parse_bundle
from rostra.screening import detectors as module
from rostra.screening import fixtures
from rostra.screening.detectors import BundleDetectors, Detectors, Found, NoBanks, load_detectors
from rostra.screening.readers import NO_PLUG_INS
from rostra.screening.subject import Part, Subject
from tests.screening.policies import bundle_files, put_in_force
from tests.world import World

DAY = date(2026, 5, 4)
RULES = """
- id: raffles
  clause: words
  description: Raffles wait.
  when: '"raffles.announced" in text.matches'
  then: [hold]
  reason: {en: Raffles wait., it: Le lotterie aspettano.}
  mode: live
"""


class Raffles:
    """The plug-in of the documentation, but for what its test has it do."""

    card = DetectorCard(name="raffles", says="Announcements of raffles.", version="1.0", cost=5)

    def __init__(self, look: Callable[[str], Any] | None = None) -> None:
        self._look = look or find_raffle

    def detect(self, texts: Sequence[str]) -> list[Any]:
        return [self._look(text) for text in texts]


def find_raffle(text: str) -> Finding:
    start = text.lower().find("raffle")
    if start < 0:
        return Finding()
    match = Match("announced", "spam", start, start + 6, "speaks of a raffle")
    return Finding(matches=(match,), scores={"spam": 0.9, "hate": 0})


def plug_in(made: object, monkeypatch: pytest.MonkeyPatch) -> PlugIns:
    """A plug-in as an installed package brings it."""
    monkeypatch.setattr(EntryPoint, "load", lambda _: lambda: made)
    return load_plug_ins([EntryPoint("raffles", "somewhere:Raffles", registry.GROUP)])


def bound(plug_ins: PlugIns) -> BundleDetectors:
    return Detectors(load_detectors().cascade, plug_ins).for_bundle(parse_bundle(bundle_files()).bundle)


def read(detectors: BundleDetectors, *texts: str) -> list[Found]:
    subjects = [Subject(kind="post", parts=(Part("spoiler_text", "Hear!"), Part("text", text))) for text in texts]
    return detectors.read_many(subjects, NoBanks(), DAY)


@pytest.fixture(autouse=True)
def patience(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(registry, "TEXT_LIMIT", 20.0)


def test_what_a_plug_in_finds_is_a_match_a_mark_and_the_higher_chance(monkeypatch: pytest.MonkeyPatch) -> None:
    (found,) = read(bound(plug_in(Raffles(), monkeypatch)), "Our Raffle is on Sunday")
    assert "raffles.announced" in found.text.matches
    assert [(mark.field, mark.start, mark.end) for mark in found.marks] == [("text", 4, 10)]
    assert (found.text.spam, found.scores["spam"]) == (0.9, 0.9)
    assert isinstance(found.text.hate, float)
    (without,) = read(bound(NO_PLUG_INS), "Our Raffle is on Sunday")
    assert found.text.hate == without.text.hate, "a plug-in that finds less says nothing against the model"
    assert found.version == f"{without.version}, raffles 1.0"
    assert found.failed == ()


def test_what_crashes_on_one_text_is_held_against_that_text_only(monkeypatch: pytest.MonkeyPatch) -> None:
    def choke(text: str) -> Finding:
        if "bang" in text:
            raise ValueError("boom")
        return find_raffle(text)

    good, bad, again = read(bound(plug_in(Raffles(choke), monkeypatch)), "Good raffle", "bang", "A raffle")
    assert [found.failed for found in (good, bad, again)] == [(), ("raffles",), ()]
    assert [found.text.matches for found in (good, again)] == [["raffles.announced"]] * 2


def test_what_crashes_is_held_where_lines_are_scored_as_it_is_on_the_server(monkeypatch: pytest.MonkeyPatch) -> None:
    def choke(text: str) -> Finding:
        raise ValueError("boom")

    broken = Detectors(load_detectors().cascade, plug_in(Raffles(choke), monkeypatch))
    monkeypatch.setattr(policy_score, "load_detectors", lambda: broken)
    [(_, found, verdict)] = policy_score.judge_lines(["Good morning"], parse_bundle(bundle_files()).bundle, DAY)
    assert (found.facts.detectors.failed, verdict.action) == (["raffles"], "hold")


def test_what_the_cascade_crashes_on_is_held_against_that_text_only(monkeypatch: pytest.MonkeyPatch) -> None:
    sound = Cascade.read

    def choke(self: Cascade, texts: Sequence[str], **more: Any) -> Any:
        if any("bang" in text for text in texts):
            raise ValueError("boom")
        return sound(self, texts, **more)

    monkeypatch.setattr(Cascade, "read", choke)
    found = read(bound(NO_PLUG_INS), "I will kill you tonight", "bang", "Good morning")
    assert [each.failed for each in found] == [(), ("text",), ()]
    assert found[0].text.threat > 0.5 > found[2].text.threat


@pytest.mark.parametrize(
    "nonsense",
    [
        None,
        Finding(scores={"spam": 2.0}),
        Finding(matches=(Match("x", "spam", 0, 10_000, "outside"),)),
        Finding(matches=(Match("x", "spam", 0.5, 1.5, "between letters"),)),  # type: ignore[arg-type]
        Finding(matches=(Match("x", "spam", 0, 1, "odd", 1.0, ["a"]),)),  # type: ignore[arg-type]
        SimpleNamespace(matches=(), scores={}),
    ],
)
def test_nonsense_is_a_failure_and_no_error(nonsense: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    (found,) = read(bound(plug_in(Raffles(lambda _: nonsense), monkeypatch)), "Good morning")
    assert (found.failed, found.text.matches) == (("raffles",), [])


def test_one_that_cannot_be_loaded_has_failed_for_every_text(monkeypatch: pytest.MonkeyPatch) -> None:
    found = read(bound(plug_in("no detector at all", monkeypatch)), "Good morning", "Good night")
    assert [each.failed for each in found] == [("raffles",), ("raffles",)]


def test_without_plug_ins_nothing_is_asked_and_no_thread_runs(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(PlugIns, "detect", lambda *_: pytest.fail("nothing is there to be asked"))
    before = threading.active_count()
    read(bound(NO_PLUG_INS), "Good morning")
    assert threading.active_count() == before


async def test_a_rule_holds_by_a_plug_in_and_a_failing_one_holds_everything(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    fails = False

    def look(text: str) -> Finding:
        if fails:
            raise OSError("gone")
        return find_raffle(text)

    found = plug_in(Raffles(look), monkeypatch)
    monkeypatch.setattr(module, "installed_plug_ins", lambda: found)
    monkeypatch.setattr("rostra.screening.detectors.load_detectors", lambda: Detectors(load_detectors().cascade, found))
    await put_in_force(world, RULES)
    ada = await world.person("ada")
    assert (await ada.post("A raffle"))["moderation"]["withheld"] == "review"
    assert "moderation" not in await ada.post("Good morning")
    fails = True
    assert (await ada.post("Good morning"))["moderation"]["withheld"] == "review"
    kept = await world.db.connection.fetchval(
        "select details -> 'crashed' from moderation_events where type = 'verdict' order by id desc limit 1"
    )
    assert kept == ["raffles"]


def test_a_policy_may_name_what_an_installed_plug_in_finds(monkeypatch: pytest.MonkeyPatch) -> None:
    def faults() -> list[str]:
        _, problems = check_files(bundle_files(RULES), today=DAY, known=fixtures.known_names())
        return [str(each.what) for each in problems if "raffles.announced" in str(each.what)]

    assert faults(), "nothing of that name is installed"
    found = plug_in(Raffles(), monkeypatch)
    monkeypatch.setattr(fixtures, "installed_plug_ins", lambda: found)
    assert faults() == []
