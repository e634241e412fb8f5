"""What the commands say that set copies up, where something is in the way."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

from click.testing import CliRunner, Result

from rostra.cli.continuity import continuity
from rostra.continuity.place import LookOnly, Place
from rostra.continuity.records import ShipStatus, TargetStatus

NOON = datetime(2026, 5, 4, 12, tzinfo=UTC)


def run(*words: object, **environ: str) -> Result:
    return CliRunner().invoke(continuity, [str(word) for word in words], env={"ROSTRA_DOMAIN": "a.example", **environ})


def test_the_address_that_is_printed_with_the_key_can_be_typed_as_it_is(tmp_path: Path) -> None:
    copies = tmp_path / "copies"
    result = run("init", "--no-qr", "--data", tmp_path / "data", ROSTRA_CONTINUITY_TARGETS=str(copies))
    assert result.exit_code == 0, result.output
    assert f"rostra continuity restore '{copies}' --key FILE" in result.stdout


def test_no_return_of_posts_is_promised_where_the_database_is_an_external_one(tmp_path: Path) -> None:
    copies = str(tmp_path / "copies")
    away = {"ROSTRA_CONTINUITY_TARGETS": copies, "ROSTRA_DATABASE_URL": "postgresql://rostra@db.example/rostra"}
    result = run("init", "--no-qr", "--data", tmp_path / "data", **away)
    assert result.exit_code == 0, result.output
    assert "IT BRINGS NO POST BACK" in result.stdout
    assert "brings the whole server back" not in result.stdout
    assert f"rostra continuity restore '{copies}' --key FILE" in result.stdout


def test_a_server_without_copies_fails_whoever_watches_its_status(tmp_path: Path) -> None:
    result = run("status", "--data", tmp_path)
    assert (result.exit_code, "There are no copies" in result.stdout) == (1, True), result.output
    Place(tmp_path).mark_look_only(LookOnly(until=NOON, restored_at=NOON))
    result = run("status", "--data", tmp_path)
    assert result.exit_code == 0, "a copy to look at has no copies, and needs none"


def test_where_no_target_is_named_each_command_says_how_to_name_one(tmp_path: Path) -> None:
    for command in ("init", "verify"):
        result = run(command, "--data", tmp_path)
        assert (result.exit_code, "set ROSTRA_CONTINUITY_TARGETS" in result.stderr) == (3, True), result.stderr


def test_a_target_of_another_number_is_named(tmp_path: Path) -> None:
    result = run("verify", "--target", 3, "--data", tmp_path, ROSTRA_CONTINUITY_TARGETS=str(tmp_path / "copies"))
    assert (result.exit_code, "there is no target 3" in result.stderr) == (3, True), result.stderr


def test_a_directory_that_is_no_standby_is_left_as_it_was(tmp_path: Path) -> None:
    for words in (("promote",), ("standby", "--status")):
        result = run(*words, "--data", tmp_path / "mistyped")
        assert (result.exit_code, "is no standby" in result.stderr) == (1, True), result.stderr
    assert not (tmp_path / "mistyped").exists()


def test_status_of_an_external_database_speaks_of_files_and_not_of_base_copies(tmp_path: Path) -> None:
    place = Place(tmp_path)
    place.ensure()
    (place.path / "epoch.json").write_text("{}")
    now = datetime.now(UTC)
    target = TargetStatus(
        label="s3://copies/x", safe_until=None, behind=0, base=None, base_at=None, bases=0, media_behind=2,
        files_until=now,
    )  # fmt: skip
    place.write_status(
        ShipStatus(
            at=now, site="s", epoch=1, lsn=0, spool_bytes=0, wal_bytes=0, targets=[target], external_database=True
        )
    )
    result = run("status", "--data", tmp_path)
    assert result.exit_code == 0, result.output
    assert "has all files, settings and secrets; 2 files to go" in result.stdout
    assert "The database is an external one" in result.stdout
    assert "base copy" not in result.stdout
    assert "drill" not in result.stdout
