"""`rostra archive export`: the operator's way to somebody's archive, the server running or not."""

from __future__ import annotations

import stat
from pathlib import Path

from rostra.archive.verify import verify_archive
from tests.archive.command import Run, rostra

__all__ = ["rostra"]


def test_an_archive_is_written_for_its_owner_alone_and_never_over_a_file(rostra: Run, tmp_path: Path) -> None:
    made = rostra("account", "create", "alice", "--email", "alice@example.com", "--confirmed")
    assert made.exit_code == 0, made.output
    target = tmp_path / "alice.zip"
    done = rostra("archive", "export", "@alice", "--to", target)
    assert done.exit_code == 0, done.output
    assert f"wrote {target}, {target.stat().st_size} bytes" in done.stderr
    assert stat.S_IMODE(target.stat().st_mode) == 0o600
    verdict = verify_archive(target)
    assert (verdict.account, verdict.problems) == ("alice@social.example", [])
    again = rostra("archive", "export", "@alice", "--to", target)
    assert (again.exit_code, "is there already" in again.stderr) == (1, True)
    nobody = rostra("archive", "export", "@bob", "--to", tmp_path / "bob.zip")
    assert (nobody.exit_code, "no account called @bob" in nobody.stderr) == (1, True)
    assert [path.name for path in tmp_path.iterdir() if path.is_file()] == ["alice.zip"]
