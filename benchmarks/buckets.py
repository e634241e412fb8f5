"""A real S3 server on loopback that checks signatures and keeps its objects as files: rclone's."""

from __future__ import annotations

import os
import secrets
import shutil
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from benchmarks.server import free_port


class Bucket:
    """Owns the server's process; its objects stay in `directory` while it is away."""

    def __init__(self, directory: Path, port: int | None = None) -> None:
        self.directory = directory
        self._port = port or free_port()
        self._key, self.secret = secrets.token_hex(10), secrets.token_hex(20)
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        return f"s3://{self._key}:{self.secret}@copies/rostra?endpoint=http://127.0.0.1:{self._port}&region=us-east-1"

    def start(self) -> None:
        (self.directory / "copies").mkdir(parents=True, exist_ok=True)
        program = shutil.which("rclone") or str(Path(sys.executable).with_name("rclone"))
        self._process = subprocess.Popen(
            [program, "serve", "s3", "--addr", f"127.0.0.1:{self._port}", "--config", os.devnull,
             "--auth-key", f"{self._key},{self.secret}", str(self.directory)],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )  # fmt: skip
        while not self._answers():
            if self._process.poll() is not None:
                raise RuntimeError("rclone serve s3 did not start")
            time.sleep(0.05)

    def stop(self) -> None:
        """Nobody answers any more, until `start`."""
        process, self._process = self._process, None
        if process is not None:
            process.kill()
            process.wait()

    def signal(self, number: signal.Signals) -> None:
        """Send it to the server: SIGSTOP makes one that takes connections and never answers."""
        assert self._process is not None
        self._process.send_signal(number)

    def _answers(self) -> bool:
        try:
            urllib.request.urlopen(f"http://127.0.0.1:{self._port}/", timeout=1).close()
        except urllib.error.HTTPError:
            return True
        except OSError:
            return False
        return True


@contextmanager
def bucket(directory: Path, port: int | None = None) -> Iterator[Bucket]:
    """A bucket that answers, and ends with the scope. It comes back on the same port after it was away: one that the
    system gives to connections, as where none is named, may be somebody else's by then."""
    made = Bucket(directory, port)
    made.start()
    try:
        yield made
    finally:
        made.stop()
