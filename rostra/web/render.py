"""Pages out of entities: the Jinja environment, what every page knows, and the table of the web's addresses.

Templates receive the API's entities as plain mappings, so that a status looks the same to a browser and to an app. Each
template says at its top which variables it expects; a missing one is an error, never an empty space. Nothing here
reads a database or decides what a viewer may see.

Addresses. Every form posts to a plain URL with the hidden field `csrf`, and most with `return_to` (a path of ours to go back to; any
other value is ignored); the answer is a redirect (303). Requests with the header `HX-Request: true` get the named fragment instead.
Names of fields are those of the API where there is one. "me" = signed in.

    GET  /                                   landing.html (visitors; me: redirect to /home)
    GET  /about                              about.html
    GET  /keyboard                           shortcuts.html
    GET  /manifest.webmanifest               manifest.webmanifest
    GET  /sw.js                              static/sw.js, served from the root; /offline: error.html with code "offline"
    POST /web/theme                          theme=auto|light|dark, return_to: sets the cookie `theme`
    POST /web/language                       language=en|it, return_to: sets the cookie `language`

    Reading (pages take max_id, min_id, since_id as the API does)
    GET  /home                               home.html (me)
    GET  /explore, /explore/{tags,links,people}   explore.html
    GET  /public, /public/local, /public/remote   public.html
    GET  /tags/NAME                          tag.html
    GET  /lists, /lists/ID, /lists/ID/edit   lists.html, list.html, list_edit.html (me)
    GET  /search?q=&type=                    search.html
    GET  /notifications?filter=all|mentions  notifications.html (me)
    GET  /conversations                      conversations.html (me)
    GET  /bookmarks, /favourites             saved.html (me)
    GET  /scheduled                          scheduled.html (me)
    GET  /follow_requests                    follow_requests.html (me)
    GET  /@ACCT, /@ACCT/with_replies, /@ACCT/media            profile.html
    GET  /@ACCT/followers, /@ACCT/following                   accounts.html
    GET  /@ACCT/ID                                            thread.html
    GET  /@ACCT/ID/favourites, /@ACCT/ID/reblogs              accounts.html
    GET  /@ACCT/ID/history                                    history.html

    Writing (me)
    GET  /compose?in_reply_to=&text=&visibility=   compose.html
    GET  /@ACCT/ID/edit                            compose.html with composer.editing
    POST /web/statuses                       the composer's fields (Composer); multipart; 422: compose.html again
    POST /web/statuses/ID                    the same fields, saves an edit
    POST /web/statuses/ID/{favourite,unfavourite,reblog,unreblog,bookmark,unbookmark,pin,unpin,mute,unmute}
                                             fragment partials/status_actions.html
    GET  /web/statuses/ID/delete             confirm.html; POST deletes; redraft=1 opens the composer with the old text
    POST /web/polls/ID/votes                 choices[]; fragment partials/poll.html
    POST /web/scheduled/ID                   scheduled_at; POST /web/scheduled/ID/delete
    POST /web/notifications/clear            POST /web/notifications/ID/dismiss
    GET  /web/stream                         WebSocket, session cookie and same origin; frames as /api/v1/streaming sends

    People (me)
    POST /web/accounts/ID/{follow,unfollow}  follow: reblogs=, notify=; fragment partials/follow_button.html
    GET  /web/accounts/ID/{mute,block}       confirm.html; POST does it; mute: duration (seconds), notifications=1
    POST /web/accounts/ID/{unmute,unblock}   fragment partials/follow_button.html
    POST /web/accounts/ID/note               comment
    POST /web/follow_requests/ID/{authorize,reject}
    POST /web/tags/NAME/{follow,unfollow}
    POST /web/lists                          title, replies_policy, exclusive; /web/lists/ID the same; /web/lists/ID/delete
    POST /web/lists/ID/accounts              acct; /web/lists/ID/accounts/remove: account_id
    GET  /report?account_id=&status_ids[]=   report.html; POST /web/reports
                                             account_id, status_ids[], category, rule_ids[], comment, forward

    Signing up and in
    GET, POST /auth/sign_up, GET /invite/CODE     auth/sign_up.html: username, email, password, reason, agreement, locale, invite_code
    GET, POST /auth/sign_in                  auth/sign_in.html: login, password, return_to
    GET, POST /auth/totp                     auth/totp.html: code, return_to
    POST /auth/sign_out                      return_to
    GET, POST /auth/password/new             auth/reset_request.html: email
    GET, POST /auth/password/edit?token=     auth/reset_set.html: token, password, password_confirmation
    GET  /auth/confirmation?token=           auth/confirm_email.html; POST /auth/confirmation: email (sends the mail again)
    GET, POST /claim?token=                  auth/claim.html: token, username, email, password
    GET  /auth/edit                          redirect to /settings/account
    GET  /oauth/authorize                    oauth/authorize.html; POST: its hidden fields and decision=approve|deny
    GET  /oauth/authorize/native?code=       oauth/native.html
    GET  /oauth/authorized_applications      redirect to /settings/sessions

    Settings (me): each page posts to its own address
    /settings                                settings/index.html
    /settings/profile                        display_name, note, avatar, header, avatar_description, header_description, remove_avatar,
                                             remove_header, fields_attributes[N][name|value], locked, bot, discoverable, indexable,
                                             hide_collections
    /settings/account                        POST /settings/account/email: email, current_password; /settings/account/password:
                                             current_password, password, password_confirmation
    /settings/two_factor                     POST /settings/two_factor/enable: code; /disable: current_password; /recovery_codes:
                                             current_password
    /settings/sessions                       POST /settings/sessions/revoke: session_id | application_id | all=1
    /settings/preferences                    language, theme, default_privacy, default_language, default_sensitive, expand_media,
                                             expand_spoilers, shortcuts
    /settings/filters, /settings/filters/new, /settings/filters/ID    title, context[], filter_action, expires_in,
                                             keywords_attributes[N][id|keyword|whole_word|_destroy]; POST …/ID/delete
    /settings/mutes, /settings/blocks, /settings/domain_blocks    settings/relations.html; POST /settings/domain_blocks: domain;
                                             POST /settings/domain_blocks/remove: domain
    /settings/invites                        max_uses, expires_in; POST /settings/invites/ID/delete
    /settings/export                         links to /settings/export/{archive.zip,following.csv,blocks.csv,mutes.csv,lists.csv,bookmarks.csv}
    /settings/delete                         current_password, confirm (the user name)
    GET  /mutes, /blocks, /domain_blocks     redirects to the settings above

    Administration
    /admin/settings                          title, description, registrations_mode, closed_message, contact_email, contact_username,
                                             thumbnail
    /admin/rules                             rules_attributes[N][id|text|hint|_destroy]
    /admin/approvals                         POST /admin/approvals/ID/{approve,reject}
    /admin/invites                           max_uses, expires_in; POST /admin/invites/ID/delete
    /admin/emojis                            shortcode, image, category; POST /admin/emojis/SHORTCODE/delete
    GET  /admin/reports, /admin/reports/ID   admin/reports.html, admin/report.html

Lists load their next page by htmx from the ordinary address of that page and pick `#feed > *` out of it, so no list needs a fragment;
new posts are fetched in the same way with `since_id`.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from functools import lru_cache
from pathlib import Path
from typing import Any, Literal, cast

import msgspec
from babel.support import NullTranslations
from jinja2 import Environment, FileSystemBytecodeCache, FileSystemLoader, StrictUndefined, pass_context
from jinja2.runtime import Context
from markupsafe import Markup

from rostra.web import formats
from rostra.web.formats import Entity
from rostra.web.language import LANGUAGES, language_choices, language_name, load_translations

WEB = Path(__file__).parent
STATIC_FOLDER = WEB / "static"
TEMPLATE_FOLDER = WEB / "templates"


class Page(msgspec.Struct, frozen=True, kw_only=True):
    """What every page knows besides its own variables.

    `site` is the v2 Instance entity, `viewer` the viewer's CredentialAccount (None for a visitor), `preferences` the Preferences
    entity, `path` the request's path with its query, `notice` one already translated sentence about what just happened.
    """

    site: Entity
    csrf: str
    path: str
    now: datetime
    language: str = "en"
    theme: Literal["auto", "light", "dark"] = "auto"
    viewer: Entity | None = None
    preferences: Mapping[str, Any] = {}
    shortcuts: bool = True
    unread: int = 0
    follow_requests: int = 0
    moderator: bool = False
    administrator: bool = False
    trends: Sequence[Entity] = ()
    notice: str | None = None
    dev: bool = False


class Composer(msgspec.Struct, frozen=True, kw_only=True):
    """The composer's state: empty, a reply, an edit, a redraft, or what was refused and comes back with `errors`.

    Fields posted: `status`, `spoiler_text`, `sensitive`, `visibility`, `language`, `scheduled_at` (local, `YYYY-MM-DDTHH:MM`, with `tz_offset`
    in minutes when script ran), `in_reply_to_id`, `idempotency_key`, `poll[options][]`, `poll[expires_in]`, `poll[multiple]`, and per
    image N of four `media[N][file|id|description|focus|remove]`. An uploaded file of a refused form comes back as `media` with its id.
    """

    text: str = ""
    spoiler_text: str = ""
    sensitive: bool = False
    visibility: str = "public"
    language: str = ""
    scheduled_at: str = ""
    in_reply_to: Entity | None = None
    media: Sequence[Entity] = ()
    poll: Mapping[str, Any] | None = None
    editing: str | None = None
    idempotency_key: str = ""
    errors: Mapping[str, str] = {}


class Views(msgspec.Struct, frozen=True):
    """The compiled templates and translations of one process."""

    environment: Environment
    translations: Mapping[str, NullTranslations]


def load_views(bytecode: Path | None = None) -> Views:
    """Read translations and set up the templates; once per process. `bytecode` is a writable folder where compiled templates are kept for
    the next start (they take 0.4 s otherwise).
    """
    translations = load_translations()
    environment = Environment(
        loader=FileSystemLoader(TEMPLATE_FOLDER),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        auto_reload=False,
        bytecode_cache=FileSystemBytecodeCache(str(bytecode)) if bytecode else None,
    )
    environment.globals.update(_phrases(translations))
    environment.filters.update(_filters())  # pyright: ignore[reportArgumentType]
    environment.globals.update(_globals())
    return Views(environment, translations)


def compile_templates(views: Views) -> int:
    """Compile every template now rather than at its first request; returns how many there are."""
    names = views.environment.list_templates()
    for name in names:
        views.environment.get_template(name)
    return len(names)


def render(views: Views, page: Page, template: str, /, **values: object) -> str:
    """The page or fragment `template` as HTML. Raises jinja2.UndefinedError when a variable that it documents is missing."""
    return views.environment.get_template(template).render(page=page, **values)


def translate(views: Views, language: str, text: str, /, **values: object) -> str:
    """A sentence of a handler (a notice, a form error) in the reader's language, `%(name)s` filled in; plain text, not HTML."""
    translated = views.translations[language].gettext(text)
    return translated % values if values else translated


