"""`rostra continuity restore` as an operator meets it: the key, the questions, the lines, the report, the way out."""

from __future__ import annotations

import http.client
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import msgspec
import pytest
from click.testing import CliRunner, Result

from rostra.cli.continuity_report import Screen, describe, size_text
from rostra.cli.continuity_restore import parse_moment, restore
from rostra.cli.options import Refusal
from rostra.continuity.place import Place
from rostra.continuity.restore.records import Listeners, Report, Step
from rostra.continuity.restore.run import restore as bring_back
from rostra.kit.postgres import processes_in
from tests.continuity.lost import Lost
from tests.ports import free_port

ROOT = Path(__file__).parent.parent.parent


def run(*words: object, stdin: str = "") -> Result:
    return CliRunner().invoke(restore, [str(word) for word in words], input=stdin)


def spawn(*words: object, **more: str) -> subprocess.Popen[str]:
    env = {"PATH": os.environ["PATH"], "PYTHONPATH": os.pathsep.join([str(ROOT), *sys.path])} | more
    arguments = [sys.executable, "-m", "rostra", *map(str, words)]
    return subprocess.Popen(
        arguments, cwd=ROOT, env=env, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )


@pytest.fixture(scope="module")
def key_file(lost: Lost) -> Path:
    path = lost.home / "recovery.key"
    path.write_text(f"# kept in the safe\n{' '.join(lost.key.words)}\n")
    return path


def test_the_whole_command_says_each_step_and_ends_with_what_is_held(lost: Lost, key_file: Path) -> None:
    data = lost.home / "by-command"
    target = lost.copy_of_target("command")
    command = spawn("continuity", "restore", target, "--key", "-", "--data", data, "--yes", "--prove")
    out, err = command.communicate(lost.key.identity, timeout=120)
    assert command.returncode == 0, err
    lines = err.splitlines()
    assert lines[0].startswith("rostra: reading what is there")
    for step in ("log (", "database (", "recovery (", "opening a new epoch", "files ("):
        assert any(line.startswith(f"rostra: {step}") for line in lines), step
    ready = lines.index(f"rostra: ready: start it now with `rostra up --data {data}`; files and checks go on here")
    assert any(line.startswith("rostra: files (") for line in lines[ready:])
    assert f"by @ada, {'20'}" in out
    assert "were the same, row by row, as on the original" in out
    assert "epoch 2 was opened" in out
    assert lost.key.identity not in out + err
    assert Place(data).find_half_restored() is None
    assert Place(data).find_json("restored.json", Report) is not None


def test_the_report_is_json_for_machines_and_is_kept(lost: Lost, key_file: Path) -> None:
    data = lost.home / "json"
    result = run(lost.target, "--key", key_file, "--data", data, "--look", "--json", "--to", lost.moment.isoformat())
    assert result.exit_code == 0, result.output
    report = msgspec.json.decode(result.stdout, type=Report)
    assert (report.purpose, report.asked, report.new_epoch) == ("look", lost.moment, None)
    assert report == Place(data).find_json("restored.json", Report)
    assert "going back to" in result.stderr
    assert "copy to look at" in describe(report)


@pytest.fixture
def port() -> int:
    return free_port()


@contextmanager
def up(data: Path, port: int) -> Iterator[int]:
    """The server on a data directory, ready; the number of its process."""
    process = spawn("up", "--data", data, "--port", port)
    assert process.stdout
    assert process.stderr
    try:
        assert process.stdout.readline().startswith("ready ")
        yield process.pid
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(30)


def ask(port: int, method: str, path: str) -> tuple[int, str]:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=20)
    connection.request(method, path, headers={"Host": "origin.test"})
    answer = connection.getresponse()
    return answer.status, answer.read().decode()


def test_up_serves_a_copy_to_look_at_for_reading_alone(lost: Lost, key_file: Path, port: int) -> None:
    data = lost.home / "looked-at"
    result = run(lost.target, "--key", key_file, "--data", data, "--look")
    assert result.exit_code == 0, result.output
    with up(data, port) as server:
        status, page = ask(port, "GET", "/public/local")
        assert (status, "nothing can be written here" in page, "the last" in page) == (200, True, True)
        assert ask(port, "POST", "/api/v1/statuses")[0] == 503
        said = [Path(f"/proc/{pid}/cmdline").read_bytes() for pid in _children_of(server)]
        assert not [line for line in said if b"\0worker\0" in line or b"\0ship\0" in line]
    assert not (data / "mail").exists()


def _children_of(pid: int) -> list[int]:
    found: list[int] = []
    for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split():
        found += [int(child), *_children_of(int(child))]
    return found


async def test_the_server_is_started_while_files_and_checks_go_on(lost: Lost, port: int) -> None:
    # There other tests' servers have taken over too, which would fence this one.
    shutil.rmtree(lost.home / "target", ignore_errors=True)
    options = lost.options("at-once", lost.copy_of_target("at-once"))
    started: list[subprocess.Popen[str]] = []

    def start(data: Path) -> None:
        started.append(spawn("up", "--data", data, "--port", port))

    try:
        report = await bring_back(options, Listeners(ready=start))
        assert (report.problems, report.media.fetched) == ([], 2)
        assert started[0].stdout
        assert started[0].stdout.readline() == "ready https://origin.test\n"
        status, page = ask(port, "GET", "/public/local")
        assert (status, "the last" in page, "nothing can be written here" in page) == (200, True, False)
    finally:
        for process in started:
            process.send_signal(signal.SIGTERM)
            process.communicate(timeout=30)


