"""`rostra continuity restore`: the way back, from the command line. The walk itself is rostra/continuity/restore."""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import Coroutine, Generator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final, TypeVar

import click
import msgspec

from rostra.cli.continuity_report import Screen, describe, size_text
from rostra.cli.options import Exit, Refusal, data_option, database_errors, say
from rostra.continuity.census import CensusFailed
from rostra.continuity.keys import KeyUnusable, RecoveryKey
from rostra.continuity.restore.directory import check_empty
from rostra.continuity.restore.plan import moment
from rostra.continuity.restore.records import Listeners, NotRestorable, Options, Planned
from rostra.continuity.restore.run import fetch_rest
from rostra.continuity.restore.run import restore as bring_back
from rostra.continuity.sealed import Broken
from rostra.continuity.targets import StoreUnavailable, TargetUnusable

T = TypeVar("T")

_LOOKS_LIKE_A_KEY: Final = "AGE-SECRET-KEY-"
_NO_TARGET: Final = "name the target: s3://…, sftp://user@host/path or a directory (or set ROSTRA_CONTINUITY_TARGETS)"


@click.command()
@click.argument("target", required=False)
@click.option("--key", "key_from", metavar="FILE|-", required=True, help="File with the recovery key; - asks for it.")
@data_option
@click.option("--to", "written_to", metavar="TIME", help="The moment to go back to. [the last one]")
@click.option("--look", is_flag=True, help="A copy to look at: reads only, and the old server stays what it is.")
@click.option("--site", metavar="ID", help="Which site, where the target has several.")
@click.option("--storage", metavar="URL", help="Another bucket for files. [the data directory]")
@click.option("--keep-storage", is_flag=True, help="Go on with the bucket that the old server had for files.")
@click.option("--prove", is_flag=True, help="Compare every table with the newest census, at its very position.")
@click.option("--media-only", is_flag=True, help="Only go on with the files, where that was interrupted.")
@click.option("--json", "as_json", is_flag=True, help="Print the report as JSON.")
@click.option("--yes", is_flag=True, help="Do not ask before the old server is replaced.")
def restore(
    target: str | None, key_from: str, data_dir: Path | None, written_to: str | None, look: bool, site: str | None,
    storage: str | None, keep_storage: bool, prove: bool, media_only: bool, as_json: bool, yes: bool,
) -> None:  # fmt: skip
    """Bring the whole server back from TARGET into an empty directory, to the last moment or to any other.

    The server can be started as soon as its database is there; files and checks go on beside it. From then on this is
    the server, and the old one, should it still run somewhere, writes no more; with --look nothing of that happens.

    Of a server with an external database there are files, settings, secrets and keys: name its database, which its
    operator has to bring back, in ROSTRA_DATABASE_URL, now or afterwards with --media-only.
    """
    # PostgreSQL's programs work elsewhere, so no path is given to them that depends on where we are.
    data = (data_dir or Path(os.environ.get("ROSTRA_DATA") or "data")).resolve()
    if not media_only:
        with errors():
            check_empty(data)
    to = None if written_to is None else parse_moment(written_to, datetime.now(UTC))
    if to is not None:
        say(f"going back to {moment(to)} (UTC)")
    address = target or os.environ.get("ROSTRA_CONTINUITY_TARGETS", "").partition(",")[0].strip()
    if not address:
        raise Refusal(Exit.SETTINGS, _NO_TARGET)
    bindir = os.environ.get("ROSTRA_PG_BINDIR")
    options = Options(
        target=address,
        key=read_key(key_from),
        data_dir=data,
        purpose="look" if look else "take-over",
        to=to,
        site=site,
        storage=storage,
        keep_storage=keep_storage,
        prove=prove,
        pg_bindir=Path(bindir) if bindir else None,
        pg_user=os.environ.get("ROSTRA_PG_USER") or None,
        database_url=os.environ.get("ROSTRA_DATABASE_URL") or None,
    )
    os.umask(0o077)
    if media_only:
        _files(options)
        return
    _all(options, as_json=as_json, asks=not (yes or look))


