"""A standby and a move through a real OpenSSH server: the tunnel, the files, the programs of the other machine."""

from __future__ import annotations

import asyncio
import hashlib
import os
import signal
from collections.abc import AsyncIterator
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path

import pytest

from benchmarks.machine import CommandFailed, Machine
from benchmarks.server import family
from rostra.continuity.place import Place
from rostra.continuity.standby.meet import check_account
from rostra.continuity.standby.source import LocalSource, SourceRefused
from tests.continuity.hosts import Ledger, execute, has_caught_up, host, new_ledger, status_of, until
from tests.sftp import SftpServer, sftp_server

__all__ = ["sftp_server"]


class Far:
    """A primary behind SSH, the standby of it, and the server between them."""

    def __init__(self, home: Path, server: SftpServer) -> None:
        self.primary, self.standby = host(home, "far"), host(home, "near")
        self._server = server
        self.ledger = Ledger()
        self.place = f"ssh://{server.user}@127.0.0.1:{server.port}{self.primary.directory}"
        self.words = ("--from", self.place, "--key-file", str(server.key), "--host-key", server.host_key)

    def cut(self) -> None:
        """Every connection ends without a word, as when a network is cut; new ones are let in."""
        daemon = int((self._server.directory / "pid").read_text())
        sessions = [pid for pid in family(daemon) if pid != daemon]
        assert sessions
        for pid in sessions:
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)


@pytest.fixture(scope="module")
async def far(home: Path, sftp_server: SftpServer) -> AsyncIterator[Far]:
    made = Far(home, sftp_server)
    try:
        made.primary.start("up")
        made.ledger = await new_ledger(made.primary)
        made.standby.start("continuity", "standby", *made.words, until="following")
        yield made
    finally:
        made.primary.destroy()
        made.standby.destroy()


async def test_rows_and_files_come_through_the_tunnel(far: Far) -> None:
    await far.ledger.write(far.primary)
    small, large = b"small", os.urandom(5 << 20)
    for key, body in (("avatars/a.webp", small), ("attachments/b.webm", large)):
        path = far.primary.directory / "media" / key
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(body)
        await execute(
            far.primary,
            "insert into stored_objects (key, size, sha256, put_at) values ($1, $2, $3, $4)",
            key,
            len(body),
            hashlib.sha256(body).digest(),
            datetime.now(UTC),
        )
    await has_caught_up(far.primary, far.standby)
    assert await far.ledger.missing_in(far.standby) == []
    media = far.standby.directory / "media"
    await until(lambda: (status := status_of(far.standby)) is not None and status.media_behind == 0)
    await until(lambda: (media / "avatars/a.webp").exists() and (media / "attachments/b.webm").exists())
    assert (media / "attachments/b.webm").read_bytes() == large


async def test_it_follows_again_after_the_network_was_cut(far: Far) -> None:
    far.cut()
    await far.ledger.write(far.primary)
    await has_caught_up(far.primary, far.standby)
    assert await far.ledger.missing_in(far.standby) == []


def test_a_machine_with_another_host_key_is_not_trusted(far: Far, home: Path) -> None:
    words = (*far.words[:-1], "SHA256:" + "A" * 43)
    with pytest.raises(CommandFailed, match="Host key is not trusted"):
        host(home, "other").run("continuity", "standby", *words)


def test_a_password_on_the_command_line_is_refused(home: Path) -> None:
    with pytest.raises(CommandFailed, match="no password in it") as failed:
        host(home, "other").run("continuity", "standby", "--from", "ssh://root:swordfish@127.0.0.1/srv/rostra")
    assert "swordfish" not in str(failed.value).partition("status")[2]


async def test_coming_as_another_account_is_refused_with_what_to_do(home: Path) -> None:
    class AsSomebody(LocalSource):
        async def who(self) -> int | None:
            return 4711

    with pytest.raises(SourceRefused, match="log in as the account that runs Rostra there, or as root"):
        await check_account(AsSomebody(home))


async def test_a_move_over_ssh_ends_the_old_server_and_keeps_every_row(far: Far) -> None:
    far.standby.stop()
    moved = Machine(
        far.standby.directory, far.primary.port, far.standby._settings | {"ROSTRA_PORT": str(far.primary.port)}
    )
    async with far.ledger.writing(far.primary):
        await asyncio.to_thread(moved.start, "continuity", "move", "--yes")
    try:
        assert await far.ledger.missing_in(moved) == []
        await far.ledger.write(moved)
        replaced = Place(far.primary.directory).find_replaced()
        assert replaced is not None
        assert replaced.why == "move"
    finally:
        moved.destroy()
