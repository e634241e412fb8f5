"""The pages of measurement in headless Chromium: keys that label, both themes, a phone's width, no serious barrier."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from typing import Literal
from urllib.parse import parse_qs

import pytest
from playwright.sync_api import Browser, Page, Route

from rostra.web.render import load_views
from tests.web.axe import find_barriers, load_axe
from tests.web.chromium import launched, needs_chromium
from tests.web.preview import serve

pytestmark = needs_chromium
PAGES = [
    "measurement", "measurement-empty", "measurement_quality-hostile", "measurement_samples-checked",
    "measurement_samples-wrong", "measurement_label", "measurement_label-empty",
]  # fmt: skip


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    server = serve(0, load_views())
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_address[1]}/admin/"
    server.shutdown()
    server.server_close()


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with launched() as chromium:
        yield chromium


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    # Else a colour that changes is looked at on its way, and what a service worker fetches cannot be answered here.
    context = browser.new_context(reduced_motion="reduce", service_workers="block")
    yield context.new_page()
    context.close()


@pytest.mark.parametrize("name", PAGES)
def test_no_page_has_a_serious_barrier_or_is_wider_than_a_phone(page: Page, address: str, name: str) -> None:
    complaints: list[str] = []
    page.on("console", lambda message: complaints.append(message.text) if message.type == "error" else None)
    sizes: list[tuple[Literal["light", "dark"], int]] = [("light", 1280), ("dark", 390)]
    page.goto(address + name)
    for table in page.locator("details.chart-table summary").all():
        table.click()
    load_axe(page)
    for scheme, width in sizes:
        page.emulate_media(color_scheme=scheme)
        page.set_viewport_size({"width": width, "height": 900})
        assert find_barriers(page) == [], (name, scheme)
        assert page.evaluate("document.documentElement.scrollWidth") == width
    assert complaints == []


def _sent(page: Page, address: str, key: str) -> dict[str, list[str]]:
    """What labelling sends when a key is pressed."""
    sent: list[str] = []

    def take(route: Route) -> None:
        sent.append(route.request.post_data or "")
        route.fulfill(status=204)

    page.route("**/admin/measure/label*", take)
    page.goto(address + "measurement_label")
    with page.expect_request("**/admin/measure/label*"):
        page.keyboard.press(key)
    page.keyboard.press(key)
    assert page.evaluate("document.readyState") == "complete"
    # The request is known before it is answered.
    for _ in range(200):
        if sent:
            break
        page.wait_for_timeout(25)
    assert len(sent) == 1, sent
    return parse_qs(sent[0])


@pytest.mark.parametrize(
    ("key", "answer", "clause"),
    [("f", "fine", ""), ("t", "unclear", ""), ("1", "violates", "clause-0"), ("a", "violates", "clause-9")],
)
def test_a_key_answers_once(page: Page, address: str, key: str, answer: str, clause: str) -> None:
    sent = _sent(page, address, key)
    assert sent["answer"] == [answer]
    assert sent.get("clause", [""]) == [clause]
    assert sent["item"] == ["116500000000000001"]
    assert sent["pictures"] == ["true"]


def test_pictures_are_veiled_until_a_key_shows_them(page: Page, address: str) -> None:
    page.goto(address + "measurement_label")
    picture = page.locator(".veil img")
    assert "blur" in picture.evaluate("image => getComputedStyle(image).filter")
    page.keyboard.press("v")
    assert "blur" not in picture.evaluate("image => getComputedStyle(image).filter")
    page.keyboard.press("v")
    assert "blur" in picture.evaluate("image => getComputedStyle(image).filter")
