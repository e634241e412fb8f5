"""`rostra doctor`: looks at a set-up without changing it, and says what to do about what it finds.

Each check is a function that returns one `Finding`; the command prints them and fails where one of them failed.
"""

from __future__ import annotations

import asyncio
import os
import pwd
import shutil
import stat
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

import click
import msgspec

from rostra.cli.findings import Finding, State
from rostra.cli.options import MIGRATIONS, Exit, with_settings
from rostra.kit.postgres import PostgresRefused, find_bindir, use_database
from rostra.kit.postgres_home import OUTSIDE
from rostra.kit.settings import Settings

_GIGABYTE: Final = 1 << 30
_COLOURS: Final = {"ok": "green", "warn": "yellow", "fail": "red"}
_PATIENCE: Final = 10.0
# Beyond this difference of two clocks, in seconds, one-time passwords and signatures begin to fail.
_CLOCK_FAILS: Final = 30.0


@click.command()
@click.option("--json", "as_json", is_flag=True, help="Print one JSON array of {check, state, found, todo}.")
@with_settings
def doctor(settings: Settings, as_json: bool) -> None:
    """Check a set-up: programs, database, storage, proxies, mail, clock, keys, permissions, disk, mailbox of notices,
    text model, external model, banks, copies.

    Changes nothing. Works whether or not the server runs. Exit status 1 where a check fails; warnings alone do not.
    """
    from rostra.cli.doctor_banks import check_banks
    from rostra.cli.doctor_continuity import check_copies
    from rostra.cli.doctor_external import check_external_model
    from rostra.cli.doctor_mailbox import check_mailbox
    from rostra.cli.doctor_media import check_media_url
    from rostra.cli.doctor_proxies import check_proxies
    from rostra.cli.doctor_text import check_text_model

    findings: list[Finding] = []
    checks: list[Callable[[Settings], list[Finding]]] = [
        check_programs,
        check_directory,
        check_secrets,
        check_disk,
        check_database,
        check_storage,
        check_media_url,
        check_proxies,
        check_mail,
        check_mailbox,
        check_text_model,
        check_external_model,
        check_banks,
        check_copies,
    ]
    for check in checks:
        for finding in check(settings):
            findings.append(finding)
            if not as_json:
                _print(finding)
    if as_json:
        click.echo(msgspec.json.encode(findings))
    if any(finding.state == "fail" for finding in findings):
        sys.exit(Exit.FAILED)


def check_programs(settings: Settings) -> list[Finding]:
    """Whether PostgreSQL's programs are there, and whom they run as."""
    if settings.database_url is not None:
        return [Finding("programs", "ok", "the database is an external one")]
    try:
        bindir = find_bindir(settings.pg_bindir)
    except PostgresRefused as error:
        return [Finding("programs", "fail", str(error))]
    cluster = settings.data_dir / "postgres"
    if os.geteuid() == 0 and cluster.exists() and pwd.getpwuid(cluster.stat().st_uid).pw_name == "nobody":
        todo = f"stop, `adduser --system --group rostra`, `chown -R rostra: {cluster.resolve()}`, start"
        return [Finding("programs", "warn", f"PostgreSQL from {bindir} runs as nobody, an account others share", todo)]
    return [Finding("programs", "ok", f"PostgreSQL from {bindir}")]


def check_directory(settings: Settings) -> list[Finding]:
    """Whether the data directory is there, ours and closed to others; and clusters whose data directory is gone."""
    data = settings.data_dir
    if not data.is_dir():
        return [Finding("directory", "warn", f"{data} is not there", "the first start makes it; or check --data")]
    found = [_check_mode("directory", data, 0o710, f"chmod 700 {data}")]
    if not os.access(data, os.W_OK | os.X_OK):
        found = [
            Finding("directory", "fail", f"{data} cannot be written by this user", f"chown -R it to {os.geteuid()}")
        ]
    if os.geteuid() == 0 and OUTSIDE.is_dir():
        for note in sorted(OUTSIDE.glob("*/belongs-to")):
            owner = Path(note.read_text().strip())
            if not owner.is_dir():
                text = f"{note.parent} is the database of {owner}, which is gone"
                found.append(Finding("directory", "warn", text, f"rm -r {note.parent} if it is not wanted any more"))
    return found


def check_secrets(settings: Settings) -> list[Finding]:
    """Whether the secrets are there and closed to others."""
    path = settings.data_dir / "secrets.json"
    if path.exists():
        return [_check_mode("secrets", path, 0o600, f"chmod 600 {path}, and make new ones if others had access")]
    if settings.secret_key and settings.vapid_private_key:
        return [Finding("secrets", "ok", "given by the settings")]
    if (settings.data_dir / "postgres").exists():
        todo = "bring it back from a backup: a new one signs everybody out and ends their push subscriptions"
        return [Finding("secrets", "fail", f"{path} is not there, but a database is", todo)]
    return [Finding("secrets", "warn", f"{path} is not there", "the first start makes it")]


