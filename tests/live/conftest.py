"""Two live servers for the session: one with two people on it, and one for whoever blocks and pulls levers."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.live.server import Person, Server, running


@pytest.fixture(scope="session")
def live() -> Iterator[Server]:
    with running("--workers", 2, ROSTRA_LOG_LEVEL="debug") as server:
        yield server


@pytest.fixture(scope="session")
def ada(live: Server) -> Person:
    return live.person("ada")


@pytest.fixture(scope="session")
def bruno(live: Server) -> Person:
    return live.person("bruno")


@pytest.fixture(scope="session")
def house() -> Iterator[Server]:
    """A server for what staff does: what is blocked or held here is nobody else's trouble."""
    with running("--workers", 2, ROSTRA_TRUSTED_PROXIES="127.0.0.1") as server:
        yield server
