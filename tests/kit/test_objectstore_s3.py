"""The claims about stores that hold for a bucket too, against a real S3 server."""

from __future__ import annotations

import asyncio
import socket
import struct
from collections.abc import AsyncIterator

import obstore
import pytest

from rostra.kit.objectstore import ObjectStore, StoreUnavailable, open_store
from tests.kit.test_objectstore import (
    test_a_file_can_be_stored_without_reading_it_first,
    test_a_key_that_we_never_make_is_absent_to_readers_and_refused_to_writers,
    test_a_large_object_comes_in_bounded_runs,
    test_a_store_that_replaces_what_must_be_new_is_found_out,
    test_a_whole_object_is_found_at_once,
    test_an_absent_object_is_none_and_not_an_error,
    test_an_empty_object_can_be_stored,
    test_deleting_takes_absent_keys,
    test_listing_goes_by_whole_segments_and_from_a_key_on,
    test_of_several_who_put_what_must_be_new_one_does,
    test_putting_again_replaces_the_whole_object_and_its_tag,
    test_what_must_be_new_replaces_nothing,
    test_what_was_put_is_read_back_with_its_size_tag_and_time,
)
from tests.s3 import s3_server, s3_url

__all__ = [
    "s3_server",
    "s3_url",
    "test_a_file_can_be_stored_without_reading_it_first",
    "test_a_key_that_we_never_make_is_absent_to_readers_and_refused_to_writers",
    "test_a_large_object_comes_in_bounded_runs",
    "test_a_store_that_replaces_what_must_be_new_is_found_out",
    "test_a_whole_object_is_found_at_once",
    "test_an_absent_object_is_none_and_not_an_error",
    "test_an_empty_object_can_be_stored",
    "test_deleting_takes_absent_keys",
    "test_listing_goes_by_whole_segments_and_from_a_key_on",
    "test_of_several_who_put_what_must_be_new_one_does",
    "test_putting_again_replaces_the_whole_object_and_its_tag",
    "test_what_must_be_new_replaces_nothing",
    "test_what_was_put_is_read_back_with_its_size_tag_and_time",
]


@pytest.fixture
def store(s3_url: str) -> ObjectStore:
    return open_store(s3_url)


async def test_a_bucket_keeps_the_type_and_how_long_it_may_be_kept(store: ObjectStore) -> None:
    await store.put("a/x", b"hello", "image/webp", cache_control="public, max-age=31536000")
    found = await obstore.get_async(store._backend, "a/x")  # pyright: ignore[reportPrivateUsage]
    assert found.attributes == {"Content-Type": "image/webp", "Cache-Control": "public, max-age=31536000"}


async def test_more_objects_than_one_answer_lists_are_all_listed_and_deleted(store: ObjectStore) -> None:
    keys = [f"many/{number:04}" for number in range(1005)]
    for key in keys:
        await store.put(key, b"", "x/y")
    assert [head.key async for head in store.list("many")] == keys
    await store.delete(keys)
    assert [head.key async for head in store.list()] == []


async def test_a_bucket_that_is_not_there_cannot_be_written(s3_server: str) -> None:
    store = open_store(f"s3://name:secret@nobodys/x?endpoint={s3_server}&region=us-east-1")
    with pytest.raises(StoreUnavailable):
        await store.put("a", b"x", "x/y")
    with pytest.raises(StoreUnavailable):
        await store.honours_put_new()


class Door:
    """A way to the S3 server that resets the next `cuts` connections on which a request comes."""

    def __init__(self, server: str) -> None:
        self._host, _, port = server.removeprefix("http://").partition(":")
        self._port = int(port)
        self.cuts = 0

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        back_reader, back_writer = await asyncio.open_connection(self._host, self._port)
        back = asyncio.create_task(_pass(back_reader, writer))
        try:
            while part := await reader.read(65_536):
                if self.cuts > 0:
                    self.cuts -= 1
                    # Closed without lingering: the other side is told of a reset, not of an end.
                    connection: socket.socket = writer.get_extra_info("socket")
                    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
                    return
                back_writer.write(part)
        finally:
            back.cancel()
            writer.close()
            back_writer.close()


async def _pass(source: asyncio.StreamReader, target: asyncio.StreamWriter) -> None:
    while part := await source.read(65_536):
        target.write(part)


@pytest.fixture
async def door(s3_server: str) -> AsyncIterator[tuple[Door, int]]:
    made = Door(s3_server)
    server = await asyncio.start_server(made.serve, "127.0.0.1", 0)
    yield made, server.sockets[0].getsockname()[1]
    server.close()


async def test_a_connection_that_ends_under_a_request_is_made_anew(
    s3_url: str, s3_server: str, door: tuple[Door, int]
) -> None:
    way, port = door
    store = open_store(s3_url.replace(s3_server, f"http://127.0.0.1:{port}"))
    await store.put("a", b"1", "x/y")
    way.cuts = 2
    assert await store.put_new("b", b"2")
    assert way.cuts == 0
    way.cuts = 2
    await store.delete(["a", "b"])
    assert way.cuts == 0
    assert [head.key async for head in store.list("")] == []


async def test_a_server_that_ends_every_connection_is_given_up(
    s3_url: str, s3_server: str, door: tuple[Door, int]
) -> None:
    way, port = door
    store = open_store(s3_url.replace(s3_server, f"http://127.0.0.1:{port}"))
    way.cuts = 1000
    with pytest.raises(StoreUnavailable, match="cannot be reached"):
        await store.delete(["a"])


async def test_a_cut_connection_does_not_make_a_store_look_lax(
    s3_url: str, s3_server: str, door: tuple[Door, int]
) -> None:
    way, port = door
    store = open_store(s3_url.replace(s3_server, f"http://127.0.0.1:{port}"))
    way.cuts = 1
    assert await store.honours_put_new()
    assert way.cuts == 0
