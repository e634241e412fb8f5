"""The Jinja environment: strict, escaping, in the page's language, with filters for entities and static addresses.

One environment serves all languages; what depends on the reader is looked up in the `page` that is being rendered.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any, cast

from babel.support import NullTranslations
from jinja2 import Environment, FileSystemBytecodeCache, FileSystemLoader, StrictUndefined, pass_context
from jinja2.runtime import Context
from markupsafe import Markup

from rostra.web import formats
from rostra.web.context import Page
from rostra.web.language import LANGUAGES, language_choices, language_name
from rostra.web.marked import mark_field

WEB = Path(__file__).parent
STATIC_FOLDER = WEB / "static"
TEMPLATE_FOLDER = WEB / "templates"


def make_environment(translations: Mapping[str, NullTranslations], bytecode: Path | None) -> Environment:
    """Set up once per process; `bytecode` is a folder for compiled templates, or None."""
    environment = Environment(
        loader=FileSystemLoader(TEMPLATE_FOLDER),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        auto_reload=False,
        bytecode_cache=FileSystemBytecodeCache(str(bytecode)) if bytecode else None,
    )
    known = cast("dict[str, Any]", environment.globals)
    known.update(_phrases(translations))
    known.update(_globals())
    cast("dict[str, Any]", environment.filters).update(_filters())
    return environment


def _phrases(translations: Mapping[str, NullTranslations]) -> dict[str, Callable[..., Markup]]:
    """What templates call to speak: `_`, `ngettext`, `pgettext`, in the page's language, values filled in and escaped.

    Jinja's own callables do the same at twice the cost, which shows in a list of posts.
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
    more = (
        formats.safe_url,
        formats.bare_host,
        formats.qr_svg,
        formats.focus_class,
        formats.grouped,
        formats.lang_attribute,
        formats.words_of,
        mark_field,
    )
    named = (age, left, moment, day, count, full_count, language, *plain, *more)
    return {function.__name__: function for function in named}


def _globals() -> dict[str, object]:
    marks = {
        path.relative_to(STATIC_FOLDER).as_posix(): _mark(path) for path in STATIC_FOLDER.rglob("*") if path.is_file()
    }

    def static(name: str) -> str:
        """Address of a static file with a mark of its content, so that it may be cached for good."""
        return f"/static/{name}?v={marks[name]}"

    sprite = static("icons.svg")

    @lru_cache(maxsize=512)
    def icon(name: str, size: int = 20) -> Markup:
        """A decorative picture from the sprite; what it means must be said in words beside it."""
        drawing = '<svg class="icon" aria-hidden="true" width="{0}" height="{0}"><use href="{1}#{2}"></use></svg>'
        return Markup(drawing).format(size, sprite, name)  # noqa: S704

    return {
        "static": static,
        "icon": icon,
        "filter_verdict": formats.filter_verdict,
        "language_choices": language_choices,
        "languages": LANGUAGES,
    }


def _mark(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()[:10]
