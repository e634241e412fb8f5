"""Everything up to now, at the targets: the walk as a whole, from outside."""

from __future__ import annotations

import io
import itertools
import tarfile
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path

import msgspec
import pytest
import zstandard

from rostra.continuity import names
from rostra.continuity.keys import RecoveryKey
from rostra.continuity.records import Base, Census, Piece, ShipStatus
from rostra.continuity.sealed import Sealed
from rostra.continuity.ship.run import ship_once
from rostra.continuity.site import Trust, read_trust
from rostra.continuity.targets import Target, open_target
from tests.continuity.world import PASSWORD_HASH, Origin, running_origin

POST = "nobody but the keeper of the key may read this post"
FILE = b"a picture that nobody may look at " * 50


@pytest.fixture(scope="module")
async def origin(home: Path, cluster_template: Path) -> AsyncIterator[Origin]:
    async with running_origin(home / "data", cluster_template) as made:
        await made.register([str(home / "target")])
        yield made


@pytest.fixture(scope="module")
async def shipped(origin: Origin) -> tuple[ShipStatus, datetime]:
    """The status after shipping once, and a moment at which a post and a file had been acknowledged."""
    await origin.write_post(POST)
    await origin.store_file("avatars/1.png", FILE)
    acknowledged = datetime.now(UTC)
    return await ship_once(origin.settings, origin.server.dsn), acknowledged


@pytest.fixture(scope="module")
async def target(home: Path, shipped: object) -> AsyncIterator[Target]:
    async with open_target(str(home / "target")) as opened:
        yield opened


@pytest.fixture(scope="module")
async def trust(origin: Origin, target: Target) -> Trust:
    return await read_trust(target, (await _site_of(origin)), origin.key.root.public)


async def _site_of(origin: Origin) -> str:
    identity = origin.place.find_identity()
    assert identity is not None
    return identity.site.id


async def read(target: Target, trust: Trust, name: str) -> Sealed:
    raw = await target.find(f"{trust.site.id}/{name}")
    assert raw is not None
    return trust.unseal(raw, name)


async def names_below(target: Target, trust: Trust, folder: str) -> list[str]:
    found = [head.key async for head in target.list(f"{trust.site.id}/{folder}")]
    return sorted(key.removeprefix(f"{trust.site.id}/") for key in found)


def opened(key: RecoveryKey, sealed: Sealed) -> bytes:
    return zstandard.decompress(key.decrypt(sealed.body))


async def test_what_was_acknowledged_before_is_safe_afterwards(shipped: tuple[ShipStatus, datetime]) -> None:
    status, acknowledged = shipped
    (target,) = status.targets
    assert target.safe_until is not None
    assert target.safe_until >= acknowledged
    assert (target.behind, target.media_behind, target.problem, target.bases) == (0, 0, None, 1)
    assert status.alarms == []


def test_nothing_secret_can_be_read_at_the_target(home: Path, origin: Origin, target: Target) -> None:
    everything = b"".join(file.read_bytes() for file in (home / "target").rglob("*") if file.is_file())
    secrets = msgspec.json.decode((origin.data_dir / "secrets.json").read_bytes())
    for secret in (POST.encode(), PASSWORD_HASH.encode(), FILE[:30], b"ada@origin.test", b"avatars/1.png"):
        assert secret not in everything
    for secret in secrets.values():
        assert secret[:40].encode() not in everything
    assert origin.key.identity.encode() not in everything


async def test_the_pieces_of_the_log_are_one_chain_without_a_hole(origin: Origin, target: Target, trust: Trust) -> None:
    found = await names_below(target, trust, names.WAL)
    pieces = [await read(target, trust, name) for name in found]
    about = [msgspec.json.decode(piece.header.about, type=Piece) for piece in pieces]
    for before, after in itertools.pairwise(pieces):
        assert (after.header.sequence, after.header.previous) == (before.header.sequence + 1, before.digest)
    for before, after in itertools.pairwise(about):
        assert after.start == before.end
    for piece, said in zip(pieces, about, strict=True):
        if said.end > said.start:
            assert len(opened(origin.key, piece)) == said.end - said.start


async def test_the_base_is_whole_and_its_log_begins_with_a_segment(
    origin: Origin, target: Target, trust: Trust
) -> None:
    (manifest,) = [name for name in await names_below(target, trust, names.BASES) if name.endswith("/manifest")]
    base = msgspec.json.decode((await read(target, trust, manifest)).header.about, type=Base)
    first = await read(target, trust, names.wal_piece(1, base.wal_from))
    assert msgspec.json.decode(first.header.about, type=Piece).start % (16 << 20) == 0
    tar = b""
    for part in base.parts:
        raw = await target.find(f"{trust.site.id}/{part.name}")
        assert raw is not None
        assert len(raw) == part.size
        tar += zstandard.decompress(origin.key.decrypt(raw))
    assert len(tar) == base.raw_size
    with tarfile.open(fileobj=io.BytesIO(tar)) as unpacked:
        assert {"backup_label", "backup_manifest", "global/pg_control"} <= set(unpacked.getnames())
    assert base.migrations[0] == "0001_foundation.sql"
    assert base.postgres.startswith("18.")


async def test_the_file_is_there_under_a_name_that_tells_nothing(origin: Origin, target: Target, trust: Trust) -> None:
    identity = origin.place.find_identity()
    assert identity is not None
    sealed = await read(target, trust, names.media(identity.media_key, "avatars/1.png"))
    assert origin.key.decrypt(sealed.body) == FILE


async def test_the_capsule_has_the_secrets_and_the_settings(origin: Origin, target: Target, trust: Trust) -> None:
    (name, *_) = await names_below(target, trust, names.CAPSULES)
    with tarfile.open(fileobj=io.BytesIO(opened(origin.key, await read(target, trust, name)))) as tar:
        assert {"settings.json", "data/secrets.json", "data/continuity/media.key"} <= set(tar.getnames())
        settings = tar.extractfile("settings.json")
        assert settings is not None
        assert msgspec.json.decode(settings.read())["domain"] == "origin.test"


async def test_a_census_is_there_from_behind_the_base(target: Target, trust: Trust) -> None:
    (name,) = await names_below(target, trust, names.CENSUS)
    census = msgspec.json.decode(zstandard.decompress((await read(target, trust, name)).body), type=Census)
    assert census.tables["statuses"].rows == 1


async def test_the_second_time_only_what_is_new_is_sent(origin: Origin, target: Target, trust: Trust) -> None:
    before = await names_below(target, trust, names.BASES)
    await origin.write_post("a second one")
    acknowledged = datetime.now(UTC)
    status = await ship_once(origin.settings, origin.server.dsn)
    assert status.targets[0].safe_until is not None
    assert status.targets[0].safe_until >= acknowledged
    assert await names_below(target, trust, names.BASES) == before
