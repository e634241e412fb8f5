"""Shipping to real servers of each kind, and that every change of what lies there is found without the key."""

from __future__ import annotations

import os
import shutil
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path

import msgspec
import pytest

from benchmarks.buckets import Bucket, bucket
from rostra.continuity import names
from rostra.continuity.ship.run import ship_once
from rostra.continuity.targets import open_target
from tests.continuity.shipping import verified
from tests.continuity.world import Origin, running_origin
from tests.ports import free_port
from tests.s3 import new_bucket
from tests.sftp import SftpServer, sftp_server

__all__ = ["sftp_server"]


@pytest.fixture(scope="module")
async def origin(home: Path, cluster_template: Path) -> AsyncIterator[Origin]:
    async with running_origin(home / "data", cluster_template) as made:
        yield made


@pytest.fixture(scope="module")
def lax(home: Path) -> Iterator[Bucket]:
    """An S3 server that checks signatures and ignores conditions."""
    with bucket(home / "lax", free_port()) as made:
        yield made


async def test_buckets_sftp_and_a_directory_get_the_same_and_it_is_all_genuine(
    origin: Origin, home: Path, s3_server: str, lax: Bucket, sftp_server: SftpServer
) -> None:
    addresses = [str(home / "target"), new_bucket(s3_server), lax.url, sftp_server.address(os.urandom(4).hex())]
    await origin.register(addresses)
    identity = origin.place.find_identity()
    assert identity is not None
    for number in range(20):
        await origin.store_file(f"files/{number}", os.urandom(2000))
    files = [names.media(identity.media_key, f"files/{number}") for number in range(20)]
    await origin.write_post("to four places")
    status = await ship_once(origin.settings, origin.server.dsn)
    assert [(target.problem, target.bases) for target in status.targets] == [(None, 1)] * 4
    for address in addresses:
        found = await verified(origin, address, files=files)
        assert (found.problems, found.bases, found.files, found.censuses) == ([], 1, 20, 1)
        assert min(found.pieces, found.capsules) >= 1
    said = msgspec.json.encode(status).decode() + repr(status)
    assert "secret" not in said
    assert lax.secret not in said


def first(pattern: str) -> Callable[[Path], Path]:
    return lambda site: sorted(site.glob(pattern))[0]


def flip(path: Path) -> None:
    """One bit, in the middle."""
    body = bytearray(path.read_bytes())
    body[len(body) // 2] ^= 1
    path.write_bytes(body)


def cut_short(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-1])


def remove(path: Path) -> None:
    path.unlink()


def remove_all(path: Path) -> None:
    shutil.rmtree(path.parent)


def second_piece(site: Path) -> Path:
    return sorted(site.glob("wal/*/*/*"))[1]


def with_the_one_before(path: Path) -> None:
    """A genuine piece, but under another's name."""
    shutil.copy(sorted(path.parent.iterdir())[0], path)


@pytest.fixture(scope="module")
async def copies(origin: Origin, home: Path) -> Path:
    """A directory target with a base, some pieces and a file."""
    address = home / "to-be-spoilt"
    await origin.register([str(address)])
    shutil.rmtree(origin.place.spool)
    shutil.rmtree(origin.place.targets)
    origin.place.ensure()
    await origin.store_file("files/one", b"one")
    for number in range(4):
        await origin.write_post(f"post {number}")
        await ship_once(origin.settings, origin.server.dsn)
    assert (await verified(origin, str(address))).problems == []
    return address


@pytest.mark.parametrize(
    ("which", "spoil", "said"),
    [
        (first("bases/*/part-000000"), flip, "part-000000: its bytes were changed"),
        (first("bases/*/part-000001"), cut_short, "part-000001: its bytes were changed or cut short"),
        (first("bases/*/part-000000"), remove, "part-000000: is missing"),
        (first("bases/*/manifest"), flip, "manifest: "),
        (first("bases/*/manifest"), remove, "there is no complete base copy"),
        (second_piece, flip, "wal/000001/000000/"),
        (second_piece, remove, "are missing"),
        (second_piece, with_the_one_before, "put under another name"),
        (first("capsules/*"), flip, "capsules/"),
        (first("capsules/*"), remove_all, "there is no capsule"),
        (first("census/*"), cut_short, "census/"),
        (first("media/*/*"), flip, "media/"),
        (first("media/*/*"), remove, "media/"),
        (first("epochs/000001"), flip, "epochs/000001: "),
        (first("epochs/000001"), remove, "epochs: there is none"),
        (first("site"), flip, "site: "),
    ],
)
async def test_whatever_is_changed_or_taken_away_is_named(
    origin: Origin, copies: Path, home: Path, which: Callable[[Path], Path], spoil: Callable[[Path], None], said: str
) -> None:
    identity = origin.place.find_identity()
    assert identity is not None
    files = [f"media/{file.parent.name}/{file.name}" for file in (copies / identity.site.id).glob("media/*/*")]
    spoilt = home / "spoilt"
    shutil.rmtree(spoilt, ignore_errors=True)
    shutil.copytree(copies, spoilt)
    spoil(which(spoilt / identity.site.id))
    problems = (await verified(origin, str(spoilt), files=files)).problems
    assert problems
    assert any(said in problem for problem in problems), problems


async def test_pieces_that_were_signed_by_somebody_else_are_not_believed(origin: Origin, copies: Path) -> None:
    other = Path(f"{copies}-of-another")
    stranger = msgspec.structs.replace(origin.settings)
    identity = origin.place.find_identity()
    assert identity is not None
    assert stranger.continuity_targets
    shutil.copytree(copies, other)
    site = other / identity.site.id
    piece = second_piece(site)
    from rostra.continuity.keys import SigningKey
    from rostra.continuity.sealed import peek, seal

    header = peek(piece.read_bytes(), "piece")
    raw, _ = seal(
        SigningKey.generate(), b"evil", site=identity.site.id, name=header.name, epoch=1, made_at=header.made_at,
        sequence=header.sequence, previous=header.previous,
    )  # fmt: skip
    piece.write_bytes(raw)
    problems = (await verified(origin, str(other))).problems
    assert any("whom nobody certified" in problem for problem in problems)


async def test_a_target_that_is_added_later_gets_everything_from_then_on(
    origin: Origin, copies: Path, home: Path
) -> None:
    late = home / "late"
    both = (str(copies), str(late))
    origin.settings = msgspec.structs.replace(origin.settings, continuity_targets=both)
    await origin.write_post("to both")
    status = await ship_once(origin.settings, origin.server.dsn)
    assert all(target.safe_until for target in status.targets)
    assert (await verified(origin, str(late))).problems == []
    async with open_target(str(late)) as target:
        identity = origin.place.find_identity()
        assert identity is not None
        assert await target.find(f"{identity.site.id}/{names.epoch(1)}") == identity.epoch_object
