"""What rules did by themselves becomes a decision like any other: with actions, a statement of reasons and a notice.

Screening has limited, labelled or closed the post in the transaction that published it; here that is written down, a
moment later, from the verdict in the ledger. An edit is judged anew, and what the verdict before it did is superseded.
"""

from __future__ import annotations

from typing import Any, Final

import msgspec

from rostra.kit.db import Reader
from rostra.kit.errors import Conflict, NotFound
from rostra.moderation.decisions import decision_queries
from rostra.moderation.decisions.decide import decide_subject
from rostra.moderation.decisions.reverse import reverse
from rostra.moderation.desk import Desk
from rostra.moderation.records import Draft, Wish

# The verdict on the revision that the post has now, where it did anything.
VERDICT: Final = """
select e.id, e.clause, e.details, s.revision, s.limited, s.interaction_off
from statuses s join moderation_events e on e.subject_id = s.id and e.revision = s.revision
where s.id = $1 and e.type = 'verdict' and e.subject_kind = 'status' order by e.id desc limit 1
"""


class _Verdict(msgspec.Struct, frozen=True, kw_only=True):
    id: int
    clause: str
    details: dict[str, Any]
    revision: int
    limited: bool
    interaction_off: bool


async def record_rule(desk: Desk, status_id: int) -> None:
    """Write down what the rules did to a post. Bears being repeated."""
    async with desk.db.read() as conn:
        verdict = await _find_verdict(conn, status_id)
        if verdict is None or await decision_queries.has_decision(conn, verdict.id):
            return
        before = await decision_queries.list_standing(conn, "status", status_id, automated=True)
    for decision in before:
        if decision.revision < verdict.revision:
            try:
                await reverse(desk, None, decision.id, "superseded")
            except (Conflict, NotFound):
                continue
    wishes = _wishes(verdict)
    if wishes and verdict.details.get("action") != "hold":
        rule = str(verdict.details.get("rule", ""))
        draft = Draft(
            outcome="violates",
            clause=verdict.clause,
            wishes=wishes,
            facts=f"An automated rule of the policy matched the content ({rule}).",
            revision=verdict.revision,
        )
        try:
            await decide_subject(desk, None, "status", status_id, draft, event_id=verdict.id)
        except (Conflict, NotFound):
            # Edited or deleted meanwhile: the next event of it brings us back, or nothing is left to say.
            return


async def _find_verdict(conn: Reader, status_id: int) -> _Verdict | None:
    row = await conn.fetchrow(VERDICT, status_id)
    return None if row is None else _Verdict(**dict(row.items()))


def _wishes(verdict: _Verdict) -> tuple[Wish, ...]:
    wishes = [Wish(kind="label", label=str(label)) for label in verdict.details.get("labels", ())]
    if verdict.limited:
        wishes.append(Wish(kind="limit"))
    if verdict.interaction_off:
        wishes.append(Wish(kind="interaction-off"))
    return tuple(wishes)
