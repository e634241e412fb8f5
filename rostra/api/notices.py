"""Notices of hosts and authorities: sent in by providers with their token, and worked on by the desk."""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated, Any, Final

import msgspec
from msgspec import Meta
from starlette.responses import Response

from rostra.api.call import Call
from rostra.api.route import Answer, Routes
from rostra.entities.account import timestamp
from rostra.entities.notice import (
    NoticeAnswer,
    NoticeCopies,
    NoticeItem,
    NoticeLine,
    NoticeList,
    NoticeOutcome,
    NoticeReceipt,
    NoticeStatus,
    NoticeView,
)
from rostra.kit.body import read_bytes
from rostra.kit.errors import Invalid, Unauthorized
from rostra.kit.paging import ById, Id
from rostra.kit.ratelimit import address_key
from rostra.moderation.desk import Reviewer
from rostra.moderation.records import ActionKind, Outcome, SubjectKind, Wish
from rostra.notices import answer as answers
from rostra.notices.act import Act, act
from rostra.notices.formats.records import MAX_BYTES
from rostra.notices.intake import Arrival, refuse, release, take_in
from rostra.notices.pack import find_pack, order_pack
from rostra.notices.providers import find_by_token
from rostra.notices.records import ANSWERED, Item, Line, Notice, Provider, Regime, State
from rostra.notices.show import View, Which, get_for_provider, get_view, list_notices
from rostra.oauth.bearer import bearer_token

routes = Routes("notices")

READ: Final = ("admin:read",)
WRITE: Final = ("admin:write",)
_BASE: Final = "/api/rostra/v1"
# Requests and seconds, for each provider, and for each address without a good token.
_PER_PROVIDER: Final = (600, 3600)
_WRONG_TOKENS: Final = (30, 3600)


class ListForm(msgspec.Struct, frozen=True, kw_only=True):
    which: Which = "open"
    after: str = ""


class ViewForm(msgspec.Struct, frozen=True, kw_only=True):
    id: Id
    after: int = 0


class WishForm(msgspec.Struct, frozen=True, kw_only=True):
    kind: ActionKind
    on: SubjectKind = "status"
    label: str = ""
    # In seconds; without it, for good.
    lasts: Annotated[int, Meta(ge=60, le=10**9)] | None = None


class ActForm(msgspec.Struct, frozen=True, kw_only=True):
    """`revision` and `seen` are those of what was looked at."""

    id: Id
    item_id: Id
    outcome: Outcome
    clause: str = ""
    actions: Annotated[list[WishForm], Meta(max_length=8)] = []
    with_copies: bool = False
    revision: int | None = None
    seen: str = ""
    facts: Annotated[str, Meta(max_length=5000)] = ""
    note: Annotated[str, Meta(max_length=2000)] = ""


class AnswerForm(msgspec.Struct, frozen=True, kw_only=True):
    """Without a text, it is drafted from the records."""

    id: Id
    text: str = ""


class ApproveForm(msgspec.Struct, frozen=True, kw_only=True):
    id: Id
    answer_id: Id


class SendForm(msgspec.Struct, frozen=True, kw_only=True):
    id: Id
    by_hand: bool = False


class MoveForm(msgspec.Struct, frozen=True, kw_only=True):
    id: Id
    to: State
    note: Annotated[str, Meta(max_length=500)] = ""


class ReleaseForm(msgspec.Struct, frozen=True, kw_only=True):
    id: Id
    provider_id: Id | None = None
    regime: Regime | None = None


@routes.post(f"{_BASE}/notices", access="open")
async def send_notice(call: Call) -> NoticeReceipt:
    """Send a notice in: XARF 3 or 4, ARF, mail, CSV or plain text, by the content type of the body."""
    provider = await _provider(call)
    request = call.request
    arrival = Arrival(
        body=await read_bytes(request, MAX_BYTES),
        content_type=request.headers.get("content-type", ""),
        channel="api",
        proof="token",
        provider=provider,
        key=request.headers.get("idempotency-key", "")[:200].replace("\x00", ""),
    )
    if not arrival.body:
        raise Invalid("notice", "is empty")
    taken = await take_in(call.res.desk, arrival)
    notice, _ = await get_for_provider(call.res.desk, provider.id, taken.notice_id)
    address = f"{call.res.urls.base}{_BASE}/notices/{notice.id}"
    return Answer(_receipt(notice), 202, (("location", address),))  # pyright: ignore[reportReturnType] - the entity with a status


