"""What a drill tries on the restored server: its secrets open, it answers, people get in, read, and write.

Everything is done as people do it, over HTTP, but for the account of the rehearsal and a token for somebody who was
there before, which the program's own functions make in the copy. There is no worker: what would be mailed, pushed or
fetched stays in the copy's queue, and goes with it.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable
from typing import Any, Final

from rostra.accounts import two_factor
from rostra.accounts.passwords import Passwords
from rostra.accounts.records import User
from rostra.accounts.staff import ByHand, add_account, list_users
from rostra.cli.drill_visit import Visitor, csrf_of, serving
from rostra.continuity.drill.ledger_key import check_ledger_key
from rostra.continuity.drill.notes import CheckFailed, Notes
from rostra.continuity.drill.queries import SealedFor, list_sealed
from rostra.continuity.drill.run import Copy
from rostra.effects import emit
from rostra.kit.clock import Clock
from rostra.kit.db import Database, open_database
from rostra.kit.sealing import Sealer
from rostra.kit.secretfile import load_secrets
from rostra.kit.webpush import Vapid
from rostra.moderation.reports.legal import SEAL
from rostra.notifications.subscribe import SEALED_FOR
from rostra.oauth.exchange import issue_own_token
from rostra.resources import urls_of

_PURPOSES: Final[dict[SealedFor, str]] = {"totp": two_factor.SEALED_FOR, "push": SEALED_FOR, "notice": SEAL}
_OF_EACH_KIND: Final = 50
_SCOPES: Final = "read write"


async def try_out(copy: Copy, notes: Notes) -> None:
    """All of it; what is wrong is in the notes."""
    try:
        async with open_database(copy.dsn, max_size=2) as db:
            # Before the server starts, which would make new secrets where there are none.
            with notes.step("opening the secrets that are stored") as found:
                found(await open_secrets(copy, db))
            with notes.step("holding the ledger's key against its checkpoints") as found:
                found(await check_ledger_key(db, copy.settings))
            await _visit(copy, db, notes)
    except CheckFailed as error:
        notes.fault(str(error))


async def open_secrets(copy: Copy, db: Database) -> str:
    """Whether the copy has the key for what is sealed in it; what was found. Raises CheckFailed."""
    settings = copy.settings
    in_settings = settings.secret_key and settings.vapid_private_key
    if not in_settings and not (settings.data_dir / "secrets.json").exists():
        raise CheckFailed("the copy has no secrets: everybody would be signed out, and two-factor sign-in would fail")
    kept = load_secrets(settings)
    Vapid(kept.vapid_private_key, settings.base_url, Clock())
    async with db.read() as conn:
        values = await list_sealed(conn, _OF_EACH_KIND)
    sealer = Sealer(kept.secret_key)
    closed = [value.kind for value in values if sealer.decrypt(_PURPOSES[value.kind], value.sealed) is None]
    if closed:
        raise CheckFailed(
            f"the copy's secret key does not open {len(closed)} of {len(values)} stored secrets "
            f"({', '.join(sorted(set(closed)))}): it is not the one that sealed them"
        )
    return f"{len(values)} opened" if values else "nothing was ever sealed"


async def _visit(copy: Copy, db: Database, notes: Notes) -> None:
    """Each step on its own: that one fails does not keep the others from being tried."""
    person, password = f"drill_{secrets.token_hex(4)}", secrets.token_urlsafe(24)
    before = await list_users(db, limit=1)
    began = notes.elapsed
    async with serving(copy) as (visitor, held):
        notes.answered()
        notes.add("starting the server", round(notes.elapsed - began, 3), f"cut off by the {held}")
        with notes.step("making an account for the rehearsal"):
            wish = ByHand(username=person, email=f"{person}@drill.invalid", password=password, confirmed=True)
            clock, passwords = Clock(), Passwords(copy.settings)
            account_id = await add_account(db, clock, urls_of(copy.settings), emit, passwords, wish)
            token = (await issue_own_token(db, clock, account_id, _SCOPES)).token
        with notes.step("signing in"):
            await _sign_in(visitor, person, password)
        with notes.step("reading timelines") as found:
            await _read(visitor, db, before, token, found)
        with notes.step("writing a post and reading it back"):
            await _write(visitor, token)


async def _sign_in(visitor: Visitor, person: str, password: str) -> None:
    form = await visitor.get("/auth/sign_in")
    fields = {"csrf": csrf_of(form), "login": person, "password": password, "return_to": ""}
    if (await visitor.post("/auth/sign_in", fields, 303)).location != "/home":
        raise CheckFailed("signing in leads somewhere else than home")
    if person not in (await visitor.get("/home")).text:
        raise CheckFailed("the home page does not know who has signed in")


async def _read(visitor: Visitor, db: Database, before: list[User], token: str, found: Callable[[str], None]) -> None:
    """The public timeline, and the home timeline of somebody who was there before."""
    visitor.token = token
    public = await visitor.get_json("/api/v1/timelines/public?local=true")
    home: list[Any] = await visitor.get_json("/api/v1/timelines/home")
    if before:
        visitor.token = (await issue_own_token(db, Clock(), before[0].account_id, _SCOPES)).token
        try:
            home = await visitor.get_json("/api/v1/timelines/home")
        finally:
            visitor.token = token
    found(f"{len(public)} posts on the public one, {len(home)} at somebody's home")


async def _write(visitor: Visitor, token: str) -> None:
    visitor.token = token
    text = f"A rehearsal, {secrets.token_hex(8)}"
    made = await visitor.post_json("/api/v1/statuses", {"status": text, "visibility": "public"})
    read = await visitor.get_json(f"/api/v1/statuses/{made['id']}")
    if text not in read["content"]:
        raise CheckFailed("a post comes back other than it was written")
