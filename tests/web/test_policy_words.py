"""What is wrong with a policy, said in the reader's language."""

from __future__ import annotations

import pytest

from rostra.policy.check import check_files
from rostra.policy.folder import read_folder
from rostra.policy.said import Said, bare, both, of, said
from rostra.web.language import load_translations, speak
from tests.policy.bundles import TODAY
from tests.policy.test_check import HERE

TRANSLATIONS = load_translations()
BROKEN = check_files(read_folder(HERE / "broken"), today=TODAY)[1]


def _in(language: str, sentence: Said) -> str:
    return speak(TRANSLATIONS[language], language, sentence)


def test_all_that_is_wrong_with_a_policy_is_said_in_italian() -> None:
    italian = [(_in("it", problem.what), _in("it", problem.remedy)) for problem in BROKEN]
    english = [(str(problem.what), str(problem.remedy)) for problem in BROKEN]
    assert len(english) > 20
    assert [pair for pair in zip(italian, english, strict=True) if pair[0][0] == pair[1][0]] == []
    assert [pair for pair in zip(italian, english, strict=True) if pair[0][1] == pair[1][1]] == []


def test_english_is_what_the_command_line_says() -> None:
    assert [_in("en", problem.what) for problem in BROKEN] == [str(problem.what) for problem in BROKEN]


@pytest.mark.parametrize(
    ("language", "words"),
    [
        ("en", "rule <b>%s: more than 50,000 entries; unknown clause spam"),
        ("it", "regola <b>%s: più di 50.000 voci; clausola sconosciuta spam"),
    ],
)
def test_names_stay_as_they_are_and_numbers_are_written_as_one_reads_them(language: str, words: str) -> None:
    rule = said("%(kind)s %(id)s", kind=said("rule"), id="<b>%s")
    found = of(rule, both([said("more than %(n)s entries", n=50_000), said("unknown clause %(name)s", name="spam")]))
    assert _in(language, found) == words
    assert _in(language, bare("100 % %(n)s")) == "100 % %(n)s"
