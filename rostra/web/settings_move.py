"""Settings, moving: the other accounts that somebody says are theirs, and sending visitors and followers to one.

Frozen people may look and change nothing of it, suspended people do not come here (`confined.py`): what was decided on
an account is not left behind by moving.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final, Literal

import msgspec
from starlette.responses import Response

from rostra.accounts.sign_in import has_password
from rostra.archive.aliases import Elsewhere, add_alias, list_aliases, remove_alias
from rostra.archive.move import Hindered, Hindrance, find_hindrance, find_move, start_move, undo_move
from rostra.entities.account import timestamp
from rostra.kit.errors import Invalid
from rostra.web.page import Pages
from rostra.web.visit import Visit

pages = Pages()

# Guesses at the password by whoever sits at somebody's open browser: attempts, seconds.
_GUESSES: Final = (10, 5 * 60)


class AliasForm(msgspec.Struct, frozen=True, kw_only=True):
    alias: str = ""


class MoveForm(msgspec.Struct, frozen=True, kw_only=True):
    target: str = ""
    mode: Literal["redirect", "followers"] = "followers"
    current_password: str = ""


@pages.get("/settings/aliases", access="me")
async def aliases_page(visit: Visit) -> Response:
    """The viewer's other accounts."""
    return await _aliases(visit, {}, {})


@pages.post("/settings/aliases", access="me")
async def save_alias(visit: Visit, form: AliasForm) -> Response:
    """Add one."""
    res = visit.res
    try:
        await add_alias(res.db, res.clock, res.urls, visit.me.account_id, form.alias)
    except Invalid as error:
        return await _aliases(visit, {"alias": form.alias}, {"alias": _problem(visit, error)})
    return visit.redirect("/settings/aliases", notice=visit.gettext("Saved."))


@pages.post("/settings/aliases/remove", access="me")
async def drop_alias(visit: Visit, form: AliasForm) -> Response:
    """Take one back."""
    await remove_alias(visit.res.db, visit.res.clock, visit.me.account_id, form.alias)
    return visit.redirect("/settings/aliases", notice=visit.gettext("Done."))


@pages.get("/settings/move", access="me")
async def move_page(visit: Visit) -> Response:
    """Where the account has gone, or can go."""
    return await _move(visit, {}, {})


@pages.post("/settings/move", access="me")
async def move(visit: Visit, form: MoveForm) -> Response:
    """Go there."""
    res, me = visit.res, visit.me
    values = {"target": form.target, "mode": form.mode}
    await res.limiter.check_exactly(res.db, f"password:{me.account_id}", *_GUESSES)
    if not await has_password(res.db, res.passwords, me.account_id, form.current_password):
        return await _move(visit, values, {"current_password": visit.gettext("The password is wrong.")})
    try:
        await start_move(res.db, res.clock, res.emit, res.urls, me.account_id, form.target, mode=form.mode)
    except Invalid as error:
        return await _move(visit, values, {"target": _problem(visit, error)})
    except Hindered:
        return await _move(visit, values, {})
    return visit.redirect("/settings/move", notice=visit.gettext("Your account now sends its visitors there."))


@pages.post("/settings/move/undo", access="me")
async def come_back(visit: Visit) -> Response:
    """Send nobody on any more."""
    await undo_move(visit.res.db, visit.res.clock, visit.res.emit, visit.me.account_id)
    return visit.redirect("/settings/move", notice=visit.gettext("You can post and follow from here again."))


async def _aliases(visit: Visit, values: Mapping[str, Any], errors: Mapping[str, str]) -> Response:
    aliases = await list_aliases(visit.res.db, visit.me.account_id)
    return await visit.html(
        "settings/move_aliases.html",
        http_status=422 if errors else 200,
        aliases=aliases,
        values=values,
        errors=errors,
    )


async def _move(visit: Visit, values: Mapping[str, Any], errors: Mapping[str, str]) -> Response:
    res, me = visit.res, visit.me
    last = await find_move(res.db, me.account_id)
    hindrance: Hindrance | None = await find_hindrance(res.db, res.clock, me.account_id)
    return await visit.html(
        "settings/move.html",
        http_status=422 if errors else 200,
        last={
            "target": last.target_name,
            "mode": last.mode,
            "state": last.state,
            "followers": last.followers,
            "created_at": timestamp(last.created_at),
        }
        if last
        else None,
        hindrance=hindrance,
        values={"mode": "followers", **values},
        errors=errors,
    )


def _problem(visit: Visit, error: Invalid) -> str:
    if isinstance(error, Elsewhere):
        return visit.gettext("This account is on another server, and other servers cannot be reached yet.")
    said = error.details[error.field][0].description
    known = {
        "is this account itself": visit.gettext("This is this account itself."),
        "is not the address of any account here": visit.gettext("There is no such account here."),
        "does not name this account as its alias: add it there first": visit.gettext(
            "That account does not name this one as its alias: sign in there and add it first."
        ),
        "has moved away itself": visit.gettext("That account has moved away itself."),
    }
    return known.get(said, visit.gettext("This is not the address of an account, as name@server."))
