"""`rostra policy`: the commands that need no server."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from rostra.cli import main
from rostra.policy.shipped import shipped_files
from tests.policy import bundles
from tests.policy.bundles import rule

# About nothing that the model reads: its figures change with every training.
RULES = bundles.RULES.replace("text.threat > 0.9 && !text.quoted", "author.strikes > 3")
TESTS = bundles.TESTS.replace("text.threat: 0.99", "author.strikes: 4")


def files(rules: str = RULES, tests: str = TESTS, **more: str) -> dict[str, bytes]:
    return bundles.files(rules=rules, tests=tests, **more)


def run(*arguments: str | Path, given: str = "") -> Result:
    return CliRunner().invoke(main, ["policy", *map(str, arguments)], input=given)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return write(tmp_path / "policy", files())


def write(folder: Path, given: dict[str, bytes]) -> Path:
    for name, content in given.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(content)
    return folder


def test_a_sound_policy_passes_its_check(folder):
    result = run("check", folder)

    assert result.exit_code == 0
    assert result.output.startswith("A small policy, version ")
    assert "2 clauses, 2 rules, 2 tests; 0 errors, 0 warnings" in result.output


def test_a_mistake_is_shown_with_file_line_and_remedy(folder):
    write(folder, files(rules=RULES.replace("author.strikes", "author.strickes")))

    result = run("check", folder)

    assert result.exit_code == 1
    assert "rules/rules.yaml:4: error: rule threat: unknown fact author.strickes" in result.output
    assert "did you mean author.strikes?" in result.output


def test_a_phrase_that_no_detector_knows_is_named(folder):
    write(folder, files(rules=RULES + rule('text.matches.exists(m, m.startsWith("treat."))', then="limit")))

    result = run("check", folder)

    assert result.exit_code == 1
    assert 'rule own: no phrase begins with "treat."' in result.output
    assert "did you mean threat." in result.output


def test_problems_and_coverage_come_as_json(folder):
    write(folder, files(tests="[]\n"))

    result = run("check", folder, "--coverage", "--json")

    said = json.loads(result.output)
    assert result.exit_code == 1
    assert [problem["what"] for problem in said["problems"]] == [
        "clause violence.threat: no test expects it",
        "clause spam.links: no test expects it",
    ]
    assert [cell["rules"] for cell in said["coverage"]["cells"]] == [["threat"], ["links"]]


def test_the_coverage_is_a_table(folder):
    write(folder, files(hosts="id: cloud\ntitle: A host\nclauses: [{id: spam, title: Spam, met_by: A filter.}]\n"))

    lines = run("check", folder, "--coverage").output.splitlines()

    assert lines[0].split() == ["HOST", "CLAUSE", "OWN", "CLAUSE", "RULES", "TESTS"]
    assert lines[1].endswith("met by: A filter.")
    assert lines[2].split() == ["-", "violence.threat", "1", "en:1"]


def test_a_folder_without_a_policy_is_refused(tmp_path):
    result = run("check", tmp_path)

    assert result.exit_code == 1
    assert "there is no policy.yaml" in result.stderr


def test_a_policys_own_tests_run(folder):
    result = run("test", folder)

    assert result.exit_code == 0, result.output
    assert "2 tests, 0 failed, 0 known gaps" in result.output


def test_a_test_that_fails_says_where_and_what_came(folder):
    write(folder, files(tests=TESTS.replace("{action: limit", "{action: hold")))

    result = run("test", folder)

    assert result.exit_code == 1
    assert "tests/tests.yaml:5: failed: expected hold, got limit by links\n    look at all" in result.output


def test_a_gap_that_is_none_as_texts_are_read_here_is_not_called_closed_for_good(folder, monkeypatch):
    gap = "- {text: good morning, expect: {action: allow}, known_gap: An encoder finds a threat.}\n"
    write(folder, files(tests=TESTS + gap))
    monkeypatch.setattr("rostra.detect.encoder.load_encoders", lambda: ())

    result = run("test", folder, "--gaps")

    assert "1 known gap closed as texts are read here, with no encoder" in result.stderr
    assert "where it works with the encoders, too" in result.stderr
    assert "known gap, closed here: An encoder finds a threat.\n    good morning" in result.output
    assert "good morning" not in run("test", folder).output


def test_rules_that_no_test_hits_are_named(folder):
    write(folder, files(rules=RULES + rule("text.hate > 0.9", id="idle")))

    assert "no test hits idle" in run("test", folder).stderr


def test_two_folders_are_compared(folder, tmp_path):
    other = write(tmp_path / "other", files(rules=RULES.replace("links.count > 5", "links.count > 6")))

    assert run("diff", folder, folder).output == "No difference.\n"
    assert run("diff", folder, other).output == "rule links: when: links.count > 5 → links.count > 6\n"
    assert json.loads(run("diff", folder, other, "--json").output)["changes"][0]["id"] == "links"


def test_the_policy_of_the_program_is_copied_to_be_changed(tmp_path):
    assert run("copy", tmp_path / "mine").exit_code == 0
    assert run("diff", "shipped", tmp_path / "mine").output == "No difference.\n"

    again = run("copy", tmp_path / "mine")

    assert again.exit_code == 1
    assert "has a policy already" in again.stderr
    assert len(shipped_files()) > 10


def test_each_line_is_judged(folder):
    write(folder, files(rules=RULES + rule("text.length > 30", id="long", then="limit")))
    given = "short\n\nmuch longer than thirty characters it is\n"

    result = run("score", "--policy", folder, given=given)
    said = [
        json.loads(line) for line in run("score", "--json", "--policy", folder, "-", given=given).output.splitlines()
    ]

    assert "short\n  allow\n" in result.output
    assert "it is\n  limit violence.threat by long\n" in result.output
    assert [(each["text"], each["verdict"].get("action", "allow")) for each in said] == [
        ("short", "allow"),
        ("much longer than thirty characters it is", "limit"),
    ]
    assert {"scores", "matches", "language"} <= said[0].keys()


def test_nothing_is_judged_by_a_policy_with_errors(folder):
    write(folder, files(rules="- id: x\n"))

    result = run("score", "--policy", folder, given="hello\n")

    assert result.exit_code == 1
    assert "mend them first" in result.stderr


def test_asking_for_tests_that_are_not_there_is_no_success(folder):
    result = run("test", folder, "--only", "nothing-like-it")
    assert result.exit_code == 1
    assert "tests/" in result.output


def test_a_version_alone_is_no_command(tmp_path):
    arguments = ["policy", "show", "abc123", "--data", str(tmp_path)]
    result = CliRunner().invoke(main, arguments, env={"ROSTRA_DOMAIN": "rostra.example"})
    assert result.exit_code == 2
    assert "--out" in result.output


@pytest.mark.parametrize("name", ["rules/more/own.yaml", "rule/own.yaml"])
def test_a_file_that_is_not_read_is_named(folder, name):
    (folder / name).parent.mkdir()
    (folder / name).write_text("- id: own\n")
    result = run("check", folder)
    assert result.exit_code == 0
    assert name in result.output
