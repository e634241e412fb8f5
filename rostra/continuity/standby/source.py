"""The machine of the primary: its files, its programs and its database's socket, over SSH or on this machine.

The database of a Rostra listens on a Unix socket only, which lets in accounts of its own machine; so one must come as
the account that runs Rostra there, or as root. Everything that comes from there is bounded in size by the caller.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncGenerator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Final, Protocol
from urllib.parse import quote, urlsplit

import msgspec

from rostra.kit.postgres_home import SOCKET_NAME

SMALL: Final = 4 << 20
"""Bytes up to which a file is read into memory."""


class SourceAway(Exception):
    """The primary's machine cannot be reached, or does not let us in; the text says which and why."""


class SourceRefused(Exception):
    """What was asked for can never work as things are; the text ends with the next step."""


class Reader(Protocol):
    """One direction of a connection."""

    async def read(self, n: int = -1, /) -> bytes: ...


class Writer(Protocol):
    """The other one."""

    def write(self, data: bytes, /) -> object: ...
    async def drain(self) -> None: ...
    def close(self) -> None: ...


class Ran(msgspec.Struct, frozen=True, kw_only=True):
    """How a program ended there, and what it said."""

    status: int
    out: str
    err: str


class Source(Protocol):
    """The primary's machine. Every method raises SourceAway."""

    @property
    def label(self) -> str:
        """Its address without what is secret."""
        ...

    @property
    def host(self) -> str:
        """How people call it."""
        ...

    @property
    def data_dir(self) -> str:
        """The primary's data directory there."""
        ...

    async def connect(self, path: str) -> tuple[Reader, Writer]:
        """A connection to the Unix socket at `path`."""
        ...

    async def resolve(self, path: str) -> str:
        """The path without links."""
        ...

    async def find_owner(self, path: str) -> int | None:
        """The number of the account that `path` belongs to; None where there is no such path."""
        ...

    async def who(self) -> int | None:
        """The number of the account that we are there; None where that cannot be learned."""
        ...

    async def read(self, path: str, limit: int = SMALL) -> bytes | None:
        """A small file, or None where there is none. One above `limit` bytes counts as away."""
        ...

    async def fetch(self, path: str, to: Path) -> bool:
        """Copy a file of any size; False where there is none."""
        ...

    async def run(self, words: Sequence[str]) -> Ran:
        """Run a program to its end."""
        ...


async def find_socket(source: Source) -> str:
    """Where the primary's database listens. Raises SourceAway."""
    cluster = await source.resolve(f"{source.data_dir}/postgres")
    run = await source.resolve(f"{cluster.rpartition('/')[0]}/run")
    return f"{run}/{SOCKET_NAME}"


@asynccontextmanager
async def open_source(address: str) -> AsyncGenerator[Source]:
    """The machine at `ssh://user@host:port/data/dir?key=FILE&host_key=SHA256:…`, or this one for a plain path.

    Connects when it is first used. Raises TargetUnusable for the address.
    """
    if urlsplit(address).scheme == "ssh":
        from rostra.continuity.standby.ssh import open_ssh

        async with open_ssh(address) as source:
            yield source
        return
    yield LocalSource(Path(address))


def with_keys(address: str, key_file: Path | None, host_key: str | None) -> str:
    """The address with what the command line said beside it."""
    if urlsplit(address).scheme != "ssh":
        return str(Path(address).resolve())
    given = {"key": key_file and str(key_file.resolve()), "host_key": host_key}
    query = "&".join(f"{name}={quote(str(value), safe='')}" for name, value in given.items() if value)
    return address + ("&" if urlsplit(address).query else "?") + query if query else address


class LocalSource:
    """A primary on this machine."""

    def __init__(self, data_dir: Path) -> None:
        self.label = str(data_dir)
        self.host = "this machine"
        self.data_dir = str(data_dir)

    async def connect(self, path: str) -> tuple[Reader, Writer]:
        try:
            return await asyncio.open_unix_connection(path)
        except OSError as error:
            raise SourceAway(f"{self.label}: its database does not answer ({error.strerror or error})") from None

    async def resolve(self, path: str) -> str:
        return str(await asyncio.to_thread(Path(path).resolve))

    async def find_owner(self, path: str) -> int | None:
        try:
            return (await asyncio.to_thread(os.stat, path)).st_uid
        except OSError:
            return None

    async def who(self) -> int | None:
        return os.geteuid()

    async def read(self, path: str, limit: int = SMALL) -> bytes | None:
        def read() -> bytes | None:
            try:
                with Path(path).open("rb") as file:
                    return file.read(limit + 1)
            except (FileNotFoundError, NotADirectoryError):
                return None

        try:
            body = await asyncio.to_thread(read)
        except OSError as error:
            raise SourceAway(f"{path}: {error.strerror}") from None
        if body is not None and len(body) > limit:
            raise SourceAway(f"{path}: is larger than {limit} bytes")
        return body

    async def fetch(self, path: str, to: Path) -> bool:
        import shutil

        try:
            await asyncio.to_thread(shutil.copyfile, path, to)
        except (FileNotFoundError, NotADirectoryError):
            return False
        except OSError as error:
            raise SourceAway(f"{path}: {error.strerror}") from None
        return True

    async def run(self, words: Sequence[str]) -> Ran:
        try:
            process = await asyncio.create_subprocess_exec(
                *words,
                stdin=asyncio.subprocess.DEVNULL,
                stdout=asyncio.subprocess.PIPE,
                stderr=asyncio.subprocess.PIPE,
            )
        except OSError as error:
            raise SourceAway(f"{words[0]}: {error.strerror}") from None
        out, err = await process.communicate()
        return Ran(status=process.returncode or 0, out=out.decode(errors="replace"), err=err.decode(errors="replace"))
