"""Statements as files: the JSON that the database's API takes, and CSV with its columns. One statement at a time."""

from __future__ import annotations

import csv
import io
from collections.abc import AsyncIterator, Sequence
from typing import Any, Final

import msgspec

from rostra.dsa import schema

CSV_HEADER: Final = ",".join(schema.COLUMNS) + "\r\n"
_RISKY: Final = ("=", "+", "-", "@", "\t", "\r")


def render_batch(bodies: Sequence[Any]) -> bytes:
    """The body of a call that hands in several, at most `schema.BATCH`."""
    if not 1 <= len(bodies) <= schema.BATCH:
        raise ValueError(f"1 to {schema.BATCH} statements")
    return msgspec.json.encode({"statements": list(bodies)})


def render_row(body: dict[str, Any]) -> str:
    """The statement as a line of CSV. Lists stand as JSON, as in the database's own files."""
    out = io.StringIO()
    csv.writer(out).writerow(
        [_cell(body.get("puid" if column == "platform_uid" else column)) for column in schema.COLUMNS]
    )
    return out.getvalue()


def _cell(value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, str):
        # A spreadsheet would take it for a formula.
        return f"'{value}" if value.startswith(_RISKY) else value
    return msgspec.json.encode(value).decode()


async def stream_json(bodies: AsyncIterator[Any]) -> AsyncIterator[bytes]:
    """One JSON object with `statements`, a list of any length; to be handed in, it is cut into batches."""
    before = b'{"statements":['
    async for body in bodies:
        yield before + b"\n" + msgspec.json.encode(body)
        before = b","
    yield (before if before != b"," else b"") + b"\n]}\n"


async def stream_csv(bodies: AsyncIterator[dict[str, Any]]) -> AsyncIterator[bytes]:
    """The header, then a line for each."""
    yield CSV_HEADER.encode()
    async for body in bodies:
        yield render_row(body).encode()
