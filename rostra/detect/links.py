"""The hosts that a text links to."""

from __future__ import annotations

import re
from typing import Final

SHORTENERS: Final[frozenset[str]] = frozenset({"bit.ly", "t.co", "tinyurl.com"})
_HOST: Final = re.compile(r"https?://([a-z0-9.-]{1,253})", re.IGNORECASE)


def find_hosts(text: str) -> list[str]:
    """Lower-cased host names of the links of a text."""
    return [found.lower() for found in _HOST.findall(text)]
