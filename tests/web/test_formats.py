"""How single values look."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rostra.web import formats
from rostra.web.language import choose_language, language_choices, language_name
from tests.web.samples import ADA, EMOJI, FILTER, FIRST, HIT, MARCO, RIGHT_TO_LEFT, mention, picture, status

NOW = datetime(2026, 5, 4, 12, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("age", "english", "italian"),
    [
        (timedelta(seconds=-30), "1m", "1min"),
        (timedelta(seconds=5), "1m", "1min"),
        (timedelta(minutes=59), "59m", "59min"),
        (timedelta(hours=23), "23h", "23h"),
        (timedelta(days=6), "6d", "6gg"),
        (timedelta(days=8), "26 Apr", "26 apr"),
        (timedelta(days=400), "30 Mar 2025", "30 mar 2025"),
    ],
)
def test_an_age_is_told_in_one_unit(age: timedelta, english: str, italian: str) -> None:
    assert formats.short_age(NOW - age, NOW, "en") == english
    assert formats.short_age(NOW - age, NOW, "it") == italian


def test_what_is_left_is_rounded_up() -> None:
    assert formats.time_left(NOW + timedelta(minutes=90), NOW, "en") == "2h"
    assert formats.time_left(NOW + timedelta(days=1), NOW, "en") == "24h"
    assert formats.time_left(NOW + timedelta(seconds=1), NOW, "en") == "1m"
    assert formats.time_left(NOW - timedelta(days=1), NOW, "en") == "1m"


def test_counts_are_shortened_as_the_language_does() -> None:
    assert [formats.compact_count(n, "en") for n in (0, 999, 1284, 15_300, 2_500_000)] == [
        "0",
        "999",
        "1.3K",
        "15K",
        "2M",
    ]
    assert [formats.compact_count(n, "it") for n in (999, 15_300)] == ["999", "15.300"]


def test_emoji_become_pictures_in_text_and_not_in_tags() -> None:
    html = formats.emojify_html('<a href="https://x.example/:laurel:">:laurel:</a> :other:', [EMOJI])
    assert 'href="https://x.example/:laurel:"' in html
    assert html.count("<img") == 1
    assert ":other:" in html
    assert formats.emojify("<b>:laurel:", []) == "&lt;b&gt;:laurel:"


@given(st.text(), st.text(alphabet=":laure<>\"'&"))
def test_a_name_never_brings_markup_of_its_own(free: str, close: str) -> None:
    for text in (free, close, free + ":laurel:" + close):
        drawn = str(formats.emojify(text, [EMOJI]))
        rest = drawn.replace(str(formats.emojify(":laurel:", [EMOJI])), "")
        assert "<" not in rest
        assert '"' not in rest


def test_mentions_and_hashtags_lead_to_our_own_pages() -> None:
    remote = {**MARCO, "acct": "marco@elsewhere.example", "url": "https://elsewhere.example/@marco?a=1&b=2"}
    said = status(
        1, ADA, '<a href="https://elsewhere.example/@marco?a=1&amp;b=2">@marco</a>', mentions=[mention(remote)]
    )
    assert 'href="/@marco@elsewhere.example"' in formats.status_html(said)
    assert 'href="/tags/RiverPo"' in formats.status_html(FIRST)


def test_lines_and_paragraphs_keep_their_words_apart() -> None:
    html = "<p>One &amp; two.</p><p>Three<br>four <a>#<span>five</span></a>.</p><ul><li>six</li><li>seven</li></ul>"
    assert formats.words_of(html) == "One & two. Three four #five. six seven"
    assert formats.words_of("&lt;script&gt;") == "<script>"


def test_paths_keep_odd_names_inside() -> None:
    assert formats.account_path({"acct": "ada"}) == "/@ada"
    assert formats.account_path({"acct": "bob@localhost:3000"}) == "/@bob@localhost:3000"
    assert formats.account_path({"acct": '"/../x'}) == "/@%22%2F..%2Fx"
    assert formats.status_path(FIRST) == f"/@ada/{FIRST['id']}"


def test_only_links_of_the_web_are_followed() -> None:
    for bad in ("javascript:alert(1)", "//evil.example", " javascript:x", "data:text/html,x", "", None, "ftp://x"):
        assert formats.safe_url(bad) == "#"
    for good in ("https://x.example/", "http://x.example", "/media/1.png"):
        assert formats.safe_url(good) == good
    assert formats.bare_host("https://www.example.org:8080/x") == "example.org"
    assert formats.bare_host("http://[broken") == ""


def test_a_focus_becomes_the_nearest_class() -> None:
    assert formats.focus_class(picture(1, "", meta={"focus": {"x": 0.0, "y": 0.0}})) == ""
    assert formats.focus_class(picture(1, "", meta={"focus": {"x": -1.0, "y": 1.0}})) == "fx0 fy0"
    assert formats.focus_class(picture(1, "", meta={"focus": {"x": 9.0, "y": -9.0}})) == "fx4 fy4"
    assert formats.focus_class(picture(1, "", meta=None)) == ""


def test_a_language_that_does_not_exist_is_not_marked() -> None:
    assert formats.lang_attribute("it") == ' lang="it"'
    assert formats.lang_attribute("zh-TW") == ' lang="zh-TW"'
    for wrong in (None, "", "xx-unknown", 'it" onload="x', "ITALIAN"):
        assert formats.lang_attribute(wrong) == ""


def test_the_strongest_filter_wins() -> None:
    hits = [HIT, {**HIT, "filter": {**FILTER, "title": "Gore", "filter_action": "hide"}}]
    assert formats.filter_verdict({"filtered": hits}, "home") == ("hide", ["Gore"])
    assert formats.filter_verdict({"filtered": [HIT, HIT]}, "home") == ("warn", ["Football", "Football"])
    assert formats.filter_verdict({"filtered": None}, "home") == ("", [])
    assert formats.filter_verdict({}, "home") == ("", [])


def test_only_neighbours_are_grouped() -> None:
    keys = ["a", "a", "b", "a", None, None]
    groups = formats.grouped([{"group_key": key} for key in keys])
    assert [len(group) for group in groups] == [2, 1, 1, 1, 1]


def test_the_readers_language_is_their_choice_then_their_browsers() -> None:
    assert choose_language(["it"], "en") == "it"
    assert choose_language(["", "xx"], "fr;q=0.9, it;q=0.8, en;q=0.1") == "it"
    assert choose_language([], "it-CH, en;q=0.5") == "it"
    assert choose_language([], "en;q=0, it;q=0.2") == "it"
    for odd in ("", "*", "de", ";;;,q=", "it;q=nonsense", "x" * 10_000):
        assert choose_language([], odd) == "en"


def test_languages_are_named_in_the_reader_s_own() -> None:
    assert ("it", "Italiano") in language_choices("it")
    assert ("it", "Italian") in language_choices("en")
    assert language_name("de", "it") == "Tedesco"
    assert language_name("qq", "it") == "qq"
    assert language_name(None, "it") == ""


def test_a_qr_code_has_no_inline_style() -> None:
    drawn = formats.qr_svg("otpauth://totp/Rostra:ada?secret=JBSWY3DPEHPK3PXP")
    assert drawn.startswith("<svg")
    assert "style" not in drawn


def test_right_to_left_names_pass_unchanged() -> None:
    assert formats.emojify(RIGHT_TO_LEFT, [EMOJI]) == RIGHT_TO_LEFT
