"""What authors are told when the policy refuses or holds what they write: why, and which words.
Never more than text."""

from __future__ import annotations

import re
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rostra.screening.subject import Mark, Part
from rostra.web.marked import mark_words, marked_parts
from tests.moderation.desk import decide, drafted
from tests.screening.policies import put_in_force
from tests.web.markup import check
from tests.web.test_pages import Browser
from tests.world import World

REFUSED = 'id="refused" role="alert" tabindex="-1" autofocus'


SIGNS = st.sampled_from("<>&\"'a è😀\n")


@given(st.text(SIGNS, max_size=60), st.lists(st.tuples(st.integers(-5, 70), st.integers(-5, 70)), max_size=6))
def test_marking_changes_nothing_but_the_marks_and_never_makes_html(text: str, spans: list[tuple[int, int]]) -> None:
    html = str(mark_words(text, spans))
    bare = html.replace("<mark>", "").replace("</mark>", "")
    assert "<" not in bare
    assert ">" not in bare
    for code, sign in (("&lt;", "<"), ("&gt;", ">"), ("&#39;", "'"), ("&#34;", '"'), ("&amp;", "&")):
        bare = bare.replace(code, sign)
    assert bare == text
    assert html.count("<mark>") == html.count("</mark>")


def test_spans_that_overlap_become_one_mark() -> None:
    assert mark_words("abcdef", [(1, 3), (2, 5), (9, 12), (3, 3)]) == "a<mark>bcde</mark>f"


def test_a_mark_is_escaped_inside_and_outside() -> None:
    text = "<b>x</b> & <script>"
    assert mark_words(text, [(9, 19)]) == "&lt;b&gt;x&lt;/b&gt; <mark>&amp; &lt;script&gt;</mark>"


def test_the_second_of_two_poll_options_is_told_from_the_first() -> None:
    parts = [Part("poll[options][0]", "one"), Part("poll[options][1]", "two")]
    (found,) = marked_parts(parts, [Mark("poll[options][1]", 0, 2, "x")])
    assert (found.field, found.html, found.words) == ("poll[options][1]", "<mark>tw</mark>o", ["tw"])


async def _browser(world: World, name: str = "ada", **more: str) -> Browser:
    return await Browser.of(world, await world.person(name, **more))


def _is_clean(page: str) -> None:
    assert check(page)[1] == []


async def test_a_refused_post_comes_back_whole_with_the_reason_in_focus(world: World) -> None:
    await put_in_force(world)
    browser = await _browser(world)
    await browser.get("/compose")
    page = await browser.post("/web/statuses", expect=422, status="A turnip for all <b>of you</b>", spoiler_text="Food")
    assert REFUSED in page
    assert "No turnips here. Take the turnip out." in page
    assert "A turnip for all &lt;b&gt;of you&lt;/b&gt;" in page
    assert 'value="Food"' in page
    assert 'href="/policy#words"' in page
    assert page.count("autofocus") == 1, "the message has the focus, not the field"
    _is_clean(page)


async def test_the_words_are_marked_beneath_the_field_and_stay_text(world: World) -> None:
    rules = """
    - id: threats
      clause: words
      description: Threats.
      when: '"threat.kill" in text.matches || text.threat > 0.5 || size(text.matches) > 0'
      then: [reject]
      reason: {en: Do not threaten., it: Non minacciare.}
      mode: live
    """
    await put_in_force(world, rules)
    browser = await _browser(world)
    await browser.get("/compose")
    text = "<img src=x onerror=alert(1)> I will kill you tomorrow, I will kill you with a knife"
    page = await browser.post("/web/statuses", expect=422, status=text)
    assert "Do not threaten." in page
    marked = re.search(r'<div class="marked" id="marked">(.*?)</div>', page, re.DOTALL)
    assert marked is not None
    assert "<mark>" in marked[1]
    assert "<img" not in marked[1]
    assert "kill you" in marked[1]
    assert 'aria-describedby="refused marked"' in page
    _is_clean(page)


async def test_an_edit_that_is_refused_comes_back_too(world: World) -> None:
    await put_in_force(world)
    ada = await world.person("ada")
    posted = await ada.post("Good morning")
    browser = await Browser.of(world, ada)
    await browser.get(f"/@ada/{posted['id']}/edit")
    page = await browser.post(f"/web/statuses/{posted['id']}", expect=422, status="A turnip")
    assert REFUSED in page
    assert "A turnip</textarea>" in page


async def test_a_refused_profile_keeps_what_was_typed(world: World) -> None:
    await put_in_force(world)
    browser = await _browser(world)
    await browser.get("/settings/profile")
    page = await browser.post("/settings/profile", expect=422, display_name="Ada", note="All about turnips")
    assert REFUSED in page
    assert "All about turnips</textarea>" in page
    _is_clean(page)


async def test_a_profile_that_would_be_held_is_refused_with_the_reason(world: World) -> None:
    await put_in_force(world)
    browser = await _browser(world)
    await browser.get("/settings/profile")
    page = await browser.post("/settings/profile", expect=422, display_name="Ada", note="All about pumpkins. A pumpkin")
    assert "A profile cannot wait for a person to look at it: please say it otherwise." in page


