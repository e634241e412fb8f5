"""Objects are whole or absent, outlive a killed process, and no key leads out of the store."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import obstore
import pytest
from obstore.exceptions import GenericError

from rostra.kit import objectstore
from rostra.kit.objectstore import WINDOW, ObjectStore, StoreUnavailable, open_store


@pytest.fixture
def store(tmp_path: Path) -> ObjectStore:
    return open_store(tmp_path / "objects")


async def collect(store: ObjectStore, key: str, **span: int) -> bytes:
    return b"".join([run async for run in store.read(key, **span)])


async def test_what_was_put_is_read_back_with_its_size_tag_and_time(store: ObjectStore) -> None:
    await store.put("a/b/one.bin", b"hello", "application/octet-stream")
    head = await store.find_head("a/b/one.bin")
    assert head is not None
    assert (head.key, head.size) == ("a/b/one.bin", 5)
    assert head.etag.startswith('"')
    assert head.etag.endswith('"')
    assert abs((datetime.now(UTC) - head.last_modified).total_seconds()) < 60
    assert await collect(store, "a/b/one.bin") == b"hello"
    window = await store.find_window("a/b/one.bin")
    assert window is not None
    assert (window.head, window.body) == (head, b"hello")


async def test_an_absent_object_is_none_and_not_an_error(store: ObjectStore) -> None:
    await store.put("a/b/one.bin", b"hello", "x/y")
    for key in ("a/b/two.bin", "a/b", "a/b/one.bin/more"):
        assert await store.find_head(key) is None
        assert await store.find_window(key) is None
        assert not await store.exists(key)
        with pytest.raises(FileNotFoundError):
            await collect(store, key)


async def test_a_large_object_comes_in_bounded_runs(store: ObjectStore) -> None:
    body = os.urandom(2 * WINDOW + 12345)
    await store.put("big.bin", body, "x/y")
    runs = [run async for run in store.read("big.bin")]
    assert max(len(run) for run in runs) == WINDOW
    assert b"".join(runs) == body
    assert await collect(store, "big.bin", start=7, end=WINDOW + 9) == body[7 : WINDOW + 9]
    assert await collect(store, "big.bin", start=len(body) - 3, end=len(body) + 100) == body[-3:]


async def test_an_empty_object_can_be_stored(store: ObjectStore) -> None:
    await store.put("empty", b"", "x/y")
    assert await collect(store, "empty") == b""


async def test_a_file_can_be_stored_without_reading_it_first(store: ObjectStore, tmp_path: Path) -> None:
    source = tmp_path / "source"
    source.write_bytes(b"from a file")
    await store.put("copied", source, "text/plain")
    assert await collect(store, "copied") == b"from a file"


async def test_putting_again_replaces_the_whole_object_and_its_tag(store: ObjectStore) -> None:
    await store.put("x", b"long first body", "x/y")
    first = await store.find_head("x")
    await store.put("x", b"short", "x/y")
    second = await store.find_head("x")
    assert first is not None
    assert second is not None
    assert first.etag != second.etag
    assert await collect(store, "x") == b"short"


async def test_deleting_takes_absent_keys(store: ObjectStore) -> None:
    for key in ("a/1/x", "a/1/y", "a/2/x"):
        await store.put(key, b"x", "x/y")
    await store.delete(["a/1/x", "a/1/gone", "a/1/y"])
    await store.delete([])
    assert [head.key async for head in store.list()] == ["a/2/x"]
    assert [name async for name in store.folders("a")] == ["2"]


async def test_deleting_leaves_no_empty_directory(store: ObjectStore, tmp_path: Path) -> None:
    await store.put("a/1/x", b"x", "x/y")
    await store.delete(["a/1/x"])
    assert not (tmp_path / "objects" / "a" / "1").exists()


async def test_listing_goes_by_whole_segments_and_from_a_key_on(store: ObjectStore) -> None:
    for key in ("a/x", "a/b/y", "ab/z"):
        await store.put(key, b"12", "x/y")
    assert sorted([(head.key, head.size) async for head in store.list("a")]) == [("a/b/y", 2), ("a/x", 2)]
    assert [head.key async for head in store.list("a", after="a/b/y")] == ["a/x"]
    assert sorted([head.key async for head in store.list(after="a/b/y")]) == ["a/x", "ab/z"]
    assert [head.key async for head in store.list("nothing")] == []
    assert sorted([name async for name in store.folders()]) == ["a", "ab"]
    assert [name async for name in store.folders("a")] == ["b"]
    assert [name async for name in store.folders("nothing")] == []


async def test_listing_hides_unfinished_writes(store: ObjectStore, tmp_path: Path) -> None:
    await store.put("a/x", b"12", "x/y")
    (tmp_path / "objects" / "a" / "x#1").write_bytes(b"torn")
    assert [head.key async for head in store.list("a")] == ["a/x"]


async def test_a_whole_object_is_found_at_once(store: ObjectStore) -> None:
    body = os.urandom(WINDOW + 5)
    await store.put("a/big", body, "x/y")
    await store.put("a/empty", b"", "x/y")
    assert await store.find("a/big") == body
    assert await store.find("a/empty") == b""
    for key in ("a", "a/none", "../a/big"):
        assert await store.find(key) is None


async def test_what_must_be_new_replaces_nothing(store: ObjectStore) -> None:
    assert await store.put_new("epochs/1", b"mine")
    assert not await store.put_new("epochs/1", b"theirs")
    assert await store.find("epochs/1") == b"mine"
    # Asked again after an answer that was lost.
    assert await store.put_new("epochs/1", b"mine")


async def test_of_several_who_put_what_must_be_new_one_does(store: ObjectStore) -> None:
    made = await asyncio.gather(*(store.put_new("one", b"%d" % number) for number in range(8)))
    assert made.count(True) == 1
    assert await store.find("one") == b"%d" % made.index(True)


async def test_a_store_that_replaces_what_must_be_new_is_found_out(
    store: ObjectStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert await store.honours_put_new()
    put_async = obstore.put_async

    async def replace_all(*arguments: Any, mode: str | None = None, **options: Any) -> object:
        return await put_async(*arguments, **options)

    monkeypatch.setattr(obstore, "put_async", replace_all)
    assert not await store.honours_put_new()

    async def know_no_condition(*arguments: Any, mode: str | None = None, **options: Any) -> object:
        if mode is not None:
            raise GenericError("501 Not Implemented")
        return await put_async(*arguments, **options)

    monkeypatch.setattr(obstore, "put_async", know_no_condition)
    assert not await store.honours_put_new()
    assert [head.key async for head in store.list()] == []


@pytest.mark.parametrize(
    "key",
    [
        "",
        "/etc/passwd",
        "../x",
        "a/../../x",
        "a//b",
        "a/",
        ".hidden",
        "a/.b",
        "a\x00b",
        "a b",
        "a%2fb",
        "x#1",
        "a\nb",
        "é",
    ],
)
async def test_a_key_that_we_never_make_is_absent_to_readers_and_refused_to_writers(
    store: ObjectStore, key: str
) -> None:
    assert await store.find_head(key) is None
    assert await store.find_window(key) is None
    with pytest.raises(ValueError, match="not an object key"):
        await store.put(key, b"x", "x/y")
    with pytest.raises(ValueError, match="not an object key"):
        await store.delete([key])


async def test_a_link_that_leads_out_of_the_store_is_not_followed(store: ObjectStore, tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("secret")
    (tmp_path / "objects" / "link").symlink_to(tmp_path / "secret")
    with pytest.raises(StoreUnavailable):
        await store.find_window("link")


async def test_a_store_that_fails_says_so_to_the_operator_only(store: ObjectStore, tmp_path: Path) -> None:
    (tmp_path / "objects" / "a").write_bytes(b"a file where a directory should be")
    with pytest.raises(StoreUnavailable) as failure:
        await store.put("a/b", b"x", "x/y")
    assert str(tmp_path) not in failure.value.text
    assert failure.value.status == 503
    assert "a/b" in str(failure.value.operator_text)


async def test_a_put_flushes_the_file_and_every_directory_above_it(
    store: ObjectStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    flushed: list[Path] = []
    monkeypatch.setattr(objectstore, "flush", flushed.append)
    await store.put("a/b/c", b"x", "x/y")
    root = tmp_path / "objects"
    assert flushed == [root / "a/b/c", root / "a/b", root / "a", root]


_WRITER = """
import asyncio, sys
from rostra.kit.objectstore import open_store
async def main():
    store = open_store(sys.argv[1])
    for number in range(100000):
        await store.put(f"k/{number}", b"%08d" % number * 4096, "x/y")
        print(number, flush=True)
