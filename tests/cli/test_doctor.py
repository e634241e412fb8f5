"""`rostra doctor` on set-ups with one fault each."""

from __future__ import annotations

import re
import socket
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import msgspec
import pytest
from click.testing import CliRunner

from rostra.cli import main
from rostra.cli.doctor import (
    check_database,
    check_directory,
    check_mail,
    check_secrets,
    check_storage,
)
from rostra.cli.doctor_proxies import check_proxies
from rostra.cli.findings import Finding
from rostra.kit.settings import Settings


@pytest.fixture(autouse=True)
def nothing_outside(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What else was ever tried on this machine is not to be found."""
    monkeypatch.setattr(sys.modules["rostra.cli.doctor"], "OUTSIDE", tmp_path / "outside")


@pytest.fixture
def data(tmp_path: Path) -> Path:
    path = tmp_path / "data"
    path.mkdir(mode=0o700)
    (path / "media").mkdir()
    secrets = path / "secrets.json"
    secrets.write_text("{}")
    secrets.chmod(0o600)
    return path


@contextmanager
def mail_server() -> Iterator[int]:
    """Greets and says yes to everything."""
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def serve() -> None:
            connection, _ = listener.accept()
            with connection, connection.makefile("rwb", buffering=0) as lines:
                lines.write(b"220 here\r\n")
                while line := lines.readline():
                    lines.write(b"221 bye\r\n" if line.lower().startswith(b"quit") else b"250 yes\r\n")

        thread = threading.Thread(target=serve)
        thread.start()
        yield listener.getsockname()[1]
        thread.join()


def states(findings: list[Finding]) -> dict[str, str]:
    return {finding.check: finding.state for finding in findings}


def test_a_good_set_up_passes_and_is_printed_as_json(data: Path, pg_dsn: str) -> None:
    environment = {"ROSTRA_DATA": str(data), "ROSTRA_DOMAIN": "social.example", "ROSTRA_DATABASE_URL": pg_dsn}
    environment["ROSTRA_TRUSTED_PROXIES"] = "127.0.0.1,::1"
    done = CliRunner().invoke(main, ["doctor", "--json"], env=environment)
    found = msgspec.json.decode(done.stdout, type=list[Finding])
    assert done.exit_code == 0, found
    assert states(found) == {
        "programs": "ok",
        "directory": "ok",
        "secrets": "ok",
        "disk": "ok",
        "database": "ok",
        "migrations": "ok",
        "clock": "ok",
        "storage": "ok",
        "proxies": "ok",
        "mail": "warn",
        "text model": "ok",
        "copies": "warn",
    }
    assert all(finding.todo for finding in found if finding.state != "ok")


def test_a_failed_check_is_the_exit_status_and_comes_with_what_to_do(data: Path, pg_dsn: str) -> None:
    (data / "secrets.json").chmod(0o644)
    environment = {"ROSTRA_DATA": str(data), "ROSTRA_DOMAIN": "social.example", "ROSTRA_DATABASE_URL": pg_dsn}
    done = CliRunner().invoke(main, ["doctor"], env=environment)
    assert done.exit_code == 1
    assert f"→ chmod 600 {data / 'secrets.json'}" in done.stdout


def test_a_public_server_whose_proxy_is_not_named_is_warned(data: Path) -> None:
    public = Settings(data_dir=data, domain="social.example")
    assert states(check_proxies(public)) == {"proxies": "warn"}
    assert states(check_proxies(msgspec.structs.replace(public, trusted_proxies=("10.0.0.1",)))) == {"proxies": "ok"}
    assert check_proxies(msgspec.structs.replace(public, dev=True)) == []


def test_a_data_directory_that_others_may_read_fails(data: Path) -> None:
    data.chmod(0o755)
    assert states(check_directory(Settings(data_dir=data)))["directory"] == "fail"
    data.chmod(0o710)
    assert states(check_directory(Settings(data_dir=data)))["directory"] == "ok"


def test_lost_secrets_of_a_used_database_fail(data: Path) -> None:
    (data / "secrets.json").unlink()
    assert states(check_secrets(Settings(data_dir=data)))["secrets"] == "warn"
    (data / "postgres").mkdir()
    assert states(check_secrets(Settings(data_dir=data)))["secrets"] == "fail"


def test_a_database_that_does_not_answer_fails(data: Path) -> None:
    settings = Settings(data_dir=data, database_url=f"postgresql://rostra@/rostra?host={data}")
    assert states(check_database(settings)) == {"database": "fail"}


def test_an_unmigrated_database_fails(data: Path, pg_server: str) -> None:
    settings = Settings(data_dir=data, database_url=pg_server.format(database="postgres"))
    assert states(check_database(settings))["migrations"] == "fail"


def test_storage_that_cannot_be_written_fails(data: Path) -> None:
    (data / "media").rmdir()
    (data / "media").write_text("a file")
    assert states(check_storage(Settings(data_dir=data))) == {"storage": "fail"}


def test_a_mail_server_is_greeted_and_an_absent_one_fails(data: Path) -> None:
    with mail_server() as port:
        assert states(check_mail(Settings(data_dir=data, smtp_url=f"smtp://127.0.0.1:{port}"))) == {"mail": "ok"}
    assert states(check_mail(Settings(data_dir=data, smtp_url=f"smtp://127.0.0.1:{port}"))) == {"mail": "fail"}


def test_help_imports_no_command(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(name: str) -> None:
        raise AssertionError(f"{name} was imported")

    monkeypatch.setattr("importlib.import_module", refuse)
    done = CliRunner().invoke(main, ["--help"])
    assert done.exit_code == 0
    assert re.search(r"^  up +Run everything", done.stdout, re.MULTILINE)
