"""One live server for the session, with two people on it."""

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
