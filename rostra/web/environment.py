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
from jinja2 import Environment, FileSystemBytecodeCache, FileSystemLoader, StrictUndefined, Template, pass_context
from jinja2.environment import TemplateModule
from jinja2.runtime import Context
from markupsafe import Markup

from rostra.policy.said import Said
from rostra.text.dates import long_date, long_moment
from rostra.web import formats
from rostra.web.articles import article_finder
from rostra.web.context import Page
from rostra.web.language import LANGUAGES, language_choices, language_name, speak
from rostra.web.marked import mark_field

WEB = Path(__file__).parent
STATIC_FOLDER = WEB / "static"
TEMPLATE_FOLDER = WEB / "templates"


class _Template(Template):
    """A template whose macros, imported "with context", are made once for each page: of the context they take only what
    is the same all over it, `page` and what `base.html` imports. A page imports some of them from five places."""

    def make_module(
        self,
        vars: dict[str, Any] | None = None,  # noqa: A002 - Jinja's name
        shared: bool = False,
        locals: Mapping[str, Any] | None = None,  # noqa: A002 - Jinja's name
    ) -> TemplateModule:
        """As Jinja's, or what it made for the page that is being rendered."""
        page = (vars or {}).get("page")
        kept = cast("_Environment", self.environment).made_for(page)
        module = kept.get(self.name or "")
        if module is None:
            module = kept[self.name or ""] = super().make_module(vars, shared, locals)
        return module


class _Environment(Environment):
    """Knows which macros were made for the page that is being rendered."""

    template_class = _Template

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        self._made: tuple[object, dict[str, TemplateModule]] = (None, {})

    def made_for(self, page: object) -> dict[str, TemplateModule]:
        """The macros of this page, by the names of their templates."""
        if page is None or self._made[0] is not page:
            self._made = (page, {})
        return self._made[1]


def make_environment(translations: Mapping[str, NullTranslations], bytecode: Path | None) -> Environment:
    """Set up once per process; `bytecode` is a folder for compiled templates, or None."""
    environment = _Environment(
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
    known["kept_article"] = article_finder(environment)
    cast("dict[str, Any]", environment.filters).update(_filters(translations))
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


def _filters(translations: Mapping[str, NullTranslations]) -> dict[str, Callable[..., object]]:
    @pass_context
    def spoken(context: Context, sentence: Said) -> str:
        language = cast("Page", context["page"]).language
        return speak(translations[language], language, sentence)

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
        return long_moment(formats.as_moment(value), cast("Page", context["page"]).language)

    @pass_context
    def day(context: Context, value: str) -> str:
        return long_date(formats.as_moment(value).date(), cast("Page", context["page"]).language)

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
    named = (spoken, age, left, moment, day, count, full_count, language, *plain, *more)
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
