"""Settings of how somebody signs in: address and password, the second factor, sessions and apps; and leaving."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, time
from typing import Any, Final

import msgspec
from starlette.responses import Response

from rostra.accounts import two_factor
from rostra.accounts.credentials import change_email, find_unconfirmed_email, set_password
from rostra.accounts.own import get_user
from rostra.accounts.records import Session
from rostra.accounts.sessions import end_other_sessions, end_session, list_sessions
from rostra.accounts.sign_in import has_password
from rostra.entities.account import timestamp
from rostra.instance.erase import close_account
from rostra.kit.paging import Id
from rostra.oauth.records import ConnectedApp
from rostra.oauth.revoke import connected_apps, disconnect_app
from rostra.web.page import Pages
from rostra.web.visit import Refused, Visit, errors_of

pages = Pages()

# Guesses at the password by whoever sits at somebody's open browser: attempts, seconds.
_GUESSES: Final = (10, 5 * 60)
_BROWSERS: Final = (
    ("Edg/", "Edge"), ("OPR/", "Opera"), ("Firefox/", "Firefox"), ("FxiOS/", "Firefox"), ("CriOS/", "Chrome"),
    ("Chrome/", "Chrome"), ("Safari/", "Safari"),
)  # fmt: skip
_SYSTEMS: Final = (
    ("Android", "Android"), ("iPhone", "iPhone"), ("iPad", "iPad"), ("Windows", "Windows"), ("Mac OS X", "macOS"),
    ("CrOS", "ChromeOS"), ("Linux", "Linux"),
)  # fmt: skip


class EmailForm(msgspec.Struct, frozen=True, kw_only=True):
    email: str = ""
    current_password: str = ""


class PasswordForm(msgspec.Struct, frozen=True, kw_only=True):
    current_password: str = ""
    password: str = ""
    password_confirmation: str = ""


class CodeForm(msgspec.Struct, frozen=True, kw_only=True):
    code: str = ""


class ConfirmForm(msgspec.Struct, frozen=True, kw_only=True):
    current_password: str = ""


class RevokeForm(msgspec.Struct, frozen=True, kw_only=True):
    session_id: Id | None = None
    application_id: Id | None = None
    all: bool = False


class DeleteForm(msgspec.Struct, frozen=True, kw_only=True):
    confirm: str = ""
    current_password: str = ""


@pages.get("/auth/edit", access="me")
async def edit(visit: Visit) -> Response:
    """Where password managers and old links lead."""
    return visit.redirect("/settings/account")


@pages.get("/settings/account", access="me")
async def show_account(visit: Visit) -> Response:
    """Address and password."""
    return await _account_page(visit, {})


@pages.post("/settings/account/email", access="me")
async def save_email(visit: Visit, form: EmailForm) -> Response:
    """Change the address, once the new one is confirmed."""
    res, me = visit.res, visit.me
    if wrong := await _wrong_password(visit, form.current_password):
        return await _account_page(visit, wrong, email=form.email)
    try:
        await change_email(res.db, res.clock, res.emit, res.urls, account_id=me.account_id, email=form.email)
    except Refused as error:
        return await _account_page(visit, errors_of(error), email=form.email)
    notice = visit.gettext("Look into your mail: the link there makes the new address yours.")
    return visit.redirect("/settings/account", notice=notice)


@pages.post("/settings/account/password", access="me")
async def save_password(visit: Visit, form: PasswordForm) -> Response:
    """Change the password; all other sessions, and all apps, end."""
    res, me = visit.res, visit.me
    if wrong := await _wrong_password(visit, form.current_password):
        return await _account_page(visit, wrong)
    if form.password != form.password_confirmation:
        return await _account_page(visit, {"password_confirmation": visit.gettext("The two are not the same.")})
    try:
        await set_password(
            res.db,
            res.emit,
            res.urls,
            res.passwords,
            account_id=me.account_id,
            password=form.password,
            keep_session_id=me.session_id,
        )
    except Refused as error:
        return await _account_page(visit, errors_of(error))
    notice = visit.gettext("The password is changed. Apps have to sign in again.")
    return visit.redirect("/settings/account", notice=notice)


async def _account_page(visit: Visit, errors: Mapping[str, str], *, email: str = "") -> Response:
    user = await get_user(visit.res.db, visit.me.account_id)
    waiting = await find_unconfirmed_email(visit.res.db, user.account_id, visit.res.clock.now())
    return await visit.html(
        "settings/account.html",
        http_status=422 if errors else 200,
        email=user.email,
        unconfirmed_email=waiting,
        values={"email": email},
        errors=errors,
    )


@pages.get("/settings/two_factor", access="me")
async def show_two_factor(visit: Visit) -> Response:
    """Whether it is on."""
    return await _two_factor_page(visit)


@pages.post("/settings/two_factor", access="me")
async def start_two_factor(visit: Visit, form: ConfirmForm) -> Response:
    """Make a secret and show it to the app. Who only sits at somebody's open browser could shut them out with it."""
    res, me = visit.res, visit.me
    if wrong := await _wrong_password(visit, form.current_password):
        return await _two_factor_page(visit, errors=wrong)
    enrolment = await two_factor.start_enrolment(res.db, res.sealer, res.urls, me.account_id, me.username)
    return await _two_factor_page(visit, enrolment=enrolment)


@pages.post("/settings/two_factor/enable", access="me")
async def enable_two_factor(visit: Visit, form: CodeForm) -> Response:
    """Switch it on with a first code."""
    res, me = visit.res, visit.me
    await res.limiter.check_exactly(res.db, f"totp:{me.account_id}", *_GUESSES)
    try:
        codes = await two_factor.enable(res.db, res.clock, res.sealer, me.account_id, form.code)
    except Refused:
        enrolment = await two_factor.find_enrolment(res.db, res.sealer, res.urls, me.account_id, me.username)
        errors = {"code": visit.gettext("This is not the code that the app shows now.")}
        return await _two_factor_page(visit, enrolment=enrolment, errors=errors)
    return await _two_factor_page(visit, codes=codes)


