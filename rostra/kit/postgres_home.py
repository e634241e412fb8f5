"""Where the embedded PostgreSQL lives and as whom it runs: programs, account, directories, socket.

PostgreSQL refuses to run as root, so root starts it as an ordinary account, and that account must be able to enter the
directories above the cluster and the programs. Where it cannot (a checkout in root's own home) the cluster goes to
`/var/lib/rostra/<id>` and a symbolic link stands in the data directory: nothing above the data directory is ever
opened up, and no capability or namespace is needed. This file starts no server; `postgres.py` does.

A directory that belongs to the account is never written by root, for a link planted there would lead root astray.
"""

from __future__ import annotations

import os
import pwd
import stat
from pathlib import Path
from typing import Final, TypedDict

import msgspec

OUTSIDE: Final = Path("/var/lib/rostra")
SOCKET_NAME: Final = ".s.PGSQL.5432"
# sun_path of unix(7) has 108 bytes, the last of them zero.
_LONGEST_SOCKET_PATH: Final = 107


class PostgresRefused(Exception):
    """The embedded PostgreSQL cannot run as things are; the text is one line that ends with the next step."""


class Account(msgspec.Struct, frozen=True):
    """An operating-system account that PostgreSQL runs as when Rostra is root."""

    name: str
    uid: int
    gid: int


class ProcessOptions(TypedDict, total=False):
    """Arguments of Popen."""

    user: int
    group: int
    extra_groups: list[int]
    umask: int


class Home(msgspec.Struct, frozen=True):
    """The directory that holds `postgres` (the cluster), `run` (the socket) and `etc`; `account` None means ourselves.

    It is the data directory itself, or a directory under `OUTSIDE` that the data directory's links point to.
    """

    path: Path
    account: Account | None

    @property
    def cluster(self) -> Path:
        return self.path / "postgres"

    @property
    def etc(self) -> Path:
        return self.path / "etc"

    @property
    def process_options(self) -> ProcessOptions:
        """What Popen needs so that a child runs as the account, with none of our groups."""
        if self.account is None:
            return {"umask": 0o077}
        return {"user": self.account.uid, "group": self.account.gid, "extra_groups": [], "umask": 0o077}


def settle(data_dir: Path, pg_user: str | None) -> Home:
    """Decide where the cluster of `data_dir` lives and make the directories around it. Raises PostgresRefused."""
    account = _find_account(data_dir, pg_user)
    home = Home(_home_path(data_dir, account), account)
    if account is not None and home.path != data_dir:
        _make(home.path, 0o710, (0, account.gid))
    _make(home.etc, 0o750, account and (0, account.gid))
    _check_owner(home)
    _make_run(home)
    return home


def find_socket_directory(data_dir: Path) -> Path | None:
    """Where the server of `data_dir` has its socket; None before the first start.

    It is checked to be private and of the cluster's owner, for /tmp is open to everybody.
    """
    home = (data_dir / "postgres").resolve().parent
    run, cluster = (home / "run").resolve(), home / "postgres"
    if not run.is_dir() or not cluster.exists():
        return None
    found = run.stat()
    return run if stat.S_IMODE(found.st_mode) == 0o700 and found.st_uid == cluster.stat().st_uid else None


def first_closed(path: Path, account: Account) -> Path | None:
    """The topmost directory on the way into `path` that `account` may not enter; None where it may enter all."""
    for directory in (*reversed(path.resolve().parents), path.resolve()):
        found = directory.stat()
        if found.st_uid == account.uid:
            allowed = found.st_mode & stat.S_IXUSR
        elif found.st_gid == account.gid:
            allowed = found.st_mode & stat.S_IXGRP
        else:
            allowed = found.st_mode & stat.S_IXOTH
        if not allowed:
            return directory
    return None


def _find_account(data_dir: Path, pg_user: str | None) -> Account | None:
    """None unless we are root; then the setting, the owner of what is there, `rostra`, or `nobody`."""
    if os.geteuid() != 0:
        return None
    if pg_user is not None:
        found = _account_named(pg_user)
        if found is None or found.uid == 0:
            raise PostgresRefused(f"pg_user: {pg_user!r} is not an ordinary account; make one with `adduser --system`")
        return found
    for place in (data_dir / "postgres", data_dir):
        if place.exists() and (owner := place.stat().st_uid) != 0:
            try:
                entry = pwd.getpwuid(owner)
            except KeyError:
                raise PostgresRefused(f"{place} belongs to user {owner}, who has no account here; chown it") from None
            return Account(entry.pw_name, entry.pw_uid, entry.pw_gid)
    found = _account_named("rostra") or _account_named("nobody")
    if found is None:
        raise PostgresRefused("PostgreSQL does not run as root; make an account with `adduser --system --group rostra`")
    return found


