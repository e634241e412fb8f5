"""The hosts that a text links to.

Wider than what becomes a link on a page (`rostra/text/links.py`): addresses with credentials in front of the host, IP
addresses, `hxxp`, `[.]` and bare domains with a path count here, for people can still be led there.
"""

from __future__ import annotations

import re
from importlib import resources
from typing import Final

from rostra.kit.addresses import normalise_domain
from rostra.kit.errors import Invalid

READ: Final = 50_000
"""Code points of a text that are looked through."""
MOST_HOSTS: Final = 1000

_DOT: Final = re.compile(r"[\[(]\s?(?:\.|dot)\s?[\])]", re.IGNORECASE)
_AUTHORITY: Final = r"[^\s/?#\\<>\"'`,;()\[\]{}|]"
_HOST: Final = re.compile(
    rf"h(?:tt|xx)ps?://({_AUTHORITY}++)"
    rf"|(?<![\w.@/-])(www\.{_AUTHORITY}++)"
    r"|(?<![\w.@/:-])([\w-]++(?:\.[\w-]++)++)(?=/)",
    re.IGNORECASE,
)
_WWW: Final = re.compile("www", re.IGNORECASE)
_IPV4: Final = re.compile(r"[0-9]{1,3}(?:\.[0-9]{1,3}){3}")
_LONGEST: Final = 253


def find_hosts(text: str) -> list[str]:
    """Host names of the links of a text in their order, in lower case and Punycode, without port and credentials; a
    host once for each link. Of a longer text the beginning is looked through, and a thousand links at most."""
    text = text[:READ]
    # Every link has a slash, or begins with these.
    if "/" not in text and not _WWW.search(text):
        return []
    found: list[str] = []
    for match in _HOST.finditer(_DOT.sub(".", text)):
        host = _host_of(match[1] or match[2] or match[3])
        # A bare name before a slash is a domain only if its ending could be one: not 1.5/2.
        if host and (match[3] is None or _ends_like_a_domain(host)):
            found.append(host)
            if len(found) == MOST_HOSTS:
                break
    return found


def is_shortener(host: str) -> bool:
    """Whether a host of `find_hosts` is a service that hides where its links lead."""
    return host.removeprefix("www.") in SHORTENERS


def _host_of(authority: str) -> str:
    """'' where it is none."""
    host = authority.rpartition("@")[2].partition(":")[0].rstrip(".")
    if not 0 < len(host) <= _LONGEST:
        return ""
    try:
        return normalise_domain(host)
    except Invalid:
        return host if _IPV4.fullmatch(host) else ""


def _ends_like_a_domain(host: str) -> bool:
    ending = host.rpartition(".")[2]
    return len(ending) >= 2 and (ending.isalpha() or ending.startswith("xn--"))


def _shorteners() -> frozenset[str]:
    lines = resources.files("rostra.detect").joinpath("shorteners.txt").read_text("utf-8").splitlines()
    return frozenset(line.strip() for line in lines if line.strip() and not line.startswith("#"))


SHORTENERS: Final[frozenset[str]] = _shorteners()
