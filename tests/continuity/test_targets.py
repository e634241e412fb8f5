"""A directory, two kinds of S3 server and an SFTP server behave alike as targets."""

from __future__ import annotations

import asyncio
import os
import re
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from benchmarks.buckets import Bucket, bucket
from rostra.continuity.targets import StoreUnavailable, Target, TargetUnusable, label_of, open_target, without_secrets
from rostra.continuity.targets.objects import ObjectTarget
from rostra.continuity.targets.sftp import parse_login
from rostra.kit.objectstore import open_store
from tests.ports import free_port
from tests.s3 import new_bucket, s3_server
from tests.sftp import SftpServer, sftp_server

__all__ = ["s3_server", "sftp_server"]


@pytest.fixture(scope="module")
def lax(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bucket]:
    """A server that checks signatures and ignores conditions."""
    with bucket(tmp_path_factory.mktemp("lax"), free_port()) as made:
        yield made


@pytest.fixture(params=["directory", "s3", "lax", "sftp"])
async def target(
    request: pytest.FixtureRequest, tmp_path: Path, s3_server: str, lax: Bucket, sftp_server: SftpServer
) -> AsyncIterator[Target]:
    if request.param == "lax":
        # One folder each, as the server is shared; nobody else puts the same keys, so there is nothing to wait for.
        folder = f"copies/{os.urandom(4).hex()}"
        yield ObjectTarget(open_store(lax.url.replace("copies/rostra", folder)), "lax", contest=0.5)
        return
    address = {
        "directory": str(tmp_path / "copies"),
        "s3": new_bucket(s3_server) if request.param == "s3" else "",
        "sftp": sftp_server.address(f"copies-{os.urandom(4).hex()}"),
    }[request.param]
    async with open_target(address) as opened:
        yield opened


async def test_what_was_put_is_found_with_its_size_and_can_be_replaced_and_removed(target: Target) -> None:
    body = os.urandom(300_000)
    await target.put("site/wal/1", body)
    assert await target.find("site/wal/1") == body
    assert await target.find_size("site/wal/1") == len(body)
    await target.put("site/wal/1", b"")
    assert await target.find("site/wal/1") == b""
    await target.delete(["site/wal/1", "site/never/there"])
    assert await target.find("site/wal/1") is None
    assert await target.find_size("site/wal/1") is None


async def test_only_the_first_of_two_may_put_what_is_new(target: Target) -> None:
    assert await target.put_new("site/epochs/000002", b"first")
    assert not await target.put_new("site/epochs/000002", b"second")
    assert await target.put_new("site/epochs/000002", b"first"), "the same again is no other"
    assert await target.find("site/epochs/000002") == b"first"


async def test_of_many_who_put_the_same_at_once_exactly_one_has_it(target: Target) -> None:
    bodies = [f"server {number}".encode() for number in range(6)]
    won = await asyncio.gather(*(target.put_new("site/epochs/000009", body) for body in bodies))
    kept = await target.find("site/epochs/000009")
    assert [body for body, has in zip(bodies, won, strict=True) if has] == [kept]


async def test_a_listing_holds_all_below_a_folder_and_may_begin_behind_a_key(target: Target) -> None:
    keys = [f"site/wal/000001/{shard:06d}/{n:012d}" for shard in (0, 1) for n in range(3)]
    await asyncio.gather(*(target.put(key, b"x") for key in [*keys, "site/bases/a/manifest", "other/site"]))
    assert sorted([head.key async for head in target.list("site/wal")]) == keys
    assert sorted([head.key async for head in target.list("site/wal", after=keys[1])]) == keys[2:]
    assert sorted([head.key async for head in target.list("site/wal", after=keys[3])]) == keys[4:]
    assert [head.key async for head in target.list("site/nothing")] == []
    assert {name async for name in target.folders("")} == {"site", "other"}
    assert {name async for name in target.folders("site")} == {"wal", "bases"}


