"""A process that was cut off reaches nobody, whichever way it tries, and still answers where it listened before."""

from __future__ import annotations

import socket
import subprocess
import sys
import threading
from pathlib import Path

import pytest

HEAD = """
import ctypes, os, smtplib, socket, sys, urllib.request
from rostra.kit import isolation
if sys.argv[1] == "program":
    isolation._leave_network = lambda: False
listener = socket.socket(fileno=int(sys.argv[2]))
port = int(sys.argv[3])
print(isolation.isolate(), flush=True)
"""
TRIES = {
    "a connection": "socket.socket().connect(('127.0.0.1', port))",
    "a connection by name": "socket.create_connection(('localhost', port), 2)",
    "a connection over IPv6": "socket.socket(socket.AF_INET6).connect(('::1', port))",
    "a datagram": "socket.socket(socket.AF_INET, socket.SOCK_DGRAM).sendto(b'x', ('127.0.0.1', port))",
    "a web page": "urllib.request.urlopen(f'http://127.0.0.1:{port}/', timeout=2)",
    "a letter": "smtplib.SMTP('127.0.0.1', port, timeout=2)",
}
# What a library in C or Rust does, of which Python knows nothing.
IN_C = """
address = (2).to_bytes(2, "little") + port.to_bytes(2, "big") + bytes((127, 0, 0, 1)) + bytes(8)
own = socket.socket()
if ctypes.CDLL(None, use_errno=True).connect(own.fileno(), address, 16) != 0:
    raise OSError(ctypes.get_errno(), "refused by the kernel")
"""


def run(script: str, mode: str, *, number: int = -1, port: int = 9) -> subprocess.CompletedProcess[str]:
    words = [sys.executable, "-c", HEAD + script, mode, str(number), str(port)]
    return subprocess.run(words, capture_output=True, text=True, pass_fds=(number,), timeout=30, check=False)


@pytest.fixture(scope="module")
def listening() -> socket.socket:
    """Somebody who would hear of it."""
    return socket.create_server(("127.0.0.1", 0))


def tries(scripts: list[str]) -> str:
    body = "\n".join(
        f"try:\n    {script}\n    print('REACHED')\nexcept OSError as error:\n    print(type(error).__name__)"
        for script in scripts
    )
    return f"{body}\n"


@pytest.mark.parametrize("mode", ["kernel", "program"])
def test_nobody_is_reached(listening: socket.socket, mode: str) -> None:
    port, number = listening.getsockname()[1], listening.fileno()
    done = run(tries(list(TRIES.values())), mode, number=number, port=port)
    held, *outcomes = done.stdout.split()
    assert done.returncode == 0, done.stderr
    assert mode != "program" or held == "program"
    assert dict(zip(TRIES, outcomes, strict=True)) == dict.fromkeys(TRIES, "Isolated") | {
        "a web page": "URLError",
    }
    listening.settimeout(0.1)
    with pytest.raises(TimeoutError):
        listening.accept()


def test_the_kernel_holds_what_python_does_not_know_of(listening: socket.socket) -> None:
    done = run(IN_C, "kernel", number=listening.fileno(), port=listening.getsockname()[1])
    if done.stdout.startswith("program"):
        pytest.skip("this kernel gives no namespace to this user")
    assert "refused by the kernel" in done.stderr


@pytest.mark.parametrize("mode", ["kernel", "program"])
def test_it_answers_on_the_socket_that_it_had_and_talks_over_unix_sockets(tmp_path: Path, mode: str) -> None:
    script = """
here, there = socket.socketpair()
unix = socket.socket(socket.AF_UNIX); unix.bind(PATH); unix.listen()
client = socket.socket(socket.AF_UNIX); client.connect(PATH)
client.sendall(b"x"); client.sendmsg([b"y"])
connection, _ = listener.accept()
connection.sendall(b"here I am")
""".replace("PATH", repr(str(tmp_path / "s")))
    with socket.create_server(("127.0.0.1", 0)) as listener:
        answers: list[bytes] = []

        def ask() -> None:
            with socket.create_connection(listener.getsockname(), 20) as client:
                answers.append(client.recv(20))

        asking = threading.Thread(target=ask)
        asking.start()
        done = run(script, mode, number=listener.fileno())
        asking.join()
    assert (done.returncode, answers) == (0, [b"here I am"]), done.stderr
