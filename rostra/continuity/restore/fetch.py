"""Base backups: parts are fetched side by side, checked, decrypted and unpacked in their order, a few at a time.

The tar is read as it comes. Only files and directories below the one that was named are ever written; everything else
that a tar can hold ends the restore.
"""

from __future__ import annotations

import asyncio
import hashlib
import os
import shutil
import subprocess
import tarfile
from collections.abc import AsyncGenerator, Awaitable, Callable, Iterable
from contextlib import suppress
from pathlib import Path, PurePosixPath
from typing import IO, Final, TypeVar

from rostra.continuity import names
from rostra.continuity.records import Part
from rostra.continuity.restore.documents import Documents, Missing
from rostra.continuity.restore.plan import BaseFound
from rostra.continuity.sealed import Broken
from rostra.kit.postgres_programs import client_program
from rostra.kit.postgres_setup import ENVIRONMENT

A = TypeVar("A")
B = TypeVar("B")

_PART: Final = 40 << 20
"""Bytes that no part is larger than, packed or not: 32 MiB of tar."""
_AT_ONCE: Final = 4
_RUN: Final = 1 << 20


async def fetch_base(documents: Documents, base: BaseFound, into: Path, arrived: Callable[[int], None]) -> None:
    """Unpack one base into the new directory `into`. `arrived` is told the bytes of each part.

    Raises Broken, naming the object; `into` is then half full.
    """
    reader, writer = os.pipe()
    unpacking = asyncio.create_task(asyncio.to_thread(_unpack_from, reader, into, base))
    try:
        await _pour(documents, base, writer, arrived)
    except BrokenPipeError:
        # Whoever unpacks has stopped, and says why.
        await unpacking
        raise
    finally:
        os.close(writer)
        with suppress(Broken):
            await asyncio.shield(unpacking)
    await unpacking
    if (into / "backup_manifest").read_bytes() != base.manifest:
        raise Broken(f"{names.base_manifest(base.about.id)}: is not the manifest that is in the backup")


async def combine(directories: list[Path], into: Path, bindir: Path | None) -> None:
    """Make one full backup of a full one and those that build on it, which are gone afterwards. Raises Broken."""
    program = client_program(bindir, "pg_combinebackup")
    await _run([program, "--link", "--no-sync", "-o", into, *directories], "the base and what builds on it do not fit")
    for each in directories:
        await asyncio.to_thread(shutil.rmtree, each)


async def verify(directory: Path, bindir: Path | None) -> int:
    """Hold every file against PostgreSQL's manifest, and say how many there are. Raises Broken naming the first."""
    program = client_program(bindir, "pg_verifybackup")
    await _run(
        [program, "--exit-on-error", "--no-parse-wal", "--quiet", directory], "the base is not what it should be"
    )
    return (directory / "backup_manifest").read_bytes().count(b'"Path":')


async def in_order(make: Callable[[A], Awaitable[B]], about: Iterable[A], at_once: int) -> AsyncGenerator[B]:
    """What `make` gives for each, in their order, with `at_once` of them under way."""
    waiting: list[asyncio.Task[B]] = []
    try:
        for each in about:
            waiting.append(asyncio.ensure_future(make(each)))  # pyright: ignore[reportArgumentType] - always coroutines
            if len(waiting) >= at_once:
                yield await waiting.pop(0)
        while waiting:
            yield await waiting.pop(0)
    finally:
        for task in waiting:
            task.cancel()
        await asyncio.gather(*waiting, return_exceptions=True)


async def _pour(documents: Documents, base: BaseFound, writer: int, arrived: Callable[[int], None]) -> None:
    """Write the base's tar into a pipe."""
    wanted = list(enumerate(base.about.parts))

    async def part(each: tuple[int, Part]) -> tuple[int, bytes]:
        index, about = each
        return about.size, await _fetch_part(documents, names.base_part(base.about.id, index), about)

    poured = 0
    async for size, run in in_order(part, wanted, _AT_ONCE):
        await asyncio.to_thread(_write_all, writer, run)
        poured += len(run)
        arrived(size)
    if poured != base.about.raw_size:
        raise Broken(f"the parts of the base {base.about.id} have {poured} bytes, not {base.about.raw_size}")


async def _fetch_part(documents: Documents, name: str, part: Part) -> bytes:
    if part.size > _PART:
        raise Broken(f"{name}: has {part.size} bytes, which no part has")
    body = await documents.target.find(documents.path(name))
    if body is None:
        raise Missing(f"{name}: is missing")
    return await asyncio.to_thread(_open_part, documents, name, part, body)


