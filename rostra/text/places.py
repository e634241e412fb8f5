"""Where an address of this server leads, by its looks: to a post, a person, a file. Nobody asks whether it is there."""

from __future__ import annotations

import re
from typing import Final, Literal
from urllib.parse import unquote, urlsplit

import msgspec

from rostra.kit.ids import MAX_ID
from rostra.text.urls import Urls

_STATUS: Final = re.compile(
    r"/(?:@|users/)(?P<name>[^/@]{1,60})(?:@[^/]{1,255})?/(?:statuses/)?(?P<id>\d{1,19})(?:/.*)?"
)
_STATUS_ALONE: Final = re.compile(r"/(?:web/|deck/)?(?:statuses|notice|api/v1/statuses)/(?P<id>\d{1,19})(?:/.*)?")
_ACCOUNT: Final = re.compile(r"/(?:@|users/)(?P<name>[A-Za-z0-9_]{1,60})(?:/.*)?")


class Place(msgspec.Struct, frozen=True):
    """Where an address leads: `value` is an id, a name or a key."""

    kind: Literal["status", "account", "file", "elsewhere", "unknown"]
    value: str = ""


def own_hosts(urls: Urls) -> tuple[str, ...]:
    """Our hosts, as addresses in letters have them."""
    hosts = {urlsplit(address).netloc.lower() for address in (urls.base, urls.media)}
    return tuple(sorted(hosts | {urls.domain.lower(), urls.domain.partition(":")[0].lower()}))


def place_of(url: str, urls: Urls) -> Place:
    """Where an address leads by its looks."""
    try:
        parts = urlsplit(url)
        host, path = parts.netloc.lower().rpartition("@")[2], unquote(parts.path)
    except ValueError:
        return Place("unknown")
    if host.removeprefix("www.") not in own_hosts(urls):
        return Place("elsewhere")
    media = urlsplit(urls.media)
    if host == media.netloc.lower() and path.startswith(f"{media.path}/"):
        return Place("file", path.removeprefix(f"{media.path}/"))
    path = path.rstrip("/")
    if (found := _STATUS.fullmatch(path) or _STATUS_ALONE.fullmatch(path)) and int(found["id"]) <= MAX_ID:
        return Place("status", found["id"])
    if found := _ACCOUNT.fullmatch(path):
        return Place("account", found["name"].lower())
    return Place("unknown")
