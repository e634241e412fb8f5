"""The server under test: the real program on a scratch directory, and what its processes have used."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from types import TracebackType
from typing import Final

import msgspec

PARTS: Final = ("web", "worker", "database")
_PATIENCE: Final = 30


class Usage(msgspec.Struct, frozen=True):
    """CPU seconds that each process has used so far, with the part of the program that it belongs to."""

    processes: dict[int, tuple[str, float]]

    def since(self, before: Usage) -> Spent:
        """What was used since. What processes used that have ended meanwhile is not known and left out."""
        spent: dict[str, float] = dict.fromkeys(PARTS, 0.0)
        for pid, (part, seconds) in self.processes.items():
            spent[part] += seconds - before.processes.get(pid, (part, 0.0))[1]
        return Spent(**spent)


class Spent(msgspec.Struct, frozen=True):
    """CPU seconds by part."""

    web: float = 0.0
    worker: float = 0.0
    database: float = 0.0

    @property
    def total(self) -> float:
        return self.web + self.worker + self.database

    def __add__(self, other: Spent) -> Spent:
        return Spent(self.web + other.web, self.worker + other.worker, self.database + other.database)


class Server:
    """Owns a running `rostra up` and its scratch directory, from `with` to its end."""

    def __init__(self, *, workers: int) -> None:
        self.port = free_port()
        self.domain = f"localhost:{self.port}"
        self._workers = workers
        self._process: subprocess.Popen[str] | None = None

    def __enter__(self) -> Server:
        self.directory = Path(tempfile.mkdtemp(prefix="rostra-bench-"))
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            self.stop()
        finally:
            run = self.directory / "run"
            for path in (run.resolve(), self.directory):
                shutil.rmtree(path, ignore_errors=True)

    def start(self) -> float:
        """Start and return the seconds until it was ready."""
        began = time.perf_counter()
        ours = {"ROSTRA_APP_FACTORY": "benchmarks.app:create_app", "ROSTRA_LOG_LEVEL": "warning"}
        env = {**os.environ, **ours, "PYTHONPATH": str(Path(__file__).parent.parent)}
        command = (
            f"{sys.executable} -m rostra up --dev --data {self.directory} --port {self.port} --domain {self.domain} "
            f"--scheme http --workers {self._workers}"
        )
        self._process = subprocess.Popen(command.split(), stdout=subprocess.PIPE, text=True, env=env)
        assert self._process.stdout is not None
        while not (line := self._process.stdout.readline()).startswith("ready"):
            if not line:
                raise RuntimeError("the server did not start")
        return time.perf_counter() - began

    def stop(self) -> None:
        """End it, the hard way where it does not end by itself."""
        process, self._process = self._process, None
        if process is None:
            return
        process.terminate()
        try:
            process.wait(_PATIENCE)
        except subprocess.TimeoutExpired:
            for pid in reversed(family(process.pid)):
                os.kill(pid, 9)
            process.wait()

    @property
    def dsn(self) -> str:
        """Where the children find the database: read from the environment of one of them."""
        for pid in self._pids():
            for part in Path(f"/proc/{pid}/environ").read_bytes().split(b"\0"):
                if part.startswith(b"ROSTRA_DATABASE_URL="):
                    return part.partition(b"=")[2].decode()
        raise RuntimeError("the server has no database")

    def _pids(self) -> list[int]:
        if self._process is None or self._process.poll() is not None:
            raise RuntimeError("the server does not run")
        return family(self._process.pid)

    def processes(self) -> set[int]:
        """The processes of the program, without those of the database."""
        return {pid for pid, (part, _) in self.usage().processes.items() if part != "database"}

    def usage(self) -> Usage:
        """What all its processes have used so far."""
        used: dict[int, tuple[str, float]] = {}
        for pid in self._pids():
            try:
                used[pid] = (_part(pid), _cpu_seconds(pid))
            except OSError:
                continue
        return Usage(used)

    def memory(self) -> float:
        """Resident memory in MiB without the database; what processes share counts in each of them."""
        return sum(_resident(pid) for pid in self.processes())


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def family(root: int) -> list[int]:
    """A process and all below it."""
    children: dict[int, list[int]] = {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                parent = int((entry / "stat").read_text().rpartition(")")[2].split()[1])
            except (OSError, IndexError):
                continue
            children.setdefault(parent, []).append(int(entry.name))
    found, waiting = [], [root]
    while waiting:
        pid = waiting.pop()
        found.append(pid)
        waiting += children.get(pid, [])
    return found


def _part(pid: int) -> str:
    words = Path(f"/proc/{pid}/cmdline").read_bytes().decode(errors="replace").replace("\0", " ")
    if "postgres" in words.partition(" ")[0]:
        return "database"
    return "worker" if words.rstrip().endswith(" worker") else "web"


def _cpu_seconds(pid: int) -> float:
    """From the scheduler's count of nanoseconds: the usual ticks of 10 ms are too coarse for short runs."""
    return sum(int((task / "schedstat").read_text().split()[0]) for task in Path(f"/proc/{pid}/task").iterdir()) / 1e9


def _resident(pid: int) -> float:
    rows = Path(f"/proc/{pid}/status").read_text().splitlines()
    return next((int(row.split()[1]) / 1024 for row in rows if row.startswith("VmRSS")), 0.0)
