"""Addresses that are known by heart elsewhere, from Mastodon: buttons to share with, apps of moderators, links to
follow somebody. They lead to our own pages."""

from __future__ import annotations

from urllib.parse import urlencode

import msgspec
from starlette.responses import Response

from rostra.kit.paging import ById
from rostra.web.page import Pages
from rostra.web.visit import Visit

pages = Pages()


class ShareForm(msgspec.Struct, frozen=True, kw_only=True):
    """As buttons to share with send it, and what is shared with the installed app."""

    title: str = ""
    text: str = ""
    url: str = ""


class UriForm(msgspec.Struct, frozen=True, kw_only=True):
    uri: str = ""


@pages.get("/share")
async def share(visit: Visit, form: ShareForm) -> Response:
    """The composer with what is shared. Some buttons send the address within the text as well."""
    url = "" if form.url.strip() in form.text else form.url.strip()
    said = "\n\n".join(filter(None, (form.title.strip(), form.text.strip(), url)))
    return visit.redirect(f"/compose?{urlencode({'text': said})}")


@pages.get("/authorize_interaction")
async def interact(visit: Visit, form: UriForm) -> Response:
    """Somebody or something is to be found here, by its address elsewhere or its handle."""
    return visit.redirect(f"/search?{urlencode({'q': form.uri.removeprefix('acct:')})}")


@pages.get("/admin/accounts/{id}")
async def account(visit: Visit, form: ById) -> Response:
    """Where apps send moderators who are told of a new account."""
    return visit.redirect(f"/admin/people/{form.id}")


@pages.get("/about/more")
async def about(visit: Visit) -> Response:
    """The page about the server."""
    return visit.redirect("/about")


@pages.get("/filters")
async def filters(visit: Visit) -> Response:
    """The reader's filters."""
    return visit.redirect("/settings/filters")
