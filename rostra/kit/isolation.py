"""A process that reaches nobody: for copies of a server that must not mail, push, ship or ask anything of anyone.

The kernel takes the network away where it may (a network namespace with nothing in it, which holds for everything in
the process and its children); Python's own sockets are refused in any case. Sockets that were opened before go on.
"""

from __future__ import annotations

import ctypes
import os
import sys
from pathlib import Path
from typing import Final, Literal

_NEW_USER: Final = 0x10000000
_NEW_NETWORK: Final = 0x40000000
_SENDING: Final = frozenset({"socket.connect", "socket.sendto", "socket.sendmsg"})
_NAMING: Final = frozenset({"socket.getaddrinfo", "socket.gethostbyname", "socket.gethostbyaddr", "socket.getnameinfo"})

Hold = Literal["kernel", "program"]


class Isolated(PermissionError):
    """Somebody was to be reached from a process that reaches nobody."""


def isolate() -> Hold:
    """Cut this process off for good; who holds it. Call it first of all: the process must have one thread.

    Afterwards only Unix sockets are left. Where it says "program", an event loop that is not Python's own would go
    round it, and must not be used.
    """
    sys.addaudithook(_refuse)
    return "kernel" if _leave_network() else "program"


def _refuse(event: str, args: tuple[object, ...]) -> None:
    if event in _NAMING:
        raise Isolated(f"{event} of {args[0]!r}: this process is cut off")
    # The address of a Unix socket is its path; a message on a connected socket has none.
    if event in _SENDING and isinstance(args[-1], tuple):
        raise Isolated(f"{event} to {args[-1]!r}: this process is cut off")


def _leave_network() -> bool:
    """Move into a network that has nothing, not even a loopback that is up. False where the kernel forbids it."""
    unshare = ctypes.CDLL(None, use_errno=True).unshare
    if unshare(_NEW_NETWORK) == 0:
        return True
    user, group = os.getuid(), os.getgid()
    if unshare(_NEW_USER | _NEW_NETWORK) != 0:
        return False
    own = Path("/proc/self")
    # In a namespace of users of our own we would be nobody, unless we say that we are ourselves (user_namespaces(7)).
    (own / "uid_map").write_text(f"{user} {user} 1")
    (own / "setgroups").write_text("deny")
    (own / "gid_map").write_text(f"{group} {group} 1")
    return True
