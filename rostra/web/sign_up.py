"""Signing up in the browser: the form, invitations, the link that confirms an address, the owner's first visit."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import msgspec
from starlette.responses import Response

from rostra.accounts.claim import claim, is_claim
from rostra.accounts.confirm import confirm_email, request_confirmation
from rostra.accounts.create import is_usable_email
from rostra.accounts.invites import find_invite
from rostra.accounts.render import hydrate_accounts
from rostra.accounts.sign_up import SignUp, Terms, check_wish, sign_up
from rostra.kit.ratelimit import address_key
from rostra.web.auth import LETTERS, check_attempt, start_session, waiting_page
from rostra.web.page import Pages
from rostra.web.visit import Refused, Visit, errors_of

pages = Pages()

# The same as through the API, and counted together with it.
_PER_ADDRESS: Final = (5, 30 * 60)


class SignUpForm(msgspec.Struct, frozen=True, kw_only=True):
    username: str = ""
    email: str = ""
    password: str = ""
    reason: str = ""
    agreement: bool = False
    locale: str = "en"
    invite_code: str = ""


class InviteForm(msgspec.Struct, frozen=True, kw_only=True):
    code: str


class ConfirmationForm(msgspec.Struct, frozen=True, kw_only=True):
    token: str = ""
    email: str = ""


class ClaimForm(msgspec.Struct, frozen=True, kw_only=True):
    token: str = ""
    username: str = ""
    email: str = ""
    password: str = ""


@pages.get("/auth/sign_up")
async def show_sign_up(visit: Visit, form: SignUpForm) -> Response:
    """The form, or why there is none."""
    return await _sign_up_page(visit, form, {})


@pages.get("/invite/{code}")
async def show_invite(visit: Visit, form: InviteForm) -> Response:
    """The same with an invitation; apps ask for JSON, and go on through the API."""
    if "application/json" not in visit.request.headers.get("accept", ""):
        return await _sign_up_page(visit, SignUpForm(invite_code=form.code), {})
    invite = await find_invite(visit.res.db, visit.res.clock, form.code)
    answer = {"error": "This invite is not valid"}
    if invite is not None:
        answer = {"invite_code": invite.code, "instance_api_url": f"{visit.res.urls.base}/api/v2/instance"}
    return Response(msgspec.json.encode(answer), 200 if invite else 401, media_type="application/json")


@pages.post("/auth/sign_up")
async def make_account(visit: Visit, form: SignUpForm) -> Response:
    """Make the account, and say what comes next."""
    res = visit.res
    await check_attempt(visit, "sign_up_try", form.email)
    settings = await res.instance.settings(res.db)
    if settings.registrations_mode == "closed":
        return await _sign_up_page(visit, form, {}, status=403)
    wish = SignUp(**msgspec.structs.asdict(form), ip=visit.address)
    terms = Terms(
        mode=settings.registrations_mode,
        reason_required=settings.reason_required,
        lever_id=await res.instance.sign_up_lever(res.db),
    )
    try:
        await check_wish(res.db, res.clock, res.screen, wish, terms)
        # Who mistypes is not kept out for it.
        await res.limiter.check_exactly(res.db, f"sign_up:{address_key(visit.address or '')}", *_PER_ADDRESS)
        await sign_up(res.db, res.clock, res.urls, res.emit, res.screen, res.passwords, wish=wish, terms=terms)
    except Refused as error:
        return await _sign_up_page(visit, form, errors_of(error))
    return await waiting_page(visit, "sent", wish.email.strip())


@pages.get("/auth/confirmation")
async def confirm(visit: Visit, form: ConfirmationForm) -> Response:
    """The link of the letter."""
    found = await confirm_email(visit.res.db, visit.res.clock, visit.res.emit, form.token) if form.token else None
    if found is None:
        return await waiting_page(visit, "invalid", "")
    return await waiting_page(visit, "pending" if found.pending else "confirmed", "")


@pages.post("/auth/confirmation")
async def confirm_again(visit: Visit, form: ConfirmationForm) -> Response:
    """Have the letter sent again. The answer is the same whether or not anybody waits for it."""
    email = form.email.strip()
    await check_attempt(visit, "confirmation", email, LETTERS)
    if not is_usable_email(email):
        return await waiting_page(visit, "sent", email, {"email": "ERR_INVALID"}, status=422)
    await request_confirmation(visit.res.db, visit.res.emit, email)
    return await waiting_page(visit, "sent", email)


@pages.get("/claim")
async def show_claim(visit: Visit, form: ClaimForm) -> Response:
    """The link that the server printed."""
    valid = await is_claim(visit.res.db, visit.res.clock, form.token)
    return await _claim_page(visit, form, {}, valid=valid, status=200 if valid else 410)


@pages.post("/claim")
async def make_owner(visit: Visit, form: ClaimForm) -> Response:
    """Make the owner's account, and sign its owner in."""
    res = visit.res
    await check_attempt(visit, "claim", form.token)
    try:
        account_id = await claim(
            res.db, res.clock, res.urls, res.emit, res.passwords, locale=visit.language, **msgspec.structs.asdict(form)
        )
    except Refused as error:
        return await _claim_page(visit, form, errors_of(error), valid=True, status=422)
    if account_id is None:
        return await _claim_page(visit, form, {}, valid=False, status=410)
    await start_session(visit, account_id)
    return visit.redirect("/home", notice=visit.gettext("Welcome: this server is yours."))


async def _claim_page(
    visit: Visit, form: ClaimForm, errors: Mapping[str, str], *, valid: bool, status: int
) -> Response:
    values = {"username": form.username, "email": form.email}
    return await visit.html(
        "auth/claim.html", http_status=status, token=form.token, values=values, errors=errors, valid=valid
    )


async def _sign_up_page(
    visit: Visit, form: SignUpForm, errors: Mapping[str, str], *, status: int | None = None
) -> Response:
    invitation = await _invitation(visit, form.invite_code)
    mode = (await visit.res.instance.settings(visit.res.db)).registrations_mode
    usual = (await visit.res.instance.configured(visit.res.db)).registrations_mode
    if "invite_code" in errors:
        errors = {**errors, "base": visit.gettext("This invitation does not work any more.")}
    return await visit.html(
        "auth/sign_up.html",
        http_status=status or (422 if errors else 200),
        values=msgspec.structs.asdict(form),
        errors=errors,
        invitation=invitation,
        for_now=mode if mode != usual else "",
        by_invitation=mode == "invite",
        closed=mode == "closed" or (mode == "invite" and invitation is None),
    )


async def _invitation(visit: Visit, code: str) -> Mapping[str, Any] | None:
    invite = await find_invite(visit.res.db, visit.res.clock, code) if code else None
    if invite is None:
        return None
    found = await hydrate_accounts(visit.res.db, [invite.account_id], visit.res.urls)
    return {"code": invite.code, "inviter": msgspec.json.decode(found[0])}
