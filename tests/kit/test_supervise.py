"""The supervisor, in a process of its own with real children: crashes, ends, replacements, a full log pipe."""

from __future__ import annotations

import os
import re
import select
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

ROOT = Path(__file__).parent.parent.parent

# What every child here begins with: it notes its start, and tells the supervisor that it is ready.
CHILD = """
import os, signal, sys, time
from pathlib import Path
def note(what):
    with Path(sys.argv[1]).open("a") as file:
        file.write(f"{sys.argv[2]} {what} {os.getpid()}\\n")
def leave(*_):
    note("ended")
    sys.exit(0)
signal.signal(signal.SIGTERM, leave)
note("began")
if "ROSTRA_READY_FD" in os.environ:
    os.write(int(os.environ["ROSTRA_READY_FD"]), b"1")
"""
STAY = CHILD + "\nwhile True: time.sleep(60)"

PARENT = """
import os, sys
from pathlib import Path
from rostra.kit.child import ChildSpec
from rostra.kit import supervise
from rostra.kit.supervise import ChildFailed, EndRequested, StopRequested, Supervisor
def say(text):
    os.write(2, f"say: {text}\\n".encode())
def spec(name, code, **options):
    argv = (sys.executable, "-c", code, sys.argv[1], name)
    return ChildSpec(name=name, argv=argv, env=dict(os.environ), **options)
"""


