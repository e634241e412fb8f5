"""`rostra levers`, on a database that another program started."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from rostra.cli import main

Run = Callable[..., Result]


@pytest.fixture
def rostra(migrated_dsn: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    """Runs `rostra levers` on a database of its own."""
    monkeypatch.setenv("ROSTRA_DATABASE_URL", migrated_dsn)
    monkeypatch.setenv("ROSTRA_DATA", str(tmp_path))
    monkeypatch.setenv("ROSTRA_DOMAIN", "social.example")

    def run(*words: str, stdin: str = "", code: int = 0) -> Result:
        result = CliRunner().invoke(main, ["levers", *words], input=stdin)
        assert result.exit_code == code, result.output
        return result

    return run


def state_of(rostra: Run, name: str) -> dict[str, Any]:
    levers = json.loads(rostra("list", "--json").stdout)["levers"]
    return next(lever for lever in levers if lever["name"] == name)


def test_a_lever_goes_through_its_life(rostra: Run, tmp_path: Path) -> None:
    lines = rostra("list").stdout.splitlines()
    assert lines[0].split()[:2] == ["STATE", "LEVER"]
    assert len(lines) == 7
    result = rostra(
        "arm", "slow-mode", "--set", "seconds=60", "--set", "who=all", "--for", "6h", "--when", "backlog:250"
    )
    assert "slow-mode is prepared" in result.stderr
    armed = state_of(rostra, "slow-mode")
    assert (armed["params"]["seconds"], armed["trigger"]) == (60, {"kind": "backlog", "over": 250.0})
    assert "slow-mode is pulled until" in rostra("pull", "slow-mode", "--reason", "A flood", "--title", "Flood").stderr
    assert state_of(rostra, "slow-mode")["pulled"]["reason"] == "A flood"
    assert "state: pulled" in rostra("show", "slow-mode").stdout
    assert "is pulled already" in rostra("pull", "slow-mode", code=1).stderr
    released = rostra("release", "slow-mode", "--json")
    incident = str(json.loads(released.stdout)["id"])
    assert f"rostra levers debrief {incident} FILE" in released.stderr
    assert "debrief due" in rostra("show").stdout
    assert "is not pulled" in rostra("release", "slow-mode", code=1).stderr
    assert "is too short" in rostra("debrief", incident, stdin="Fine.", code=1).stderr
    text = tmp_path / "debrief.txt"
    text.write_text("Somebody bought four hundred accounts.")
    rostra("debrief", incident, str(text))
    assert "closed" in rostra("show").stdout
    rostra("disarm", "slow-mode")
    assert state_of(rostra, "slow-mode")["trigger"] is None


def test_the_brake_is_shown_and_set(rostra: Run) -> None:
    shown = rostra("show").stdout
    assert "clearing takes: 0.0 hours" in shown
    assert "growth brake: on, over 72 hours, from 100 open cases on" in shown
    assert "off: over 48 hours" in rostra("brake", "--limit", "48", "--off").stderr
    said = json.loads(rostra("show", "--json").stdout)
    assert said["brake"] == {"on": False, "limit_hours": 48.0, "least_backlog": 100}
    assert "must be between 1 and 2,160" in rostra("brake", "--limit", "0", code=1).stderr


def test_errors_say_what_to_write(rostra: Run) -> None:
    assert "there is no incident 7" in rostra("debrief", "7", stdin="What happened, and why.", code=1).stderr
    assert "There are: links-off-new" in rostra("pull", "nothing", code=1).stderr.replace("hold-new-accounts, ", "")
    assert "between 5 and 86400" in rostra("arm", "slow-mode", "--set", "seconds=1", code=1).stderr
    assert "write 90m, 24h, 3d, or ever" in rostra("pull", "slow-mode", "--for", "soon", code=1).stderr
    assert "between 5 minutes and 90 days" in rostra("pull", "slow-mode", "--for", "200d", code=1).stderr
    assert "must be one of: drain-time" in rostra("arm", "slow-mode", "--when", "weather:1", code=1).stderr
    assert "write PARAMETER=VALUE" in rostra("arm", "slow-mode", "--set", "seconds", code=2).stderr
    forever = rostra("arm", "slow-mode", "--when", "backlog:5", "--for", "ever", code=1).stderr
    assert "what nobody pulls must end by itself" in forever
