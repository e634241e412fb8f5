"""Reads what a web page says of itself (OpenGraph, Twitter cards, plain HTML) for the preview card under a post.

Owns decoding, precedence and caps. Nothing of the page's markup survives: a preview is plain text, numbers and http(s)
addresses, and a video is a link like any other, for there is no embedding of other people's HTML.
"""

from __future__ import annotations

import codecs
import html as entities
import re
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Literal
from urllib.parse import urljoin, urlsplit

import msgspec
import nh3

from rostra.text.sanitise import MAX_HTML, MAX_TAGS

MAX_TITLE = 300
MAX_DESCRIPTION = 1000
MAX_NAME = 100
MAX_PREVIEW_URL = 2048
MAX_PIXELS = 20_000

_MAX_BYTES = 1 << 20
_KEPT_AFTER_A_TAG = 2_000
_PAGE_TYPES = frozenset({"text/html", "application/xhtml+xml"})
# What browsers take a charset label for, as far as Python has the codec. No others: Python also knows codecs that are
# no charsets, and one (punycode) that takes quadratic time.
_CHARSETS = frozenset(
    {
        *(
            "utf-8",
            "utf-16",
            "utf-16-le",
            "utf-16-be",
            "cp866",
            "cp874",
            "koi8-r",
            "koi8-u",
            "mac-roman",
            "mac-cyrillic",
        ),
        *(f"cp125{n}" for n in range(9)),
        *(f"iso8859-{n}" for n in (2, 3, 4, 5, 6, 7, 8, 10, 13, 14, 15, 16)),
        *("gbk", "gb18030", "big5", "big5hkscs", "euc_jp", "iso2022_jp", "shift_jis", "cp932", "euc_kr", "cp949"),
    }
)
_BOMS = ((codecs.BOM_UTF8, "utf-8"), (codecs.BOM_UTF16_LE, "utf-16-le"), (codecs.BOM_UTF16_BE, "utf-16-be"))
_CHARSET = re.compile(r"charset\s*=\s*[\"']?\s*([A-Za-z0-9_.:-]{1,40})", re.IGNORECASE)
_HTML_LANGUAGE = re.compile(r"<html\b[^>]{0,1000}?\blang\s*=\s*[\"']?([A-Za-z0-9_-]{1,35})", re.IGNORECASE)
_LANGUAGE = re.compile(r"[A-Za-z]{2,3}(?:-[A-Za-z0-9]{2,8}){0,2}")
_CONTROLS_AND_SPACE = re.compile(r"[\s\x00-\x1f\x7f-\x9f\u200e\u200f\u202a-\u202e\u2066-\u2069\ud800-\udfff]+")
_NOT_IN_A_URL = re.compile(r"[\x00-\x20\x7f-\xa0\\<>\"\ud800-\udfff]")

# Leaves only the few flat elements that matter, in a canonical form that a pattern can read.
_HEAD_ONLY = nh3.Cleaner(
    tags={"meta", "title", "link"},
    clean_content_tags={"script", "style", "template", "svg", "math", "noscript", "iframe", "textarea", "select"},
    attributes={"meta": {"property", "name", "itemprop", "content"}, "link": {"rel", "href"}},
    url_schemes={"http", "https"},
    link_rel=None,
)
_LINKS_ONLY = nh3.Cleaner(
    tags={"a", "link"},
    clean_content_tags={"script", "style", "template", "svg", "math", "noscript", "iframe", "textarea", "select"},
    attributes={"a": {"rel", "href"}, "link": {"rel", "href"}},
    url_schemes={"http", "https"},
    link_rel=None,
)
_LINK = re.compile(r'<(?:a|link)((?: [a-z]+="[^"]*")*)>')
_ELEMENT = re.compile(r'<(meta|link)((?: [a-z]+="[^"]*")*)>|<title>([^<]*)</title>')
_ATTRIBUTE = re.compile(r' ([a-z]+)="([^"]*)"')


