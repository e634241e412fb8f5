"""docs/policy.md: its tables say what the code has, and what it tells people to type does what it says."""

from __future__ import annotations

import os
import re
import shlex
from pathlib import Path

import pytest
from click.testing import CliRunner

from rostra.cli import main
from rostra.policy.check import DSA_CATEGORIES
from rostra.policy.expressions import MAX_COST, MAX_DEPTH, MAX_LENGTH, read_expression
from rostra.policy.facts import FACTS, Fact
from rostra.policy.records import ACTIONS, MODES

DOC = Path(__file__).parent.parent.parent / "docs" / "policy.md"
KINDS = {bool: "true or false", int: "whole number", float: "decimal number", str: "text", list[str]: "list of texts"}


def facts_table() -> str:
    rows = [
        f"| `{fact.name}` | {KINDS[fact.type]} | {otherwise(fact)} | {fact.description} |" for fact in FACTS.values()
    ]
    return "\n".join(["| fact | type | otherwise | what it says |", "|---|---|---|---|", *rows])


def otherwise(fact: Fact) -> str:
    if fact.type is bool:
        return str(fact.default).lower()
    if isinstance(fact.default, str) and fact.default:
        return f"`{fact.default}`"
    return "empty" if fact.default in ("", []) else f"{fact.default:,.0f}"


def between(name: str, text: str) -> str:
    return text.partition(f"<!-- {name} -->\n")[2].partition(f"<!-- /{name} -->")[0]


def first_cells(table: str) -> list[str]:
    return [row.split("|")[1].strip().strip("`").partition(":")[0] for row in table.splitlines()[2:]]


def test_the_table_of_facts_is_that_of_the_code():
    text = DOC.read_text()
    if os.environ.get("WRITE_SNAPSHOTS"):
        text = text.replace(
            f"<!-- facts -->\n{between('facts', text)}<!-- /facts -->",
            f"<!-- facts -->\n{facts_table()}\n<!-- /facts -->",
        )
        DOC.write_text(text)
    assert between("facts", text) == facts_table() + "\n"


def test_the_tables_of_actions_and_modes_are_those_of_the_code():
    assert first_cells(between("actions", DOC.read_text())) == list(ACTIONS)
    assert first_cells(between("modes", DOC.read_text())) == list(MODES)


def test_every_condition_of_the_doc_can_be_used():
    section = DOC.read_text().partition("## Conditions\n")[2].partition("### Limits")[0]
    written = [row.partition("` |")[0][3:].replace("\\|", "|") for row in section.splitlines() if row.startswith("| `")]

    assert len(written) > 10
    for source in written:
        assert read_expression(source).constant is None


def test_the_limits_of_the_doc_are_those_of_the_code():
    limits = DOC.read_text().partition("### Limits\n")[2].partition("\n## ")[0]

    assert f"{MAX_LENGTH:,} characters" in limits
    assert f"{MAX_COST:,}" in limits
    assert MAX_DEPTH == 2
    assert len(DSA_CATEGORIES) == 16


BLOCK = re.compile(r"```(yaml|console)\n(.*?)```", re.DOTALL)


def test_the_lesson_does_what_it_says(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    lesson = DOC.read_text().partition("## Your first rule")[2].partition("\n## ")[0]

    assert run_blocks(lesson, tmp_path) >= 6


def test_the_example_of_posts_that_nobody_looks_at_does_what_it_says(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert_prints("rostra policy copy mypolicy", "…")
    section = DOC.read_text().partition("### Held posts that nobody looks at")[2].partition("\n### ")[0]

    assert run_blocks(section, tmp_path) == 3


def run_blocks(text: str, folder: Path) -> int:
    """Write the files and type the commands of a section; how many blocks it has."""
    blocks = BLOCK.findall(text)
    for kind, content in blocks:
        if kind == "yaml":
            name = content.splitlines()[0].removeprefix("# ")
            (folder / "mypolicy" / name).write_text(content)
            continue
        for command, expected in re.findall(r"\$ (.*?)\n(.*?)(?=\$ |\Z)", content, re.DOTALL):
            assert_prints(command, expected)
            if "typo" in expected:
                (folder / "mypolicy" / "rules" / "typo.yaml").unlink()
    return len(blocks)


def assert_prints(command: str, expected: str) -> None:
    """What a command prints, where … in the doc stands for anything."""
    words = shlex.split(command)
    given = ""
    if words[0] == "echo":
        given = words[1] + "\n"
        words = words[3:]
    result = CliRunner().invoke(main, words[1:], input=given)
    pattern = "(?s:.*?)".join(re.escape(part) for part in expected.strip().split("…"))
    assert re.fullmatch(pattern, result.output.strip()), f"$ {command}\n{result.output}"


@pytest.mark.parametrize("word", ["replay", "activate", "rollback", "show"])
def test_the_doc_names_the_commands_that_need_a_server(word):
    assert f"`{word}`" in DOC.read_text() or f"rostra policy {word}" in DOC.read_text()
