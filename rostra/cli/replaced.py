"""How it is explained to an operator that a server does not serve any more, because another one has taken over."""

from __future__ import annotations

from pathlib import Path

from rostra.cli.last_start import find_last_start
from rostra.continuity.place import Place, Replaced


def explain(replaced: Replaced, data_dir: Path) -> str:
    """Who took over, and what can be done with this directory now."""
    which = f"epoch {replaced.epoch}, " if replaced.epoch else ""
    return (
        f"this server was replaced: {replaced.host or 'another one'} has taken over "
        f"({which}{replaced.why}) on {replaced.at:%Y-%m-%d %H:%M} UTC.\n"
        "If both took posts, nobody could ever put them together again, so this one does not start. You can\n"
        f"{_without_database(data_dir) if _is_external(data_dir) else _with_database(data_dir)}"
        f"  or delete {data_dir}, when the new server has all that you need"
    )


def _is_external(data_dir: Path) -> bool:
    last = find_last_start(data_dir)
    return Place(data_dir).has_external_database or (last is not None and last.external_database)


def _with_database(data_dir: Path) -> str:
    return (
        f"  look at what it holds:      move {data_dir} away and restore a look-only copy beside it\n"
        "                              (rostra continuity restore TARGET --look --key FILE --data NEW-DIRECTORY)\n"
        "  make it a standby:          rostra continuity standby --from ssh://… --data NEW-DIRECTORY\n"
    )


def _without_database(data_dir: Path) -> str:
    """Copies have no database of such a server: there is nothing to be looked at, and no standby follows it."""
    return f"  look at what it holds:      its files are in {data_dir}, its rows in the database that it used\n"
