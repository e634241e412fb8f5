"""The pages in headless Chromium on a running server: signing up, posting, following, live updates, no script, keys,
and barriers on every main page. No page may complain, least of all of a breach of its own security policy."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta

import httpx
import msgspec
import pytest
from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page, Response, expect

from rostra.continuity.place import Place
from rostra.continuity.records import DrillLog, DrillRecord, ShipStatus, TargetStatus
from rostra.policy.shipped import shipped_bundle
from tests.live.server import PASSWORD, Person, Server, running, wait_for
from tests.media.samples import encode, picture
from tests.web import axe
from tests.web.chromium import launched, needs_chromium

pytestmark = needs_chromium
NOWHERE = "/nothing-here"
PHONE, DESKTOP = {"width": 390, "height": 844}, {"width": 1280, "height": 900}


@pytest.fixture(scope="module")
def site() -> Iterator[Server]:
    with running() as server:
        yield server


@pytest.fixture(scope="module")
def bruno(site: Server) -> Person:
    """Somebody who has said a few things."""
    person = site.person("bruno")
    person.http.patch("/api/v1/accounts/update_credentials", json={"discoverable": True, "note": "Bakes #bread."})
    media = person.http.post(
        "/api/v2/media", files={"file": ("a.png", encode(picture(640, 400), "PNG"))}, data={"description": "A loaf"}
    ).json()
    person.post("The first loaf #bread", media_ids=[media["id"]])
    person.post("Not for everybody", spoiler_text="Crumbs")
    person.post("Rye or wheat?", poll={"options": ["Rye", "Wheat"], "expires_in": 86400})
    return person


@pytest.fixture(scope="module")
def ada(site: Server, bruno: Person) -> Person:
    """Somebody who follows Bruno, and hears from him."""
    person = site.person("ada")
    person.http.post(f"/api/v1/accounts/{bruno.id}/follow")
    first = person.post("Good morning, all")
    bruno.post("@ada good morning", in_reply_to_id=first["id"])
    bruno.http.post(f"/api/v1/statuses/{first['id']}/favourite")
    person.http.post("/api/v1/lists", json={"title": "Bakers"})
    person.post("Later", scheduled_at=f"{datetime.now(UTC).year + 1}-06-01T12:00:00Z")
    wait_for(lambda: len(person.http.get("/api/v1/notifications").json()) == 2)
    return person


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    with launched() as browser:
        yield browser


@contextmanager
def opened(
    chromium: Browser, site: Server, *, script: bool = True, size: dict[str, int] = DESKTOP, refused_forms: bool = False
) -> Iterator[Page]:
    """A page of a new browser; whatever it complains of is a failure, except refused forms where they are expected."""
    context: BrowserContext = chromium.new_context(
        base_url=site.url, viewport=size, java_script_enabled=script, reduced_motion="reduce", locale="en-GB"
    )
    context.set_default_timeout(10_000)
    page, complaints = context.new_page(), list[str]()
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.on("console", lambda said: complaints.append(said.text) if _is_complaint(said) else None)
    expected = (422,) if refused_forms else ()
    page.on(
        "response",
        lambda got: (
            complaints.append(f"{got.status} {got.url}") if _is_failure(got) and got.status not in expected else None
        ),
    )
    try:
        yield page
    finally:
        context.close()
    assert complaints == []


def _is_complaint(said: ConsoleMessage) -> bool:
    # What did not load is known by its answer.
    return said.type in ("error", "warning") and not said.text.startswith("Failed to load resource")


def _is_failure(answer: Response) -> bool:
    return answer.status >= 400 and not answer.url.endswith(NOWHERE)


def sign_in(page: Page, person: Person) -> None:
    page.goto("/auth/sign_in")
    page.get_by_label("User name or e-mail address").fill(person.username)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("main").get_by_role("button", name="Sign in").click()
    page.wait_for_url("**/home")


def letter_link(site: Server, address: str) -> str:
    """The path of the link in the letter to this address."""
    found: list[str] = []

    def look() -> bool:
        for letter in (site.data / "mail").glob("*"):
            text = letter.read_text().replace("=\n", "").replace("=3D", "=")
            if address in text:
                found.extend(re.findall(rf"{re.escape(site.url)}(/auth/confirmation\S+)", text))
        return bool(found)

    wait_for(look)
    return found[0]


def test_somebody_signs_up_and_posts_an_image_and_a_poll(chromium: Browser, site: Server) -> None:
    with opened(chromium, site, size=PHONE) as page:
        page.goto("/")
        page.get_by_role("link", name="Create an account").first.click()
        page.get_by_label("User name").fill("carla")
        page.get_by_label("E-mail address").fill("carla@example.com")
        page.get_by_label("Password").fill(PASSWORD)
        page.get_by_label("I have read the rules").check()
        page.get_by_role("button", name="Create the account").click()
        expect(page.get_by_text("carla@example.com")).to_be_visible()
        page.goto(letter_link(site, "carla@example.com"))
        page.get_by_role("link", name="Go in").click()
        page.get_by_label("User name or e-mail address").fill("carla@example.com")
        page.get_by_label("Password").fill(PASSWORD)
        page.get_by_role("button", name="Sign in").click()
        page.wait_for_url("**/home")
        page.get_by_label("Your post").fill("My first picture")
        page.locator("summary", has_text="Images").click()
        png = {"name": "a.png", "mimeType": "image/png", "buffer": encode(picture(300, 200), "PNG")}
        page.get_by_label("Image 1").set_input_files(png)
        page.get_by_label("Description for people who cannot see it").first.fill("A fractal in many colours")
        page.get_by_role("button", name="Post", exact=True).click()
        expect(page.locator("#feed")).to_contain_text("My first picture")
        shot = page.get_by_role("img", name="A fractal in many colours")
        expect(shot).to_be_visible()
        assert shot.evaluate("async (image) => { await image.decode(); return image.naturalWidth }") == 300
        page.get_by_label("Your post").fill("Sweet or salty?")
        page.locator("summary", has_text="Poll").click()
        page.get_by_label("Choice 1").fill("Sweet")
        page.get_by_label("Choice 2").fill("Salty")
        page.get_by_role("button", name="Post", exact=True).click()
        expect(page.locator("#feed article").first).to_contain_text("Salty")


def test_who_goes_back_and_posts_again_has_posted_once(chromium: Browser, site: Server, ada: Person) -> None:
    with opened(chromium, site) as page:
        sign_in(page, ada)
        page.goto("/home")
        for text, posts in (("Bread, still warm", 1), ("Bread, still warm", 1), ("Bread, cold by now", 2)):
            page.get_by_label("Your post").fill(text)
            page.get_by_role("button", name="Post", exact=True).click()
            expect(page.locator("#feed article").first).to_contain_text(text)
            expect(page.locator("#feed article", has_text="Bread,")).to_have_count(posts)
            page.go_back()
            expect(page.get_by_label("Your post")).to_have_value(text)


def test_following_and_answering_and_what_is_new_arrives_by_itself(
    chromium: Browser, site: Server, bruno: Person
) -> None:
    dora = site.person("dora")
    with opened(chromium, site) as page:
        sign_in(page, dora)
        page.goto("/@bruno")
        page.get_by_role("button", name="Follow @bruno").click()
        expect(page.locator("form.follow")).to_contain_text("Following")
        page.goto("/home")
        said = bruno.post("Fresh from the oven")
        expect(page.locator("#feed article").first).to_contain_text("Fresh from the oven")
        star = page.locator(f"#star-{said['id']}")
        star.click()
        expect(star).to_have_attribute("aria-pressed", "true")
        page.locator(f"#status-{said['id']} .head-when").click()
        expect(page.get_by_role("heading", name="Conversation")).to_be_visible()
        expect(page.get_by_label("Your post")).to_have_value("@bruno ")
        page.get_by_label("Your post").press_sequentially("smells good")
        page.get_by_role("button", name="Reply", exact=True).click()
        expect(page.locator("#feed")).to_contain_text("smells good")
        expect(page.get_by_role("status").first).to_contain_text("Your post was published.")
        answer = dora.http.get(f"/api/v1/statuses/{said['id']}/context").json()["descendants"][0]
        bruno.post("@dora come by", in_reply_to_id=answer["id"])
        expect(page.locator("#feed")).to_contain_text("come by")
        bruno.http.delete(f"/api/v1/statuses/{said['id']}")
        expect(page.locator(f"[data-post='{said['id']}']")).to_have_count(0)


def test_without_script_one_signs_in_reads_posts_follows_and_votes(
    chromium: Browser, site: Server, bruno: Person
) -> None:
    emil = site.person("emil")
    with opened(chromium, site, script=False, size=PHONE) as page:
        sign_in(page, emil)
        page.goto("/@bruno")
        page.get_by_role("button", name="Follow @bruno").click()
        expect(page.locator("form.follow").first).to_contain_text("Following")
        poll = page.locator("form.poll").first
        poll.get_by_label("Wheat").check()
        poll.get_by_role("button", name="Vote").click()
        expect(page.locator(".poll .mine")).to_be_visible()
        loaf = page.locator("article", has_text="The first loaf")
        loaf.get_by_role("button", name="Favourite").click()
        expect(loaf.get_by_role("button", name="Favourite")).to_have_attribute("aria-pressed", "true")
        page.goto("/home")
        page.get_by_label("Your post").fill("No script, no problem")
        page.locator("summary", has_text="Images").click()
        png = {"name": "a.png", "mimeType": "image/png", "buffer": encode(picture(), "PNG")}
        page.get_by_label("Image 1").set_input_files(png)
        page.get_by_role("button", name="Post", exact=True).click()
        expect(page.locator("#feed article").first).to_contain_text("No script, no problem")
        expect(page.locator("#feed article").first.locator(".shot img")).to_be_visible()
        page.locator("#feed article").first.locator(".head-when").click()
        expect(page.locator("article.focused")).to_contain_text("No script, no problem")
        page.locator("article.focused summary").click()
        page.get_by_role("link", name="Delete").click()
        page.get_by_role("button", name="Delete and write it again").click()
        expect(page.get_by_label("Your post")).to_have_value("No script, no problem")
        page.get_by_label("Your post").fill("Said better")
        page.get_by_role("button", name="Post", exact=True).click()
        expect(page.locator("#feed article").first).to_contain_text("Said better")


def test_keys_are_enough(chromium: Browser, site: Server, ada: Person) -> None:
    with opened(chromium, site) as page:
        sign_in(page, ada)
        page.keyboard.press("Tab")
        expect(page.get_by_role("link", name="Skip to the content")).to_be_focused()
        page.keyboard.press("Enter")
        page.keyboard.press("Tab")
        expect(page.get_by_label("Your post")).to_be_focused()
        page.keyboard.type("Typed by keys")
        # The page that is left may show the post, too, as soon as its stream brings it.
        with page.expect_navigation():
            page.keyboard.press("Control+Enter")
        expect(page.locator("#feed article").first).to_contain_text("Typed by keys")
        page.keyboard.press("j")
        expect(page.locator("#feed article").first).to_be_focused()
        page.keyboard.press("f")
        star = page.locator("#feed article").first.locator(".act-star")
        expect(star).to_have_attribute("aria-pressed", "true")
        page.keyboard.press("o")
        page.wait_for_url("**/@ada/*")
        page.keyboard.press("n")
        expect(page.get_by_label("Your post")).to_be_focused()
        page.get_by_label("Your post").blur()
        page.keyboard.press("g")
        page.keyboard.press("n")
        page.wait_for_url("**/notifications")
        page.keyboard.press("/")
        expect(page.get_by_label("Search")).to_be_focused()


OF_VISITORS = (
    "/", "/about", "/policy", "/transparency", "/transparency/log",
    "/auth/sign_in", "/auth/sign_up", "/public/local", "/@bruno", NOWHERE,
)  # fmt: skip
OF_MEMBERS = (
    "/home", "/explore", "/explore/people", "/search?q=bread", "/notifications", "/@bruno", "/compose", "/bookmarks",
    "/lists", "/scheduled", "/settings", "/settings/profile", "/settings/preferences", "/settings/account",
    "/settings/sessions", "/settings/filters/new", "/keyboard", "THREAD",
)  # fmt: skip
OF_STAFF = (
    "/admin", "/admin/desk", "/admin/desk?source=hold", "/admin/desk?tab=closed", "/admin/desk/settings",
    "/admin/desk/templates", "CASE", "/admin/desk/act?status=POST", "/admin/policy", "/admin/policy/coverage",
    "/admin/policy/facts", "/admin/policy/versions", "VERSION", "VERSION/edit?name=rules/goods.yaml",
    "/admin/policy/replays", "/admin/policy/clusters", "/admin/crisis",
    "/admin/crisis/levers/slow-mode", "/admin/crisis/incidents", "/admin/transparency", "HELD",
    "/admin/people", "/admin/people?role=staff", "PERSON", "/admin/audit", "/admin/continuity",
)  # fmt: skip


@pytest.fixture(scope="module")
def olga(site: Server) -> Person:
    """An administrator, whose server holds a post of her own and one of somebody else's."""
    person, other = site.person("olga", "admin"), site.person("otto")
    tests = [test for test in shipped_bundle().fixtures if test.expect.clause == "goods.weapons" and not test.facts]
    texts = [test.text for test in tests if test.expect.action == "hold" and not test.known_gap]
    for author in (person, other):
        assert author.post(texts[0])["moderation"]["withheld"] == "review"
    return person


