"""A real SFTP server for tests: OpenSSH's, on a free port of loopback, for one key and with a host key of its own.

Import `sftp_server` into a test module or a conftest to have it as a fixture.
"""

from __future__ import annotations

import getpass
import os
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote

import asyncssh
import msgspec
import pytest

from tests.ports import free_port

_PATIENCE = 15.0

_CONFIGURATION = """\
ListenAddress 127.0.0.1:{port}
HostKey {place}/host
AuthorizedKeysFile {place}/authorized
PidFile {place}/pid
StrictModes no
UsePAM no
PasswordAuthentication no
KbdInteractiveAuthentication no
PermitRootLogin yes
AllowStreamLocalForwarding yes
MaxStartups 100
Subsystem sftp internal-sftp
"""


class SftpServer(msgspec.Struct, frozen=True):
    """Where it listens, who may log in with which key, and the directory that is for the taking."""

    port: int
    user: str
    key: Path
    host_key: str
    directory: Path

    def address(self, folder: str) -> str:
        """A target in a folder of the directory."""
        return f"sftp://{self.user}@127.0.0.1:{self.port}{self.directory}/{folder}?{self.settings}"

    @property
    def settings(self) -> str:
        """What every address has after its question mark."""
        return f"key={quote(str(self.key))}&host_key={quote(self.host_key)}"


@pytest.fixture(scope="session")
def sftp_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SftpServer]:
    """The server, for the whole run."""
    program = shutil.which("sshd", path=f"{os.environ.get('PATH', '')}:/usr/sbin")
    if program is None:
        pytest.skip("there is no sshd: install it (Debian: apt-get install openssh-server)")
    place = tmp_path_factory.mktemp("sshd")
    ours, host = (asyncssh.generate_private_key("ssh-ed25519") for _ in range(2))
    for name, key in (("ours", ours), ("host", host)):
        key.write_private_key(place / name)
        (place / name).chmod(0o600)
    (place / "authorized").write_bytes(ours.export_public_key())
    port = free_port()
    (place / "config").write_text(_CONFIGURATION.format(port=port, place=place))
    if os.geteuid() == 0:
        # Where it gives up its rights before anybody has logged in.
        Path("/run/sshd").mkdir(mode=0o755, exist_ok=True)
    process = subprocess.Popen([program, "-D", "-e", "-f", place / "config"], stderr=(place / "log").open("wb"))
    try:
        _wait_until_it_answers(port, process, place / "log")
        yield SftpServer(port, getpass.getuser(), place / "ours", host.get_fingerprint(), place)
    finally:
        process.terminate()
        process.wait()


def _wait_until_it_answers(port: int, process: subprocess.Popen[bytes], log: Path) -> None:
    deadline = time.monotonic() + _PATIENCE
    while time.monotonic() < deadline:
        try:
            with socket.create_connection(("127.0.0.1", port), timeout=1) as connection:
                if connection.recv(4) == b"SSH-":
                    return
        except OSError:
            if process.poll() is not None:
                break
        time.sleep(0.02)
    raise RuntimeError(f"sshd did not start: {log.read_text()}")