def check_disk(settings: Settings) -> list[Finding]:
    """Whether the disks of the data directory and of the database have room."""
    found: list[Finding] = []
    places = {settings.data_dir.resolve(), (settings.data_dir / "postgres").resolve()}
    devices: set[int] = set()
    for place in sorted(place for place in places if place.exists()):
        if (device := place.stat().st_dev) in devices:
            continue
        devices.add(device)
        free = shutil.disk_usage(place).free / _GIGABYTE
        state: State = "fail" if free < 1 else "warn" if free < 5 else "ok"
        todo = "" if state == "ok" else "make room: PostgreSQL stops when the disk is full"
        found.append(Finding("disk", state, f"{free:.1f} GB free for {place}", todo))
    return found


def check_database(settings: Settings) -> list[Finding]:
    """Whether the database answers, is up to date, and agrees with us about the time."""
    if settings.database_url is None and not (settings.data_dir / "postgres").exists():
        return [Finding("database", "warn", "there is none yet", "the first start makes it")]
    import asyncpg

    try:
        return asyncio.run(_ask_database(settings))
    except (PostgresRefused, OSError, asyncpg.PostgresError, asyncpg.InterfaceError) as error:
        todo = "check ROSTRA_DATABASE_URL" if settings.database_url else f"see {settings.data_dir / 'log/postgres.log'}"
        return [Finding("database", "fail", f"does not answer: {error or type(error).__name__}", todo)]


async def _ask_database(settings: Settings) -> list[Finding]:
    from rostra.kit.db import connect
    from rostra.kit.migrate import find_unfit, pending

    async with use_database(settings) as dsn:
        connection = await connect(dsn)
        try:
            number, unfit = connection.get_server_version(), find_unfit(connection)
            before = time.time()
            theirs = (await connection.fetch("select extract(epoch from clock_timestamp())::float8"))[0][0]
            ours = (before + time.time()) / 2
        finally:
            await connection.close()
        missing = await pending(dsn, MIGRATIONS)
    version = f"PostgreSQL {number.major}.{number.micro} answers"
    found = [Finding("database", "ok", version)]
    if unfit is not None:
        what, _, todo = unfit.partition("; ")
        found = [Finding("database", "fail", what, todo)]
    if missing:
        found.append(
            Finding("migrations", "fail", f"{len(missing)} not applied: {', '.join(missing)}", "rostra migrate")
        )
    else:
        found.append(Finding("migrations", "ok", "all applied"))
    return [*found, _check_clock(theirs - ours)]


def _check_clock(difference: float) -> Finding:
    state: State = "fail" if abs(difference) > _CLOCK_FAILS else "warn" if abs(difference) > 1 else "ok"
    todo = "" if state == "ok" else "let both machines keep their time by NTP (timedatectl set-ntp true)"
    return Finding("clock", state, f"the database's clock is {difference:+.3f} s from ours", todo)


def check_storage(settings: Settings) -> list[Finding]:
    """Whether an object can be written, read and removed again."""
    from rostra.kit.objectstore import PROBES, StoreUnavailable, open_store

    where = settings.storage_url or settings.data_dir / "media"
    if isinstance(where, Path) and not where.exists():
        return [Finding("storage", "warn", f"{where} is not there", "the first start makes it")]
    key = f"{PROBES}/{os.urandom(8).hex()}"

    async def probe() -> bool:
        store = open_store(where)
        await store.put(key, b"probe", "text/plain")
        window = await store.find_window(key)
        await store.delete([key])
        return window is not None and window.body == b"probe"

    try:
        same = asyncio.run(probe())
    except (StoreUnavailable, ValueError, OSError) as error:
        return [Finding("storage", "fail", str(error), "check ROSTRA_STORAGE_URL and the rights to the directory")]
    if not same:
        return [Finding("storage", "fail", "an object came back other than it was written", "check the storage")]
    return [Finding("storage", "ok", "an object was written, read and removed")]


def check_mail(settings: Settings) -> list[Finding]:
    """Whether the mail server can be reached; nothing is sent, and nobody signs in."""
    import smtplib

    if settings.smtp_url is None:
        todo = "set ROSTRA_SMTP_URL: without it nobody can confirm an address or reset a password"
        return [
            Finding(
                "mail", "ok" if settings.dev else "warn", "mail is written to a folder", "" if settings.dev else todo
            )
        ]
    parts = urlsplit(settings.smtp_url)
    encrypted = parts.scheme == "smtps"
    host, port = parts.hostname or "localhost", parts.port or (465 if encrypted else 587)
    kind = smtplib.SMTP_SSL if encrypted else smtplib.SMTP
    try:
        with kind(host, port, timeout=_PATIENCE) as server:
            server.noop()
    except (OSError, smtplib.SMTPException) as error:
        return [Finding("mail", "fail", f"{host} port {port}: {error}", "check ROSTRA_SMTP_URL and the firewall")]
    return [Finding("mail", "ok", f"{host} port {port} answers")]


def _check_mode(check: str, path: Path, widest: int, todo: str) -> Finding:
    mode = stat.S_IMODE(path.stat().st_mode)
    if mode & 0o777 & ~(widest | 0o700):
        return Finding(check, "fail", f"{path} is open to others (mode {mode:o})", todo)
    return Finding(check, "ok", f"{path} is closed to others (mode {mode:o})")


def _print(finding: Finding) -> None:
    click.echo(f"{click.style(f'{finding.state:4}', fg=_COLOURS[finding.state])}  {finding.check:10}  {finding.found}")
    if finding.todo:
        click.echo(f"{'':18}→ {finding.todo}")
