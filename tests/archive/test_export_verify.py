"""An archive can be checked by anybody, and says what was done to it."""

from __future__ import annotations

import json
import shutil
import subprocess
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner

from rostra.archive.signing import load_key
from rostra.archive.verify import NotAnArchive, verify_archive
from rostra.cli import main
from rostra.ledger.keys import load_signer
from tests.archive.stage import Archive, upload, write
from tests.world import World

Change = Callable[[dict[str, bytes]], object]


@pytest.fixture
async def archive(world: World, tmp_path: Path) -> Archive:
    alice = await world.person("alice")
    await alice.post("Hello", media_ids=[await upload(alice)])
    return await write(world, alice, tmp_path / "archive.zip")


def forge(archive: Archive, change: Change) -> Path:
    """The same zip after somebody was at it."""
    files = dict(archive.files)
    change(files)
    path = archive.path.with_name("forged.zip")
    with zipfile.ZipFile(path, "w") as out:
        for name, body in files.items():
            out.writestr(name, body)
    return path


async def test_the_manifest_names_every_file_by_hash_and_size(archive: Archive, world: World) -> None:
    manifest = archive.json("manifest.json")
    assert (manifest["account"], manifest["server"]) == ("alice@localhost:3000", "localhost:3000")
    assert (manifest["format"], manifest["made_at"]) == ("rostra-archive/1", "2026-05-04T12:00:00Z")
    listed = {each["name"]: each["size"] for each in manifest["files"]}
    unsigned = {"manifest.json", "manifest.sig", "signing-key.pem"}
    assert listed == {name: len(body) for name, body in archive.files.items() if name not in unsigned}
    verdict = verify_archive(archive.path)
    assert (verdict.problems, verdict.missing, verdict.files) == ([], [], len(listed))
    assert verdict.key == str(load_signer(world.res.settings).verifier)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda files: files.update({"outbox.json": files["outbox.json"].replace(b"Hello", b"Howdy")}),
         "outbox.json: was changed"),
        (lambda files: files.update({"outbox.json": files["outbox.json"] + b" "}), "outbox.json: was changed"),
        (lambda files: files.pop("likes.json"), "likes.json: is missing"),
        (lambda files: files.update({"more.json": b"{}"}), "more.json: was added"),
        (lambda files: files.update({"manifest.json": files["manifest.json"].replace(b"alice", b"mallo")}),
         "manifest.sig: the signature does not hold: manifest.json was changed"),
        (lambda files: files.update({"manifest.sig": b"x" * 64}),
         "manifest.sig: the signature does not hold: manifest.json was changed"),
        (lambda files: files.update({"manifest.sig": b""}),
         "manifest.sig: the signature does not hold: manifest.json was changed"),
        (lambda files: files.update({"signing-key.pem": b"nonsense"}),
         "signing-key.pem: the key is not a public key in PEM"),
    ],
)  # fmt: skip
async def test_what_was_changed_taken_out_or_added_is_named(archive: Archive, change: Change, said: str) -> None:
    assert verify_archive(forge(archive, change)).problems == [said]


async def test_a_file_that_is_there_twice_is_named(archive: Archive) -> None:
    path = shutil.copy(archive.path, archive.path.with_name("twice.zip"))
    with zipfile.ZipFile(path, "a") as out, pytest.warns(UserWarning, match="Duplicate"):
        out.writestr("actor.json", b"{}")
    assert verify_archive(Path(path)).problems == ["actor.json: is there 2 times", "actor.json: was changed"]


async def test_a_flipped_byte_in_a_picture_is_named(archive: Archive) -> None:
    (name,) = [name for name in archive.files if name.startswith("media_attachments/")]
    whole = archive.path.read_bytes()
    at = whole.index(archive.files[name]) + 40
    broken = archive.path.with_name("broken.zip")
    broken.write_bytes(whole[:at] + bytes([whole[at] ^ 1]) + whole[at + 1 :])
    assert verify_archive(broken).problems == [f"{name}: was changed"]


