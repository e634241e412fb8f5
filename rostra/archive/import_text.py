"""From the HTML of a post that was written elsewhere to the text that its author typed, as far as that can be told:
paragraphs and lines, whole links, mentions with the server that they were on. Pure.
"""

from __future__ import annotations

from collections.abc import Mapping
from html.parser import HTMLParser
from typing import Final
from urllib.parse import urlsplit

from rostra.text.entities import Mention, find_entities
from rostra.text.format import clean_text
from rostra.text.sanitise import MAX_HTML, MAX_TAGS, to_plain_text

_BLOCKS: Final = frozenset({"p", "div", "blockquote", "pre", "ul", "ol", "h1", "h2", "h3", "h4", "h5", "h6"})
_SILENT: Final = frozenset({"script", "style", "template", "title", "iframe", "noscript", "svg", "math"})


def text_of_html(html: str, mentions: Mapping[str, str]) -> str:
    """The text of a post. `mentions` are the accounts that it names, `@name@server` by the address of their page or of
    the account itself."""
    if len(html) > MAX_HTML or html.count("<") > MAX_TAGS:
        return clean_text(to_plain_text(html))
    reader = _Reader(mentions)
    reader.feed(html)
    reader.close()
    return clean_text(reader.text())


def name_servers(text: str, *, source: str, own: str) -> str:
    """Give each bare `@name` the server that it was written on: here it would be somebody else."""
    if source == own or "@" not in text:
        return text
    text = clean_text(text)
    out: list[str] = []
    done = 0
    for span in find_entities(text, domain=own).spans:
        if isinstance(span, Mention) and text[span.start : span.end].count("@") == 1:
            out += [text[done : span.end], f"@{source}"]
            done = span.end
    return "".join([*out, text[done:]])


def handle_of(name: str, href: str) -> str | None:
    """`@name@server` of a Mention, whose own name may leave the server out."""
    user, _, server = name.lstrip("@").partition("@")
    host = server or (urlsplit(href).netloc if href.startswith(("https://", "http://")) else "")
    return f"@{user}@{host}" if user and host else None


class _Reader(HTMLParser):
    """Collects the text; of a link, first what it says and then what it is."""

    def __init__(self, mentions: Mapping[str, str]) -> None:
        super().__init__(convert_charrefs=True)
        self._mentions = mentions
        self._names = {(_host(href), name.split("@")[1].lower()): name for href, name in mentions.items()}
        self._out: list[str] = []
        self._silent = 0
        self._link: tuple[str, bool] | None = None
        self._said: list[str] = []

    def text(self) -> str:
        """What was collected."""
        self._end_link()
        text = "".join(self._out)
        while "\n\n\n" in text:
            text = text.replace("\n\n\n", "\n\n")
        return text

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in _SILENT:
            self._silent += 1
        elif tag == "br":
            self._add("\n")
        elif tag == "li":
            self._add("\n- ")
        elif tag in _BLOCKS:
            self._add("\n\n")
        elif tag == "a":
            self._end_link()
            given = dict(attrs)
            classes = (given.get("class") or "").split()
            self._link = (given.get("href") or "", "mention" in classes and "hashtag" not in classes)

    def handle_endtag(self, tag: str) -> None:
        if tag in _SILENT:
            self._silent = max(self._silent - 1, 0)
        elif tag == "a":
            self._end_link()
        elif tag in _BLOCKS:
            self._add("\n\n")

    def handle_data(self, data: str) -> None:
        if not self._silent:
            self._add(data)

    def _add(self, text: str) -> None:
        (self._out if self._link is None else self._said).append(text)

    def _end_link(self) -> None:
        if self._link is None:
            return
        (href, is_mention), said = self._link, "".join(self._said)
        self._link, self._said = None, []
        self._out.append(self._shown(href, said, is_mention=is_mention))

    def _shown(self, href: str, said: str, *, is_mention: bool) -> str:
        plain = said.strip()
        if plain.startswith("@") or is_mention:
            name = self._mentions.get(href) or self._names.get((_host(href), plain.lstrip("@").split("@")[0].lower()))
            return name or handle_of(plain, href) or said
        if plain.startswith(("#", "＃")) or not href.startswith(("https://", "http://")):
            return said
        if plain in href:
            return said.replace(plain, href) if plain else said
        return f"{said} ({href})"


def _host(address: str) -> str:
    try:
        return urlsplit(address).netloc.lower()
    except ValueError:
        return ""