def _open_part(documents: Documents, name: str, part: Part, body: bytes) -> bytes:
    if len(body) != part.size or hashlib.sha256(body).hexdigest() != part.sha256:
        raise Broken(f"{name}: its bytes were changed or cut short ({len(body)} of {part.size})")
    return documents.open(name, body, _PART)


def _write_all(writer: int, run: bytes) -> None:
    view = memoryview(run)
    while view:
        view = view[os.write(writer, view) :]


def _unpack_from(reader: int, into: Path, base: BaseFound) -> None:
    with os.fdopen(reader, "rb") as stream:
        unpack_tar(stream, into, base.about.raw_size, f"{names.BASES}/{base.about.id}")
        # What pads the tar behind its end, so that nobody writes into a closed pipe.
        while stream.read(_RUN):
            pass


def unpack_tar(stream: IO[bytes], into: Path, limit: int, name: str) -> list[str]:
    """Write what a tar holds into the new directory `into`, at most `limit` bytes, and give the files' paths.

    Everything gets the modes 0700 and 0600. Raises Broken for anything but files and directories with plain paths.
    """
    into.mkdir(mode=0o700)
    written: list[str] = []

    def take(path: PurePosixPath, content: IO[bytes] | None, size: int) -> None:
        if content is None:
            (into / path).mkdir(mode=0o700, parents=True, exist_ok=True)
            return
        _write_file(content, into / path, size, f"{name}: {path}")
        written.append(str(path))

    _walk_tar(stream, limit, name, take)
    return written


def read_tar(stream: IO[bytes], limit: int, name: str) -> dict[str, bytes]:
    """The files of a tar that fits into memory, by their paths, with nothing written anywhere. Raises as unpack_tar."""
    files: dict[str, bytes] = {}

    def take(path: PurePosixPath, content: IO[bytes] | None, size: int) -> None:
        if content is None:
            return
        body = content.read()
        if len(body) != size:
            raise Broken(f"{name}: {path}: is cut short")
        # Capsules had a file twice that two paths of continuity_extra named.
        if files.setdefault(str(path), body) != body:
            raise Broken(f"{name}: {path}: is there twice")

    _walk_tar(stream, limit, name, take)
    return files


def _walk_tar(
    stream: IO[bytes], limit: int, name: str, take: Callable[[PurePosixPath, IO[bytes] | None, int], None]
) -> None:
    """Give `take` each file with its size, and each directory as None, at most `limit` bytes of them."""
    left = limit
    try:
        with tarfile.open(fileobj=stream, mode="r|") as tar:
            for member in tar:
                path = safe_path(member, name)
                left -= member.size
                if left < 0:
                    raise Broken(f"{name}: holds more than its {limit} bytes")
                take(path, None if member.isdir() else tar.extractfile(member), member.size)
                # Otherwise it remembers every file.
                tar.members = []  # pyright: ignore[reportAttributeAccessIssue]
    except (tarfile.TarError, EOFError, UnicodeError) as error:
        raise Broken(f"{name}: cannot be unpacked: {error}") from None


def safe_path(member: tarfile.TarInfo, name: str) -> PurePosixPath:
    """Where a member of a tar goes, below the directory. Raises Broken for what nobody packs there."""
    path = PurePosixPath(member.name)
    plain = not path.is_absolute() and ".." not in path.parts and "\0" not in member.name and member.name != ""
    if not plain:
        raise Broken(f"{name}: holds the path {member.name!r}, which leads out of it")
    if not (member.isdir() or (member.isreg() and not member.issparse())):
        raise Broken(f"{name}: holds {member.name!r}, which is neither a file nor a directory")
    return path


def _write_file(content: IO[bytes], path: Path, size: int, name: str) -> None:
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    # No links are ever made below the directory, so the way into it cannot lead elsewhere.
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
    except FileExistsError:
        raise Broken(f"{name}: is there twice") from None
    with os.fdopen(descriptor, "wb") as file:
        while run := content.read(_RUN):
            file.write(run)
            size -= len(run)
    if size:
        raise Broken(f"{name}: is cut short")


async def _run(arguments: list[str | Path], problem: str) -> None:
    process = await asyncio.create_subprocess_exec(
        *arguments,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        cwd="/",
        env=ENVIRONMENT,
    )
    try:
        said, _ = await process.communicate()
    except asyncio.CancelledError:
        process.kill()
        await process.wait()
        raise
    if process.returncode != 0:
        raise Broken(f"{problem}: {' '.join(said.decode(errors='replace').split())[-1000:]}")
