"""Reading a request's parameters within limits, whatever the form in which they were sent."""

from __future__ import annotations

import secrets
from asyncio import to_thread
from collections.abc import Iterable
from contextlib import aclosing
from pathlib import Path
from shutil import copyfileobj
from tempfile import SpooledTemporaryFile
from typing import Any, cast
from urllib.parse import parse_qsl

import msgspec
from starlette.datastructures import UploadFile
from starlette.exceptions import HTTPException
from starlette.formparsers import MultiPartException, MultiPartParser
from starlette.requests import ClientDisconnect, Request

from rostra.kit.errors import BadRequest, Invalid, TooLarge
from rostra.kit.forms import StoredUpload, Upload, nest

MAX_BODY = 1 << 20
MAX_UPLOAD = 17 << 20
_MAX_FIELDS = 200
# What an endpoint takes is nested four deep at most.
_DEEPEST = 32


async def read_params(
    request: Request, path_params: dict[str, str], *, uploads: int = 1, folder: Path | None = None
) -> dict[str, Any]:
    """All parameters of a request as one tree: the path's beat the body's, the body's beat the query's.

    `uploads` is how many files of the largest size may come. They come as Upload or, where there is a `folder` to keep
    them in, as StoredUpload. Raises BadRequest for a body that cannot be read and TooLarge for one over the limit.
    """
    query: bytes = request.scope["query_string"]
    params: dict[str, Any] = nest(split_query(query)) if query else {}
    if request.method not in ("GET", "HEAD"):
        params |= await _read_body(request, MAX_UPLOAD * uploads, folder)
    return params | path_params if path_params else params


def split_query(query: bytes) -> list[tuple[str, str]]:
    """The parameters of a query in their order, as `query_params` of a request has them, at a third of the cost."""
    return parse_qsl(query.decode("latin-1"), keep_blank_values=True)


async def _read_body(request: Request, most: int, folder: Path | None) -> dict[str, Any]:
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind == "multipart/form-data":
        return await _read_multipart(request, most, folder)
    body = await read_bytes(request, MAX_BODY)
    if not body:
        return {}
    if kind == "application/json" or kind.endswith("+json"):
        return _read_json(body)
    # Some clients send a form under an odd type or none; what is no form gives nothing.
    return _read_form(body)


def _read_form(body: bytes) -> dict[str, Any]:
    """Pairs of names and values in UTF-8, percent-encoded or, as curl sends them, as they are."""
    try:
        pairs = parse_qsl(
            body.decode("latin-1"), keep_blank_values=True, encoding="latin-1", max_num_fields=_MAX_FIELDS
        )
        named = [(name.encode("latin-1").decode(), value.encode("latin-1")) for name, value in pairs]
    except ValueError as error:
        raise BadRequest("The form could not be read") from error
    return nest((name, _as_text(name, value)) for name, value in named)


def _as_text(field: str, value: bytes) -> str:
    try:
        return value.decode()
    except UnicodeDecodeError:
        raise Invalid(field, "is not valid UTF-8") from None


def _read_json(body: bytes) -> dict[str, Any]:
    try:
        tree = msgspec.json.decode(body)
    except (msgspec.DecodeError, RecursionError, UnicodeDecodeError) as error:
        raise BadRequest(f"The body is not valid JSON: {error}") from None
    if tree is None:
        # What some libraries send where there is nothing to say.
        return {}
    if not isinstance(tree, dict):
        raise BadRequest("The body must be a JSON object")
    if _is_deep(tree):
        raise BadRequest(f"The body is nested more than {_DEEPEST} deep")
    return cast("dict[str, Any]", tree)


def _is_deep(tree: object) -> bool:
    """Whether there is more than `_DEEPEST` inside of one another; how deep a decoder goes depends on the Python."""
    level: list[object] = [tree]
    for _ in range(_DEEPEST):
        level = [child for each in level if isinstance(each, dict | list) for child in _children(each)]
        if not level:
            return False
    return True


def _children(each: dict[str, object] | list[object]) -> Iterable[object]:
    return each.values() if isinstance(each, dict) else each


async def _read_multipart(request: Request, most: int, folder: Path | None) -> dict[str, Any]:
    length = request.headers.get("content-length", "")
    if length.isdigit() and int(length) > most:
        raise TooLarge
    limited = Request(request.scope, _limited(request, most))
    pairs: list[tuple[str, object]] = []
    try:
        async with aclosing(limited.stream()) as stream:
            parser = _Parser(limited.headers, stream, max_files=8, max_fields=_MAX_FIELDS, max_part_size=MAX_BODY)
            parser.folder = folder
            fields = await parser.parse()
        try:
            for name, value in fields.multi_items():
                if not isinstance(value, UploadFile):
                    pairs.append((name, value))
                elif not _is_unchosen(value):
                    pairs.append((name, await _as_upload(value, folder)))
        finally:
            await fields.close()
    except (HTTPException, MultiPartException, KeyError, UnicodeDecodeError) as error:
        raise BadRequest("The multipart form could not be read") from error
    return nest(pairs)


class _Parser(MultiPartParser):
    """Starlette's takes text that is no UTF-8 for Latin-1, and so makes something else of it; and it keeps files in the
    machine's folder for such, which often is memory, where `folder` names a better place."""

    folder: Path | None = None

    def on_headers_finished(self) -> None:
        super().on_headers_finished()
        part = self._current_part
        if part.file is not None and self.folder is not None:
            part.file.file.close()
            # Closed by the form, as Starlette's own is.
            kept = SpooledTemporaryFile(max_size=self.spool_max_size, dir=str(self.folder))  # noqa: SIM115
            part.file.file = cast("Any", kept)
            self._files_to_close_on_error.append(kept)

    def on_part_end(self) -> None:
        part = self._current_part
        if part.file is None:
            try:
                part.data.decode(self._charset)
            except UnicodeDecodeError:
                raise Invalid(part.field_name, "is not valid UTF-8") from None
        super().on_part_end()


def _is_unchosen(file: UploadFile) -> bool:
    """Whether this is what a browser sends for a file field in which nobody has chosen a file."""
    return not file.filename and not file.size


async def _as_upload(file: UploadFile, folder: Path | None) -> Upload | StoredUpload:
    if folder is None:
        return Upload(file.filename or "", file.content_type or "", await file.read())
    path = folder / f"{secrets.token_hex(16)}.upload"
    await to_thread(_store, file, path)
    return StoredUpload(file.filename or "", file.content_type or "", path)


def _store(file: UploadFile, path: Path) -> None:
    file.file.seek(0)
    with path.open("xb") as target:
        path.chmod(0o600)
        copyfileobj(file.file, target, 1 << 20)


async def read_bytes(request: Request, limit: int) -> bytes:
    """The raw body. Raises TooLarge past `limit` bytes, whether announced or only sent."""
    length = request.headers.get("content-length", "")
    if length.isdigit() and int(length) > limit:
        raise TooLarge
    chunks: list[bytes] = []
    size = 0
    try:
        async for chunk in request.stream():
            size += len(chunk)
            if size > limit:
                raise TooLarge
            chunks.append(chunk)
    except ClientDisconnect as error:
        raise BadRequest("The request ended early") from error
    return b"".join(chunks)


def _limited(request: Request, limit: int) -> Any:
    size = 0

    async def receive() -> Any:
        nonlocal size
        message = await request.receive()
        size += len(message.get("body", b""))
        if size > limit:
            raise TooLarge
        return message

    return receive
