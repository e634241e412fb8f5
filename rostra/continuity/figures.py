"""The copies as metrics, made of the files at each scrape: whichever process answers, and whoever ships.

Targets are named by their labels, which have nothing secret in them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from datetime import datetime
from math import inf
from typing import Final, get_args

from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector

from rostra.continuity.health import Level, Situation, assess
from rostra.continuity.records import TargetStatus
from rostra.continuity.situation import read_situation
from rostra.kit.settings import Settings

_LEVELS: Final[tuple[Level, ...]] = get_args(Level)

Reading = Callable[[TargetStatus], float | None]


def exposition(settings: Settings, now: datetime) -> bytes:
    """All of them in Prometheus's text format. Reads files: not for an event loop's thread."""
    return write_figures(read_situation(settings), now)


def write_figures(situation: Situation, now: datetime) -> bytes:
    """The same of a situation that was read."""
    registry = CollectorRegistry()
    registry.register(_Figures(situation, now))
    return generate_latest(registry)


class _Figures(Collector):
    """What a scrape of `situation` at `now` gives."""

    def __init__(self, situation: Situation, now: datetime) -> None:
        self._situation = situation
        self._now = now

    def collect(self) -> Iterable[GaugeMetricFamily]:
        yield _gauge("set_up", "Whether copies were set up", float(self._situation.is_set_up))
        level = assess(self._situation, self._now).level
        health = _family("health", "1 at what the copies are judged to be", ["level"])
        for each in _LEVELS:
            health.add_metric([each], float(each == level))
        yield health
        if self._situation.status is not None:
            yield from self._of_shipping()
        if self._situation.drills:
            yield from self._of_drills()

    def _of_shipping(self) -> Iterator[GaugeMetricFamily]:
        status = self._situation.status
        assert status is not None, "asked for where there is one"
        yield _gauge("status_timestamp", "When ship last gave a sign of life", status.at.timestamp())
        yield _gauge("epoch", "The epoch that is shipped", status.epoch)
        yield _gauge("spool_bytes", "Encrypted pieces that wait for targets", status.spool_bytes)
        yield _gauge("wal_bytes", "Log that waits to be cut into pieces", status.wal_bytes)
        yield _gauge("alarms", "Alarms that ship raises now", len(status.alarms))
        yield _gauge("sync_alarm", "Whether commits wait for no standby although they should", float(status.sync_alarm))

        def at_risk(target: TargetStatus) -> float:
            until = status.kept_until(target)
            return inf if until is None else max(0.0, (self._now - until).total_seconds())

        def base_at(target: TargetStatus) -> float | None:
            return None if target.base_at is None else target.base_at.timestamp()

        readings: list[tuple[str, str, Reading]] = [
            ("seconds_at_risk", "Seconds of what is copied that the target does not have; +Inf: all", at_risk),
            ("pieces_behind", "Pieces of the log that the target does not have", lambda target: target.behind),
            ("media_behind", "Files that the target does not have", lambda target: target.media_behind),
            ("bases", "Base copies at the target", lambda target: target.bases),
            ("last_base_timestamp", "When the newest base copy at the target was made", base_at),
            ("target_problem", "Whether the target has a problem", lambda target: float(target.problem is not None)),
        ]
        for name, text, read in readings:
            yield self._by_target(name, text, read)

    def _by_target(self, name: str, text: str, read: Reading) -> GaugeMetricFamily:
        family = _family(name, text, ["target"])
        status = self._situation.status
        taken: dict[str, int] = {}
        for target in status.targets if status else []:
            # Two buckets of one name at two providers have the same label, and series must not.
            taken[target.label] = number = taken.get(target.label, 0) + 1
            value = read(target)
            if value is not None:
                family.add_metric([target.label if number == 1 else f"{target.label} ({number})"], value)
        return family

    def _of_drills(self) -> Iterator[GaugeMetricFamily]:
        last = self._situation.drills[0]
        yield _gauge("last_drill_timestamp", "When the last drill began", last.at.timestamp())
        yield _gauge("last_drill_ok", "Whether it passed", float(last.ok))
        if last.rpo is not None:
            yield _gauge("drill_rpo_seconds", "What would have been lost, by the last drill", last.rpo)
        if last.rto is not None:
            yield _gauge("drill_rto_seconds", "What it took to answer again, by the last drill", last.rto)


def _family(name: str, text: str, labels: list[str]) -> GaugeMetricFamily:
    return GaugeMetricFamily(f"rostra_continuity_{name}", text, labels=labels)


def _gauge(name: str, text: str, value: float) -> GaugeMetricFamily:
    family = _family(name, text, [])
    family.add_metric([], value)
    return family
