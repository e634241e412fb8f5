"""`rostra doctor` on addresses of media that answer in one way each."""

from __future__ import annotations

import threading
from collections.abc import Generator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest

from rostra.cli.doctor_media import check_media_url
from rostra.kit.settings import Settings


@contextmanager
def answering(folder: Path | None) -> Generator[str]:
    """A bucket that serves what is in a folder, or a server that has nothing."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            is_there = folder is not None and (folder / self.path.lstrip("/")).is_file()
            self.send_response(200 if is_there else 404)
            self.end_headers()

        def log_request(self, code: object = "-", size: object = "-") -> None:
            pass

    server = HTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@pytest.mark.parametrize(("serves", "state"), [(True, "warn"), (False, "ok")])
def test_an_address_that_serves_what_no_post_has_is_warned_of(tmp_path: Path, serves: bool, state: str) -> None:
    media = tmp_path / "media"
    with answering(media if serves else None) as address:
        (finding,) = check_media_url(Settings(data_dir=tmp_path, media_url=address))
    assert finding.state == state
    assert bool(finding.todo) == serves
    assert [path for path in media.rglob("*") if path.is_file()] == []


def test_without_the_setting_nothing_is_tried_and_an_address_that_is_dead_is_said(tmp_path: Path) -> None:
    assert check_media_url(Settings(data_dir=tmp_path)) == []
    (finding,) = check_media_url(Settings(data_dir=tmp_path, media_url="http://127.0.0.1:9"))
    assert (finding.state, "did not answer" in finding.found) == ("warn", True)
