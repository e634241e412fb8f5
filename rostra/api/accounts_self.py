"""One's own account: who am I, change my profile, sign up."""

from __future__ import annotations

from rostra.accounts.own import own_account
from rostra.api.call import Call
from rostra.api.route import Routes
from rostra.entities.account import RawCredentialAccount

routes = Routes("accounts")


@routes.get("/api/v1/accounts/verify_credentials", scopes=("profile", "read:accounts"))
async def verify_credentials(call: Call) -> RawCredentialAccount:
    """The account behind the token."""
    return await own_account(call.res.db, call.res.urls, call.me.account_id)
