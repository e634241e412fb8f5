"""A machine that may be lost: one data directory with `rostra up` on it, driven from outside by commands and signals.

Several machines share one public name and port, as a server does that moves between hosts; only one serves at a time.
"""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Final

import asyncpg

from benchmarks.server import family
from rostra.kit.postgres import dsn_of
from rostra.kit.postgres_setup import ADMIN

_PATIENCE: Final = 600.0


class CommandFailed(Exception):
    """A command of Rostra ended with another status than 0; the text has what it said."""


class Machine:
    """Owns the processes that it starts, until `destroy` or the end of its scope (`machines`)."""

    def __init__(self, directory: Path, port: int, settings: Mapping[str, str]) -> None:
        self.directory = directory
        self.port = port
        self._settings = {
            "ROSTRA_DATA": str(directory),
            "ROSTRA_DEV": "true",
            "ROSTRA_SCHEME": "http",
            "ROSTRA_DOMAIN": f"localhost:{port}",
            "ROSTRA_PORT": str(port),
            "ROSTRA_LOG_LEVEL": "warning",
            **settings,
        }
        self._running: list[subprocess.Popen[bytes]] = []

    @property
    def log(self) -> Path:
        """What its commands say."""
        return self.directory.with_suffix(".log")

    @property
    def dsn(self) -> str:
        return dsn_of(self.directory)

    def setting(self, name: str) -> str:
        """One of its settings, as it is in its environment."""
        return self._settings[name]

    def start(self, *words: str, until: str = "ready http") -> float:
        """Start `rostra` with `words`, and return the seconds until it says `until`, on whichever output."""
        began = time.perf_counter()
        process = subprocess.Popen(
            self._command(*words),
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            stdin=subprocess.DEVNULL,
            env=self._environment(),
            start_new_session=True,
        )
        self._running.append(process)
        assert process.stdout is not None
        with self.log.open("ab", buffering=0) as log:
            while until.encode() not in (line := process.stdout.readline()):
                log.write(line)
                if not line:
                    raise CommandFailed(f"rostra {words[0]} ended: {self.log.read_text()[-3000:]}")
        took = time.perf_counter() - began
        # Whoever writes more than a pipe holds must not wait for us.
        threading.Thread(target=_drain, args=(process, self.log), daemon=True).start()
        return took

    def run(self, *words: str, given: bytes = b"") -> str:
        """Run a command to its end and return what it printed. Raises CommandFailed."""
        done = subprocess.run(
            self._command(*words),
            input=given,
            capture_output=True,
            env=self._environment(),
            timeout=_PATIENCE,
            check=False,
        )
        with self.log.open("ab") as log:
            log.write(done.stderr)
        if done.returncode != 0:
            raise CommandFailed(f"rostra {words[0]}: status {done.returncode}: {done.stderr.decode()[-3000:]}")
        return done.stdout.decode()

    def signal(self, number: signal.Signals) -> None:
        """Send it to every process."""
        for process in self._running:
            for pid in reversed(family(process.pid)):
                with suppress(ProcessLookupError):
                    os.kill(pid, number)

    def pids(self, *words: str) -> list[int]:
        """The processes whose command lines have all these words."""
        found: list[int] = []
        for pid in {pid for process in self._running for pid in family(process.pid)}:
            with suppress(OSError):
                command = Path(f"/proc/{pid}/cmdline").read_bytes().decode(errors="replace").replace("\0", " ")
                if all(word in command for word in words):
                    found.append(pid)
        return found

    def kill(self) -> float:
        """As a host does that cuts the power. Returns when it was, on the monotonic clock."""
        at = time.monotonic()
        self.signal(signal.SIGKILL)
        for process in self._running:
            process.wait()
        self._running.clear()
        return at

    def stop(self) -> None:
        """End it in order."""
        for process in self._running:
            process.terminate()
        for process in self._running:
            process.wait(60)
        self._running.clear()

    def destroy(self) -> float:
        """`kill`, and the disk is gone too. Returns when it was."""
        at = self.kill()
        home = (self.directory / "postgres").resolve().parent
        for path in ((home / "run").resolve(), home, self.directory):
            shutil.rmtree(path, ignore_errors=True)
        return at

    async def connect(self, *, as_admin: bool = False) -> asyncpg.Connection:
        """A connection to its database, as the application has, or as its administrator."""
        return await asyncpg.connect(dsn_of(self.directory, role=ADMIN) if as_admin else self.dsn)

    def _command(self, *words: str) -> list[str]:
        return [sys.executable, "-m", "rostra", *words]

    def _environment(self) -> dict[str, str]:
        ours = {name: value for name, value in os.environ.items() if not name.startswith("ROSTRA_")}
        return ours | self._settings


@contextmanager
def machines(port: int, settings: Mapping[str, str]) -> Iterator[Machines]:
    """A scratch directory in which machines are made; all of them end with it."""
    place = Path(tempfile.mkdtemp(prefix="rostra-machines-"))
    made = Machines(place, port, settings)
    try:
        yield made
    finally:
        made.end()
        shutil.rmtree(place, ignore_errors=True)


class Machines:
    """Makes machines, by name."""

    def __init__(self, place: Path, port: int, settings: Mapping[str, str]) -> None:
        self.place = place
        self._port = port
        self._settings = settings
        self._made: list[Machine] = []

    def make(self, name: str, **settings: str) -> Machine:
        """A machine with a data directory of its own that does not exist yet."""
        machine = Machine(self.place / name, self._port, {**self._settings, **settings})
        self._made.append(machine)
        return machine

    def end(self) -> None:
        for machine in self._made:
            machine.destroy()


def _drain(process: subprocess.Popen[bytes], log: Path) -> None:
    assert process.stdout is not None
    with log.open("ab", buffering=0) as file:
        for line in process.stdout:
            file.write(line)
