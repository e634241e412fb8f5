"""Fixtures of the tests of copies."""

from __future__ import annotations

from tests.continuity.lost import lost
from tests.continuity.world import cluster_template, home
from tests.s3 import s3_server, s3_url

__all__ = ["cluster_template", "home", "lost", "s3_server", "s3_url"]
