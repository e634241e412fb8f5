"""A real `rostra up --dev` for tests: started on a free port with a data directory of its own, and looked into."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
from click.testing import CliRunner

from rostra.cli import main
from rostra.kit.postgres import processes_in
from tests.conftest import SCRATCH
from tests.ports import free_port

ROOT = Path(__file__).parent.parent.parent
PASSWORD = "correct horse battery"
SCOPES = "read write follow push profile"
CHEAP_PASSWORDS = {"ROSTRA_ARGON2_TIME_COST": "1", "ROSTRA_ARGON2_MEMORY_KIB": "64"}


class Person:
    """Somebody on the live server, with a token for everything."""

    def __init__(self, server: Server, username: str, account_id: str, token: str) -> None:
        self.username = username
        self.email = f"{username}@example.com"
        self.id = account_id
        self.token = token
        self.http = httpx.Client(
            base_url=server.url, headers={"authorization": f"Bearer {token}"}, timeout=20, trust_env=False
        )
        server.on_stop(self.http.close)

    def post(self, text: str, **more: Any) -> dict[str, Any]:
        answer = self.http.post("/api/v1/statuses", json={"status": text, **more})
        assert answer.status_code == 200, answer.text
        return answer.json()


class Server:
    """The running program. `log` collects what it says on standard error."""

    def __init__(self, home: Path, *words: object, **environment: str) -> None:
        self.data = home / "data"
        self.port = free_port()
        self.domain = f"localhost:{self.port}"
        self.url = f"http://{self.domain}"
        self.log: list[str] = []
        self._words = words
        self._at_stop: list[Callable[[], object]] = []
        self._environment = {"PATH": os.environ["PATH"], "HOME": str(home), **CHEAP_PASSWORDS, **environment}
        self.start()

    def start(self) -> None:
        """Start it, for the first time or again on the same data."""
        where = ("--data", self.data, "--port", self.port, "--domain", self.domain, "--scheme", "http", "--dev")
        self.process = subprocess.Popen(
            [sys.executable, "-m", "rostra", "up", *map(str, where), *map(str, self._words)],
            cwd=ROOT, env=self._environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        )  # fmt: skip
        self._reader = threading.Thread(target=self._read_log, daemon=True)
        self._reader.start()
        assert self.process.stdout is not None
        first = self.process.stdout.readline()
        assert first == f"ready {self.url}\n", "".join(self.log)

    def _read_log(self) -> None:
        assert self.process.stderr is not None
        for line in self.process.stderr:
            self.log.append(line)

    def run(self, *words: object) -> str:
        """Run a command on the data directory of the server and return its standard output."""
        environment = {name: value for name, value in self._environment.items() if name.startswith("ROSTRA_")}
        # In a thread: it brings an event loop of its own.
        with ThreadPoolExecutor(1) as aside:
            given = [*map(str, words), "--data", str(self.data)]
            done = aside.submit(CliRunner(env=environment).invoke, main, given).result(60)
        assert done.exit_code == 0, done.output
        return done.stdout

    def person(self, username: str, role: str = "user") -> Person:
        """Somebody who may sign in with PASSWORD, made by the command line."""
        made = self.run(
            "account", "create", username, "--email", f"{username}@example.com", "--password", PASSWORD,
            "--role", role, "--confirmed",
        )  # fmt: skip
        token = self.run("account", "token", username, "--scopes", SCOPES)
        return Person(self, username, json.loads(made)["id"], json.loads(token)["access_token"])

    def on_stop(self, act: Callable[[], object]) -> None:
        """Have something done when the server is stopped."""
        self._at_stop.append(act)

    def children(self, command: str) -> list[int]:
        """The processes of the program that run `command`: web, worker or postgres."""
        found: list[int] = []
        for pid in Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children").read_text().split():
            try:
                words = Path(f"/proc/{pid}/cmdline").read_text().split("\0")
            except OSError:
                continue
            if command in words or (command == "postgres" and words[0].endswith("/postgres")):
                found.append(int(pid))
        return found

    def is_healthy(self) -> bool:
        try:
            return httpx.get(f"{self.url}/health", timeout=3, trust_env=False).status_code == 200
        except httpx.TransportError:
            return False

    def stop(self) -> int:
        """End it as a service manager would; returns the exit status. Nothing happens where it has ended."""
        if self.process.stdout is None or self.process.stdout.closed:
            return self.process.returncode
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
        try:
            status = self.process.wait(20)
        finally:
            self.process.kill()
        self._reader.join(5)
        assert self.process.stderr is not None
        self.process.stdout.close()
        self.process.stderr.close()
        return status

    def close(self) -> None:
        """End it for good, and what was opened for it."""
        while self._at_stop:
            self._at_stop.pop()()
        self.stop()


def wait_for(is_so: Callable[[], object], seconds: float = 60.0) -> None:
    """Return as soon as `is_so()` holds; fail where it does not come true, even on a machine that is busy."""
    deadline = time.monotonic() + seconds
    while not is_so():
        assert time.monotonic() < deadline, "did not come true in time"
        time.sleep(0.05)


@contextmanager
def scratch_home() -> Iterator[Path]:
    """A directory for one server, where every account may pass through; removed once nothing runs on it."""
    home = Path(tempfile.mkdtemp(prefix="rostra-live-", dir=SCRATCH))
    home.chmod(0o711)
    try:
        yield home
    finally:
        wait_for(lambda: not processes_in(home / "data" / "postgres"))
        shutil.rmtree(home, ignore_errors=True)


@contextmanager
def running(*words: object, **environment: str) -> Iterator[Server]:
    """A server from its start to its end."""
    with scratch_home() as home:
        server = Server(home, *words, **environment)
        try:
            yield server
        finally:
            server.close()
            # Shown by pytest where a test fails.
            print("".join(server.log[-200:]))