def leave_copies(site: Server) -> None:
    """What ship and drills write down, some of it bad, so that the page of the copies has much to show."""
    place, now = Place(site.data), datetime.now(UTC)
    place.ensure()
    (place.path / "epoch.json").write_text("{}")
    well = TargetStatus(
        label="s3://copies/rostra", safe_until=now, behind=0, base="b", base_at=now, bases=3, media_behind=0
    )
    away = msgspec.structs.replace(
        well, label="sftp://a-place-with-a-long-name.example/srv/copies-of-the-server", behind=1204, problem="no answer"
    )
    targets = [well, away, msgspec.structs.replace(well, label="file:///mnt/disk", safe_until=None, base_at=None)]
    place.write_status(
        ShipStatus(at=now, site="s", epoch=1, lsn=1, spool_bytes=5_000_000, wal_bytes=0, targets=targets)
    )
    good = DrillRecord(
        at=now - timedelta(days=7), ended_at=now, target=well.label, host="h", full=True, ok=True, rpo=0.0, rto=118.0
    )
    bad = msgspec.structs.replace(
        good, at=now, ok=False, full=False, rto=None, rpo=None, problems=["bases/b/part-000003: its bytes were changed"]
    )
    place.write_json("drills.json", DrillLog(drills=[bad, good]))