asyncio.run(main())
"""


async def test_what_was_acknowledged_survives_a_killed_writer_and_nothing_is_torn(tmp_path: Path) -> None:
    writer = subprocess.Popen([sys.executable, "-c", _WRITER, str(tmp_path)], stdout=subprocess.PIPE, text=True)
    assert writer.stdout is not None
    acknowledged = [int(writer.stdout.readline()) for _ in range(20)]
    writer.send_signal(signal.SIGKILL)
    acknowledged += [int(line) for line in writer.stdout.read().split()]
    writer.stdout.close()
    writer.wait()
    store = open_store(tmp_path)
    for number in acknowledged:
        assert await collect(store, f"k/{number}") == b"%08d" % number * 4096
    assert {head.size async for head in store.list("k")} == {32768}


@pytest.mark.parametrize(
    ("url", "problem"),
    [
        ("s3:///prefix", "names no bucket"),
        ("s3://bucket?endpont=x", "unknown settings: endpont"),
        ("ftp://host/x", "must begin with s3:// or file://"),
    ],
)
def test_a_storage_url_that_cannot_be_used_is_named(url: str, problem: str) -> None:
    with pytest.raises(ValueError, match=problem):
        open_store(url)


def test_an_s3_url_carries_its_settings() -> None:
    store = open_store("s3://ID:se%2Fcret@bucket/pre/fix?endpoint=http://127.0.0.1:9&region=eu-x")
    backend = store._backend
    assert backend.prefix == "pre/fix"
    assert backend.config["secret_access_key"] == "se/cret"
    assert backend.config["endpoint"] == "http://127.0.0.1:9"


def test_a_new_directory_is_its_owners_alone(tmp_path: Path) -> None:
    open_store(f"file://{tmp_path}/new")
    assert (tmp_path / "new").stat().st_mode & 0o077 == 0
