"""`rostra doctor` on the external model: whether it gives an opinion, and how long that takes."""

from __future__ import annotations

import asyncio
import time
from typing import TYPE_CHECKING, Final

from rostra.cli.findings import Finding
from rostra.kit.clock import Clock
from rostra.kit.errors import Upstream

if TYPE_CHECKING:
    from rostra.kit.settings import Settings

_TODO: Final = "check external_url, external_kind, external_model and external_key; docs/external-model.md"


def check_external_model(settings: Settings) -> list[Finding]:
    """Ask it about a harmless sentence; silent without one. That it is down is a warning: the policy says what then."""
    if settings.external_url is None:
        return []
    problem, seconds = asyncio.run(_ask(settings))
    if problem is not None:
        return [Finding("model", "warn", f"{settings.external_url}: {problem}", _TODO)]
    return [Finding("model", "ok", f"{settings.external_url} answers, in {seconds:.2f} s")]


async def _ask(settings: Settings) -> tuple[str | None, float]:
    from rostra.kit.http import HttpClient
    from rostra.screening.external import open_external

    try:
        http = HttpClient(user_agent="Rostra", own_server=settings.external_url)
        external = open_external(settings, http, Clock())
    except (Upstream, OSError) as error:
        return str(error), 0.0
    async with http:
        began = time.monotonic()
        return await external.find_problem(), time.monotonic() - began
