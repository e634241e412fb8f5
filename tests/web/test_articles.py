"""Articles that are kept: what a reader sees is what would be drawn for them, and nothing of anybody else's page."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

import msgspec
import pytest
from jinja2 import meta

from rostra.posts.texts import KeptTexts
from rostra.web.articles import Articles, Shown
from rostra.web.render import TEMPLATE_FOLDER, Page, Views, load_views, render
from tests.web import samples
from tests.web.browser import Browser
from tests.web.samples import page
from tests.world import World

HIDE = {"filter": {"id": "1", "title": "derby", "context": ["home"], "filter_action": "hide"}}
POLL = {
    "id": "1", "expires_at": "2026-05-05T12:00:00.000Z", "expired": False, "multiple": False, "votes_count": 1,
    "voters_count": 1, "options": [{"title": "yes", "votes_count": 1}], "emojis": [], "voted": True, "own_votes": [0],
}  # fmt: skip
STATUSES: list[dict[str, Any]] = [
    samples.FIRST, samples.REPLY, samples.WARNED, samples.GALLERY, samples.SENSITIVE, samples.LINKED, samples.BOOST,
    samples.FILTERED, samples.DIRECT, samples.QUOTING, samples.FOREIGN, samples.FIRST | {"poll": POLL},
    samples.FIRST | {"favourited": True, "favourites_count": 3}, samples.FIRST | {"filtered": [HIDE]},
]  # fmt: skip
PAGES: list[Page] = [
    page(),
    page("/@ada?max_id=1&min_id=<2>", csrf='another"token', language="it"),
    page(viewer=samples.GIULIA),
    page(viewer=samples.GIULIA, decides=True),
    page(preferences={"reading:expand:media": "show_all", "reading:expand:spoilers": True, "posting:language": "it"}),
    page(preferences={"reading:expand:media": "hide_all"}),
    page(member=False),
    page(member=False, language="it", now=samples.NOW + timedelta(days=400)),
]


@pytest.fixture(scope="module")
def views() -> Views:
    return load_views()


def listed(views: Views, shown: Page, statuses: list[Any]) -> str:
    values = {"tab": "all", "older_url": None, "newest_url": None, "live": None}
    return render(views, shown, "public.html", statuses=statuses, **values)


def kept(*statuses: dict[str, Any]) -> list[Shown]:
    return [Shown(msgspec.json.encode(status)) for status in statuses]


def test_a_kept_article_is_what_would_be_drawn(views: Views) -> None:
    for _ in range(2):
        for number, shown in enumerate(PAGES):
            assert listed(views, shown, kept(*STATUSES)) == listed(views, shown, STATUSES), number


def test_the_same_article_is_drawn_once_for_all_who_are_shown_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    views = load_views()
    listed(views, page(viewer=samples.LONG), kept(samples.REPLY, samples.BOOST))
    drawn: list[object] = []

    def draw(_frame: object, status: object, _place: object) -> str:
        drawn.append(status)
        return "anew"

    monkeypatch.setattr("rostra.web.articles._Frame.draw", draw)
    again = listed(views, page("/public?x", csrf="z", viewer=samples.ARABIC), kept(samples.REPLY, samples.BOOST))
    assert (drawn, "anew" in again) == ([], False)
    listed(views, page(viewer=samples.ARABIC, decides=True), kept(samples.REPLY))
    assert len(drawn) == 1


def test_a_kept_article_has_nothing_of_the_page_that_it_was_drawn_for() -> None:
    views = load_views()
    listed(views, page("/first", csrf="first-token", viewer=samples.MARCO), kept(*STATUSES))
    listed(views, page("/own", csrf="own-token", viewer=samples.FIRST["account"]), kept(samples.FIRST))
    other = listed(views, page("/second", csrf="second-token", viewer=samples.TOMAS), kept(*STATUSES))
    assert "second-token" in other
    for foreign in ("first-token", "own-token", "/first", "/own", f"/{samples.FIRST['id']}/edit"):
        assert foreign not in other, foreign


def test_what_a_post_says_is_never_replaced_by_a_reader_s_token() -> None:
    """The marks are not to be guessed from one process to the next."""
    environment = load_views().environment
    marks = {(vars(articles)["_csrf"], vars(articles)["_path"]) for articles in (Articles(environment) for _ in "12")}
    assert len({mark for pair in marks for mark in pair}) == 4


def test_an_article_ages_and_changes_with_its_status(views: Views) -> None:
    young = listed(views, page(), kept(samples.FIRST))
    later = page(now=samples.NOW + timedelta(hours=5))
    assert listed(views, later, kept(samples.FIRST)) == listed(views, later, [samples.FIRST]) != young
    edited = samples.FIRST | {"content": "<p>Something else.</p>", "edited_at": "2026-05-04T11:50:00.000Z"}
    assert "Something else." in listed(views, page(), kept(edited))


def test_a_poll_is_counted_for_each_reader(views: Views) -> None:
    for hours in (1, 3):
        shown = page(now=samples.NOW + timedelta(hours=hours))
        poll = samples.FIRST | {"poll": POLL}
        assert f"{24 - hours}h left" in listed(views, shown, kept(poll))


def test_macros_take_nothing_of_a_page_but_what_is_the_same_all_over_it(views: Views) -> None:
    """They are made once for a page, whichever template imports them first; those of statuses also without one."""
    known = {"page", "forms", "people", "parts", *views.environment.globals}
    base = (TEMPLATE_FOLDER / "base.html").read_text()
    assert all(f" as {name} with context" in base for name in ("forms", "people", "parts"))
    for path in (TEMPLATE_FOLDER / "macros").iterdir():
        source = path.read_text()
        own = {name for line in re.findall(r"{% set ([\w, ]+?) =", source) for name in line.split(", ")}
        outside = meta.find_undeclared_variables(views.environment.parse(source)) - own
        assert outside <= (known if path.name != "status.html" else known - {"forms", "people", "parts"}), path.name


@pytest.fixture
async def world(world: World) -> World:
    """A world whose pages remember, as real ones do."""
    world.res = msgspec.structs.replace(world.res, texts=KeptTexts())
    world.app.res = world.res
    return world


async def test_whoever_may_not_see_a_post_is_not_shown_the_article_of_those_who_may(world: World) -> None:
    alice, bob, carol = [await world.person(name) for name in ("alice", "bob", "carol")]
    await bob.follow(alice)
    await alice.post("for everybody")
    await alice.post("for followers", visibility="private")
    follower, stranger, visitor = await Browser.of(world, bob), await Browser.of(world, carol), Browser(world)
    for _ in range(2):
        for browser, sees in ((follower, True), (stranger, False), (visitor, False)):
            html = await browser.get("/@alice")
            assert ("for everybody" in html, "for followers" in html) == (True, sees)
    await alice.api.post(f"/api/v1/accounts/{bob.id}/block")
    assert "for everybody" not in await follower.get("/@alice")
    assert "for everybody" in await visitor.get("/@alice")


async def test_a_visitor_and_a_person_are_shown_their_own_form_of_a_post(world: World) -> None:
    alice, bob = await world.person("alice"), await world.person("bob")
    status = await alice.post("hello")
    await bob.api.post(f"/api/v1/statuses/{status['id']}/favourite")
    person, author, visitor = await Browser.of(world, bob), await Browser.of(world, alice), Browser(world)
    for _ in range(2):
        assert f"/web/statuses/{status['id']}/unfavourite" in await person.get("/@alice")
        own = await author.get("/@alice")
        assert f"/{status['id']}/edit" in own
        assert "unfavourite" not in own
        assert "/web/statuses/" not in await visitor.get("/@alice")