def content_security_policy(*, media: Sequence[str] = (), form_action: Sequence[str] = ("'self'",)) -> str:
    """The policy that all pages keep: no inline script or style, nothing from elsewhere but pictures of `media` origins.

    Chromium also applies `form-action` to the redirect after a form: the OAuth page must add the origin or scheme that it returns to.
    """
    films = " ".join(["'self'", *media])
    return "; ".join(
        [
            "default-src 'none'",
            "script-src 'self'",
            "style-src 'self'",
            f"img-src {films} data: blob:",
            f"media-src {films}",
            "connect-src 'self'",
            "manifest-src 'self'",
            "worker-src 'self'",
            "base-uri 'none'",
            f"form-action {' '.join(form_action)}",
            "frame-ancestors 'none'",
        ]
    )


def _phrases(translations: Mapping[str, NullTranslations]) -> dict[str, Callable[..., Markup]]:
    """What templates call to speak: `_`, `ngettext`, `pgettext`, in the page's language, values filled in and escaped.

    One environment serves all languages. Jinja's own callables do the same at twice the cost, which shows in a list of posts.
    """

    @lru_cache(maxsize=4096)
    def phrase(language: str, meaning: str, message: str) -> Markup:
        catalogue = translations[language]
        return Markup(catalogue.pgettext(meaning, message) if meaning else catalogue.gettext(message))  # noqa: S704

    @lru_cache(maxsize=4096)
    def fixed(language: str, meaning: str, message: str) -> Markup:
        return phrase(language, meaning, message) % {}

    @pass_context
    def gettext(context: Context, message: str, /, **values: object) -> Markup:
        language = cast("Page", context["page"]).language
        return phrase(language, "", message) % values if values else fixed(language, "", message)

    @pass_context
    def pgettext(context: Context, meaning: str, message: str, /, **values: object) -> Markup:
        language = cast("Page", context["page"]).language
        return phrase(language, meaning, message) % values if values else fixed(language, meaning, message)

    @pass_context
    def ngettext(context: Context, singular: str, plural: str, number: int, /, **values: object) -> Markup:
        catalogue = translations[cast("Page", context["page"]).language]
        return Markup(catalogue.ngettext(singular, plural, number)) % values  # noqa: S704

    return {"_": gettext, "gettext": gettext, "pgettext": pgettext, "ngettext": ngettext}


