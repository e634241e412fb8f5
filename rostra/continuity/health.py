"""How well the copies do: one judgement, which the admin page, `rostra continuity status`, the metrics and the doctor
share. Pure; `situation.py` reads what it judges, `words.py` has the sentences.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Final, Literal

import msgspec

from rostra.continuity.place import LookOnly, Replaced
from rostra.continuity.records import DrillRecord, ShipStatus, TargetStatus

Level = Literal["off", "good", "warn", "bad"]
Weight = Literal["note", "warn", "bad"]
Value = str | int | float | timedelta | datetime

SILENT: Final = timedelta(seconds=15)
"""Ship writes its status each second; after this long without it does not run."""
DRILLS_HOLD: Final = timedelta(days=8)
"""How long a drill proves something: a weekly one may be a day late."""

# Seconds that a target may be behind, beside several times the interval of shipping, before that is said and then red.
_LATE: Final = 10.0
_TOO_LATE: Final = 60.0
_SPOOL_FULL: Final = 0.5


class Sentence(msgspec.Struct, frozen=True):
    """A sentence of `words.py` and what is filled in."""

    key: str
    values: dict[str, Value] = {}


class Finding(msgspec.Struct, frozen=True, kw_only=True):
    """Something to know, or to mend: `todo` says how (None: nothing is to be done)."""

    weight: Weight
    said: Sentence
    todo: Sentence | None = None


class Situation(msgspec.Struct, frozen=True, kw_only=True):
    """What is known on this machine. `addresses` are the targets of the settings by label, with the host of each (empty
    for a directory); `same_disk` are the labels of those that lie on the disk of the data. Drills: the newest first.
    """

    is_set_up: bool = False
    addresses: tuple[tuple[str, str], ...] = ()
    same_disk: frozenset[str] = frozenset()
    interval: float = 1.0
    spool_limit: int = 2048 << 20
    status: ShipStatus | None = None
    drills: tuple[DrillRecord, ...] = ()
    replaced: Replaced | None = None
    look_only: LookOnly | None = None
    is_standby: bool = False


class Health(msgspec.Struct, frozen=True, kw_only=True):
    """The judgement. `at_risk` is what would be lost if the server vanished now (None: everything), `back_in` how long
    the last good drill took to answer (None: nobody knows). `nothing_is_copied`: copies were never set up."""

    level: Level
    headline: list[Sentence]
    findings: list[Finding] = []
    at_risk: timedelta | None = None
    back_in: timedelta | None = None
    nothing_is_copied: bool = False

    @property
    def is_unwell(self) -> bool:
        """Whether an administrator should be told wherever they are."""
        return self.level in ("warn", "bad")


def assess(situation: Situation, now: datetime) -> Health:
    """Judge the situation at `now`."""
    if special := _another_kind(situation):
        return special
    if not situation.is_set_up:
        todo = Sentence("set-up")
        return Health(
            level="off",
            headline=[Sentence("no-copies")],
            findings=[Finding(weight="warn", said=Sentence("not-set-up"), todo=todo)],
            nothing_is_copied=True,
        )
    findings = [*_of_shipping(situation, now), *_of_targets(situation, now), *_of_places(situation)]
    is_external = situation.status is not None and situation.status.external_database
    # Nothing to drill with is at the targets of an external database.
    findings += [] if is_external else _of_drills(situation, now)
    at_risk, back_in = seconds_at_risk(situation, now), _back_in(situation)
    weights = {finding.weight for finding in findings}
    level: Level = "bad" if "bad" in weights or at_risk is None else "warn" if "warn" in weights else "good"
    if level == "bad" and "bad" not in weights and _first_copy_is_made(situation, now):
        level = "warn"
    return Health(
        level=level,
        headline=[_loss_of_files(at_risk)]
        if is_external
        else [_loss(at_risk, back_in, situation, now), _proof(situation)],
        findings=sorted(findings, key=lambda finding: ("bad", "warn", "note").index(finding.weight)),
        at_risk=None if is_external else at_risk,
        back_in=None if is_external else back_in,
    )


def seconds_at_risk(situation: Situation, now: datetime) -> timedelta | None:
    """What would be lost with this machine's disk, of what is copied: the time since the best of the other places was
    complete. None where no other place has anything that can be restored."""
    status = situation.status
    elsewhere = [each for each in status.targets if each.label not in situation.same_disk] if status else []
    safe = [until for each in elsewhere if status and (until := status.kept_until(each)) is not None]
    return max(timedelta(0), now - max(safe)) if safe else None


def _another_kind(situation: Situation) -> Health | None:
    """Of a data directory that is not a server's at work."""
    if replaced := situation.replaced:
        values: dict[str, Value] = {"host": replaced.host, "epoch": replaced.epoch, "at": replaced.at}
        return Health(level="bad", headline=[Sentence("replaced", values)])
    if look := situation.look_only:
        said = Sentence("look-only", {"until": look.until, "at": look.restored_at})
        return Health(level="off", headline=[said])
    if situation.is_standby:
        return Health(level="off", headline=[Sentence("standby")])
    return None


