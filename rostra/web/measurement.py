"""Measurement for those who may see it: how much is wrong, how fast and how well it is dealt with, and labelling.

GET /admin/measure?clause=          admin/measurement.html; POST /admin/measure/alarms/ID/seen
GET /admin/measure/quality          admin/measurement_quality.html; POST /admin/measure/golden: decision
GET /admin/measure/samples          admin/measurement_samples.html; POST: what is set; POST …/ID/check: draw again
GET, POST /admin/measure/label      admin/measurement_label.html: item, answer (fine | unclear | violates), clause,
                                    since; POST …/put_back: item; …/take_back: done
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any, Final, Literal

import msgspec
from starlette.responses import Response

from rostra.kit.errors import Conflict, Invalid, OutOfRange
from rostra.kit.paging import Id
from rostra.measurement.board import read_board, read_quality, read_samples
from rostra.measurement.golden import add_from_decision
from rostra.measurement.labelling import (
    Answer,
    Offer,
    count_progress,
    find_given,
    label_item,
    put_back,
    take_back,
    take_item,
)
from rostra.measurement.plan_queries import Settings
from rostra.measurement.prevalence import ANY
from rostra.measurement.prevalence_queries import Estimate
from rostra.measurement.sample import Check, check_sample
from rostra.measurement.settings import BOUNDS, change_settings
from rostra.measurement.watch import see_alarm
from rostra.moderation.cases.queue import get_reviewer
from rostra.moderation.cases.rest import note_looked, read_today
from rostra.moderation.desk import Reviewer
from rostra.policy.records import Clause
from rostra.screening.judgement import say
from rostra.screening.overview import get_current
from rostra.web.desk_view import evidence_path
from rostra.web.measurement_charts import decimal, draw_charts, duration, percent
from rostra.web.page import Pages
from rostra.web.visit import FormError, Refused, Visit, errors_of

pages = Pages()

_KEYS: Final = "123456789abcdeghijklmnopqr"
_LONGEST: Final = timedelta(minutes=10)
# The exposure that items of a sample may have: pictures.
_LABELLED: Final = 2


class BoardForm(msgspec.Struct, frozen=True, kw_only=True):
    clause: str = ""


class NumberForm(msgspec.Struct, frozen=True, kw_only=True):
    id: Id


class GoldenForm(msgspec.Struct, frozen=True, kw_only=True):
    decision: Id


class SettingsForm(msgspec.Struct, frozen=True, kw_only=True):
    daily_sample: str = ""
    double_share: str = ""
    second_share: str = ""
    golden_share: str = ""
    golden_case_share: str = "2"
    golden_cases_daily: str = "5"


class LabelForm(msgspec.Struct, frozen=True, kw_only=True):
    item: Id
    answer: Literal["fine", "unclear", "violates"]
    clause: str = ""
    since: int = 0
    # Whether there are pictures: what looking at them costs is counted.
    pictures: bool = False


class TakeBackForm(msgspec.Struct, frozen=True, kw_only=True):
    done: Id


class LabelPageForm(msgspec.Struct, frozen=True, kw_only=True):
    """`done`: the item that was answered last."""

    done: Id | None = None


class PutBackForm(msgspec.Struct, frozen=True, kw_only=True):
    item: Id


class Choice(msgspec.Struct, frozen=True, kw_only=True):
    """A clause that can be chosen, and the key that does it ("": there are too many)."""

    id: str
    title: str
    text: str
    key: str


class Said(msgspec.Struct, frozen=True, kw_only=True):
    """The last answer, which can still be taken back; the clause's title where it was a violation."""

    item: int
    outcome: str
    title: str


async def _clauses(visit: Visit) -> list[Clause]:
    current = await get_current(visit.res.db, visit.res.screen.policies)
    return [clause for clause in current.bundle.clauses if not clause.retired]


