"""Rules for other servers: which are limited or shut out, lists from elsewhere, and whom a closed instance lets in."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Final, Literal

import msgspec
from starlette.responses import Response

from rostra.instance.settings import change_settings
from rostra.kit.errors import Conflict, Invalid
from rostra.kit.forms import Upload
from rostra.kit.paging import ById, Id, Page, PageForm
from rostra.moderation.domains import decisions, domain_csv, domains
from rostra.moderation.domains.decision_queries import DomainDecision, find_holding, list_ends
from rostra.moderation.domains.decisions import Why
from rostra.moderation.domains.domain_csv import Line
from rostra.moderation.domains.domain_queries import DomainBlock, Severity
from rostra.moderation.domains.domains import DomainWish
from rostra.screening.judgement import say
from rostra.web.desk import title_of
from rostra.web.desk_quick import LENGTHS
from rostra.web.feeds import older
from rostra.web.page import Pages
from rostra.web.visit import Refused, Visit, errors_of

pages = Pages()

_PAGE: Final = 40
# Of each kind of line, so that a list of thousands stays a page.
_LINES: Final = 200


class RuleForm(msgspec.Struct, frozen=True, kw_only=True):
    severity: Severity = "silence"
    reject_media: bool = False
    reject_reports: bool = False
    public_comment: str = ""
    private_comment: str = ""
    obfuscate: bool = False
    clause: str = ""
    # A name of `LENGTHS`; of a rule that there is, "keep".
    lasts: str = ""

    def wish(self) -> DomainWish:
        """As the slice takes it: a box that is not ticked says no."""
        return DomainWish(
            severity=self.severity,
            reject_media=self.reject_media,
            reject_reports=self.reject_reports,
            public_comment=self.public_comment,
            private_comment=self.private_comment,
            obfuscate=self.obfuscate,
        )


class NewRuleForm(RuleForm, frozen=True, kw_only=True):
    domain: str = ""


class ChangedRuleForm(RuleForm, frozen=True, kw_only=True):
    id: Id


class FileForm(msgspec.Struct, frozen=True, kw_only=True):
    file: Upload | None = None


class ImportForm(msgspec.Struct, frozen=True, kw_only=True):
    lines: str = ""
    which: Literal["new", "all"] = "new"
    leave_out: str = ""


class AllowForm(msgspec.Struct, frozen=True, kw_only=True):
    domain: str = ""


class ClosedForm(msgspec.Struct, frozen=True, kw_only=True):
    closed: bool = False


@pages.get("/admin/blocks/domains", access="blocks")
async def rules(visit: Visit, form: PageForm) -> Response:
    """The rules, the latest first."""
    return await _rules(visit, form)


async def _rules(visit: Visit, form: PageForm, **values: Any) -> Response:
    window = form.window(default=_PAGE)
    rows = await domains.list_blocks(visit.res.db, window)
    shown: dict[str, Any] = {"values": {"severity": "silence"}, "errors": {}, "http_status": 200, **values}
    shown["rows"] = rows
    async with visit.res.db.read() as conn:
        shown["ends"] = await list_ends(conn, [row.domain for row in rows])
    shown["clauses"] = await _clauses(visit)
    shown["older_url"] = older(visit, Page(rows, oldest=rows[-1].id if rows else None, more=len(rows) == window.limit))
    return await visit.html("admin/blocks_domains.html", **shown)


@pages.post("/admin/blocks/domains", access="blocks")
async def add_rule(visit: Visit, form: NewRuleForm) -> Response:
    """Make one."""
    res = visit.res
    try:
        why = await _why(visit, form, None)
        await domains.block_domain(
            res.db, res.clock, res.emit, visit.me.account_id, form.domain, form.wish(), own_domain=res.urls.domain,
            why=why,
        )  # fmt: skip
    except Refused as error:
        values = msgspec.structs.asdict(form)
        return await _rules(visit, PageForm(), http_status=422, values=values, errors=errors_of(error))
    return visit.redirect("/admin/blocks/domains", notice=visit.gettext("Saved."))


@pages.get("/admin/blocks/domains/{id}", access="blocks")
async def one_rule(visit: Visit, form: ById) -> Response:
    """One of them, to change."""
    block = await domains.get_block(visit.res.db, form.id)
    holding = await _holding(visit, block.domain)
    values = msgspec.structs.asdict(block) | {"clause": holding.clause if holding else "", "lasts": "keep"}
    return await _rule_page(visit, block, holding, values)


@pages.post("/admin/blocks/domains/{id}", access="blocks")
async def save_rule(visit: Visit, form: ChangedRuleForm) -> Response:
    """Change it."""
    res = visit.res
    try:
        block = await domains.get_block(res.db, form.id)
        why = await _why(visit, form, await _holding(visit, block.domain))
        await domains.change_block(res.db, res.clock, res.emit, visit.me.account_id, form.id, form.wish(), why=why)
    except Refused as error:
        block = await domains.get_block(res.db, form.id)
        values = msgspec.structs.asdict(form)
        holding = await _holding(visit, block.domain)
        return await _rule_page(visit, block, holding, values, http_status=422, errors=errors_of(error))
    return visit.redirect("/admin/blocks/domains", notice=visit.gettext("Saved."))


async def _rule_page(
    visit: Visit,
    block: DomainBlock,
    holding: DomainDecision | None,
    values: dict[str, Any],
    *,
    http_status: int = 200,
    errors: Mapping[str, str] | None = None,
) -> Response:
    return await visit.html(
        "admin/blocks_domain.html",
        http_status=http_status,
        block=block,
        holding=holding,
        clauses=await _clauses(visit),
        values=values,
        errors=errors or {},
    )


async def _holding(visit: Visit, domain: str) -> DomainDecision | None:
    async with visit.res.db.read() as conn:
        return await find_holding(conn, domain)


async def _clauses(visit: Visit) -> list[tuple[str, str]]:
    current = await visit.res.desk.policies.current(visit.res.db)
    return [(each.id, say(each.title, visit.language)) for each in current.bundle.clauses if not each.retired]


async def _why(visit: Visit, form: RuleForm, holding: DomainDecision | None) -> Why | None:
    """Why and for how long, as the form says; None where it leaves both as they are. Raises Invalid."""
    lasts = LENGTHS.get(form.lasts)
    if form.lasts not in LENGTHS and form.lasts != "keep":
        raise Invalid("lasts", "is none of those that there are")
    if form.lasts == "keep" and holding is not None:
        if form.clause == holding.clause:
            return None
        lasts = None if holding.ends_at is None else holding.ends_at - visit.res.clock.now()
    return await decisions.make_why(visit.res.desk, form.clause, lasts)


@pages.get("/admin/blocks/decisions", access="blocks")
async def decided(visit: Visit, form: PageForm) -> Response:
    """What was decided of servers, the latest first."""
    window = form.window(default=_PAGE)
    rows = await decisions.list_decisions(visit.res.desk, before=window.below, limit=window.limit)
    current = await visit.res.desk.policies.current(visit.res.db)
    return await visit.html(
        "admin/blocks_decisions.html",
        rows=[(row, title_of(current.clauses, row.clause, visit.language)) for row in rows],
        older_url=older(visit, Page(rows, oldest=rows[-1].id if rows else None, more=len(rows) == window.limit)),
    )


@pages.post("/admin/blocks/decisions/{id}/reverse", access="blocks")
async def turn_round(visit: Visit, form: ById) -> Response:
    """Take a decision back, with everything."""
    try:
        await decisions.reverse_domain(visit.res.desk, visit.me.account_id, form.id)
    except Conflict:
        return visit.redirect("/admin/blocks/decisions", notice=visit.gettext("It did not hold any more."))
    return visit.redirect("/admin/blocks/decisions", notice=visit.gettext("Turned round."))


@pages.post("/admin/blocks/domains/{id}/delete", access="blocks")
async def lift_rule(visit: Visit, form: ById) -> Response:
    """Lift it."""
    res = visit.res
    await domains.unblock_domain(res.db, res.clock, res.emit, visit.me.account_id, form.id)
    return visit.redirect("/admin/blocks/domains")


@pages.get("/admin/blocks/export/domains.csv", access="blocks")
async def export_rules(visit: Visit) -> Response:
    """All rules as a file that other servers read."""
    return _file(await domain_csv.export_blocks(visit.res.db), "domain_blocks.csv")


@pages.get("/admin/blocks/export/allows.csv", access="blocks")
async def export_allows(visit: Visit) -> Response:
    """All servers that are let in as a file."""
    return _file(await domain_csv.export_allows(visit.res.db), "domain_allows.csv")


def _file(text: str, name: str) -> Response:
    headers = {
        "content-disposition": f'attachment; filename="{name}"',
        "cache-control": "private, no-store",
    }
    return Response(text, headers=headers, media_type="text/csv; charset=utf-8")


@pages.get("/admin/blocks/import", access="blocks")
async def show_import(visit: Visit) -> Response:
    """Where a list from elsewhere is given in."""
    return await visit.html("admin/blocks_import.html", errors={})


@pages.post("/admin/blocks/import", access="blocks")
async def preview_import(visit: Visit, form: FileForm) -> Response:
    """What a list would change; nothing is written yet."""
    try:
        if form.file is None or not form.file.body:
            raise Invalid("file", "is empty", code="ERR_EMPTY")
        lines = await domain_csv.read_blocks(visit.res.db, form.file.body, own_domain=visit.res.urls.domain)
    except Refused as error:
        return await visit.html("admin/blocks_import.html", http_status=422, errors=errors_of(error))
    return await visit.html(
        "admin/blocks_preview.html",
        groups=_grouped(lines),
        lines=domain_csv.write_lines(lines),
    )


def _grouped(lines: list[Line]) -> dict[str, tuple[int, list[Line]]]:
    """By state: how many there are, and the first of them."""
    found: dict[str, tuple[int, list[Line]]] = {}
    for state in ("new", "changes", "same", "unusable"):
        some = [line for line in lines if line.state == state]
        found[state] = (len(some), some[:_LINES])
    return found


@pages.post("/admin/blocks/import/apply", access="blocks")
async def apply_import(visit: Visit, form: ImportForm) -> Response:
    """Write what was looked at, but for what is to be left out."""
    res, own = visit.res, visit.res.urls.domain
    wanted = ("new",) if form.which == "new" else ("new", "changes")
    left_out = {name.lower() for name in re.split(r"[\s,;]+", form.leave_out)}
    try:
        lines = await domain_csv.read_blocks(res.db, form.lines.encode(), own_domain=own)
        wishes = [(line.domain, line.wish) for line in lines if line.state in wanted and line.domain not in left_out]
        count = await domains.import_blocks(res.db, res.clock, res.emit, visit.me.account_id, wishes, own_domain=own)
    except Refused as error:
        return await visit.html("admin/blocks_import.html", http_status=422, errors=errors_of(error))
    return visit.redirect("/admin/blocks/domains", notice=visit.gettext("%(n)s rules written.", n=count))


@pages.get("/admin/blocks/allows", access="blocks")
async def allows(visit: Visit, form: PageForm) -> Response:
    """Whom a closed instance lets in."""
    return await _allows(visit, form)


async def _allows(visit: Visit, form: PageForm, **values: Any) -> Response:
    res, window = visit.res, form.window(default=_PAGE)
    rows = await domains.list_allows(res.db, window)
    settings = await res.instance.settings(res.db)
    shown: dict[str, Any] = {"values": {}, "errors": {}, "http_status": 200, **values}
    shown |= {"rows": rows, "closed": settings.limited_federation, "may_close": visit.me.role in ("owner", "admin")}
    shown["older_url"] = older(visit, Page(rows, oldest=rows[-1].id if rows else None, more=len(rows) == window.limit))
    return await visit.html("admin/blocks_allows.html", **shown)


@pages.post("/admin/blocks/allows", access="blocks")
async def allow(visit: Visit, form: AllowForm) -> Response:
    """Let one in."""
    res = visit.res
    try:
        await domains.allow_domain(res.db, res.clock, visit.me.account_id, form.domain, own_domain=res.urls.domain)
    except Refused as error:
        values = {"domain": form.domain}
        return await _allows(visit, PageForm(), http_status=422, values=values, errors=errors_of(error))
    return visit.redirect("/admin/blocks/allows", notice=visit.gettext("Saved."))


@pages.post("/admin/blocks/allows/{id}/delete", access="blocks")
async def disallow(visit: Visit, form: ById) -> Response:
    """Let one in no more."""
    await domains.disallow_domain(visit.res.db, visit.res.clock, visit.me.account_id, form.id)
    return visit.redirect("/admin/blocks/allows")


@pages.post("/admin/blocks/closed", access="settings")
async def close_instance(visit: Visit, form: ClosedForm) -> Response:
    """Have the instance exchange with listed servers only, or with all that are not blocked."""
    res, changes = visit.res, {"limited_federation": form.closed}
    await change_settings(res.db, res.clock, res.instance.defaults, actor_id=visit.me.account_id, changes=changes)
    res.instance.forget()
    return visit.redirect("/admin/blocks/allows", notice=visit.gettext("Saved."))
