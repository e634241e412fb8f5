"""The list of all endpoints of the admin API."""

from __future__ import annotations

from rostra.api.admin import accounts, domains, email_blocks, ip_blocks, measures, reports, trends
from rostra.api.route import Routes

ALL: tuple[Routes, ...] = (
    accounts.routes,
    reports.routes,
    domains.routes,
    email_blocks.routes,
    ip_blocks.routes,
    trends.routes,
    measures.routes,
)
