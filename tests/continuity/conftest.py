"""Fixtures of the tests of copies."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from rostra.continuity.ship import basestream
from tests.continuity.lost import lost
from tests.continuity.world import cluster_template, home
from tests.s3 import s3_server, s3_url

__all__ = ["cluster_template", "home", "lost", "s3_server", "s3_url"]


@pytest.fixture(scope="session", autouse=True)
def small_parts() -> Iterator[None]:
    """Have even the bases of small clusters consist of several parts."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(basestream, "RUN", 8 << 20)
        yield
