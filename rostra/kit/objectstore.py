"""Objects (immutable files under a key) in a directory of this machine or in any S3 bucket, behind one class.

Keys are made by our own code and never by a visitor: a relative path of plain characters. An object is whole or absent,
and once `put` has returned it outlives the process and, for a local directory, a power cut. A store with a register
writes down there what comes and goes. Nothing here knows what the objects are.
"""

from __future__ import annotations

import asyncio
import hashlib
import os
import re
import stat
from collections.abc import AsyncGenerator, Generator, Sequence
from contextlib import contextmanager, suppress
from datetime import UTC, datetime, timedelta
from functools import cached_property, partial
from pathlib import Path
from typing import TYPE_CHECKING, Final
from urllib.parse import unquote, urlsplit

import msgspec

from rostra.kit.errors import Upstream
from rostra.kit.files import flush
from rostra.kit.s3 import insist, open_s3, plainly
from rostra.kit.stored_objects import Measured, ObjectRegister

if TYPE_CHECKING:
    from obstore import Attributes, ObjectMeta
    from obstore.store import LocalStore, S3Store

WINDOW: Final = 1 << 20
"""Bytes that one read asks for: bounds the memory of a reader, whatever the object's size."""

PROBES: Final = "probes"
"""Objects below this path are there to try the store, and are never registered."""

_KEY = re.compile(r"[A-Za-z0-9_-][A-Za-z0-9._-]*(/[A-Za-z0-9_-][A-Za-z0-9._-]*)*")
_SINGLE_REQUEST_UP_TO: Final = 64 << 20
# Hashing fewer bytes costs less than handing them to a thread.
_HASHED_AT_ONCE: Final = 16 << 10
_DELETE_BATCH: Final = 500


class StoreUnavailable(Upstream):
    """The store did not do what it was asked to: bucket unreachable, disk full, permissions (HTTP 503)."""

    text = "The store of files cannot be reached right now"


class ObjectHead(msgspec.Struct, frozen=True, kw_only=True):
    """What is known of an object without reading it. `size` in bytes; `etag` is quoted, ready for a header."""

    key: str
    size: int
    etag: str
    last_modified: datetime


class Window(msgspec.Struct, frozen=True, kw_only=True):
    """An object's head and a run of its bytes."""

    head: ObjectHead
    body: bytes


