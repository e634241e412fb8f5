"""The judgement about copies, and its sentences: no files, no network."""

from __future__ import annotations

import string
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import msgspec
import pytest

from rostra.continuity.health import Health, Sentence, Situation, assess
from rostra.continuity.place import LookOnly, Place, Replaced
from rostra.continuity.records import DrillLog, DrillRecord, ShipStatus, TargetStatus
from rostra.continuity.situation import host_of, is_on_disk_of, read_situation
from rostra.continuity.words import SENTENCES, in_words
from rostra.kit.settings import Settings

NOW = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
BUCKET, SHED = "s3://copies/rostra", "sftp://shed.example/copies"


def ago(**parts: float) -> datetime:
    return NOW - timedelta(**parts)


def target(label: str = BUCKET, **changes: Any) -> TargetStatus:
    made = TargetStatus(
        label=label,
        safe_until=ago(seconds=4),
        behind=0,
        base="b",
        base_at=ago(hours=3),
        bases=2,
        media_behind=0,
    )
    return msgspec.structs.replace(made, **changes)


def status(*targets: TargetStatus, **changes: Any) -> ShipStatus:
    made = ShipStatus(at=ago(seconds=1), site="s", epoch=1, lsn=1, spool_bytes=0, wal_bytes=0, targets=list(targets))
    return msgspec.structs.replace(made, **changes)


def drill(**changes: Any) -> DrillRecord:
    at, ended = ago(hours=9), ago(hours=8)
    made = DrillRecord(at=at, ended_at=ended, target=BUCKET, host="h", full=True, ok=True, rto=118.0, rpo=2.0)
    return msgspec.structs.replace(made, **changes)


def well(**changes: Any) -> Situation:
    made: dict[str, Any] = {
        "is_set_up": True,
        "addresses": ((BUCKET, "s3.example"), (SHED, "shed.example")),
        "status": status(target(), target(SHED)),
        "drills": (drill(),),
    }
    return Situation(**(made | changes))


def judged(**changes: Any) -> Health:
    return assess(well(**changes), NOW)


def keys(health: Health) -> list[str]:
    return [finding.said.key for finding in health.findings]


def said(health: Health, language: str = "en") -> str:
    return " ".join(in_words(sentence, language, NOW) for sentence in health.headline)


def test_a_good_set_up_is_said_in_plain_words() -> None:
    health = judged()
    assert (health.level, health.findings) == ("good", [])
    assert said(health) == (
        "If this server vanished now, 4 seconds of posts would be lost, and it would be back in about 2 minutes. "
        "Last proven: today, 03:00 UTC."
    )
    assert said(health, "it").startswith("Se questo server sparisse adesso, andrebbero persi i post di 4 secondi, e")


def test_a_server_without_copies_is_told_what_to_do() -> None:
    health = judged(is_set_up=False)
    assert health.level == "off"
    todo = health.findings[0].todo
    assert todo is not None
    words = in_words(todo, "en", NOW)
    assert "rostra continuity init" in words
    assert "rostra up" in words


def external(*targets: TargetStatus, **changes: Any) -> Health:
    """Of a server whose database is an external one: no target has posts, whoever has drilled before."""
    bare = [msgspec.structs.replace(each, safe_until=None, base=None, base_at=None, bases=0) for each in targets]
    return judged(status=status(*bare, external_database=True), **changes)


def test_of_an_external_database_it_is_said_what_copies_are_good_for() -> None:
    health = external(target(files_until=ago(seconds=2)), target(SHED, files_until=ago(seconds=2)), drills=())
    assert (health.level, keys(health)) == ("warn", ["external-database"]), "not red for ever"
    assert said(health).startswith("If this server vanished now, 2 seconds of files would be lost. Its posts")
    assert (health.at_risk, health.back_in) == (None, None)
    todo = health.findings[0].todo
    assert todo is not None
    assert "rostra continuity restore" in in_words(todo, "it", NOW)


@pytest.mark.parametrize(
    ("lacking", "level", "key"),
    [
        ({}, "bad", "no-files"),
        ({"files_until": ago(minutes=5), "media_behind": 7}, "bad", "late-files"),
        ({"files_until": ago(seconds=2), "problem": "refuses"}, "bad", "problem"),
    ],
)
def test_files_that_do_not_arrive_are_seen_though_no_base_copy_is_asked_for(
    lacking: dict[str, Any], level: str, key: str
) -> None:
    health = external(target(**lacking))
    assert (health.level, key in keys(health), "no-base" in keys(health)) == (level, True, False)
    good = target(SHED, files_until=ago(seconds=2))
    assert external(target(**lacking), good).level == "warn", "another target has them"


