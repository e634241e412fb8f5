"""What a restore shows: a line that moves on a terminal, lines elsewhere, and the report in words."""

from __future__ import annotations

import sys
import time
from types import TracebackType
from typing import Final, Self

import click

from rostra.cli.options import say
from rostra.continuity.records import format_lsn
from rostra.continuity.restore.plan import moment
from rostra.continuity.restore.records import Report, Step

_WIDTH: Final = 24
_PAUSE: Final = 0.1
_CLEAR: Final = "\r\x1b[K"


class Screen:
    """Owns the moving line on standard error, from the first step until it is left."""

    def __init__(self) -> None:
        self._moves = sys.stderr.isatty()
        self._steps: dict[str, Step] = {}
        self._said: set[str] = set()
        self._shown_at = 0.0

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.rest()

    def show(self, step: Step) -> None:
        """A step has come further."""
        if step.name not in self._said and not self._moves:
            say(step.name if step.total is None else f"{step.name} ({_amount(step.total, step.unit)})")
        self._said.add(step.name)
        if step.has_ended:
            self._steps.pop(step.name, None)
        else:
            self._steps[step.name] = step
        if self._moves and (step.has_ended or time.monotonic() - self._shown_at > _PAUSE):
            self._shown_at = time.monotonic()
            click.echo(_CLEAR + " · ".join(_bar(each) for each in self._steps.values()), nl=False, err=True)

    def rest(self) -> None:
        """Take the line away, for something else to be said."""
        if self._moves:
            click.echo(_CLEAR, nl=False, err=True)


def _bar(step: Step) -> str:
    if not step.total:
        return step.name
    part = min(1.0, step.done / step.total)
    full = round(part * _WIDTH)
    return f"{step.name} [{'█' * full}{'░' * (_WIDTH - full)}] {part:4.0%} of {_amount(step.total, step.unit)}"


def _amount(count: int, unit: str) -> str:
    return size_text(count) if unit == "bytes" else f"{count:,} {unit}".strip()


def size_text(size: int) -> str:
    """Bytes for people."""
    for unit, factor in (("GB", 1e9), ("MB", 1e6), ("kB", 1e3)):
        if size >= factor:
            return f"{size / factor:,.1f} {unit}"
    return f"{size} bytes"


def describe(report: Report) -> str:
    """The report in words, for the operator."""
    lines = _without_database(report) if report.external_database else _with_database(report)
    lines += [("note", line) for line in report.warnings]
    lines += [("PROBLEM", line) for line in report.problems]
    return "\n".join(f"{name:10} {text}" for name, text in lines)


def _with_database(report: Report) -> list[tuple[str, str]]:
    return [
        ("restored", f"{report.domain} as it was at {moment(report.until)}"),
        ("from", f"{report.target}, epoch {report.epoch}, {' + '.join(report.bases)}"),
        ("last post", _last_post(report)),
        ("database", f"{report.files_verified:,} files checked by pg_verifybackup; {_tables(report)}"),
        ("log", f"pieces {report.first_piece} to {report.last_piece}, each following the one before"),
        ("ledger", _ledger(report)),
        ("files", _files(report)),
        ("server", _server(report)),
        ("time", f"ready after {report.ready_after:.1f} s, all of it after {report.finished_after:.1f} s"),
    ]


def _without_database(report: Report) -> list[tuple[str, str]]:
    lines = [
        ("restored", f"{report.domain}: settings, secrets and keys of {moment(report.until)}"),
        ("from", f"{report.target}, epoch {report.epoch}"),
        ("database", "NOT from here: it was an external one, and comes from its operator's own copies"),
    ]
    if report.ready_after:
        lines += [("last post", f"{_last_post(report)}, in the database that is named"), ("files", _files(report))]
    return [*lines, ("server", _server(report))]


def _last_post(report: Report) -> str:
    post = report.last_post
    return "none" if post is None else f"{post.id} by {post.author}, {moment(post.created_at)}"


def _tables(report: Report) -> str:
    rows = sum(table.rows for table in report.tables.values())
    counted = f"{len(report.tables)} tables with {rows:,} rows counted"
    if report.proof is None:
        return counted
    proof = report.proof
    return (
        f"{counted}; {proof.tables} tables with {proof.rows:,} rows were the same, row by row, as on the original at "
        f"{format_lsn(proof.lsn)} ({moment(proof.made_at)})"
    )


def _ledger(report: Report) -> str:
    found = report.ledger
    if found is None or (found.size == 0 and found.problem is None):
        return "nothing was sealed yet"
    return found.problem or f"{found.size:,} leaves give the signed root {found.root[:16]}…"


def _files(report: Report) -> str:
    media = report.media
    text = f"{media.wanted - media.lacking:,} of {media.wanted:,}"
    if media.fetched:
        text += f", {media.fetched:,} fetched and checked ({size_text(media.fetched_bytes)})"
    lacking = [*media.missing, *media.broken]
    return f"{text}; lacking: {', '.join(lacking[:10])}" if lacking else text


def _server(report: Report) -> str:
    if report.purpose == "look":
        return "a copy to look at: it writes nothing, and the old server stays what it is"
    if report.new_epoch is None:
        return "a copy to try"
    return f"epoch {report.new_epoch} was opened: this is the server now, and the old one writes no more"