class ObjectStore:
    """One store. Made by `open_store`; owns the connections of its backend until it is garbage."""

    def __init__(self, backend: S3Store | None, root: Path | None, register: ObjectRegister | None) -> None:
        """Either a bucket's `backend` or the `root` of a directory."""
        self._bucket = backend
        self._root = root
        self._register = register

    @cached_property
    def _backend(self) -> LocalStore | S3Store:
        if self._bucket is not None:
            return self._bucket
        from obstore.store import LocalStore

        return LocalStore(self._root, automatic_cleanup=True)

    async def put(self, key: str, body: bytes | Path, content_type: str, *, cache_control: str | None = None) -> None:
        """Store `body` (bytes, or a file to copy) under `key`, whole or not at all, and return once it is durable.

        `content_type` and `cache_control` are kept by S3 and told to whoever reads the bucket directly; a directory
        has no place for them. Where the store has a register, the object is in it when this returns, so the caller must
        not be in a transaction. Raises StoreUnavailable.
        """
        _check_key(key)
        attributes: Attributes = {"Content-Type": content_type}
        if cache_control is not None:
            attributes["Cache-Control"] = cache_control
        size = len(body) if isinstance(body, bytes) else (await asyncio.to_thread(body.stat)).st_size
        with _failures("put", key):
            await _library().put_async(
                self._backend,
                key,
                body,
                # One request while it may be one: an interrupted multipart upload would go on costing money unseen.
                use_multipart=size > _SINGLE_REQUEST_UP_TO,
                attributes=None if self._root else attributes,
            )
            if self._root is not None:
                await asyncio.to_thread(_make_durable, self._root, key)
        await self._note_put(key, body)

    async def put_new(self, key: str, body: bytes) -> bool:
        """Store `body` under `key` where nothing is yet; False where something else is. Raises StoreUnavailable.

        True also where the same bytes are there already: a connection may break after the store has done as asked. Some
        small S3 servers replace what is there all the same (`honours_put_new`).
        """
        from obstore.exceptions import AlreadyExistsError

        _check_key(key)
        with _failures("put", key):
            try:
                put = partial(_library().put_async, self._backend, key, body, use_multipart=False, mode="create")
                await insist(put)
            except AlreadyExistsError:
                if await self.find(key) != body:
                    return False
            if self._root is not None:
                await asyncio.to_thread(_make_durable, self._root, key)
        await self._note_put(key, body)
        return True

    async def honours_put_new(self) -> bool:
        """Whether `put_new` leaves alone what is there, tried on an object that is removed again.

        Raises StoreUnavailable.
        """
        key = f"{PROBES}/{os.urandom(16).hex()}"
        try:
            try:
                taken = await self.put_new(key, b"first")
            except StoreUnavailable:
                # A store that takes objects, but none with a condition; else this says what the matter is.
                await self.put(key, b"first", "text/plain")
                return False
            return taken and not await self.put_new(key, b"second") and await self.find(key) == b"first"
        finally:
            # A key that may only put leaves it there.
            with suppress(StoreUnavailable):
                await self.delete([key])

    async def find_head(self, key: str) -> ObjectHead | None:
        """Size, tag and age of an object, or None. Raises StoreUnavailable."""
        if not _KEY.fullmatch(key):
            return None
        with _failures("head", key):
            if self._root is not None:
                return await asyncio.to_thread(_local_head, self._root, key)
            try:
                return _head_of(await _library().head_async(self._backend, key), key)
            except FileNotFoundError:
                return None

    async def exists(self, key: str) -> bool:
        """Whether there is an object under `key`."""
        return await self.find_head(key) is not None

    async def find_window(self, key: str, *, start: int = 0, length: int = WINDOW) -> Window | None:
        """The head and at most `length` bytes from `start`, in one request; None where there is no object."""
        if not _KEY.fullmatch(key):
            return None
        with _failures("get", key):
            if self._root is not None:
                return await asyncio.to_thread(_local_window, self._root, key, start, length)
            from obstore.exceptions import BaseError

            try:
                found = await _library().get_async(self._backend, key, options={"range": (start, start + length)})
                return Window(head=_head_of(found.meta, key), body=bytes(await found.bytes_async()))
            except FileNotFoundError:
                return None
            except BaseError:
                # S3 refuses a range with nothing in it, as of an empty object; a directory gives no bytes.
                head = await self.find_head(key)
                if head is None or start < head.size:
                    raise
                return Window(head=head, body=b"")

    async def find(self, key: str) -> bytes | None:
        """All bytes of an object that fits into memory, in one request; None where there is none."""
        if not _KEY.fullmatch(key):
            return None
        with _failures("get", key):
            if self._root is not None:
                window = await asyncio.to_thread(_local_window, self._root, key, 0, None)
                return None if window is None else window.body
            try:
                return bytes(await (await _library().get_async(self._backend, key)).bytes_async())
            except FileNotFoundError:
                return None

    async def read(self, key: str, *, start: int = 0, end: int | None = None) -> AsyncGenerator[bytes]:
        """The bytes from `start` to `end` (exclusive; the object's end if None), in runs of at most WINDOW.

        Each run is a request of its own, so that a slow reader holds no connection. Raises FileNotFoundError.
        """
        at = start
        while end is None or at < end:
            window = await self.find_window(key, start=at, length=WINDOW if end is None else min(WINDOW, end - at))
            if window is None:
                raise FileNotFoundError(key)
            end = window.head.size if end is None else min(end, window.head.size)
            if window.body:
                yield window.body
            at += len(window.body)

    async def delete(self, keys: Sequence[str]) -> None:
        """Remove objects; one that is not there counts as removed. Raises StoreUnavailable."""
        for key in keys:
            _check_key(key)
        for index in range(0, len(keys), _DELETE_BATCH):
            batch = list(keys[index : index + _DELETE_BATCH])
            with _failures("delete", batch[0]):
                if self._root is None:
                    await insist(partial(_library().delete_async, self._backend, batch))
                else:
                    await asyncio.gather(*(self._delete_local(key) for key in batch))
            if self._register is not None and (known := [key for key in batch if not _is_probe(key)]):
                await self._register.note_gone(known)

    async def _note_put(self, key: str, body: bytes | Path) -> None:
        if self._register is None or _is_probe(key):
            return
        if isinstance(body, bytes) and len(body) <= _HASHED_AT_ONCE:
            found = _measure(key, body)
        else:
            found = await asyncio.to_thread(_measure, key, body)
        await self._register.note_put(found)

    async def _delete_local(self, key: str) -> None:
        try:
            await _library().delete_async(self._backend, key)
        except FileNotFoundError:
            return

    async def list(self, prefix: str = "", *, after: str | None = None) -> AsyncGenerator[ObjectHead]:
        """Every object whose key begins with the path `prefix` (whole segments), in no order.

        With `after` only those whose keys sort behind it by their bytes.
        """
        with _failures("list", prefix):
            async for batch in _library().list(self._backend, prefix or None, offset=after, chunk_size=1000):
                for found in batch:
                    yield _head_of(found, found["path"])

    async def folders(self, prefix: str = "") -> AsyncGenerator[str]:
        """The names of the folders right below the path `prefix`: the next segments of the keys that go on there."""
        with _failures("list", prefix):
            found = await _library().list_with_delimiter_async(self._backend, prefix or None)
            for path in found["common_prefixes"]:
                yield path.rpartition("/")[2]


