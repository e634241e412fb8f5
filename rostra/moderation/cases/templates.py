"""Templates of what authors read: words kept under a name, by language, with places that are filled in."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Final

from rostra.accounts.audit_queries import insert_audit_event
from rostra.accounts.permissions import check_may
from rostra.kit.db import Reader
from rostra.kit.errors import FieldProblem, InvalidFields, NotFound
from rostra.moderation.cases import reviewer_queries
from rostra.moderation.cases.reviewer_queries import Template
from rostra.moderation.desk import Desk, Reviewer

LONGEST: Final = 2000
LONGEST_NAME: Final = 60
# What is filled in: the author's name, the clause's title, the server's address.
PLACES: Final = ("author", "clause", "server")
_PLACE: Final = re.compile(r"\{(\w+)\}")


async def list_templates(conn: Reader) -> list[Template]:
    """All templates, by name."""
    return await reviewer_queries.list_templates(conn)


async def save_template(
    desk: Desk, reviewer: Reviewer, template_id: int | None, name: str, clause: str, text: Mapping[str, str]
) -> int:
    """Keep a template, new where `template_id` is None; its id. Raises InvalidFields, Forbidden, NotFound."""
    check_may(reviewer.role, "sanction")
    said = {language: words.strip()[:LONGEST] for language, words in text.items() if words.strip()}
    _check(name, clause, said, (await desk.policies.current(desk.db)).clauses)
    named, at = name.strip()[:LONGEST_NAME], desk.clock.now()
    async with desk.db.transaction() as tx:
        if template_id is None:
            kept = await reviewer_queries.insert_template(tx, named, clause, said, at)
        elif await reviewer_queries.update_template(tx, template_id, named, clause, said):
            kept = template_id
        else:
            raise NotFound
        await insert_audit_event(
            tx, actor_id=reviewer.account_id, action="template_saved", subject=str(kept),
            details={"name": named, "clause": clause, "languages": sorted(said)}, at=at,
        )  # fmt: skip
    return kept


async def delete_template(desk: Desk, reviewer: Reviewer, template_id: int) -> None:
    """Drop a template. Raises NotFound, Forbidden."""
    check_may(reviewer.role, "sanction")
    async with desk.db.transaction() as tx:
        if not await reviewer_queries.delete_template(tx, template_id):
            raise NotFound
        await insert_audit_event(
            tx, actor_id=reviewer.account_id, action="template_deleted", subject=str(template_id), details={},
            at=desk.clock.now(),
        )  # fmt: skip


def fitting(templates: Sequence[Template], clause: str) -> list[Template]:
    """Those for the clause, then those for any, then the rest."""
    return sorted(templates, key=lambda each: _distance(each, clause))


def fill(text: Mapping[str, str], language: str, values: Mapping[str, str]) -> str:
    """The words in that language, in English or in the first that there is, with the places filled in."""
    said = text.get(language) or text.get("en") or next(iter(text.values()), "")
    return _PLACE.sub(lambda place: values.get(place[1], place[0]), said)


def _distance(template: Template, clause: str) -> int:
    if not template.clause:
        return 1
    return 0 if clause == template.clause or clause.startswith(f"{template.clause}.") else 2


def _check(name: str, clause: str, said: Mapping[str, str], clauses: Mapping[str, object]) -> None:
    problems: dict[str, list[FieldProblem]] = {}
    if not name.strip():
        problems["name"] = [FieldProblem("ERR_BLANK", "can't be blank")]
    if clause and clause not in clauses:
        problems["clause"] = [FieldProblem("ERR_INCLUSION", "is none of the policy's clauses")]
    if not said:
        problems["text"] = [FieldProblem("ERR_BLANK", "can't be blank")]
    wrong = {place for words in said.values() for place in _PLACE.findall(words)} - set(PLACES)
    if wrong:
        named = ", ".join(f"{{{place}}}" for place in sorted(wrong))
        problems["text"] = [FieldProblem("ERR_INVALID", f"has places that nothing fills in: {named}")]
    if problems:
        raise InvalidFields(problems)
