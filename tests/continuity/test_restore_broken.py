"""Copies that were changed, forged, cut or mixed up: each is found out, and named, before any of it is trusted."""

from __future__ import annotations

import io
import itertools
import shutil
import tarfile
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import msgspec
import pytest
import zstandard

from rostra.continuity import names
from rostra.continuity.keys import Recipients, RecoveryKey, SigningKey
from rostra.continuity.records import Base, Piece
from rostra.continuity.restore.fetch import read_tar
from rostra.continuity.restore.plan import moment
from rostra.continuity.restore.records import Listeners, NotRestorable, Report
from rostra.continuity.restore.run import restore
from rostra.continuity.sealed import Broken, Header, peek, seal
from tests.continuity.lost import FILES, Lost

_numbers = itertools.count()


class Copy:
    """A target of a test's own, to be damaged."""

    def __init__(self, lost: Lost) -> None:
        self.lost = lost
        self.number = next(_numbers)
        self.path = lost.copy_of_target(f"broken-{self.number}")
        self.site = self.path / lost.site
        self.said: list[str] = []
        (self.manifest,) = sorted(self.site.glob("bases/*/manifest"))
        self.base = msgspec.json.decode(peek(self.manifest.read_bytes(), "").about, type=Base)

    def piece(self, sequence: int) -> Path:
        return self.site / names.wal_piece(1, sequence)

    def header(self, path: Path) -> Header:
        return peek(path.read_bytes(), "")

    @property
    def last(self) -> int:
        return max(int(path.name) for path in self.site.glob("wal/000001/*/*"))

    def flip(self, path: Path, at: int = -100) -> None:
        raw = bytearray(path.read_bytes())
        raw[at] ^= 1
        path.write_bytes(raw)

    async def restore(self, **more: object) -> Report:
        options = self.lost.options(f"from-{self.number}", self.path, **({"purpose": "drill"} | more))
        return await restore(options, Listeners(say=self.said.append))

    def forge(self, path: Path, key: SigningKey, **changes: object) -> None:
        """The same object, changed, with a signature of `key`."""
        raw = path.read_bytes()
        header = peek(raw, "")
        given: dict[str, object] = {
            "site": header.site, "name": header.name, "epoch": header.epoch, "made_at": header.made_at,
            "sequence": header.sequence, "previous": header.previous,
            "about": None, "body": raw.split(b"\n", 3)[3],
        }  # fmt: skip
        given |= changes
        if given["about"] is None:
            given["about"] = msgspec.json.decode(header.about, type=Base if "bases" in str(path) else Piece)
        body = given.pop("body")
        path.write_bytes(seal(key, body, **given)[0])  # pyright: ignore[reportArgumentType]

    @property
    def is_gone(self) -> bool:
        """Whether nothing was left behind."""
        return not list((self.lost.home / f"from-{self.number}").glob("*"))


@pytest.fixture
def copy(lost: Lost) -> Iterator[Copy]:
    made = Copy(lost)
    yield made
    shutil.rmtree(made.path)
    shutil.rmtree(lost.home / f"from-{made.number}", ignore_errors=True)


DAMAGES: dict[str, tuple[Callable[[Copy], None], str]] = {
    "a flipped byte in a part": (
        lambda c: c.flip(c.site / c.base.parts[0].name),
        r"part-000000: its bytes were changed",
    ),
    "a part that is missing": (lambda c: (c.site / c.base.parts[0].name).unlink(), r"part-000000: is missing"),
    "a part cut short": (
        lambda c: (c.site / c.base.parts[0].name).write_bytes((c.site / c.base.parts[0].name).read_bytes()[:-7]),
        r"part-000000: its bytes were changed or cut short",
    ),
    "a flipped byte in the manifest": (lambda c: c.flip(c.manifest), r"manifest: its bytes were changed"),
    "a flipped byte in the manifest's header": (lambda c: c.flip(c.manifest, 60), r"manifest: "),
    "a forged manifest": (lambda c: c.forge(c.manifest, SigningKey.generate()), r"whom nobody certified"),
    "a manifest without a signature": (
        lambda c: c.manifest.write_bytes(b"\n".join(c.manifest.read_bytes().split(b"\n")[:2]) + b"\n\n"),
        r"manifest: the signature is false",
    ),
    "a flipped byte in the capsule": (
        lambda c: c.flip(max(c.site.glob("capsules/*"))),
        r"capsules/.*bytes were changed",
    ),
    "no capsule": (lambda c: shutil.rmtree(c.site / "capsules"), "there is no capsule"),
    "an epoch that is missing": (lambda c: (c.site / "epochs/000001").unlink(), "epochs: there is none"),
    "an epoch that somebody else signed": (
        lambda c: (c.site / "epochs/000002").write_bytes((c.site / "epochs/000001").read_bytes()),
        "epochs/000002: is really epochs/000001",
    ),
    "a flipped byte in the site": (lambda c: c.flip(c.site / "site", 50), "site: "),
    "a base without its first piece": (
        lambda c: c.piece(c.base.wal_from).unlink(),
        r"the WAL piece 0000\d\d of epoch 1 is missing at file://.*the base .* cannot be used",
    ),
}


