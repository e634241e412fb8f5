"""`rostra up` as its users meet it: a process, its lines, its exit status, and requests over a socket."""

from __future__ import annotations

import asyncio
import http.client
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import asyncpg
import pytest
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import connect

from rostra.kit.postgres import processes_in
from tests.conftest import SCRATCH
from tests.ports import free_port

ROOT = Path(__file__).parent.parent.parent
ENVIRONMENT = {
    "PATH": os.environ["PATH"],
    "PYTHONPATH": os.pathsep.join([str(ROOT), *sys.path]),
    "ROSTRA_APP_FACTORY": "tests.cli.tiny:create_app",
    "ROSTRA_WORKER_RUN": "tests.cli.tiny:run",
}


@pytest.fixture(scope="module")
def data() -> Iterator[Path]:
    """One data directory for the module, where every account may pass through; one server at a time runs on it."""
    home = Path(tempfile.mkdtemp(prefix="rostra-test-", dir=SCRATCH))
    home.chmod(0o711)
    yield home / "data"
    wait_for(lambda: not processes_in(home / "data" / "postgres"))
    shutil.rmtree(home)


@pytest.fixture
def port() -> int:
    return free_port()


def rostra(*words: object, **environment: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-m", "rostra", *map(str, words)],
        cwd=ROOT,
        env=ENVIRONMENT | environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def ended(process: subprocess.Popen[str]) -> tuple[int, str, str]:
    out, err = process.communicate(timeout=60)
    return process.returncode, out, err


def up(data: Path, port: int, *words: object, **environment: str) -> subprocess.Popen[str]:
    where = ("--data", data, "--port", port, "--domain", f"localhost:{port}", "--scheme", "http", "--dev")
    return rostra("up", *where, *words, **environment)


@contextmanager
def running(data: Path, port: int, *words: object, **environment: str) -> Iterator[subprocess.Popen[str]]:
    process = up(data, port, *words, **environment)
    try:
        assert process.stdout is not None
        first = process.stdout.readline()
        assert first == f"ready http://localhost:{port}\n", ended(process)[2]
        yield process
    finally:
        process.kill()
        # Shown by pytest where the test fails.
        print(process.communicate()[1])


def get(port: int, path: str = "/") -> str:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=20)
    try:
        connection.request("GET", path)
        response = connection.getresponse()
        assert response.status == 200
        return response.read().decode()
    finally:
        connection.close()


def wait_for(is_so: Callable[[], object], seconds: float = 60.0) -> None:
    deadline = time.monotonic() + seconds
    while not is_so():
        assert time.monotonic() < deadline, "did not come true in time"
        time.sleep(0.02)


def children(process: subprocess.Popen[str], command: str) -> list[int]:
    found: list[int] = []
    for pid in Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text().split():
        try:
            words = Path(f"/proc/{pid}/cmdline").read_text().split("\0")
        except OSError:
            continue
        if command in words:
            found.append(int(pid))
    return found


def test_up_says_ready_once_and_ends_cleanly_on_sigterm(data: Path, port: int) -> None:
    with running(data, port, "--workers", 2) as process:
        assert len(children(process, "web")) == 2
        assert len(children(process, "worker")) == 1
        assert len(get(port, "/database")) > 0
        started = time.monotonic()
        process.terminate()
        status, out, err = ended(process)
        assert (status, out) == (0, "")
        assert time.monotonic() - started < 10
        assert "Traceback" not in err
        assert processes_in(data / "postgres") == []
    assert "was not properly shut down" not in (data / "log" / "postgres.log").read_text()


def test_a_second_start_is_refused_and_names_the_first_process(data: Path, port: int) -> None:
    with running(data, port) as process:
        status, out, err = ended(up(data, port))
        assert (status, out) == (5, "")
        assert f"process {process.pid} already runs on {data}" in err
        assert get(port, "/health")


def test_a_start_after_the_supervisor_was_killed_works_at_once(data: Path, port: int) -> None:
    with running(data, port) as process:
        process.kill()
    with running(data, port) as process:
        assert get(port, "/database")
        process.terminate()
        assert ended(process)[0] == 0


