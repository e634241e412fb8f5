"""Small policies for tests, put into force without their checks."""

from __future__ import annotations

from textwrap import dedent

from rostra.policy.check import check_files
from rostra.screening import policy_queries
from tests.conftest import NOON
from tests.world import World

MAIN = """
format: 1
name: Of a test
languages: [en, it]
hold: {expires: 72h, then: refuse}
labels:
  - {id: graphic, title: {en: Graphic, it: Crudo}, sensitive: true}
  - {id: rumour, title: {en: Rumour, it: Diceria}, sensitive: false}
clauses:
  - id: words
    title: {en: Words, it: Parole}
    text: {en: Some words are not said here., it: Certe parole qui non si dicono.}
    severity: 3
    ground: terms
    strikes: {points: 2, expires: 30d}
    action: hold
"""
RULES = """
- id: wait
  clause: words
  description: Waits for a person.
  when: text.normal.contains("pumpkin")
  then: [hold]
  reason: {en: Pumpkins are looked at first., it: Le zucche si guardano prima.}
  mode: live
- id: never
  clause: words
  description: Is not published.
  when: text.normal.contains("turnip")
  then: [reject]
  reason: {en: No turnips here. Take the turnip out., it: Niente rape qui. Togli la rapa.}
  mode: live
- id: gore
  clause: words
  description: Is covered.
  when: text.normal.contains("beetroot")
  then: [{label: graphic}]
  mode: live
- id: quiet
  clause: words
  description: Has no reach.
  when: text.normal.contains("leek")
  then: [limit]
  mode: live
- id: closed
  clause: words
  description: Nobody answers.
  when: text.normal.contains("radish")
  then: [interaction-off]
  mode: live
- id: look
  clause: words
  description: Somebody should look.
  when: text.normal.contains("marrow")
  then: [case]
  mode: live
- id: copies
  clause: words
  description: What was refused before waits.
  when: near.known_bad
  then: [hold]
  reason: {en: This was refused before., it: È già stato rifiutato.}
  mode: live
"""


def bundle_files(rules: str = RULES, main: str = MAIN) -> dict[str, bytes]:
    """The files of a policy."""
    return {"policy.yaml": dedent(main).encode(), "rules/test.yaml": dedent(rules).encode()}


async def put_in_force(world: World, rules: str = RULES, main: str = MAIN) -> str:
    """Have a policy judge what this world posts from now on; its version."""
    files = bundle_files(rules, main)
    bundle, problems = check_files(files, today=NOON.date())
    wrong = [problem for problem in problems if problem.level == "error" and problem.file.startswith("rules")]
    assert not wrong, wrong
    async with world.db.transaction() as tx:
        texts = {name: content.decode() for name, content in files.items()}
        version_id = await policy_queries.insert_version(tx, bundle.version, texts, "", None, world.clock.now())
        await policy_queries.set_active(tx, version_id, world.clock.now())
    world.res.screen.policies.forget()
    return bundle.version
