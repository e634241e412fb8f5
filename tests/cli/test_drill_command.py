"""`rostra continuity drill` as a command: what it prints, how it ends, and that it goes on where it was asked to."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import msgspec
import pytest
from click.testing import CliRunner, Result

from rostra.cli import continuity_drill, main
from rostra.continuity.drill.run import DrillOptions
from rostra.continuity.keys import RecoveryKey
from rostra.continuity.records import DrillRecord
from rostra.continuity.restore.records import NotRestorable

AT = datetime(2026, 11, 23, 3, 12, tzinfo=UTC)
GOOD = DrillRecord(at=AT, ended_at=AT, target="file:///copies", host="h", full=False, ok=True, rpo=0.0, rto=9.0)
BAD = msgspec.structs.replace(GOOD, ok=False, problems=["a byte was changed"])

Invoke = Callable[..., Result]


@pytest.fixture
def asked() -> list[DrillOptions]:
    return []


@pytest.fixture
def invoke(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, asked: list[DrillOptions]) -> Invoke:
    """Run the command where drills end, one after the other, as said; at the end of the list the wait is broken off."""
    key = tmp_path / "key"
    key.write_text(RecoveryKey.generate().identity)

    def run(*outcomes: DrillRecord | Exception, words: tuple[str, ...] = ("/copies",)) -> Result:
        left = list(outcomes)

        async def rehearse(options: DrillOptions, *_: object) -> DrillRecord:
            asked.append(options)
            outcome = left.pop(0)
            if isinstance(outcome, Exception):
                raise outcome
            return outcome

        def wait(_seconds: float) -> None:
            if not left:
                raise KeyboardInterrupt

        monkeypatch.setattr(continuity_drill, "rehearse", rehearse)
        monkeypatch.setattr(continuity_drill.time, "sleep", wait)
        given = ["continuity", "drill", *words, "--key", str(key), "--data", str(tmp_path / "none")]
        return CliRunner().invoke(main, given, env={"ROSTRA_CONTINUITY_TARGETS": "s3://first/x,s3://second"})

    return run


def test_a_good_drill_ends_well(invoke: Invoke, asked: list[DrillOptions]) -> None:
    done = invoke(GOOD)
    assert (done.exit_code, done.stdout.splitlines()[-1]) == (0, "THE DRILL PASSED")
    assert (asked[0].target, asked[0].full, asked[0].original) == ("/copies", False, None)


def test_a_failed_drill_is_loud_and_is_the_exit_status(invoke: Invoke) -> None:
    done = invoke(BAD)
    assert done.exit_code == 1
    assert "FAILED: a byte was changed" in done.stdout
    done = invoke(BAD, words=("/copies", "--json"))
    assert (done.exit_code, msgspec.json.decode(done.stdout, type=DrillRecord)) == (1, BAD)


def test_a_copy_that_cannot_be_restored_at_all_is_the_exit_status_too(invoke: Invoke) -> None:
    done = invoke(NotRestorable("there are no copies there"))
    assert (done.exit_code, "there are no copies there" in done.stderr) == (1, True)


def test_without_a_target_the_first_of_the_environment_is_taken(invoke: Invoke, asked: list[DrillOptions]) -> None:
    assert invoke(GOOD, words=()).exit_code == 0
    assert asked[0].target == "s3://first/x"


def test_drills_at_intervals_go_on_after_one_that_failed(invoke: Invoke, asked: list[DrillOptions]) -> None:
    done = invoke(BAD, NotRestorable("the place is away"), GOOD, words=("/copies", "--every", "7d"))
    assert len(asked) == 3
    assert "THE DRILL FAILED" in done.stdout
    assert "the place is away" in done.stderr
    assert done.stdout.splitlines()[-1] == "THE DRILL PASSED"


def test_the_key_itself_is_not_taken_from_the_command_line() -> None:
    key = RecoveryKey.generate().identity
    done = CliRunner().invoke(main, ["continuity", "drill", "/copies", "--key", key])
    assert done.exit_code == 3
    assert key not in done.output
