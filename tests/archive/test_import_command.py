"""`rostra account import`: the operator's way to bring something into an account, the server running or not."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import Result

from tests.archive.bring import files_of, note, picture, picture_files, zipped
from tests.archive.command import Run, rostra

__all__ = ["rostra"]


@pytest.fixture(autouse=True)
def people(rostra: Run) -> None:
    for person in ("alice", "bob"):
        made = rostra("account", "create", person, "--email", f"{person}@example.com", "--confirmed")
        assert made.exit_code == 0, made.output


def report(done: Result) -> dict[str, Any]:
    assert done.exit_code == 0, done.output
    return json.loads(done.stdout.strip().splitlines()[-1])


def test_lists_and_archives_come_in_and_are_reported(rostra: Run, tmp_path: Path) -> None:
    follows = tmp_path / "following_accounts.csv"
    follows.write_text("Account address\nbob@social.example\nfar@far.example\n")
    tried = report(rostra("account", "import", "@alice", follows, "--dry-run"))
    assert (tried["state"], tried["imported"], tried["reasons"]) == ("waiting", 0, {"other_server": 1})
    done = report(rostra("account", "import", "@alice", follows, "--type", "following"))
    assert (done["state"], done["imported"], done["failed"]) == ("finished", 1, 1)
    archive = zipped(tmp_path / "a.zip", files_of(note(1), note(2, attachment=[picture()])) | picture_files())
    done = report(rostra("account", "import", "alice", archive))
    assert (done["type"], done["imported"], done["proven"]) == ("archive", 2, False)
    # The operator's file stays, the server's copy does not.
    assert archive.exists()
    assert list((tmp_path / "data" / "imports").iterdir()) == []


def test_what_cannot_be_imported_is_refused_in_words(rostra: Run, tmp_path: Path) -> None:
    broken = tmp_path / "following.csv"
    broken.write_bytes(b"bob\n\xff\n")
    refused = rostra("account", "import", "@alice", broken)
    assert (refused.exit_code, "see line 2" in refused.stderr) == (1, True)
    broken.write_text("bob\n")
    nobody = rostra("account", "import", "@nobody", broken)
    assert (nobody.exit_code, "no account called" in nobody.stderr) == (1, True)
    fake = tmp_path / "a.zip"
    fake.write_text("no zip")
    refused = rostra("account", "import", "@alice", fake)
    assert (refused.exit_code, "neither a zip file" in refused.stderr) == (1, True)