@routes.get(f"{_BASE}/notices/{{id}}", access="open")
async def show_own_notice(call: Call, form: ById) -> NoticeStatus:
    """Where one's own notice stands, and what became of each example so far."""
    provider = await _provider(call)
    notice, items = await get_for_provider(call.res.desk, provider.id, form.id)
    receipt = msgspec.structs.asdict(_receipt(notice))
    return NoticeStatus(**receipt, items=[_outcome(item) for item in items])


@routes.get(f"{_BASE}/moderation/notices", scopes=READ)
async def show_notices(call: Call, form: ListForm) -> NoticeList:
    """Notices: open ones in the order of their clocks, quarantined ones the oldest first, closed ones the newest."""
    rows, following, _ = await list_notices(call.res.desk, _reviewer(call), form.which, form.after)
    return NoticeList(notices=[NoticeLine(**_line(row)) for row in rows], next=following or None)


@routes.get(f"{_BASE}/moderation/notices/{{id}}", scopes=READ)
async def show_notice(call: Call, form: ViewForm) -> NoticeView:
    """One notice with fifty of its items, those after the position `after`."""
    return await _view(call, form.id, form.after)


@routes.post(f"{_BASE}/moderation/notices/{{id}}/items/{{item_id}}/act", scopes=WRITE)
async def act_on_item(call: Call, form: ActForm) -> NoticeView:
    """Decide on an example and, with `with_copies`, on all its near-copies."""
    wishes = tuple(
        Wish(
            kind=each.kind,
            on=each.on,
            label=each.label,
            lasts=None if each.lasts is None else timedelta(seconds=each.lasts),
        )
        for each in form.actions
    )
    wanted = Act(
        item_id=form.item_id, outcome=form.outcome, clause=form.clause, wishes=wishes, with_copies=form.with_copies,
        revision=form.revision, seen=form.seen, facts=form.facts, note=form.note,
    )  # fmt: skip
    await act(call.res.desk, _reviewer(call), form.id, wanted)
    return await _view(call, form.id)


@routes.post(f"{_BASE}/moderation/notices/{{id}}/answer", scopes=WRITE)
async def write_answer(call: Call, form: AnswerForm) -> NoticeView:
    """Draft the answer from the records, or put one's own words in its place."""
    if form.text:
        await answers.edit(call.res.desk, _reviewer(call), form.id, form.text)
    else:
        await answers.draft(call.res.desk, _reviewer(call), form.id)
    return await _view(call, form.id)


@routes.post(f"{_BASE}/moderation/notices/{{id}}/approve", scopes=WRITE)
async def approve_answer(call: Call, form: ApproveForm) -> NoticeView:
    """Stand by the answer."""
    await answers.approve(call.res.desk, _reviewer(call), form.id, form.answer_id)
    return await _view(call, form.id)


@routes.post(f"{_BASE}/moderation/notices/{{id}}/send", scopes=WRITE)
async def send_answer(call: Call, form: SendForm) -> NoticeView:
    """Send the approved answer, or say that it was sent by other means."""
    await answers.send(call.res.desk, _reviewer(call), form.id, by_hand=form.by_hand)
    return await _view(call, form.id)


@routes.post(f"{_BASE}/moderation/notices/{{id}}/move", scopes=WRITE)
async def move_notice(call: Call, form: MoveForm) -> NoticeView:
    """Say what came back, or that it is over: accepted, follow_up, contested, closed."""
    await answers.move(call.res.desk, _reviewer(call), form.id, form.to, form.note)
    return await _view(call, form.id)


@routes.post(f"{_BASE}/moderation/notices/{{id}}/release", scopes=WRITE)
async def release_notice(call: Call, form: ReleaseForm) -> NoticeView:
    """Vouch for a quarantined notice."""
    await release(call.res.desk, _reviewer(call), form.id, provider_id=form.provider_id, regime=form.regime)
    return await _view(call, form.id)


