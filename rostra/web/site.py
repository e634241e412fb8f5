"""What belongs to the whole site: the manifest, the page without a connection, language and theme."""

from __future__ import annotations

from typing import Literal

import msgspec
from starlette.responses import Response

from rostra.web.page import Pages
from rostra.web.visit import Visit

pages = Pages()


class ThemeForm(msgspec.Struct, frozen=True, kw_only=True):
    theme: Literal["auto", "light", "dark"]
    return_to: str = ""


class LanguageForm(msgspec.Struct, frozen=True, kw_only=True):
    language: Literal["en", "it"]
    return_to: str = ""


@pages.get("/offline")
async def offline(visit: Visit) -> Response:
    """What the service worker shows without a connection."""
    return await visit.html("error.html", code="offline", detail="")


@pages.get("/manifest.webmanifest")
async def manifest(visit: Visit) -> Response:
    """What a phone needs to put the site on its home screen."""
    response = await visit.html("manifest.webmanifest")
    response.headers["content-type"] = "application/manifest+json"
    return response


@pages.post("/web/theme")
async def choose_theme(visit: Visit, form: ThemeForm) -> Response:
    """Light, dark, or as the device is."""
    visit.cookies.set_plain("theme", form.theme)
    return visit.back(form.return_to, "/")


@pages.post("/web/language")
async def choose_language(visit: Visit, form: LanguageForm) -> Response:
    """The language of the pages."""
    visit.cookies.set_plain("language", form.language)
    return visit.back(form.return_to, "/")
