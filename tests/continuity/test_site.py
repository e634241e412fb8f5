"""Nobody who lacks a recovery key can found, take over or fork a site unnoticed."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from rostra.continuity import names
from rostra.continuity.keys import RecoveryKey, SigningKey
from rostra.continuity.place import Identity, Place
from rostra.continuity.records import Fork
from rostra.continuity.sealed import Broken, seal
from rostra.continuity.setup import set_up
from rostra.continuity.site import AlreadyOpened, find_sites, found_site, next_epoch, publish, read_trust
from rostra.continuity.targets.objects import ObjectTarget, open_objects

NOW = datetime(2026, 11, 22, 3, 12, tzinfo=UTC)
KEYS = [RecoveryKey(bytes([n]) * 32) for n in (1, 2)]
FORK = Fork(epoch=1, sequence=7, lsn=99)


@pytest.fixture
def target(tmp_path: Path) -> ObjectTarget:
    return open_objects(str(tmp_path / "copies"))


@pytest.fixture
async def identity(tmp_path: Path, target: ObjectTarget) -> Identity:
    return await set_up(Place(tmp_path / "data"), [target], KEYS, "social.example", NOW)


async def test_either_recovery_key_alone_leads_to_the_site_and_a_stranger_s_does_not(
    target: ObjectTarget, identity: Identity
) -> None:
    assert await find_sites(target) == [identity.site.id]
    assert identity.site.id == names.site_id(KEYS[0].root.public)
    for key in KEYS:
        trust = await read_trust(target, identity.site.id, key.root.public)
        assert (trust.site.domain, trust.current.number) == ("social.example", 1)
        assert trust.keys[1].id == identity.signing_key.public.id
    with pytest.raises(Broken, match="none of the 2"):
        await read_trust(target, identity.site.id, RecoveryKey.generate().root.public)


async def test_who_this_server_is_survives_a_restart_and_is_for_its_owner_alone(
    tmp_path: Path, identity: Identity
) -> None:
    place = Place(tmp_path / "data")
    again = place.find_identity()
    assert again is not None
    assert (again.site, again.epoch, again.media_key) == (identity.site, identity.epoch, identity.media_key)
    assert again.signing_key.raw == identity.signing_key.raw
    assert {path.stat().st_mode & 0o77 for path in [place.path, *place.path.iterdir()]} == {0}
    written = b"".join(path.read_bytes() for path in place.path.rglob("*") if path.is_file())
    for key in KEYS:
        assert key.identity.encode() not in written
        assert key.root.raw not in written


async def test_the_recovery_key_and_the_key_before_open_the_next_epoch_and_nobody_else(
    target: ObjectTarget, identity: Identity
) -> None:
    site = identity.site
    for number, signer in ((2, identity.signing_key), (3, KEYS[1].root)):
        epoch, raw = next_epoch(signer, site, number, SigningKey.generate(), NOW, "promote", FORK)
        await publish(target, site, identity.site_object, epoch, raw)
        assert (await read_trust(target, site.id)).current == epoch
    # The key of epoch 1 was superseded by that of epoch 2.
    epoch, raw = next_epoch(identity.signing_key, site, 4, SigningKey.generate(), NOW, "promote", FORK)
    await publish(target, site, identity.site_object, epoch, raw)
    with pytest.raises(Broken, match="epochs/000004"):
        await read_trust(target, site.id)


async def test_two_servers_cannot_open_the_same_epoch(target: ObjectTarget, identity: Identity) -> None:
    site = identity.site
    one, first = next_epoch(identity.signing_key, site, 2, SigningKey.generate(), NOW, "promote", FORK)
    two, second = next_epoch(identity.signing_key, site, 2, SigningKey.generate(), NOW, "promote", FORK)
    await publish(target, site, identity.site_object, one, first)
    await publish(target, site, identity.site_object, one, first)
    with pytest.raises(AlreadyOpened):
        await publish(target, site, identity.site_object, two, second)


async def test_a_false_site_a_missing_epoch_and_a_stranger_s_object_are_broken(
    target: ObjectTarget, identity: Identity
) -> None:
    site, stranger = identity.site, RecoveryKey.generate()
    trust = await read_trust(target, site.id)
    body, _ = seal(SigningKey.generate(), b"", site=site.id, name="wal/1", epoch=1, made_at=NOW)
    with pytest.raises(Broken, match="nobody certified"):
        trust.unseal(body, "wal/1")
    body, _ = seal(identity.signing_key, b"", site=site.id, name="wal/1", epoch=2, made_at=NOW)
    with pytest.raises(Broken, match="nobody certified"):
        trust.unseal(body, "wal/1")
    _, false = found_site(stranger.root, site.domain, [stranger.recipient], [stranger.root.public], NOW)
    await target.put(f"{site.id}/{names.SITE}", false)
    with pytest.raises(Broken, match="named after"):
        await read_trust(target, site.id)
    await target.put(f"{site.id}/{names.SITE}", identity.site_object)
    await target.delete([f"{site.id}/{names.epoch(1)}"])
    with pytest.raises(Broken, match="there is none"):
        await read_trust(target, site.id)