def test_a_restore_that_was_killed_is_refused_with_the_way_out(lost: Lost, key_file: Path, port: int) -> None:
    data = lost.home / "killed"
    command = spawn("continuity", "restore", lost.target, "--key", key_file, "--data", data, "--look")
    deadline = time.monotonic() + 60
    while Place(data).find_half_restored() is None:
        assert command.poll() is None
        assert time.monotonic() < deadline
        time.sleep(0.001)
    command.kill()
    command.communicate()
    deadline = time.monotonic() + 30
    while (data / "postgres").exists() and processes_in(data / "postgres"):
        assert time.monotonic() < deadline
        time.sleep(0.02)
    again = run(lost.target, "--key", key_file, "--data", data, "--look")
    assert again.exit_code == 1
    assert "did not come to its end; delete the directory and start again" in again.stderr
    refused = spawn("up", "--data", data, "--port", port, ROSTRA_DOMAIN="origin.test")
    _, said = refused.communicate(timeout=60)
    assert refused.returncode == 4
    assert f"delete {data} and start it again" in said


def test_nobody_is_replaced_without_being_asked(lost: Lost, key_file: Path) -> None:
    data, target = lost.home / "unasked", lost.copy_of_target("unasked")
    result = run(target, "--key", key_file, "--data", data)
    assert result.exit_code == 1
    assert "this replaces the server of origin.test; say --yes" in result.stderr
    assert not data.exists()
    assert len(list(target.glob("*/epochs/*"))) == 1


@pytest.mark.parametrize("as_words", [True, False])
def test_a_key_on_the_command_line_is_refused_and_not_repeated(lost: Lost, as_words: bool) -> None:
    key = " ".join(lost.key.words) if as_words else lost.key.identity
    result = run(lost.target, "--key", key, "--data", lost.home / "never")
    assert result.exit_code == 3
    assert "--key wants a file and not the key itself" in result.stderr
    assert lost.key.words[0] not in result.output.split()
    assert lost.key.identity not in result.output


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("abandon abandon", "got 2 words"),
        ("AGE-SECRET-KEY-1QQQQ", "its checksum is wrong"),
        (None, "No such file"),
    ],
)
def test_a_key_that_is_none_is_told_without_it(lost: Lost, tmp_path: Path, content: str | None, said: str) -> None:
    path = tmp_path / "key"
    if content is not None:
        path.write_text(content)
    result = run(lost.target, "--key", path, "--data", lost.home / "never")
    assert (result.exit_code, said in result.stderr) == (3, True), result.stderr


def test_a_directory_that_is_not_empty_is_refused_before_the_key_is_asked_for(tmp_path: Path) -> None:
    (tmp_path / "something").touch()
    result = run("/nowhere", "--key", tmp_path / "no-key", "--data", tmp_path)
    assert (result.exit_code, "is not empty" in result.stderr) == (1, True)


@pytest.mark.parametrize(
    ("target", "status", "said"),
    [
        ("ftp://somewhere/x", 3, "ftp"),
        ("EMPTY", 1, "there are no copies at file://"),
    ],
)
def test_a_target_that_has_nothing_or_is_none_is_told(
    lost: Lost, key_file: Path, tmp_path: Path, target: str, status: int, said: str
) -> None:
    address = target if target != "EMPTY" else str(tmp_path / "empty")
    result = run(address, "--key", key_file, "--data", tmp_path / "data")
    assert (result.exit_code, said in result.stderr) == (status, True), result.stderr
    assert not (tmp_path / "data").exists()


def test_a_moment_is_read_with_its_zone_or_as_local_time() -> None:
    now = datetime(2026, 11, 23, tzinfo=UTC)
    assert parse_moment("2026-11-22T03:12:00Z", now) == datetime(2026, 11, 22, 3, 12, tzinfo=UTC)
    assert parse_moment("2026-11-22 03:12+02:00", now) == datetime(2026, 11, 22, 1, 12, tzinfo=UTC)
    local = datetime(2026, 11, 21, 3, 12).astimezone(UTC)
    assert parse_moment("2026-11-21 03:12", now) == local
    with pytest.raises(Refusal, match="is no moment; write 2026-11-22T03:12:00Z"):
        parse_moment("yesterday", now)
    with pytest.raises(Refusal, match="is in the future"):
        parse_moment((now + timedelta(seconds=1)).isoformat(), now)


def test_steps_are_lines_where_there_is_no_terminal(capsys: pytest.CaptureFixture[str]) -> None:
    with Screen() as screen:
        for step in (Step("log", 0, 3, "pieces"), Step("database", 0, 2_500_000, "bytes"), Step("log", 2, 3, "pieces")):
            screen.show(step)
        screen.show(Step("recovery", has_ended=True))
    assert capsys.readouterr().err.splitlines() == [
        "rostra: log (3 pieces)",
        "rostra: database (2.5 MB)",
        "rostra: recovery",
    ]


def test_steps_are_one_moving_line_on_a_terminal(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True)
    with Screen() as screen:
        screen.show(Step("log", 5, 10, "pieces"))
        screen.show(Step("database", 10, 10, "bytes", has_ended=True))
    shown = capsys.readouterr().err
    assert "log [████████████░░░░░░░░░░░░]  50% of 10 pieces" in shown
    assert "\n" not in shown


def test_sizes_are_for_people() -> None:
    assert [size_text(size) for size in (12, 1200, 3_400_000, 1_200_000_000)] == [
        "12 bytes", "1.2 kB", "3.4 MB", "1.2 GB",
    ]  # fmt: skip