def test_a_killed_database_comes_back(data: Path, port: int) -> None:
    with running(data, port) as process:
        before = get(port, "/database")
        (postmaster,) = children(process, str((data / "postgres").resolve()))
        os.kill(postmaster, signal.SIGKILL)

        def is_back() -> bool:
            try:
                return get(port, "/database") != before
            except (AssertionError, OSError, http.client.HTTPException):
                # Each failure is a traceback in the log, which nobody reads here: a full pipe would hold the server up.
                time.sleep(1)
                return False

        wait_for(is_back)


def test_a_crashed_web_process_is_started_again(data: Path, port: int) -> None:
    with running(data, port) as process:
        before = get(port)
        with pytest.raises((OSError, http.client.HTTPException)):
            get(port, "/crash")
        # The request waits in the listening socket, which is ours, until the new process takes it.
        assert get(port) != before
        assert process.poll() is None


def test_a_web_process_that_cannot_start_ends_the_program_with_its_log(data: Path, port: int) -> None:
    status, out, err = ended(up(data, port, ROSTRA_APP_FACTORY="tests.cli.tiny:create_broken_app"))
    assert (status, out) == (8, "")
    last = err.rpartition("in a row. Its last lines:\n")[2]
    assert last.endswith("RuntimeError: the stand-in is broken\n")
    assert processes_in(data / "postgres") == []


@pytest.mark.parametrize("keep_alive", [False, True])
def test_a_rolling_restart_loses_no_request(data: Path, port: int, keep_alive: bool) -> None:
    failures: list[str] = []
    answered: list[str] = []
    done = threading.Event()

    def ask_on() -> None:
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=20)
        while not done.is_set():
            try:
                connection.request("GET", "/")
                answered.append(connection.getresponse().read().decode())
            except (OSError, http.client.HTTPException) as error:
                failures.append(repr(error))
            if not keep_alive:
                connection.close()
            time.sleep(0.002)
        connection.close()

    with running(data, port, "--workers", 2) as process:
        old = set(children(process, "web"))
        clients = [threading.Thread(target=ask_on) for _ in range(4)]
        slow = threading.Thread(target=lambda: answered.append(get(port, "/slow")))
        for thread in (*clients, slow):
            thread.start()
        process.send_signal(signal.SIGHUP)
        try:
            wait_for(lambda: len(children(process, "web")) == 2 and not old & set(children(process, "web")))
            # And the new ones have been asked too.
            wait_for(lambda: answered[-1] not in map(str, old))
        finally:
            done.set()
            for thread in (*clients, slow):
                thread.join()
        assert failures == []
        assert set(answered) & set(map(str, old))
        assert set(answered) - set(map(str, old))


def test_websockets_are_closed_at_once_when_the_server_ends(data: Path, port: int) -> None:
    with running(data, port) as process, connect(f"ws://127.0.0.1:{port}/") as websocket:
        process.terminate()
        with pytest.raises(ConnectionClosed):
            websocket.recv(timeout=5)
        assert ended(process)[0] == 0


