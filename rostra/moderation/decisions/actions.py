"""Doing what a decision asks for, and undoing it. Which decision it was, and that it is written down, is `decide`'s."""

from __future__ import annotations

from datetime import datetime
from typing import Final

from rostra.events import AccountHidden, AccountShown, Emit, MediaJudged, TokensRevoked
from rostra.kit.db import Tx
from rostra.kit.errors import Invalid
from rostra.ledger.append import Entry, append
from rostra.moderation.decisions import action_queries
from rostra.moderation.decisions.action_queries import project
from rostra.moderation.records import ActedOn, ActionKind, ActionRow, Wish
from rostra.posts.withhold import put_back, withhold
from rostra.posts.withhold_queries import Subject
from rostra.screening import record_queries

# What can be done to what.
POSSIBLE: Final[dict[ActedOn, frozenset[ActionKind]]] = {
    "status": frozenset({"label", "sensitive", "interaction-off", "limit", "remove"}),
    "account": frozenset({"label", "sensitive", "limit", "warn", "freeze", "suspend"}),
    "media": frozenset({"sensitive", "remove"}),
}
# What takes something from somebody, so that a statement of reasons is due.
RESTRICTIVE: Final = frozenset[ActionKind](
    {"label", "sensitive", "interaction-off", "limit", "remove", "freeze", "suspend"}
)

_NAMED: Final[dict[ActedOn, str]] = {"status": "post", "account": "profile", "media": "file"}


def check_wish(wish: Wish) -> None:
    """Raises Invalid where the wish cannot be."""
    if wish.kind not in POSSIBLE[wish.on]:
        raise Invalid("actions", f"cannot {wish.kind} a {_NAMED[wish.on]}")
    if (wish.on == "media") != (wish.media_id is not None):
        raise Invalid("media", "is needed for what is done to a file, and only for that: its id")
    if wish.kind == "label" and not wish.label:
        raise Invalid("label", "is needed: the id of one of the policy's labels")
    if wish.kind == "warn" and wish.lasts is not None:
        raise Invalid("lasts", "has no meaning for a warning")
    if wish.lasts is not None and wish.lasts.total_seconds() <= 0:
        raise Invalid("lasts", "must be longer than nothing", code="ERR_DURATION")


async def take_effect(tx: Tx, emit: Emit, action: ActionRow, status: Subject | None) -> None:
    """Have readers see what an action that was just written asks for. `status` is the locked post, if it is there."""
    on, kind = action.subject_kind, action.kind
    if on == "status":
        if status is None:
            return
        if kind == "remove":
            await withhold(tx, emit, status, "refused")
        elif kind in ("label", "sensitive"):
            await record_queries.show_labels(tx, "status", status.id)
        await project(tx, kind, on, action.subject_id)
        return
    if on == "media":
        await _show_file(tx, emit, action, status)
        return
    await project(tx, kind, on, action.subject_id)
    if kind == "label":
        await record_queries.show_labels(tx, "account", action.subject_id)
    if kind == "suspend":
        await emit(tx, TokensRevoked(account_id=action.subject_id))
        await emit(tx, AccountHidden(account_id=action.subject_id))


async def end(
    tx: Tx, emit: Emit, at: datetime, action: ActionRow, why: str, status: Subject | None, *, fresh: bool = False
) -> bool:
    """End an action and restore what no other action asks for; False where it had ended. `fresh`: nobody but its author
    has ever seen the post."""
    if not await action_queries.end_action(tx, action.id, at, why):
        return False
    on, kind, subject_id = action.subject_kind, action.kind, action.subject_id
    if on == "media":
        await _show_file(tx, emit, action, status)
        if why == "expired":
            await append(tx, at, _ended(action))
        return True
    still = [each for each in await action_queries.list_holding(tx, on, subject_id) if each.kind == kind]
    if kind == "label" and not any(each.detail == action.detail for each in still):
        await record_queries.take_label(tx, on, subject_id, action.detail)
    if kind in ("label", "sensitive"):
        await record_queries.show_labels(tx, on, subject_id)
    if kind == "remove" and status is not None and not still and status.withheld == "refused":
        await put_back(tx, emit, status, at, fresh=fresh)
    await project(tx, kind, on, subject_id)
    if kind == "suspend" and not still:
        await emit(tx, AccountShown(account_id=subject_id))
    if why == "expired":
        await append(tx, at, _ended(action))
    return True


async def _show_file(tx: Tx, emit: Emit, action: ActionRow, status: Subject | None) -> None:
    """Have readers see a file, and the post that has it, as the actions on it say."""
    await project(tx, action.kind, "media", action.subject_id)
    if status is not None:
        await record_queries.show_labels(tx, "status", status.id)
        await emit(tx, MediaJudged(status_id=status.id, account_id=status.account_id))


def _ended(action: ActionRow) -> Entry:
    return Entry(
        type="action_expired",
        subject_kind=action.subject_kind,
        subject_id=action.subject_id,
        account_id=action.account_id,
        details={"decision": str(action.decision_id), "action": action.kind},
    )