async def test_an_archive_that_somebody_signed_anew_is_not_the_servers(
    archive: Archive, world: World, tmp_path: Path
) -> None:
    import msgspec

    mine = load_key(msgspec.structs.replace(world.res.settings, data_dir=tmp_path / "mine"))
    theirs = verify_archive(archive.path).key

    def sign_anew(files: dict[str, bytes]) -> None:
        files["manifest.json"] = files["manifest.json"].replace(b"alice", b"mallo")
        files.update({"manifest.sig": mine.sign(files["manifest.json"]), "signing-key.pem": mine.public_pem})

    forged = forge(archive, sign_anew)
    assert verify_archive(forged).problems == []
    assert verify_archive(forged, theirs).problems == ["signing-key.pem: is not the key that was given"]
    assert verify_archive(archive.path, theirs).problems == []


async def test_no_more_is_read_of_an_entry_than_it_should_have(archive: Archive) -> None:
    path = archive.path.with_name("bomb.zip")
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as out:
        for name, body in archive.files.items():
            out.writestr(name, body if name != "likes.json" else bytes(50 << 20))
    assert verify_archive(path).problems == ["likes.json: was changed"]


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda files: files.pop("manifest.json"), "has no manifest.json"),
        (lambda files: files.update({"manifest.json": b"[]"}), "cannot be read"),
        (lambda files: files.update({"manifest.json": b"\xff"}), "cannot be read"),
        (lambda files: files.update({"manifest.json": files["manifest.json"].replace(b"archive/1", b"archive/9")}),
         "the format rostra-archive/9"),
    ],
)  # fmt: skip
async def test_what_is_no_archive_is_refused(archive: Archive, change: Change, said: str) -> None:
    with pytest.raises(NotAnArchive, match=said):
        verify_archive(forge(archive, change))


async def test_what_is_no_zip_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "x.zip"
    path.write_bytes(b"PK\x03\x04 nothing")
    with pytest.raises(NotAnArchive, match="zip"):
        verify_archive(path)


@pytest.mark.skipif(shutil.which("openssl") is None, reason="needs openssl")
async def test_openssl_checks_the_signature_as_the_documentation_says(archive: Archive, tmp_path: Path) -> None:
    for name in ("manifest.json", "manifest.sig", "signing-key.pem"):
        (tmp_path / name).write_bytes(archive.files[name])
    command = [
        "openssl", "pkeyutl", "-verify", "-pubin", "-inkey", "signing-key.pem", "-rawin", "-in", "manifest.json",
        "-sigfile", "manifest.sig",
    ]  # fmt: skip
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert (done.returncode, "Verified Successfully" in done.stdout) == (0, True)
    (tmp_path / "manifest.json").write_bytes(archive.files["manifest.json"] + b" ")
    assert subprocess.run(command, cwd=tmp_path, capture_output=True, check=False).returncode != 0


async def test_the_command_needs_no_server_and_tells_by_its_status(archive: Archive) -> None:
    run = CliRunner().invoke
    good = run(main, ["archive", "verify", str(archive.path)])
    assert good.exit_code == 0, good.output
    assert "alice@localhost:3000" in good.output
    assert "/ledger" in good.output
    forged = forge(archive, lambda files: files.pop("likes.json"))
    bad = run(main, ["archive", "verify", str(forged)])
    assert (bad.exit_code, "likes.json: is missing" in bad.output) == (1, True)
    as_json = run(main, ["archive", "verify", str(forged), "--json"])
    assert json.loads(as_json.stdout)["problems"] == ["likes.json: is missing"]
    key = verify_archive(archive.path).key
    assert "genuine" in run(main, ["archive", "verify", str(archive.path), "--key", key]).output
    assert run(main, ["archive", "verify", str(archive.path), "--key", "nonsense"]).exit_code == 2
