"""The way to the primary's database: a socket on this machine whose connections end at the primary's own socket.

PostgreSQL's programs and the replica's receiver connect here as if the primary were on this machine. It listens all the
time; a connection for which the primary cannot be reached is closed, and whoever made it tries again.
"""

from __future__ import annotations

import asyncio
import os
import stat
import tempfile
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Final
from urllib.parse import quote

from rostra.continuity.standby.source import Reader, Source, SourceAway, Writer, find_socket
from rostra.kit.postgres_home import SOCKET_NAME, Home

_CHUNK: Final = 1 << 18
_LONGEST: Final = 107


class Tunnel:
    """Owns the listening socket. Made by `open_tunnel`. `problem` says why the last connection led nowhere."""

    def __init__(self, source: Source, directory: Path) -> None:
        self._source = source
        self._directory = directory
        self._socket: str | None = None
        self._relays: set[asyncio.Task[None]] = set()
        self.problem: str | None = None

    def dsn(self, role: str, database: str) -> str:
        """Where a client connects to be connected to the primary."""
        return f"postgresql://{role}@/{database}?host={quote(str(self._directory))}"

    async def relay(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """The life of one connection."""
        task = asyncio.current_task()
        assert task is not None
        self._relays.add(task)
        try:
            await self._relay(reader, writer)
        except asyncio.CancelledError:
            # By `end` alone; a server's task that ends so would be logged as a mistake.
            return
        finally:
            self._relays.discard(task)
            writer.close()

    async def _relay(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            far_reader, far_writer = await self._connect()
        except SourceAway as error:
            self.problem = str(error)
            self._socket = None
            return
        self.problem = None
        try:
            await _join((reader, far_writer), (far_reader, writer))
        finally:
            far_writer.close()

    async def end(self) -> None:
        """Cut all connections."""
        for task in list(self._relays):
            task.cancel()
        await asyncio.gather(*self._relays, return_exceptions=True)

    async def _connect(self) -> tuple[Reader, Writer]:
        # Where the socket is changes when the primary is moved, or its machine is started again.
        if self._socket is None:
            self._socket = await find_socket(self._source)
        return await self._source.connect(self._socket)


async def _join(*ways: tuple[Reader, Writer]) -> None:
    """Pass bytes on both ways until one of them ends."""
    tasks = [asyncio.create_task(_pass_on(reader, writer)) for reader, writer in ways]
    try:
        await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def _pass_on(reader: Reader, writer: Writer) -> None:
    while chunk := await reader.read(_CHUNK):
        writer.write(chunk)
        await writer.drain()


@asynccontextmanager
async def open_tunnel(source: Source, home: Home) -> AsyncGenerator[Tunnel]:
    """Listen in the directory `tunnel_directory`, for PostgreSQL's account and ourselves."""
    directory = tunnel_directory(home)
    path = directory / SOCKET_NAME
    with suppress(FileNotFoundError):
        path.unlink()
    tunnel = Tunnel(source, directory)
    server = await asyncio.start_unix_server(tunnel.relay, path)
    if home.account is not None:
        os.chown(path, 0, home.account.gid)
    path.chmod(0o660)
    try:
        yield tunnel
    finally:
        server.close()
        await tunnel.end()
        with suppress(FileNotFoundError):
            path.unlink()


def tunnel_directory(home: Home) -> Path:
    """Where the tunnel listens, made where it is missing: PostgreSQL's account may enter and not write there.

    It stands beside the cluster, or under a short plain path elsewhere that a link beside the cluster leads to.
    """
    link = home.path / "tunnel"
    found = link.resolve()
    if found.is_dir() and found.stat().st_uid == os.geteuid() and stat.S_IMODE(found.stat().st_mode) in (0o700, 0o710):
        return found
    if link.is_symlink():
        link.unlink()
    # A comma would make two paths of it.
    if not set(str(link)) & set(",'\"\\ ") and len(os.fsencode(link / SOCKET_NAME)) <= _LONGEST:
        link.mkdir(mode=0o700, exist_ok=True)
        return _open_to(link, home)
    base = next(place for place in ("/run", "/tmp") if os.access(place, os.W_OK))  # noqa: S108
    short = Path(tempfile.mkdtemp(prefix="rostra-", dir=base))
    link.symlink_to(short)
    return _open_to(short, home)


def _open_to(directory: Path, home: Home) -> Path:
    if home.account is not None:
        os.chown(directory, 0, home.account.gid)
        directory.chmod(0o710)
    return directory
