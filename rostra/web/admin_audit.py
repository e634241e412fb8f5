"""The log of what those who run the server changed: its settings and rules, roles and logins, emoji, blocks.

What moderation decided stands in the ledger instead.

    GET /admin/audit?actor=&action=&before=     admin/audit.html
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final, cast

import msgspec
from starlette.responses import Response

from rostra.accounts.people import read_log
from rostra.accounts.people_queries import AuditEvent
from rostra.kit.ids import MAX_ID
from rostra.kit.paging import Id
from rostra.web.feeds import page_address
from rostra.web.page import Pages
from rostra.web.visit import Visit

pages = Pages()

_ON_A_PAGE: Final = 50
_LONGEST: Final = 160


class LogForm(msgspec.Struct, frozen=True, kw_only=True):
    # As text: a form sends it empty where nobody is chosen.
    actor: str = ""
    action: str = ""
    before: Id = 0


class Line(msgspec.Struct, frozen=True, kw_only=True):
    """One entry. `details`: (name, text, text before or None)."""

    event: AuditEvent
    details: list[tuple[str, str, str | None]]

    @property
    def acct(self) -> str:
        """Whom it is about, "" where it is about nobody who is still there."""
        event = self.event
        return f"{event.person}@{event.person_domain}" if event.person_domain else event.person or ""


@pages.get("/admin/audit", access="settings")
async def log(visit: Visit, form: LogForm) -> Response:
    """The log, the newest first."""
    actor_id = int(form.actor) if form.actor.isdecimal() and len(form.actor) < len(str(MAX_ID)) else None
    found = await read_log(
        visit.res.db,
        below=form.before or MAX_ID,
        limit=_ON_A_PAGE,
        actor_id=actor_id,
        action=form.action or None,
    )
    more = page_address(visit, before=found.events[-1].id) if found.more else None
    return await visit.html(
        "admin/audit.html",
        lines=lines_of(found.events),
        actors=found.actors,
        actions=found.actions,
        actor_id=actor_id,
        action=form.action,
        older_url=more,
    )


def lines_of(events: Sequence[AuditEvent]) -> list[Line]:
    """Entries as templates take them."""
    return [Line(event=event, details=_details(event.details)) for event in events]


def _details(details: Mapping[str, Any]) -> list[tuple[str, str, str | None]]:
    if set(details) == {"old", "new"}:
        return [("", _short(details["new"]), _short(details["old"]))]
    shown: list[tuple[str, str, str | None]] = []
    for name, value in details.items():
        if isinstance(value, dict) and set(cast("dict[str, Any]", value)) == {"from", "to"}:
            change = cast("dict[str, Any]", value)
            shown.append((name, _short(change["to"]), _short(change["from"])))
        else:
            shown.append((name, _short(value), None))
    return shown


def _short(value: object) -> str:
    text = value if isinstance(value, str) else msgspec.json.encode(value).decode()
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]}…"
