"""Plug-ins are found, named and checked; one that raises, hangs or answers nonsense fails alone."""

from __future__ import annotations

import re
import sys
import threading
import time
from collections.abc import Iterator, Sequence
from importlib.metadata import EntryPoint
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from rostra.detect import registry
from rostra.detect.reading import Match
from rostra.detect.registry import BUILT_IN, DetectorCard, Failure, Finding, PlugIns, load_plug_ins, read_plug_ins

DOCS = Path(__file__).parents[2] / "docs" / "detectors.md"
CARD = DetectorCard(name="words", says="Something.", version="1.2", cost=3)


class Words:
    """A plug-in that does whatever its test wants."""

    def __init__(self, answer: Any, card: DetectorCard = CARD) -> None:
        self.card = card
        self.answer = answer

    def detect(self, texts: Sequence[str]) -> Any:
        return self.answer(texts) if callable(self.answer) else self.answer


@pytest.fixture(autouse=True)
def patience(monkeypatch: pytest.MonkeyPatch) -> None:
    """A busy machine is no reason to fail; what hangs is given a limit by its own test."""
    monkeypatch.setattr(registry, "TEXT_LIMIT", 20.0)


@pytest.fixture
def module() -> Iterator[ModuleType]:
    made = ModuleType("some_plug_in")
    sys.modules["some_plug_in"] = made
    yield made
    del sys.modules["some_plug_in"]


def load(module: ModuleType, **named: object) -> PlugIns:
    for name, value in named.items():
        setattr(module, name, value)
    return load_plug_ins(EntryPoint(name, f"some_plug_in:{name}", registry.GROUP) for name in named)


def found(text: str) -> Finding:
    return Finding(matches=(Match("first", "spam", 0, len(text), "it is there"),), scores={"spam": 0.5})


def test_findings_come_for_each_text_under_the_name_of_the_plug_in(module: ModuleType) -> None:
    plug_ins = load(module, one=Words(lambda texts: [found(text) for text in texts]))
    result = plug_ins.detect(["a", "bc"])
    assert result.failed == ()
    assert [finding["words"].matches[0].end for finding in result.findings] == [1, 2]
    assert result.findings[0]["words"].matches[0].name == "words.first"
    assert result.findings[0]["words"].scores == {"spam": 0.5}
    assert plug_ins.cards == (CARD,)
    assert plug_ins.version == "words 1.2"


def test_without_plug_ins_nothing_is_found_and_nothing_fails() -> None:
    assert read_plug_ins().detect(["a", "b"]).findings == ({}, {})
    assert load_plug_ins([]).version == ""


def test_a_class_or_a_function_is_called_once(module: ModuleType) -> None:
    made: list[Words] = []

    def make() -> Words:
        made.append(Words([Finding()]))
        return made[-1]

    plug_ins = load(module, one=make)
    for _ in range(3):
        assert plug_ins.detect(["a"]).failed == ()
    assert len(made) == 1


def _raise(_texts: Sequence[str]) -> Any:
    raise KeyError("oh")


def _leave(_texts: Sequence[str]) -> Any:
    sys.exit(3)


def _spam(**changes: Any) -> Finding:
    fields = {"name": "x", "category": "spam", "start": 0, "end": 1, "reason": "", **changes}
    return Finding(matches=(Match(**fields),))


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        (_raise, "KeyError: 'oh'"),
        (_leave, "SystemExit"),
        (None, "answered with NoneType"),
        ("x", "answered with str"),
        ([], "answered 0 findings for 1 texts"),
        ([1], "answered with int"),
        ([Finding(scores={"spam": 2.0})], "no probability"),
        ([Finding(scores={"spam": -0.1})], "no probability"),
        ([Finding(scores={"spam": float("nan")})], "no probability"),
        ([Finding(scores={"rudeness": 0.5})], "no probability"),  # type: ignore[dict-item]
        ([Finding(scores={"spam": "1"})], "no probability"),  # type: ignore[dict-item]
        ([_spam(start=0, end=2)], "outside of the text"),
        ([_spam(start=-1)], "outside of the text"),
        ([_spam(start=0, end=0)], "outside of the text"),
        ([_spam(category="rudeness")], "no known category"),
        ([_spam(name="Not A Name")], "no dotted name"),
        ([_spam(weight=7.0)], "no weight"),
    ],
)
def test_what_raises_or_answers_nonsense_fails_and_the_others_go_on(
    module: ModuleType, answer: Any, reason: str
) -> None:
    other = DetectorCard(name="other", says="", version="1", cost=1)
    plug_ins = load(module, one=Words(answer), two=Words([Finding()], other))
    for _ in range(2):
        result = plug_ins.detect(["a"])
        assert [failure.name for failure in result.failed] == ["words"]
        assert reason in result.failed[0].reason
        assert list(result.findings[0]) == ["other"]