@pages.get("/admin/measure", access="measure")
async def board_page(visit: Visit, form: BoardForm) -> Response:
    """The figures of the last weeks."""
    clauses = await _clauses(visit)
    at = visit.res.clock.now()
    async with visit.res.db.read() as conn:
        board = await read_board(conn, at)
    titles = {clause.id: say(clause.title, visit.language) for clause in clauses}
    chosen = form.clause if form.clause in titles else ANY
    latest = max((each.first for each in board.estimates), default=None)
    return await visit.html(
        "admin/measurement.html",
        board=board,
        charts=draw_charts(visit, board, chosen, titles.get(chosen, visit.gettext("any clause"))),
        clauses=titles,
        chosen=chosen,
        latest=sorted((each for each in board.estimates if each.first == latest), key=_most_first),
        percent=partial(percent, language=visit.language),
        duration=partial(duration, language=visit.language),
        decimal=partial(decimal, language=visit.language, digits=1),
        alarms=[alarm for alarm in board.alarms if alarm.seen_at is None],
    )


def _most_first(each: Estimate) -> tuple[bool, float, str]:
    return each.clause != ANY, -each.share, each.clause


@pages.post("/admin/measure/alarms/{id}/seen", access="measure")
async def seen(visit: Visit, form: NumberForm) -> Response:
    """Put an alarm away."""
    await see_alarm(visit.res.db, visit.res.clock, visit.me.account_id, form.id)
    return visit.redirect("/admin/measure")


@pages.get("/admin/measure/quality", access="measure")
async def quality_page(visit: Visit) -> Response:
    """How far people agree, and how often they and the rules are right."""
    clauses = await _clauses(visit)
    async with visit.res.db.read() as conn:
        quality = await read_quality(conn, visit.res.clock.now())
    return await visit.html(
        "admin/measurement_quality.html",
        quality=quality,
        clauses={clause.id: say(clause.title, visit.language) for clause in clauses},
        percent=partial(percent, language=visit.language),
        decimal=partial(decimal, language=visit.language),
    )


@pages.post("/admin/measure/golden", access="measure")
async def make_golden(visit: Visit, form: GoldenForm) -> Response:
    """Give a decision to others as an item of which the answer is known: that of those who looked at it again."""
    await add_from_decision(visit.res.db, visit.res.clock, form.decision, actor_id=visit.me.account_id)
    return visit.redirect("/admin/measure/quality", notice=visit.gettext("It comes among the golden items now."))


@pages.get("/admin/measure/samples", access="measure")
async def samples_page(visit: Visit) -> Response:
    """What was drawn, and what is set."""
    return await _samples(visit)


async def _samples(
    visit: Visit, *, check: Check | None = None, errors: Any = None, typed: Any = None, http_status: int = 200
) -> Response:
    async with visit.res.db.read() as conn:
        samples = await read_samples(conn, visit.res.clock.now())
    return await visit.html(
        "admin/measurement_samples.html", http_status=http_status, samples=samples, check=check, errors=errors or {},
        typed=typed or {},
    )  # fmt: skip


@pages.post("/admin/measure/samples", access="measure")
async def save_settings(visit: Visit, form: SettingsForm) -> Response:
    """Set how much is drawn."""
    try:
        settings = Settings(
            daily_sample=int(_number("daily_sample", form.daily_sample)),
            double_share=_number("double_share", form.double_share) / 100,
            second_share=_number("second_share", form.second_share) / 100,
            golden_share=_number("golden_share", form.golden_share) / 100,
            golden_case_share=_number("golden_case_share", form.golden_case_share) / 100,
            golden_cases_daily=int(_number("golden_cases_daily", form.golden_cases_daily)),
        )
        await change_settings(visit.res.db, visit.res.clock, settings, actor_id=visit.me.account_id)
    except Refused as error:
        typed = msgspec.structs.asdict(form)
        return await _samples(visit, errors=errors_of(_in_percent(error)), typed=typed, http_status=422)
    return visit.redirect("/admin/measure/samples", notice=visit.gettext("Saved."))


def _number(field: str, given: str) -> float:
    try:
        number = float(given.replace(",", "."))
    except ValueError:
        raise Invalid(field, "must be a number", code="ERR_NUMBER") from None
    if not math.isfinite(number):
        raise Invalid(field, "must be a number", code="ERR_NUMBER")
    return number


def _in_percent(error: FormError) -> FormError:
    """Limits of shares as the form asks for them."""
    if isinstance(error, OutOfRange) and error.field.endswith("_share"):
        least, most = BOUNDS[error.field]
        return OutOfRange(error.field, 100 * least, 100 * most)
    return error