@pytest.mark.parametrize("who", ["visitors", "members", "staff"])
def test_no_main_page_has_a_serious_barrier(
    chromium: Browser, site: Server, bruno: Person, ada: Person, olga: Person, who: str
) -> None:
    with httpx.Client(base_url=site.url, trust_env=False) as anyone:
        version = re.findall(r"Version ([0-9a-f]{12}) of", anyone.get("/policy").text)[0]
    places = {
        "THREAD": f"/@bruno/{bruno.http.get(f'/api/v1/accounts/{bruno.id}/statuses').json()[-1]['id']}",
        "HELD": f"/@olga/{olga.http.get(f'/api/v1/accounts/{olga.id}/statuses').json()[0]['id']}",
        "VERSION": f"/admin/policy/versions/{version}",
        "PERSON": f"/admin/people/{bruno.id}",
    }
    barriers: list[object] = []
    with opened(chromium, site) as page:
        if who != "visitors":
            sign_in(page, olga if who == "staff" else ada)
        if who == "staff":
            leave_copies(site)
            page.goto("/admin/desk")
            places["CASE"] = page.locator("article.case").filter(has_text="@otto").get_attribute("data-href") or ""
            places["POST"] = str(bruno.http.get(f"/api/v1/accounts/{bruno.id}/statuses").json()[0]["id"])
        for path in {"visitors": OF_VISITORS, "members": OF_MEMBERS, "staff": OF_STAFF}[who]:
            page.goto(re.sub("[A-Z]{4,}", lambda name: places[name[0]], path))
            axe.load_axe(page)
            for size, scheme in ((DESKTOP, "light"), (DESKTOP, "dark"), (PHONE, "dark"), (PHONE, "light")):
                page.set_viewport_size(size)
                page.emulate_media(color_scheme=scheme)
                found = axe.find_barriers(page, of_colours_alone=scheme == "dark")
                barriers += [(path, size["width"], scheme, each) for each in found]
                if page.evaluate("document.documentElement.scrollWidth") > size["width"]:
                    barriers.append((path, size["width"], "is wider than the screen"))
    assert barriers == []


