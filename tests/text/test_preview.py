"""What a link preview takes from a page, and what it leaves."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rostra.text.preview import MAX_DESCRIPTION, MAX_NAME, MAX_PREVIEW_URL, MAX_TITLE, Preview, parse_preview
from rostra.text.sanitise import MAX_TAGS

URL = "https://news.test/2026/story?id=1"

ARTICLE = """<!doctype html>
<html lang="it-IT" prefix="og: https://ogp.me/ns#">
<head>
<meta charset="utf-8">
<title>Plain title</title>
<script>var page = '<meta property="og:title" content="From a script">';</script>
<!-- <meta property="og:title" content="From a comment"> -->
<meta property="og:title" content="A &lt;b&gt;story&lt;/b&gt; &amp; more">
<meta property="og:title" content="A second title">
<meta property="og:type" content="article">
<meta property="og:description" content="  Over
  two lines > and a sign ">
<meta property="og:site_name" content="The News">
<meta property="og:image" content="/pictures/1.jpg">
<meta property="og:image:width" content="1200">
<meta property="og:image:height" content="630px">
<meta property="og:image:alt" content="A picture">
<meta property="article:published_time" content="2026-05-04T12:00:00+02:00">
<meta name="author" content="Ada L.">
<link rel="author" href="/people/ada">
<link rel="canonical" href="https://news.test/story">
</head><body><h1>Story</h1></body></html>"""


def preview(html: str | bytes, content_type: str = "text/html; charset=utf-8", url: str = URL) -> Preview | None:
    return parse_preview(html if isinstance(html, bytes) else html.encode(), content_type, url)


def read(html: str | bytes, content_type: str = "text/html; charset=utf-8", url: str = URL) -> Preview:
    found = preview(html, content_type, url)
    assert found is not None
    return found


def test_an_article_gives_a_full_card() -> None:
    assert read(ARTICLE) == Preview(
        url="https://news.test/story",
        title="A <b>story</b> & more",
        description="Over two lines > and a sign",
        type="link",
        author_name="Ada L.",
        author_url="https://news.test/people/ada",
        provider_name="The News",
        provider_url="https://news.test/",
        image_url="https://news.test/pictures/1.jpg",
        image_description="A picture",
        image_width=1200,
        image_height=630,
        language="it-IT",
        published_at=datetime(2026, 5, 4, 10, 0, tzinfo=UTC),
    )


def test_a_title_is_enough() -> None:
    assert read("<title> Just &amp; this </title>") == Preview(
        url=URL, title="Just & this", provider_url="https://news.test/"
    )


@pytest.mark.parametrize(
    "html", ["", "hello", "<title></title>", "<title> \n</title>", "<svg><title>x</title></svg>", "<meta name=title>"]
)
def test_a_page_without_a_title_has_no_card(html: str) -> None:
    assert preview(html) is None


@pytest.mark.parametrize("content_type", ["", "text/plain", "application/json", "image/png", "text/html2", "*/*"])
def test_only_html_has_a_card(content_type: str) -> None:
    assert preview("<title>x</title>", content_type) is None


@pytest.mark.parametrize("content_type", ["text/html", "TEXT/HTML;charset=UTF-8", "application/xhtml+xml; x"])
def test_html_is_known_by_its_type(content_type: str) -> None:
    assert preview("<title>x</title>", content_type) is not None


def test_twitters_names_and_plain_ones_stand_in() -> None:
    found = read(
        "<title>c</title><meta name=twitter:title content=b><meta name=twitter:description content=d>"
        "<meta name=twitter:image content=//cdn.test/i.png><meta name=application-name content=App>"
    )
    assert (found.title, found.description, found.provider_name) == ("b", "d", "App")
    assert found.image_url == "https://cdn.test/i.png"
    assert read("<title>t</title><meta name=Description content=e>").description == "e"
    assert read("<title>t</title><meta itemprop=datePublished content=2026-01-02>").published_at == datetime(
        2026, 1, 2, tzinfo=UTC
    )


def test_an_author_given_as_an_address_is_a_link_and_not_a_name() -> None:
    found = read("<title>t</title><meta property=article:author content=https://a.test/me>")
    assert (found.author_name, found.author_url) == ("", "https://a.test/me")


@pytest.mark.parametrize(
    "address",
    [
        "javascript:alert(1)",
        "data:image/png;base64,AAAA",
        "ftp://a.test/i.png",
        "http://user:pw@a.test/i.png",
        "http://[",
        "https://a.test:x/i.png",
        '/i.png" onerror="alert(1)',
        "https://a.test/" + "x" * MAX_PREVIEW_URL,
        " ",
    ],
)
def test_an_image_at_no_web_address_is_left_out(address: str) -> None:
    quoted = address.replace('"', "&quot;")
    found = read(
        f'<title>t</title><meta property="og:image" content="{quoted}"><meta property="og:image:alt" content="a">'
        '<meta property="og:image:width" content="5">'
    )
    assert (found.image_url, found.image_description, found.image_width) == (None, "", 0)


@pytest.mark.parametrize(
    ("claimed", "url"),
    [
        ("/story", "https://news.test/story"),
        ("https://news.test/story", "https://news.test/story"),
        ("https://bank.test/login", URL),
        ("http://news.test/story", URL),
        ("https://news.test:444/story", URL),
        ("javascript:alert(1)", URL),
    ],
)
def test_a_page_names_its_own_address_on_its_own_site_only(claimed: str, url: str) -> None:
    assert read(f'<title>t</title><link rel=canonical href="{claimed}">').url == url
    assert read(f'<title>t</title><meta property=og:url content="{claimed}">').url == url


def test_a_video_is_shown_as_a_link() -> None:
    found = read(
        "<title>t</title><meta property=og:type content=video.other>"
        "<meta property=og:video content=https://a.test/player><meta property=og:image content=/i.png>"
    )
    assert found.type == "link"


def test_a_photo_needs_a_picture() -> None:
    html = "<title>t</title><meta property=og:type content=photo>"
    assert read(html).type == "link"
    assert read(html + "<meta property=og:image content=/i.png>").type == "photo"


def test_lengths_are_capped() -> None:
    found = read(
        f"<title>{'t' * 5000}</title><meta name=description content={'d' * 5000}>"
        f"<meta name=author content={'a' * 5000}><meta property=og:site_name content={'s' * 5000}>"
    )
    assert len(found.title) == MAX_TITLE
    assert found.title.endswith("t…")
    assert len(found.description) == MAX_DESCRIPTION
    assert len(found.author_name) == len(found.provider_name) == MAX_NAME


def test_control_and_direction_characters_are_taken_out() -> None:
    assert read("<title>a\u202eb\x1b[1m\u2066c</title>").title == "a b [1m c"


@pytest.mark.parametrize("width", ["-1", "1e3", "99999", "٣", "", "9" * 5000, "12.5"])
def test_a_nonsense_size_is_no_size(width: str) -> None:
    html = f'<title>t</title><meta property=og:image content=/i.png><meta property=og:image:width content="{width}">'
    assert read(html).image_width == 0


@pytest.mark.parametrize(
    ("html", "language"),
    [
        ("<html lang=en>", "en"),
        ("<HTML class='a' LANG='pt-BR'>", "pt-BR"),
        ("<html lang=EN_us>", "en-us"),
        ("<html><meta property=og:locale content=de_DE>", "de-DE"),
        ("<html lang=''><meta property=og:locale content=fr>", "fr"),
        ("<html lang=english>", None),
        ("<html>", None),
    ],
)
def test_the_language_is_a_tag_or_nothing(html: str, language: str | None) -> None:
    assert read(html + "<title>t</title>").language == language


@pytest.mark.parametrize("moment", ["yesterday", "", "0001-01-01T00:00:00+23:59", "2026-13-01", "9" * 5000])
def test_a_nonsense_date_is_no_date(moment: str) -> None:
    html = f'<title>t</title><meta property=article:published_time content="{moment}">'
    assert read(html).published_at is None


@pytest.mark.parametrize(
    ("html", "content_type"),
    [
        ("<title>città</title>".encode(), "text/html"),
        ("<title>città</title>".encode(), "text/html; charset=utf-8"),
        ("<title>città</title>".encode("cp1252"), "text/html"),
        ("<title>città</title>".encode("cp1252"), "text/html; charset=ISO-8859-1"),
        ("<title>città</title>".encode("cp1252"), 'text/html; charset="windows-1252"'),
        ("<meta charset=iso-8859-15><title>città</title>".encode("iso-8859-15"), "text/html"),
        ("<title>città</title>".encode("utf-8-sig"), "text/html; charset=iso-8859-1"),
        ("<title>città</title>".encode("utf-16"), "text/html"),
        ("<title>città</title>".encode("utf-16-le"), "text/html; charset=utf-16le"),
        ("<meta charset=utf-16><title>città</title>".encode(), "text/html"),
        ("<meta charset=punycode><title>città</title>".encode(), "text/html"),
        ("<meta charset=base64><title>città</title>".encode(), "text/html; charset=zip"),
    ],
)
def test_the_charset_is_found(html: bytes, content_type: str) -> None:
    assert read(html, content_type).title == "città"


def test_eastern_charsets_are_known() -> None:
    assert read("<title>日本</title>".encode("shift_jis"), "text/html; charset=Shift_JIS").title == "日本"
    assert read("<title>Привет</title>".encode("koi8-r"), "text/html; charset=koi8-r").title == "Привет"


def test_broken_bytes_are_replaced() -> None:
    assert read(b"<title>a\xff\xfeb</title>", "text/html; charset=utf-8").title == "a\ufffd\ufffdb"


@pytest.mark.parametrize("tag", ["<div>", "<b>", "<table>x", "<meta ", "<!--", "<x<y"])
def test_a_page_of_nothing_but_tags_is_read_at_its_start(tag: str) -> None:
    """The parser's time grows with the square of the nesting, so only so many tags are given to it."""
    assert read("<title>t</title>" + tag * 100_000).title == "t"
    assert preview("<div>" * (MAX_TAGS + 1) + "<title>late</title>") is None