@routes.post(f"{_BASE}/moderation/notices/{{id}}/refuse", scopes=WRITE)
async def refuse_notice(call: Call, form: ById) -> NoticeView:
    """Put a quarantined notice away for good."""
    await refuse(call.res.desk, _reviewer(call), form.id, "")
    return await _view(call, form.id)


@routes.post(f"{_BASE}/moderation/notices/{{id}}/pack", scopes=WRITE)
async def make_pack(call: Call, form: ById) -> NoticeView:
    """Have the evidence pack made; it is there some seconds later."""
    await order_pack(call.res.desk, _reviewer(call), form.id)
    return await _view(call, form.id)


@routes.get(f"{_BASE}/moderation/notices/{{id}}/pack", scopes=READ)
async def download_pack(call: Call, form: ById) -> Response:
    """The newest evidence pack, a ZIP file."""
    await get_view(call.res.desk, _reviewer(call), form.id)
    body = await find_pack(call.res.desk, form.id)
    headers = {"content-disposition": f'attachment; filename="evidence-{form.id}.zip"'}
    return Response(body, media_type="application/zip", headers=headers)


async def _provider(call: Call) -> Provider:
    """Whose token it is. Raises Unauthorized; guessing is limited."""
    limiter, token = call.res.limiter, bearer_token(call.request)
    provider = await find_by_token(call.res.db, token) if token else None
    if provider is None:
        host = call.request.client.host if call.request.client else ""
        limiter.check(f"notices:wrong:{address_key(host)}", *_WRONG_TOKENS)
        raise Unauthorized
    limiter.check(f"notices:{provider.id}", *_PER_PROVIDER)
    return provider


def _reviewer(call: Call) -> Reviewer:
    return Reviewer(account_id=call.me.account_id, role=call.me.role)


async def _view(call: Call, notice_id: int, after: int = 0) -> NoticeView:
    view = await get_view(call.res.desk, _reviewer(call), notice_id, after)
    notice, answer = view.notice, view.answer
    return NoticeView(
        **_line(notice),
        items=view.total,
        settled=view.settled,
        sender=notice.sender,
        subject=notice.subject,
        text=notice.text,
        proof=notice.proof,
        shown=[_item(item, view) for item in view.items],
        answer=None
        if answer is None
        else NoticeAnswer(
            id=str(answer.id),
            text=answer.text,
            approved_at=timestamp(answer.approved_at) if answer.approved_at else None,
            sent_at=timestamp(answer.sent_at) if answer.sent_at else None,
        ),
    )


def _line(row: Line | Notice) -> dict[str, Any]:
    found: dict[str, Any] = {
        "id": str(row.id),
        "provider": row.provider,
        "channel": row.channel,
        "state": row.state,
        "fault": row.fault,
        "regime": row.regime,
        "received_at": timestamp(row.received_at),
        "due_at": timestamp(row.due_at),
        "breached_at": timestamp(row.breached_at) if row.breached_at else None,
    }
    return found | {"items": row.items, "settled": row.settled} if isinstance(row, Line) else found


def _receipt(notice: Notice) -> NoticeReceipt:
    return NoticeReceipt(
        id=str(notice.id),
        state="answered" if notice.state in ANSWERED else "open",
        received_at=timestamp(notice.received_at),
        due_at=timestamp(notice.due_at),
    )


def _outcome(item: Item) -> NoticeOutcome:
    decided = item.decided
    return NoticeOutcome(
        position=item.position,
        url=item.url,
        match=item.match,
        outcome=decided.outcome if decided else None,
        clause=decided.clause if decided else "",
        actions=decided.actions if decided else [],
        decided_at=timestamp(decided.at) if decided else None,
        copies=item.copies,
    )


def _item(item: Item, view: View) -> NoticeItem:
    tally, post = view.tallies.get(item.id), view.posts.get(item.subject_id or 0)
    return NoticeItem(
        **msgspec.structs.asdict(_outcome(item)),
        id=str(item.id),
        quote=item.quote,
        named_clause=item.named_clause,
        subject_kind=item.subject_kind,
        subject_id=str(item.subject_id) if item.subject_id else None,
        revision=post.revision if post else None,
        case_id=str(item.case_id) if item.case_id else None,
        reach=item.reach,
        near=NoticeCopies(total=tally.total, decided=tally.decided, seen=tally.seen) if tally else None,
        remark=item.remark,
    )
