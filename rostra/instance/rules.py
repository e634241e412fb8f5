"""The rules of the house: numbered, changed only by those who run it, each change noted."""

from __future__ import annotations

from typing import Final

from rostra.accounts.audit_queries import insert_audit_event
from rostra.instance import queries
from rostra.instance.records import Rule
from rostra.kit.clock import Clock
from rostra.kit.db import Database, Tx
from rostra.kit.errors import Invalid, NotFound
from rostra.text.format import clean_text

MAX_TEXT: Final = 1_000


async def list_rules(db: Database) -> list[Rule]:
    """The rules that hold, in their order."""
    async with db.read() as conn:
        return await queries.list_rules(conn)


async def add_rule(db: Database, clock: Clock, *, actor_id: int | None, text: str, hint: str = "") -> int:
    """Add a rule behind the others and return its id. Raises Invalid."""
    text, hint = _checked(text, hint)
    async with db.transaction() as tx:
        rule_id = await queries.insert_rule(tx, text, hint, clock.now())
        await _note(tx, clock, actor_id, "rule.add", rule_id, {"text": text, "hint": hint})
    return rule_id


async def change_rule(
    db: Database, clock: Clock, *, actor_id: int | None, rule_id: int, text: str, hint: str = ""
) -> None:
    """Change the words of a rule. Raises Invalid and NotFound."""
    text, hint = _checked(text, hint)
    async with db.transaction() as tx:
        if not await queries.update_rule(tx, rule_id, text, hint):
            raise NotFound
        await _note(tx, clock, actor_id, "rule.change", rule_id, {"text": text, "hint": hint})


async def remove_rule(db: Database, clock: Clock, *, actor_id: int | None, rule_id: int) -> None:
    """Take a rule away; reports that name it keep it. Raises NotFound."""
    async with db.transaction() as tx:
        if not await queries.delete_rule(tx, rule_id, clock.now()):
            raise NotFound
        await _note(tx, clock, actor_id, "rule.remove", rule_id, {})


async def _note(tx: Tx, clock: Clock, actor_id: int | None, action: str, rule_id: int, details: dict[str, str]) -> None:
    await insert_audit_event(
        tx, actor_id=actor_id, action=action, subject=str(rule_id), details=details, at=clock.now()
    )


def _checked(text: str, hint: str) -> tuple[str, str]:
    text, hint = clean_text(text), clean_text(hint)
    if not text:
        raise Invalid("text", "can't be blank", code="ERR_BLANK")
    for field, value in (("text", text), ("hint", hint)):
        if len(value) > MAX_TEXT:
            raise Invalid(field, f"is too long (maximum is {MAX_TEXT} characters)", code="ERR_TOO_LONG")
    return text, hint
