"""What stands in deploy for proxies lets through what Rostra takes and sends."""

from __future__ import annotations

import re
from pathlib import Path

from rostra.archive.import_reader import MAX_ARCHIVE
from rostra.kit.body import MAX_BODY, MAX_UPLOAD
from rostra.posts.draft import MAX_MEDIA
from rostra.streaming import events
from rostra.web.pages import ALL

DEPLOY = Path(__file__).parents[2] / "deploy"
UNITS = {"m": 1 << 20, "g": 1 << 30}


def test_nginx_lets_through_what_the_pages_and_the_api_take() -> None:
    config = (DEPLOY / "nginx.conf").read_text()
    sizes = [int(size) * UNITS[unit] for size, unit in re.findall(r"client_max_body_size (\d+)([mg]);", config)]
    # The first one holds wherever no location has one of its own.
    limits = dict(zip(["/", *re.findall(r"location (/\w\S*)", config)], sizes, strict=True))
    assert limits["/"] >= MAX_MEDIA * MAX_UPLOAD + MAX_BODY
    assert limits["/settings/import/archive"] >= MAX_ARCHIVE + MAX_BODY
    for route in (route for pages in ALL for route in pages.routes if route.method == "POST"):
        nearest = max((at for at in limits if route.path.startswith(at)), key=len)
        # An archive is taken up to its own size, not to a whole number of files.
        largest = min(route.uploads * MAX_UPLOAD, MAX_ARCHIVE) + MAX_BODY
        assert limits[nearest] >= largest, f"{route.path} takes {largest} bytes"


def test_no_proxy_takes_a_stream_for_dead() -> None:
    patience = re.findall(r"proxy_read_timeout (\d+)s;", (DEPLOY / "nginx.conf").read_text())
    assert patience
    assert all(int(seconds) > 2 * events.THUMP_EVERY for seconds in patience)
