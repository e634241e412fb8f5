"""How the embedded cluster is made and configured: locale, checksums, roles, settings, who may connect.

Only accounts of this machine are let in, by their peer credentials; nothing listens on TCP. The application's role owns
its database and is no superuser, as on an external server.
"""

from __future__ import annotations

import os
import pwd
import re
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from rostra.kit.files import flush
from rostra.kit.postgres_home import Home, PostgresRefused, find_socket_directory

ROLE: Final = "rostra"
ADMIN: Final = "postgres"

ENVIRONMENT: Final = {"PATH": "/usr/local/bin:/usr/bin:/bin", "LC_ALL": "C.UTF-8"}
"""Ours would hand PostgreSQL our secrets, and PG* variables that change where it looks."""

_FIRST_SQL: Final = f"create role {ROLE} login;\ncreate database {ROLE} owner {ROLE};\n"

_CONFIGURATION: Final = """\
# Written at every start. Put your own lines into local.conf beside this file: they win.
listen_addresses = ''
unix_socket_directories = {run}
unix_socket_permissions = 0700
hba_file = {hba}
ident_file = {ident}
max_connections = 100
shared_buffers = {shared_buffers}
dynamic_shared_memory_type = {shared_memory}
fsync = {durable}
full_page_writes = {durable}
synchronous_commit = {durable}
# Not for logical replication: a short-lived logical slot gives a snapshot of all tables at one exact place in the log.
wal_level = logical
# What incremental base backups are made from.
summarize_wal = on
max_wal_senders = 10
max_replication_slots = 10
# A receiver that never comes back loses its slot, rather than that the disk fills up.
max_slot_wal_keep_size = 4GB
max_wal_size = 1GB
checkpoint_timeout = 10min
# One small machine with a solid-state disk, and short statements only: neither compiled nor spread over cores.
jit = off
max_parallel_workers_per_gather = 0
max_logical_replication_workers = 0
io_method = sync
random_page_cost = 1.1
autovacuum_max_workers = 2
timezone = 'UTC'
log_timezone = 'UTC'
log_line_prefix = '%m [%p] '
log_startup_progress_interval = 5s
log_checkpoints = off
# The detail of an error would quote rows, and with them people's addresses.
log_error_verbosity = terse
{more}include = {local}
"""

_SETTING = re.compile(r"[a-z_][a-z0-9_]*(\.[a-z_][a-z0-9_]*)?")


def initialise(home: Home, bindir: Path) -> None:
    """Make the cluster under another name and rename it when it is whole, so that a kill leaves none half made."""
    import shutil

    fresh = home.path / "postgres.new"
    shutil.rmtree(fresh, ignore_errors=True)
    fresh.mkdir(mode=0o700)
    if home.account is not None:
        os.chown(fresh, home.account.uid, home.account.gid)
    # The builtin locale sorts alike on every Linux, which is what lets a copy be restored anywhere.
    locale = ["--locale-provider=builtin", "--locale=C.UTF-8", "--encoding=UTF8"]
    _run(home, [bindir / "initdb", "-D", fresh, "-U", ADMIN, "--auth=peer", "--data-checksums", *locale])
    _run(home, [bindir / "postgres", "--single", "-D", fresh, "postgres"], _FIRST_SQL)
    fresh.rename(home.cluster)
    flush(home.path)


def _run(home: Home, arguments: list[str | Path], text: str = "") -> None:
    done = subprocess.run(  # noqa: S603 - PostgreSQL's own programs
        arguments,
        input=text,
        capture_output=True,
        text=True,
        cwd="/",
        env=ENVIRONMENT,
        check=False,
        **home.process_options,
    )
    if done.returncode != 0 or "ERROR:" in done.stderr:
        raise PostgresRefused(f"the database could not be made: {done.stderr.strip()[-2000:]}")


def configure(home: Home, *, shared_buffers: str, durable: bool, more: Mapping[str, str]) -> None:
    """Write the whole configuration anew: a moved or restored cluster must name this machine's accounts.

    `more` are further settings, which win over Rostra's own and not over the administrator's in local.conf.
    """
    run = find_socket_directory(home.path)
    assert run is not None, "settle has made it"
    configuration = _CONFIGURATION.format(
        run=_quoted(str(run)),
        hba=_quoted(f"{home.etc}/pg_hba.conf"),
        ident=_quoted(f"{home.etc}/pg_ident.conf"),
        local=_quoted(f"{home.etc}/local.conf"),
        shared_buffers=shared_buffers,
        shared_memory="posix" if os.access("/dev/shm", os.W_OK) else "mmap",  # noqa: S108
        durable="on" if durable else "off",
        more="".join(_line(name, value) for name, value in more.items()),
    )
    ours = pwd.getpwuid(os.geteuid()).pw_name
    # root may become whom it likes, and comes so from a standby that logs in as root.
    accounts = sorted({ours, "root", home.account.name if home.account else ours})
    ident = "".join(f'rostra "{account}" {role}\n' for account in accounts for role in (ROLE, ADMIN))
    hba = "local all all peer map=rostra\nlocal replication all peer map=rostra\n"
    files = {"postgresql.conf": configuration, "pg_hba.conf": hba, "pg_ident.conf": ident}
    local = home.etc / "local.conf"
    if not local.exists():
        local.write_text("# Your own PostgreSQL settings; Rostra never writes here again.\n")
    for name, text in files.items():
        (home.etc / name).write_text(text)
    for path in (local, *(home.etc / name for name in files)):
        if home.account is not None:
            os.chown(path, 0, home.account.gid)
        path.chmod(0o640)


def _line(name: str, value: str) -> str:
    if not _SETTING.fullmatch(name):
        raise ValueError(f"not the name of a PostgreSQL setting: {name!r}")
    return f"{name} = {_quoted(value)}\n"


def _quoted(value: str) -> str:
    """A value as the configuration file wants it (PostgreSQL, "Parameter Interaction via the Configuration File")."""
    for character, escaped in (("\\", "\\\\"), ("'", "''"), ("\n", "\\n"), ("\r", "\\r")):
        value = value.replace(character, escaped)
    return f"'{value}'"
