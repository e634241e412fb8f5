"""The copies as metrics, and where they are served."""

from __future__ import annotations

from pathlib import Path

from prometheus_client.parser import text_string_to_metric_families

from rostra.continuity.figures import exposition, write_figures
from rostra.continuity.health import Situation
from rostra.kit.settings import Settings
from tests.continuity.test_health import BUCKET, NOW, SHED, ago, drill, status, target, well
from tests.world import World

Series = tuple[str, str]


def read(text: bytes) -> dict[Series, float]:
    """Values by name and the value of the one label."""
    found: dict[Series, float] = {}
    for family in text_string_to_metric_families(text.decode()):
        for sample in family.samples:
            key = (sample.name.removeprefix("rostra_continuity_"), "".join(sample.labels.values()))
            assert key not in found
            found[key] = sample.value
    return found


def test_each_target_has_its_lag_and_the_last_drill_its_result() -> None:
    targets = [target(behind=3, media_behind=2), target(SHED, safe_until=None, base_at=None, problem="refuses")]
    figures = read(
        write_figures(well(status=status(*targets, spool_bytes=5, sync="on", sync_alarm=True, alarms=["gone"])), NOW)
    )
    expected = {
        ("set_up", ""): 1,
        ("health", "bad"): 1,
        ("health", "good"): 0,
        ("seconds_at_risk", BUCKET): 4,
        ("seconds_at_risk", SHED): float("inf"),
        ("pieces_behind", BUCKET): 3,
        ("media_behind", BUCKET): 2,
        ("target_problem", SHED): 1,
        ("last_base_timestamp", BUCKET): ago(hours=3).timestamp(),
        ("spool_bytes", ""): 5,
        ("alarms", ""): 1,
        ("sync_alarm", ""): 1,
        ("last_drill_timestamp", ""): ago(hours=9).timestamp(),
        ("last_drill_ok", ""): 1,
        ("drill_rpo_seconds", ""): 2,
        ("drill_rto_seconds", ""): 118,
    }
    assert {key: figures[key] for key in expected} == expected
    assert ("last_base_timestamp", SHED) not in figures


def test_of_an_external_database_files_alone_are_at_risk() -> None:
    targets = [target(safe_until=None, files_until=ago(seconds=7)), target(SHED, safe_until=ago(seconds=1))]
    figures = read(write_figures(well(status=status(*targets, external_database=True)), NOW))
    assert (figures["seconds_at_risk", BUCKET], figures["seconds_at_risk", SHED]) == (7, float("inf"))


def test_a_failed_drill_has_no_times_and_two_targets_of_one_label_are_two_series() -> None:
    situation = well(drills=(drill(ok=False, rto=None, rpo=None),), status=status(target(), target()))
    figures = read(write_figures(situation, NOW))
    assert figures["last_drill_ok", ""] == 0
    assert ("drill_rto_seconds", "") not in figures
    assert figures["pieces_behind", f"{BUCKET} (2)"] == 0


def test_a_server_without_copies_says_so_and_nothing_else(tmp_path: Path) -> None:
    figures = read(exposition(Settings(data_dir=tmp_path), NOW))
    assert figures == read(write_figures(Situation(), NOW))
    assert set(figures) == {("set_up", ""), *(("health", level) for level in ("off", "good", "warn", "bad"))}


async def test_they_are_among_the_metrics_of_the_server(world: World) -> None:
    answer = await world.http.get("/metrics")
    assert "rostra_continuity_set_up 0.0" in answer.text
    assert "rostra_http_requests" in answer.text
