"""The program ends with the status that a script goes by, and with everything said."""

from __future__ import annotations

import socket
import subprocess
import sys
from pathlib import Path

import pytest

from rostra.cli.options import Exit, Refusal, database_errors, own_command

_PROGRAM = """
import atexit, sys, threading, time
import click
import rostra.__main__ as program

@click.command()
def main():
    atexit.register(lambda: print("at the end"))
    threading.Thread(target=lambda: (time.sleep(0.2), print("from a thread"))).start()
    print("said", end="")
    sys.exit({code})

program.main = main
sys.argv = ["rostra"]
program.run()
"""


@pytest.mark.parametrize(
    ("code", "status", "error"), [("0", 0, ""), ("7", 7, ""), ("None", 0, ""), ("'why'", 1, "why\n")]
)
def test_the_status_is_kept_and_nothing_that_was_said_is_lost(code: str, status: int, error: str) -> None:
    program = _PROGRAM.format(code=code)
    done = subprocess.run([sys.executable, "-c", program], check=False, capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (status, error)
    assert done.stdout == "saidfrom a thread\nat the end\n"


def test_what_cannot_be_written_is_a_failure() -> None:
    with Path("/dev/full").open("w") as full:
        asked = [sys.executable, "-m", "rostra", "--version"]
        done = subprocess.run(asked, check=False, stdout=full, stderr=subprocess.PIPE)
    assert done.returncode != 0


def test_what_lies_where_the_server_is_started_is_no_part_of_it(tmp_path: Path) -> None:
    (tmp_path / "json.py").write_text("raise SystemExit('a stranger')")
    done = subprocess.run([*own_command("--version")], check=False, cwd=tmp_path, capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (0, "")


def test_a_database_that_no_way_leads_to_is_not_taken_for_a_directory() -> None:
    for error in (socket.gaierror(socket.EAI_NONAME, "Name or service not known"), OSError(113, "No route to host")):
        with (
            pytest.raises(Refusal, match=rf"^the database: {error.strerror}; check its address$") as refused,
            database_errors(),
        ):
            raise error
        assert refused.value.exit_code == Exit.DATABASE
    with pytest.raises(Refusal, match=r"^/x/y: Permission denied; check the path") as refused, database_errors():
        raise PermissionError(13, "Permission denied", "/x/y")
    assert refused.value.exit_code == Exit.DATA_DIRECTORY