def open_store(
    where: str | Path, register: ObjectRegister | None = None, *, patience: timedelta = timedelta(seconds=60)
) -> ObjectStore:
    """The store at a directory (made if absent, as its owner's alone) or at an S3 URL, followed by a `register` or not.
    `patience` is how long one request to S3 may take.

    `s3://KEY:SECRET@bucket/prefix?endpoint=https://host&region=name`; the credentials may come from AWS_ACCESS_KEY_ID
    and AWS_SECRET_ACCESS_KEY instead, and the other query settings are `virtual_hosted_style`, `disable_bulk_delete`
    and `unsigned_payload` (true or false). Raises ValueError naming what cannot be used.
    """
    text = str(where)
    if text.startswith("s3://"):
        return ObjectStore(open_s3(text, patience), None, register)
    if "://" in text and not text.startswith("file://"):
        raise ValueError(f"the storage URL must begin with s3:// or file://, not {text.partition('://')[0]}://")
    root = Path(unquote(urlsplit(text).path) if text.startswith("file://") else text).absolute()
    root.mkdir(parents=True, exist_ok=True, mode=0o700)
    return ObjectStore(None, root, register)


def _library():
    """obstore, 4 MB of each process that keeps pictures in a bucket, or writes or removes one. Nothing more is needed
    to serve those of a directory."""
    import obstore

    return obstore


def _check_key(key: str) -> None:
    if not _KEY.fullmatch(key):
        raise ValueError(f"not an object key: {key!r}")


def _is_probe(key: str) -> bool:
    return key.startswith(f"{PROBES}/")


def _measure(key: str, body: bytes | Path) -> Measured:
    if isinstance(body, bytes):
        return Measured(key, len(body), hashlib.sha256(body).digest())
    with body.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").digest()
        return Measured(key, file.tell(), digest)


@contextmanager
def _failures(verb: str, key: str) -> Generator[None]:
    try:
        yield
    except Exception as error:
        from obstore.exceptions import BaseError

        if not isinstance(error, (BaseError, OSError)):
            raise
        raise StoreUnavailable(f"object store: {verb} {key!r}: {plainly(str(error))}") from error


def _head_of(meta: ObjectMeta, key: str) -> ObjectHead:
    etag = meta["e_tag"] or f"{meta['last_modified'].timestamp():.0f}-{meta['size']}"
    quoted = etag if etag.startswith('"') else f'"{etag}"'
    return ObjectHead(key=key, size=meta["size"], etag=quoted, last_modified=meta["last_modified"])


# The local reads go past obstore: an asynchronous read of 100 KB costs it twice the CPU of a thread that calls pread.


def _local_head(root: Path, key: str) -> ObjectHead | None:
    window = _local_window(root, key, 0, 0)
    return None if window is None else window.head


def _local_window(root: Path, key: str, start: int, length: int | None) -> Window | None:
    try:
        descriptor = os.open(f"{root}/{key}", os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW)
    except (FileNotFoundError, NotADirectoryError):
        return None
    try:
        found = os.fstat(descriptor)
        if not stat.S_ISREG(found.st_mode):
            return None
        rest = found.st_size - start
        wanted = rest if length is None else min(length, rest)
        body = os.pread(descriptor, wanted, start) if wanted > 0 else b""
    finally:
        os.close(descriptor)
    head = ObjectHead(
        key=key,
        size=found.st_size,
        etag=f'"{found.st_ino:x}-{found.st_mtime_ns // 1000:x}-{found.st_size:x}"',
        last_modified=datetime.fromtimestamp(found.st_mtime, UTC),
    )
    return Window(head=head, body=body)


def _make_durable(root: Path, key: str) -> None:
    """Flush a file that was renamed into place, and every directory that leads to it, to the disk.

    obstore writes beside the target and renames, which survives the death of the process, but it flushes nothing: after
    a power cut the database would know a file that is empty or gone.
    """
    path = root / key
    flush(path)
    for directory in path.parents:
        flush(directory)
        if directory == root:
            return
