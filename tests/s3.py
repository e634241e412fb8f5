"""A real S3 server for tests: moto's, in a thread of the test run.

Import `s3_server` and `s3_url` into a test module or a conftest to have them as fixtures. It checks no signatures; what
it does otherwise is what S3 does, conditional puts included.
"""

from __future__ import annotations

import os
from collections.abc import Iterator

import httpx
import pytest
from moto.server import ThreadedMotoServer


@pytest.fixture(scope="session")
def s3_server() -> Iterator[str]:
    """The address of the server: http://127.0.0.1:port."""
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    try:
        yield f"http://{host}:{port}"
    finally:
        server.stop()


@pytest.fixture
def s3_url(s3_server: str) -> str:
    """A storage URL of a bucket that is new and empty."""
    return new_bucket(s3_server)


def new_bucket(server: str) -> str:
    """Make a bucket at `server`; its storage URL, with a path in the bucket."""
    name = f"bucket-{os.urandom(6).hex()}"
    httpx.put(f"{server}/{name}").raise_for_status()
    return f"s3://name:secret@{name}/some/place?endpoint={server}&region=us-east-1"