class Preview(msgspec.Struct, frozen=True, kw_only=True):
    """A page's card. Texts are plain, perhaps empty; addresses are absolute http(s); sizes in pixels, 0 if unknown."""

    url: str
    title: str
    description: str = ""
    type: Literal["link", "photo", "video"] = "link"
    author_name: str = ""
    author_url: str | None = None
    provider_name: str = ""
    provider_url: str
    image_url: str | None = None
    image_description: str = ""
    image_width: int = 0
    image_height: int = 0
    language: str | None = None
    published_at: datetime | None = None


def parse_preview(html: bytes, content_type: str, url: str) -> Preview | None:
    """Read the preview of the page at `url` (absolute, the one that answered after redirects) out of its bytes.

    `content_type` is the header's value. Returns None for what is not HTML or has no title, and raises nothing on
    nonsense. Sources: ogp.me, Twitter's card markup, HTML's metadata names.
    """
    if content_type.partition(";")[0].strip().lower() not in _PAGE_TYPES or _absolute(url, url) is None:
        return None
    text = _decode(html[:_MAX_BYTES], content_type)
    said = _read_head(text)
    title = _shorten(_first(said, "og:title", "twitter:title", "<title>", "title"), MAX_TITLE)
    if not title:
        return None
    author = _first(said, "article:author", "author", "twitter:creator")
    author_url = _absolute(author, url) if "://" in author else _absolute(said.get("link:author", ""), url)
    image = _absolute(_first(said, *_IMAGE_NAMES), url)
    parts = urlsplit(url)
    return Preview(
        url=_canonical(said, url),
        title=title,
        description=_shorten(_first(said, "og:description", "twitter:description", "description"), MAX_DESCRIPTION),
        type="photo" if image and said.get("og:type", "").lower() in {"photo", "image"} else "link",
        author_name=_shorten(_first(said, "author", "twitter:creator") if "://" in author else author, MAX_NAME),
        author_url=author_url,
        provider_name=_shorten(_first(said, "og:site_name", "application-name"), MAX_NAME),
        provider_url=f"{parts.scheme}://{parts.netloc}/",
        image_url=image,
        image_description=_shorten(_first(said, "og:image:alt", "twitter:image:alt"), MAX_DESCRIPTION) if image else "",
        image_width=_pixels(said.get("og:image:width", "")) if image else 0,
        image_height=_pixels(said.get("og:image:height", "")) if image else 0,
        language=_language(text, said),
        published_at=_moment(_first(said, "article:published_time", "datepublished", "date")),
    )


def find_me_links(html: bytes, content_type: str, url: str) -> list[str]:
    """The addresses that the page at `url` says are the same person's as itself: its links with rel="me" (XFN).

    Looks at the same part of a page as a preview does. Arguments are those of `parse_preview`.
    """
    if content_type.partition(";")[0].strip().lower() not in _PAGE_TYPES:
        return []
    links: list[str] = []
    for raw in _LINK.findall(_LINKS_ONLY.clean(_trim(_decode(html[:_MAX_BYTES], content_type)))):
        attributes = {name: entities.unescape(value) for name, value in _ATTRIBUTE.findall(raw)}
        address = _absolute(attributes.get("href", ""), url)
        if address is not None and "me" in attributes.get("rel", "").lower().split():
            links.append(address)
    return links


_IMAGE_NAMES = (
    "og:image:secure_url",
    "og:image",
    "og:image:url",
    "twitter:image",
    "twitter:image:src",
    "link:image_src",
)


def _decode(html: bytes, content_type: str) -> str:
    for mark, charset in _BOMS:
        if html.startswith(mark):
            return html[len(mark) :].decode(charset, "replace")
    declared = _known_charset(content_type)
    if declared is None:
        # A page that can be read as ASCII to the point where it declares UTF-16 is not in UTF-16.
        declared = _known_charset(html[:4096].decode("latin-1"))
        declared = "utf-8" if declared and declared.startswith("utf-16") else declared
    if declared:
        return html.decode(declared, "replace")
    try:
        return html.decode("utf-8")
    except UnicodeDecodeError:
        return html.decode("cp1252", "replace")


