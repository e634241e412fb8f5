"""What `rostra doctor` says about copies, on set-ups with one fault each."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from rostra.cli import doctor_continuity
from rostra.cli.doctor_continuity import check_copies
from rostra.cli.findings import Finding
from rostra.continuity.keys import RecoveryKey
from rostra.continuity.place import Place
from rostra.continuity.records import DrillLog, DrillRecord, ShipStatus, TargetStatus
from rostra.kit.objectstore import ObjectStore
from rostra.kit.settings import Settings
from tests.s3 import s3_server, s3_url

__all__ = ["s3_server", "s3_url"]


def texts(findings: list[Finding], state: str) -> str:
    return "\n".join(finding.found for finding in findings if finding.state == state)


def test_a_server_without_copies_is_warned(tmp_path: Path) -> None:
    [finding] = check_copies(Settings(data_dir=tmp_path))
    assert (finding.state, "continuity init" in finding.todo) == ("warn", True)
    assert check_copies(Settings(data_dir=tmp_path, dev=True))[0].state == "ok"


def test_a_place_is_written_read_and_left_as_it_was(tmp_path: Path) -> None:
    place = tmp_path / "copies"
    found = check_copies(Settings(data_dir=tmp_path / "data", continuity_targets=(str(place),)))
    assert f"file://{place}: an object was written, read and removed" in texts(found, "ok")
    assert [path for path in place.rglob("*") if path.is_file()] == []


def test_a_place_that_cannot_be_written_fails_without_its_secrets(tmp_path: Path) -> None:
    addresses = (
        "s3://id:unspeakable@copies/x?endpoint=http://127.0.0.1:1&region=r",
        "sftp://me:unspeakable@127.0.0.1:1/x",
    )
    for address in addresses:
        failed = texts(check_copies(Settings(data_dir=tmp_path, continuity_targets=(address,))), "fail")
        assert "127.0.0.1" in failed or "s3://copies/x" in failed
        assert "unspeakable" not in failed


def test_a_store_that_replaces_what_is_there_is_warned_of(
    tmp_path: Path, s3_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = Settings(data_dir=tmp_path, continuity_targets=(s3_url,))
    assert "If-None-Match" not in texts(check_copies(settings), "warn")

    async def replaces(_store: ObjectStore) -> bool:
        return False

    monkeypatch.setattr(ObjectStore, "honours_put_new", replaces)
    assert "If-None-Match" in texts(check_copies(settings), "warn")


def test_a_clock_that_is_off_is_warned_of(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    settings = Settings(data_dir=tmp_path, continuity_targets=(str(tmp_path / "copies"),))
    real = doctor_continuity.time.time
    monkeypatch.setattr(doctor_continuity.time, "time", lambda: real() + 90)
    assert "its clock is -90 s from ours" in texts(check_copies(settings), "warn")


def test_what_ship_and_the_last_drill_said_is_repeated(tmp_path: Path) -> None:
    settings = Settings(data_dir=tmp_path, continuity_targets=(str(tmp_path / "copies"),))
    assert "There are no copies of this server" in texts(check_copies(settings), "warn")
    place, now = Place(tmp_path), datetime.now(UTC)
    place.ensure()
    (place.path / "epoch.json").write_text("{}")
    target = TargetStatus(
        label="s3://elsewhere", safe_until=now, behind=0, base="b", base_at=now, bases=1, media_behind=0
    )
    earlier = now - timedelta(minutes=3)
    place.write_status(ShipStatus(at=earlier, site="s", epoch=1, lsn=1, spool_bytes=0, wal_bytes=0, targets=[target]))
    drill = DrillRecord(
        at=now, ended_at=now, target="t", host="h", full=True, ok=False, problems=["a byte was changed"]
    )
    place.write_json("drills.json", DrillLog(drills=[drill]))
    failed = texts(check_copies(settings), "fail")
    assert "Copies have stopped: their last sign of life was 3 minutes ago" in failed
    assert "a byte was changed" in failed


def test_a_recovery_key_beside_the_data_is_found(tmp_path: Path) -> None:
    key = RecoveryKey.generate()
    (tmp_path / "continuity").mkdir()
    (tmp_path / "continuity" / "key.txt").write_text(f"# mine\n{key.identity.lower()}\n")
    (tmp_path / "notes.txt").write_text(f"the public half is {key.recipient}")
    found = check_copies(Settings(data_dir=tmp_path))
    warned = texts(found, "warn")
    assert "key.txt holds a recovery key" in warned
    assert "notes.txt" not in warned
    assert key.identity not in str(found)
    assert key.identity.lower() not in str(found)


def test_without_the_servers_environment_it_says_that_no_place_can_be_tried(tmp_path: Path) -> None:
    place = Place(tmp_path)
    place.ensure()
    (place.path / "epoch.json").write_text("{}")
    assert "none can be tried" in texts(check_copies(Settings(data_dir=tmp_path)), "warn")
