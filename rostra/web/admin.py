"""What administrators set: the server's words and modes, its rules, its emoji. All of it is noted in the audit log."""

from __future__ import annotations

from typing import Any, Literal

import msgspec
from starlette.responses import Response

from rostra.instance.emojis import add_emoji, hydrate_emojis, remove_emoji
from rostra.instance.rules import add_rule, change_rule, list_rules, remove_rule
from rostra.instance.settings import change_settings
from rostra.kit.errors import Invalid
from rostra.kit.forms import Upload
from rostra.kit.paging import Id
from rostra.media.account_images import store_card_image, store_emoji_image
from rostra.web.feeds import decode_list
from rostra.web.page import Pages
from rostra.web.visit import Refused, Visit, errors_of

pages = Pages()

# The form's names, and those of the settings.
_NAMES = {
    "title": "title",
    "description": "short_description",
    "about": "extended_description",
    "privacy": "privacy_policy",
    "closed_message": "registrations_message",
    "contact_email": "contact_email",
    "contact_username": "contact_username",
}
_FIELDS = {setting: field for field, setting in _NAMES.items()}


class SettingsForm(msgspec.Struct, frozen=True, kw_only=True):
    title: str = ""
    description: str = ""
    about: str = ""
    privacy: str = ""
    registrations_mode: Literal["open", "approval", "invite", "invitation", "closed"] = "approval"
    closed_message: str = ""
    contact_email: str = ""
    contact_username: str = ""
    thumbnail: Upload | None = None


class RuleForm(msgspec.Struct, frozen=True, kw_only=True):
    id: Id | None = None
    text: str = ""
    hint: str = ""
    destroy: bool = msgspec.field(default=False, name="_destroy")


class RulesForm(msgspec.Struct, frozen=True, kw_only=True):
    rules_attributes: list[RuleForm] = []


class EmojiForm(msgspec.Struct, frozen=True, kw_only=True):
    shortcode: str = ""
    image: Upload | None = None
    category: str = ""


@pages.get("/admin", access="queue")
async def admin(visit: Visit) -> Response:
    """What there is to run the place with."""
    return await visit.html("admin/index.html")


@pages.get("/admin/settings", access="settings")
async def show_settings(visit: Visit) -> Response:
    """The form with what holds now."""
    settings = await visit.res.instance.configured(visit.res.db)
    values: dict[str, Any] = {field: getattr(settings, name) for field, name in _NAMES.items()}
    values["registrations_mode"] = _shown_mode(settings.registrations_mode)
    return await visit.html("admin/settings.html", values=values, errors={})


def _shown_mode(mode: str) -> str:
    return "invitation" if mode == "invite" else mode


@pages.post("/admin/settings", access="settings")
async def save_settings(visit: Visit, form: SettingsForm) -> Response:
    """Write it; it holds in all processes within seconds."""
    res = visit.res
    changes: dict[str, object] = {name: getattr(form, field) for field, name in _NAMES.items()}
    changes["registrations_mode"] = "invite" if form.registrations_mode == "invitation" else form.registrations_mode
    try:
        if form.thumbnail is not None and form.thumbnail.body:
            stored = await store_card_image(res.store, res.images, form.thumbnail.body)
            changes |= {"thumbnail_key": stored.key, "thumbnail_blurhash": stored.blurhash}
        await change_settings(res.db, res.clock, res.instance.defaults, actor_id=visit.me.account_id, changes=changes)
    except Refused as error:
        values = {field: getattr(form, field) for field in (*_NAMES, "registrations_mode")}
        errors = {_FIELDS.get(name, name): text for name, text in errors_of(error).items()}
        return await visit.html("admin/settings.html", http_status=422, values=values, errors=errors)
    res.instance.forget()
    return visit.redirect("/admin/settings", notice=visit.gettext("Saved."))


@pages.get("/admin/rules", access="settings")
async def show_rules(visit: Visit) -> Response:
    """The rules of the house."""
    return await visit.html("admin/rules.html", rules=decode_list(await list_rules(visit.res.db)), errors={})


@pages.post("/admin/rules", access="settings")
async def save_rules(visit: Visit, form: RulesForm) -> Response:
    """Change, add and drop them; an emptied one is dropped, a new empty one is nothing."""
    errors: dict[str, str] = {}
    for number, rule in enumerate(form.rules_attributes):
        try:
            await _save_rule(visit, rule)
        except Invalid as error:
            errors[str(number)] = next(iter(errors_of(error).values()))
    visit.res.instance.forget()
    if errors:
        rules = [{"id": str(rule.id) if rule.id else None, "text": rule.text, "hint": rule.hint}
                 for rule in form.rules_attributes]  # fmt: skip
        return await visit.html("admin/rules.html", http_status=422, rules=rules, errors=errors)
    return visit.redirect("/admin/rules", notice=visit.gettext("Saved."))


async def _save_rule(visit: Visit, rule: RuleForm) -> None:
    res, actor = visit.res, visit.me.account_id
    if rule.id is None:
        if rule.text.strip():
            await add_rule(res.db, res.clock, actor_id=actor, text=rule.text, hint=rule.hint)
    elif rule.destroy or not rule.text.strip():
        await remove_rule(res.db, res.clock, actor_id=actor, rule_id=rule.id)
    else:
        await change_rule(res.db, res.clock, actor_id=actor, rule_id=rule.id, text=rule.text, hint=rule.hint)


@pages.get("/admin/emojis", access="settings")
async def show_emojis(visit: Visit) -> Response:
    """The emoji of this server."""
    return await _emojis(visit)


async def _emojis(visit: Visit, **values: Any) -> Response:
    emojis = decode_list(await hydrate_emojis(visit.res.db, visit.res.urls))
    shown: dict[str, Any] = {"emojis": emojis, "values": {}, "errors": {}}
    return await visit.html("admin/emojis.html", **(shown | values))


@pages.post("/admin/emojis", access="settings")
async def make_emoji(visit: Visit, form: EmojiForm) -> Response:
    """Add one."""
    res = visit.res
    try:
        if form.image is None or not form.image.body:
            raise Invalid("image", "can't be blank", code="ERR_BLANK")
        stored = await store_emoji_image(res.store, res.images, form.image.body)
        await add_emoji(
            res.db, res.clock, actor_id=visit.me.account_id, shortcode=form.shortcode, image_key=stored.key,
            static_key=stored.static_key, category=form.category or None,
        )  # fmt: skip
    except Refused as error:
        errors = {"image" if name == "file" else name: text for name, text in errors_of(error).items()}
        values = {"shortcode": form.shortcode, "category": form.category}
        return await _emojis(visit, http_status=422, values=values, errors=errors)
    return visit.redirect("/admin/emojis", notice=visit.gettext("Saved."))


@pages.post("/admin/emojis/{shortcode}/delete", access="settings")
async def drop_emoji(visit: Visit, form: EmojiForm) -> Response:
    """Do without one."""
    await remove_emoji(visit.res.db, visit.res.clock, actor_id=visit.me.account_id, shortcode=form.shortcode)
    return visit.redirect("/admin/emojis")
