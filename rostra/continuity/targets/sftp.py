"""An SFTP server as a target: any machine that one may log into by SSH.

One connection serves all verbs and is made again when it was lost. A server is only talked to if its host key is known,
from the address or from the usual file. Objects are written under a passing name, flushed, and renamed.
"""

from __future__ import annotations

import asyncio
import os
import stat
from collections.abc import AsyncGenerator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path, PurePosixPath
from typing import Final, TypeVar
from urllib.parse import parse_qsl, unquote, urlsplit

import asyncssh
import msgspec

from rostra.continuity.targets import StoreUnavailable, TargetUnusable, label_of
from rostra.kit.objectstore import ObjectHead

T = TypeVar("T")

_SETTINGS: Final = frozenset({"key", "host_key", "known_hosts"})
_PATIENCE: Final = 15.0
_PASSING: Final = ".part-"


class Login(msgspec.Struct, frozen=True, kw_only=True):
    """Where and as whom to log in. `host_key` is a fingerprint (SHA256:…), `key` the file of a private key."""

    host: str
    port: int
    user: str | None
    password: str | None
    path: str
    key: Path | None
    host_key: str | None
    known_hosts: Path | None

    def __repr__(self) -> str:
        return f"Login({self.host}:{self.port}, …)"


def parse_login(address: str) -> Login:
    """From `sftp://user:password@host:port/path?key=FILE&host_key=SHA256:…&known_hosts=FILE`. Raises TargetUnusable."""
    parts = urlsplit(address)
    given = dict(parse_qsl(parts.query.replace("+", "%2B")))
    if unknown := sorted(set(given) - _SETTINGS):
        raise TargetUnusable(f"{label_of(address)}: unknown settings: {', '.join(unknown)}")
    if not parts.hostname:
        raise TargetUnusable("the address names no host: sftp://user@host/path")
    return Login(
        host=parts.hostname,
        port=parts.port or 22,
        user=unquote(parts.username) if parts.username else None,
        password=unquote(parts.password) if parts.password else None,
        path=unquote(parts.path) or ".",
        key=Path(given["key"]) if "key" in given else None,
        host_key=given.get("host_key"),
        known_hosts=Path(given["known_hosts"]) if "known_hosts" in given else None,
    )


async def log_in(login: Login) -> asyncssh.SSHClientConnection:
    """An SSH connection to a server whose host key is the one that is expected. Raises StoreUnavailable."""
    # Nobody is known then, so that `_Client` is asked; None would switch the check off.
    options: dict[str, object] = {"known_hosts": ([], [], [])} if login.host_key else {}
    if login.known_hosts is not None:
        options["known_hosts"] = str(login.known_hosts)
    if login.key is not None:
        options["client_keys"] = [str(login.key)]
    if login.user is not None:
        options["username"] = login.user
    if login.password is not None:
        options["password"] = login.password
    try:
        return await asyncssh.connect(
            login.host,
            login.port,
            client_factory=lambda: _Client(login.host_key),
            connect_timeout=_PATIENCE,
            login_timeout=_PATIENCE,
            keepalive_interval=10,
            keepalive_count_max=3,
            # Neither the operator's own settings nor agent decide what a server does by itself.
            config=None,
            agent_path=None,
            **options,
        )
    except (OSError, asyncssh.Error, TimeoutError) as error:
        raise StoreUnavailable(f"sftp://{login.host}:{login.port}: {reason(error)}") from error


