"""A real IMAP server (pymap) in a process of its own, with one mailbox in memory."""

from __future__ import annotations

import imaplib
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from rostra.notices.mailbox import ImapServer

USER, PASSWORD = "notices", 'a "secret" \\ word'


class Postbox:
    """The mailbox as its owner sees it."""

    def __init__(self, port: int) -> None:
        self.server = ImapServer(host="127.0.0.1", port=port, tls="never", user=USER, password=PASSWORD)

    def put(self, *messages: bytes) -> None:
        """Have messages arrive."""
        with self._open() as box:
            for message in messages:
                assert box.append("INBOX", "", imaplib.Time2Internaldate(time.time()), message)[0] == "OK"

    def count(self, folder: str = "INBOX") -> int:
        """How many messages lie in a folder and are not deleted; 0 where there is none."""
        with self._open() as box:
            if box.select(folder, readonly=True)[0] != "OK":
                return 0
            return len((box.uid("SEARCH", "UNDELETED")[1][0] or b"").split())

    @contextmanager
    def _open(self) -> Iterator[imaplib.IMAP4]:
        box = imaplib.IMAP4(self.server.host, self.server.port, timeout=10)
        box.login(f'"{USER}"', PASSWORD)
        try:
            yield box
        finally:
            box.logout()


@contextmanager
def imap_server() -> Iterator[Postbox]:
    """Start the server, and end it."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    program = Path(sys.executable).parent / "pymap"
    process = subprocess.Popen(
        [program, "--host", "127.0.0.1", "--port", str(port), "--no-tls", "dict",
        "--demo-user", USER, "--demo-password", PASSWORD],
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    try:
        _until_it_listens(port, process)
        yield Postbox(port)
    finally:
        process.terminate()
        process.wait(10)


def _until_it_listens(port: int, process: subprocess.Popen[bytes]) -> None:
    for _ in range(200):
        assert process.poll() is None, "the IMAP server has ended"
        try:
            socket.create_connection(("127.0.0.1", port), 1).close()
        except OSError:
            time.sleep(0.05)
        else:
            return
    raise TimeoutError("the IMAP server does not listen")