def test_the_desk_is_worked_by_keys_from_the_list_to_the_decision_and_back(
    chromium: Browser, site: Server, olga: Person
) -> None:
    with opened(chromium, site) as page:
        sign_in(page, olga)
        page.goto("/admin/desk")
        page.locator("article.case").filter(has_text="@otto").locator(".case-text").click()
        expect(page.get_by_role("heading", name="Post by @otto")).to_be_visible()
        page.goto("/admin/desk")
        page.keyboard.press("j")
        expect(page.locator("article.case").first).to_be_focused()
        veiled = page.locator("article.case:focus .case-text")
        expect(veiled).to_have_css("filter", re.compile("blur"))
        page.keyboard.press("v")
        expect(veiled).to_have_css("filter", "none")
        page.keyboard.press("?")
        expect(page.get_by_role("dialog", name="Keys of the desk")).to_be_visible()
        page.keyboard.press("Escape")
        page.keyboard.press("/")
        expect(page.get_by_label("Clause")).to_be_focused()
        page.keyboard.press("Escape")
        with page.expect_navigation():
            page.keyboard.press("n")
        expect(page.get_by_role("heading", name="Post by @otto")).to_be_visible()
        expect(page.locator("blockquote mark").first).to_be_visible()
        case = page.url
        page.keyboard.press("c")
        page.keyboard.type("phishing")
        expect(page.get_by_label("Clause", exact=True)).to_have_value("fraud.phishing")
        page.get_by_label("Find a clause").fill("")
        page.keyboard.press("Escape")
        page.keyboard.press("e")
        expect(page.get_by_label("Why somebody else has to look at it")).to_be_focused()
        page.keyboard.type("n 1 s")
        page.keyboard.press("Escape")
        page.keyboard.press("d")
        expect(page.get_by_label("breaks the policy")).to_be_focused()
        expect(page.get_by_label("What the author reads")).to_be_hidden()
        page.keyboard.press("Space")
        expect(page.get_by_label("What the author reads")).to_be_visible()
        page.keyboard.press("8")
        expect(page.get_by_role("button", name="Remove, suspend for good")).to_be_focused()
        assert page.url == case
        with page.expect_navigation():
            page.keyboard.press("2")
        expect(page.locator(".done")).to_contain_text("removed")
        with page.expect_navigation():
            page.keyboard.press("u")
        expect(page.get_by_text("Undone.")).to_be_visible()
        expect(page.get_by_role("heading", name="Post by @otto")).to_be_visible()
        page.keyboard.press("s")
        expect(page.get_by_text("Nothing else waits here.")).to_be_visible()


