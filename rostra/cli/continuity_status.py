"""`rostra continuity status`: what would be lost if this server vanished now, in plain words."""

from __future__ import annotations

import sys
from datetime import UTC, datetime

import click
import msgspec

from rostra.cli.options import Exit, with_settings
from rostra.continuity.health import Finding, Health, Situation, assess, holds
from rostra.continuity.place import Place
from rostra.continuity.records import TargetStatus
from rostra.continuity.situation import read_situation
from rostra.continuity.standby.records import describe, find_standby, find_standby_status
from rostra.continuity.targets import label_of
from rostra.continuity.words import duration, in_words, moment
from rostra.kit.settings import Settings

_MARKS = {"bad": "!", "warn": "*", "note": "-"}


@click.command()
@click.option("--json", "as_json", is_flag=True, help="For programs.")
@with_settings
def status(settings: Settings, as_json: bool) -> None:
    """Say what would be lost if this server vanished now, how each target does, and what is to be done.

    Exit status 1 where something has to be done now, as where there are no copies at all.
    """
    now = datetime.now(UTC)
    situation = read_situation(settings)
    health = assess(situation, now)
    if as_json:
        click.echo(msgspec.json.encode({"at": now, **_as_json(situation, health, now)}).decode())
    else:
        for line in in_plain_words(situation, health, now):
            click.echo(line)
        if (standby := find_standby(place := Place(settings.data_dir))) is not None:
            for line in describe(standby, label_of(standby.source), find_standby_status(place), now):
                click.echo(line)
    if health.level == "bad" or health.nothing_is_copied:
        sys.exit(int(Exit.FAILED))


def in_plain_words(situation: Situation, health: Health, now: datetime) -> list[str]:
    """The lines of the command."""
    lines = [in_words(sentence, "en", now) for sentence in health.headline]
    targets = situation.status.targets if situation.status else []
    if targets:
        lines.append("")
        for target in targets:
            lines += _target(target, situation, now)
    if health.findings:
        lines.append("")
    for finding in health.findings:
        lines += _finding(finding, now)
    return lines


def _target(target: TargetStatus, situation: Situation, now: datetime) -> list[str]:
    if situation.status is not None and situation.status.external_database:
        return [target.label, f"  {_files(target, situation, now)}; {target.media_behind} files to go"]
    if target.safe_until is None:
        until = "nothing can be restored from there yet"
    else:
        late = duration(now - target.safe_until, "en")
        until = "has everything" if holds(target, situation, now) else f"has everything but the last {late}"
    base = "no base copy" if target.base_at is None else f"last base copy {moment(target.base_at, 'en', now)}"
    waiting = f"{target.behind} pieces and {target.media_behind} files to go"
    return [target.label, f"  {until}; {base} ({target.bases} kept); {waiting}"]


def _files(target: TargetStatus, situation: Situation, now: datetime) -> str:
    """Of an external database, which is not copied."""
    if target.files_until is None:
        return "files, settings and secrets are not all there yet"
    late = duration(now - target.files_until, "en")
    lacking = "" if holds(target, situation, now) else f" but those of the last {late}"
    return f"has all files, settings and secrets{lacking}"


def _finding(finding: Finding, now: datetime) -> list[str]:
    lines = [f"{_MARKS[finding.weight]} {in_words(finding.said, 'en', now)}"]
    if finding.todo is not None:
        lines.append(f"  {in_words(finding.todo, 'en', now)}")
    return lines


def _as_json(situation: Situation, health: Health, now: datetime) -> dict[str, object]:
    return {
        "level": health.level,
        "at_risk": None if health.at_risk is None else health.at_risk.total_seconds(),
        "back_in": None if health.back_in is None else health.back_in.total_seconds(),
        "headline": [in_words(sentence, "en", now) for sentence in health.headline],
        "findings": [{"weight": each.weight, "text": in_words(each.said, "en", now)} for each in health.findings],
        "status": situation.status,
        "last_drill": situation.drills[0] if situation.drills else None,
    }
