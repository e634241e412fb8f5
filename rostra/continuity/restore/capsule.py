"""The capsule's way back: files to their places, settings into `rostra.toml` without what belonged to the old machine.

What a copy to look at, or to try, must not have is left out too: it neither mails nor ships nor asks anybody.
"""

from __future__ import annotations

import io
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

import msgspec

from rostra.continuity.restore.documents import Documents, Missing
from rostra.continuity.restore.fetch import read_tar
from rostra.continuity.restore.records import Options
from rostra.continuity.sealed import Broken
from rostra.continuity.ship.capsule import DATA, EXTRA, LARGEST, SETTINGS, settings_in_force
from rostra.kit.files import write_whole
from rostra.kit.settings import SETTINGS as KNOWN
from rostra.kit.settings import Settings

EXTRAS: Final = "restored-extra"
"""The directory in the data directory for files that were elsewhere on the old machine."""

_OF_THE_MACHINE: Final = frozenset({"data_dir", "host", "port", "pg_bindir", "pg_user", "database_url", "storage_url"})
_OUTWARD: Final = frozenset(
    {"continuity_targets", "continuity_sync", "smtp_url", "notices_imap_url", "external_url", "external_key"}
    | {"dsa_token", "ledger_witnesses"}
)
_FILES: Final = frozenset({"secrets.json", "ledger.pem", "last-start.json", "continuity/media.key"})
_FOLDERS: Final = ("banks/",)
_KEPT_ASIDE: Final = {"rostra.toml": "continuity/rostra.toml.before"}


class CapsuleFound(msgspec.Struct, frozen=True, kw_only=True):
    """An opened capsule: its files by their names in it."""

    name: str
    files: dict[str, bytes]

    def __repr__(self) -> str:
        return f"CapsuleFound({self.name!r}, …)"

    @property
    def epoch(self) -> int:
        return int(self.name.rpartition("/")[2].partition("-")[0])

    @property
    def made_at(self) -> datetime:
        return datetime.strptime(self.name.rpartition("-")[2], "%Y%m%dT%H%M%S%fZ").replace(tzinfo=UTC)

    @property
    def media_key(self) -> bytes:
        """What media at the targets are named with. Raises Broken."""
        if (key := self.files.get(f"{DATA}continuity/media.key")) is None:
            raise Broken(f"{self.name}: holds no media.key, without which no file can be found")
        return key


async def open_capsule(documents: Documents, name: str) -> CapsuleFound:
    """The capsule `name`. Raises Broken."""
    found = CapsuleFound(name=name, files={})
    sealed = await documents.find(name, found.epoch)
    if sealed is None:
        raise Missing(f"{name}: is missing")
    tar = documents.open(name, sealed.body, 2 * LARGEST)
    return msgspec.structs.replace(found, files=read_tar(io.BytesIO(tar), 2 * LARGEST, name))


def settings_of(capsule: CapsuleFound) -> dict[str, Any]:
    """The settings that were in force on the old machine, by their names. Raises Broken."""
    try:
        return msgspec.json.decode(capsule.files[SETTINGS], type=dict[str, Any])
    except (KeyError, msgspec.DecodeError):
        raise Broken(f"{capsule.name}: holds no settings") from None


def put_back(capsule: CapsuleFound, options: Options) -> list[str]:
    """Write the files and `rostra.toml` into the data directory, for their owner alone; what the operator should know.

    What was elsewhere on the old machine is put into a directory of its own.
    """
    data, extras = options.data_dir, 0
    for name, body in sorted(capsule.files.items()):
        inside = name.removeprefix(DATA)
        if name.startswith(DATA) and (inside in _FILES or inside.startswith(_FOLDERS)):
            _write(data / inside, body)
        elif name.startswith(DATA) and inside in _KEPT_ASIDE:
            _write(data / _KEPT_ASIDE[inside], body)
        elif name.startswith(EXTRA):
            _write(data / EXTRAS / name.removeprefix(EXTRA), body)
            extras += 1
    kept, notes = chosen_settings(settings_of(capsule), options)
    _write(data / "rostra.toml", toml_of(kept).encode())
    if extras:
        notes.append(f"{extras} files of continuity_extra are in {data / EXTRAS}; put them where they belong")
    return notes


def chosen_settings(old: Mapping[str, Any], options: Options) -> tuple[dict[str, Any], list[str]]:
    """The settings for this machine, and what the operator should know about those that were left out."""
    notes: list[str] = []
    left_out = set(_OF_THE_MACHINE) if options.purpose == "take-over" else _OF_THE_MACHINE | _OUTWARD
    defaults = msgspec.json.decode(settings_in_force(Settings()), type=dict[str, Any])
    kept = {
        name: value
        for name, value in old.items()
        if name in KNOWN and name not in left_out and value != defaults.get(name)
    }
    if options.storage:
        kept["storage_url"] = options.storage
    elif options.keep_storage and "storage_url" in old:
        kept["storage_url"] = old["storage_url"]
    elif "storage_url" in old:
        notes.append("media were in a bucket (storage_url); here they go into the data directory")
    if options.database_url and "database_url" in old:
        kept["database_url"] = options.database_url
    if "media_url" in kept and not options.keep_storage:
        del kept["media_url"]
        notes.append("media_url is left out: media are elsewhere now; set it again once its address shows them")
    policy = kept.get("external_policy")
    if policy is not None and not Path(policy).is_file():
        del kept["external_policy"]
        notes.append(f"external_policy is left out: there is no file {policy} on this machine")
    if unknown := sorted(set(old) - set(KNOWN)):
        notes.append(f"settings that this version does not know are left out: {', '.join(unknown)}")
    return kept, notes


def toml_of(settings: Mapping[str, Any]) -> str:
    """Settings as `rostra.toml` has them."""
    lines = ["# Written by `rostra continuity restore` from the settings that were in force."]
    lines += [f"{name} = {_toml_value(value)}" for name, value in sorted(settings.items())]
    return "\n".join(lines) + "\n"


def _toml_value(value: Any) -> str:
    """Booleans, numbers, lists and strings are written as in JSON, but for one letter (TOML 1.0, "String")."""
    return msgspec.json.encode(value).decode().replace("\x7f", "\\u007f")


def _write(path: Path, body: bytes) -> None:
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    write_whole(path, body)
