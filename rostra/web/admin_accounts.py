"""People as staff sees them: a list to search, a page for each, and what is done to a login or a role.

Moderating somebody is the desk's (`desk_act`); letting in who waits is `admin_people`'s.

    GET /admin/people?q=&by=&origin=&role=&state=&max_id=
                                    admin/people.html
    GET /admin/people/ID?before=    admin/person.html; POST …/role: role; …/login: act=disable|enable|confirm
"""

from __future__ import annotations

import ipaddress
import re
from typing import Any, Final, Literal

import msgspec
from starlette.responses import Response

from rostra.accounts.admin import access_target
from rostra.accounts.admin_queries import AccountFilter, Status
from rostra.accounts.people import get_login, list_changes_of, list_people
from rostra.accounts.permissions import check_above, is_above, may, roles_with
from rostra.accounts.records import Role
from rostra.accounts.staff import confirm_by_hand, disable_login, enable_login, set_role
from rostra.archive.move import list_links
from rostra.kit.addresses import normalise_domain
from rostra.kit.errors import Forbidden, Invalid
from rostra.kit.paging import Id, Page, PageForm
from rostra.moderation.cases.person import Record, read_record
from rostra.web.admin_audit import lines_of
from rostra.web.desk import title_of
from rostra.web.feeds import decode, older, page_address
from rostra.web.page import Pages
from rostra.web.people import show_account
from rostra.web.visit import Visit

pages = Pages()

By = Literal["", "name", "email", "ip", "domain"]

_ON_A_PAGE: Final = 40
_DECISIONS: Final = 10
# Those that can be given to somebody, from the least to the most.
_ROLES: Final[tuple[Role, ...]] = ("user", "juror", "triage", "moderator", "admin", "owner")
_ADDRESS: Final = re.compile(r"[0-9a-fA-F.:]+(/\d{1,3})?")
_DOMAIN: Final = re.compile(r"[^\s@/]+\.[^\s@/]+")


class SearchForm(PageForm, frozen=True, kw_only=True):
    q: str = ""
    by: By = ""
    origin: Literal["", "local", "remote"] = ""
    role: Literal["", "staff", "owner", "admin", "moderator", "triage", "juror", "user"] = ""
    state: Literal["", "active", "pending", "disabled", "frozen", "silenced", "sensitized", "suspended"] = ""


class PersonForm(msgspec.Struct, frozen=True, kw_only=True):
    id: Id
    before: Id = 0


class RoleForm(msgspec.Struct, frozen=True, kw_only=True):
    id: Id
    role: Role


class LoginForm(msgspec.Struct, frozen=True, kw_only=True):
    id: Id
    act: Literal["disable", "enable", "confirm"]


@pages.get("/admin/people", access="queue")
async def people(visit: Visit, form: SearchForm) -> Response:
    """People, the newest first, by whatever one may look for."""
    res, private = visit.res, may(visit.me.role, "people")
    window = form.window(default=_ON_A_PAGE)
    wanted = _wanted(form, private=private, own=res.urls.domain)
    found = Page([]) if wanted is None else await list_people(res.db, res.urls, wanted, window, private=private)
    rows = [{"row": each.row, "account": decode(each.account)} for each in found.items]
    asked = {name: getattr(form, name) for name in ("q", "by", "origin", "role", "state")}
    is_narrow = any(asked.values())
    return await visit.html(
        "admin/people.html",
        rows=rows,
        asked=asked,
        is_narrow=is_narrow,
        private=private,
        older_url=older(visit, found),
    )


def _wanted(form: SearchForm, *, private: bool, own: str) -> AccountFilter | None:
    """What is looked for; None where nobody can be found by it."""
    try:
        wanted = _search(form.q.strip(), form.by, private=private, own=own)
    except (ValueError, Invalid):
        return None
    if form.origin:
        if wanted.origin not in (None, form.origin):
            return None
        wanted = msgspec.structs.replace(wanted, origin=form.origin)
    statuses: tuple[Status, ...] = (form.state,) if form.state else ()
    roles: list[Role] | None = roles_with("queue") if form.role == "staff" else [form.role] if form.role else None
    return msgspec.structs.replace(wanted, statuses=statuses, roles=roles)


