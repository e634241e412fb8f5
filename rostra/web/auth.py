"""Signing in and out, with the second factor where one is set; and what stands before the door for the unconfirmed."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Mapping
from datetime import timedelta
from typing import Final
from urllib.parse import parse_qs, urlencode, urlsplit

import msgspec
from starlette.responses import Response

from rostra.accounts.records import User
from rostra.accounts.sessions import end_session, open_session
from rostra.accounts.sign_in import find_by_password, obstacle_of
from rostra.accounts.two_factor import use_code
from rostra.kit.ratelimit import address_key
from rostra.oauth.apps import find_app
from rostra.web.page import Pages
from rostra.web.visit import Visit, is_local

pages = Pages()

# Attempts, seconds.
_PER_ADDRESS: Final = (25, 5 * 60)
_PER_LOGIN: Final = (25, 60 * 60)
# What fills somebody's letter box.
LETTERS: Final = (5, 30 * 60)
_CODES_PER_ACCOUNT: Final = (10, 5 * 60)
_PENDING_FOR: Final = timedelta(minutes=10)
_PENDING: Final = "sign-in"
_KNOWN_FOR: Final = timedelta(days=365)
_KNOWN: Final = "known-browser"


class SignInForm(msgspec.Struct, frozen=True, kw_only=True):
    login: str = ""
    password: str = ""
    return_to: str = ""
    # Also ask somebody who is signed in: an app wants to be sure who it is.
    again: bool = False


class CodeForm(msgspec.Struct, frozen=True, kw_only=True):
    code: str = ""
    return_to: str = ""


class ReturnForm(msgspec.Struct, frozen=True, kw_only=True):
    return_to: str = ""


@pages.get("/auth/sign_in")
async def show_sign_in(visit: Visit, form: SignInForm) -> Response:
    """The form; who is in already goes on."""
    if visit.viewer is not None and not form.again:
        return visit.back(form.return_to, "/home")
    return await _sign_in_page(visit, form, {})


@pages.post("/auth/sign_in")
async def sign_in(visit: Visit, form: SignInForm) -> Response:
    """The first step. Whether it was the name or the password that was wrong is not said."""
    # By what is looked up: a name with an @ is the same name.
    name = form.login.strip().removeprefix("@")
    # Counted apart in a browser where the password was right before, so that nobody shuts a person out by guessing.
    known = _find_known(visit, name)
    await check_attempt(visit, "sign_in", known or name)
    user = await find_by_password(visit.res.db, visit.res.passwords, form.login, form.password)
    if user is None:
        return await _sign_in_page(visit, form, {"base": visit.gettext("Name or password is wrong.")})
    if known is None:
        _make_known(visit, name)
    match obstacle_of(user):
        case "suspended" if user.is_sanctioned:
            return await _go_on(visit, user, "/settings/decisions")
        case "suspended" | "disabled":
            return await _sign_in_page(visit, form, {"base": visit.gettext("This account cannot be used any more.")})
        case "unconfirmed":
            return await waiting_page(visit, "sent", user.email)
        case "pending":
            return await waiting_page(visit, "pending", user.email)
        case _:
            return await _go_on(visit, user, form.return_to)


async def _go_on(visit: Visit, user: User, return_to: str) -> Response:
    if user.totp_enabled_at is None:
        await start_session(visit, user.account_id)
        return visit.back(return_to, "/home")
    until = visit.res.clock.now() + _PENDING_FOR
    visit.cookies.set("pending", visit.res.sealer.sign(_PENDING, str(user.account_id).encode(), until), _PENDING_FOR)
    query = urlencode({"return_to": return_to}) if is_local(return_to) else ""
    return visit.redirect(f"/auth/totp?{query}")


@pages.get("/auth/totp")
async def show_second_step(visit: Visit, form: CodeForm) -> Response:
    """The form for the code."""
    if _pending_account(visit) is None:
        return visit.redirect("/auth/sign_in")
    return await visit.html("auth/totp.html", errors={}, return_to=form.return_to)


@pages.post("/auth/totp")
async def second_step(visit: Visit, form: CodeForm) -> Response:
    """A code of the app, or a recovery code; each works once."""
    account_id = _pending_account(visit)
    if account_id is None:
        return visit.redirect("/auth/sign_in")
    res = visit.res
    await res.limiter.check_exactly(res.db, f"totp:{account_id}", *_CODES_PER_ACCOUNT)
    if not await use_code(res.db, res.clock, res.sealer, account_id, form.code):
        errors = {"code": visit.gettext("This code does not work.")}
        return await visit.html("auth/totp.html", http_status=422, errors=errors, return_to=form.return_to)
    await start_session(visit, account_id)
    return visit.back(form.return_to, "/home")


@pages.post("/auth/sign_out")
async def sign_out(visit: Visit, form: ReturnForm) -> Response:
    """End the session of this browser, not others."""
    if visit.viewer is not None and visit.viewer.session_id is not None:
        await end_session(visit.res.db, visit.res.emit, visit.viewer.account_id, visit.viewer.session_id)
    visit.cookies.drop("session")
    return visit.back(form.return_to, "/")


async def check_attempt(visit: Visit, kind: str, name: str, most: tuple[int, int] = _PER_LOGIN) -> None:
    """Count an attempt against the address that it comes from and the person that it is about (`most`: times, seconds).

    Raises RateLimited.
    """
    res = visit.res
    await res.limiter.check_exactly(res.db, f"{kind}:{address_key(visit.address or '')}", *_PER_ADDRESS)
    # Digested: what somebody types is no key.
    await res.limiter.check_exactly(res.db, f"{kind}:{_digest(name)}", *most)


def _digest(name: str) -> str:
    return hashlib.sha256(name.strip().lower().encode(errors="surrogateescape")).hexdigest()[:32]


def _make_known(visit: Visit, name: str) -> None:
    """Remember in this browser that the password of `name` was right, beside a number that is this browser's alone."""
    content = f"{secrets.token_urlsafe(18)} {_digest(name)}".encode()
    signed = visit.res.sealer.sign(_KNOWN, content, visit.res.clock.now() + _KNOWN_FOR)
    visit.cookies.set("known", signed, _KNOWN_FOR)