def _all(options: Options, *, as_json: bool, asks: bool) -> None:
    screen = Screen()

    def planned(plan: Planned) -> None:
        screen.rest()
        say(_describe(plan))
        if asks:
            _ask(plan)

    def ready(data: Path) -> None:
        screen.rest()
        say(f"ready: start it now with `rostra up --data {data}`; files and checks go on here")
        # From here on people are waiting for the server, and not for us.
        os.nice(10)

    def tell(line: str) -> None:
        screen.rest()
        say(line)

    with errors(), screen:
        report = _run(bring_back(options, Listeners(step=screen.show, say=tell, planned=planned, ready=ready)))
    click.echo(msgspec.json.format(msgspec.json.encode(report)) if as_json else describe(report))
    if not report.is_whole:
        raise Refusal(Exit.FAILED, "not everything is back: " + "; ".join(report.problems))


def _describe(plan: Planned) -> str:
    if plan.base_at is None:
        return (
            f"{plan.domain}: settings, secrets and keys of {moment(plan.until)}, and files; its database was an "
            "external one, which has to come from its operator's own copies"
        )
    return (
        f"{plan.domain} as it was at {moment(plan.until)}: base of {moment(plan.base_at)}, {plan.pieces} pieces of "
        f"the log, {size_text(plan.size)} to fetch"
    )


def _files(options: Options) -> None:
    screen = Screen()
    with errors(), screen:
        found = _run(fetch_rest(options, Listeners(step=screen.show, say=say)))
    say(f"{found.wanted - found.lacking} of {found.wanted} files are there, {found.fetched} of them fetched now")
    if found.lacking:
        raise Refusal(Exit.FAILED, "missing or broken: " + ", ".join(found.missing + found.broken))


def _ask(plan: Planned) -> None:
    if not sys.stdin.isatty():
        raise Refusal(
            Exit.FAILED, f"this replaces the server of {plan.domain}; say --yes where nobody can be asked, or --look"
        )
    click.confirm(
        f"From then on this is {plan.domain}, and the old server writes no more. Go on?", abort=True, err=True
    )


def read_key(where: str) -> RecoveryKey:
    """The recovery key from a file, from standard input, or asked for where that is a terminal."""
    if where.upper().startswith(_LOOKS_LIKE_A_KEY) or len(where.split()) > 11:
        raise Refusal(
            Exit.SETTINGS,
            "--key wants a file and not the key itself, which everybody on this machine could see now and which is in "
            "your shell's history: write it to a file, or use --key -",
        )
    try:
        return RecoveryKey.parse(_written(where))
    except KeyUnusable as error:
        raise Refusal(Exit.SETTINGS, f"--key: {error}") from None
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "is not text"
        raise Refusal(Exit.SETTINGS, f"--key: {where}: {reason}") from None


def _written(where: str) -> str:
    if where != "-":
        return Path(where).read_text()
    if sys.stdin.isatty():
        return str(click.prompt("The 24 words of the recovery key", hide_input=True, err=True))
    return sys.stdin.read()


def parse_moment(written: str, now: datetime) -> datetime:
    """A moment in ISO form; without a zone it is this machine's time. Ends the command for what is none."""
    try:
        found = datetime.fromisoformat(written.strip())
        at = found.astimezone(UTC)
    except (ValueError, OverflowError):
        raise Refusal(
            Exit.SETTINGS, f"--to: {written!r} is no moment; write 2026-11-22T03:12:00Z, or 2026-11-22 03:12 (local)"
        ) from None
    if at > now:
        raise Refusal(Exit.SETTINGS, f"--to: {moment(at)} (UTC) is in the future")
    return at


def _run(walk: Coroutine[Any, Any, T]) -> T:
    return asyncio.run(walk)


@contextmanager
def errors() -> Generator[None]:
    """What a restore may fail with, as one message and an exit status."""
    try:
        with database_errors():
            yield
    except TargetUnusable as error:
        raise Refusal(Exit.SETTINGS, str(error)) from None
    except (NotRestorable, CensusFailed) as error:
        raise Refusal(Exit.FAILED, str(error)) from None
    except Broken as error:
        raise Refusal(Exit.FAILED, f"{error}; nothing of it was used, and another target may have it whole") from None
    except StoreUnavailable as error:
        raise Refusal(Exit.FAILED, f"the target cannot be read: {error}") from None