def test_sigint_to_the_whole_group_ends_it_cleanly(data: Path, port: int) -> None:
    process = subprocess.Popen(
        [sys.executable, "-m", "rostra", "up", "--data", data, "--port", str(port), "--dev", "--scheme", "http"],
        cwd=ROOT,
        env=ENVIRONMENT | {"ROSTRA_DOMAIN": "localhost"},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "ready http://localhost\n"
    os.killpg(process.pid, signal.SIGINT)
    status, _, err = ended(process)
    assert status == 0
    assert "Traceback" not in err
    assert "ended" not in err


def test_a_command_without_the_domain_takes_that_of_the_last_start(data: Path, port: int) -> None:
    with running(data, port) as process:
        assert ended(rostra("migrate", "--data", data)) == (0, "", "")
        process.terminate()
        ended(process)
    # And it works without the server too.
    assert ended(rostra("migrate", "--data", data)) == (0, "", "")
    assert processes_in(data / "postgres") == []


def test_what_was_tried_out_gets_its_name_and_keeps_it(data: Path, port: int) -> None:
    at_port = ("--data", data, "--port", port)
    with running(data, port) as process:
        made = rostra("account", "create", "zoe", "--email", "zoe@mail.example", "--confirmed", "--data", data)
        assert ended(made)[0] == 0
        process.terminate()
        ended(process)
    named = rostra("up", *at_port, "--domain", "social.example")
    try:
        assert named.stdout is not None
        assert named.stdout.readline() == "ready https://social.example\n"
    finally:
        named.terminate()
    assert f"what was at http://localhost:{port} is at https://social.example now" in ended(named)[2]
    status, out, err = ended(rostra("up", *at_port, "--domain", "other.example"))
    assert (status, out) == (3, "")
    assert "are at https://social.example, which can never change" in err


def test_a_taken_port_is_a_clear_refusal(data: Path, port: int) -> None:
    with socket.create_server(("127.0.0.1", port)):
        status, out, err = ended(up(data, port))
    assert (status, out) == (6, "")
    assert err == (
        f"rostra: cannot listen on 127.0.0.1 port {port}: Address already in use; "
        "free it, or choose another with --host and --port\n"
    )


@pytest.mark.parametrize(
    ("words", "reason"),
    [
        (("--domain", "Not a domain"), "domain: "),
        (
            ("--domain", "social.example", "--dev"),
            "development mode is for loopback only and social.example is a public",
        ),
        (("--domain", "social.example", "--scheme", "http"), "plain http is for development mode only"),
    ],
)
def test_settings_that_cannot_be_used_are_named(tmp_path: Path, words: tuple[str, ...], reason: str) -> None:
    status, out, err = ended(rostra("up", "--data", tmp_path / "data", *words))
    assert (status, out) == (3, "")
    assert reason in err
    assert all(line.startswith("rostra: ") for line in err.splitlines())
    assert not (tmp_path / "data").exists()


def test_a_variable_that_is_no_setting_is_named(tmp_path: Path) -> None:
    started = rostra("up", "--data", tmp_path / "data", "--domain", "Not a domain", ROSTRA_SMPT_URL="smtp://hush@host")
    status, _, err = ended(started)
    assert (status, err.count("\n")) == (3, 2)
    assert "rostra: ROSTRA_SMPT_URL is no setting and changes nothing; docs/settings.md lists them\n" in err


def test_a_data_directory_that_cannot_be_made_is_named(port: int) -> None:
    status, out, err = ended(up(Path("/proc/nowhere/data"), port))
    assert (status, out) == (4, "")
    assert err == "rostra: /proc/nowhere/data: No such file or directory; choose another with --data\n"


def test_the_parts_alone_want_an_external_database(tmp_path: Path) -> None:
    for part in ("web", "worker"):
        status, _, err = ended(rostra(part, "--data", tmp_path, ROSTRA_DOMAIN="social.example"))
        assert status == 3
        assert "external database" in err


async def test_a_start_says_in_one_line_that_the_database_was_brought_up_to_date(
    tmp_path: Path, fresh_dsn: str
) -> None:
    connection = await asyncpg.connect(fresh_dsn)
    await connection.execute("drop schema public cascade; create schema public")
    await connection.close()
    words = ("migrate", "--data", tmp_path, "--at-start")
    environment = {"ROSTRA_DOMAIN": "localhost", "ROSTRA_DATABASE_URL": fresh_dsn}
    status, out, err = await asyncio.to_thread(ended, rostra(*words, **environment))
    assert (status, out) == (0, "")
    assert err.count("\n") == err.count("the database was brought up to date, to ") == 1
    assert await asyncio.to_thread(ended, rostra(*words, **environment)) == (0, "", "")


def test_the_web_processes_run_alone_on_an_external_database(tmp_path: Path, port: int, fresh_dsn: str) -> None:
    environment = {"ROSTRA_DOMAIN": "localhost", "ROSTRA_DEV": "1", "ROSTRA_SCHEME": "http"}
    words = ("web", "--data", tmp_path, "--port", port, "--workers", 2)
    process = rostra(*words, ROSTRA_DATABASE_URL=fresh_dsn, **environment)
    assert process.stdout is not None
    assert process.stdout.readline() == "ready http://localhost\n"
    assert get(port, "/database")
    process.terminate()
    assert ended(process)[:2] == (0, "")