@pytest.mark.parametrize("damage", sorted(DAMAGES))
async def test_what_is_damaged_is_named_and_nothing_is_left_behind(copy: Copy, damage: str) -> None:
    do, said = DAMAGES[damage]
    do(copy)
    with pytest.raises((Broken, NotRestorable), match=said):
        await copy.restore()
    assert copy.is_gone


def _newest_with_log(copy: Copy) -> int:
    """A piece behind the base, with bytes of the log in it and another behind it."""
    for sequence in range(copy.last - 1, copy.base.wal_from + 1, -1):
        before, about = (_about(copy, number) for number in (sequence - 1, sequence))
        if about.end > about.start and before.end >= copy.base.end:
            return sequence
    raise AssertionError("there is none")


def _about(copy: Copy, sequence: int) -> Piece:
    return msgspec.json.decode(copy.header(copy.piece(sequence)).about, type=Piece)


@pytest.mark.parametrize("damage", ["missing", "flipped"])
async def test_a_hole_in_the_log_is_named_with_the_moment_before_it_which_can_be_had(copy: Copy, damage: str) -> None:
    hole = _newest_with_log(copy)
    if damage == "missing":
        copy.piece(hole).unlink()
    else:
        copy.flip(copy.piece(hole))
    before = max(copy.header(copy.piece(hole - 1)).made_at, copy.base.ended_at)
    said = f"the WAL piece {hole:06d} of epoch 1 is missing" if damage == "missing" else "its bytes were changed"
    with pytest.raises(NotRestorable, match=said) as caught:
        await copy.restore()
    assert f"the copy ends at {moment(before)}; --to {moment(before)} restores what is before" in str(caught.value)
    await copy.restore(to=datetime.fromisoformat(moment(before)))


async def test_pieces_that_changed_places_are_found_out(copy: Copy) -> None:
    hole = _newest_with_log(copy)
    one, other = copy.piece(hole), copy.piece(hole + 1)
    first, second = one.read_bytes(), other.read_bytes()
    one.write_bytes(second)
    other.write_bytes(first)
    with pytest.raises(NotRestorable, match="is really wal/"):
        await copy.restore()


async def test_a_log_that_ends_early_is_told_by_what_is_newer(copy: Copy) -> None:
    newest = _newest_with_log(copy)
    for sequence in range(newest + 1, copy.last + 1):
        copy.piece(sequence).unlink()
    (copy.site / names.census(1, datetime.now(UTC) + timedelta(minutes=5))).write_bytes(b"")
    report = await copy.restore()
    assert report.until == copy.header(copy.piece(newest)).made_at
    assert "its newest pieces are missing, and what was written since is not in this copy" in report.warnings[0]


async def test_the_wrong_key_opens_nothing(copy: Copy) -> None:
    with pytest.raises(Broken, match=r"the recovery key is none of the 1 that the site .* has"):
        await copy.restore(key=RecoveryKey.generate())


async def test_files_that_are_damaged_or_missing_are_named_and_all_others_come_back(copy: Copy) -> None:
    first, second = sorted(path for path in copy.site.glob("media/*/*"))
    copy.flip(first)
    second.unlink()
    report = await copy.restore()
    media = report.media
    assert (media.wanted, media.lacking, len(media.missing), len(media.broken)) == (2, 2, 1, 1)
    assert set(media.missing) <= set(FILES)
    assert "its bytes were changed" in media.broken[0]
    assert report.problems == [f"2 of 2 files are missing or broken at {report.target}"]


async def test_a_file_under_another_ones_name_is_not_taken_for_it(copy: Copy) -> None:
    first, second = sorted(path for path in copy.site.glob("media/*/*"))
    shutil.copy(first, second)
    report = await copy.restore()
    assert "put under another name" in report.media.broken[0]


def _tar(*members: tuple[tarfile.TarInfo, bytes]) -> bytes:
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w") as tar:
        for member, body in members:
            member.size = len(body) if member.isreg() else 0
            tar.addfile(member, io.BytesIO(body))
    return packed.getvalue()


def _member(name: str, kind: bytes = tarfile.REGTYPE, leads_to: str = "") -> tarfile.TarInfo:
    member = tarfile.TarInfo(name)
    member.type, member.linkname = kind, leads_to
    return member


