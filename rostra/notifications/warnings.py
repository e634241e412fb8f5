"""Decisions of moderation as notifications show them: in Mastodon's shape, so that its apps do."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from msgspec import Raw

from rostra.entities.account import timestamp
from rostra.entities.warning import AccountWarning, Appeal, AppealState, WarningAction
from rostra.notifications.warning_queries import WarningRow

# The gravest first; what is not named has no word in Mastodon.
_ACTIONS: Final[tuple[tuple[str, WarningAction], ...]] = (
    ("suspend.account", "suspend"),
    ("freeze.account", "disable"),
    ("limit.account", "silence"),
    ("sensitive.account", "sensitive"),
    ("remove.status", "delete_statuses"),
    ("sensitive.status", "mark_statuses_as_sensitive"),
    ("sensitive.media", "mark_statuses_as_sensitive"),
)
_STATES: Final[dict[str, AppealState]] = {"upheld": "rejected", "overturned": "approved", "modified": "approved"}
_TAKEN_BACK: Final = {
    "en": "This decision was taken back. What it did is undone.",
    "it": "Questa decisione è stata ritirata. I suoi effetti sono annullati.",
}


def render_warning(row: WarningRow, accounts: Mapping[int, Raw]) -> AccountWarning:
    """The entity; the account that it is about must be among `accounts`."""
    return AccountWarning(
        id=str(row.id),
        action="none" if row.reversed else action_of(row.acts),
        text=_text(row),
        status_ids=None if row.status_id is None else [str(row.status_id)],
        target_account=accounts[row.account_id],
        appeal=None
        if row.appeal_state is None
        else Appeal(text=row.appeal_text or "", state=_STATES.get(row.appeal_state, "pending")),
        created_at=timestamp(row.created_at),
    )


def action_of(acts: list[str]) -> WarningAction:
    """Mastodon's word for the gravest of the acts."""
    for act, action in _ACTIONS:
        if act in acts:
            return action
    return "none"


def _text(row: WarningRow) -> str:
    language = row.locale.replace("_", "-").partition("-")[0]
    words = _TAKEN_BACK if row.reversed else row.reason
    return words.get(row.locale) or words.get(language) or words.get("en") or next(iter(words.values()), "")