def test_an_address_is_shown_without_what_is_secret() -> None:
    assert label_of("s3://KEY:SECRET@bucket/place?endpoint=https://e.example") == "s3://bucket/place"
    assert label_of("sftp://me:word@home.example:2222/backups?key=/k") == "sftp://home.example:2222/backups"
    assert label_of("/mnt/copies") == "file:///mnt/copies"
    assert "word" not in repr(parse_login("sftp://me:word@home.example/backups"))


def test_an_address_can_be_typed_again_and_tells_no_secret() -> None:
    end = "bucket/place?endpoint=https://e.example&region=eu-1"
    assert without_secrets(f"s3://AKIA:word@{end}") == f"s3://KEY:SECRET@{end}"
    assert without_secrets("sftp://me:word@home.example:22/b?key=/k") == "sftp://me:PASSWORD@home.example:22/b?key=/k"
    for whole in ("sftp://me@home.example/b?key=/k&host_key=SHA256:x", "s3://bucket/place", "/mnt/copies"):
        assert without_secrets(whole) == whole


async def test_a_server_that_does_not_answer_is_told_in_plain_words() -> None:
    async with open_target(f"sftp://me@127.0.0.1:{free_port()}/b") as opened:
        with pytest.raises(StoreUnavailable, match=r"sftp://127\.0\.0\.1:\d+: Connection refused"):
            await opened.find("x")


@pytest.mark.parametrize("address", ["sftp://", "sftp://h/p?colour=red", "s3:///nothing", "s3://b?colour=red"])
async def test_an_address_that_cannot_be_used_is_refused_by_name(address: str) -> None:
    with pytest.raises(TargetUnusable):
        async with open_target(address) as opened:
            await opened.find("x")


async def test_a_server_with_another_host_key_is_not_talked_to(sftp_server: SftpServer) -> None:
    address = sftp_server.address("anything")
    wrong = address.replace("host_key=SHA256%3A", "host_key=SHA256%3AAAAA")
    assert wrong != address
    async with open_target(wrong) as opened:
        with pytest.raises(StoreUnavailable, match=r"(?i)host key"):
            await opened.put("a", b"b")


async def test_wrong_credentials_are_refused_without_being_told(lax: Bucket) -> None:
    async with open_target(lax.url.replace("s3://", "s3://not")) as opened:
        with pytest.raises(StoreUnavailable) as caught:
            await opened.put("a", b"b")
    assert lax.secret not in str(caught.value)
    assert re.fullmatch(r"object store: .*: it answers 403 Forbidden \(\w+\)", str(caught.value))


async def test_what_fails_before_anybody_answers_is_told_in_plain_words(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, sftp_server: SftpServer
) -> None:
    monkeypatch.delenv("AWS_ACCESS_KEY_ID", raising=False)
    away = f"s3://KEY:SECRET@bucket/x?endpoint=http://127.0.0.1:{free_port()}&region=eu-1"
    lost_key = sftp_server.address("x").replace(str(sftp_server.key), str(tmp_path / "lost"))
    for address, said in ((away, "it cannot be reached"), (lost_key, f"{tmp_path}/lost: No such file")):
        async with open_target(address) as opened:
            with pytest.raises(StoreUnavailable) as caught:
                await opened.find("x")
        assert said in str(caught.value)


async def test_a_target_that_was_away_is_used_again_when_it_is_back(tmp_path: Path) -> None:
    with bucket(tmp_path, free_port()) as server:
        async with open_target(server.url) as opened:
            await opened.put("a", b"1")
            server.stop()
            with pytest.raises(StoreUnavailable):
                await opened.put("b", b"2")
            server.start()
            await opened.put("b", b"2")
            assert await opened.find("a") == b"1"


async def test_the_lax_server_is_lax_and_the_others_are_not(lax: Bucket, s3_server: str, tmp_path: Path) -> None:
    honour = [await open_store(each).honours_put_new() for each in (lax.url, new_bucket(s3_server), tmp_path)]
    assert honour == [False, True, True]