def test_metadata_after_a_heavy_script_is_still_found() -> None:
    html = f"<title>t</title><script>var state = {{{'x' * 500_000}}};</script><meta property=og:title content=late>"
    assert read(html).title == "late"


@pytest.mark.parametrize("url", ["", "ftp://a.test/", "nonsense", "http://[", "https://user@a.test/"])
def test_without_a_web_address_there_is_no_card(url: str) -> None:
    assert preview("<title>t</title>", url=url) is None


fragments = st.sampled_from(
    (
        b"<title>",
        b"</title>",
        b"<meta property='og:title' content='",
        b"<meta property=og:image content=",
        b"<meta property=og:url content=http://[",
        b"<meta name=date content=2026-01-01T00:00:00.9+99:99>",
        b"<link rel=canonical href='",
        b"<html lang='",
        b"<meta charset=",
        b"utf-7",
        b"'>",
        b">",
        b"<script>",
        b"<!--",
        b"\xff\xfe",
        b"\x00",
        b"&#xd800;",
        b"&#1114112;",
        b"//[::1",
        b"https://\xc3\xbc.test:99999/",
    )
)


@given(
    st.lists(st.one_of(fragments, st.binary(max_size=8)), max_size=12).map(b"".join),
    st.sampled_from(
        ["text/html", "text/html; charset=utf-16", "text/html;charset=iso2022_jp", "text/html;charset=idna"]
    ),
    st.sampled_from([URL, "http://a.test", "https://ü.test:8080/?"]),
)
def test_nonsense_never_raises_and_never_breaks_the_caps(html: bytes, content_type: str, url: str) -> None:
    found = parse_preview(html, content_type, url)
    if found is None:
        return
    assert 0 < len(found.title) <= MAX_TITLE
    assert found.url.startswith(("http://", "https://"))
    for text in (found.title, found.description, found.author_name, found.provider_name, found.image_description):
        text.encode()
        assert "\x00" not in text
    for address in (found.image_url, found.author_url):
        assert address is None or address.startswith(("http://", "https://"))
