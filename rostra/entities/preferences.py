"""What somebody has set for posting and reading."""

from __future__ import annotations

from typing import Literal

import msgspec

from rostra.entities.account import Visibility


class Preferences(
    msgspec.Struct,
    frozen=True,
    kw_only=True,
    rename={
        "default_visibility": "posting:default:visibility",
        "default_sensitive": "posting:default:sensitive",
        "default_language": "posting:default:language",
        "expand_media": "reading:expand:media",
        "expand_spoilers": "reading:expand:spoilers",
        "autoplay_gifs": "reading:autoplay:gifs",
    },
):
    """https://docs.joinmastodon.org/entities/Preferences/"""

    default_visibility: Visibility
    default_sensitive: bool
    default_language: str | None
    expand_media: Literal["default", "show_all", "hide_all"]
    expand_spoilers: bool
    autoplay_gifs: bool = False