def _account_named(name: str) -> Account | None:
    try:
        entry = pwd.getpwnam(name)
    except KeyError:
        return None
    return Account(entry.pw_name, entry.pw_uid, entry.pw_gid)


def _home_path(data_dir: Path, account: Account | None) -> Path:
    cluster = data_dir / "postgres"
    if cluster.is_symlink():
        return _outside_again(data_dir, cluster.resolve().parent)
    if account is None:
        return data_dir
    closed = first_closed(data_dir.parent, account)
    if closed is None:
        if first_closed(data_dir, account) is not None:
            # The account may pass through to its own directory, and see nothing else.
            os.chown(data_dir, -1, account.gid)
            data_dir.chmod(0o710)
        return data_dir
    if cluster.exists():
        raise PostgresRefused(
            f"the user {account.name!r}, whom PostgreSQL runs as, may not enter {closed}; "
            f"run `chmod o+x {closed}` or move the data directory"
        )
    return _outside(data_dir, account, closed)


def _outside(data_dir: Path, account: Account, closed: Path) -> Path:
    """Make a home under `OUTSIDE` for a data directory that the account cannot reach, and link to it."""
    home = OUTSIDE / os.urandom(4).hex()
    try:
        if not OUTSIDE.exists():
            OUTSIDE.mkdir(parents=True)
            OUTSIDE.chmod(0o755)
        _make(home, 0o710, (0, account.gid))
        (home / "belongs-to").write_text(f"{data_dir}\n")
        barred = first_closed(home, account)
    except OSError as error:
        barred = error
    if barred is not None:
        raise PostgresRefused(
            f"the user {account.name!r}, whom PostgreSQL runs as, may enter neither {closed} nor {OUTSIDE} ({barred}); "
            "choose a data directory outside root's home"
        )
    (data_dir / "postgres").symlink_to(home / "postgres")
    return home


def _outside_again(data_dir: Path, home: Path) -> Path:
    """The home behind the link, unless the link was copied together with a data directory that still has its own."""
    note = home / "belongs-to"
    try:
        first = Path(note.read_text().strip())
    except OSError as error:
        raise PostgresRefused(
            f"{data_dir / 'postgres'} is a link into {home}, which is no home of a database here "
            f"({error.strerror}); bring that directory back, or restore a backup"
        ) from None
    if first != data_dir:
        if (first / "postgres").is_symlink() and (first / "postgres").resolve().parent == home:
            raise PostgresRefused(
                f"the database in {home} belongs to {first}, of which {data_dir} is a copy; use that one"
            )
        note.write_text(f"{data_dir}\n")
    return home


def _check_owner(home: Home) -> None:
    if not home.cluster.exists():
        return
    owner, wanted = home.cluster.stat().st_uid, os.geteuid() if home.account is None else home.account.uid
    if owner != wanted:
        raise PostgresRefused(
            f"{home.cluster} belongs to user {owner} and not to {wanted}; start as its owner, or `chown -R {wanted}` it"
        )


def _make_run(home: Home) -> None:
    """Make the private directory of the socket, at a plain short path elsewhere where the home's own is not."""
    if find_socket_directory(home.path) is not None:
        return
    link = home.path / "run"
    if link.is_symlink():
        link.unlink()
    owner = home.account and (home.account.uid, home.account.gid)
    # A comma would make two paths of it, both for the server and for its clients.
    plain = not set(str(link)) & set(",'\"\\")
    if plain and len(os.fsencode(link / SOCKET_NAME)) <= _LONGEST_SOCKET_PATH:
        _make(link, 0o700, owner)
        return
    base = next(place for place in ("/run", "/tmp") if os.access(place, os.W_OK))  # noqa: S108
    short = Path(base) / f"rostra-{os.urandom(6).hex()}"
    short.mkdir(mode=0o700)
    _make(short, 0o700, owner)
    link.symlink_to(short)


def _make(directory: Path, mode: int, owner: tuple[int, int] | None) -> None:
    directory.mkdir(mode=mode, exist_ok=True)
    if owner is not None:
        os.chown(directory, *owner)
    directory.chmod(mode)
