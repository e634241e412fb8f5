"""Reporting in headless Chromium on a running server: on a phone, without script, and without barriers."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, expect

from tests.live.server import Server, running
from tests.web import axe
from tests.web.chromium import launched, needs_chromium
from tests.web.test_browser import PHONE, opened, sign_in

pytestmark = needs_chromium


@pytest.fixture(scope="module")
def site() -> Iterator[Server]:
    with running() as server:
        yield server


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    with launched() as browser:
        yield browser


@pytest.mark.parametrize("script", [True, False])
def test_a_post_is_reported_on_a_phone_and_the_report_is_followed(
    chromium: Browser, site: Server, *, script: bool
) -> None:
    suffix = "with" if script else "without"
    ada, bob = site.person(f"ada_{suffix}"), site.person(f"bob_{suffix}")
    posted = ada.post("Buy my carrots, they cure everything")
    with opened(chromium, site, script=script, size=PHONE) as page:
        sign_in(page, bob)
        page.goto(f"/report?account_id={ada.id}&status_ids[]={posted['id']}")
        expect(page.get_by_label("Buy my carrots")).to_be_checked()
        if script:
            axe.load_axe(page)
            assert axe.find_barriers(page) == []
        page.get_by_text("Fraud and scams", exact=True).click()
        page.get_by_label("Scams", exact=True).check()
        page.get_by_label("What should the moderators know?").fill("They cure nothing.")
        page.get_by_label("Mute:").check()
        page.get_by_role("button", name="Send the report").click()
        expect(page.get_by_role("main")).to_contain_text("waits for a moderator")
        expect(page.get_by_role("main")).to_contain_text("Scams")
        if script:
            axe.load_axe(page)
            assert axe.find_barriers(page) == []
        page.goto("/settings/reports")
        expect(page.get_by_role("main")).to_contain_text("received")
        assert page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"] if script else True


def test_a_visitor_sends_a_notice_of_illegal_content_and_follows_its_link(chromium: Browser, site: Server) -> None:
    carl = site.person("carl")
    posted = carl.post("Something unlawful")
    with opened(chromium, site, size=PHONE) as page:
        page.goto("/legal/notice")
        axe.load_axe(page)
        assert axe.find_barriers(page) == []
        page.get_by_label("Where is it?").fill(posted["url"])
        page.get_by_label("Why is it illegal?").fill("It is forbidden.")
        page.get_by_label("Your name").fill("Nora Neri")
        page.get_by_label("E-mail address for the answer").fill("nora@example.com")
        page.get_by_label("I believe in good faith").check()
        page.get_by_role("button", name="Send the notice").click()
        page.wait_for_url("**/legal/notice/*")
        expect(page.get_by_role("main")).to_contain_text("waits for a person")
        axe.load_axe(page)
        assert axe.find_barriers(page) == []
        assert page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]
