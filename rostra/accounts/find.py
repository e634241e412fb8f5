"""Finding an account by what people call it."""

from __future__ import annotations

from rostra.accounts.queries import find_profile_by_handle, has_departed
from rostra.accounts.records import Profile
from rostra.kit.addresses import normalise_domain
from rostra.kit.db import Database
from rostra.kit.errors import Gone, Invalid, NotFound


async def get_account_by_handle(db: Database, acct: str, *, domain: str) -> int:
    """The id of the account `user` or `user@domain`, with or without a leading @; `domain` is this server's own.

    Raises NotFound where there is none, or where the domain is no domain.
    """
    name, _, home = acct.strip().removeprefix("@").partition("@")
    async with db.read() as conn:
        profile = await find_profile_by_handle(conn, name, _elsewhere(home, domain))
    if profile is None:
        raise NotFound
    return profile.id


async def get_local_profile(db: Database, username: str) -> Profile:
    """The profile of somebody who lives here. Raises Gone for who has left or is suspended, and NotFound."""
    async with db.read() as conn:
        profile = await find_profile_by_handle(conn, username, None)
        if profile is None and await has_departed(conn, username):
            raise Gone
    if profile is None:
        raise NotFound
    if profile.suspended_at is not None:
        raise Gone
    return profile


def _elsewhere(home: str, own: str) -> str | None:
    if not home:
        return None
    try:
        named = normalise_domain(home, allow_port=":" in own)
    except Invalid:
        raise NotFound from None
    return None if named == own else named
