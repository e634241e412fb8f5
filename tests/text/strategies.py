"""What people type, for property tests: ordinary text mixed with everything that means something to the formatter."""

from __future__ import annotations

from hypothesis import strategies as st

from rostra.text.entities import MentionKey
from rostra.text.format import MentionTarget

DOMAIN = "example.org"
TAG_BASE = "https://example.org/tags/"
MENTIONS: dict[MentionKey, MentionTarget] = {
    ("alice", None): MentionTarget("https://example.org/@alice", "alice", "alice"),
    ("alice", "remote.test"): MentionTarget("https://remote.test/@alice?a=1&b='\"<>", "Alice", "Alice@remote.test"),
    ("bob", "remote.test"): MentionTarget("https://remote.test/users/bob", "bob", "bob@remote.test"),
}

FRAGMENTS = (
    "@alice",
    "@Alice@example.org",
    "@alice@remote.test",
    "@bob@REMOTE.test",
    "@nobody",
    "@",
    "#tag",
    "#Été·l",
    "#日本語",
    "#",
    "https://example.com",
    "https://www.example.com/a/very/long/path/that/is/cut?x=1&y=2#z",
    "http://münchen.de/ö",
    "https://user:pw@evil.test/",
    "https://",
    "://",
    "(",
    ")",
    "[",
    "]",
    "<b>",
    "</p>",
    "<script>alert(1)</script>",
    "<!--",
    "&amp;",
    "&",
    "&nbsp",
    '"',
    "'",
    "\xa0",
    "\n",
    "\n\n",
    " \n \n ",
    "\r\n",
    "\t",
    " ",
    ".",
    ",",
    ":",
    ":blob:",
    "😀",
    "👩‍👩‍👧",
    "e\u0301",
    "\u200f",
    "\x00",
    "\x0c",
    "\ud800",
    "、",
    "_",
    "word",
)

typed_texts = st.one_of(
    st.lists(st.one_of(st.sampled_from(FRAGMENTS), st.text(max_size=8)), max_size=20).map("".join),
    st.text(st.characters(), max_size=80),
)

hostile_html = st.lists(
    st.one_of(
        st.sampled_from(FRAGMENTS),
        st.sampled_from(
            (
                "<p>",
                "</p>",
                "<br>",
                "<div>",
                "</div>",
                "<a href='https://a.test/'>",
                '<a href="javascript:alert(1)" onclick=x>',
                "<a href='//a.test' class='mention x'>",
                "<a href='https://a.test/\"><script>' rel='me tag x' target=_top>",
                "</a>",
                "<span class='invisible evil' style='position:fixed'>",
                "</span>",
                "<img src=x onerror=alert(1)>",
                "<svg><p>",
                "<math><mi>",
                "<table><td>",
                "<template>",
                "<textarea>",
                "<style>",
                "<iframe src=x>",
                "<li>",
                "<ol>",
                "<pre>\n",
                "<code>",
                "<ruby><rt>",
                "<select>",
                "<title>",
                "<noscript>",
                "<plaintext>",
                "<![CDATA[",
                "-->",
                "<a",
                "<",
            )
        ),
        st.text(max_size=5),
    ),
    max_size=15,
).map("".join)
