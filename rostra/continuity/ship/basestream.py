"""`pg_basebackup` as a stream: its tar goes by in runs, and PostgreSQL's own manifest is picked out of it.

Nothing is ever on this disk and few runs are in memory, however large the database is.
"""

from __future__ import annotations

import asyncio
import subprocess
import tarfile
import tempfile
from collections.abc import Awaitable, Callable
from contextlib import suppress
from pathlib import Path
from typing import IO, Final, cast

import msgspec

from rostra.continuity.records import parse_lsn
from rostra.kit.postgres import conninfo_of
from rostra.kit.postgres_programs import client_program
from rostra.kit.postgres_setup import ENVIRONMENT
from rostra.kit.settings import Settings

RUN: Final = 32 << 20
"""Bytes of the tar in one part."""

_MANIFEST: Final = "backup_manifest"
_BUFFER: Final = 1 << 20

Sink = Callable[[bytes], Awaitable[None]]


class BaseFailed(Exception):
    """There is no base; the text says why."""


class Made(msgspec.Struct, frozen=True, kw_only=True):
    """What PostgreSQL says of a base: its manifest, and which log it needs."""

    manifest: bytes
    start: int
    end: int
    timeline: int
    size: int


class _Range(msgspec.Struct, rename={"timeline": "Timeline", "start": "Start-LSN", "end": "End-LSN"}):
    timeline: int
    start: str
    end: str


class _Manifest(msgspec.Struct, rename={"ranges": "WAL-Ranges"}):
    ranges: list[_Range]


async def stream_base(settings: Settings, parent: Path | None, sink: Sink) -> Made:
    """Make a base, incremental where `parent` is the manifest of an earlier one, and give its tar to `sink` in runs.

    Raises BaseFailed, PostgresRefused, and what `sink` raises.
    """
    increment = () if parent is None else (f"--incremental={parent}",)
    with tempfile.TemporaryFile() as errors:
        process = subprocess.Popen(  # noqa: S603, ASYNC220 - PostgreSQL's own program; it is read by a thread
            [
                client_program(settings.pg_bindir, "pg_basebackup"),
                *("-D", "-", "-Ft", "-X", "none", "-c", "fast", "--no-password", *increment),
                *("-d", conninfo_of(settings.data_dir)),
            ],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=errors,
            env=ENVIRONMENT,
        )
        try:
            made = await _pump(process, sink)
        finally:
            process.kill()
            # It was killed or has ended, so this takes no time.
            status = process.wait()
        if status != 0 or made is None:
            errors.seek(0)
            raise BaseFailed(_last_words(errors.read().decode(errors="replace")))
    return made


async def _pump(process: subprocess.Popen[bytes], sink: Sink) -> Made | None:
    """Read in a thread, hand over here. Where this is cancelled the program is killed, which ends the thread."""
    loop = asyncio.get_running_loop()
    handed: asyncio.Future[None] | None = None

    def give(run: bytes) -> None:
        asyncio.run_coroutine_threadsafe(_hand(run), loop).result()

    async def _hand(run: bytes) -> None:
        nonlocal handed
        handed = asyncio.ensure_future(sink(run))
        await handed

    reading = asyncio.ensure_future(asyncio.to_thread(_read, process, give))
    try:
        return await asyncio.shield(reading)
    except asyncio.CancelledError:
        process.kill()
        if handed is not None:
            handed.cancel()
        with suppress(Exception, asyncio.CancelledError):
            await reading
        raise


def _read(process: subprocess.Popen[bytes], give: Callable[[bytes], None]) -> Made | None:
    """None where the tar is cut short, of which the program says why."""
    assert process.stdout is not None
    tee = _Tee(process.stdout, give)
    manifest = None
    try:
        with tarfile.open(fileobj=cast("IO[bytes]", tee), mode="r|", bufsize=_BUFFER) as tar:
            for member in tar:
                if member.name == _MANIFEST and (found := tar.extractfile(member)) is not None:
                    manifest = found.read()
    except tarfile.TarError:
        return None
    tee.finish()
    if manifest is None or process.wait() != 0:
        return None
    first = msgspec.json.decode(manifest, type=_Manifest).ranges[-1]
    return Made(
        manifest=manifest,
        start=parse_lsn(first.start),
        end=parse_lsn(first.end),
        timeline=first.timeline,
        size=tee.size,
    )


class _Tee:
    """Reads the tar for tarfile, and gives all that was read away in runs."""

    def __init__(self, source: IO[bytes], give: Callable[[bytes], None]) -> None:
        self._source = source
        self._give = give
        self._held = bytearray()
        self.size = 0

    def read(self, size: int) -> bytes:
        chunk = self._source.read(size)
        self._held += chunk
        self.size += len(chunk)
        while len(self._held) >= RUN:
            self._give(bytes(self._held[:RUN]))
            del self._held[:RUN]
        return chunk

    def finish(self) -> None:
        """What comes behind the last file, and the last run."""
        while self.read(_BUFFER):
            pass
        if self._held:
            self._give(bytes(self._held))


def _last_words(said: str) -> str:
    lines = [line for line in said.strip().splitlines() if "error:" in line or "FATAL" in line or "ERROR" in line]
    reason = (lines or said.strip().splitlines()[-1:] or ["it ended without a word"])[0]
    return f"pg_basebackup: {reason.removeprefix('pg_basebackup: ').removeprefix('error: ')}"
