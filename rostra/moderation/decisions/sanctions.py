"""What Mastodon's admin tools do to accounts, as decisions of this desk: those tools know no policy and no clauses.

Whatever they leave open is taken from the report that they act on, or else is the mildest that the policy has.
"""

from __future__ import annotations

from typing import Final, Literal

import msgspec

from rostra.accounts.records import Role
from rostra.accounts.staff import disable_login
from rostra.kit.errors import NotFound
from rostra.moderation.decisions import sanction_queries as queries
from rostra.moderation.decisions.decide import decide_case, decide_subject
from rostra.moderation.decisions.reverse import reverse
from rostra.moderation.desk import Desk, Reviewer
from rostra.moderation.records import ActionKind, Category, Draft, Wish
from rostra.moderation.reports.staff_reports import get_staff_report, list_open_cases
from rostra.policy.records import Clause
from rostra.screening.active import Current

ActionType = Literal["none", "sensitive", "disable", "silence", "suspend"]

# What is disabled is the login, which no decision does: the decision is the warning that says so.
_KINDS: Final[dict[ActionType, ActionKind]] = {
    "none": "warn", "sensitive": "sensitive", "disable": "warn", "silence": "limit", "suspend": "suspend",
}  # fmt: skip
_OF_CATEGORY: Final[dict[Category, tuple[str, ...]]] = {
    "spam": ("spam", "integrity"), "legal": ("goods", "illegal"), "violation": (), "other": (),
}  # fmt: skip
MAX_TEXT: Final = 2_000


class Sanction(msgspec.Struct, frozen=True, kw_only=True):
    """What is to be done to an account. `text` is what the person reads; `preset_id` is a template that precedes it;
    `report_id` the report that it answers."""

    kind: ActionType
    text: str = ""
    preset_id: int | None = None
    report_id: int | None = None
    # Of the policy; empty: see `choose_clause`.
    clause: str = ""


async def sanction(desk: Desk, reviewer: Reviewer, account_id: int, wish: Sanction, *, locale: str) -> int:
    """Decide on an account; the decision's id. `locale` is the language that the text is taken to be in.

    Raises NotFound, also for a report of somebody else; otherwise as `decide_case`.
    """
    current = await desk.policies.current(desk.db)
    report = await get_staff_report(desk, wish.report_id) if wish.report_id is not None else None
    cases = await list_open_cases(desk, report.id) if report else []
    async with desk.db.read() as conn:
        preset = await queries.find_preset(conn, wish.preset_id) if wish.preset_id is not None else None
    if (report is not None and report.target_id != account_id) or (wish.preset_id is not None and preset is None):
        raise NotFound
    text = "\n\n".join(part for part in (_spoken(preset or {}, locale), wish.text.strip()) if part)
    draft = Draft(
        outcome="violates",
        clause=wish.clause
        or choose_clause(current, cases[0].clause if cases else "", report.category if report else "other"),
        wishes=(Wish(kind=_KINDS[wish.kind], on="account"),),
        reason={locale: text[:MAX_TEXT]} if text else {},
        origin="report" if report else "own",
        revision=cases[0].revision if cases else None,
    )
    if cases:
        decision_id = await decide_case(desk, reviewer, cases[0].id, draft)
        for case in cases[1:]:
            # Its author was acted on; the post itself was not judged.
            await decide_case(desk, reviewer, case.id, Draft(outcome="unclear", revision=case.revision))
    else:
        decision_id = await decide_subject(desk, reviewer, "account", account_id, draft)
    if wish.kind == "disable":
        await disable_login(desk.db, desk.clock, desk.emit, account_id, actor_id=reviewer.account_id)
    return decision_id


async def lift(desk: Desk, reviewer: Reviewer, account_id: int, kind: Literal["sensitive", "limit", "suspend"]) -> None:
    """Turn round the decisions that keep an account so; nothing happens where none does. Raises Forbidden where the
    role is not enough for those of others."""
    async with desk.db.read() as conn:
        decision_ids = await queries.list_holding_decisions(conn, account_id, kind)
    for decision_id in decision_ids:
        await reverse(desk, reviewer, decision_id, "review")


def choose_clause(current: Current, of_case: str, category: Category) -> str:
    """The clause of a decision that names none: that of the case; one that fits what reporters said; the mildest.
    Empty where the policy has no clauses at all."""
    if of_case in current.clauses:
        return of_case
    for part in _OF_CATEGORY[category]:
        for clause in current.clauses.values():
            if clause.id.partition(".")[0] == part:
                return clause.id
    mildest: Clause | None = min(current.clauses.values(), key=lambda clause: clause.severity, default=None)
    return mildest.id if mildest else ""


def _spoken(texts: dict[str, str], locale: str) -> str:
    return texts.get(locale) or texts.get("en") or next(iter(texts.values()), "")


def reviewer_of(account_id: int, role: Role) -> Reviewer:
    """Whoever acts, as the desk knows them."""
    return Reviewer(account_id=account_id, role=role)