def _known_charset(text: str) -> str | None:
    found = _CHARSET.search(text)
    if not found:
        return None
    try:
        name = codecs.lookup(found[1]).name
    except LookupError:
        return None
    if name in {"ascii", "iso8859-1", "iso8859-9"}:
        return "cp1254" if name == "iso8859-9" else "cp1252"
    return name if name in _CHARSETS else None


def _read_head(text: str) -> Mapping[str, str]:
    """What the page says, by lower-case name; of several the first. `link:REL` are links, `<title>` is the title."""
    said: dict[str, str] = {}
    for found in _ELEMENT.finditer(_HEAD_ONLY.clean(_trim(text))):
        element, raw, title = found.groups()
        if element is None:
            said.setdefault("<title>", entities.unescape(title))
            continue
        attributes = {name: entities.unescape(value) for name, value in _ATTRIBUTE.findall(raw)}
        if element == "link":
            for rel in attributes.get("rel", "").lower().split():
                said.setdefault(f"link:{rel}", attributes.get("href", ""))
        elif attributes.get("content", "").strip():
            for key in ("property", "name", "itemprop"):
                if key in attributes:
                    said.setdefault(attributes[key].strip().lower(), attributes["content"])
    return said


def _trim(text: str) -> str:
    """The start of a page, thinned, because the parser's quadratic corners allow for no more than MAX_HTML.

    Of what follows a tag only so much is kept as a title may need, so that a heavy script does not push the rest out.
    """
    pieces = text.split("<", MAX_TAGS)[:MAX_TAGS]
    return "<".join(piece[: piece.find(">") + 1 + _KEPT_AFTER_A_TAG] for piece in pieces)[:MAX_HTML]


def _first(said: Mapping[str, str], *names: str) -> str:
    return next((value for name in names if (value := said.get(name, "").strip())), "")


def _shorten(text: str, limit: int) -> str:
    text = _CONTROLS_AND_SPACE.sub(" ", text[: limit * 20]).strip()
    return text if len(text) <= limit else text[: limit - 1].rstrip() + "…"


def _absolute(address: str, base: str) -> str | None:
    address = address.strip()
    if not address or len(address) > MAX_PREVIEW_URL or _NOT_IN_A_URL.search(address):
        return None
    try:
        whole = urljoin(base, address)
        parts = urlsplit(whole)
        _ = parts.port
    except ValueError:
        return None
    if parts.scheme not in {"http", "https"} or not parts.hostname or "@" in parts.netloc:
        return None
    return whole if len(whole) <= MAX_PREVIEW_URL else None


def _canonical(said: Mapping[str, str], url: str) -> str:
    """The address that the page gives itself, if it is on the very same origin: a page speaks for itself only."""
    claimed = _absolute(_first(said, "link:canonical", "og:url"), url)
    if claimed is None:
        return url
    ours, theirs = urlsplit(url), urlsplit(claimed)
    return claimed if (ours.scheme, ours.netloc) == (theirs.scheme, theirs.netloc) else url


def _pixels(text: str) -> int:
    text = text.strip().removesuffix("px")
    return int(text) if len(text) <= 5 and text.isascii() and text.isdigit() and int(text) <= MAX_PIXELS else 0


def _language(text: str, said: Mapping[str, str]) -> str | None:
    found = _HTML_LANGUAGE.search(text[:10_000])
    for claimed in (found[1] if found else "", said.get("og:locale", "")):
        tag = claimed.strip().replace("_", "-")
        if _LANGUAGE.fullmatch(tag):
            primary, hyphen, rest = tag.partition("-")
            return primary.lower() + hyphen + rest
    return None


def _moment(text: str) -> datetime | None:
    try:
        moment = datetime.fromisoformat(text.strip())
        return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).astimezone(UTC)
    except (ValueError, OverflowError):
        return None