def test_a_lease_renews_itself_while_the_page_is_open_and_the_time_counts(
    chromium: Browser, site: Server, olga: Person
) -> None:
    with opened(chromium, site) as page:
        page.clock.install()
        sign_in(page, olga)

        def looked_at() -> int:
            page.goto("/admin/desk/settings")
            return int(re.findall(r"(\d+)/400", page.content())[0])

        before = looked_at()
        page.goto("/admin/desk")
        page.get_by_role("button", name="Next case").click()
        expect(page.get_by_role("heading", name="Post by @otto")).to_be_visible()
        with page.expect_response(lambda answer: answer.url.endswith("/renew")) as renewed:
            page.clock.fast_forward(121_000)
        assert renewed.value.status == 204
        wait_for(lambda: looked_at() == before + 1)


def test_a_case_is_decided_on_a_phone_without_script(chromium: Browser, site: Server, olga: Person) -> None:
    with opened(chromium, site, script=False, size=PHONE) as page:
        sign_in(page, olga)
        page.goto("/admin/desk")
        cases = page.locator("article.case")
        expect(cases).to_have_count(2)
        cases.filter(has_text="your own").get_by_role("link").click()
        expect(page.get_by_text("This is your own: somebody else has to look at it.")).to_be_visible()
        page.goto("/admin/desk")
        page.get_by_role("button", name="Next case").click()
        page.locator("details.long > summary").click()
        page.get_by_label("breaks the policy").check()
        page.get_by_label("remove", exact=True).check()
        page.get_by_label("freeze: may read, not write").check()
        page.locator("#lasts-account-freeze").select_option("7d")
        page.get_by_label("What you found").fill("Offers a weapon for sale")
        page.get_by_role("button", name="Decide so").click()
        expect(page.locator(".done")).to_contain_text("removed, frozen")
        expect(cases).to_have_count(1)


