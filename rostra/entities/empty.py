"""The empty object: what calls answer that have nothing to say."""

from __future__ import annotations

import msgspec


class Empty(msgspec.Struct, frozen=True):
    """`{}`; clients expect an object where others would send no body."""
