"""Archives that mean harm: nothing of them is unpacked, and they are refused for what they are."""

from __future__ import annotations

import json
import stat
import struct
import tarfile
import zipfile
from pathlib import Path

import pytest

from rostra.archive import import_reader
from rostra.archive.import_reader import BadArchive, as_zip, open_archive
from rostra.archive.import_text import name_servers, text_of_html
from tests.archive.bring import files_of, note, picture_files, stage, tarred, zipped
from tests.world import World


def problem(path: Path) -> str:
    with pytest.raises(BadArchive) as caught:
        _read(path)
    return caught.value.problem


def _read(path: Path) -> None:
    as_zip(path)
    with open_archive(path) as archive:
        archive.find("outbox.json", 1 << 20)


@pytest.mark.parametrize(
    "name", ["../../etc/passwd", "/etc/passwd", "a/../../b", "a\\..\\b", "c:/x", "a//b", "./a", "a\x00b\n", "x" * 600]
)
def test_a_name_that_leads_out_is_refused(tmp_path: Path, name: str) -> None:
    path = zipped(tmp_path / "a.zip", files_of(note(1)))
    with zipfile.ZipFile(path, "a") as archive:
        entry = zipfile.ZipInfo("placeholder")
        entry.filename = name
        archive.writestr(entry, b"x")
    # A NUL ends the name for whoever reads it.
    expected = name.partition("\x00")[0] if "\x00" in name else None
    if expected:
        with open_archive(path) as opened:
            assert expected in opened.sizes()
    else:
        assert problem(path) == "names"
    assert sorted(each.name for each in tmp_path.iterdir()) == ["a.zip"]


@pytest.mark.parametrize("name", ["../../evil", "/evil", "a/../../b"])
def test_a_tar_file_cannot_lead_out_either(tmp_path: Path, name: str) -> None:
    assert problem(tarred(tmp_path / "a.tar.gz", {**files_of(note(1)), name: b"x"})) == "names"
    assert sorted(each.name for each in tmp_path.iterdir()) == ["a.tar.gz"]


@pytest.mark.parametrize("kind", [tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.FIFOTYPE, tarfile.CHRTYPE])
def test_what_is_no_plain_file_is_refused(tmp_path: Path, kind: bytes) -> None:
    path = tmp_path / "a.tar"
    with tarfile.open(path, "w") as archive:
        member = tarfile.TarInfo("actor.json")
        member.type, member.linkname = kind, "/etc/passwd"
        archive.addfile(member)
    assert problem(path) == "names"
    link = zipfile.ZipInfo("actor.json")
    link.external_attr = (stat.S_IFLNK | 0o777) << 16
    with zipfile.ZipFile(tmp_path / "b.zip", "w") as made:
        made.writestr(link, "/etc/passwd")
    assert problem(tmp_path / "b.zip") == "names"


def test_a_bomb_is_seen_before_it_is_opened(tmp_path: Path) -> None:
    assert problem(zipped(tmp_path / "a.zip", {"outbox.json": b" " * (64 << 20)})) == "bomb"
    assert problem(tarred(tmp_path / "a.tar.gz", {"outbox.json": b" " * (64 << 20)})) == "bomb"
    assert not (tmp_path / "a.part").exists()


def test_a_size_that_lies_is_no_way_around(tmp_path: Path) -> None:
    """The directory says ten bytes, the data makes many more: no more than ten are read, and they are damaged."""
    path = zipped(tmp_path / "a.zip", {"outbox.json": b" " * (1 << 20)})
    body = bytearray(path.read_bytes())
    for mark, at in ((b"PK\x01\x02", 24), (b"PK\x03\x04", 22)):
        found = body.index(mark)
        body[found + at : found + at + 4] = struct.pack("<I", 10)
    path.write_bytes(body)
    assert problem(path) == "damaged"


def test_too_many_files_and_too_large_ones_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = zipped(tmp_path / "a.zip", {f"f/{number}": b"x" for number in range(20)})
    monkeypatch.setattr(import_reader, "MAX_FILES", 10)
    assert problem(path) == "files"
    monkeypatch.setattr(import_reader, "MAX_FILES", 100)
    monkeypatch.setattr(import_reader, "MAX_UNPACKED", 10)
    assert problem(path) == "bomb"
    monkeypatch.setattr(import_reader, "MAX_UNPACKED", 1 << 30)
    assert problem(zipped(tmp_path / "b.zip", {"outbox.json": bytes(range(256)) * 10_000})) == "size"


