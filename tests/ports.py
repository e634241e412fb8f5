"""Ports for programs that tests start.

They are not asked of the kernel, which gives the same one to whoever connects or listens next: a server that is still
starting, or starts again, would find it taken. Each process has some of its own, below those that the kernel gives.
"""

from __future__ import annotations

import os
import socket
from itertools import count
from typing import Final

_FIRST: Final = 20_000
_EACH: Final = 100
_PROCESSES: Final = 120
_given = count()


def free_port() -> int:
    """A port that nobody listens on, and that was not given for a while."""
    for _ in range(_EACH):
        port = _FIRST + os.getpid() % _PROCESSES * _EACH + next(_given) % _EACH
        try:
            with socket.create_server(("127.0.0.1", port)):
                return port
        except OSError:
            continue
    raise RuntimeError("no port is free")