HOSTILE: dict[str, tuple[list[tuple[tarfile.TarInfo, bytes]], str]] = {
    "a path upwards": ([(_member("../evil"), b"x")], r"'../evil', which leads out of it"),
    "a path upwards in the middle": ([(_member("base/../../evil"), b"x")], "which leads out of it"),
    "an absolute path": ([(_member("/etc/evil"), b"x")], "'/etc/evil', which leads out of it"),
    "a symbolic link": ([(_member("base", tarfile.SYMTYPE, "/etc"), b"")], "neither a file nor a directory"),
    "a hard link": ([(_member("passwd", tarfile.LNKTYPE, "/etc/passwd"), b"")], "neither a file nor a directory"),
    "a device": ([(_member("null", tarfile.CHRTYPE), b"")], "neither a file nor a directory"),
    "a pipe": ([(_member("pipe", tarfile.FIFOTYPE), b"")], "neither a file nor a directory"),
    "a file twice": ([(_member("PG_VERSION"), b"18"), (_member("PG_VERSION"), b"17")], "is there twice"),
}


@pytest.mark.parametrize("case", sorted(HOSTILE))
async def test_a_tar_is_not_followed_out_of_its_directory_even_where_it_is_signed(
    copy: Copy, case: str, signer: SigningKey
) -> None:
    members, said = HOSTILE[case]
    tar = _tar(*members)
    _replace_base(copy, signer, tar)
    with pytest.raises(NotRestorable, match=said):
        await copy.restore()
    assert copy.is_gone
    assert not (copy.lost.home / "evil").exists()


def test_a_file_that_a_tar_has_twice_with_the_same_bytes_is_there_once() -> None:
    tar = _tar((_member("a/key"), b"1"), (_member("b"), b"2"), (_member("a/key"), b"1"))
    assert read_tar(io.BytesIO(tar), 100, "a capsule") == {"a/key": b"1", "b": b"2"}


def test_a_capsule_that_is_not_what_it_should_be_is_refused() -> None:
    for tar, said in (
        (_tar((_member("a"), b"1"), (_member("a"), b"2")), "is there twice"),
        (_tar((_member("a"), b"1" * 101)), "holds more than its 100 bytes"),
        (_tar((_member("../a"), b"1")), "leads out of it"),
        (_tar((_member("a"), b"1" * 99))[:540], "cannot be unpacked|cut short"),
    ):
        with pytest.raises(Broken, match=said):
            read_tar(io.BytesIO(tar), 100, "a capsule")


async def test_a_part_that_unpacks_without_end_is_not_unpacked(copy: Copy, signer: SigningKey) -> None:
    _replace_base(copy, signer, bytes(64 << 20))
    with pytest.raises(NotRestorable, match="would be larger than"):
        await copy.restore()


async def test_a_manifest_that_is_not_the_backups_own_is_found_out(copy: Copy, signer: SigningKey) -> None:
    copy.forge(copy.manifest, signer, body=zstandard.compress(b'{"PostgreSQL-Backup-Manifest-Version": 2}'))
    with pytest.raises(NotRestorable, match="is not the manifest that is in the backup"):
        await copy.restore()


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"postgres": "17.2"}, "of PostgreSQL 17.2, and this Rostra .* has PostgreSQL 18; install Rostra"),
        ({"machine": "s390x"}, "of a machine of the kind s390x"),
        ({"rostra": "99.1"}, "of a newer Rostra, 99.1, and this one is .*; install Rostra 99.1"),
        ({"migrations": ["0001_foundation.sql", "9999_later.sql"]}, "newer Rostra.* knows 9999_later.sql"),
    ],
)
async def test_a_copy_that_cannot_run_here_is_refused_before_it_is_fetched(
    copy: Copy, signer: SigningKey, changes: dict[str, object], said: str
) -> None:
    copy.forge(copy.manifest, signer, about=msgspec.structs.replace(copy.base, **changes))
    with pytest.raises(NotRestorable, match=said):
        await copy.restore()


@pytest.fixture
def signer(lost: Lost) -> SigningKey:
    """The key of the server that was lost: what whoever has broken into it could sign with."""
    return lost.signing_key


def _replace_base(copy: Copy, signer: SigningKey, tar: bytes) -> None:
    """A base with this tar, in order in everything else."""
    import hashlib

    part = copy.site / copy.base.parts[0].name
    raw = Recipients([copy.lost.key.recipient]).encrypt(zstandard.compress(tar))
    part.write_bytes(raw)
    described = msgspec.structs.replace(copy.base.parts[0], size=len(raw), sha256=hashlib.sha256(raw).hexdigest())
    about = msgspec.structs.replace(copy.base, parts=[described], raw_size=len(tar))
    copy.forge(copy.manifest, signer, about=about)