class Notes:
    """What the children wrote down: (name, began or ended, process id)."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def read(self) -> list[tuple[str, str, int]]:
        lines = self.path.read_text().splitlines() if self.path.exists() else []
        return [(name, what, int(pid)) for name, what, pid in (line.split() for line in lines)]

    def pids(self, name: str, what: str = "began") -> list[int]:
        return [pid for each, did, pid in self.read() if (each, did) == (name, what)]


@contextmanager
def supervised(tmp_path: Path, body: str, **codes: str) -> Iterator[tuple[subprocess.Popen[bytes], Notes]]:
    notes = Notes(tmp_path / "notes")
    script = PARENT + "".join(f"{name} = {code!r}\n" for name, code in codes.items()) + body
    process = subprocess.Popen(
        [sys.executable, "-c", script, notes.path], stdout=subprocess.PIPE, stderr=subprocess.PIPE, cwd=ROOT
    )
    try:
        yield process, notes
    finally:
        process.kill()
        process.communicate()


def run_until_stopped(*specs: str, options: str = "") -> str:
    starts = "".join(f"        supervisor.start({spec})\n" for spec in specs)
    return (
        f"with Supervisor(say{options}) as supervisor:\n    try:\n{starts}"
        "        supervisor.wait_ready()\n        print('ready', flush=True)\n        supervisor.run()\n"
        "    except StopRequested:\n        print('asked to stop', flush=True)\n"
        "    except ChildFailed as error:\n        print(error.text, error.log, sep='\\n')\n        sys.exit(8)\n"
        "    except EndRequested as error:\n        print(error, error.name, error.log, sep='\\n')\n"
        "        sys.exit(error.status)\n"
    )


def wait_for(is_so: Callable[[], object], seconds: float = 60.0) -> None:
    deadline = time.monotonic() + seconds
    while not is_so():
        assert time.monotonic() < deadline, "did not come true in time"
        time.sleep(0.01)


def is_running(pid: int) -> bool:
    try:
        return re.search(r"^State:\s+Z", Path(f"/proc/{pid}/status").read_text(), re.MULTILINE) is None
    except OSError:
        return False


def test_a_crashed_child_is_started_again(tmp_path: Path) -> None:
    body = run_until_stopped("spec('a', stay, tells_ready=True)", "spec('b', stay, tells_ready=True)")
    with supervised(tmp_path, body, stay=STAY) as (parent, notes):
        wait_for(lambda: notes.pids("a") and notes.pids("b"))
        os.kill(notes.pids("a")[0], signal.SIGKILL)
        wait_for(lambda: len(notes.pids("a")) == 2)
        assert len(notes.pids("b")) == 1
        assert parent.poll() is None


def test_a_child_that_crashes_again_and_again_ends_the_program_with_its_last_lines(tmp_path: Path) -> None:
    crash = CHILD + "\nprint('the reason', flush=True)\nsys.exit(3)"
    body = run_until_stopped("spec('good', stay)", "spec('bad', crash)")
    with supervised(tmp_path, body, stay=STAY, crash=crash) as (parent, notes):
        out, err = parent.communicate(timeout=30)
        assert parent.returncode == 8
        assert b"exit status 3, for the 5th time in a row\nthe reason\n" in out
        assert err.count(b"the reason") == 5
        assert len(notes.pids("bad")) == 5
        wait_for(lambda: notes.pids("good", "ended"))


def test_sigterm_ends_the_children_in_order_and_kills_the_stubborn(tmp_path: Path) -> None:
    stubborn = CHILD + "\nsignal.signal(signal.SIGTERM, signal.SIG_IGN)\nnote('deaf')\nwhile True: time.sleep(60)"
    body = run_until_stopped(
        "spec('last', stay, ends_last=True)", "spec('deaf', stubborn)", "spec('a', stay)", options=", grace=0.5"
    )
    with supervised(tmp_path, body, stay=STAY, stubborn=stubborn) as (parent, notes):
        wait_for(lambda: notes.pids("deaf", "deaf") and notes.pids("a") and notes.pids("last"))
        parent.terminate()
        assert parent.wait(20) == 0
        assert [name for name, what, _ in notes.read() if what == "ended"] == ["a", "last"]
        assert not is_running(notes.pids("deaf")[0])


def test_ctrl_c_reaches_the_children_through_the_supervisor_only(tmp_path: Path) -> None:
    body = run_until_stopped("spec('a', stay)")
    with supervised(tmp_path, body, stay=STAY) as (parent, notes):
        wait_for(lambda: notes.pids("a"))
        os.kill(notes.pids("a")[0], signal.SIGINT)
        os.kill(notes.pids("a")[0], signal.SIGHUP)
        parent.send_signal(signal.SIGINT)
        out, err = parent.communicate(timeout=20)
        assert parent.returncode == 0
        assert out == b"ready\nasked to stop\n"
        assert err == b""
        assert len(notes.pids("a", "ended")) == 1


def test_no_child_outlives_a_killed_supervisor(tmp_path: Path) -> None:
    hung = CHILD + "\nsignal.signal(signal.SIGTERM, signal.SIG_IGN)\nwhile True: time.sleep(60)"
    with supervised(tmp_path, run_until_stopped("spec('a', hung)"), hung=hung) as (parent, notes):
        wait_for(lambda: notes.pids("a"))
        parent.kill()
        wait_for(lambda: not is_running(notes.pids("a")[0]))


def test_sighup_replaces_a_child_only_when_the_new_one_is_ready(tmp_path: Path) -> None:
    body = run_until_stopped(
        "spec('a', stay, tells_ready=True, reloads=True)",
        "spec('b', stay, tells_ready=True, reloads=True)",
        "spec('fixed', stay)",
    )
    with supervised(tmp_path, body, stay=STAY) as (parent, notes):
        wait_for(lambda: len(notes.read()) == 3)
        assert parent.stdout is not None
        assert parent.stdout.readline() == b"ready\n"
        parent.send_signal(signal.SIGHUP)
        wait_for(lambda: notes.pids("a", "ended") and notes.pids("b", "ended"))
        for name in ("a", "b"):
            old, new = notes.pids(name)
            done = notes.read()
            assert done.index((name, "began", new)) < done.index((name, "ended", old))
            assert is_running(new)
        assert len(notes.pids("fixed")) == 1


def test_a_replacement_that_fails_leaves_the_old_child_in_place(tmp_path: Path) -> None:
    once = CHILD.replace(
        'if "ROSTRA', 'if Path(sys.argv[1]).read_text().count("began") > 1: sys.exit("broken")\nif "ROSTRA'
    )
    body = run_until_stopped("spec('a', once, tells_ready=True, reloads=True)")
    with supervised(tmp_path, body, once=once + "\nwhile True: time.sleep(60)") as (parent, notes):
        assert parent.stdout is not None
        assert parent.stderr is not None
        assert parent.stdout.readline() == b"ready\n"
        parent.send_signal(signal.SIGHUP)
        said = [parent.stderr.readline() for _ in range(3)]
        assert said[1] == b"say: the new a ended at start (exit status 1); the old one stays. Its last lines:\n"
        assert said[2] == b"broken\n"
        assert is_running(notes.pids("a")[0])
        assert notes.pids("a", "ended") == []


def test_a_log_that_nobody_reads_does_not_hold_up_the_end(tmp_path: Path) -> None:
    loud = CHILD + "\nwhile True: os.write(1, b'x' * 99 + b'\\n')"
    with supervised(tmp_path, run_until_stopped("spec('a', loud)"), loud=loud) as (parent, notes):
        wait_for(lambda: notes.pids("a"))
        # Until the pipe to us and the one to the supervisor are both full, and the child sleeps in its write.
        wait_for(lambda: "\nState:\tS" in Path(f"/proc/{notes.pids('a')[0]}/status").read_text())
        parent.terminate()
        assert parent.wait(15) == 0


def test_a_task_that_fails_ends_the_program(tmp_path: Path) -> None:
    body = (
        "try:\n    with Supervisor(say) as supervisor:\n        supervisor.start(spec('a', stay))\n"
        "        supervisor.run_task(spec('good', 'pass'))\n        supervisor.run_task(spec('bad', failing))\n"
        "except ChildFailed as error:\n    print(error.name, error.status, error.log)\n"
    )
    failing = "import sys; sys.exit('no such table')"
    with supervised(tmp_path, body, stay=STAY, failing=failing) as (parent, _):
        out, err = parent.communicate(timeout=20)
        assert out == b"bad 1 no such table\n"
        assert err == b"no such table\n"


CRASH = CHILD + "\nprint('the reason', flush=True)\nsys.exit(3)"
QUICKLY = "supervise._FIRST_PAUSE = 0.01\nsupervise._PAUSE_OF_DISPENSABLE = 0.1\n"


def test_a_child_that_is_not_essential_may_die_as_often_as_it_will(tmp_path: Path) -> None:
    body = QUICKLY + run_until_stopped("spec('good', stay)", "spec('bad', crash, essential=False, tells_ready=True)")
    with supervised(tmp_path, body, stay=STAY, crash=CRASH) as (parent, notes):
        wait_for(lambda: len(notes.pids("bad")) >= 8)
        parent.terminate()
        out, err = parent.communicate(timeout=20)
        assert parent.returncode == 0
        assert out == b"ready\nasked to stop\n"
        assert len(notes.pids("good")) == 1
        pauses = re.findall(rb"say: bad \(process \d+\) ended: exit status 3; starting it again in (\S+) s", err)
        assert pauses[3:6] == [b"0.1", b"0.1", b"0.1"]
        assert len(pauses) in (len(notes.pids("bad")), len(notes.pids("bad")) - 1)


def test_nobody_waits_for_what_is_not_essential(tmp_path: Path) -> None:
    never_ready = STAY.replace("ROSTRA_READY_FD", "NOTHING_THERE")
    body = run_until_stopped("spec('a', stay, tells_ready=True)", "spec('b', late, tells_ready=True, essential=False)")
    with supervised(tmp_path, body, stay=STAY, late=never_ready) as (parent, _):
        assert parent.stdout is not None
        assert select.select([parent.stdout], [], [], 30)[0], "it waits"
        assert parent.stdout.readline() == b"ready\n"


def test_what_is_not_essential_and_fails_holds_up_no_replacement(tmp_path: Path) -> None:
    once = CHILD.replace(
        'if "ROSTRA', 'if Path(sys.argv[1]).read_text().count("bad began") > 1: sys.exit("broken")\nif "ROSTRA'
    )
    body = run_until_stopped(
        "spec('bad', once, tells_ready=True, reloads=True, essential=False)",
        "spec('good', stay, tells_ready=True, reloads=True)",
    )
    with supervised(tmp_path, body, stay=STAY, once=once + "\nwhile True: time.sleep(60)") as (parent, notes):
        wait_for(lambda: notes.pids("bad") and notes.pids("good"))
        assert parent.stdout is not None
        assert parent.stdout.readline() == b"ready\n"
        parent.send_signal(signal.SIGHUP)
        wait_for(lambda: notes.pids("good", "ended"))
        assert is_running(notes.pids("bad")[0])
        assert not notes.pids("bad", "ended")


def test_a_child_can_ask_that_everything_ends_in_order(tmp_path: Path) -> None:
    asks = CHILD + (
        "\nwhile not {'last', 'good'} <= set(Path(sys.argv[1]).read_text().split()): time.sleep(0.01)"
        "\nprint('found it so', flush=True)\nsys.exit(9)"
    )
    body = run_until_stopped(
        "spec('last', stay, ends_last=True)",
        "spec('good', stay)",
        "spec('asks', asks, essential=False, ends_all_with=9)",
    )
    with supervised(tmp_path, body, stay=STAY, asks=asks) as (parent, notes):
        out, _ = parent.communicate(timeout=30)
        assert parent.returncode == 9
        assert out.endswith(b"asks asks for the end of everything (exit status 9)\nasks\nfound it so\n")
        assert [name for name, what, _ in notes.read() if what == "ended"] == ["good", "last"]
        assert len(notes.pids("asks")) == 1


def test_a_replacement_can_ask_for_the_end_too(tmp_path: Path) -> None:
    asks = CHILD.replace(
        'if "ROSTRA',
        'if Path(sys.argv[1]).read_text().count("began") > 1: print("found it so"); sys.exit(9)\nif "ROSTRA',
    )
    body = run_until_stopped("spec('a', asks, tells_ready=True, reloads=True, ends_all_with=9)")
    with supervised(tmp_path, body, asks=asks + "\nwhile True: time.sleep(60)") as (parent, notes):
        wait_for(lambda: notes.pids("a"))
        assert parent.stdout is not None
        assert parent.stdout.readline() == b"ready\n"
        parent.send_signal(signal.SIGHUP)
        out, _ = parent.communicate(timeout=30)
        assert parent.returncode == 9
        assert out.endswith(b"found it so\n")
        assert notes.pids("a", "ended") == notes.pids("a")[:1]


def test_another_exit_status_asks_for_nothing(tmp_path: Path) -> None:
    body = QUICKLY + run_until_stopped("spec('bad', crash, ends_all_with=9)")
    with supervised(tmp_path, body, crash=CRASH) as (parent, notes):
        parent.communicate(timeout=30)
        assert parent.returncode == 8
        assert len(notes.pids("bad")) == 5
