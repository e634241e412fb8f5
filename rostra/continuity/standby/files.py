"""What a standby needs beside the database to be the same server: secrets, keys, settings, and who the primary is.

Pulled again and again, for they may change. A `rostra.toml` that was changed here is left alone: the two machines may
differ in what belongs to a machine.
"""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Final

import msgspec

from rostra.continuity.place import Place
from rostra.continuity.standby.records import PULLED, identity_of_primary
from rostra.continuity.standby.source import Source, SourceRefused
from rostra.kit.files import write_whole

_FILES: Final = ("secrets.json", "ledger.pem", "rostra.toml", "last-start.json")
# The epoch comes last: with it the identity is whole.
_IDENTITY: Final = ("site", "epoch", "signing.key", "media.key", "site.json", "epoch.json")
_OURS: Final = "rostra.toml"


class PrimaryStart(msgspec.Struct, frozen=True, kw_only=True):
    """What the primary was last started with, as far as it concerns a standby. `command` is how it calls itself."""

    domain: str
    external_database: bool
    command: tuple[str, ...] = ()


class _Pulled(msgspec.Struct, frozen=True, kw_only=True):
    """The SHA-256 of what was pulled last, by file."""

    files: dict[str, str] = {}


async def pull_files(source: Source, data_dir: Path) -> list[str]:
    """Bring the files that changed, and return their names. Raises SourceAway, OSError."""
    place = Place(data_dir)
    place.ensure()
    pulled = dict((place.find_json(PULLED, _Pulled) or _Pulled()).files)
    changed: list[str] = []
    for name in _FILES:
        body = await source.read(f"{source.data_dir}/{name}")
        if body is not None and _take(data_dir / name, body, None if name != _OURS else pulled.get(name)):
            changed.append(name)
            pulled[name] = hashlib.sha256(body).hexdigest()
    theirs = identity_of_primary(place)
    for name in _IDENTITY:
        body = await source.read(f"{source.data_dir}/continuity/{name}")
        if body is not None:
            theirs.ensure()
            if _take(theirs.path / name, body, None):
                changed.append(f"continuity/{name}")
    if changed:
        place.write_json(PULLED, _Pulled(files=pulled))
    return changed


async def read_start(source: Source) -> PrimaryStart:
    """How the primary was last started. Raises SourceAway, SourceRefused."""
    body = await source.read(f"{source.data_dir}/last-start.json")
    if body is None:
        raise SourceRefused(f"{source.label}: no server was started there yet; give the data directory of `rostra up`")
    try:
        return msgspec.json.decode(body, type=PrimaryStart)
    except msgspec.DecodeError as error:
        raise SourceRefused(
            f"{source.label}: last-start.json cannot be read ({error}); start the server anew"
        ) from None


def _take(path: Path, body: bytes, known: str | None) -> bool:
    """Write it where it differs; with `known`, or where nothing is known, only over what was pulled before."""
    try:
        here = path.read_bytes()
    except FileNotFoundError:
        here = None
    if here == body:
        return False
    changed_here = here is not None and path.name == _OURS and hashlib.sha256(here).hexdigest() != known
    if changed_here:
        return False
    write_whole(path, body)
    return True
