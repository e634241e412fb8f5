"""How single values of an entity look on a page: times, counts, names with emoji, links. Pure functions.

HTML that arrives in entities was sanitised when it was stored; nothing here cleans it again.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import UTC, date, datetime
from functools import lru_cache
from typing import Any, cast
from urllib.parse import quote, urlsplit

import segno
from babel import Locale
from babel.dates import format_date
from babel.numbers import format_compact_decimal, format_decimal
from babel.units import format_unit
from markupsafe import Markup, escape

Entity = Mapping[str, Any]

_MINUTE, _HOUR, _DAY = 60, 3600, 86400
_SHORTCODE = re.compile(r":([A-Za-z0-9_]{2,}):")
_TAG = re.compile(r"(<[^>]*>)")
_BREAK = re.compile(r"<(?:br|/p|/li|/blockquote|/pre)\b[^>]*>")
_LANGUAGE = re.compile(r"[a-z]{2,3}(-[A-Z]{2}|-[A-Z][a-z]{3})?")
_LANGUAGES = frozenset(Locale("en").languages)


def as_moment(value: str | datetime) -> datetime:
    """An entity's time (`2026-05-20T10:11:12.345Z`, or a bare date) as an aware datetime."""
    moment = value if isinstance(value, datetime) else datetime.fromisoformat(value)
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def short_age(then: datetime, now: datetime, language: str) -> str:
    """Age in one unit (`5m`, `3h`, `2d`), or a date when it is a week or more. The future counts as now."""
    seconds = max(0, int((now - then).total_seconds()))
    if seconds >= 7 * _DAY:
        return _short_date(then.date(), language, same_year=then.year == now.year)
    if seconds >= _DAY:
        return _unit(seconds // _DAY, "day", language)
    if seconds >= _HOUR:
        return _unit(seconds // _HOUR, "hour", language)
    return _unit(max(1, seconds // _MINUTE), "minute", language)


def time_left(then: datetime, now: datetime, language: str) -> str:
    """What is left until `then`, in one unit, rounded up (`5m`, `3h`, `2d`)."""
    seconds = max(1, int((then - now).total_seconds()))
    for size, unit in ((_DAY, "day"), (_HOUR, "hour")):
        if seconds > size:
            return _unit(-(-seconds // size), unit, language)
    return _unit(-(-seconds // _MINUTE), "minute", language)


@lru_cache(maxsize=1024)
def _unit(amount: int, unit: str, language: str) -> str:
    return format_unit(amount, f"duration-{unit}", length="narrow", locale=language)


@lru_cache(maxsize=4096)
def _short_date(day: date, language: str, *, same_year: bool) -> str:
    return format_date(day, "d MMM" if same_year else "d MMM y", locale=language)


@lru_cache(maxsize=4096)
def compact_count(number: int, language: str) -> str:
    """`987`, `1.2K`, `12K`; in a language that does not shorten thousands, `12.345`."""
    if number < 1000:
        return str(number)
    short = format_compact_decimal(number, fraction_digits=1 if number < 10_000 else 0, locale=language)
    return full_count(number, language) if short.isdecimal() else short


def full_count(number: int, language: str) -> str:
    """`12,345` with the language's separators."""
    return format_decimal(number, locale=language)


def emojify(text: str, emojis: Sequence[Entity]) -> Markup:
    """Plain text, escaped, with `:shortcodes:` of custom emoji turned into pictures."""
    escaped = str(escape(text))
    return Markup(_SHORTCODE.sub(_emoji_replacer(emojis), escaped) if emojis else escaped)  # noqa: S704


def emojify_html(html: str, emojis: Sequence[Entity]) -> Markup:
    """Sanitised HTML with the `:shortcodes:` in its text, and not in its tags, turned into pictures."""
    if not emojis or ":" not in html:
        return Markup(html)  # noqa: S704
    replace = _emoji_replacer(emojis)
    parts = _TAG.split(html)
    return Markup("".join(part if part[:1] == "<" else _SHORTCODE.sub(replace, part) for part in parts))  # noqa: S704


def _emoji_replacer(emojis: Sequence[Entity]) -> Callable[[re.Match[str]], str]:
    known = {emoji["shortcode"]: emoji for emoji in emojis}

    def replace(match: re.Match[str]) -> str:
        emoji = known.get(match.group(1))
        return str(_picture(emoji)) if emoji else match.group(0)

    return replace


def _picture(emoji: Entity) -> Markup:
    still = emoji.get("static_url") or emoji["url"]
    image = Markup('<img class="emoji" src="{}" alt="{}" title="{}" width="20" height="20" loading="lazy">')
    code = f":{emoji['shortcode']}:"
    if still == emoji["url"]:
        return image.format(still, code, code)
    source = Markup('<source media="(prefers-reduced-motion: reduce)" srcset="{}">')
    return Markup("<picture>{}{}</picture>").format(source.format(still), image.format(emoji["url"], code, code))


def status_html(status: Entity) -> Markup:
    """A status's sanitised content with emoji, and with its mentions and hashtags leading to our own pages."""
    html: str = status["content"]
    for mention in status["mentions"]:
        html = _relink(html, mention["url"], f"/@{mention['acct']}")
    for tag in status["tags"]:
        html = _relink(html, tag["url"], f"/tags/{quote(tag['name'], safe='')}")
    return emojify_html(html, status["emojis"])


def words_of(html: str) -> str:
    """The words of sanitised HTML, as plain text: lines and paragraphs become spaces."""
    return Markup(_BREAK.sub(" ", html)).striptags()  # noqa: S704


def _relink(html: str, url: str, path: str) -> str:
    return html.replace(f'href="{escape(url)}"', f'href="{escape(path)}"') if url else html


def account_path(account: Entity) -> str:
    """`/@alice`, `/@bob@elsewhere.example`."""
    return "/@" + quote(account["acct"], safe="@.:-_")


def status_path(status: Entity) -> str:
    """`/@alice/110123…`."""
    return f"{account_path(status['account'])}/{quote(str(status['id']), safe='')}"


def safe_url(url: str | None) -> str:
    """A link that came from outside: itself when it is http(s) or one of our paths, else `#`."""
    if url and (url.startswith(("http://", "https://")) or (url[:1] == "/" and url[:2] != "//")):
        return url
    return "#"


def bare_host(url: str | None) -> str:
    """`example.org` of `https://www.example.org/page`; empty when there is none."""
    try:
        return (urlsplit(url or "").hostname or "").removeprefix("www.")
    except ValueError:
        return ""


def qr_svg(text: str) -> Markup:
    """A QR code as inline SVG without style attributes, dark on transparent."""
    drawn = segno.make(text, error="m", micro=False)
    return Markup(drawn.svg_inline(scale=5, border=2, svgclass="qr", lineclass=None, omitsize=False))  # noqa: S704


def lang_attribute(code: str | None) -> Markup:
    """` lang="it"` for a language that exists, else nothing: a wrong mark is worse than none for a screen reader."""
    known = code is not None and _LANGUAGE.fullmatch(code) and code.split("-")[0] in _LANGUAGES
    return Markup(' lang="{}"').format(code) if known else Markup("")


def focus_class(media: Entity) -> str:
    """Where an attachment's focus lies, as two classes in quarters (`fx3 fy1`): style attributes are forbidden."""
    focus = cast("Mapping[str, float]", (media.get("meta") or {}).get("focus") or {})
    across, up = float(focus.get("x", 0.0)), float(focus.get("y", 0.0))
    return f"fx{_quarter(across)} fy{_quarter(-up)}" if across or up else ""


def _quarter(position: float) -> int:
    return min(4, max(0, round((position + 1) * 2)))


def filter_verdict(status: Entity, context: str) -> tuple[str, list[str]]:
    """What the viewer's own filters say in this context (`home`, `notifications`, `public`, `thread`, `account`): the
    strongest of `hide`, `warn`, `blur` or an empty string, and the titles of the filters that say it.
    """
    # What moderation says stands among them for apps; on our pages it has a place of its own.
    notices = {notice["id"] for notice in (status.get("moderation") or {}).get("notices", ())}
    found = [result["filter"] for result in status.get("filtered") or ()]
    hits = [each for each in found if context in each["context"] and each["id"] not in notices]
    for action in ("hide", "warn", "blur"):
        titles = [hit["title"] for hit in hits if hit["filter_action"] == action]
        if titles:
            return action, titles
    return "", []


def grouped(notifications: Iterable[Entity]) -> list[list[Entity]]:
    """Neighbouring notifications with one `group_key`, gathered; the newest of a group comes first."""
    groups: list[list[Entity]] = []
    for notification in notifications:
        key = notification.get("group_key")
        if groups and key and groups[-1][0].get("group_key") == key:
            groups[-1].append(notification)
        else:
            groups.append([notification])
    return groups