def _of_shipping(situation: Situation, now: datetime) -> Iterator[Finding]:
    status = situation.status
    if not situation.addresses:
        yield Finding(weight="bad", said=Sentence("targets-gone"), todo=Sentence("name-targets"))
    if status is None:
        yield Finding(weight="bad", said=Sentence("never-shipped"), todo=Sentence("start-ship"))
        return
    if now - status.at > SILENT:
        said = Sentence("silent", {"ago": now - status.at, "at": status.at})
        yield Finding(weight="bad", said=said, todo=Sentence("start-ship"))
    if status.external_database:
        yield Finding(weight="warn", said=Sentence("external-database"), todo=Sentence("copy-database"))
    for alarm in status.alarms:
        yield Finding(weight="bad", said=Sentence("alarm", {"alarm": alarm}))
    share = status.spool_bytes / situation.spool_limit
    if share > _SPOOL_FULL:
        values: dict[str, Value] = {"share": round(100 * share)}
        yield Finding(weight="warn", said=Sentence("spool", values), todo=Sentence("mind-spool"))
    for work in status.doing:
        yield Finding(weight="note", said=Sentence("doing", {"work": work}))


def _of_targets(situation: Situation, now: datetime) -> Iterator[Finding]:
    status = situation.status
    if status is None:
        return
    somebody_holds = any(holds(target, situation, now) for target in status.targets)
    for target in status.targets:
        if holds(target, situation, now):
            continue
        # What one target lacks is less grave while another has it.
        weight: Weight = "warn" if somebody_holds else "bad"
        label: dict[str, Value] = {"label": target.label}
        if target.problem is not None:
            since = {"since": target.problem_since or status.at}
            said = Sentence("problem", {**label, **since, "problem": target.problem})
            yield Finding(weight=weight, said=said, todo=Sentence("ask-doctor"))
        elif (until := status.kept_until(target)) is None:
            making = _first_copy_is_made(situation, now)
            lacks = "no-files" if status.external_database else "no-base"
            yield Finding(weight="warn" if making else weight, said=Sentence(lacks, label))
        else:
            late = now - until
            bad = late.total_seconds() > max(_TOO_LATE, 10 * situation.interval)
            said = Sentence("late", {**label, "late": late, "behind": target.behind})
            if status.external_database:
                said = Sentence("late-files", {**label, "late": late, "files": target.media_behind})
            yield Finding(weight=weight if bad else "warn", said=said)


def holds(target: TargetStatus, situation: Situation, now: datetime) -> bool:
    """Whether a target has all that it should have at `now`."""
    until = None if situation.status is None else situation.status.kept_until(target)
    if target.problem is not None or until is None:
        return False
    return (now - until).total_seconds() <= max(_LATE, 3 * situation.interval)


def _first_copy_is_made(situation: Situation, now: datetime) -> bool:
    status = situation.status
    return status is not None and bool(status.doing) and now - status.at <= SILENT


def _of_places(situation: Situation) -> Iterator[Finding]:
    hosts = [host for _, host in situation.addresses]
    for label, host in situation.addresses:
        if label in situation.same_disk:
            yield Finding(weight="warn", said=Sentence("same-disk", {"label": label}), todo=Sentence("elsewhere"))
        elif not host:
            yield Finding(weight="note", said=Sentence("directory", {"label": label}))
    if len(hosts) == 1 and not situation.same_disk:
        yield Finding(weight="note", said=Sentence("one-target"))
    if twice := sorted({host for host in hosts if host and hosts.count(host) > 1}):
        yield Finding(weight="warn", said=Sentence("same-host", {"host": twice[0]}), todo=Sentence("elsewhere"))


def _of_drills(situation: Situation, now: datetime) -> Iterator[Finding]:
    if not situation.drills:
        yield Finding(weight="warn", said=Sentence("drill-never"), todo=Sentence("do-drill"))
        return
    last = situation.drills[0]
    if not last.ok:
        problem = last.problems[0] if last.problems else "?"
        said = Sentence("drill-failed", {"at": last.at, "target": last.target, "problem": problem})
        yield Finding(weight="bad", said=said, todo=Sentence("do-drill"))
    elif now - last.at > DRILLS_HOLD:
        yield Finding(weight="warn", said=Sentence("drill-old", {"ago": now - last.at}), todo=Sentence("do-drill"))


def _back_in(situation: Situation) -> timedelta | None:
    took = next((drill.rto for drill in situation.drills if drill.ok and drill.rto is not None), None)
    return None if took is None else timedelta(seconds=took)


def _loss(at_risk: timedelta | None, back_in: timedelta | None, situation: Situation, now: datetime) -> Sentence:
    if _standby_has_all(situation, now):
        return Sentence("loss-none")
    if at_risk is None:
        return Sentence("all-lost")
    values: dict[str, Value] = {"loss": at_risk}
    if back_in is None:
        return Sentence("loss", values)
    return Sentence("loss-and-back", {**values, "back": back_in})


def _loss_of_files(at_risk: timedelta | None) -> Sentence:
    return Sentence("all-lost") if at_risk is None else Sentence("loss-of-files", {"loss": at_risk})


def _standby_has_all(situation: Situation, now: datetime) -> bool:
    """Whether nothing is acknowledged before a standby has it."""
    status = situation.status
    return status is not None and status.sync != "off" and not status.sync_alarm and now - status.at <= SILENT


def _proof(situation: Situation) -> Sentence:
    good = next((drill for drill in situation.drills if drill.ok), None)
    if good is None:
        return Sentence("never-proven")
    return Sentence("proven", {"at": good.at})