def test_what_is_no_archive_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "a"
    for body in (b"", b"hello", b"PK\x03\x04" + b"x" * 100, b"\x1f\x8b" + b"x" * 100):
        path.write_bytes(body)
        assert problem(path) in ("format", "damaged")
    cut = zipped(tmp_path / "b.zip", files_of(note(1)) | picture_files()).read_bytes()
    (tmp_path / "c.zip").write_bytes(cut[: len(cut) // 2])
    assert problem(tmp_path / "c.zip") in ("format", "damaged")


def test_two_files_of_one_name_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "a.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("outbox.json", b"{}")
        with pytest.warns(UserWarning, match="Duplicate"):
            archive.writestr("outbox.json", b"[]")
    assert problem(path) == "names"


@pytest.mark.parametrize(
    ("files", "expected"),
    [
        ({"actor.json": b"{}", "outbox.json": b"{}"}, "no_actor"),
        ({"actor.json": b'{"id": "file:///etc/passwd", "preferredUsername": "x"}'}, "no_actor"),
        ({"actor.json": b'{"id": "https://me@far.example/x", "preferredUsername": "x"}'}, "no_actor"),
        ({"actor.json": b'{"id": "https://far.example/x", "preferredUsername": "x y@z"}'}, "no_actor"),
        ({"actor.json": files_of()["actor.json"]}, "no_posts"),
        ({**files_of(), "outbox.json": b'{"orderedItems": {}}'}, "damaged"),
        ({**files_of(), "outbox.json": b'{"orderedItems": [' + b"[" * 100_000}, "damaged"),
        ({"readme.txt": b"hello"}, "no_actor"),
    ],
)
async def test_an_archive_without_what_it_takes_is_refused_and_gone(
    world: World, tmp_path: Path, files: dict[str, bytes], expected: str
) -> None:
    ada = await world.person("ada")
    path = zipped(tmp_path / "a.zip", files)
    with pytest.raises(BadArchive) as caught:
        await stage(world, ada, path)
    assert caught.value.problem == expected
    assert not path.exists()
    assert list((world.res.settings.data_dir / "imports").iterdir()) == []


def test_html_of_any_kind_becomes_text_and_nothing_else() -> None:
    mentions = {"https://far.example/users/bob": "@bob@far.example"}
    shown = {
        "<p>One</p><p>Two<br>Three</p>": "One\n\nTwo\nThree",
        "<script>alert(1)</script>Hi <b>there</b> &amp; &lt;you&gt;": "Hi there & <you>",
        '<a href="https://x.example/">here</a>': "here (https://x.example/)",
        '<a href="javascript:alert(1)">here</a>': "here",
        '<a href="https://x.example/a">x.example/a</a>': "https://x.example/a",
        "<ul><li>a</li><li>b</li></ul>": "- a\n- b",
        '<a class="mention" href="https://far.example/@bob">@bob</a>': "@bob@far.example",
        '<a class="mention" href="https://other.example/@eve">@eve</a>': "@eve@other.example",
        '<a href="https://x.example/">unclosed': "unclosed (https://x.example/)",
        "": "",
    }
    assert {html: text_of_html(html, mentions) for html in shown} == shown
    assert text_of_html("<p>" * 50_000 + "deep", {}) == "deep"


def test_a_bare_name_keeps_the_server_that_it_was_said_on() -> None:
    text = "@ada and @bob@other.example, mail me@x.example https://x.example/@eve"
    named = name_servers(text, source="far.example", own="home.example")
    assert named == "@ada@far.example and @bob@other.example, mail me@x.example https://x.example/@eve"
    assert name_servers(text, source="home.example", own="home.example") == text


def test_an_outbox_of_other_shapes_is_read_without_a_fault(tmp_path: Path) -> None:
    path = zipped(tmp_path / "a.zip", {"actor.json": json.dumps({}).encode()})
    with open_archive(path) as archive:
        assert archive.find("outbox.json", 10) is None
        assert archive.find_media("/media_attachments/x?y=z", 10) is None
