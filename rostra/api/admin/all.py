"""The list of all endpoints of the admin API."""

from __future__ import annotations

from rostra.api.admin import domains, email_blocks, ip_blocks
from rostra.api.route import Routes

ALL: tuple[Routes, ...] = (
    domains.routes,
    email_blocks.routes,
    ip_blocks.routes,
)
