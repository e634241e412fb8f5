"""What the text model learns from this server's decisions: how far it is, taking it back, and answering what it asks.

GET /admin/policy/learning              admin/learning.html; POST …/run (learn now), …/roll_back: seen (the adjustment)
GET /admin/policy/learning/label        admin/learning_label.html: waiting (ids of posts), done (the one answered last),
                                        again=1: the first of them is asked about once more
POST /admin/policy/learning/label       status_id, revision, none=1 or categories[], waiting, since

A round of questions is carried in addresses, so that it is nobody else's and no process has to remember it.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Final
from urllib.parse import urlencode

import msgspec
from starlette.responses import Response

from rostra.detect.reading import CATEGORIES, Category
from rostra.kit.errors import Conflict, NotFound
from rostra.kit.ids import MAX_ID
from rostra.kit.paging import Id
from rostra.moderation.cases.queue import get_reviewer
from rostra.moderation.cases.rest import note_looked, read_today
from rostra.moderation.desk import Reviewer
from rostra.screening.learn import roll_back
from rostra.screening.learn_job import order_learning
from rostra.screening.learn_overview import count_answers, read_learning
from rostra.screening.lessons import LEAST, LEAST_OF_EACH
from rostra.screening.propose import ask, find_said, label_status, propose
from rostra.web.measurement_charts import decimal, percent
from rostra.web.page import Pages
from rostra.web.visit import Visit

pages = Pages()

_AT: Final = "/admin/policy/learning"
_ROUND: Final = 20
# The exposure of what nothing was found in: words that may be harsh.
_EXPOSURE: Final = 1


class RollBackForm(msgspec.Struct, frozen=True, kw_only=True):
    seen: Id


class QuestionForm(msgspec.Struct, frozen=True, kw_only=True):
    """`waiting` is None where a round begins."""

    waiting: str | None = None
    done: Id | None = None
    again: bool = False


class AnswerForm(msgspec.Struct, frozen=True, kw_only=True):
    status_id: Id
    revision: int
    none: bool = False
    categories: list[str] = []
    waiting: str = ""
    since: int = 0


@pages.get(_AT, access="queue")
async def learning_page(visit: Visit) -> Response:
    """What is in force because of decisions, and what came of the last try."""
    res = visit.res
    return await visit.html(
        "admin/learning.html",
        learning=await read_learning(res.db, res.clock, visit.me.account_id),
        least=LEAST,
        least_of_each=LEAST_OF_EACH,
        decimal=partial(decimal, language=visit.language, digits=3),
    )


@pages.post(f"{_AT}/run", access="policy")
async def learn_now(visit: Visit) -> Response:
    """Have a worker learn from the decisions that there are."""
    await order_learning(visit.res.db, visit.res.clock, actor_id=visit.me.account_id)
    return visit.redirect(_AT)


@pages.post(f"{_AT}/roll_back", access="policy")
async def take_back(visit: Visit, form: RollBackForm) -> Response:
    """Take back what was learnt last."""
    res = visit.res
    try:
        back = await roll_back(
            res.db, res.clock, res.screen.policies, actor_id=visit.me.account_id, seen=form.seen
        )  # fmt: skip
    except (Conflict, NotFound):
        return visit.redirect(_AT, notice=visit.gettext("It was taken back already, or another one is in force now."))
    if back is None:
        return visit.redirect(_AT, notice=visit.gettext("Taken back: the model judges as it came."))
    return visit.redirect(_AT, notice=visit.gettext("Taken back: the adjustment before it is in force again."))


@pages.get(f"{_AT}/label", access="queue")
async def question_page(visit: Visit, form: QuestionForm) -> Response:
    """A post that the model would learn from, or the end of a round."""
    if form.waiting is None:
        return await _question(visit, await _new_round(visit), is_new=True)
    return await _question(visit, _ids(form.waiting), done=form.done, again=form.again)


async def _new_round(visit: Visit) -> list[int]:
    res = visit.res
    found = await propose(res.db, res.clock, res.screen.policies, _ROUND, but_of=visit.me.account_id)
    return [each.status_id for each in found]


async def _question(
    visit: Visit,
    waiting: Sequence[int],
    *,
    done: int | None = None,
    again: bool = False,
    is_new: bool = False,
    problem: str = "",
    http_status: int = 200,
) -> Response:
    res, me = visit.res, visit.me.account_id
    kept = await get_reviewer(res.desk, me)
    async with res.db.read() as conn:
        today = await read_today(conn, me, kept, res.clock.now())
    is_enough = today.resting_until is not None or today.open_to < _EXPOSURE
    question = None if is_enough else await ask(res.db, res.screen.policies, waiting, actor_id=me, again=again)
    said = None if done is None else await find_said(res.db, done, actor_id=me)
    left = [] if question is None else [question.row.id, *question.then]
    return await visit.html(
        "admin/learning_label.html",
        http_status=http_status,
        question=question,
        categories=CATEGORIES,
        left=_joined(left),
        skip=_address(question.then) if question is not None else "",
        said=said,
        change=_address([done, *left], again=1) if done is not None else "",
        is_new=is_new,
        percent=partial(percent, language=visit.language),
        answers=await count_answers(res.db, res.clock, me),
        today=today,
        is_enough=is_enough,
        since=int(res.clock.now().timestamp()),
        problem=problem,
    )


@pages.post(f"{_AT}/label", access="queue")
async def save_answer(visit: Visit, form: AnswerForm) -> Response:
    """Write an answer down, and go on."""
    res, me = visit.res, visit.me
    named: list[Category] = [category for category in CATEGORIES if category in form.categories]
    waiting = _ids(form.waiting)
    if form.none == bool(named):
        problem = visit.gettext("Choose what it is, or that it is none of these.")
        return await _question(visit, waiting, again=True, problem=problem, http_status=422)
    try:
        await label_status(
            res.db, res.clock, form.status_id, named, actor_id=me.account_id, revision=form.revision
        )  # fmt: skip
    except Conflict:
        problem = visit.gettext(
            "It was edited while you read it, and your answer was not kept. Here it is as it is now."
        )
        return await _question(visit, waiting, again=True, problem=problem, http_status=409)
    except NotFound:
        problem = visit.gettext("The post is gone, or is no longer for everybody. Nothing was kept.")
        return await _question(visit, waiting, problem=problem, http_status=409)
    seconds = (
        int((res.clock.now() - datetime.fromtimestamp(form.since, UTC)) / timedelta(seconds=1)) if form.since else 0
    )
    await note_looked(res.desk, Reviewer(account_id=me.account_id, role=me.role), _EXPOSURE, seconds)
    return visit.redirect(_address([each for each in waiting if each != form.status_id], done=form.status_id))


def _address(waiting: Sequence[int], **more: object) -> str:
    return f"{_AT}/label?{urlencode({'waiting': _joined(waiting), **more})}"


def _joined(ids: Sequence[int]) -> str:
    return ".".join(map(str, ids))


def _ids(text: str) -> list[int]:
    """The ids that an address names, whatever else stands in it."""
    found = [int(each) for each in text.split(".") if each.isdecimal() and len(each) <= 19]
    return [each for each in dict.fromkeys(found) if each <= MAX_ID][: _ROUND + 1]
