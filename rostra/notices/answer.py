"""The answer: drafted from the records, edited and approved by a person, sent by mail or by hand, and what comes back.

Whatever a person edits is theirs; drafting anew takes it from the records again.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Final

from rostra.accounts.permissions import check_may
from rostra.events import MailOrdered
from rostra.kit.db import Tx
from rostra.kit.errors import Conflict, Invalid, NotFound
from rostra.kit.mail import is_address
from rostra.ledger.append import Entry, append
from rostra.moderation.desk import Desk, Reviewer
from rostra.notices import queries, story_queries
from rostra.notices.clocks import stop_clocks
from rostra.notices.formats.records import lines
from rostra.notices.intake import mark_of
from rostra.notices.records import NEXT, State
from rostra.notices.story import Story, Told, gather
from rostra.notices.story_queries import AccountAct
from rostra.notices.words import Words, words_of
from rostra.screening.active import Current

LONGEST: Final = 200_000
_QUOTED: Final = 200
_MOVED: Final = "The notice has moved on: look again"


class Undecided(Conflict):
    """An example of the notice is not decided yet; `position` is its number."""

    def __init__(self, position: int) -> None:
        super().__init__(f"Example {position} is not decided yet")


def compose(story: Story, current: Current, *, domain: str, at: datetime) -> str:
    """The answer as the records tell it, in the provider's language."""
    words, notice = words_of(story.notice.language), story.notice
    count = words["one"] if len(story.items) == 1 else words["many"].format(n=len(story.items))
    reference = notice.report_id or notice.subject or str(notice.id)
    told = [words["greeting"], ""]
    told.append(words["opening"].format(received=_day(notice.received_at), reference=reference, items=count))
    if notice.breached_at is not None or at > notice.due_at:
        told.append(words["breach"].format(due=_moment(notice.due_at)))
    for item in story.items:
        told += ["", *_item(item, words, current, notice.language)]
    told += [
        "",
        words["changed"],
        *_changes(story, words),
        "",
        words["closing"],
        "",
        words["sign"].format(domain=domain),
    ]
    return "\n".join(told)


async def draft(desk: Desk, reviewer: Reviewer, notice_id: int) -> int:
    """Write the answer from the records; its id. Raises Forbidden, NotFound, and Conflict in a state that has none."""
    check_may(reviewer.role, "notices")
    current = await desk.policies.current(desk.db)
    at = desk.clock.now()
    async with desk.db.transaction() as tx:
        await _enter_draft(tx, reviewer, notice_id, at)
        story = await gather(tx, notice_id)
        text = compose(story, current, domain=desk.urls.domain, at=at)
        return await story_queries.insert_answer(tx, notice_id, text, reviewer.account_id, at)


async def edit(desk: Desk, reviewer: Reviewer, notice_id: int, text: str) -> None:
    """Put a person's words in place of the draft. Raises Forbidden, NotFound, Conflict, Invalid."""
    check_may(reviewer.role, "notices")
    if not text.strip():
        raise Invalid("text", "can't be blank", code="ERR_BLANK")
    at = desk.clock.now()
    async with desk.db.transaction() as tx:
        await _enter_draft(tx, reviewer, notice_id, at)
        await story_queries.insert_answer(tx, notice_id, lines(text, LONGEST), reviewer.account_id, at)


async def approve(desk: Desk, reviewer: Reviewer, notice_id: int, answer_id: int) -> None:
    """Stand by the answer that was shown. Raises Forbidden, NotFound, Conflict where it was edited meanwhile,
    and Undecided."""
    check_may(reviewer.role, "notices")
    at = desk.clock.now()
    async with desk.db.transaction() as tx:
        state = await queries.lock_notice(tx, notice_id)
        answer = await story_queries.find_answer(tx, notice_id)
        if state is None or answer is None:
            raise NotFound
        if state != "drafting" or answer.id != answer_id:
            raise Conflict(_MOVED)
        if waiting := [told.item.position for told in (await gather(tx, notice_id)).items if told.result == "open"]:
            raise Undecided(waiting[0])
        await story_queries.approve_answer(tx, answer_id, reviewer.account_id, at)
        await queries.move_notice(tx, notice_id, "approved", reviewer.account_id, at)
        await append(tx, at, _entry("notice_approved", notice_id, reviewer, {"answer": str(answer_id)}))


