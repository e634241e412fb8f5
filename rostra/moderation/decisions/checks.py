"""Whether a decision may be made: what is asked of draft, reviewer and case, before anything is locked and after."""

from __future__ import annotations

from datetime import datetime
from typing import Final

import msgspec

from rostra.accounts.permissions import check_above, check_may
from rostra.accounts.records import Role
from rostra.kit.errors import Conflict, Invalid, Involved
from rostra.moderation.decisions.actions import check_wish
from rostra.moderation.desk import Reviewer
from rostra.moderation.records import CaseRow, Draft
from rostra.policy.records import Clause
from rostra.posts.withhold_queries import Subject
from rostra.screening.active import Current

CHANGED: Final = "Somebody has decided this already, or the author has changed it: look again"


class Plan(msgspec.Struct, frozen=True, kw_only=True):
    """What was read and checked before anything is locked."""

    reviewer: Reviewer | None
    draft: Draft
    current: Current
    clause: Clause | None
    is_local: bool
    role: Role | None
    is_automatic: bool


def completed(draft: Draft, case: CaseRow) -> Draft:
    """The draft with the case's clause where it names none."""
    return msgspec.structs.replace(draft, clause=draft.clause or case.clause)


def check(plan: Plan, case: CaseRow, *, is_gone: bool) -> None:
    draft = plan.draft
    for wish in draft.wishes:
        check_wish(wish)
        if wish.on != "account" and case.subject_kind == "account":
            raise Invalid("actions", f"cannot {wish.kind} a post: the case is about an account")
        if wish.kind == "label" and wish.label not in plan.current.labels:
            raise Invalid("label", f"{wish.label!r} is none of the policy's labels")
    if draft.wishes and draft.outcome != "violates":
        raise Invalid("actions", "go with the outcome 'violates' only")
    if draft.outcome == "violates" and plan.reviewer is not None and plan.clause is None:
        raise Invalid("clause", "is needed: a clause of the policy in force", code="ERR_CLAUSE")
    if plan.reviewer is None:
        return
    if plan.reviewer.account_id == case.account_id:
        raise Involved
    if case.subject_kind == "status" and draft.revision is None and not is_gone:
        raise Invalid("revision", "is needed: that of the post which was looked at")
    _check_role(plan, case)


def _check_role(plan: Plan, case: CaseRow) -> None:
    assert plan.reviewer is not None
    role, draft = plan.reviewer.role, plan.draft
    check_may(role, "decide" if draft.outcome == "violates" or draft.origin in ("host", "order") else "dismiss")
    if case.state == "escalated":
        check_may(role, "escalated")
    if any(wish.on == "account" for wish in draft.wishes):
        check_may(role, "sanction")
        check_above(role, plan.role)


def check_current(plan: Plan, case: CaseRow | None, status: Subject | None, at: datetime) -> None:
    """Raises Conflict where it is decided already, somebody else is at it, or it is not what the reviewer saw."""
    if case is None or case.state == "closed":
        raise Conflict(CHANGED)
    if plan.reviewer is not None and is_leased(case, at, but_to=plan.reviewer.account_id):
        raise Conflict("Somebody else is looking at this case")
    if status is not None and plan.draft.revision not in (None, status.revision):
        raise Conflict(CHANGED)
    if plan.reviewer is not None and status is not None and status.withheld == "review":
        # Publishing what the policy held is an act.
        check_may(plan.reviewer.role, "decide")


def is_leased(case: CaseRow, at: datetime, *, but_to: int) -> bool:
    """Whether somebody else is looking at the case."""
    return case.assigned_to not in (None, but_to) and case.lease_until is not None and case.lease_until > at
