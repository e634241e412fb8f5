"""`rostra continuity drill`: rehearse a restore, and keep a record of it."""

from __future__ import annotations

import asyncio
import os
import re
import signal
import sys
import tempfile
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final

import click
import msgspec

from rostra.cli.continuity_restore import errors, read_key
from rostra.cli.options import Exit, Refusal, data_option, say, settings_of_command
from rostra.continuity.drill.run import DrillOptions
from rostra.continuity.drill.run import drill as rehearse
from rostra.continuity.place import Place
from rostra.continuity.records import DrillRecord
from rostra.continuity.words import duration, moment
from rostra.kit.settings import Settings

_SPAN: Final = re.compile(r"(\d{1,4})(s|m|h|d)")
_UNITS: Final = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days"}
_NO_TARGET: Final = "name the target: s3://…, sftp://user@host/path or a directory (or set ROSTRA_CONTINUITY_TARGETS)"
# For large files that may go at any time, and unlike /tmp seldom in memory.
_SCRATCH: Final = Path("/var/tmp")  # noqa: S108


class Span(click.ParamType[timedelta]):
    """A length of time: 90s, 30m, 12h, 7d."""

    name = "span"

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> timedelta:
        if isinstance(value, timedelta):
            return value
        found = _SPAN.fullmatch(str(value))
        if found is None or int(found[1]) == 0:
            self.fail(f"{value!r} is no length of time; write 12h or 7d", param, ctx)
        return timedelta(**{_UNITS[found[2]]: int(found[1])})


@click.command()
@click.argument("target", required=False)
@click.option("--key", "key_from", metavar="FILE|-", required=True, help="File with the recovery key; - asks for it.")
@data_option
@click.option("--full/--quick", default=False, help="All files and pg_amcheck, or fifty files by lot. [quick]")
@click.option("--site", metavar="ID", help="Which site, where the target has several.")
@click.option("--scratch", type=click.Path(file_okay=False, path_type=Path), help="Where there is room. [/var/tmp]")
@click.option("--every", type=Span(), metavar="SPAN", help="Go on for ever, with this between two drills: 7d.")
@click.option(
    "--lost-at-most", type=Span(), default="15m", show_default=True, metavar="SPAN", help="A copy that is older fails."
)
@click.option("--json", "as_json", is_flag=True, help="Print the record as JSON.")
def drill(
    target: str | None, key_from: str, data_dir: Path | None, full: bool, site: str | None, scratch: Path | None,
    every: timedelta | None, lost_at_most: timedelta, as_json: bool,
) -> None:  # fmt: skip
    """Bring the newest copy at TARGET back in a scratch place, try it out, compare it, measure, and throw it away.

    Nobody is fenced, and nobody outside is reached: the copy runs cut off from the network. The record is kept at the
    target, where the server finds it for its admin page. Best held on another machine than the server's, which needs
    nothing but this program, the address and the recovery key. Exit status 1 where anything is wrong.
    """
    original = _original(data_dir)
    address = target or _first_target(original)
    if not address:
        raise Refusal(Exit.SETTINGS, _NO_TARGET)
    bindir, user = os.environ.get("ROSTRA_PG_BINDIR"), os.environ.get("ROSTRA_PG_USER")
    options = DrillOptions(
        target=address,
        key=read_key(key_from),
        scratch=scratch.resolve() if scratch else (_SCRATCH if _SCRATCH.is_dir() else Path(tempfile.gettempdir())),
        full=full,
        site=site,
        original=original,
        lost_at_most=lost_at_most,
        pg_bindir=Path(bindir) if bindir else original.pg_bindir if original else None,
        pg_user=user or (original.pg_user if original else None),
    )
    os.umask(0o077)
    while not _once(options, as_json=as_json, ends=every is None) or every is not None:
        assert every is not None, "a single drill that fails ends the command"
        time.sleep(every.total_seconds())


def _once(options: DrillOptions, *, as_json: bool, ends: bool) -> bool:
    """One drill, said; whether all was well. Where it `ends` the command, what is wrong is its exit status."""
    try:
        with errors():
            record = asyncio.run(_interruptibly(options))
    except Refusal as error:
        if ends:
            raise
        error.show()
        return False
    click.echo(msgspec.json.format(msgspec.json.encode(record)).decode() if as_json else describe(record))
    if not record.ok and ends:
        sys.exit(int(Exit.FAILED))
    return record.ok


async def _interruptibly(options: DrillOptions) -> DrillRecord:
    """What SIGTERM ends is cleaned up as what Ctrl-C ends."""
    from rostra.cli.drill_try import try_out

    walk = asyncio.ensure_future(rehearse(options, try_out, say))
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, walk.cancel)
    try:
        return await walk
    except asyncio.CancelledError:
        raise Refusal(Exit.FAILED, "the drill was ended before it was done; nothing of it is left") from None


def _original(data_dir: Path | None) -> Settings | None:
    """The server of this machine, where there is one that makes copies."""
    place = data_dir or Path(os.environ.get("ROSTRA_DATA") or "data")
    return settings_of_command(data_dir) if Place(place).is_set_up else None


def _first_target(original: Settings | None) -> str:
    named = os.environ.get("ROSTRA_CONTINUITY_TARGETS", "").partition(",")[0].strip()
    if named or original is None:
        return named
    return original.continuity_targets[0] if original.continuity_targets else ""


def describe(record: DrillRecord) -> str:
    """The record in words."""
    now = datetime.now(UTC)
    lines = [f"{_took(step.seconds)}  {step.name}{f': {step.found}' if step.found else ''}" for step in record.steps]
    lines.append("")
    if record.until is not None:
        lines.append(f"the copy at {record.target} reaches {moment(record.until, 'en', now)}")
    if record.rpo is not None:
        lines.append(f"would be lost: {'nothing' if record.rpo == 0 else f'{record.rpo:.1f} seconds at most'}")
    if record.rto is not None:
        lines.append(f"back after: {duration(timedelta(seconds=record.rto), 'en')} ({record.rto:.1f} s)")
    lines.append(f"compared: {record.tables} tables, {record.media} files")
    lines += [f"FAILED: {problem}" for problem in record.problems]
    lines.append("THE DRILL PASSED" if record.ok else "THE DRILL FAILED: this copy would not have saved you")
    return "\n".join(lines)


def _took(seconds: float) -> str:
    return f"{seconds:8.2f} s"
