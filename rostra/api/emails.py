"""Confirming an e-mail address from within the app in which somebody has signed up."""

from __future__ import annotations

from typing import Final

import msgspec

from rostra.accounts.confirm import correct_email
from rostra.accounts.own import get_user
from rostra.api.call import Call
from rostra.api.route import Routes
from rostra.entities.empty import Empty
from rostra.kit.errors import Forbidden

routes = Routes("emails")

# Letters to one person: requests, seconds.
_LETTERS: Final = (5, 30 * 60)


class ConfirmationForm(msgspec.Struct, frozen=True, kw_only=True):
    """https://docs.joinmastodon.org/methods/emails/#confirmation"""

    email: str | None = None


@routes.post("/api/v1/emails/confirmations", access="app", scopes="write:accounts")
async def request_confirmation(call: Call, form: ConfirmationForm) -> Empty:
    """Have the confirmation sent again, to another address if one is given."""
    res, me = call.res, call.me
    user = await get_user(res.db, me.account_id)
    if user.app_id != call.app.app_id:
        raise Forbidden("This method is only available to the application the user originally signed-up with")
    if me.obstacle in ("disabled", "suspended"):
        raise Forbidden("Your login is currently disabled")
    if user.confirmed_at is not None:
        raise Forbidden("This method is only available while the e-mail is awaiting confirmation")
    await res.limiter.check_exactly(res.db, f"confirmation:{me.account_id}", *_LETTERS)
    await correct_email(res.db, res.clock, res.emit, res.urls, account_id=me.account_id, email=form.email)
    return Empty()


@routes.get("/api/v1/emails/check_confirmation", access="app", scopes="read:accounts")
async def check_confirmation(call: Call) -> bool:
    """Whether the address is confirmed."""
    return (await get_user(call.res.db, call.me.account_id)).confirmed_at is not None
