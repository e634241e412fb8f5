"""A browser as far as OAuth needs one: it signs in by the real form, agrees, and takes the code."""

from __future__ import annotations

import re
from html import unescape
from urllib.parse import parse_qs, urlsplit

import httpx

from tests.live.server import PASSWORD

_HIDDEN = re.compile(r'<input[^>]*type="hidden"[^>]*>')
_ATTRIBUTE = re.compile(r'(name|value)="([^"]*)"')


def hidden_fields(html: str, action: str) -> dict[str, str]:
    """The hidden fields of the form on a page that posts to `action`."""
    found = re.search(rf'<form[^>]*action="{re.escape(action)}".*?</form>', html, re.DOTALL)
    assert found is not None, html[:2000]
    fields: dict[str, str] = {}
    for tag in _HIDDEN.findall(found[0]):
        named = {name: unescape(value) for name, value in _ATTRIBUTE.findall(tag)}
        fields[named["name"]] = named.get("value", "")
    return fields


def browser(url: str) -> httpx.Client:
    return httpx.Client(base_url=url, follow_redirects=False, timeout=20, trust_env=False)


def sign_in(web: httpx.Client, login: str, password: str = PASSWORD, path: str = "/auth/sign_in") -> httpx.Response:
    """Fill in the form that stands at `path`; returns the answer to it."""
    page = web.get(path)
    assert page.status_code == 200, page.text[:500]
    fields = hidden_fields(page.text, "/auth/sign_in")
    return web.post("/auth/sign_in", data={**fields, "login": login, "password": password})


def authorize(web: httpx.Client, address: str, login: str) -> str:
    """Follow an app's authorization address: sign in, agree, and return the code."""
    parts = urlsplit(address)
    answer = web.get(f"{parts.path}?{parts.query}")
    if answer.status_code in (302, 303):
        # Not signed in yet: the door, and back again.
        answer = sign_in(web, login, path=answer.headers["location"])
        assert answer.status_code == 303, answer.text[:500]
        answer = web.get(answer.headers["location"])
    assert answer.status_code == 200, answer.text[:500]
    fields = hidden_fields(answer.text, "/oauth/authorize")
    answer = web.post("/oauth/authorize", data={**fields, "decision": "approve"})
    assert answer.status_code in (302, 303), answer.text[:500]
    found = parse_qs(urlsplit(answer.headers["location"]).query)
    return found["code"][0]
