"""What the pages gain by script: headless Chromium on the preview, with the real security policy, no server behind."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, WebSocketRoute, expect

from rostra.web.render import Views, load_views, render
from tests.web import samples
from tests.web.chromium import launched, needs_chromium
from tests.web.preview import serve

pytestmark = needs_chromium
NEW = samples.status(500, samples.GIULIA, "<p>Something new under the sun.</p>")


@pytest.fixture(scope="module")
def views() -> Views:
    return load_views()


@pytest.fixture(scope="module")
def address(views: Views) -> Iterator[str]:
    server = serve(0, views)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_address[1]}"
    server.shutdown()
    server.server_close()


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with launched() as chromium:
        yield chromium


@pytest.fixture
def complaints() -> list[str]:
    return []


@pytest.fixture
def tab(browser: Browser, address: str, complaints: list[str]) -> Iterator[Page]:
    """A page of a phone-sized browser that notes every script error and every breach of the policy."""
    context = browser.new_context(base_url=address, viewport={"width": 420, "height": 800}, service_workers="block")
    page = context.new_page()
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.on("console", lambda said: complaints.append(said.text) if "Security Policy" in said.text else None)
    page.route_web_socket("**/web/stream**", lambda socket: None)
    yield page
    context.close()
    assert complaints == []


def _wait_for(tab: Page, sockets: list[WebSocketRoute]) -> None:
    for _ in range(200):
        if sockets:
            return
        tab.wait_for_timeout(25)
    raise AssertionError("the page opened no socket")


def _scriptless(browser: Browser, address: str) -> BrowserContext:
    return browser.new_context(base_url=address, java_script_enabled=False, viewport={"width": 420, "height": 800})


def test_without_script_the_page_reads_and_covers_open(browser: Browser, address: str) -> None:
    context = _scriptless(browser, address)
    page = context.new_page()
    page.goto("/home")
    expect(page.get_by_text("A close look at the tick")).to_be_visible()
    picture = page.get_by_role("img", name="A tick on a fingertip")
    expect(picture).to_be_hidden()
    page.get_by_text("Sensitive: show").click()
    expect(picture).to_be_visible()
    expect(page.locator("form[data-composer] [name='media[3][file]']")).to_have_count(1)
    context.close()


def test_the_counter_counts_as_the_server_does(tab: Page) -> None:
    tab.goto("/home")
    text, counter = tab.get_by_label("Your post"), tab.locator("[data-counter]")
    text.fill("hello")
    expect(counter).to_have_text("495")
    text.fill("https://example.org/" + "x" * 200)
    expect(counter).to_have_text("477")
    text.fill("@bob@a.long.domain.example 👩‍👩‍👧")
    expect(counter).to_have_text("494")
    text.fill("x" * 501)
    expect(counter).to_have_text("-1")
    expect(counter).to_have_class("counter over")


def test_a_part_of_the_composer_counts_only_while_it_is_open(tab: Page) -> None:
    tab.goto("/home")
    choice = tab.locator("#option-0")
    expect(choice).to_be_disabled()
    tab.locator("summary", has_text="Poll").click()
    expect(choice).to_be_enabled()
    expect(choice).to_be_visible()


def test_a_chosen_image_is_previewed_and_its_point_can_be_picked(tab: Page) -> None:
    tab.goto("/compose")
    tab.locator("summary", has_text="Images").click()
    expect(tab.locator("[data-slot]:not(.spare)")).to_have_count(1)
    drawing = b'<svg xmlns="http://www.w3.org/2000/svg" width="90" height="90"><rect width="90" height="90"/></svg>'
    tab.locator("#file-0").set_input_files({"name": "a.svg", "mimeType": "image/svg+xml", "buffer": drawing})
    view = tab.locator("[data-slot-view] img")
    expect(view).to_be_visible()
    expect(tab.locator("[data-slot]:not(.spare)")).to_have_count(2)
    box = view.bounding_box()
    assert box is not None
    view.click(position={"x": box["width"] * 0.75, "y": box["height"] * 0.25})
    across, up = map(float, tab.locator("[name='media[0][focus]']").input_value().split(","))
    assert abs(across - 0.5) < 0.1
    assert abs(up - 0.5) < 0.1


def test_times_are_chosen_on_the_clock_of_the_reader_and_of_that_day(browser: Browser, address: str) -> None:
    context = browser.new_context(base_url=address, timezone_id="Europe/Rome", service_workers="block")
    page = context.new_page()
    page.goto("/scheduled")
    form = page.locator("form:has([name=tz_offset])").first
    # Eight o'clock in UTC; the copy without script has that.
    expect(form.locator("[name=scheduled_at]")).to_have_value("2026-05-06T10:00")
    expect(form.locator("[data-zone]")).to_have_text("Europe/Rome")
    expect(form.locator("[name=tz_offset]")).to_have_value("-120")
    form.locator("[name=scheduled_at]").fill("2026-12-06T10:00")
    expect(form.locator("[name=tz_offset]")).to_have_value("-60")
    context.close()


def test_the_theme_changes_at_once(tab: Page) -> None:
    tab.goto("/auth/sign_in")
    tab.get_by_role("button", name="Dark").click()
    expect(tab.locator("html")).to_have_attribute("data-theme", "dark")
    expect(tab.get_by_role("button", name="Dark")).to_have_attribute("aria-pressed", "true")
    tab.get_by_role("button", name="As the device").click()
    assert tab.locator("html").get_attribute("data-theme") is None


def test_keys_walk_through_posts_and_open_one(tab: Page) -> None:
    tab.goto("/home")
    tab.keyboard.press("j")
    tab.keyboard.press("j")
    assert tab.evaluate("document.activeElement.dataset.post") == samples.FIRST["id"]
    tab.keyboard.press("k")
    assert tab.evaluate("document.activeElement.dataset.post") == samples.REPLY["id"]
    tab.keyboard.press("n")
    assert tab.evaluate("document.activeElement.name") == "status"
    tab.keyboard.type("jjj")
    expect(tab.get_by_label("Your post")).to_have_value("jjj")
    tab.get_by_label("Your post").blur()
    tab.keyboard.press("g")
    with tab.expect_navigation():
        tab.keyboard.press("n")
    assert tab.url.endswith("/notifications")


def test_a_picture_opens_in_full_and_gives_the_focus_back(tab: Page) -> None:
    tab.goto("/home")
    link = tab.locator("a[data-view]").first
    link.click()
    dialog = tab.get_by_role("dialog")
    expect(dialog).to_be_visible()
    expect(dialog.get_by_role("button", name="Close")).to_be_visible()
    tab.keyboard.press("Escape")
    expect(dialog).to_have_count(0)
    assert tab.evaluate("'view' in document.activeElement.dataset")


def test_a_button_swaps_its_row_and_keeps_the_focus(tab: Page, views: Views) -> None:
    starred = {**samples.REPLY, "favourited": True, "favourites_count": 3}
    answer = render(views, samples.page(), "partials/status_actions.html", status=starred, uid=starred["id"], said="")
    asked: list[str] = []
    tab.route(
        "**/web/statuses/**",
        lambda route: (
            asked.append(route.request.post_data or ""),
            route.fulfill(body=answer, content_type="text/html"),
        )[0],
    )
    tab.goto("/home")
    button = tab.locator(f"#status-{starred['id']} .act-star")
    button.focus()
    tab.keyboard.press("Enter")
    expect(button).to_have_attribute("aria-pressed", "true")
    expect(button).to_contain_text("3")
    assert "csrf=csrf-token" in asked[0]
    assert tab.evaluate("document.activeElement.id") == f"star-{starred['id']}"


def test_the_next_page_loads_when_it_comes_into_view(tab: Page, views: Views) -> None:
    more = render(
        views,
        samples.page(),
        "partials/feed.html",
        statuses=[NEW],
        context="home",
        older_url=None,
        newest_url=None,
        live=None,
    )
    tab.route("**/home?max_id=*", lambda route: route.fulfill(body=more, content_type="text/html"))
    tab.goto("/home")
    tab.locator(".older").scroll_into_view_if_needed()
    expect(tab.get_by_text("Something new under the sun.")).to_be_visible()
    expect(tab.locator(".older")).to_have_count(0)


def test_new_posts_appear_and_deleted_ones_go(tab: Page, views: Views) -> None:
    sockets: list[WebSocketRoute] = []
    asked: list[str] = []
    page_of_new = render(
        views,
        samples.page(),
        "partials/feed.html",
        statuses=[NEW],
        context="home",
        older_url=None,
        newest_url=None,
        live=None,
    )
    empty = render(
        views,
        samples.page(),
        "partials/feed.html",
        statuses=[],
        context="home",
        older_url=None,
        newest_url=None,
        live=None,
    )
    tab.unroute_all()
    tab.route_web_socket("**/web/stream**", lambda socket: sockets.append(socket))  # noqa: PLW0108 - it must be a function
    tab.route(
        "**/home?min_id=*",
        lambda route: (
            asked.append(route.request.url),
            route.fulfill(body=page_of_new if len(asked) == 1 else empty, content_type="text/html"),
        )[0],
    )
    tab.goto("/home")
    _wait_for(tab, sockets)
    assert "stream=user" in sockets[0].url
    sockets[0].send(json.dumps({"stream": ["user"], "event": "update", "payload": json.dumps({"id": NEW["id"]})}))
    expect(tab.locator("#feed > article").first).to_contain_text("Something new under the sun.")
    newest = max((s["id"] for s in samples.TIMELINE), key=lambda one: (len(one), one))
    assert f"min_id={newest}" in asked[0]
    sockets[0].send(json.dumps({"stream": ["user"], "event": "delete", "payload": NEW["id"]}))
    expect(tab.get_by_text("Something new under the sun.")).to_have_count(0)
    sockets[0].send(json.dumps({"stream": ["user"], "event": "notification", "payload": "{}"}))
    expect(tab.locator(".bottombar [data-unread]")).to_have_text("4")


def test_who_reads_further_down_is_asked_first(tab: Page, views: Views) -> None:
    sockets: list[WebSocketRoute] = []
    page_of_new = render(
        views,
        samples.page(),
        "partials/feed.html",
        statuses=[NEW],
        context="home",
        older_url=None,
        newest_url=None,
        live=None,
    )
    tab.unroute_all()
    tab.route_web_socket("**/web/stream**", lambda socket: sockets.append(socket))  # noqa: PLW0108 - it must be a function
    tab.route("**/home?min_id=*", lambda route: route.fulfill(body=page_of_new, content_type="text/html"))
    tab.goto("/home")
    _wait_for(tab, sockets)
    tab.evaluate("scrollTo(0, 900)")
    sockets[0].send(json.dumps({"stream": ["user"], "event": "update", "payload": json.dumps({"id": NEW["id"]})}))
    offer = tab.get_by_role("button", name="Show new posts")
    expect(offer).to_be_visible()
    expect(tab.get_by_text("Something new under the sun.")).to_have_count(0)
    offer.click()
    expect(tab.get_by_text("Something new under the sun.")).to_be_visible()


@pytest.mark.parametrize(
    "name", ["home", "profile", "thread-deep", "compose-full", "landing", "settings/profile", "home-hostile"]
)
def test_nothing_sticks_out_at_any_width(tab: Page, name: str) -> None:
    tab.goto(f"/{name}")
    for width in (320, 900, 1280):
        tab.set_viewport_size({"width": width, "height": 800})
        assert tab.evaluate("document.documentElement.scrollWidth") <= width


def test_a_name_that_takes_two_lines_covers_no_words(tab: Page) -> None:
    tab.set_viewport_size({"width": 320, "height": 800})
    tab.goto("/home")
    covered = """() => [...document.querySelectorAll("article.status")].filter((one) => {
      const [names, words] = [".head-who", ".body"].map((part) => one.querySelector(part).getBoundingClientRect());
      return words.height && names.bottom > words.top + 1;
    }).length"""
    assert tab.evaluate(covered) == 0
