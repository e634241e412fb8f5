"""Which settings come back, which stay with the old machine, and how they are written."""

from __future__ import annotations

import io
import tarfile
import tomllib
from pathlib import Path
from typing import Any

import msgspec
import pytest

from rostra.continuity.keys import RecoveryKey
from rostra.continuity.restore.capsule import EXTRAS, CapsuleFound, chosen_settings, put_back, settings_of, toml_of
from rostra.continuity.restore.here import settings_here, settings_problems
from rostra.continuity.restore.records import Options, Purpose
from rostra.continuity.sealed import Broken
from rostra.continuity.ship.capsule import pack_capsule, settings_in_force
from rostra.kit.settings import Settings, load_settings

OLD: dict[str, Any] = {
    "data_dir": "/srv/old", "domain": "social.example", "host": "10.0.0.7", "port": 8080, "pg_user": "old",
    "pg_bindir": "/opt/pg", "database_url": "postgresql://x", "storage_url": "s3://a:b@c", "media_url": "https://cdn",
    "workers": 3, "smtp_url": "smtps://name:se\"cr\\et\x7f\n@host", "continuity_targets": ["s3://a", "/b"],
    "log_json": True, "continuity_interval": 2.5, "dsa_token": "t", "from_the_future": 1,
}  # fmt: skip


def options(data: Path, purpose: Purpose = "take-over", **more: object) -> Options:
    given: dict[str, Any] = {"target": "/b", "key": RecoveryKey.generate(), "data_dir": data, "purpose": purpose} | more
    return Options(**given)


def test_what_belonged_to_the_old_machine_stays_there(tmp_path: Path) -> None:
    kept, notes = chosen_settings(OLD, options(tmp_path))
    assert set(kept) == {
        "domain", "workers", "smtp_url", "continuity_targets", "log_json", "continuity_interval", "dsa_token",
    }  # fmt: skip
    assert any("bucket (storage_url)" in note for note in notes)
    assert any("media_url is left out" in note for note in notes)
    assert any("does not know are left out: from_the_future" in note for note in notes)


def test_the_bucket_of_files_is_kept_or_changed_where_that_is_wished_for(tmp_path: Path) -> None:
    kept, _ = chosen_settings(OLD, options(tmp_path, keep_storage=True))
    assert (kept["storage_url"], kept["media_url"]) == ("s3://a:b@c", "https://cdn")
    kept, _ = chosen_settings(OLD, options(tmp_path, storage="s3://new"))
    assert kept["storage_url"] == "s3://new"


@pytest.mark.parametrize("purpose", ["look", "drill"])
def test_a_copy_reaches_nobody(tmp_path: Path, purpose: Purpose) -> None:
    kept, _ = chosen_settings(OLD, options(tmp_path, purpose))
    assert set(kept) == {"domain", "workers", "log_json", "continuity_interval"}


def test_what_is_written_is_read_as_it_was(tmp_path: Path) -> None:
    kept, _ = chosen_settings(OLD, options(tmp_path))
    assert tomllib.loads(toml_of(kept)) == kept
    (tmp_path / "rostra.toml").write_text(toml_of(kept))
    settings = load_settings({}, {"data_dir": tmp_path})
    assert (settings.smtp_url, settings.continuity_targets) == (OLD["smtp_url"], ("s3://a", "/b"))


def test_settings_that_are_as_they_always_were_are_not_written(tmp_path: Path) -> None:
    given = msgspec.json.decode(settings_in_force(Settings(data_dir=tmp_path, domain="a.example")), type=dict[str, Any])
    kept, _ = chosen_settings(given, options(tmp_path))
    assert kept == {"domain": "a.example"}


def test_a_file_that_is_not_on_this_machine_is_not_insisted_on(tmp_path: Path) -> None:
    kept, notes = chosen_settings({"external_policy": "/srv/old/policy.txt"}, options(tmp_path))
    assert kept == {}
    assert "external_policy is left out: there is no file /srv/old/policy.txt" in notes[0]


def test_files_go_to_their_places_and_what_nobody_asked_for_goes_nowhere(tmp_path: Path) -> None:
    files = {
        "settings.json": b'{"domain": "a.example"}', "data/secrets.json": b"s", "data/banks/words.txt": b"w",
        "data/rostra.toml": b"# mine", "extra/etc/tls/key.pem": b"k", "data/postgres/PG_VERSION": b"18",
        "data/continuity/signing.key": b"old", "elsewhere": b"x",
    }  # fmt: skip
    notes = put_back(CapsuleFound(name="c", files=files), options(tmp_path))
    found = {str(path.relative_to(tmp_path)) for path in tmp_path.rglob("*") if path.is_file()}
    assert found == {
        "rostra.toml", "secrets.json", "banks/words.txt", "continuity/rostra.toml.before", f"{EXTRAS}/etc/tls/key.pem",
    }  # fmt: skip
    assert "1 files of continuity_extra" in notes[0]
    assert {path.stat().st_mode & 0o777 for path in tmp_path.rglob("*") if path.is_file()} == {0o600}


def test_settings_that_cannot_be_used_here_are_told_and_do_not_end_it(tmp_path: Path) -> None:
    (tmp_path / "rostra.toml").write_text('domain = "Not A Domain"\n')
    given = options(tmp_path, storage="s3://new")
    (problem,) = settings_problems(given, "file:///b")
    assert problem.startswith("in rostra.toml, to be mended before the server is started: domain:")
    assert settings_here(given).storage_url == "s3://new"


def test_where_copies_go_from_now_on_is_said_if_that_is_elsewhere(tmp_path: Path) -> None:
    (tmp_path / "rostra.toml").write_text('domain = "a.example"\ncontinuity_targets = ["/b"]\n')
    assert settings_problems(options(tmp_path), "file:///b") == []
    assert (
        "copies go to file:///b, as before, and not to file:///c"
        in settings_problems(options(tmp_path), "file:///c")[0]
    )


def test_a_capsule_without_settings_or_key_is_broken() -> None:
    empty = CapsuleFound(name="capsules/1", files={})
    with pytest.raises(Broken, match="capsules/1: holds no settings"):
        settings_of(empty)
    with pytest.raises(Broken, match=r"capsules/1: holds no media\.key"):
        _ = empty.media_key


def test_a_file_that_is_named_by_itself_and_by_its_folder_is_packed_once(tmp_path: Path) -> None:
    folder = tmp_path / "caddy"
    folder.mkdir()
    (folder / "Caddyfile").write_text("social.example")
    named = (str(folder), str(folder / "Caddyfile"), f"{folder}/")
    given = {"data_dir": tmp_path / "data", "domain": "a.example", "continuity_extra": named}
    with tarfile.open(fileobj=io.BytesIO(pack_capsule(load_settings({}, given)))) as tar:
        assert sorted(tar.getnames()) == [f"extra{folder}/Caddyfile", "settings.json"]