@pytest.mark.parametrize(
    ("changes", "level", "key"),
    [
        ({"status": None}, "bad", "never-shipped"),
        ({"status": status(target(), at=ago(seconds=16))}, "bad", "silent"),
        ({"status": status(target(), target(SHED), alarms=["the standby is gone"])}, "bad", "alarm"),
        ({"status": status(target(), target(SHED), spool_bytes=1500 << 20)}, "warn", "spool"),
        ({"status": status(target(), target(SHED, problem="refuses", problem_since=ago(hours=2)))}, "warn", "problem"),
        ({"status": status(target(problem="refuses"), target(SHED, problem="full"))}, "bad", "problem"),
        ({"status": status(target(), target(SHED, safe_until=None))}, "warn", "no-base"),
        ({"status": status(target(safe_until=None), target(SHED, safe_until=None))}, "bad", "no-base"),
        ({"status": status(target(), target(SHED, safe_until=ago(minutes=5)))}, "warn", "late"),
        ({"status": status(target(safe_until=ago(minutes=5)))}, "bad", "late"),
        ({"status": status(target(safe_until=ago(seconds=30)))}, "warn", "late"),
        ({"addresses": ()}, "bad", "targets-gone"),
        ({"addresses": ((BUCKET, "one.example"), (SHED, "one.example"))}, "warn", "same-host"),
        ({"drills": ()}, "warn", "drill-never"),
        ({"drills": (drill(at=ago(days=9)),)}, "warn", "drill-old"),
        ({"drills": (drill(ok=False, problems=["a byte was changed"]), drill())}, "bad", "drill-failed"),
        ({"addresses": ((BUCKET, "one.example"),)}, "good", "one-target"),
        ({"addresses": ((BUCKET, "one.example"), ("file:///mnt/x", ""))}, "good", "directory"),
    ],
)
def test_each_fault_is_found_and_weighed(changes: dict[str, Any], level: str, key: str) -> None:
    health = judged(**changes)
    assert (health.level, keys(health)[0]) == (level, key)


def test_the_worst_finding_comes_first() -> None:
    health = judged(drills=(), addresses=((BUCKET, "h"),), status=status(target(), at=ago(minutes=1)))
    assert keys(health) == ["silent", "drill-never", "one-target"]


def test_the_first_copy_being_made_is_no_alarm_yet() -> None:
    health = judged(status=status(target(safe_until=None), doing=["base copy: 12 %"]))
    assert (health.level, keys(health)) == ("warn", ["no-base", "doing"])
    assert "everything would be lost" in said(health)


def test_what_is_on_the_same_disk_saves_nothing() -> None:
    health = judged(same_disk=frozenset({BUCKET, SHED}))
    assert health.level == "bad"
    assert health.at_risk is None
    assert "everything would be lost" in said(health)


def test_a_shipment_each_minute_is_not_late_after_half_a_minute() -> None:
    assert judged(interval=60.0, status=status(target(safe_until=ago(seconds=90)))).level == "good"


def test_a_server_with_a_synchronous_standby_loses_nothing_until_it_alarms() -> None:
    assert "no post that was acknowledged" in said(judged(status=status(target(), target(SHED), sync="on")))
    alarmed = judged(status=status(target(), target(SHED), sync="on", sync_alarm=True, alarms=["it is gone"]))
    assert "4 seconds" in said(alarmed)


def test_a_failed_drill_does_not_unsay_when_it_was_proven() -> None:
    health = judged(drills=(drill(ok=False, rto=None, problems=["x"]), drill(at=ago(days=2))))
    assert "back in about 2 minutes" in said(health)
    assert "21 November" in said(health)


def test_copies_and_standbys_say_what_they_are() -> None:
    replaced = judged(replaced=Replaced(epoch=2, host="new.example", at=ago(hours=1), why="restore"))
    assert (replaced.level, "new.example" in said(replaced)) == ("bad", True)
    assert "copy to look at" in said(judged(look_only=LookOnly(until=ago(hours=2), restored_at=ago(hours=1))))
    assert "standby" in said(judged(is_standby=True))


def test_every_sentence_is_there_in_both_languages_with_the_same_blanks() -> None:
    def blanks(text: str) -> set[str]:
        return {name for _, name, _, _ in string.Formatter().parse(text) if name}

    for key, words in SENTENCES.items():
        assert set(words) == {"en", "it"}, key
        assert blanks(words["en"]) >= blanks(words["it"]), key


def test_words_of_others_are_not_taken_for_blanks() -> None:
    assert in_words(Sentence("alarm", {"alarm": "{loss} {0}"}), "it", NOW) == "Allarme: {loss} {0}"


def test_targets_are_placed_by_their_address(tmp_path: Path) -> None:
    assert host_of("s3://a:b@bucket/x?endpoint=https://s3.example:9000") == "s3.example"
    assert host_of("s3://bucket") == "amazonaws.com"
    assert host_of("sftp://me:secret@shed.example:2222/x") == "shed.example"
    assert host_of("/mnt/x") == ""
    assert is_on_disk_of(f"file://{tmp_path}", tmp_path)
    assert not is_on_disk_of("/proc", tmp_path)
    assert not is_on_disk_of("s3://bucket", tmp_path)


def test_a_command_without_the_servers_environment_takes_the_targets_from_the_status(tmp_path: Path) -> None:
    place = Place(tmp_path)
    place.ensure()
    (place.path / "epoch.json").write_text("{}")
    here = f"file://{tmp_path}"
    place.write_status(status(target(here), target(), target("s3://others")))
    read = read_situation(Settings(data_dir=tmp_path))
    assert [label for label, _ in read.addresses] == [here, BUCKET, "s3://others"]
    assert read.same_disk == {here}
    assert "targets-gone" not in keys(assess(read, NOW))
    assert "same-host" not in keys(assess(read, NOW))


def test_the_situation_is_read_from_files_and_shows_no_secret(tmp_path: Path) -> None:
    settings = Settings(data_dir=tmp_path, continuity_targets=("s3://id:hidden@bucket/x?endpoint=http://h",))
    assert read_situation(settings) == Situation(addresses=(("s3://bucket/x", "h"),))
    place = Place(tmp_path)
    place.ensure()
    place.write_status(status(target()))
    place.write_json("drills.json", DrillLog(drills=[drill()]))
    read = read_situation(settings)
    assert (read.status, read.drills) == (status(target()), (drill(),))
    assert "hidden" not in repr(read)
