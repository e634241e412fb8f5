"""The form by which an authority or a host that we do not know yet reaches us. What it sends waits for a person.

GET, POST /notices/new      notice_new.html
"""

from __future__ import annotations

from typing import Any, Final

import msgspec
from starlette.responses import Response

from rostra.kit.errors import Invalid
from rostra.kit.mail import is_address
from rostra.kit.ratelimit import address_key
from rostra.notices.intake import Arrival, take_in
from rostra.web.notices import regime_of
from rostra.web.page import Pages
from rostra.web.visit import Visit

pages = Pages()

# Notices and seconds, for each address that they come from.
_MOST: Final = (5, 3600)
_LONGEST: Final = 20_000


class NoticeForm(msgspec.Struct, frozen=True, kw_only=True):
    organisation: str = ""
    email: str = ""
    reference: str = ""
    regime: str = "order"
    law: str = ""
    urls: str = ""
    text: str = ""


@pages.get("/notices/new")
async def public_form(visit: Visit) -> Response:
    """The form."""
    return await _show(visit)


async def _show(visit: Visit, **values: Any) -> Response:
    given: dict[str, Any] = {"values": {"regime": "order"}, "errors": {}, "number": "", "http_status": 200} | values
    return await visit.html("notice_new.html", **given)


@pages.post("/notices/new")
async def send_public_notice(visit: Visit, form: NoticeForm) -> Response:
    """Take it in, into quarantine."""
    values = msgspec.structs.asdict(form)
    errors = _problems(form)
    if errors:
        return await _show(visit, values=values, errors=errors, http_status=422)
    limiter = visit.res.limiter
    await limiter.check_exactly(visit.res.db, f"notices:public:{address_key(visit.address or '')}", *_MOST)
    said = f"{form.urls}\n\n{form.text}"
    arrival = Arrival(
        body=said[:_LONGEST].encode(),
        content_type="text/plain; charset=utf-8",
        channel="public",
        regime=regime_of(form.regime),
        sender=form.email.strip(),
        subject=" · ".join(filter(None, (form.organisation.strip(), form.reference.strip(), form.law.strip())))[:300],
    )
    try:
        taken = await take_in(visit.res.desk, arrival)
    except Invalid:
        problem = visit.gettext("Write the addresses of what you mean, one on a line.")
        return await _show(visit, values=values, errors={"urls": problem}, http_status=422)
    return await _show(visit, number=str(taken.notice_id))


def _problems(form: NoticeForm) -> dict[str, str]:
    errors = {name: "ERR_BLANK" for name in ("organisation", "email", "urls") if not getattr(form, name).strip()}
    if form.email.strip() and not is_address(form.email.strip()):
        errors["email"] = "ERR_INVALID"
    for name, most in (("organisation", 200), ("reference", 200), ("law", 500), ("urls", 10_000), ("text", 10_000)):
        if len(getattr(form, name)) > most:
            errors[name] = "ERR_TOO_LONG"
    return errors