def test_one_that_hangs_fails_at_once_until_it_has_come_back(
    module: ModuleType, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(registry, "TEXT_LIMIT", 0.02)
    go_on, calls = threading.Event(), 0

    def hang(texts: Sequence[str]) -> list[Finding]:
        nonlocal calls
        calls += 1
        if calls == 1:
            go_on.wait(20)
        return [Finding() for _ in texts]

    plug_ins = load(module, one=Words(hang))
    before = threading.active_count()
    assert "took longer than 20 ms" in plug_ins.detect(["a"]).failed[0].reason
    for _ in range(5):
        assert "has not come back" in plug_ins.detect(["a"]).failed[0].reason
    assert (calls, threading.active_count()) == (1, before + 1)
    go_on.set()
    while plug_ins.detect(["a"]).failed:
        time.sleep(0.001)
    assert calls >= 2


def test_several_threads_take_turns(module: ModuleType) -> None:
    at_once: list[int] = []
    inside = 0

    def count(texts: Sequence[str]) -> list[Finding]:
        nonlocal inside
        inside += 1
        at_once.append(inside)
        time.sleep(0.001)
        inside -= 1
        return [Finding() for _ in texts]

    plug_ins = load(module, one=Words(count))
    failed: list[Failure] = []
    threads = [threading.Thread(target=lambda: failed.extend(plug_ins.detect(["a"]).failed)) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert (failed, max(at_once), len(at_once)) == ([], 1, 8)


@pytest.mark.parametrize(
    ("named", "reason"),
    [
        (5, "TypeError"),
        (lambda: 5, "names neither a detector"),
        (lambda: 1 / 0, "ZeroDivisionError"),
        (Words([], DetectorCard(name="Not a name", says="", version="1", cost=1)), "no name for a detector"),
        (Words([], DetectorCard(name="near", says="", version="1", cost=1)), "another detector named 'near'"),
        (Words([], DetectorCard(name="eye", says="", version="1", cost=1, needs=("image",))), "needs image"),
    ],
)
def test_what_cannot_be_loaded_has_failed_for_every_text(module: ModuleType, named: object, reason: str) -> None:
    plug_ins = load(module, one=named)
    assert [failure.name for failure in plug_ins.failures] == ["one"]
    assert reason in plug_ins.failures[0].reason
    assert plug_ins.detect(["a"]).failed == plug_ins.failures


def test_a_missing_module_and_a_second_detector_of_one_name_are_told(module: ModuleType) -> None:
    module.one = module.two = Words([Finding()])  # type: ignore[attr-defined]
    points = [EntryPoint(name, value, registry.GROUP) for name, value in (
        ("a", "some_plug_in:one"), ("b", "some_plug_in:two"), ("c", "no_such_module:x"), ("d", "some_plug_in:nothing"),
    )]  # fmt: skip
    plug_ins = load_plug_ins(points)
    assert [failure.name for failure in plug_ins.failures] == ["b", "c", "d"]
    assert [card.name for card in plug_ins.cards] == ["words"]


def test_very_many_matches_are_cut(module: ModuleType) -> None:
    many = Finding(matches=_spam().matches * 1000)
    result = load(module, one=Words([many])).detect(["a"])
    assert len(result.findings[0]["words"].matches) == registry.MOST_MATCHES


def test_the_documentation_lists_the_built_in_detectors() -> None:
    rows: list[str] = []
    for each in BUILT_IN:
        languages, needs = ", ".join(each.languages) or "all", ", ".join(each.needs)
        rows.append(f"| {each.name} | {each.says} | {languages} | {needs} | {each.cost:g} |")
    assert "\n".join(rows) in DOCS.read_text()


def test_the_example_of_the_documentation_works(module: ModuleType) -> None:
    (code,) = re.findall(r"```python\n(.*?)```", DOCS.read_text(), re.DOTALL)
    exec(compile(code, "example", "exec"), module.__dict__)
    plug_ins = load_plug_ins([EntryPoint("raffles", "some_plug_in:Raffles", registry.GROUP)])
    result = plug_ins.detect(["Our Raffle is on Sunday", "nothing"])
    assert result.failed == ()
    assert [match.name for match in result.findings[0]["raffles"].matches] == ["raffles.announced"]
    assert result.findings[1]["raffles"] == Finding()