async def send(desk: Desk, reviewer: Reviewer, notice_id: int, *, by_hand: bool) -> None:
    """Send the approved answer, or say that it was sent by other means; the clocks stop.

    Raises Forbidden, NotFound, Conflict, and Invalid where there is no address to send it to.
    """
    check_may(reviewer.role, "notices")
    at = desk.clock.now()
    async with desk.db.transaction() as tx:
        state = await queries.lock_notice(tx, notice_id)
        notice = await queries.find_notice(tx, notice_id)
        answer = await story_queries.find_answer(tx, notice_id)
        if notice is None or answer is None:
            raise NotFound
        if state != "approved":
            raise Conflict(_MOVED)
        if not by_hand:
            if not is_address(notice.contact):
                raise Invalid("contact", "is not an e-mail address: send the answer by hand")
            subject = f"{words_of(notice.language)['subject']} {mark_of(notice_id)}"
            await desk.emit(tx, MailOrdered(to=notice.contact, subject=subject, text=answer.text))
        await story_queries.mark_sent(tx, answer.id, at, "hand" if by_hand else "mail")
        await queries.move_notice(tx, notice_id, "sent", reviewer.account_id, at)
        await stop_clocks(tx, notice_id, at)
        how = {"answer": str(answer.id), "by": "hand" if by_hand else "mail", "late": str(at > notice.due_at).lower()}
        await append(tx, at, _entry("notice_answered", notice_id, reviewer, how))


async def move(desk: Desk, reviewer: Reviewer, notice_id: int, to: State, note: str = "") -> None:
    """Say what came back (accepted, a follow-up, contested), or that it is over. Raises NotFound, Conflict,
    Forbidden."""
    check_may(reviewer.role, "notices")
    at = desk.clock.now()
    async with desk.db.transaction() as tx:
        state = await queries.lock_notice(tx, notice_id)
        if state is None:
            raise NotFound
        if to not in ("accepted", "follow_up", "contested", "closed", "acting") or to not in NEXT[state]:
            raise Conflict(_MOVED)
        await queries.move_notice(tx, notice_id, to, reviewer.account_id, at, note[:500])
        await append(tx, at, _entry("notice_moved", notice_id, reviewer, {"to": to}))


async def _enter_draft(tx: Tx, reviewer: Reviewer, notice_id: int, at: datetime) -> None:
    state = await queries.lock_notice(tx, notice_id)
    if state is None:
        raise NotFound
    if state == "drafting":
        return
    if "drafting" not in NEXT[state]:
        raise Conflict(_MOVED)
    await queries.move_notice(tx, notice_id, "drafting", reviewer.account_id, at)


def _item(told: Told, words: Words, current: Current, language: str) -> list[str]:
    item, decided = told.item, told.item.decided
    said = [words["item"].format(n=item.position, what=item.url or f"“{item.quote[:_QUOTED]}”")]
    if item.url and item.quote:
        said.append(words["quote"].format(quote=" ".join(item.quote[:_QUOTED].split())))
    if item.match == "near":
        said.append(words["near"])
    clause = current.clauses.get(decided.clause if decided else "")
    title = (clause.title.get(language) or next(iter(clause.title.values()), "")) if clause else ""
    said.append(
        words[told.result].format(
            at=_moment(decided.at) if decided else "",
            clause=title or (decided.clause if decided else ""),
            actions=", ".join(decided.actions) if decided else "",
        )
    )
    if told.cause and told.result in ("removed", "restricted", "account", "warned"):
        said.append(words[told.cause].format(rule=told.rule))
    counts = told.copies
    if counts.total:
        said.append(
            words["copies"].format(
                total=counts.total,
                removed=counts.removed,
                restricted=counts.restricted,
                kept=counts.kept,
                gone=counts.gone,
                open=counts.open,
            )
        )
    if told.acts:
        said.append(words["acts"].format(acts="; ".join(_act(act, words) for act in told.acts)))
    if item.remark:
        said.append(f"   {item.remark}")
    return said


def _act(act: AccountAct, words: Words) -> str:
    lasts = ""
    if act.kind in ("freeze", "suspend", "limit"):
        lasts = words["act_until"].format(until=_moment(act.ends_at)) if act.ends_at else words["act_for_good"]
    return (
        words[f"act_{act.kind}"].format(at=_moment(act.starts_at)) + lasts if f"act_{act.kind}" in words else act.kind
    )


def _changes(story: Story, words: Words) -> list[str]:
    said = [words["learnt"].format(n=story.learnt)] if story.learnt else []
    for change in story.changes:
        said.append(
            words[change.type].format(policy=change.policy[:12], rule=change.rule or "", at=_moment(change.created_at))
        )
    return list(dict.fromkeys(said)) or [words["nothing_changed"]]


def _day(moment: datetime) -> str:
    return f"{moment.astimezone(UTC):%Y-%m-%d}"


def _moment(moment: datetime) -> str:
    return f"{moment.astimezone(UTC):%Y-%m-%d %H:%M} UTC"


def _entry(type_: str, notice_id: int, reviewer: Reviewer, details: dict[str, str]) -> Entry:
    return Entry(
        type=type_, subject_kind="notice", subject_id=notice_id, actor_id=reviewer.account_id, details=dict(details)
    )
