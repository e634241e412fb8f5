"""What a server that another one has replaced tells its operator to do."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from rostra.cli.last_start import remember
from rostra.cli.replaced import explain
from rostra.continuity.place import Replaced
from rostra.kit.settings import load_settings

BY = Replaced(host="new.example", epoch=2, why="restored", at=datetime(2026, 5, 4, 12, tzinfo=UTC))


@pytest.mark.parametrize("database_url", ["", "postgresql://db.example/rostra"])
def test_nobody_is_sent_to_copies_of_a_database_that_was_not_copied(tmp_path: Path, database_url: str) -> None:
    environ = {"ROSTRA_DOMAIN": "social.example", "ROSTRA_DATABASE_URL": database_url}
    remember(load_settings(environ, {"data_dir": tmp_path}))
    told = explain(BY, tmp_path)
    assert "new.example has taken over (epoch 2, restored) on 2026-05-04 12:00 UTC" in told
    assert ("--look" in told, "continuity standby" in told) == ((False, False) if database_url else (True, True))
    assert f"delete {tmp_path}" in told