# The last one: what is refused opens a case about its author, which would be the first on the desk.
def test_a_check_of_the_policy_tells_by_itself_how_far_it_is_and_leads_to_the_line(
    chromium: Browser, site: Server, olga: Person
) -> None:
    with opened(chromium, site) as page:
        sign_in(page, olga)
        page.goto("/admin/policy")
        page.get_by_role("link", name="Change").first.click()
        page.goto(f"{page.url}/edit?name=rules/violence.yaml")
        written = page.locator("#text").input_value().replace("text.threat", "text.thret", 1)
        page.locator("#text").fill(written)
        page.get_by_role("button", name="Check").click()
        wrong = page.get_by_text("did you mean text.threat?").first
        expect(wrong).to_be_visible()
        expect(page).to_have_title(re.compile("rules/violence.yaml"))
        axe.load_axe(page)
        assert axe.find_barriers(page) == []
        page.locator('a[href="#text"]').first.click()
        chosen = page.locator("#text").evaluate("box => box.value.slice(box.selectionStart, box.selectionEnd)")
        assert "text.thret" in chosen
        line = str(written[: written.index("text.thret")].count("\n") + 1)
        assert line in page.locator(".code-lines b").all_text_contents()
        box = page.locator("#text")
        assert box.evaluate("box => box.scrollHeight - box.clientHeight") <= 1, "numbers and lines scroll together"
        box.press("Control+End")
        box.press_sequentially("\n" * 30)
        assert box.evaluate("box => box.scrollHeight - box.clientHeight") <= 1
        box.fill(written)
        assert page.locator("#text").input_value() == written


def test_what_is_refused_is_told_first(chromium: Browser, site: Server, ada: Person) -> None:
    text = "If you open that door again I will kill you, and your brother too"
    with opened(chromium, site, refused_forms=True) as page:
        sign_in(page, ada)
        page.goto("/compose")
        page.get_by_label("Your post").fill(text)
        page.get_by_role("main").get_by_role("button", name="Post").click()
        expect(page.locator("#refused")).to_be_focused()
        expect(page.get_by_label("Your post")).to_have_value(text)
        expect(page.locator("#marked mark").first).to_contain_text("kill you")
        axe.load_axe(page)
        assert axe.find_barriers(page) == []
