"""What the last start of the server was told, kept in the data directory for the commands that come after it.

`rostra account create` must make the same handles as the server does, without being told the domain again. Secrets and
addresses with passwords are not kept: a command that needs those takes them from the environment, as the server does.
"""

from __future__ import annotations

import sys
from pathlib import Path

import msgspec

from rostra.kit.files import write_whole
from rostra.kit.settings import Settings


class LastStart(msgspec.Struct, frozen=True, kw_only=True):
    """The settings that a command needs to agree with the server about."""

    domain: str
    scheme: str
    dev: bool
    external_database: bool
    command: tuple[str, ...] = ()
    """The program as it was called, for whoever comes from another machine."""

    def as_environment(self) -> dict[str, str]:
        """The same as ROSTRA_ variables."""
        return {"ROSTRA_DOMAIN": self.domain, "ROSTRA_SCHEME": self.scheme, "ROSTRA_DEV": str(self.dev).lower()}


def remember(settings: Settings) -> None:
    """Keep what a command needs to know of this start."""
    told = LastStart(
        domain=settings.domain,
        scheme=settings.scheme,
        dev=settings.dev,
        external_database=settings.database_url is not None,
        command=(sys.executable, "-P", "-m", "rostra"),
    )
    write_whole(_path(settings.data_dir), msgspec.json.encode(told))


def find_last_start(data_dir: Path) -> LastStart | None:
    """What was kept, or None where no server was started yet or its note cannot be read."""
    try:
        return msgspec.json.decode(_path(data_dir).read_bytes(), type=LastStart)
    except (OSError, msgspec.DecodeError):
        return None


def _path(data_dir: Path) -> Path:
    return data_dir / "last-start.json"
