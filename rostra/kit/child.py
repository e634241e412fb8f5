"""One child process: what to run, the bond to its parent's life, the pipes for its log and its readiness.

`supervise.py` decides when children start and end. Linux only: the bond is made by prctl(2).
"""

from __future__ import annotations

import ctypes
import os
import select
import signal
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from typing import Final

import msgspec

READY_FD: Final = "ROSTRA_READY_FD"
_TAIL_BYTES: Final = 8192
_PR_SET_PDEATHSIG: Final = 1


class ChildSpec(msgspec.Struct, frozen=True, kw_only=True):
    """What to run under `name`, and how.

    Either `argv` with `env` and the inherited descriptors `pass_fds`, or `launch`, for a program that starts itself and
    keeps its own log (`read_log` then gives the end of it). `tells_ready`: the child calls `tell_ready`.
    `reloads`: a SIGHUP replaces it. `ends_last`: it is asked to end by `end_signal` after all others have. Not
    `essential`: the others go on without it, however often it dies. `ends_all_with`: the exit status by which it asks
    that all of them end.
    """

    name: str
    argv: tuple[str, ...] = ()
    env: Mapping[str, str] = msgspec.field(default_factory=dict[str, str])
    pass_fds: tuple[int, ...] = ()
    launch: Callable[[], subprocess.Popen[bytes]] | None = None
    read_log: Callable[[], str] | None = None
    tells_ready: bool = False
    reloads: bool = False
    ends_last: bool = False
    essential: bool = True
    ends_all_with: int | None = None
    end_signal: signal.Signals = signal.SIGTERM
    kill_signal: signal.Signals = signal.SIGKILL


def bound_to_parent(number: signal.Signals, ignored: Sequence[signal.Signals] = ()) -> Callable[[], None]:
    """A `preexec_fn` for a child that gets signal `number` when this process ends, however it ends.

    The kernel does it, so a hung child goes too, which a pipe that the child watches could not promise. The calling
    process must have one thread: a forked child may not wait for another thread's lock, and the signal comes when the
    forking thread ends.
    """
    parent = os.getpid()
    prctl = ctypes.CDLL(None).prctl

    def bind() -> None:
        prctl(_PR_SET_PDEATHSIG, int(number), 0, 0, 0)
        if os.getppid() != parent:
            os._exit(1)
        for each in ignored:
            signal.signal(each, signal.SIG_IGN)

    return bind


def tell_ready() -> None:
    """Called by a child that does its work from now on; does nothing in a process without a supervisor."""
    if number := os.environ.pop(READY_FD, None):
        os.write(int(number), b"1")
        os.close(int(number))


class Child:
    """Owns one started process and the pipes from it, until `close`."""

    def __init__(self, spec: ChildSpec) -> None:
        self.spec = spec
        self.started = time.monotonic()
        self.log: int | None = None
        self.ready_pipe: int | None = None
        self._tail = b""
        self._unfinished = b""
        self.process = self._spawn() if spec.launch is None else spec.launch()
        self.ready = self.ready_pipe is None

    def _spawn(self) -> subprocess.Popen[bytes]:
        self.log, log_end = os.pipe2(os.O_CLOEXEC)
        os.set_blocking(self.log, False)
        ends = [log_end]
        env = dict(self.spec.env)
        pass_fds = list(self.spec.pass_fds)
        if self.spec.tells_ready:
            self.ready_pipe, ready_end = os.pipe2(os.O_CLOEXEC)
            ends.append(ready_end)
            pass_fds.append(ready_end)
            env[READY_FD] = str(ready_end)
        # Ctrl-C and a lost terminal reach the whole process group; only the supervisor acts on them.
        bind = bound_to_parent(signal.SIGKILL, ignored=(signal.SIGINT, signal.SIGHUP))
        try:
            return subprocess.Popen(  # noqa: S603 - the caller's own program
                self.spec.argv,
                stdin=subprocess.DEVNULL,
                stdout=log_end,
                stderr=log_end,
                env=env,
                pass_fds=pass_fds,
                preexec_fn=bind,  # noqa: PLW1509 - the supervisor has one thread
            )
        finally:
            for end in ends:
                os.close(end)

    @property
    def has_ended(self) -> bool:
        return self.process.poll() is not None

    def read_ready(self) -> None:
        """Take the byte, or the end, of the readiness pipe."""
        assert self.ready_pipe is not None
        self.ready = bool(os.read(self.ready_pipe, 1))
        os.close(self.ready_pipe)
        self.ready_pipe = None

    def pass_log_on(self) -> bool:
        """Copy what the child wrote to our standard error, in whole lines, and keep the end of it.

        At most a pipe's atomic write at a time, so that it never blocks where standard error is writable. Returns False
        at the end of the log, or where there is nothing yet.
        """
        assert self.log is not None
        try:
            chunk = os.read(self.log, select.PIPE_BUF - len(self._unfinished))
        except BlockingIOError:
            return False
        self._tail = (self._tail + chunk)[-_TAIL_BYTES:]
        held = self._unfinished + chunk
        cut = len(held) if not chunk or len(held) == select.PIPE_BUF else held.rfind(b"\n") + 1
        self._unfinished = held[cut:]
        try:
            os.write(2, held[:cut])
        except OSError:
            # Standard error is gone; the program goes on without a log.
            return bool(chunk)
        return bool(chunk)

    def last_lines(self, lines: int = 20) -> str:
        """The end of the child's log."""
        if self.spec.read_log is not None:
            return self.spec.read_log()
        return "\n".join(self._tail.decode(errors="replace").splitlines()[-lines:])

    def how_ended(self) -> str:
        """The exit status in words."""
        code = self.process.returncode
        return f"exit status {code}" if code >= 0 else f"killed by {signal.Signals(-code).name}"

    def close(self) -> None:
        """Pass on what a dead child still had to say, and close its pipes."""
        if self.ready_pipe is not None:
            os.close(self.ready_pipe)
            self.ready_pipe = None
        if self.log is not None:
            while is_writable(2) and self.pass_log_on():
                pass
            os.close(self.log)
            self.log = None


def is_writable(descriptor: int) -> bool:
    """Whether a write of up to a pipe's atomic size would not block now."""
    poll = select.poll()
    poll.register(descriptor, select.POLLOUT)
    return bool(poll.poll(0))
