"""The systemd units say what the program does."""

from __future__ import annotations

import re
from pathlib import Path

from rostra.cli.options import Exit

DEPLOY = Path("deploy")


def test_what_no_start_would_mend_is_not_started_again() -> None:
    unit = (DEPLOY / "rostra.service").read_text()
    found = re.search(r"^RestartPreventExitStatus=(.*)$", unit, re.MULTILINE)
    assert found is not None
    # 2 is a wrong command line. A database that is away, or a part that crashed, may be better the next time.
    hopeless = {2, Exit.SETTINGS, Exit.DATA_DIRECTORY, Exit.ALREADY_RUNNING, Exit.ADDRESS, Exit.REPLACED}
    assert {int(status) for status in found[1].split()} == hopeless


def test_unit_and_container_install_what_was_tested() -> None:
    for name in ("rostra.service", "Containerfile"):
        text = (DEPLOY / name).read_text()
        assert "--require-hashes -r requirements/run.lock" in text, name
        assert "pip install rostra" not in text, name
