"""The one sanitiser: everything that arrives as HTML passes here before it is stored, sent or shown.

Owns the allow-list of tags, attributes, classes and link schemes, and the way from HTML back to plain text. The parsing
is nh3's (ammonia, html5ever).
"""

from __future__ import annotations

import html as entities
import re

import nh3
import regex

from rostra.text.format import escape

# HTML's parsing rules take time with the square of the nesting, and of the attributes in one tag: 5,000 nested tags
# take some 30 ms, ten times as many take seconds. How deep a text really nests only a parser can tell, so the number of
# tags and the length are limited instead.
MAX_TAGS = 5_000
MAX_HTML = 100_000

_TAGS = {
    *("p", "br", "span", "a", "del", "s", "pre", "blockquote", "code", "b", "strong", "u", "i", "em"),
    *("ul", "ol", "li", "ruby", "rt", "rp"),
}
_TAGS_WITHOUT_TEXT = {
    *("script", "style", "template", "title", "textarea", "select", "iframe", "noscript", "noembed", "noframes"),
    *("object", "svg", "math", "xmp"),
}
_CLEANER = nh3.Cleaner(
    tags=_TAGS,
    clean_content_tags=_TAGS_WITHOUT_TEXT,
    attributes={"a": {"href", "rel"}},
    tag_attribute_values={tag: {"translate": {"no"}} for tag in ("a", "p", "span")},
    allowed_classes={"a": {"mention", "hashtag", "u-url"}, "span": {"h-card", "ellipsis", "invisible"}},
    url_schemes={"http", "https"},
    url_relative="deny",
    link_rel=None,
)

_BLOCKS = {"p", "div", "blockquote", "pre", "ul", "ol", "li", "h1", "h2", "h3", "h4", "h5", "h6", "tr"}
_SKELETON = nh3.Cleaner(
    tags={"br", *_BLOCKS},
    clean_content_tags=_TAGS_WITHOUT_TEXT,
    attributes={},
    link_rel=None,
)

# These read what the cleaners have written, where `<`, `>` and quotes are escaped wherever they are not markup.
_LINK = re.compile(r'<a((?: [a-z]+="[^"]*")*)>')
_ATTRIBUTE = re.compile(r' ([a-z]+)="([^"]*)"')
_SKELETON_TAG = re.compile(r"<(/?)([a-z0-9]+)>")
# The parser drops a newline here, one at a time.
_PRE_START = re.compile(r"<pre>\n+")
_MANY_NEWLINES = re.compile(r"\n{3,}")

_MARKUP = regex.compile(r"<[^<>]*+>?")


def sanitise_html(html: str) -> str:
    """Reduce any HTML to the allow-list; what comes out is safe to embed, and is not changed by a second run.

    Links keep only absolute http and https addresses. All but mentions and hashtags open apart with
    rel="nofollow noopener noreferrer"; of a link's own rel only `me` and `tag` stay. Of HTML with more than MAX_TAGS
    tags or MAX_HTML characters only the text is kept.
    """
    if _is_excessive(html):
        html = escape(_strip_tags(html))
    # Taking a tag out can change how the rest is parsed (a link in a table in a link), so what a browser will build is
    # only certain once the cleaner has nothing left to change. Two runs were enough for all of 40,000 random tries.
    for _ in range(4):
        clean = _PRE_START.sub("<pre>", _run(_CLEANER, html))
        if clean == html:
            break
        html = clean
    return _LINK.sub(_seal_link, html) if "<a" in html else html


def to_plain_text(html: str) -> str:
    """The text of any HTML, for search, push and previews: a blank line between paragraphs, `br` as a newline.

    What is hidden only by style stays, so that shortened links come out whole.
    """
    if _is_excessive(html):
        return _strip_tags(html).strip()
    text = _SKELETON_TAG.sub(_newlines_for, _run(_SKELETON, html))
    return _MANY_NEWLINES.sub("\n\n", entities.unescape(text)).strip()


def _run(cleaner: nh3.Cleaner, html: str) -> str:
    try:
        return cleaner.clean(html)
    except UnicodeEncodeError:
        # Lone surrogates, which cannot be sent or stored anyhow.
        return cleaner.clean(html.encode("utf-8", "ignore").decode())


def _seal_link(found: re.Match[str]) -> str:
    attributes = dict(_ATTRIBUTE.findall(found[1]))
    href = attributes.get("href")
    if href is None:
        return "<a>"
    classes = attributes.get("class", "")
    kept = [word for word in ("me", "tag") if word in attributes.get("rel", "").split()]
    # Mentions and hashtags are part of the site for the reader, so they stay in its window.
    apart = "mention" not in classes.split()
    rel = " ".join([*kept, *(["nofollow", "noopener", "noreferrer"] if apart else [])])
    return "".join(
        (
            f'<a href="{href}"',
            f' class="{classes}"' if classes else "",
            f' rel="{rel}"' if rel else "",
            ' target="_blank"' if apart else "",
            ' translate="no"' if "translate" in attributes else "",
            ">",
        )
    )


def _is_excessive(html: str) -> bool:
    return len(html) > MAX_HTML or html.count("<") > MAX_TAGS


def _strip_tags(html: str) -> str:
    return entities.unescape(_MARKUP.sub("", html))


def _newlines_for(found: re.Match[str]) -> str:
    closing, name = found.groups()
    if name == "br":
        return "\n"
    if not closing:
        return ""
    return "\n\n" if name == "p" else "\n"
