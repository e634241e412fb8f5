"""Settings of how somebody looks to others, and of how the place looks to them."""

from __future__ import annotations

from typing import Any, Literal

import msgspec
from msgspec import UNSET
from starlette.responses import Response

from rostra.accounts.own import get_user, own_account
from rostra.accounts.profile import ImageKeys, PreferencesChange, ProfileChange, change_profile
from rostra.entities.account import Visibility
from rostra.kit.forms import Upload
from rostra.media.account_images import store_account_image
from rostra.web.feeds import decode
from rostra.web.page import Pages
from rostra.web.visit import Refused, Visit, errors_of
from rostra.web.withheld import refusal_of

pages = Pages()

_TICKS = ("locked", "bot", "discoverable", "indexable", "hide_collections")


class FactForm(msgspec.Struct, frozen=True, kw_only=True):
    name: str = ""
    value: str = ""


class ProfileForm(msgspec.Struct, frozen=True, kw_only=True):
    display_name: str = ""
    note: str = ""
    avatar: Upload | None = None
    header: Upload | None = None
    remove_avatar: bool = False
    remove_header: bool = False
    avatar_description: str = ""
    header_description: str = ""
    fields_attributes: list[FactForm] = []
    locked: bool = False
    bot: bool = False
    discoverable: bool = False
    indexable: bool = False
    hide_collections: bool = False


class PreferencesForm(msgspec.Struct, frozen=True, kw_only=True):
    language: Literal["en", "it"] = "en"
    theme: Literal["auto", "light", "dark"] = "auto"
    default_privacy: Visibility = "public"
    default_language: str = ""
    default_sensitive: bool = False
    expand_media: Literal["default", "show_all", "hide_all"] = "default"
    expand_spoilers: bool = False
    shortcuts: bool = False


@pages.get("/settings", access="me")
async def all_settings(visit: Visit) -> Response:
    """What can be set."""
    return await visit.html("settings/index.html")


@pages.get("/settings/profile", access="me")
async def show_profile(visit: Visit) -> Response:
    """The form with what stands there now."""
    account = decode(await own_account(visit.res.db, visit.res.urls, visit.me.account_id))
    names = ("display_name", "avatar_description", "header_description", *_TICKS)
    values = {name: account[name] for name in names}
    values |= {"note": account["source"]["note"], "fields": account["source"]["fields"]}
    return await visit.html("settings/profile.html", account=account, values=values, errors={}, refusal=None)


@pages.post("/settings/profile", access="me")
async def save_profile(visit: Visit, form: ProfileForm) -> Response:
    """Write it, pictures too."""
    res, me = visit.res, visit.me.account_id
    facts = [fact for fact in form.fields_attributes if fact.name.strip() or fact.value.strip()]
    try:
        change = ProfileChange(
            display_name=form.display_name,
            note=form.note,
            fields=[(fact.name, fact.value) for fact in facts],
            avatar=await _image(visit, "avatar", form.avatar, remove=form.remove_avatar),
            header=await _image(visit, "header", form.header, remove=form.remove_header),
            avatar_description=form.avatar_description,
            header_description=form.header_description,
            **{name: getattr(form, name) for name in _TICKS},
        )
        await change_profile(res.db, res.clock, res.urls, res.emit, res.screen, account_id=me, change=change)
    except Refused as error:
        account = decode(await own_account(res.db, res.urls, me))
        values: dict[str, Any] = {name: getattr(form, name) for name in ProfileForm.__struct_fields__}
        values["fields"] = [{"name": fact.name, "value": fact.value} for fact in facts]
        refusal, errors = refusal_of(error), errors_of(error)
        if refusal is not None and refusal.parts:
            # The reason stands above the form, once.
            errors = {refusal.field: visit.gettext("The words that it is about are marked below.")}
        return await visit.html(
            "settings/profile.html",
            http_status=422,
            account=account,
            values=values,
            errors=errors,
            refusal=refusal,
        )
    return visit.redirect("/settings/profile", notice=visit.gettext("Saved."))


async def _image(
    visit: Visit, kind: Literal["avatar", "header"], file: Upload | None, *, remove: bool
) -> ImageKeys | msgspec.UnsetType:
    if file is not None and file.body:
        stored = await store_account_image(visit.res.store, visit.res.images, kind, file.body)
        return ImageKeys(stored.key, stored.static_key, stored.pdq, stored.pdq_quality)
    return ImageKeys(None, None) if remove else UNSET


@pages.get("/settings/preferences", access="me")
async def show_preferences(visit: Visit) -> Response:
    """The form with what stands there now."""
    user = await get_user(visit.res.db, visit.me.account_id)
    values = {
        "language": visit.language,
        "theme": visit.cookies.plain("theme") or user.theme,
        "default_privacy": user.default_visibility,
        "default_language": user.default_language or "",
        "default_sensitive": user.default_sensitive,
        "expand_media": user.expand_media,
        "expand_spoilers": user.expand_spoilers,
        "shortcuts": visit.cookies.plain("shortcuts") != "off",
    }
    return await visit.html("settings/preferences.html", values=values, errors={})


@pages.post("/settings/preferences", access="me")
async def save_preferences(visit: Visit, form: PreferencesForm) -> Response:
    """Write them; what this browser remembers by itself, too."""
    res = visit.res
    wishes = PreferencesChange(
        default_visibility=form.default_privacy,
        default_sensitive=form.default_sensitive,
        default_language=form.default_language or None,
        locale=form.language,
        theme=form.theme,
        expand_media=form.expand_media,
        expand_spoilers=form.expand_spoilers,
    )
    try:
        await change_profile(
            res.db, res.clock, res.urls, res.emit, res.screen,
            account_id=visit.me.account_id, change=ProfileChange(), preferences=wishes,
        )  # fmt: skip
    except Refused as error:
        values = msgspec.structs.asdict(form)
        return await visit.html("settings/preferences.html", http_status=422, values=values, errors=errors_of(error))
    visit.cookies.set_plain("theme", form.theme)
    visit.cookies.set_plain("language", form.language)
    visit.cookies.set_plain("shortcuts", "on" if form.shortcuts else "off")
    return visit.redirect("/settings/preferences", notice=visit.gettext("Saved."))
