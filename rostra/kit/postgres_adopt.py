"""Making a copied cluster the cluster of a data directory: home, owner, modes, on disk, then in place at once.

The copy comes from a base backup that was unpacked by whoever runs Rostra, root or not. How it catches up with the log
from there, and what it is told when it starts, is its caller's affair.
"""

from __future__ import annotations

import errno
import os
import shutil
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from rostra.kit.files import flush
from rostra.kit.postgres_home import Home, PostgresRefused, settle

_VERSION: Final = "18"


def adopt_cluster(data_dir: Path, pg_user: str | None, fresh: Path, *, durable: bool = True) -> None:
    """Make `fresh`, a directory with a complete cluster in it, the cluster of `data_dir`; `fresh` is gone afterwards.

    It appears whole or not at all, owned by whom PostgreSQL runs as, and on disk unless `durable` is False. A `fresh`
    on another file system than the cluster's home (`settle` says where that is) is copied. The caller holds the data
    directory's lock. Raises PostgresRefused, before anything is changed, where there is a cluster already, where
    `fresh` is none, and where it holds anything but files and directories.
    """
    data_dir = data_dir.resolve()
    if (data_dir / "postgres").exists():
        raise PostgresRefused(
            f"there is a database in {data_dir / 'postgres'} already; choose an empty data directory, or move it away"
        )
    _check_cluster(fresh)
    try:
        data_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
        home = settle(data_dir, pg_user)
        arrived = _bring(fresh, home)
        _hand_over(arrived, home, durable=durable)
        arrived.rename(home.cluster)
        if durable:
            for directory in {home.path, data_dir}:
                flush(directory)
    except OSError as error:
        where = error.filename or data_dir
        raise PostgresRefused(f"the database cannot be put in place: {where}: {error.strerror}") from error


def _check_cluster(fresh: Path) -> None:
    try:
        version = (fresh / "PG_VERSION").read_text().strip()
        complete = (fresh / "global" / "pg_control").is_file()
    except OSError:
        version, complete = "", False
    if not complete or fresh.is_symlink():
        raise PostgresRefused(f"there is no complete database in {fresh}")
    if version != _VERSION:
        raise PostgresRefused(f"the database in {fresh} is of PostgreSQL {version}; only {_VERSION} can run it here")
    for path, kind in _walk(fresh):
        if stat.S_ISLNK(kind):
            raise PostgresRefused(
                f"{path} is a symbolic link (to {path.readlink()}): a database with tablespaces, or with its log "
                "elsewhere, cannot be taken over; copy it as one directory"
            )
        if not (stat.S_ISREG(kind) or stat.S_ISDIR(kind)):
            raise PostgresRefused(f"{path} is neither a file nor a directory, and belongs to no database")


def _bring(fresh: Path, home: Home) -> Path:
    """Move `fresh` beside its place, under another name."""
    arrived = home.path / "postgres.new"
    shutil.rmtree(arrived, ignore_errors=True)
    try:
        fresh.rename(arrived)
    except OSError as error:
        if error.errno != errno.EXDEV:
            raise
        shutil.copytree(fresh, arrived, symlinks=True)
        shutil.rmtree(fresh)
    return arrived


def _hand_over(cluster: Path, home: Home, *, durable: bool) -> None:
    """Give everything to the account, the topmost directory last: until then it cannot plant a link in our way."""
    owner = (os.geteuid(), os.getegid()) if home.account is None else (home.account.uid, home.account.gid)
    if home.account is not None:
        os.chown(cluster, 0, 0)
    cluster.chmod(0o700)
    for path, kind in _walk(cluster):
        path.chmod(0o700 if stat.S_ISDIR(kind) else 0o600)
        if home.account is not None:
            os.chown(path, *owner, follow_symlinks=False)
        if durable:
            flush(path)
    if home.account is not None:
        os.chown(cluster, *owner)
    if durable:
        flush(cluster)


def _walk(top: Path) -> Iterator[tuple[Path, int]]:
    """Everything below `top` with its mode, what is in a directory before the directory; links are not followed."""
    for path in sorted(top.iterdir()):
        mode = path.lstat().st_mode
        if stat.S_ISDIR(mode):
            yield from _walk(path)
        yield path, mode
