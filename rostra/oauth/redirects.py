"""Addresses that an answer may be sent back to: which may be registered, and how parameters are put onto one.

Apps on phones register schemes of their own, in every spelling (`tuskyapp://host`, `com.tapbots.Ivory.10217:/path`),
so nothing is asked of an address but what safety needs. A request must repeat one exactly (RFC 9700, 2.1).
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final
from urllib.parse import urlencode, urlsplit

from rostra.kit.errors import Invalid
from rostra.oauth.records import OUT_OF_BAND

MAX_REDIRECT_URI: Final = 2000
# A browser runs what stands behind these.
_FORBIDDEN_SCHEMES: Final = frozenset({"javascript", "data", "vbscript"})
_SCHEME: Final = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*")
# Also keeps line breaks out of the Location header.
_UNPRINTABLE: Final = re.compile(r"[\x00-\x20\x7f-\x9f\u2028\u2029\\]")


def check_redirect_uri(uri: str) -> None:
    """Raises Invalid("redirect_uris") where an address cannot be registered."""
    if uri == OUT_OF_BAND:
        return
    scheme, colon, rest = uri.partition(":")
    if not colon or not rest or not _SCHEME.fullmatch(scheme):
        raise Invalid("redirect_uris", "must be absolute URIs")
    if scheme.lower() in _FORBIDDEN_SCHEMES:
        raise Invalid("redirect_uris", f"must not use the scheme {scheme.lower()}")
    if len(uri) > MAX_REDIRECT_URI or _UNPRINTABLE.search(uri):
        raise Invalid("redirect_uris", f"must be printable and at most {MAX_REDIRECT_URI} characters long")
    if "#" in uri:
        raise Invalid("redirect_uris", "must not have a fragment")
    if scheme.lower() in ("http", "https") and not _host_of(uri):
        raise Invalid("redirect_uris", "must have a host")


def _host_of(uri: str) -> str | None:
    try:
        return urlsplit(uri).hostname
    except ValueError:
        return None


def with_parameters(uri: str, parameters: Mapping[str, str | None]) -> str:
    """The address with parameters added to its query; those that are None are left out."""
    given = urlencode({name: value for name, value in parameters.items() if value is not None})
    if not given:
        return uri
    joint = "" if uri.endswith(("?", "&")) else "&" if "?" in uri else "?"
    return f"{uri}{joint}{given}"


def origin_of(uri: str) -> str:
    """What a content security policy must name to let a form's answer go there: an origin, or a scheme of an app's."""
    scheme, _, _ = uri.partition(":")
    if scheme.lower() not in ("http", "https"):
        return f"{scheme.lower()}:"
    parts = urlsplit(uri)
    return f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}"
