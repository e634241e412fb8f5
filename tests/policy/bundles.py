"""A small bundle that is right, to be made wrong in one place by each test."""

from __future__ import annotations

from datetime import date

from rostra.policy.check import check_files
from rostra.policy.evaluate import Policy, compile_policy
from rostra.policy.parse import parse_bundle
from rostra.policy.records import Bundle, Problem

TODAY = date(2026, 11, 22)

MAIN = """\
format: 1
name: A small policy
languages: [en]
labels:
  - {id: graphic, title: {en: Graphic}, sensitive: true}
clauses:
  - id: violence.threat
    title: {en: Threats}
    text: {en: No threats.}
    severity: 5
    ground: terms
    action: reject
    reason: {en: This reads as a threat.}
  - id: spam.links
    title: {en: Link spam}
    text: {en: No link spam.}
    severity: 2
    ground: terms
    action: limit
"""
RULES = """\
- id: threat
  clause: violence.threat
  description: A threat.
  when: text.threat > 0.9 && !text.quoted
  mode: live
- id: links
  clause: spam.links
  description: Many links.
  when: links.count > 5
  mode: live
"""
TESTS = """\
- text: I will hurt you
  language: en
  facts: {text.threat: 0.99}
  expect: {action: reject, clause: violence.threat, rule: threat}
- text: look at all these links
  language: en
  facts: {links.count: 9}
  expect: {action: limit, clause: spam.links}
"""


def files(*, main: str = MAIN, rules: str = RULES, tests: str = TESTS, **more: str) -> dict[str, bytes]:
    """The files of the bundle; further ones as `hosts="…"` or `lists="…"`."""
    given = {"policy.yaml": main, "rules/rules.yaml": rules, "tests/tests.yaml": tests}
    given |= {f"{folder}/{folder}.yaml": content for folder, content in more.items()}
    return {name: content.encode() for name, content in given.items()}


def rule(when: str, *, id: str = "own", then: str = "hold", mode: str = "live", more: str = "") -> str:  # noqa: A002 - as it is written in rules
    """One rule over a condition, as YAML."""
    text = when.replace("'", "''")
    head = f"- id: {id}\n  clause: violence.threat\n  description: A rule.\n  when: '{text}'\n"
    return f"{head}  then: [{then}]\n  mode: {mode}\n{more}"


def bundle(**given: str) -> Bundle:
    return parse_bundle(files(**given)).bundle


def problems(**given: str) -> list[Problem]:
    return check_files(files(**given), today=TODAY)[1]


def errors(**given: str) -> list[str]:
    return [str(problem.what) for problem in problems(**given) if problem.level == "error"]


def policy(rules: str, **given: str) -> Policy:
    return compile_policy(bundle(rules=rules, **given))
