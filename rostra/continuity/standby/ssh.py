"""The primary's machine over SSH: one connection for its database's socket, its files and its programs.

It is made again when it was lost, and only with a server whose host key is the one that is expected.
"""

from __future__ import annotations

import asyncio
import shlex
from collections.abc import AsyncGenerator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Final, TypeVar, cast

import asyncssh

from rostra.continuity.standby.source import SMALL, Ran, Reader, SourceAway, Writer
from rostra.continuity.targets import StoreUnavailable, TargetUnusable
from rostra.continuity.targets.sftp import Login, log_in, parse_login, reason

T = TypeVar("T")

# Seconds that anything but a program and the copying of a file may take.
_PATIENCE: Final = 30.0
# Seconds for a program: the end of a server takes up to ten, and its database may have a checkpoint to write.
_RUN_PATIENCE: Final = 120.0
_NOT_THERE: Final = (asyncssh.SFTPNoSuchFile, asyncssh.SFTPNoSuchPath)


class SshSource:
    """A primary on another machine. Made by `open_ssh`, which also closes it."""

    def __init__(self, login: Login) -> None:
        self._login = login
        self.host = login.host
        self.data_dir = login.path
        port = "" if login.port == 22 else f":{login.port}"
        self.label = f"ssh://{login.host}{port}{login.path}"
        self._connection: asyncssh.SSHClientConnection | None = None
        self._sftp: asyncssh.SFTPClient | None = None
        self._connecting = asyncio.Lock()

    async def connect(self, path: str) -> tuple[Reader, Writer]:
        try:
            async with asyncio.timeout(_PATIENCE):
                connection, _ = await self._open()
                reader, writer = await connection.open_unix_connection(path)
        except (OSError, asyncssh.Error, TimeoutError) as error:
            await self._drop_if_lost(error)
            raise SourceAway(f"{self.label}: its database's socket cannot be reached: {reason(error)}") from None
        return cast("Reader", reader), cast("Writer", writer)

    async def resolve(self, path: str) -> str:
        return str(await self._do(path, lambda sftp: sftp.realpath(path)))

    async def find_owner(self, path: str) -> int | None:
        async def ask(sftp: asyncssh.SFTPClient) -> int | None:
            try:
                return (await sftp.stat(path)).uid
            except _NOT_THERE:
                return None

        return await self._do(path, ask)

    async def who(self) -> int | None:
        try:
            ran = await self.run(["id", "-u"])
        except SourceAway:
            return None
        return int(ran.out) if ran.status == 0 and ran.out.strip().isdigit() else None

    async def read(self, path: str, limit: int = SMALL) -> bytes | None:
        async def read(sftp: asyncssh.SFTPClient) -> bytes | None:
            try:
                async with sftp.open(path, "rb") as file:
                    return bytes(await file.read(limit + 1))
            except _NOT_THERE:
                return None

        body = await self._do(path, read)
        if body is not None and len(body) > limit:
            raise SourceAway(f"{self.label}: {path} is larger than {limit} bytes")
        return body

    async def fetch(self, path: str, to: Path) -> bool:
        async def fetch(sftp: asyncssh.SFTPClient) -> bool:
            try:
                await sftp.get(path, str(to))
            except _NOT_THERE:
                return False
            return True

        return await self._do(path, fetch, patience=None)

    async def run(self, words: Sequence[str]) -> Ran:
        try:
            async with asyncio.timeout(_RUN_PATIENCE):
                connection, _ = await self._open()
                done = await connection.run(shlex.join(words), check=False, stdin=asyncssh.DEVNULL)
        except (OSError, asyncssh.Error, TimeoutError) as error:
            await self._drop_if_lost(error)
            raise SourceAway(f"{self.label}: {words[0]} cannot be run: {reason(error)}") from None
        status = done.exit_status if done.exit_status is not None else 255
        return Ran(status=status, out=str(done.stdout or ""), err=str(done.stderr or ""))

    async def close(self) -> None:
        """End the connection."""
        connection, self._connection, self._sftp = self._connection, None, None
        if connection is not None:
            connection.close()
            with suppress(OSError, asyncssh.Error, TimeoutError):
                async with asyncio.timeout(2.0):
                    await connection.wait_closed()

    async def _open(self) -> tuple[asyncssh.SSHClientConnection, asyncssh.SFTPClient]:
        async with self._connecting:
            if self._connection is None or self._sftp is None or self._connection.is_closed():
                try:
                    self._connection = await log_in(self._login)
                except StoreUnavailable as error:
                    cause = error.__cause__
                    raise SourceAway(f"{self.label}: {reason(cause or error)}") from None
                self._sftp = await self._connection.start_sftp_client()
            return self._connection, self._sftp

    async def _do(
        self, path: str, act: Callable[[asyncssh.SFTPClient], Awaitable[T]], patience: float | None = _PATIENCE
    ) -> T:
        try:
            async with asyncio.timeout(patience):
                _, sftp = await self._open()
                return await act(sftp)
        except (OSError, asyncssh.Error, TimeoutError) as error:
            await self._drop_if_lost(error)
            raise SourceAway(f"{self.label}: {path}: {reason(error)}") from None

    async def _drop_if_lost(self, error: BaseException) -> None:
        gone = asyncssh.SFTPNoConnection | asyncssh.SFTPConnectionLost | asyncssh.ConnectionLost | TimeoutError
        if self._connection is not None and (self._connection.is_closed() or isinstance(error, gone)):
            await self.close()


@asynccontextmanager
async def open_ssh(address: str) -> AsyncGenerator[SshSource]:
    """The machine at `ssh://user@host:port/data/dir?key=FILE&host_key=SHA256:…&known_hosts=FILE`.

    It connects when it is first used. Raises TargetUnusable.
    """
    login = parse_login(address)
    if login.password is not None:
        raise TargetUnusable("an address is seen by everybody on this machine: use --key-file, and no password in it")
    if not login.path.startswith("/"):
        raise TargetUnusable(f"ssh://{login.host}: name the data directory: ssh://{login.host}/srv/rostra")
    source = SshSource(login)
    try:
        yield source
    finally:
        await source.close()
