"""masto.js, the JavaScript client, drives the same scenario; `tests/clients/scenario.mjs` is the script."""

from __future__ import annotations

import base64
import json
import shutil
import subprocess
from typing import Any
from urllib.parse import urlencode

import pytest

from tests.live.server import ROOT, Person, Server
from tests.live.sign_in import authorize, browser
from tests.media.samples import encode, picture

CLIENTS = ROOT / "tests" / "clients"
REDIRECT = "https://script.example/back"

pytestmark = pytest.mark.skipif(
    shutil.which("node") is None or not (CLIENTS / "node_modules" / "masto").is_dir(),
    reason="needs node and the modules of tests/clients (make test installs them)",
)


def script(*words: str, given: object = None) -> dict[str, Any]:
    command = ["node", "scenario.mjs", *words]
    done = subprocess.run(
        command, cwd=CLIENTS, input=json.dumps(given), capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def test_the_script_sees_a_whole_day(live: Server, ada: Person) -> None:
    other = live.person("bea")
    app = script(live.url, "--register")
    query = {
        "client_id": app["clientId"], "redirect_uri": REDIRECT, "response_type": "code",
        "scope": "read write follow push",
    }  # fmt: skip
    with browser(live.url) as web:
        code = authorize(web, f"{live.url}/oauth/authorize?{urlencode(query)}", ada.username)
    seen = script(
        live.url,
        given={
            **app,
            "code": code,
            "redirectUri": REDIRECT,
            "other": {"id": other.id, "username": other.username, "token": other.token},
            "picture": base64.b64encode(encode(picture(64, 48), "PNG")).decode(),
        },
    )
    assert seen["me"] == "ada"
    assert seen["version"].startswith("4.")
    assert seen["media"]["url"].startswith(f"{live.url}/media/")
    assert (seen["media"]["description"], seen["media"]["focus"]) == ("A triangle", {"x": 0.2, "y": -0.4})
    assert seen["update"] == "A triangle"
    assert seen["hashtag"] == ["hashtag", "triangles"]
    assert seen["poll"] == {"votes": 2, "voters": 1, "own": [0, 1]}
    assert {"favourite", "follow", "mention", "reblog"} <= set(seen["notifications"])
    assert seen["notification"] == "mention"
    assert seen["search"] == ["triangles"]
    assert seen["gone"] == 404
    assert seen["reply"]
    assert seen["edited"]
    assert seen["bookmarks"]
    assert seen["paged"]