def _find_known(visit: Visit, name: str) -> str | None:
    """What the attempts of a browser are counted by in which the password of `name` was right before."""
    signed = visit.cookies.find("known")
    content = visit.res.sealer.read_signed(_KNOWN, signed, visit.res.clock.now()) if signed else None
    return content.decode() if content and content.decode().endswith(f" {_digest(name)}") else None


async def start_session(visit: Visit, account_id: int) -> None:
    """Sign the browser in under a new token; a session that it had before ends."""
    res, before = visit.res, visit.viewer
    if before is not None and before.session_id is not None:
        await end_session(res.db, res.emit, before.account_id, before.session_id)
    agent = visit.request.headers.get("user-agent", "")
    token = await open_session(res.db, res.clock, account_id, ip=visit.address, user_agent=agent)
    visit.cookies.start_session(token)


async def waiting_page(
    visit: Visit, state: str, email: str, errors: Mapping[str, str] | None = None, status: int = 200
) -> Response:
    """What stands between somebody and their account: "sent", "confirmed", "pending" or "invalid"."""
    return await visit.html(
        "auth/confirm_email.html", http_status=status, state=state, email=email, errors=errors or {}, app=None
    )


async def _sign_in_page(visit: Visit, form: SignInForm, errors: Mapping[str, str]) -> Response:
    return await visit.html(
        "auth/sign_in.html",
        http_status=422 if errors else 200,
        values={"login": form.login},
        errors=errors,
        return_to=form.return_to if is_local(form.return_to) else "",
        app=await _waiting_app(visit, form.return_to),
    )


async def _waiting_app(visit: Visit, return_to: str) -> Mapping[str, str] | None:
    """The app for which somebody signs in, where it is one."""
    if not is_local(return_to):
        return None
    parts = urlsplit(return_to)
    client_id = parse_qs(parts.query).get("client_id", [""])[0]
    if parts.path != "/oauth/authorize" or not client_id or "\x00" in client_id:
        return None
    app = await find_app(visit.res.db, client_id)
    return {"name": app.name} if app else None


def _pending_account(visit: Visit) -> int | None:
    """Who has given the right password a moment ago."""
    signed = visit.cookies.find("pending")
    content = visit.res.sealer.read_signed(_PENDING, signed, visit.res.clock.now()) if signed else None
    return int(content) if content else None
