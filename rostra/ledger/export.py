"""Writing the ledger to a file that can be checked without the server: `read_export` has the format.

Constant memory, however long the ledger is. The public form has the leaves alone: salted hashes of whom and what they
are about. With openings it has all that can still be opened, for the operators' own eyes.
"""

from __future__ import annotations

import gzip
import os
from collections.abc import AsyncIterator, Callable
from datetime import UTC
from pathlib import Path
from typing import Final

import msgspec

from rostra.kit.clock import Clock
from rostra.kit.db import Database
from rostra.kit.errors import NotFound, Refused
from rostra.ledger import queries
from rostra.ledger.leaf import ABOUT, BY, SaltMissing, leaf_of, open_event
from rostra.ledger.queries import StoredCheckpoint, StoredLeaf
from rostra.ledger.read_export import CHECKED, EXPORT_FORMAT, CheckpointLine, Header, LeafLine, Line

_BATCH: Final = 2_000
# So often a checkpoint on the way, by which a change is found even where the hashes beside the leaves were changed too.
_CHECKPOINT_EVERY: Final = 1_024
_ALL: Final = (*ABOUT, BY)


async def export(
    db: Database,
    clock: Clock,
    path: Path,
    *,
    with_openings: bool = False,
    progress: Callable[[int, int], None] | None = None,
) -> StoredCheckpoint:
    """Write all leaves under the newest checkpoint to `path`, gzipped JSON lines; that checkpoint.

    `progress` is told the leaves written and all of them. Raises NotFound before the first checkpoint, Refused where a
    leaf's event is gone, OSError for the file. There is a file only when all of it is written.
    """
    async with db.read() as conn:
        newest = await queries.find_newest(conn)
        keys = [each.verifier for each in await queries.list_signers(conn)]
    if newest is None:
        raise NotFound("Nothing was sealed yet")
    made_at = clock.now().astimezone(UTC).isoformat(timespec="seconds")
    header = Header(
        format=EXPORT_FORMAT, made_at=made_at, checkpoint=newest.note, keys=keys, with_openings=with_openings
    )
    temporary = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600 if with_openings else 0o644)
        with os.fdopen(descriptor, "wb") as file, gzip.GzipFile("", "wb", 6, file, mtime=0) as packed:
            packed.write(msgspec.json.encode(header) + b"\n")
            async for done, lines in _pieces(db, newest.size, with_openings=with_openings):
                packed.write(lines)
                if progress:
                    progress(done, newest.size)
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)
    return newest


async def _pieces(db: Database, size: int, *, with_openings: bool) -> AsyncIterator[tuple[int, bytes]]:
    """The lines of some thousand leaves at a time, with how many leaves that makes so far."""
    for start in range(0, size, _BATCH):
        end = min(start + _BATCH, size)
        async with db.read() as conn:
            leaves = await queries.list_leaves(conn, start, end)
            checkpoints = {each.size: each.note for each in _thinned(await queries.list_checkpoints(conn, start, end))}
        if [leaf.leaf_index for leaf in leaves] != list(range(start, end)):
            raise Refused(f"Leaves between {start} and {end} are missing; rostra ledger verify says which")
        lines: list[Line] = []
        for leaf in leaves:
            lines.append(_line(leaf, with_openings=with_openings))
            if note := checkpoints.get(leaf.leaf_index + 1):
                lines.append(CheckpointLine(note=note))
        yield end, b"".join(msgspec.json.encode(line) + b"\n" for line in lines)


def _line(stored: StoredLeaf, *, with_openings: bool) -> LeafLine:
    event = stored.event
    if event is None:
        raise Refused(f"The event of leaf {stored.leaf_index} is gone")
    try:
        leaf = leaf_of(event)
    except SaltMissing:
        raise Refused(f"The salt of leaf {stored.leaf_index} is gone") from None
    return LeafLine(
        n=stored.leaf_index,
        check=stored.leaf_hash[:CHECKED].hex(),
        leaf=leaf,
        opened=open_event(event, _ALL) if with_openings else {},
        erased=event.is_erased,
    )


def _thinned(checkpoints: list[StoredCheckpoint]) -> list[StoredCheckpoint]:
    """Of those that fall between two multiples, the last."""
    return list({each.size // _CHECKPOINT_EVERY: each for each in checkpoints}.values())
