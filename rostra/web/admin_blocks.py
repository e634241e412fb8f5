"""Who may not sign up, or not come in at all: blocked providers of e-mail, single addresses, networks."""

from __future__ import annotations

from typing import Any, Final, Literal

import msgspec
from starlette.responses import Response

from rostra.accounts import blocks_email, blocks_ip
from rostra.accounts.blocks_ip import IpWish
from rostra.kit.paging import ById, Page, PageForm
from rostra.web.feeds import older
from rostra.web.page import Pages
from rostra.web.visit import Refused, Visit, errors_of

pages = Pages()

_PAGE: Final = 40


class ProviderForm(msgspec.Struct, frozen=True, kw_only=True):
    domain: str = ""
    allow_with_approval: bool = False


class AddressForm(PageForm, frozen=True, kw_only=True):
    email: str = ""


class NetworkForm(msgspec.Struct, frozen=True, kw_only=True):
    ip: str = ""
    severity: Literal["sign_up_requires_approval", "sign_up_block", "no_access"] = "sign_up_block"
    comment: str = ""
    # In days; none: for good.
    days: int | None = None


@pages.get("/admin/blocks", access="blocks")
async def blocks(visit: Visit) -> Response:
    """The first of the lists."""
    return visit.redirect("/admin/blocks/domains")


@pages.get("/admin/blocks/emails", access="blocks")
async def providers(visit: Visit, form: PageForm) -> Response:
    """Blocked providers."""
    return await _providers(visit, form)


async def _providers(visit: Visit, form: PageForm, **values: Any) -> Response:
    res, window = visit.res, form.window(default=_PAGE)
    rows = await blocks_email.list_email_domains(res.db, res.clock, window)
    shown: dict[str, Any] = {"values": {}, "errors": {}, "http_status": 200, **values}
    # How many have tried, and how often, in the last week.
    shown["rows"] = [(row, *(sum(day[place] for day in row.history.values()) for place in (0, 1))) for row in rows]
    shown["older_url"] = older(visit, Page(rows, oldest=rows[-1].id if rows else None, more=len(rows) == window.limit))
    return await visit.html("admin/blocks_emails.html", **shown)


@pages.post("/admin/blocks/emails", access="blocks")
async def block_provider(visit: Visit, form: ProviderForm) -> Response:
    """Block one."""
    res = visit.res
    try:
        await blocks_email.block_email_domain(
            res.db, res.clock, visit.me.account_id, form.domain, allow_with_approval=form.allow_with_approval
        )
    except Refused as error:
        values = msgspec.structs.asdict(form)
        return await _providers(visit, PageForm(), http_status=422, values=values, errors=errors_of(error))
    return visit.redirect("/admin/blocks/emails", notice=visit.gettext("Saved."))


@pages.post("/admin/blocks/emails/{id}/delete", access="blocks")
async def unblock_provider(visit: Visit, form: ById) -> Response:
    """Unblock one."""
    await blocks_email.unblock_email_domain(visit.res.db, visit.res.clock, visit.me.account_id, form.id)
    return visit.redirect("/admin/blocks/emails")


@pages.get("/admin/blocks/addresses", access="blocks")
async def addresses(visit: Visit, form: AddressForm) -> Response:
    """Blocked addresses, of which nobody can read more than the hash; with `email`: whether that one is among them."""
    return await _addresses(visit, form)


async def _addresses(visit: Visit, form: AddressForm, **values: Any) -> Response:
    db, window = visit.res.db, form.window(default=_PAGE)
    rows = await blocks_email.list_canonical(db, window)
    shown: dict[str, Any] = {"values": {}, "errors": {}, "http_status": 200, **values}
    shown |= {"rows": rows, "asked": form.email.strip(), "found": None}
    if shown["asked"]:
        shown["found"] = await blocks_email.find_canonical(db, form.email)
    shown["older_url"] = older(visit, Page(rows, oldest=rows[-1].id if rows else None, more=len(rows) == window.limit))
    return await visit.html("admin/blocks_addresses.html", **shown)


@pages.post("/admin/blocks/addresses", access="blocks")
async def block_address(visit: Visit, form: AddressForm) -> Response:
    """Block one."""
    res = visit.res
    try:
        await blocks_email.block_canonical(res.db, res.clock, visit.me.account_id, email=form.email.strip())
    except Refused as error:
        errors = {"email": next(iter(errors_of(error).values()))}
        return await _addresses(visit, AddressForm(), http_status=422, values={"email": form.email}, errors=errors)
    return visit.redirect("/admin/blocks/addresses", notice=visit.gettext("Saved."))


@pages.post("/admin/blocks/addresses/{id}/delete", access="blocks")
async def unblock_address(visit: Visit, form: ById) -> Response:
    """Unblock one."""
    await blocks_email.unblock_canonical(visit.res.db, visit.res.clock, visit.me.account_id, form.id)
    return visit.redirect("/admin/blocks/addresses")


@pages.get("/admin/blocks/networks", access="blocks")
async def networks(visit: Visit, form: PageForm) -> Response:
    """Blocked networks."""
    return await _networks(visit, form)


async def _networks(visit: Visit, form: PageForm, **values: Any) -> Response:
    window = form.window(default=_PAGE)
    rows = await blocks_ip.list_ip_blocks(visit.res.db, window)
    shown: dict[str, Any] = {"values": {"severity": "sign_up_block"}, "errors": {}, "http_status": 200, **values}
    shown |= {"rows": rows, "now": visit.res.clock.now(), "own": visit.address or ""}
    shown["older_url"] = older(visit, Page(rows, oldest=rows[-1].id if rows else None, more=len(rows) == window.limit))
    return await visit.html("admin/blocks_networks.html", **shown)


@pages.post("/admin/blocks/networks", access="blocks")
async def block_network(visit: Visit, form: NetworkForm) -> Response:
    """Block one."""
    res = visit.res
    seconds = form.days * 86_400 if form.days else None
    wish = IpWish(ip=form.ip, severity=form.severity, comment=form.comment, expires_in=seconds)
    try:
        await blocks_ip.block_ip(res.db, res.clock, visit.me.account_id, wish, own_address=visit.address)
    except Refused as error:
        values = msgspec.structs.asdict(form)
        return await _networks(visit, PageForm(), http_status=422, values=values, errors=errors_of(error))
    await res.edge.refresh(res.db)
    return visit.redirect("/admin/blocks/networks", notice=visit.gettext("Saved."))


@pages.post("/admin/blocks/networks/{id}/delete", access="blocks")
async def unblock_network(visit: Visit, form: ById) -> Response:
    """Unblock one."""
    res = visit.res
    await blocks_ip.unblock_ip(res.db, res.clock, visit.me.account_id, form.id)
    await res.edge.refresh(res.db)
    return visit.redirect("/admin/blocks/networks")
