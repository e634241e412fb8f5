"""Feeds for readers of feeds (RSS 2.0): what everybody may see of a person's posts, or of those with a hashtag.

The address is that of the page with `.rss` behind it, as on other servers. A feed is the same for whoever asks: it is
made for a visitor, even where the reader's browser is signed in.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Sequence
from datetime import datetime
from email.utils import format_datetime
from typing import Final
from xml.etree import ElementTree

from markupsafe import Markup
from starlette.responses import Response

from rostra.kit.errors import NotFound
from rostra.kit.paging import PageForm
from rostra.posts.hydrate import StatusReader
from rostra.timelines import public
from rostra.timelines.by_author import Choice, by_author
from rostra.web.feeds import decode_list
from rostra.web.formats import Entity, emojify_html
from rostra.web.visit import Visit

SUFFIX: Final = ".rss"
_POSTS: Final = PageForm(limit=20)
_CACHED: Final = "public, max-age=300"
_ATOM: Final = "http://www.w3.org/2005/Atom"
_MEDIA: Final = "http://search.yahoo.com/mrss/"
# What XML 1.0 cannot say, not even escaped.
_UNSAYABLE: Final = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")

ElementTree.register_namespace("atom", _ATOM)
ElementTree.register_namespace("media", _MEDIA)


async def person_feed(visit: Visit, account: Entity) -> Response:
    """A person's newest posts, without answers to others and boosts. Raises NotFound for who is suspended."""
    if account.get("suspended"):
        raise NotFound
    choice = Choice(exclude_replies=True, exclude_reblogs=True)
    page = await by_author(_reader(visit), _POSTS.window(), int(account["id"]), choice)
    channel = _channel(
        visit,
        title=f"{account['display_name'] or account['username']} (@{account['acct']})",
        link=account["url"],
        about=visit.gettext("What @%(who)s posts for everybody", who=account["acct"]),
    )
    image = _put(channel, "image")
    for name, value in (
        ("url", account["avatar_static"]),
        ("title", channel.findtext("title")),
        ("link", account["url"]),
    ):
        _put(image, name, value)
    return _answer(visit, channel, decode_list(page.items))


async def tag_feed(visit: Visit, name: str) -> Response:
    """The newest posts with a hashtag; `name` is normalised."""
    page = await public.tagged(_reader(visit), _POSTS.window(), public.Choice(), some=[name], every=[], none=[])
    about = visit.gettext("Posts with the hashtag #%(tag)s", tag=name)
    channel = _channel(visit, title=f"#{name}", link=visit.res.urls.tag(name), about=about)
    return _answer(visit, channel, decode_list(page.items))


def _reader(visit: Visit) -> StatusReader:
    """What visitors see. Nobody is counted: a program that fetches is no view."""
    res = visit.res
    return StatusReader(res.db, res.urls, None, res.clock.now(), locale=visit.language, kept=res.texts)


def _channel(visit: Visit, *, title: str, link: str, about: str) -> ElementTree.Element:
    channel = ElementTree.Element("channel")
    for name, value in (("title", title), ("description", about), ("link", link), ("generator", "Rostra")):
        _put(channel, name, value)
    own = visit.res.urls.base + visit.request.url.path
    _put(channel, f"{{{_ATOM}}}link", rel="self", type="application/rss+xml", href=own)
    return channel


def _answer(visit: Visit, channel: ElementTree.Element, statuses: Sequence[Entity]) -> Response:
    for status in statuses:
        channel.append(_item(status))
    root = ElementTree.Element("rss", version="2.0")
    root.append(channel)
    body = ElementTree.tostring(root, encoding="utf-8", xml_declaration=True)
    etag = f'"{hashlib.sha256(body).hexdigest()[:20]}"'
    headers = {"etag": etag, "cache-control": _CACHED, "vary": "Accept-Language"}
    if etag in visit.request.headers.get("if-none-match", ""):
        return Response(status_code=304, headers=headers)
    return Response(body, headers=headers, media_type="application/rss+xml; charset=utf-8")


def _item(status: Entity) -> ElementTree.Element:
    """One post. Posts have no titles: readers show the first words of what has none."""
    item = ElementTree.Element("item")
    _put(item, "guid", status["url"], isPermaLink="true")
    _put(item, "link", status["url"])
    _put(item, "pubDate", format_datetime(datetime.fromisoformat(status["created_at"]), usegmt=True))
    _put(item, "description", str(_html(status)))
    for file in status["media_attachments"]:
        _put_file(item, file, adult=status["sensitive"])
    for tag in status["tags"]:
        _put(item, "category", tag["name"])
    return item


def _html(status: Entity) -> Markup:
    """A post as HTML: what moderation says of it, its warning, its words, the choices of its poll."""
    parts = [
        Markup("<p><em>{}</em></p>").format(notice["title"])
        for notice in (status.get("moderation") or {}).get("notices", ())
    ]
    if status["spoiler_text"]:
        parts.append(Markup("<p><strong>{}</strong></p><hr>").format(status["spoiler_text"]))
    parts.append(emojify_html(status["content"], status["emojis"]))
    if status["poll"]:
        choices = Markup("").join(Markup("<li>{}</li>").format(each["title"]) for each in status["poll"]["options"])
        parts.append(Markup("<ul>{}</ul>").format(choices))
    return Markup("").join(parts)


def _put_file(item: ElementTree.Element, file: Entity, *, adult: bool) -> None:
    content = _put(item, f"{{{_MEDIA}}}content", url=file["url"], medium=file["type"])
    _put(content, f"{{{_MEDIA}}}rating", "adult" if adult else "nonadult", scheme="urn:simple")
    if file["description"]:
        _put(content, f"{{{_MEDIA}}}description", file["description"], type="plain")


def _put(parent: ElementTree.Element, name: str, text: str | None = None, **attributes: str) -> ElementTree.Element:
    element = ElementTree.SubElement(parent, name, {key: _UNSAYABLE.sub("", text) for key, text in attributes.items()})
    element.text = None if text is None else _UNSAYABLE.sub("", text)
    return element
