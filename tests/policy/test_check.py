"""Checking: all that is wrong at once, each with file, line and what to do about it, in words that do not change."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rostra.policy.check import check_files
from rostra.policy.coverage import coverage_of
from rostra.policy.folder import FolderRefused, read_folder, version_of
from rostra.policy.literals import Known
from rostra.policy.parse import parse_bundle
from rostra.policy.shipped import shipped_bundle, shipped_files
from rostra.policy.yamlfile import MAX_FILE_BYTES
from tests.policy.bundles import MAIN, RULES, TESTS, TODAY, bundle, errors, files, problems, rule

HERE = Path(__file__).parent
SAID = HERE / "problems.txt"


def test_all_that_is_wrong_is_said_at_once_in_the_words_that_were_agreed():
    _, found = check_files(read_folder(HERE / "broken"), today=TODAY)
    said = "".join(f"{problem}\n" for problem in found)

    if os.environ.get("WRITE_SNAPSHOTS"):
        SAID.write_text(said)
    assert said == SAID.read_text()


def test_the_small_bundle_is_right():
    assert problems() == []


def test_the_default_policy_is_right():
    found = check_files(shipped_files(), today=TODAY)[1]

    assert [str(problem) for problem in found if problem.level == "error"] == []
    assert shipped_bundle().rules


def test_the_line_is_that_of_the_word_in_a_condition_over_several_lines():
    rules = RULES.replace(
        "text.threat > 0.9 && !text.quoted", ">\n    text.threat > 0.9\n    && !text.quoted\n    && text.foo"
    )

    (problem,) = [each for each in problems(rules=rules) if "text.foo" in str(each.what)]

    assert rules.splitlines()[problem.line - 1].strip() == "&& text.foo"
    assert problem.excerpt[problem.caret :].startswith("text.foo")


def test_a_rule_that_repeats_another_is_found_and_one_that_does_more_is_not():
    same = rule("links.count > 5", id="again", then="limit").replace("violence.threat", "spam.links")

    assert errors(rules=RULES + same) == ["rule again: it can never change anything"]
    assert errors(rules=RULES + same.replace("[limit]", "[limit, case]")) == []
    assert errors(rules=RULES + same.replace("mode: live", "mode: shadow")) == []


def test_phrases_are_checked_where_the_detectors_names_are_known():
    known = Known(matches=frozenset({"threat.direct"}))
    rules = rule('text.matches.exists(m, m.startsWith("tret."))') + rule('"threat.direct" in text.matches', id="two")
    given_files = files(rules=RULES + rules)

    assert [str(problem.what) for problem in check_files(given_files, today=TODAY, known=known)[1]] == [
        'rule own: no phrase begins with "tret."'
    ]
    assert check_files(given_files, today=TODAY)[1] == []


def test_a_retired_rule_is_left_alone():
    assert errors(rules=RULES + rule("text.gone > 1", mode="retired")) == []


def test_an_empty_cell_of_the_coverage_is_a_fault():
    host = "id: cloud\ntitle: A host\nclauses: [{id: violence, title: Violence}]\n"

    assert errors(hosts=host) == ["host cloud: no clause covers violence"]
    covered = MAIN.replace("    action: reject\n", "    action: reject\n    covers: [cloud/violence]\n")
    assert errors(hosts=host, main=covered) == []
    assert errors(hosts=host, main=covered, tests="[]\n") == [
        "clause violence.threat: no test expects it",
        "clause spam.links: no test expects it",
    ]
    assert errors(hosts=host, main=covered, rules="[]\n", tests="[]\n") == [
        "clause violence.threat: no rule enforces it",
        "clause spam.links: no rule enforces it",
    ]


def test_what_people_find_needs_no_rule():
    main = MAIN.replace("    action: limit\n", "    action: limit\n    by_people: Reports.\n")

    assert errors(main=main, rules=RULES.partition("- id: links")[0], tests=TESTS.partition("- text: look")[0]) == []


def test_a_known_gap_covers_nothing():
    tests = TESTS.replace("  expect: {action: limit", "  known_gap: Not found yet.\n  expect: {action: limit")

    assert [(each.level, str(each.what)) for each in problems(tests=tests)] == [
        ("warning", "clause spam.links: only known gaps expect it")
    ]


def test_the_coverage_names_rules_and_counts_tests_by_language():
    host = "id: cloud\ntitle: A host\nclauses: [{id: violence, title: Violence}]\n"
    main = MAIN.replace("    action: reject\n", "    action: reject\n    covers: [cloud/violence]\n")

    (row,) = coverage_of(bundle(main=main, hosts=host)).rows

    assert (row.host, row.clause) == ("cloud", "violence")
    assert [(cell.clause, cell.rules, cell.tests) for cell in row.cells] == [
        ("violence.threat", ("threat",), {"en": 1})
    ]


HOSTILE = {
    "billion laughs": "a: &a [x, x]\nb: &b [*a, *a]\nc: [*b, *b]\n",
    "merge keys": "a: &a {x: 1}\nb: {<<: *a}\n",
    "python": "name: !!python/object/apply:os.system [id]\n",
    "deep": "[" * 5_000 + "]" * 5_000,
    "deep block": "".join("  " * depth + "a:\n" for depth in range(400)),
    "many": "a: [" + "x," * 150_000 + "]\n",
    "large": "#" * (MAX_FILE_BYTES + 1),
    "two documents": "format: 1\n---\nformat: 1\n",
    "key twice": "name: a\nname: b\n",
    "list as key": "? [a, b]\n: c\n",
    "torn": "name: 'a\n",
    "tab": "name:\n\t- a\n",
    "control": "name: \x01\n",
}


@pytest.mark.parametrize("content", HOSTILE.values(), ids=HOSTILE)
def test_hostile_yaml_is_refused_with_its_line(content):
    found = errors(main=content)

    assert found
    (problem, *_) = [each for each in problems(main=content) if each.file == "policy.yaml"]
    assert 1 <= problem.line <= content.count("\n") + 1
    assert str(problem.remedy)


def test_what_is_no_utf_8_is_refused():
    found = check_files({"policy.yaml": b"format: 1\nname: \xff\n"}, today=TODAY)[1]

    assert ("policy.yaml", 2, "the file is not UTF-8") in [(each.file, each.line, str(each.what)) for each in found]


def test_yaml_does_not_guess_what_text_means():
    main = MAIN.replace("[en]", "[en, no]").replace("{en: Graphic}", "{en: 1.10, no: yes}")

    read = parse_bundle(files(main=main)).bundle

    assert read.languages == ("en", "no")
    assert read.labels[0].title == {"en": "1.10", "no": "yes"}


WORDS = [
    "id",
    "when",
    "then",
    "mode",
    "live",
    "text.threat > 0.5",
    "[",
    "]",
    "{",
    "}",
    ": ",
    "- ",
    "\n",
    "  ",
    "'",
    "#",
]


@given(st.lists(st.sampled_from(WORDS), max_size=40).map("".join), st.sampled_from(["policy", "rules", "tests"]))
@settings(max_examples=200, deadline=None)
def test_no_file_makes_checking_fail_in_another_way(content, which):
    name = "policy.yaml" if which == "policy" else f"{which}/{which}.yaml"

    check_files(files() | {name: content.encode()}, today=TODAY)


def test_the_version_is_that_of_the_content_wherever_it_lies(tmp_path):
    for name, content in files().items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_bytes(content.replace(b"\n", b"\r\n"))
    (tmp_path / "README.md").write_text("not a part of it")

    assert version_of(read_folder(tmp_path)) == version_of(files()) == bundle().version
    assert version_of(files(tests=TESTS + "# a note\n")) != bundle().version


def test_a_folder_without_policy_yaml_is_refused(tmp_path):
    with pytest.raises(FolderRefused) as refused:
        read_folder(tmp_path)

    assert refused.value.problem.file == "policy.yaml"


def test_links_out_of_the_folder_are_left_alone(tmp_path):
    (tmp_path / "policy.yaml").write_text(MAIN)
    (tmp_path / "rules").mkdir()
    (tmp_path / "rules" / "other.yaml").symlink_to("/etc/hostname")

    assert list(read_folder(tmp_path)) == ["policy.yaml"]


@pytest.mark.parametrize("nothing", ["", "  "])
def test_a_condition_without_words_is_missing(nothing: str) -> None:
    assert "'when' is missing" in " ".join(errors(rules=RULES + rule(nothing)))
