"""The program `rostra`, and `python -m rostra`, which the supervisor uses: it needs no program on the path."""

from __future__ import annotations

import atexit
import os
import sys
import threading
from typing import NoReturn

from rostra.cli import main


def run() -> NoReturn:
    """Run a command and end with its exit status.

    The interpreter is not taken apart: a thread of the object store's library that still wants it then would abort the
    process, and with it the exit status that a script or a service manager goes by.
    """
    status = 0
    try:
        main(prog_name="rostra")
    except SystemExit as end:
        status = _status_of(end)
    for thread in threading.enumerate():
        if thread is not threading.current_thread() and not thread.daemon:
            thread.join()
    atexit._run_exitfuncs()  # pyright: ignore[reportPrivateUsage] - what the interpreter itself calls
    for stream in (sys.stdout, sys.stderr):
        try:
            stream.flush()
        except OSError:
            status = status or 1
    os._exit(status)


def _status_of(end: SystemExit) -> int:
    if end.code is None or isinstance(end.code, int):
        return end.code or 0
    print(end.code, file=sys.stderr)
    return 1


if __name__ == "__main__":
    run()