def _search(text: str, by: By, *, private: bool, own: str) -> AccountFilter:
    """What a text stands for. Raises Invalid and ValueError where it is no address, and Forbidden."""
    kind = by or _guess(text, private=private)
    if kind in ("email", "ip") and not private:
        raise Forbidden
    if not text:
        return AccountFilter()
    if kind == "ip":
        return AccountFilter(network=ipaddress.ip_network(text, strict=False))
    if kind == "email":
        return AccountFilter(email=text)
    name, _, domain = text.removeprefix("@").partition("@") if kind == "name" else ("", "", text.removeprefix("@"))
    if not domain:
        return AccountFilter(name=name)
    domain = normalise_domain(domain, allow_port=True)
    if domain == own.lower():
        return AccountFilter(username=name, origin="local")
    return AccountFilter(username=name, domain=domain)


def _guess(text: str, *, private: bool) -> By:
    """What somebody looks for who does not say: a handle begins with @, an address of mail has one within."""
    if text.startswith("@"):
        return "name"
    if private and _ADDRESS.fullmatch(text) and ("." in text or ":" in text):
        return "ip"
    if "@" in text:
        return "email" if private else "name"
    return "domain" if _DOMAIN.fullmatch(text) else "name"


@pages.get("/admin/people/{id}", access="queue")
async def person(visit: Visit, form: PersonForm) -> Response:
    """One person, with all that staff knows."""
    res, role = visit.res, visit.me.role
    private = may(role, "people")
    login = await get_login(res.db, form.id, private=private)
    account = await show_account(visit, form.id)
    record = await read_record(res.desk, form.id, before=form.before or None, limit=_DECISIONS + 1)
    changes = lines_of(await list_changes_of(res.db, form.id)) if private else []
    links = await list_links(res.db, form.id)
    is_below = is_above(role, login.role)
    is_own = visit.me.account_id == form.id
    powers = {
        "moderate": may(role, "decide") and is_below and not is_own,
        "login": private and is_below and login.is_local,
        "role": may(role, "roles") and is_below and login.is_local and login.approved_at is not None,
        "private": private,
    }
    return await visit.html(
        "admin/person.html",
        links=links,
        login=login,
        account=account,
        changes=changes,
        roles=[each for each in _ROLES if is_above(role, each)],
        powers=powers,
        **await _record(visit, record),
    )


async def _record(visit: Visit, record: Record) -> dict[str, Any]:
    """The record as the template takes it, with clauses by name."""
    current = await visit.res.desk.policies.current(visit.res.db)
    clauses = {each.clause for each in record.strikes} | {each.decision.clause for each in record.decisions}
    shown = record.decisions[:_DECISIONS]
    more = len(record.decisions) > _DECISIONS
    return {
        "record": record,
        "decisions": shown,
        "titles": {clause: title_of(current.clauses, clause, visit.language) for clause in clauses},
        "older_url": page_address(visit, before=shown[-1].decision.id) if more else None,
    }


@pages.post("/admin/people/{id}/role", access="roles")
async def give_role(visit: Visit, form: RoleForm) -> Response:
    """Give somebody below oneself a role below one's own."""
    res, me = visit.res, visit.me
    await access_target(res.db, me.role, form.id)
    check_above(me.role, form.role)
    await set_role(res.db, res.clock, res.emit, form.id, form.role, actor_id=me.account_id)
    return visit.redirect(f"/admin/people/{form.id}", notice=visit.gettext("Saved."))


@pages.post("/admin/people/{id}/login", access="people")
async def change_login(visit: Visit, form: LoginForm) -> Response:
    """Keep somebody out, let them in again, or take their address for confirmed."""
    res, me = visit.res, visit.me
    await access_target(res.db, me.role, form.id)
    if form.act == "disable":
        await disable_login(res.db, res.clock, res.emit, form.id, actor_id=me.account_id)
    elif form.act == "enable":
        await enable_login(res.db, res.clock, form.id, actor_id=me.account_id)
    else:
        await confirm_by_hand(res.db, res.clock, res.emit, form.id, actor_id=me.account_id)
    return visit.redirect(f"/admin/people/{form.id}", notice=visit.gettext("Saved."))
