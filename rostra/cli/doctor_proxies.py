"""The doctor's check of the proxies in front of a server, which a start tells of, too."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rostra.cli.findings import Finding

if TYPE_CHECKING:
    from rostra.kit.settings import Settings


def check_proxies(settings: Settings) -> list[Finding]:
    """Whether the proxy that ends TLS is believed when it says where visitors come from."""
    if settings.dev:
        return []
    if settings.trusted_proxies:
        return [Finding("proxies", "ok", f"{', '.join(settings.trusted_proxies)} may say where visitors come from")]
    found = "behind a proxy that is not named all visitors look like one, and share its limits"
    todo = "set ROSTRA_TRUSTED_PROXIES to its address, as 127.0.0.1,::1"
    return [Finding("proxies", "warn", found, todo)]
