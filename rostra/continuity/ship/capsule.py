"""The capsule: what a server is beside its database and its files. Settings, secrets, keys.

A tar with three kinds of names: `data/…` for what lies in the data directory, `settings.json` for the settings in
force, those of the environment included, and `extra/…` for the paths of `continuity_extra`, without their first slash.
It is the same, byte for byte, while nothing changed.
"""

from __future__ import annotations

import asyncio
import hashlib
import io
import os
import tarfile
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Final

import msgspec
import zstandard

from rostra.continuity import names
from rostra.continuity.keys import Recipients
from rostra.continuity.place import Identity
from rostra.continuity.sealed import seal
from rostra.continuity.ship.alarms import Alarms
from rostra.continuity.ship.lane import Lane
from rostra.continuity.targets import StoreUnavailable
from rostra.kit.clock import Clock
from rostra.kit.settings import Settings

DATA: Final = "data/"
SETTINGS: Final = "settings.json"
EXTRA: Final = "extra/"

LARGEST: Final = 64 << 20
"""Bytes that a capsule may hold; who names directories with more in continuity_extra is told."""

_FILES: Final = (
    "secrets.json",
    "ledger.pem",
    "rostra.toml",
    "last-start.json",
    "continuity/media.key",
    "continuity/signing.key",
    "continuity/site",
    "continuity/site.json",
)
_FOLDERS: Final = ("banks",)
_PAUSE: Final = 30.0
_PAUSE_AT_START: Final = 0.5
_TRIES: Final = 3
_LEVEL: Final = 6


class CapsuleTooLarge(Exception):
    """The text says how large it would be."""


async def follow_capsule(
    lanes: list[Lane], settings: Settings, identity: Identity, clock: Clock, alarms: Alarms
) -> None:
    """Look every now and then whether the capsule has changed, and give the lanes what they lack, for ever."""
    while True:
        await ship_capsule(lanes, settings, identity, clock, alarms)
        is_waiting = any(lane.is_reachable and not lane.record.capsule for lane in lanes)
        is_early = not any(lane.is_registered for lane in lanes)
        await asyncio.sleep(_PAUSE_AT_START if is_waiting or is_early else _PAUSE)


async def ship_capsule(
    lanes: list[Lane], settings: Settings, identity: Identity, clock: Clock, alarms: Alarms, *, again: bool = False
) -> None:
    """Bring the capsule to the targets that have another one, or `again` to all. What is wrong is an alarm."""
    _tell_missing(settings, alarms)
    try:
        tar = await asyncio.to_thread(pack_capsule, settings)
    except (OSError, CapsuleTooLarge) as error:
        alarms.start("capsule", f"settings and secrets are not copied: {error}")
        return
    alarms.end("capsule")
    digest = hashlib.sha256(tar).hexdigest()
    stale = [lane for lane in lanes if lane.is_registered and (again or lane.record.capsule != digest)]
    if stale:
        name, raw = await asyncio.to_thread(_seal, identity, tar, clock)
        await asyncio.gather(*(_put(lane, f"{identity.site.id}/{name}", raw, digest) for lane in stale))


def pack_capsule(settings: Settings) -> bytes:
    """The tar, of what is there. Raises OSError for a file that cannot be read, CapsuleTooLarge."""
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w", format=tarfile.PAX_FORMAT) as tar:
        _add(tar, SETTINGS, settings_in_force(settings), 0o600)
        # A file may be named by itself and by its directory.
        for name, path in dict(_wanted(settings)).items():
            if path.stat().st_size + packed.tell() > LARGEST:
                raise CapsuleTooLarge(f"they have more than {LARGEST >> 20} MiB with {path}")
            _add(tar, name, path.read_bytes(), path.stat().st_mode & 0o777)
    return packed.getvalue()


def settings_in_force(settings: Settings) -> bytes:
    """All settings as JSON, with their names; those without a value are left out. It has secrets."""
    named = msgspec.structs.asdict(settings)
    plain = {name: str(value) if isinstance(value, Path) else value for name, value in named.items()}
    return msgspec.json.encode({name: value for name, value in sorted(plain.items()) if value is not None})


def _wanted(settings: Settings) -> Iterator[tuple[str, Path]]:
    """Every file with its name in the tar, in an order that does not change."""
    data = settings.data_dir
    for name in _FILES:
        if (data / name).is_file():
            yield DATA + name, data / name
    for folder in _FOLDERS:
        for path in _files_below(data / folder):
            yield DATA + str(path.relative_to(data)), path
    for top in _extra(settings):
        for path in _files_below(top) if top.is_dir() else [top] if top.exists() else []:
            yield EXTRA + str(path).lstrip("/"), path


def _extra(settings: Settings) -> list[Path]:
    # As they were named: where a link leads to is not where it has to be put back.
    return [Path(os.path.abspath(given)) for given in sorted(settings.continuity_extra)]  # noqa: PTH100


def _tell_missing(settings: Settings, alarms: Alarms) -> None:
    """Say which of the files that the operator named are not there; the others are copied all the same."""
    missing = [str(path) for path in _extra(settings) if not path.exists()]
    if missing:
        alarms.start("extra", f"continuity_extra: not there, so not copied: {', '.join(missing)}")
    else:
        alarms.end("extra")


def _files_below(folder: Path) -> list[Path]:
    return sorted(path for path in folder.rglob("*") if path.is_file()) if folder.is_dir() else []


def _add(tar: tarfile.TarFile, name: str, body: bytes, mode: int) -> None:
    # Without times, owners and the like, which change when nothing has.
    member = tarfile.TarInfo(name)
    member.size, member.mode = len(body), mode
    tar.addfile(member, io.BytesIO(body))


def _seal(identity: Identity, tar: bytes, clock: Clock) -> tuple[str, bytes]:
    made_at, number = clock.now(), identity.epoch.number
    name = names.capsule(number, made_at)
    body = Recipients(identity.site.recipients).encrypt(zstandard.compress(tar, _LEVEL))
    raw, _ = seal(identity.signing_key, body, site=identity.site.id, name=name, epoch=number, made_at=made_at)
    return name, raw


async def _put(lane: Lane, key: str, raw: bytes, digest: str) -> None:
    # Who does not take it now is asked again soon.
    with suppress(StoreUnavailable):
        await lane.insist("capsule", lambda: lane.target.put(key, raw), _TRIES, len(raw))
        lane.keep(capsule=digest)
