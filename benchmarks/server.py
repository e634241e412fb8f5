"""The server under test: the real program on a scratch directory, and what its processes have used."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import msgspec

_TICK = os.sysconf("SC_CLK_TCK")


class Usage(msgspec.Struct, frozen=True, kw_only=True):
    """CPU seconds by part, and resident memory of the program without the database, in MiB."""

    web: float
    worker: float
    database: float
    memory: float


class Server:
    """Owns a running `rostra up` and its data directory."""

    def __init__(self, port: int, workers: int, data: Path | None = None) -> None:
        self.port = port
        self.data = data or Path(tempfile.mkdtemp(prefix="rostra-bench-"))
        self._workers = workers
        self._process: subprocess.Popen[str] | None = None

    def start(self) -> float:
        """Start and return the seconds until it was ready."""
        began = time.perf_counter()
        env = {**os.environ, "ROSTRA_APP_FACTORY": "benchmarks.app:create_app", "ROSTRA_LOG_LEVEL": "warning"}
        self._process = subprocess.Popen(
            [
                sys.executable, "-m", "rostra", "up", "--dev", "--data", str(self.data), "--port", str(self.port),
                "--domain", f"localhost:{self.port}", "--scheme", "http", "--workers", str(self._workers),
            ],
            stdout=subprocess.PIPE, text=True, env=env,
        )  # fmt: skip
        assert self._process.stdout is not None
        while not (line := self._process.stdout.readline()).startswith("ready"):
            if not line:
                raise RuntimeError("the server did not start")
        return time.perf_counter() - began

    def stop(self) -> None:
        if self._process is not None:
            self._process.terminate()
            self._process.wait(30)

    @property
    def dsn(self) -> str:
        """Where the children find the database: read from the environment of one of them."""
        for pid in self._pids():
            for part in Path(f"/proc/{pid}/environ").read_bytes().split(b"\0"):
                if part.startswith(b"ROSTRA_DATABASE_URL="):
                    return part.partition(b"=")[2].decode()
        raise RuntimeError("the server has no database")

    def _pids(self) -> list[int]:
        """The process and all below it."""
        assert self._process is not None
        parents: dict[int, list[int]] = {}
        for entry in Path("/proc").iterdir():
            if entry.name.isdigit():
                try:
                    parent = int((entry / "stat").read_text().rpartition(")")[2].split()[1])
                except (OSError, IndexError):
                    continue
                parents.setdefault(parent, []).append(int(entry.name))
        found, waiting = [], [self._process.pid]
        while waiting:
            pid = waiting.pop()
            found.append(pid)
            waiting += parents.get(pid, [])
        return found

    def usage(self) -> Usage:
        """What all its processes have used so far."""
        cpu = {"web": 0.0, "worker": 0.0, "database": 0.0}
        memory = 0.0
        for pid in self._pids():
            try:
                command = Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ").decode()
                fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
                status = Path(f"/proc/{pid}/status").read_text()
            except OSError:
                continue
            seconds = (int(fields[11]) + int(fields[12])) / _TICK
            if "postgres" in command:
                cpu["database"] += seconds
                continue
            cpu["worker" if " worker" in command else "web"] += seconds
            memory += next((int(row.split()[1]) / 1024 for row in status.splitlines() if row.startswith("VmRSS")), 0)
        return Usage(memory=memory, **cpu)