class SftpTarget:
    """A target behind SFTP. Made by `open_sftp`, which also closes it."""

    def __init__(self, login: Login, label: str) -> None:
        self._login = login
        self.label = label
        self._root = PurePosixPath(login.path)
        self._connection: asyncssh.SSHClientConnection | None = None
        self._client: asyncssh.SFTPClient | None = None
        self._connecting = asyncio.Lock()
        self._made: set[PurePosixPath] = set()

    async def put(self, key: str, body: bytes) -> None:
        path = self._root / key
        await self._do("put", key, lambda sftp: self._write(sftp, path, body))

    async def put_new(self, key: str, body: bytes) -> bool:
        path = self._root / key

        async def create(sftp: asyncssh.SFTPClient) -> bool:
            passing = await self._write_passing(sftp, path, body)
            try:
                # A hard link, unlike a rename, never takes the place of what is there.
                await sftp.link(passing, str(path))
            except asyncssh.SFTPError:
                if not await sftp.exists(str(path)):
                    raise
                return await self._read(sftp, path) == body
            finally:
                await sftp.remove(passing)
            return True

        return await self._do("put", key, create)

    async def find(self, key: str) -> bytes | None:
        return await self._do("get", key, lambda sftp: self._read(sftp, self._root / key))

    async def find_size(self, key: str) -> int | None:
        async def ask(sftp: asyncssh.SFTPClient) -> int | None:
            try:
                return (await sftp.stat(str(self._root / key))).size
            except (asyncssh.SFTPNoSuchFile, asyncssh.SFTPNoSuchPath):
                return None

        return await self._do("stat", key, ask)

    async def list(self, prefix: str, after: str | None = None) -> AsyncGenerator[ObjectHead]:
        waiting = [prefix.strip("/")]
        while waiting:
            folder = waiting.pop()
            for name, attributes in await self._entries(folder):
                key = f"{folder}/{name}" if folder else name
                if stat.S_ISDIR(attributes.permissions or 0):
                    # What a folder holds sorts behind it, so a folder may be left out that `after` has passed.
                    if after is None or f"{key}/\x7f" > after:
                        waiting.append(key)
                elif after is None or key > after:
                    yield _head_of(key, attributes)

    async def folders(self, prefix: str) -> AsyncGenerator[str]:
        for name, attributes in await self._entries(prefix.strip("/")):
            if stat.S_ISDIR(attributes.permissions or 0):
                yield name

    async def delete(self, keys: Sequence[str]) -> None:
        async def remove(sftp: asyncssh.SFTPClient) -> None:
            for key in keys:
                with suppress(asyncssh.SFTPNoSuchFile, asyncssh.SFTPNoSuchPath):
                    await sftp.remove(str(self._root / key))

        if keys:
            await self._do("delete", keys[0], remove)

    async def close(self) -> None:
        """End the connection."""
        connection, self._connection, self._client = self._connection, None, None
        if connection is not None:
            connection.close()
            await connection.wait_closed()

    async def _entries(self, folder: str) -> list[tuple[str, asyncssh.SFTPAttrs]]:
        async def read(sftp: asyncssh.SFTPClient) -> list[tuple[str, asyncssh.SFTPAttrs]]:
            found: list[tuple[str, asyncssh.SFTPAttrs]] = []
            try:
                async for entry in sftp.scandir(str(self._root / folder)):
                    name = entry.filename if isinstance(entry.filename, str) else entry.filename.decode()
                    if not name.startswith("."):
                        found.append((name, entry.attrs))
            except (asyncssh.SFTPNoSuchFile, asyncssh.SFTPNoSuchPath):
                return []
            return found

        return await self._do("list", folder, read)

    async def _write(self, sftp: asyncssh.SFTPClient, path: PurePosixPath, body: bytes) -> None:
        passing = await self._write_passing(sftp, path, body)
        try:
            await sftp.posix_rename(passing, str(path))
        except asyncssh.SFTPOpUnsupported:
            # Without the extension a rename refuses to replace.
            with suppress(asyncssh.SFTPNoSuchFile):
                await sftp.remove(str(path))
            await sftp.rename(passing, str(path))

    async def _write_passing(self, sftp: asyncssh.SFTPClient, path: PurePosixPath, body: bytes) -> str:
        if path.parent not in self._made:
            await sftp.makedirs(str(path.parent), exist_ok=True)
            self._made.add(path.parent)
        passing = str(path.parent / f"{_PASSING}{os.urandom(6).hex()}")
        try:
            async with sftp.open(passing, "wb") as file:
                await file.write(body)
                with suppress(asyncssh.SFTPOpUnsupported):
                    await file.fsync()
        except BaseException:
            with suppress(asyncssh.Error, OSError):
                await sftp.remove(passing)
            raise
        return passing

    async def _read(self, sftp: asyncssh.SFTPClient, path: PurePosixPath) -> bytes | None:
        try:
            async with sftp.open(str(path), "rb") as file:
                return bytes(await file.read())
        except (asyncssh.SFTPNoSuchFile, asyncssh.SFTPNoSuchPath):
            return None

    async def _do(self, verb: str, key: str, act: Callable[[asyncssh.SFTPClient], Awaitable[T]]) -> T:
        """Do it; once more on a new connection where the old one turns out to be gone. All verbs may be repeated."""
        for attempt in (1, 2):
            try:
                return await act(await self._open())
            except (OSError, asyncssh.Error, TimeoutError) as error:
                lost = self._connection is None or self._connection.is_closed()
                lost = lost or isinstance(error, asyncssh.SFTPNoConnection | asyncssh.SFTPConnectionLost)
                if lost:
                    self._made.clear()
                    await self.close()
                if attempt == 2 or not lost:
                    raise StoreUnavailable(f"{self.label}: {verb} {key!r}: {reason(error)}") from error
        raise AssertionError("the second attempt returns or raises")

    async def _open(self) -> asyncssh.SFTPClient:
        async with self._connecting:
            if self._client is None or self._connection is None or self._connection.is_closed():
                self._connection = await log_in(self._login)
                self._client = await self._connection.start_sftp_client()
            return self._client


class _Client(asyncssh.SSHClient):
    """Accepts the one host key whose fingerprint the address gives."""

    def __init__(self, fingerprint: str | None) -> None:
        self._fingerprint = fingerprint

    def validate_host_public_key(self, host: str, addr: str, port: int, key: asyncssh.SSHKey) -> bool:  # noqa: ARG002
        return self._fingerprint is not None and key.get_fingerprint() == self._fingerprint


@asynccontextmanager
async def open_sftp(address: str) -> AsyncGenerator[SftpTarget]:
    """The target at `address`; it connects when it is first used."""
    target = SftpTarget(parse_login(address), label_of(address))
    try:
        yield target
    finally:
        await target.close()


def _head_of(key: str, attributes: asyncssh.SFTPAttrs) -> ObjectHead:
    changed = attributes.mtime or 0
    return ObjectHead(
        key=key,
        size=attributes.size or 0,
        etag=f'"{changed:x}-{attributes.size or 0:x}"',
        last_modified=datetime.fromtimestamp(changed, UTC),
    )


def reason(error: BaseException) -> str:
    """What went wrong with a connection, in one line."""
    if isinstance(error, OSError) and error.errno and error.errno > 0:
        # asyncio's own text repeats the address in Python's words.
        said = os.strerror(error.errno)
        return f"{error.filename}: {said}" if error.filename else said
    said = str(error).partition("\n")[0] or type(error).__name__
    if isinstance(error, asyncssh.HostKeyNotVerifiable):
        return f"{said}: give its fingerprint (host_key=SHA256:… in the address, or --host-key), or a known_hosts"
    return said
