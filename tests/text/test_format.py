"""The HTML that a typed text becomes, and what may never come out of it."""

from __future__ import annotations

import re

import pytest
from hypothesis import given

from rostra.text.format import MentionTarget, clean_text, find_entities, render_html
from rostra.text.profile import render_field_value, render_note
from rostra.text.sanitise import sanitise_html, to_plain_text
from tests.text.strategies import DOMAIN, MENTIONS, TAG_BASE, typed_texts


def render(text: str) -> str:
    return render_html(text, domain=DOMAIN, mentions=MENTIONS, tag_base=TAG_BASE)


@pytest.mark.parametrize(
    ("text", "html"),
    [
        ("", ""),
        (" \n ", ""),
        ("hello", "<p>hello</p>"),
        ("a\nb", "<p>a<br>b</p>"),
        ("a\r\nb\rc", "<p>a<br>b<br>c</p>"),
        ("a\n\nb", "<p>a</p><p>b</p>"),
        ("a\n\n\n\nb\n", "<p>a</p><p>b</p>"),
        ("a\n \t\nb", "<p>a</p><p>b</p>"),
        ("<b> & \"'", "<p>&lt;b&gt; &amp; \"'</p>"),
        ("a\x00\x07b\ud800", "<p>ab</p>"),
        ("a\xa0b", "<p>a&nbsp;b</p>"),
        (":blob: :)", "<p>:blob: :)</p>"),
    ],
)
def test_text_becomes_paragraphs(text: str, html: str) -> None:
    assert render(text) == html


def test_a_mention_has_the_shape_that_clients_know() -> None:
    assert render("@Alice") == (
        '<p><span class="h-card" translate="no"><a href="https://example.org/@alice" class="u-url mention">'
        "@<span>alice</span></a></span></p>"
    )


def test_a_mention_of_nobody_stays_text() -> None:
    assert render("@nobody @x@remote.test") == "<p>@nobody @x@remote.test</p>"


def test_a_remote_mention_is_shown_without_its_domain() -> None:
    assert "@<span>bob</span>" in render("@bob@remote.test")


def test_two_accounts_of_one_name_are_told_apart() -> None:
    html = render("@alice @alice@remote.test @bob@remote.test @alice")
    assert re.findall(r"@<span>(.*?)</span>", html) == ["alice", "Alice@remote.test", "bob", "alice"]
    assert "@<span>alice</span>" in render("@alice @alice")


def test_a_mentions_address_cannot_break_out_of_its_attribute() -> None:
    html = render("@alice@remote.test")
    assert 'href="https://remote.test/@alice?a=1&amp;b=\'&quot;&lt;&gt;"' in html


def test_a_hashtag_has_the_shape_that_clients_know() -> None:
    assert render("#FediVerse") == (
        '<p><a href="https://example.org/tags/fediverse" class="mention hashtag" rel="tag">'
        "#<span>FediVerse</span></a></p>"
    )
    assert 'href="https://example.org/tags/%C3%A9t%C3%A9"' in render("#Été")


def test_a_link_is_shortened_for_the_eye_only() -> None:
    assert render("https://www.example.com/a/very/long/path?x=1&y=2") == (
        '<p><a href="https://www.example.com/a/very/long/path?x=1&amp;y=2" rel="nofollow noopener noreferrer"'
        ' target="_blank" translate="no"><span class="invisible">https://www.</span>'
        '<span class="ellipsis">example.com/a/very/long/path?x</span><span class="invisible">=1&amp;y=2</span></a></p>'
    )
    assert render("http://a.test/x") == (
        '<p><a href="http://a.test/x" rel="nofollow noopener noreferrer" target="_blank" translate="no">'
        '<span class="invisible">http://</span><span class="">a.test/x</span><span class="invisible"></span></a></p>'
    )


def test_found_entities_can_be_passed_in_to_save_the_search() -> None:
    text = "hi @alice #tag https://a.test"
    entities = find_entities(text, domain=DOMAIN)
    assert render(text) == render_html(text, domain=DOMAIN, mentions=MENTIONS, tag_base=TAG_BASE, entities=entities)


def test_a_note_has_the_shape_of_a_post() -> None:
    text = "hi @alice\n\nhttps://a.test"
    assert render_note(text, domain=DOMAIN, mentions=MENTIONS, tag_base=TAG_BASE) == render(text)


def test_a_fields_value_is_one_line_whose_links_say_me() -> None:
    html = render_field_value("see\nhttps://a.test/me <b> #tag", domain=DOMAIN, tag_base=TAG_BASE)
    assert html.startswith('see <a href="https://a.test/me" rel="me nofollow noopener noreferrer" target="_blank"')
    assert "<p>" not in html
    assert "<br>" not in html
    assert "&lt;b&gt;" in html


def test_a_fields_mention_is_shown_with_its_domain() -> None:
    html = render_field_value("@bob@remote.test", domain=DOMAIN, tag_base=TAG_BASE, mentions=MENTIONS)
    assert "@<span>bob@remote.test</span>" in html


def test_a_hostile_name_of_an_account_is_escaped() -> None:
    target = MentionTarget("https://x.test/", "<script>", "<script>@x.test")
    html = render_html("@alice", domain=DOMAIN, mentions={("alice", None): target}, tag_base=TAG_BASE)
    assert "<script" not in html


@given(typed_texts)
def test_what_is_rendered_passes_the_sanitiser_unchanged(text: str) -> None:
    html = render(text)
    assert sanitise_html(html) == html
    field = render_field_value(text, domain=DOMAIN, tag_base=TAG_BASE, mentions=MENTIONS)
    assert sanitise_html(field) == field


_OUR_TAGS = re.compile(
    r'</?p>|<br>|</?span>|</a>|<span class="(?:h-card" translate="no|ellipsis|invisible|)">'
    r'|<a href="[^"<>]*"(?: class="[a-z -]+")?(?: rel="[a-z ]+")?(?: target="_blank")?(?: translate="no")?>'
)


@given(typed_texts)
def test_every_angle_bracket_in_the_output_is_ours(text: str) -> None:
    rest = _OUR_TAGS.sub("", render(text))
    assert "<" not in rest
    assert ">" not in rest


@given(typed_texts)
def test_no_text_is_lost(text: str) -> None:
    def without_space(kept: str) -> str:
        return "".join(kept.split())

    html = render_html(text, domain=DOMAIN, mentions={}, tag_base=TAG_BASE)
    # A hashtag is shown with the plain sign, whichever was typed.
    assert without_space(to_plain_text(html)).replace("＃", "#") == without_space(clean_text(text)).replace("＃", "#")


@given(typed_texts)
def test_cleaning_twice_changes_nothing(text: str) -> None:
    assert clean_text(clean_text(text)) == clean_text(text)
