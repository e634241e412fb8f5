"""The commands of `rostra policy` that speak to the server's database, whether or not the server runs."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Awaitable, Callable, Iterable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, TypeVar

import click
import msgspec

from rostra.cli.options import Exit, Refusal, current_database, database_errors, in_words, say
from rostra.cli.policy_files import columns, counted, files_of
from rostra.kit.clock import Clock
from rostra.kit.db import Database, open_database
from rostra.kit.errors import RostraError
from rostra.kit.settings import Settings
from rostra.policy.check import check_files
from rostra.policy.evaluate import compile_policy
from rostra.policy.records import Bundle
from rostra.screening import versions
from rostra.screening.active import ActivePolicy
from rostra.screening.banks import Banks
from rostra.screening.clusters import list_clusters
from rostra.screening.detectors import load_detectors
from rostra.screening.replay import Candidate, Precision, get_replay, is_replayed, replay
from rostra.screening.replay_queries import ReplayRow
from rostra.screening.rules import resume_rule, rule_states

T = TypeVar("T")


def show(settings: Settings, version: str | None, *, out: Path | None, as_json: bool) -> None:
    """The history and the state of the rules, or the files of one version."""
    if out is not None:
        files = with_database(settings, lambda db: versions.read_files(db, Clock(), version))
        _write(files, out)
        return
    history, states = with_database(settings, _history)
    if as_json:
        click.echo(msgspec.json.encode({"versions": history, "rules": states}))
        return
    rows = [
        [
            "active" if each.is_active else "previous" if each.is_previous else "",
            each.version,
            _when(each.created_at),
            each.author or "-",
            each.note,
        ]
        for each in history
    ]
    _print(["", "VERSION", "KEPT", "BY", "NOTE"], rows)
    click.echo()
    _print(
        ["RULE", "MODE", "HITS TODAY", "SHADOW", "PAUSED"],
        [[state.rule, state.mode, str(state.live), str(state.shadow), state.paused or ""] for state in states],
    )


def activate(settings: Settings, folder: str, *, note: str, unreplayed: bool) -> None:
    """Check, test and put into force."""
    files = files_of(folder)
    bundle = _sound(files)

    async def run(db: Database) -> str:
        if not unreplayed and not await is_replayed(db, Clock(), bundle.version):
            raise Refusal(
                Exit.FAILED,
                f"version {bundle.version} was not replayed over stored posts within the last week; "
                f"`rostra policy replay {folder}` shows what it would change, --without-replay does without",
            )
        return await versions.activate(db, Clock(), load_detectors(), files, note=note)

    version = with_database(settings, run)
    say(f"policy {version} is in force; running servers take it up within two seconds")


def rollback(settings: Settings, version: str | None, *, note: str) -> None:
    """Put the version before, or the one named, back into force."""
    back = with_database(settings, lambda db: versions.roll_back(db, Clock(), to=version, why=note))
    say(f"policy {back} is in force again; running servers take it up within two seconds")


def resume(settings: Settings, rule: str) -> None:
    """Have a paused rule count again."""
    with_database(settings, lambda db: resume_rule(db, Clock(), rule, actor_id=None))
    say(f"{rule} counts again")


def replay_and_print(settings: Settings, folder: str, days: int, *, as_json: bool) -> None:
    """Try a policy on the posts of the last days, with a progress bar, and print what it would change."""
    files = files_of(folder)
    bundle = _sound(files)

    async def run(db: Database) -> tuple[ReplayRow, dict[str, Precision]]:
        policies, banks = ActivePolicy(Clock()), Banks(settings.data_dir / "banks", silent=True)
        await banks.look()
        await versions.keep(db, Clock(), files, note=f"For a replay of {counted(days, 'day')}")
        async with db.read() as conn:
            current = await policies.get(conn)
        baseline = Candidate(current.policy, current.detectors)
        candidate = Candidate(compile_policy(bundle), load_detectors().for_bundle(bundle, current.adjustment))
        with click.progressbar(length=1, label="Replaying", file=sys.stderr) as bar:

            def progress(done: int, total: int) -> None:
                bar.length = total
                bar.update(done - bar.pos)

            replay_id = await replay(db, Clock(), candidate, baseline, banks, days=days, progress=progress)
        row, _, precisions = await get_replay(db, replay_id)
        return row, precisions

    row, precisions = with_database(settings, run)
    if as_json:
        click.echo(msgspec.json.encode({"replay": row, "precision": precisions}))
        return
    _print_replay(row)


def clusters_and_print(settings: Settings, *, as_json: bool) -> None:
    """The events that posts gather around."""
    found = with_database(settings, lambda db: list_clusters(db, Clock()))
    if as_json:
        click.echo(msgspec.json.encode(found))
        return
    today = Clock().now().date()
    rows = [
        [
            each.place or "-",
            f"{each.day} ({_countdown((each.day - today).days)})" if each.day else "-",
            str(each.statuses),
            str(each.authors),
            f"{each.refused} by {each.refused_authors}" if each.refused else "-",
            f"{each.earlier} → {each.latest}",
            f"{each.reach:,}",
            f"{each.risk:.2f}",
            ", ".join(each.weapons + each.targets),
        ]
        for each in found
    ]
    _print(["PLACE", "DAY", "POSTS", "AUTHORS", "REFUSED", "GROWTH", "REACH", "RISK", "NAMED"], rows)


def _countdown(days: int) -> str:
    return "today" if days == 0 else "tomorrow" if days == 1 else f"in {days} days"


async def _history(db: Database) -> tuple[list[Any], list[Any]]:
    return await versions.list_versions(db), await rule_states(db, Clock())


def _sound(files: dict[str, bytes]) -> Bundle:
    bundle, problems = check_files(files, today=Clock().now().date())
    if versions.has_errors(problems):
        raise Refusal(Exit.FAILED, "the policy has errors; `rostra policy check` names them")
    return bundle


def _print_replay(row: ReplayRow) -> None:
    result = row.result or {}
    click.echo(f"{row.version} against {row.baseline}: {row.judged:,} posts of {counted(row.days, 'day')}")
    click.echo(f"newly hit {result['hit']:,}, newly freed {result['freed']:,}")
    for what in ("by_clause", "by_language"):
        for kind, counts in result[what].items():
            for name, count in counts.items():
                click.echo(f"  {kind:<6} {name or '-':<32} {count:>8,}")
    for before, after, count in result["by_action"]:
        click.echo(f"  {before} → {after}: {count:,}")
    for kind, reach in result["reach"].items():
        click.echo(f"  followers reached by what is newly {kind}: {reach:,}")
    if unknown := result["unknown_facts"]:
        click.echo(f"not known of past posts, and taken for nothing: {', '.join(unknown)}")
    click.echo(f"{result['posts_per_second']:,.0f} posts a second; a sample to label: /admin/policy/replays/{row.id}")


def _write(files: dict[str, bytes], out: Path) -> None:
    for name, content in files.items():
        (out / name).parent.mkdir(parents=True, exist_ok=True)
        (out / name).write_bytes(content)
    say(f"{counted(len(files), 'file')} written to {out}")


def _print(head: list[str], rows: Iterable[list[str]]) -> None:
    for line in columns([head, *rows]):
        click.echo(line)


def _when(moment: datetime) -> str:
    return f"{moment.astimezone(UTC):%Y-%m-%d %H:%M}Z"


def with_database(settings: Settings, act: Callable[[Database], Awaitable[T]], nothing: str = "") -> T:
    """Run `act` on the server's database; what it refuses ends the command, with `nothing` where what was named is
    not there."""

    async def run() -> T:
        async with current_database(settings) as dsn, open_database(dsn, max_size=2, statement_timeout=60.0) as db:
            await versions.ensure_policy(db, Clock())
            return await act(db)

    with database_errors():
        try:
            return asyncio.run(run())
        except RostraError as error:
            raise Refusal(Exit.FAILED, in_words(error, nothing)) from None
