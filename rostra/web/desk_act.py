"""Acting without a report: from a post or a profile to its case, opened where there is none."""

from __future__ import annotations

from contextlib import suppress
from typing import Final

import msgspec
from starlette.responses import Response

from rostra.kit.errors import Conflict, NotFound
from rostra.kit.paging import Id
from rostra.moderation.cases import queue
from rostra.moderation.cases.case_queries import find_open, find_subject
from rostra.moderation.cases.open import open_case
from rostra.moderation.records import SubjectKind
from rostra.web.desk_place import reviewer_of
from rostra.web.page import Pages
from rostra.web.people import show_account
from rostra.web.visit import Visit

pages = Pages()

# Whoever opens a case without a report has seen something.
_P: Final = 0.6


class ActForm(msgspec.Struct, frozen=True, kw_only=True):
    status: Id | None = None
    account: Id | None = None

    @property
    def subject(self) -> tuple[SubjectKind, int]:
        """What it is about. Raises NotFound where it says nothing."""
        if self.status is not None:
            return "status", self.status
        if self.account is not None:
            return "account", self.account
        raise NotFound


@pages.get("/admin/desk/act", access="decide")
async def ask(visit: Visit, form: ActForm) -> Response:
    """To the open case, or whether to open one."""
    kind, subject_id = form.subject
    async with visit.res.db.read() as conn:
        subject = await find_subject(conn, kind, subject_id)
        case_id = await find_open(conn, kind, subject_id)
    if subject is None:
        raise NotFound
    if case_id is not None:
        return visit.redirect(f"/admin/desk/cases/{case_id}")
    account = await show_account(visit, subject[0])
    return await visit.html("admin/desk_act.html", kind=kind, subject_id=subject_id, account=account)


@pages.post("/admin/desk/act", access="decide")
async def act(visit: Visit, form: ActForm) -> Response:
    """Open a case and have it for oneself."""
    desk, (kind, subject_id) = visit.res.desk, form.subject
    current = await desk.policies.current(desk.db)
    async with desk.db.transaction() as tx:
        subject = await find_subject(tx, kind, subject_id)
        if subject is None:
            raise NotFound
        case_id = await find_open(tx, kind, subject_id)
        if case_id is None:
            case_id = await open_case(
                tx,
                desk.clock.now(),
                kind=kind,
                subject_id=subject_id,
                account_id=subject[0],
                clause="",
                severity=2,
                policy=current.bundle.version,
                source="person",
                p=_P,
            )
    # Where a colleague has it the page says so.
    with suppress(Conflict):
        await queue.take(desk, reviewer_of(visit), case_id)
    return visit.redirect(f"/admin/desk/cases/{case_id}")
