"""Reads from the data directory what `health.py` judges: a handful of small files, nothing over a network."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Final
from urllib.parse import parse_qsl, unquote, urlsplit

from rostra.continuity.health import Health, Situation, assess
from rostra.continuity.place import Place
from rostra.continuity.records import DrillLog
from rostra.continuity.targets import label_of
from rostra.kit.settings import Settings

DRILLS: Final = "drills.json"
STANDBY: Final = "standby.json"
_AMAZON: Final = "amazonaws.com"


def read_situation(settings: Settings) -> Situation:
    """What is known here of the copies. Reads files: not for an event loop's thread."""
    place = Place(settings.data_dir)
    status = place.find_status()
    addresses = tuple((label_of(each), host_of(each)) for each in settings.continuity_targets)
    if not addresses and status is not None:
        # A command has not always the environment of the server, where the addresses may be.
        addresses = tuple((each.label, _host_in(each.label)) for each in status.targets)
    return Situation(
        is_set_up=place.is_set_up,
        addresses=addresses,
        same_disk=frozenset(label for label, _ in addresses if is_on_disk_of(label, settings.data_dir)),
        interval=settings.continuity_interval,
        spool_limit=settings.continuity_spool_mib << 20,
        status=status,
        drills=tuple((place.find_json(DRILLS, DrillLog) or DrillLog()).drills),
        replaced=place.find_replaced(),
        look_only=place.find_look_only(),
        is_standby=(place.path / STANDBY).exists(),
    )


def read_health(settings: Settings, now: datetime) -> Health:
    """`read_situation`, judged."""
    return assess(read_situation(settings), now)


def host_of(address: str) -> str:
    """Whose machine a target is on: a host's name, or nothing for a directory."""
    parts = urlsplit(address)
    if parts.scheme == "s3":
        endpoint = dict(parse_qsl(parts.query)).get("endpoint")
        return (urlsplit(endpoint).hostname or "") if endpoint else _AMAZON
    return (parts.hostname or "") if parts.scheme == "sftp" else ""


def _host_in(label: str) -> str:
    """The host as far as a label says it: that of a bucket says nothing, and is none that two of them share."""
    return label if label.startswith("s3://") else host_of(label)


def directory_of(address: str) -> Path | None:
    """The directory that a target is, or None for one that is reached over a network."""
    if address.startswith("file://"):
        return Path(unquote(urlsplit(address).path))
    return None if "://" in address else Path(address)


def is_on_disk_of(address: str, data_dir: Path) -> bool:
    """Whether a target is a directory on the disk of `data_dir`, with which it would go."""
    directory = directory_of(address)
    if directory is None:
        return False
    try:
        return directory.stat().st_dev == data_dir.stat().st_dev
    except OSError:
        return False