def _filters() -> dict[str, Callable[..., object]]:
    @pass_context
    def age(context: Context, value: str) -> str:
        page = cast("Page", context["page"])
        return formats.short_age(formats.as_moment(value), page.now, page.language)

    @pass_context
    def left(context: Context, value: str) -> str:
        page = cast("Page", context["page"])
        return formats.time_left(formats.as_moment(value), page.now, page.language)

    @pass_context
    def moment(context: Context, value: str) -> str:
        return formats.long_moment(formats.as_moment(value), cast("Page", context["page"]).language)

    @pass_context
    def day(context: Context, value: str) -> str:
        return formats.long_date(formats.as_moment(value).date(), cast("Page", context["page"]).language)

    @pass_context
    def count(context: Context, number: int) -> str:
        return formats.compact_count(number, cast("Page", context["page"]).language)

    @pass_context
    def full_count(context: Context, number: int) -> str:
        return formats.full_count(number, cast("Page", context["page"]).language)

    @pass_context
    def language(context: Context, code: str | None) -> str:
        return language_name(code, cast("Page", context["page"]).language)

    plain = (formats.emojify, formats.emojify_html, formats.status_html, formats.account_path, formats.status_path)
    more = (formats.safe_url, formats.bare_host, formats.qr_svg, formats.focus_class, formats.grouped, formats.lang_attribute)
    named = (age, left, moment, day, count, full_count, language, *plain, *more)
    return {function.__name__: function for function in named}


def _globals() -> dict[str, object]:
    marks = {path.relative_to(STATIC_FOLDER).as_posix(): _mark(path) for path in STATIC_FOLDER.rglob("*") if path.is_file()}

    def static(name: str) -> str:
        """Address of a static file with a mark of its content, so that it may be cached for good."""
        return f"/static/{name}?v={marks[name]}"

    sprite = static("icons.svg")

    @lru_cache(maxsize=512)
    def icon(name: str, size: int = 20) -> Markup:
        """A decorative picture from the sprite; what it means must be said in words beside it."""
        drawing = '<svg class="icon" aria-hidden="true" width="{0}" height="{0}"><use href="{1}#{2}"></use></svg>'
        return Markup(drawing).format(size, sprite, name)

    return {
        "static": static,
        "icon": icon,
        "filter_verdict": formats.filter_verdict,
        "language_choices": language_choices,
        "languages": LANGUAGES,
    }


def _mark(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()[:10]
