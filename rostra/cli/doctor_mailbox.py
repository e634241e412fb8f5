"""`rostra doctor` on the mailbox for notices: whether it lets us in, and whether what lies there would be believed."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from rostra.cli.findings import Finding
from rostra.kit.errors import Upstream

if TYPE_CHECKING:
    from rostra.kit.settings import Settings


def check_mailbox(settings: Settings) -> list[Finding]:
    """Sign in and count; silent without a mailbox. Nothing is fetched or moved."""
    if settings.notices_imap_url is None:
        return []
    from rostra.notices.mailbox import count_waiting, parse_imap_url

    try:
        server = parse_imap_url(settings.notices_imap_url)
        waiting = asyncio.run(count_waiting(server))
    except (Upstream, ValueError) as error:
        return [Finding("notices", "fail", str(error), "check ROSTRA_NOTICES_IMAP_URL; docs/notices.md")]
    found = f"the mailbox at {server.host} lets us in; {waiting} messages wait there"
    if settings.notices_authserv_id is None:
        todo = "set ROSTRA_NOTICES_AUTHSERV_ID: until then no mail is believed, and all waits in quarantine"
        return [Finding("notices", "warn", found, todo)]
    return [Finding("notices", "ok", found)]