@pages.post("/admin/measure/samples/{id}/check", access="measure")
async def check_page(visit: Visit, form: NumberForm) -> Response:
    """Draw a sample again and say whether it is the one that was labelled."""
    return await _samples(visit, check=await check_sample(visit.res.db, form.id))


@pages.get("/admin/measure/label", access="measure")
async def label_page(visit: Visit, form: LabelPageForm) -> Response:
    """The next item to label, or that there is none."""
    return await _label(visit, done=form.done)


async def _label(visit: Visit, problem: str = "", http_status: int = 200, done: int | None = None) -> Response:
    res, me = visit.res, visit.me.account_id
    kept = await get_reviewer(res.desk, me)
    async with res.db.read() as conn:
        today = await read_today(conn, me, kept, res.clock.now())
    is_enough = today.resting_until is not None or today.open_to < _LABELLED
    offer = None if is_enough else await take_item(res.db, res.clock, me)
    # What is worst is found at once, by its key.
    clauses = sorted(await _clauses(visit), key=lambda clause: -clause.severity)
    keys = [*_KEYS, *[""] * len(clauses)]
    return await visit.html(
        "admin/measurement_label.html",
        http_status=http_status,
        offer=offer,
        pictures=[] if offer is None else _pictures(offer),
        choices=[
            Choice(
                id=clause.id, title=say(clause.title, visit.language), text=say(clause.text, visit.language), key=key
            )
            for clause, key in zip(clauses, keys, strict=False)
        ],
        progress=await count_progress(res.db, res.clock, me),
        kept=kept,
        today=today,
        is_enough=is_enough,
        said=await _said(visit, done, clauses),
        since=int(res.clock.now().timestamp()),
        problem=problem,
    )


async def _said(visit: Visit, item: int | None, clauses: Sequence[Clause]) -> Said | None:
    given = item and await find_given(visit.res.db, visit.res.clock, visit.me.account_id, item)
    if not item or not given:
        return None
    titles = {clause.id: say(clause.title, visit.language) for clause in clauses}
    return Said(item=item, outcome=given.outcome, title=titles.get(given.clause, given.clause))


def _pictures(offer: Offer) -> list[tuple[str, str, str]]:
    """Address, kind and description of each file."""
    return [
        (evidence_path(media["key"]), media["type"], media["description"] or "")
        for media in offer.snapshot.content.get("media") or []
        if media.get("key")
    ]


@pages.post("/admin/measure/label", access="measure")
async def save_label(visit: Visit, form: LabelForm) -> Response:
    """Take an answer, and go on with the next item."""
    res, me = visit.res, visit.me
    now = res.clock.now()
    looked = now - datetime.fromtimestamp(form.since, UTC) if 0 < form.since <= now.timestamp() else timedelta(0)
    seconds = int(min(looked, _LONGEST).total_seconds())
    answer = Answer(outcome=form.answer, clause=form.clause, seconds=seconds)
    try:
        await label_item(res.db, res.clock, res.screen.policies, me.account_id, form.item, answer)
    except Conflict:
        problem = visit.gettext("Your time with that item was over, and somebody else may have it. Nothing was kept.")
        return await _label(visit, problem, 409)
    except Invalid:
        return await _label(visit, visit.gettext("Choose a clause of the policy."), 422)
    await note_looked(res.desk, Reviewer(account_id=me.account_id, role=me.role), 2 if form.pictures else 1, seconds)
    return visit.redirect(f"/admin/measure/label?done={form.item}")


@pages.post("/admin/measure/label/take_back", access="measure")
async def take_answer_back(visit: Visit, form: TakeBackForm) -> Response:
    """Take the last answer back, and see its item again."""
    try:
        await take_back(visit.res.db, visit.res.clock, visit.me.account_id, form.done)
    except Conflict:
        problem = visit.gettext("It cannot be taken back any more: somebody else has labelled it, or it was long ago.")
        return await _label(visit, problem, 409)
    return visit.redirect("/admin/measure/label", notice=visit.gettext("Taken back. Here it is again."))


@pages.post("/admin/measure/label/put_back", access="measure")
async def leave_item(visit: Visit, form: PutBackForm) -> Response:
    """Leave an item to somebody else."""
    await put_back(visit.res.db, visit.me.account_id, form.item)
    return visit.redirect("/admin/measure")
