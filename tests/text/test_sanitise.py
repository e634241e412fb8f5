"""What the one sanitiser lets through, and HTML as plain text."""

from __future__ import annotations

import re

import pytest
from hypothesis import given

from rostra.text.sanitise import sanitise_html, to_plain_text
from tests.text.strategies import hostile_html


@pytest.mark.parametrize(
    ("html", "clean"),
    [
        ("plain &amp; simple", "plain &amp; simple"),
        ("<p>a<br/>b</p>", "<p>a<br>b</p>"),
        ("<b>a</b><em>b</em><code>c</code><blockquote>d</blockquote>",) * 2,
        ("<ol><li>a</li></ol><ul><li>b</li></ul>",) * 2,
        ("<ruby>漢<rp>(</rp><rt>kan</rt><rp>)</rp></ruby>",) * 2,
        ("<h1>a</h1><div>b</div><font>c</font>", "abc"),
        ("a<script>alert(1)</script>b", "ab"),
        ("a<style>p{}</style>b", "ab"),
        ("a<iframe src='https://x.test'>x</iframe>b", "ab"),
        ("a<svg onload=alert(1)><text>x</text></svg>b", "ab"),
        ("<img src=x onerror=alert(1)>", ""),
        ("<p onclick=alert(1) style='color:red' id=x class=y>a</p>", "<p>a</p>"),
        ("<!-- c --><p>a", "<p>a</p>"),
        ("<a href='javascript:alert(1)'>x</a>", "<a>x</a>"),
        ("<a href=' java\nscript:alert(1)'>x</a>", "<a>x</a>"),
        ("<a href='data:text/html,x'>x</a>", "<a>x</a>"),
        ("<a href='/relative'>x</a>", "<a>x</a>"),
        ("<a href='//host.test/'>x</a>", "<a>x</a>"),
        ("<a href='dat://x'>x</a><a href='mailto:a@b.test'>y</a>", "<a>x</a><a>y</a>"),
        ("<form action=x><input name=y></form>", ""),
        ("<span class='invisible evil h-card'>a</span>", '<span class="invisible h-card">a</span>'),
        ("<p translate=no>a</p><p translate=yes>b</p>", '<p translate="no">a</p><p>b</p>'),
    ],
)
def test_only_the_allow_list_passes(html: str, clean: str) -> None:
    assert sanitise_html(html) == clean


@pytest.mark.parametrize(
    ("html", "clean"),
    [
        (
            "<a href='https://a.test/'>x</a>",
            '<a href="https://a.test/" rel="nofollow noopener noreferrer" target="_blank">x</a>',
        ),
        (
            "<a href='https://a.test/' rel='opener me' target='_top' class='u-url'>x</a>",
            '<a href="https://a.test/" class="u-url" rel="me nofollow noopener noreferrer" target="_blank">x</a>',
        ),
        (
            "<a class='mention hashtag' rel='tag' href='https://a.test/tags/x' onclick=y>#x</a>",
            '<a href="https://a.test/tags/x" class="mention hashtag" rel="tag">#x</a>',
        ),
        (
            "<a href='https://a.test/@b' class='u-url mention' target=_blank rel='nofollow'>@b</a>",
            '<a href="https://a.test/@b" class="u-url mention">@b</a>',
        ),
        (
            "<a href='https://a.test/?a&b=&quot;<>'>x</a>",
            '<a href="https://a.test/?a&amp;b=&quot;&lt;&gt;" rel="nofollow noopener noreferrer" target="_blank">x</a>',
        ),
    ],
)
def test_links_are_sealed(html: str, clean: str) -> None:
    assert sanitise_html(html) == clean


def test_markup_written_as_text_stays_text() -> None:
    text = "&lt;a href=&quot;https://a.test&quot;&gt;"
    assert sanitise_html(text) == '&lt;a href="https://a.test"&gt;'


@pytest.mark.parametrize(
    "html",
    ["<a href='https://a.test/'><table><td><a href='https://a.test/'>x", "<pre>\n\n\n\n\n\nx</pre>", "<p><a><p>"],
)
def test_markup_that_parses_otherwise_once_cleaned_is_cleaned_to_the_end(html: str) -> None:
    assert sanitise_html(sanitise_html(html)) == sanitise_html(html)


_ALLOWED = re.compile(
    r"</?(?:p|span|a|del|s|pre|blockquote|code|b|strong|u|i|em|ul|ol|li|ruby|rt|rp)>|<br>"
    r'|<(?:p|span|a)(?: href="https?:[^"<>]*")?(?: class="[a-z -]*")?(?: rel="[a-z ]+")?(?: target="_blank")?'
    r'(?: translate="no")?(?: class="[a-z -]*")?>'
)


@given(hostile_html)
def test_nothing_but_the_allow_list_comes_out_and_a_second_run_changes_nothing(html: str) -> None:
    clean = sanitise_html(html)
    assert "<" not in _ALLOWED.sub("", clean)
    assert sanitise_html(clean) == clean


@pytest.mark.parametrize(
    ("html", "text"),
    [
        ("", ""),
        ("a &amp; b &lt;c&gt;", "a & b <c>"),
        ("<p>a<br>b</p><p>c</p>", "a\nb\n\nc"),
        ("<p>a</p><ul><li>b</li><li>c</li></ul><p>d</p>", "a\n\nb\nc\n\nd"),
        ("<p><span>a</span><script>x</script><style>y</style></p>", "a"),
        ('<a href="https://a.test"><span class="invisible">https://</span>a.test</a>', "https://a.test"),
        ("<h1>Title</h1><div>x</div>", "Title\nx"),
        ("<p>a</p><p></p><p></p><p>b</p>", "a\n\nb"),
        ("a &nbsp; b", "a \xa0 b"),
    ],
)
def test_html_becomes_plain_text(html: str, text: str) -> None:
    assert to_plain_text(html) == text


def test_a_lone_surrogate_is_no_stumbling_block() -> None:
    assert sanitise_html("a\ud800b") == "ab"
    assert to_plain_text("a\ud800b") == "ab"