async def test_a_held_post_is_not_said_to_be_published(world: World) -> None:
    await put_in_force(world)
    browser = await _browser(world)
    await browser.get("/compose")
    page = await browser.post("/web/statuses", status="A pumpkin")
    assert "Your post waits for review" in page
    assert "Pumpkins are looked at first." in page
    assert "Your post was published." not in page
    page = await browser.post("/web/statuses", status="A lettuce")
    assert "Your post was published." in page


async def test_the_author_reads_on_the_post_why_it_waits_and_what_can_be_done(world: World) -> None:
    await put_in_force(world)
    ada, bob = await world.person("ada"), await world.person("bob")
    posted = await ada.post("A pumpkin")
    browser = await Browser.of(world, ada)
    page = await browser.get(f"/@ada/{posted['id']}")
    assert "Waiting for review" in page
    assert "Pumpkins are looked at first." in page
    assert f'href="/@ada/{posted["id"]}/edit"' in page
    assert f'href="/web/statuses/{posted["id"]}/delete"' in page
    assert "If nobody has by" in page
    assert '<details class="filtered"' not in page
    _is_clean(page)
    assert "Only you see this. Why?" in await browser.get("/@ada")
    await (await Browser.of(world, bob)).get(f"/@ada/{posted['id']}", expect=404)
    await decide(world, posted["id"], drafted(clause="words"), by=bob)
    assert "Not published" in await browser.get(f"/@ada/{posted['id']}")


async def test_the_reason_is_in_the_readers_language(world: World) -> None:
    await put_in_force(world)
    ada = await world.person("ada")
    posted = await ada.post("A pumpkin")
    await world.db.connection.execute("update users set locale = 'it' where account_id = $1", ada.account_id)
    page = await (await Browser.of(world, ada)).get(f"/@ada/{posted['id']}")
    assert "Le zucche si guardano prima." in page
    assert "In attesa di revisione" in page


@pytest.mark.parametrize("text", ["A beetroot"])
async def test_a_label_is_a_badge_and_folds_nothing_away(world: World, text: str) -> None:
    await put_in_force(world)
    ada = await world.person("ada")
    posted = await ada.post(text)
    page = await Browser(world).get(f"/@ada/{posted['id']}")
    assert re.search(r'<ul class="labels".*?Graphic', page, re.DOTALL)
    page = await Browser(world).get("/@ada")
    assert re.search(r'<ul class="labels".*?Graphic', page, re.DOTALL)
    assert '<details class="filtered"' not in page
    assert "Filtered" not in page


async def test_a_labelled_account_says_so_on_its_profile(world: World) -> None:
    ada = await world.person("ada")
    labels = [{"id": "odd", "title": {"en": "Odd <b>account</b>", "it": "Strano"}}]
    await world.db.connection.execute("update accounts set labels = $2 where id = $1", ada.account_id, labels)
    assert "Odd &lt;b&gt;account&lt;/b&gt;" in await Browser(world).get("/@ada")


async def test_words_in_a_poll_are_marked_where_they_stand(world: World) -> None:
    rules = """
    - id: threats
      clause: words
      description: Threats.
      when: size(text.matches) > 0
      then: [reject]
      reason: {en: Do not threaten., it: Non minacciare.}
      mode: live
    """
    await put_in_force(world, rules)
    ada = await world.person("ada", scopes="read write")
    browser = await Browser.of(world, ada)
    await browser.get("/compose")
    options = ["a quiet walk by the river", "I will kill you tomorrow"]
    written: dict[str, Any] = {"status": "Well?", "poll[options][]": options}
    page = await browser.post("/web/statuses", expect=422, **written)
    assert "In the poll:" in page
    marked = re.search(r'<div class="marked" id="marked">(.*?)</div>', page, re.DOTALL)
    assert marked is not None
    assert "river" not in marked[1]
    assert "<mark>I will kill you" in marked[1]
    assert "a person will then look at it" in page
    poll = {"options": options, "expires_in": 3600}
    bob = await world.person("bob", scopes="read write")
    answer = await bob.api.post("/api/v1/statuses", {"status": "Well?", "poll": poll}, expect=422)
    assert "“I will kill you" in answer.json()["error"]
    await browser.post("/web/statuses", **written)
    assert "Your post waits for review" in browser.page


async def test_an_answer_to_a_closed_post_is_refused_in_the_readers_language(world: World) -> None:
    await put_in_force(world)
    ada, bob = await world.person("ada"), await world.person("bob")
    posted = await ada.post("A radish")
    await world.db.connection.execute("update users set locale = 'it' where account_id = $1", bob.account_id)
    browser = await Browser.of(world, bob)
    await browser.get(f"/@ada/{posted['id']}")
    page = await browser.post("/web/statuses", expect=422, status="Why?", in_reply_to_id=posted["id"])
    assert "Nessuno può più rispondere a questo post" in page
    assert "Why?</textarea>" in page
