"""The way back in for who has forgotten the password: a link by mail, good once and for an hour."""

from __future__ import annotations

from collections.abc import Mapping

import msgspec
from starlette.responses import Response

from rostra.accounts.create import is_usable_email
from rostra.accounts.credentials import is_reset_token, request_reset, reset_password
from rostra.web.auth import LETTERS, check_attempt
from rostra.web.page import Pages
from rostra.web.visit import Refused, Visit, errors_of

pages = Pages()


class RequestForm(msgspec.Struct, frozen=True, kw_only=True):
    email: str = ""


class ResetForm(msgspec.Struct, frozen=True, kw_only=True):
    token: str = ""
    password: str = ""
    password_confirmation: str = ""


@pages.get("/auth/password/new")
async def show_request(visit: Visit) -> Response:
    """The form that asks for the link."""
    return await visit.html("auth/reset_request.html", values={}, errors={}, sent=False)


@pages.post("/auth/password/new")
async def ask_for_link(visit: Visit, form: RequestForm) -> Response:
    """Send the link. The answer is the same, and takes as long, whether or not anybody has the address."""
    email = form.email.strip()
    await check_attempt(visit, "password", email, LETTERS)
    if not is_usable_email(email):
        errors, values = {"email": "ERR_INVALID"}, {"email": email}
        return await visit.html("auth/reset_request.html", http_status=422, values=values, errors=errors, sent=False)
    await request_reset(visit.res.db, visit.res.emit, email)
    return await visit.html("auth/reset_request.html", values={}, errors={}, sent=True)


@pages.get("/auth/password/edit")
async def show_reset(visit: Visit, form: ResetForm) -> Response:
    """The link of the letter."""
    valid = await is_reset_token(visit.res.db, visit.res.clock, form.token)
    return await _reset_page(visit, form, {}, valid=valid, status=200 if valid else 410)


@pages.post("/auth/password/edit")
async def set_new(visit: Visit, form: ResetForm) -> Response:
    """Set the new password; every session and app ends, so one signs in with it."""
    res = visit.res
    await check_attempt(visit, "reset", form.token)
    if form.password != form.password_confirmation:
        errors = {"password_confirmation": visit.gettext("The two are not the same.")}
        return await _reset_page(visit, form, errors, valid=True, status=422)
    try:
        done = await reset_password(
            res.db, res.clock, res.emit, res.urls, res.passwords, token=form.token, password=form.password
        )
    except Refused as error:
        return await _reset_page(visit, form, errors_of(error), valid=True, status=422)
    if not done:
        return await _reset_page(visit, form, {}, valid=False, status=410)
    visit.cookies.drop("session")
    return visit.redirect("/auth/sign_in", notice=visit.gettext("The password is set. Sign in with it."))


async def _reset_page(
    visit: Visit, form: ResetForm, errors: Mapping[str, str], *, valid: bool, status: int
) -> Response:
    return await visit.html("auth/reset_set.html", http_status=status, token=form.token, errors=errors, valid=valid)
