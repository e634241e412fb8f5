"""Providers of notices: who is believed, how they are known, by when they want an answer.

GET, POST /admin/notices/providers      admin/notices_providers.html: the list, and a new one
GET, POST /admin/notices/providers/ID   admin/notices_provider.html; POST …/{token,retire}
"""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any, Final

import msgspec
from starlette.responses import Response

from rostra.kit.errors import Invalid
from rostra.kit.paging import ById, Id
from rostra.notices.providers import (
    ProviderDraft,
    add_provider,
    change_provider,
    get_provider,
    list_providers,
    make_token,
    retire_provider,
)
from rostra.notices.records import Provider
from rostra.policy.records import Bundle
from rostra.web.notices import regime_of
from rostra.web.page import Pages
from rostra.web.visit import Refused, Visit, errors_of

pages = Pages()

_APART: Final = re.compile(r"[\s,;]+")


class ProviderForm(msgspec.Struct, frozen=True, kw_only=True):
    id: Id = 0
    name: str = ""
    host: str = ""
    contact: str = ""
    domains: str = ""
    regime: str = "host"
    hours: str = "24"
    language: str = "en"


@pages.get("/admin/notices/providers", access="notices")
async def providers_page(visit: Visit) -> Response:
    """All of them."""
    return await _list(visit)


async def _list(visit: Visit, **values: Any) -> Response:
    given: dict[str, Any] = {"values": {"regime": "host", "hours": "24"}, "errors": {}, "http_status": 200} | values
    bundle = await _bundle(visit)
    return await visit.html(
        "admin/notices_providers.html", providers=await list_providers(visit.res.db), hosts=_hosts(bundle), **given
    )


@pages.post("/admin/notices/providers", access="notices")
async def make_provider(visit: Visit, form: ProviderForm) -> Response:
    """Keep a new one."""
    res = visit.res
    try:
        made = await add_provider(
            res.db, res.clock, _draft(form), bundle=await _bundle(visit), actor_id=visit.me.account_id
        )
    except Refused as error:
        return await _list(visit, values=msgspec.structs.asdict(form), errors=_errors(visit, error), http_status=422)
    return visit.redirect(f"/admin/notices/providers/{made}", notice=visit.gettext("Saved."))


@pages.get("/admin/notices/providers/{id}", access="notices")
async def provider_page(visit: Visit, form: ById) -> Response:
    """One of them."""
    return await _one(visit, form.id)


async def _one(visit: Visit, provider_id: int, **values: Any) -> Response:
    async with visit.res.db.read() as conn:
        provider = await get_provider(conn, provider_id)
    given: dict[str, Any] = {"values": _values(provider), "errors": {}, "token": "", "http_status": 200} | values
    bundle = await _bundle(visit)
    return await visit.html("admin/notices_provider.html", provider=provider, hosts=_hosts(bundle), **given)


@pages.post("/admin/notices/providers/{id}", access="notices")
async def save_provider(visit: Visit, form: ProviderForm) -> Response:
    """Change what is written about one."""
    res = visit.res
    try:
        await change_provider(
            res.db, res.clock, form.id, _draft(form), bundle=await _bundle(visit), actor_id=visit.me.account_id
        )
    except Refused as error:
        values = msgspec.structs.asdict(form)
        return await _one(visit, form.id, values=values, errors=_errors(visit, error), http_status=422)
    return visit.redirect(f"/admin/notices/providers/{form.id}", notice=visit.gettext("Saved."))


@pages.post("/admin/notices/providers/{id}/token", access="notices")
async def new_token(visit: Visit, form: ById) -> Response:
    """Make a token, and show it this once."""
    token = await make_token(visit.res.db, visit.res.clock, form.id, actor_id=visit.me.account_id)
    return await _one(visit, form.id, token=token)


@pages.post("/admin/notices/providers/{id}/retire", access="notices")
async def retire(visit: Visit, form: ById) -> Response:
    """Believe it no more."""
    await retire_provider(visit.res.db, visit.res.clock, form.id, actor_id=visit.me.account_id)
    return visit.redirect(
        "/admin/notices/providers", notice=visit.gettext("Its notices wait in quarantine from now on.")
    )


async def _bundle(visit: Visit) -> Bundle:
    return (await visit.res.desk.policies.current(visit.res.db)).bundle


def _hosts(bundle: Bundle) -> list[tuple[str, str]]:
    return [("", "–"), *((host.id, host.title) for host in bundle.hosts)]


def _draft(form: ProviderForm) -> ProviderDraft:
    try:
        reply_within = timedelta(hours=float(form.hours.replace(",", ".")))
    except (ValueError, OverflowError):
        raise Invalid("hours", "is not a number") from None
    return ProviderDraft(
        name=form.name,
        host=form.host,
        contact=form.contact.strip(),
        domains=tuple(each for each in _APART.split(form.domains) if each),
        regime=regime_of(form.regime) or "host",
        reply_within=reply_within,
        language=form.language,
    )


def _values(provider: Provider) -> dict[str, Any]:
    return {
        "name": provider.name, "host": provider.host, "contact": provider.contact,
        "domains": ", ".join(provider.domains), "regime": provider.regime,
        "hours": f"{provider.reply_within.total_seconds() / 3600:g}", "language": provider.language,
    }  # fmt: skip


def _errors(visit: Visit, error: Any) -> dict[str, str]:
    """Problems in the reader's language, by field."""
    words = {
        "host": visit.gettext("The policy has no such host profile."),
        "contact": visit.gettext("This is not an e-mail address."),
        "domains": visit.gettext("One of these is not a domain name."),
        "hours": visit.gettext("Between a quarter of an hour and 90 days."),
        "reply_within": visit.gettext("Between a quarter of an hour and 90 days."),
    }
    found = {field: words.get(field, text) for field, text in errors_of(error).items()}
    if "reply_within" in found:
        found["hours"] = found.pop("reply_within")
    return found
