"""`rostra ledger`, on a database that another program started, and on files without any."""

from __future__ import annotations

import asyncio
import gzip
import json
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from rostra.cli import main
from rostra.kit.clock import Clock
from rostra.kit.db import connect
from rostra.kit.mail import Message, compose
from rostra.ledger.append import Entry, append

Run = Callable[..., Result]


@pytest.fixture
def rostra(fresh_dsn: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    for name, value in {"DATABASE_URL": fresh_dsn, "DATA": str(tmp_path / "data"), "DOMAIN": "social.example"}.items():
        monkeypatch.setenv(f"ROSTRA_{name}", value)

    def run(*words: str | Path) -> Result:
        return CliRunner().invoke(main, ["ledger", *map(str, words)])

    return run


@pytest.fixture
def events(fresh_dsn: str) -> list[int]:
    async def add() -> list[int]:
        connection = await connect(fresh_dsn)
        entries = [
            Entry(
                type="verdict", subject_kind="status", subject_id=900 + number, account_id=5, clause="spam", actor_id=77
            )
            for number in range(20)
        ]
        made = [await append(connection, Clock().now(), entry) for entry in entries]
        await connection.close()
        return made

    return asyncio.run(add())


def alone(monkeypatch: pytest.MonkeyPatch) -> Run:
    """The command where there is neither a server nor a database."""
    for name in ("DATABASE_URL", "DATA", "DOMAIN"):
        monkeypatch.delenv(f"ROSTRA_{name}", raising=False)
    monkeypatch.chdir("/")
    return lambda *words: CliRunner().invoke(main, ["ledger", *map(str, words)])


def key_of(rostra: Run) -> str:
    checked = json.loads(rostra("verify", "--json").stdout)
    return checked["key"]


def test_an_export_is_written_and_checked_where_there_is_no_server(
    rostra: Run, events: list[int], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    note = rostra("checkpoint", "--seal")
    assert note.exit_code == 0
    assert note.stdout.startswith("social.example/ledger\n20\n")
    file, kept = tmp_path / "ledger.gz", tmp_path / "kept"
    kept.write_text(f"Dear witness,\n\nplease keep this.\n\n{note.stdout}\nYours\n")
    assert rostra("export", file).exit_code == 0
    key = key_of(rostra)
    run = alone(monkeypatch)
    letter = tmp_path / "letter.eml"
    message = Message(to="notary@else.example", subject="Checkpoint", text=kept.read_text())
    letter.write_bytes(compose(message, sender="a@b.example", domain="b.example", clock=Clock()).as_bytes())
    checked = run("verify", file, "--key", key, "--checkpoint", kept, "--checkpoint", letter)
    assert checked.exit_code == 0, checked.output
    assert "20 leaves are what was signed" in checked.stdout
    assert "2 that were kept agree" in checked.stdout
    assert checked.stderr == ""
    unsure = run("verify", file)
    assert unsure.exit_code == 0
    assert "compare it with https://social.example/ledger/key" in unsure.stderr


def test_whatever_is_wrong_with_a_file_ends_with_status_1_and_is_named(
    rostra: Run, events: list[int], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    note = rostra("checkpoint", "--seal").stdout
    file = tmp_path / "ledger.gz"
    rostra("export", file)
    lines = gzip.decompress(file.read_bytes())
    run = alone(monkeypatch)
    bad = tmp_path / "bad"
    bad.write_bytes(lines.replace(b'"n":13,', b'"n":13,').replace(b"spam", b"spAm", 14))
    answer = run("verify", bad)
    assert answer.exit_code == 1
    assert "leaf 0 was changed: its content does not fit its hash" in answer.stderr
    assert answer.stdout == ""
    bad.write_bytes(b"\n".join(lines.splitlines()[:8]) + b"\n")
    answer = run("verify", bad)
    assert (answer.exit_code, "ends after 7 of 20 leaves" in answer.stderr) == (1, True)
    bad.write_text(note.replace("\n20\n", "\n25\n"))
    answer = run("verify", file, "--checkpoint", bad)
    assert (answer.exit_code, "kept a checkpoint of 25 leaves, and here are only 20" in answer.stderr) == (1, True)
    bad.write_text(note.replace("social.example", "else.example"))
    answer = run("verify", file, "--checkpoint", bad)
    assert (answer.exit_code, "of another ledger, else.example/ledger" in answer.stderr) == (1, True)
    for words in (("--key", "x"), ("--checkpoint", str(file))):
        assert run("verify", file, *words).exit_code == 2
    assert run("verify", tmp_path / "none").exit_code == 2


def test_the_live_tables_are_checked_and_meddling_is_named(rostra: Run, events: list[int], fresh_dsn: str) -> None:
    nothing = rostra("verify")
    assert (nothing.exit_code, "nothing was sealed yet" in nothing.stderr) == (1, True)
    rostra("checkpoint", "--seal")
    assert rostra("verify").exit_code == 0

    async def meddle() -> None:
        connection = await connect(fresh_dsn)
        await connection.execute("alter table moderation_events disable trigger moderation_events_stay")
        await connection.execute("update moderation_events set clause = 'x' where id = $1", events[7])
        await connection.close()

    asyncio.run(meddle())
    answer = rostra("verify")
    assert answer.exit_code == 1
    assert "leaf 7 was changed" in answer.stderr


def test_an_event_is_proven_to_somebody_who_has_the_key_alone(
    rostra: Run, events: list[int], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    waits = rostra("prove", str(events[3]))
    assert (waits.exit_code, "not yet: --seal" in waits.stderr) == (1, True)
    proof = rostra("prove", str(events[3]), "--seal", "--show", "subject", "--show", "event")
    assert proof.exit_code == 0
    file = tmp_path / "proof.json"
    file.write_text(proof.stdout)
    key = key_of(rostra)
    run = alone(monkeypatch)
    checked = run("verify", file, "--key", key)
    assert checked.exit_code == 0, checked.output
    assert "leaf 3 is among the 20 of social.example/ledger" in checked.stdout
    assert "clause spam" in checked.stdout
    assert "subject: 903 0" in checked.stdout
    assert f"event: {events[3]} " in checked.stdout
    assert "77" not in json.dumps(json.loads(proof.stdout)["opened"]["subject"]["text"])
    assert run("verify", file).exit_code == 2
    file.write_text(proof.stdout.replace("903 0", "904 0"))
    answer = run("verify", file, "--key", key)
    assert (answer.exit_code, "is not what was committed to" in answer.stderr) == (1, True)
    file.write_text(proof.stdout[:-20])
    assert run("verify", file, "--key", key).exit_code == 1


def test_openings_are_for_the_operators_eyes(rostra: Run, events: list[int], tmp_path: Path) -> None:
    rostra("checkpoint", "--seal")
    file = tmp_path / "ledger.gz"
    assert rostra("export", file, "--with-openings").exit_code == 0
    assert file.stat().st_mode & 0o777 == 0o600
    assert b'"text":"903 0"' in gzip.decompress(file.read_bytes())
    assert rostra("verify", file).exit_code == 0


def test_nothing_is_written_before_anything_was_sealed(rostra: Run, tmp_path: Path) -> None:
    assert rostra("export", tmp_path / "ledger.gz").exit_code == 1
    assert rostra("checkpoint").exit_code == 1
    assert sorted(path.name for path in tmp_path.iterdir()) in ([], ["data"])