@pages.post("/settings/two_factor/disable", access="me")
async def disable_two_factor(visit: Visit, form: ConfirmForm) -> Response:
    """Switch it off."""
    if wrong := await _wrong_password(visit, form.current_password):
        return await _two_factor_page(visit, errors=wrong)
    await two_factor.disable(visit.res.db, visit.res.emit, visit.res.urls, visit.me.account_id)
    return visit.redirect("/settings/two_factor", notice=visit.gettext("It is off."))


@pages.post("/settings/two_factor/recovery_codes", access="me")
async def renew_codes(visit: Visit, form: ConfirmForm) -> Response:
    """New recovery codes instead of the old ones."""
    if wrong := await _wrong_password(visit, form.current_password):
        return await _two_factor_page(visit, errors=wrong)
    codes = await two_factor.renew_recovery_codes(visit.res.db, visit.res.sealer, visit.me.account_id)
    return await _two_factor_page(visit, codes=codes)


async def _two_factor_page(
    visit: Visit,
    *,
    enrolment: two_factor.Enrolment | None = None,
    codes: Sequence[str] = (),
    errors: Mapping[str, str] | None = None,
) -> Response:
    state = "on" if await two_factor.is_on(visit.res.db, visit.me.account_id) else "enrolling" if enrolment else "off"
    return await visit.html(
        "settings/two_factor.html",
        http_status=422 if errors else 200,
        state=state,
        otpauth_uri=enrolment.uri if enrolment else "",
        secret=enrolment.secret if enrolment else "",
        recovery_codes=codes,
        errors=errors or {},
    )


@pages.get("/settings/sessions", access="me")
async def show_sessions(visit: Visit) -> Response:
    """Where somebody is signed in, and which apps act for them."""
    sessions = await list_sessions(visit.res.db, visit.me.account_id)
    async with visit.res.db.read() as conn:
        apps = await connected_apps(conn, visit.me.account_id)
    shown = [_session(session, visit) for session in sessions]
    return await visit.html("settings/sessions.html", sessions=shown, apps=[_app(app) for app in apps])


@pages.post("/settings/sessions/revoke", access="me")
async def revoke(visit: Visit, form: RevokeForm) -> Response:
    """End a session, all other sessions, or what an app may do."""
    res, me = visit.res, visit.me
    if form.all:
        await end_other_sessions(res.db, res.emit, me.account_id, me.session_id)
    elif form.session_id is not None:
        await end_session(res.db, res.emit, me.account_id, form.session_id)
    elif form.application_id is not None:
        await disconnect_app(res.db, res.emit, me.account_id, form.application_id)
    return visit.redirect("/settings/sessions", notice=visit.gettext("Done."))


@pages.get("/settings/delete", access="me")
async def show_delete(visit: Visit) -> Response:
    """What leaving means."""
    return await visit.html("settings/delete.html", errors={})


@pages.post("/settings/delete", access="me")
async def delete_account(visit: Visit, form: DeleteForm) -> Response:
    """Leave for good."""
    res, me = visit.res, visit.me
    errors = await _wrong_password(visit, form.current_password)
    if form.confirm.strip().removeprefix("@").lower() != me.username.lower():
        errors = {**errors, "confirm": visit.gettext("This is not your user name.")}
    if not errors:
        try:
            await close_account(res.db, res.clock, res.emit, me.account_id)
        except Refused as error:
            errors = errors_of(error)
    if errors:
        return await visit.html("settings/delete.html", http_status=422, errors=errors)
    visit.cookies.drop("session")
    return visit.redirect("/", notice=visit.gettext("Your account is being deleted. Farewell."))


async def _wrong_password(visit: Visit, password: str) -> Mapping[str, str]:
    """The problem with the current password, if any. Raises RateLimited after some guesses."""
    res, me = visit.res, visit.me
    await res.limiter.check_exactly(res.db, f"password:{me.account_id}", *_GUESSES)
    if await has_password(res.db, res.passwords, me.account_id, password):
        return {}
    return {"current_password": visit.gettext("The password is wrong.")}


def _session(session: Session, visit: Visit) -> Mapping[str, Any]:
    return {
        "id": str(session.id),
        "description": describe_browser(session.user_agent) or visit.gettext("Unknown browser"),
        "ip": session.ip or "",
        "created_at": timestamp(session.created_at),
        "last_seen_at": timestamp(session.last_seen_at),
        "current": session.id == visit.me.session_id,
    }


def _app(app: ConnectedApp) -> Mapping[str, Any]:
    used = datetime.combine(app.last_used_on, time(), UTC) if app.last_used_on else None
    return {
        "id": str(app.app_id),
        "name": app.name,
        "website": app.website,
        "scopes": app.scopes,
        "created_at": timestamp(app.created_at),
        "last_used_at": timestamp(used) if used else None,
    }


def describe_browser(user_agent: str) -> str:
    """A browser in a few words, for its owner to recognise: `Firefox 140, Linux`. Empty where nothing is known."""
    browser = next(((mark, name) for mark, name in _BROWSERS if mark in user_agent), None)
    system = next((name for mark, name in _SYSTEMS if mark in user_agent), "")
    if browser is None:
        return system
    mark, name = browser
    version = re.search(r"Version/([0-9]+)" if name == "Safari" else rf"{re.escape(mark)}([0-9]+)", user_agent)
    return ", ".join(part for part in (f"{name} {version[1]}" if version else name, system) if part)
