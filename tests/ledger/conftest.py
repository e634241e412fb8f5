"""Fixtures of the ledger's tests."""

from __future__ import annotations

import pytest

from rostra.kit.clock import FixedClock
from tests.conftest import TransactionDatabase
from tests.ledger.stage import Stage


@pytest.fixture
def stage(db: TransactionDatabase, clock: FixedClock) -> Stage:
    return Stage(db, clock)
