"""Secrets stay secret: not in the log at its most talkative, not in readable files."""

from __future__ import annotations

import os
import stat
from pathlib import Path
from typing import Any

import httpx

from tests.live.server import PASSWORD, Person, Server, wait_for
from tests.live.sign_in import authorize, browser, sign_in

WRONG = "not the password of anybody"
MARK = "/api/v1/instance/rules"


def use_every_secret(live: Server, person: Person) -> set[str]:
    """Sign in, wrongly and rightly, through an app and by token in header, query and form; returns what is secret."""
    secrets = {PASSWORD, WRONG, person.token}
    with browser(live.url) as web:
        app: dict[str, Any] = web.post(
            "/api/v1/apps", json={"client_name": "Log", "redirect_uris": ["https://log.example/"], "scopes": "read"}
        ).json()
        sign_in(web, person.username, WRONG)
        query = f"client_id={app['client_id']}&redirect_uri=https://log.example/&response_type=code&scope=read&state=st"
        code = authorize(web, f"{live.url}/oauth/authorize?{query}", person.username)
        secrets |= {app["client_secret"], code, *(cookie.value or "" for cookie in web.cookies.jar)}
        form = {
            "grant_type": "authorization_code", "code": code, "redirect_uri": "https://log.example/",
            "client_id": app["client_id"], "client_secret": app["client_secret"],
        }  # fmt: skip
        web.post("/oauth/token", data={**form, "client_secret": "wrong"})
        token = web.post("/oauth/token", data=form).json()["access_token"]
        secrets.add(token)
        assert web.get("/api/v1/timelines/home", params={"access_token": token}).status_code == 200
        web.post("/api/v1/statuses", data={"status": "\0", "access_token": token})
        web.post("/api/v1/accounts/verify_credentials", headers={"authorization": f"Bearer {token}x"})
        with httpx.stream("GET", f"{live.url}/api/v1/streaming/user?access_token={token}", trust_env=False) as stream:
            assert stream.status_code == 200
        web.post("/auth/password", data={"email": person.email})
        web.post("/oauth/revoke", data={**form, "token": token})
    return secrets - {""}


def test_no_secret_is_logged_even_when_everything_is(live: Server, ada: Person) -> None:
    secrets = use_every_secret(live, ada)
    httpx.get(f"{live.url}{MARK}", trust_env=False)
    wait_for(lambda: any(MARK in line for line in live.log))
    said = "".join(live.log)
    # The log is as talkative as it gets.
    assert "/oauth/token" in said
    for log in (path for path in live.data.rglob("*") if "log" in path.name.lower() and path.is_file()):
        said += log.read_text(errors="replace")
    assert [secret[:6] for secret in secrets if secret in said] == []


def test_what_the_server_keeps_is_readable_by_its_owner_only(live: Server, ada: Person) -> None:
    def is_open(path: Path) -> bool:
        return bool(stat.S_IMODE(path.stat().st_mode) & 0o077)

    kept = [path for path in live.data.rglob("*") if path.is_file() and not path.is_symlink()]
    assert live.data / "secrets.json" in kept
    # What the database's account reads (etc) has nothing secret in it; what it owns is its own.
    ours = [path for path in kept if path.stat().st_uid == os.geteuid() and path.parent != live.data / "etc"]
    opened = [path.relative_to(live.data) for path in ours if is_open(path)]
    assert opened == []
