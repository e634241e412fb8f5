"""What in a text is a mention, a hashtag, a link or an emoji, and what only looks like one."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rostra.text.entities import MAX_TAG_LENGTH, Entities, find_emojis, find_entities, normalise_tag
from rostra.text.links import MAX_URL_LENGTH, Link, find_links
from tests.text.strategies import DOMAIN, typed_texts


def found(text: str, domain: str = DOMAIN) -> Entities:
    return find_entities(text, domain=domain)


def mentions(text: str, domain: str = DOMAIN) -> list[tuple[str, str | None]]:
    return [mention.key for mention in found(text, domain).mentions]


def links(text: str) -> list[str]:
    return [link.url for link in found(text).links]


def tags(text: str) -> list[str]:
    return [hashtag.tag for hashtag in found(text).hashtags]


# --- mentions ---


@pytest.mark.parametrize(
    ("text", "keys"),
    [
        ("@alice", [("alice", None)]),
        ("@Alice", [("alice", None)]),
        ("hello @alice, @bob!", [("alice", None), ("bob", None)]),
        ("(@alice)", [("alice", None)]),
        ("@alice.", [("alice", None)]),
        ("@alice...", [("alice", None)]),
        ("@alice's", [("alice", None)]),
        ("@al.ice-x_1", [("al.ice-x_1", None)]),
        ("@_alice_", [("_alice_", None)]),
        ("@alice-", [("alice", None)]),
        ("日本@alice", []),
        ("「@alice」", [("alice", None)]),
        ("@alice@remote.test", [("alice", "remote.test")]),
        ("@Alice@Remote.TEST.", [("alice", "remote.test")]),
        ("@alice@example.org", [("alice", None)]),
        ("@alice@EXAMPLE.org", [("alice", None)]),
        ("@alice@münchen.de", [("alice", "xn--mnchen-3ya.de")]),
        ("@alice@example.org:", [("alice", None)]),
        ("@alice@remote.test:3000", [("alice", "remote.test")]),
        ("@alice@bob", [("alice", "bob")]),
        ("alice@remote.test", []),
        ("mail:alice@remote.test", []),
        ("/@alice", []),
        ("=@alice", []),
        ("@", []),
        ("@ alice", []),
        ("@@alice", [("alice", None)]),
        ("@.alice", []),
        ("@alice@", []),
        ("@alice@-x", []),
        ("@alice@exa_mple.org", []),
        ("@alice@127.0.0.1", []),
        ("@alice@https://remote.test", []),
        ("https://remote.test/@alice", []),
        ("@ſam", []),
    ],
)
def test_a_mention_is_a_username_with_or_without_a_domain(text: str, keys: list[tuple[str, str | None]]) -> None:
    assert mentions(text) == keys


@pytest.mark.parametrize(
    ("text", "keys"),
    [
        ("@alice@localhost:3000", [("alice", None)]),
        ("@alice@LOCALHOST:3000: hi", [("alice", None)]),
        ("@alice@localhost:3001", [("alice", "localhost:3001")]),
        ("@alice@localhost", [("alice", "localhost")]),
        ("@alice@remote.test", [("alice", "remote.test")]),
        ("@alice@localhost:99999", []),
    ],
)
def test_on_a_development_server_a_domain_may_have_a_port(text: str, keys: list[tuple[str, str | None]]) -> None:
    assert mentions(text, "localhost:3000") == keys


def test_a_port_is_outside_a_mention_on_a_real_server() -> None:
    text = "@alice@remote.test:3000"
    (mention,) = found(text).mentions
    assert text[mention.start : mention.end] == "@alice@remote.test"


def test_mentions_are_listed_as_often_as_they_occur_with_the_name_as_typed() -> None:
    assert [mention.username for mention in found("@Alice @alice").mentions] == ["Alice", "alice"]


# --- hashtags ---


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("#tag", ["tag"]),
        ("#Tag #tAG", ["tag", "tag"]),
        ("#tag, #other.", ["tag", "other"]),
        ("(#tag)", ["tag"]),
        ("#tag1 #1tag #2024x", ["tag1", "1tag", "2024x"]),
        ("#123 #1_2", []),
        ("#_a", ["_a"]),
        ("#under_score", ["under_score"]),
        ("#dash-ed", ["dash"]),
        ("#col·laborar", ["col·laborar"]),
        ("#tag· x", ["tag"]),
        ("#·tag", []),
        ("#日本語", ["日本語"]),
        ("#スーパー・マリオ", ["スーパー・マリオ"]),
        ("#हिन्दी", ["हिन्दी"]),
        ("#ไทยแลนด์", ["ไทยแลนด์"]),
        ("#می‌خواهم", ["می‌خواهم"]),
        ("#Straße", ["strasse"]),
        ("#ＦＵＬＬ", ["full"]),
        ("＃tag", ["tag"]),
        ("#e\u0301te\u0301", ["été"]),
        ("#ÉTÉ", ["été"]),
        ("##tag", ["tag"]),
        ("a#tag", []),
        ("/#tag", []),
        ("=#tag", []),
        ("日本#tag", []),
        ("#tag#other", ["tag"]),
        ("#", []),
        ("# tag", []),
        ("#\ufe0f\u20e3", []),
        ("#😀", []),
        ("https://a.test/#tag", []),
        ("&#39;", []),
    ],
)
def test_a_hashtag_is_made_of_letters_digits_and_few_signs(text: str, expected: list[str]) -> None:
    assert tags(text) == expected


def test_a_hashtag_keeps_its_spelling_beside_its_canonical_form() -> None:
    (hashtag,) = found("see #FediVerse!").hashtags
    assert (hashtag.name, hashtag.tag, hashtag.start, hashtag.end) == ("FediVerse", "fediverse", 4, 14)


def test_a_hashtag_beyond_the_length_limit_is_text() -> None:
    assert tags("#" + "a" * MAX_TAG_LENGTH) == ["a" * MAX_TAG_LENGTH]
    assert tags("#" + "a" * (MAX_TAG_LENGTH + 1)) == []
    assert tags("#" + "\ufdfa" * MAX_TAG_LENGTH) == [], "one character that becomes fifteen"


@pytest.mark.parametrize("name", ["Tag", "#Tag", "ＴＡＧ", "tag", " tag ", "t-a-g", "<tag>"])
def test_a_tag_is_normalised_to_one_form(name: str) -> None:
    assert normalise_tag(name) == "tag"


@given(st.text(max_size=40))
def test_normalising_a_tag_twice_changes_nothing(name: str) -> None:
    tag = normalise_tag(name)
    assert normalise_tag(tag) == tag
    assert normalise_tag(f"#{tag}") == tag


# --- links ---


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("https://a.test", ["https://a.test"]),
        ("HTTPS://A.test/X", ["HTTPS://A.test/X"]),
        ("http://a.test/?q=1&r=2#s", ["http://a.test/?q=1&r=2#s"]),
        ("see https://a.test.", ["https://a.test"]),
        ("https://a.test, https://b.test!", ["https://a.test", "https://b.test"]),
        ("https://a.test/x?!...", ["https://a.test/x"]),
        ("https://a.test/x:", ["https://a.test/x"]),
        ("'https://a.test/x'", ["https://a.test/x"]),
        ('"https://a.test/x"', ["https://a.test/x"]),
        ("<https://a.test/x>", ["https://a.test/x"]),
        ("“https://a.test/x”", ["https://a.test/x"]),
        ("(https://a.test/x)", ["https://a.test/x"]),
        ("(see https://a.test/x).", ["https://a.test/x"]),
        ("[https://a.test/x]", ["https://a.test/x"]),
        ("[text](https://a.test/x_(y))", ["https://a.test/x_(y)"]),
        ("https://a.test/x_(y)", ["https://a.test/x_(y)"]),
        ("(https://a.test/x_(y))", ["https://a.test/x_(y)"]),
        ("https://a.test/x(", ["https://a.test/x"]),
        ("https://a.test/)", ["https://a.test/"]),
        ("https://a.test/(x))(", ["https://a.test/(x)"]),
        ("https://a.test/x/", ["https://a.test/x/"]),
        ("https://a.test/~me/-_=+%20;a,b", ["https://a.test/~me/-_=+%20;a,b"]),
        ("https://a.test/@alice/1", ["https://a.test/@alice/1"]),
        ("https://a.test:8443/x", ["https://a.test:8443/x"]),
        ("https://a.test: x", ["https://a.test"]),
        ("http://localhost:3000/x", ["http://localhost:3000/x"]),
        ("https://münchen.de/ö", ["https://münchen.de/ö"]),
        ("日本https://例え.jp/パス、次", ["https://例え.jp/パス"]),
        ("（https://a.test/x）", ["https://a.test/x"]),
        ("https://a.test/日本。", ["https://a.test/日本"]),
        ("https://a.test/a–b", ["https://a.test/a–b"]),
        ("https://a.test/x\u200bhidden", ["https://a.test/x"]),
        ("https://a.test/x\u202egpj", ["https://a.test/x"]),
        ("https://a.test\xa0x", ["https://a.test"]),
        ("https://a.test?x", ["https://a.test?x"]),
        ("https://a.test#x", ["https://a.test#x"]),
        ("http://http://a.test/", ["http://a.test/"]),
        ("xhttps://a.test", []),
        ("_https://a.test", []),
        ("https://", []),
        ("https:///x", []),
        ("https://.", []),
        ("https://-a.test", []),
        ("https://a..test/", []),
        ("https://a_b.test/", []),
        ("https://user@a.test/", []),
        ("https://mastodon.example@evil.test/", []),
        ("https://user:pw@a.test/", []),
        ("http://127.0.0.1/", []),
        ("http://0x7f.1/", []),
        ("http://[::1]/", []),
        ("https://a.test:99999/", []),
        ("a.test www.a.test", []),
        ("ftp://a.test javascript://a.test/%0aalert(1)", []),
    ],
)
def test_a_link_is_found_where_a_reader_would_see_it(text: str, expected: list[str]) -> None:
    assert links(text) == expected


def test_an_address_within_an_address_is_part_of_it() -> None:
    url = "https://a.test/?to=https://b.test/"
    assert [link.url for link in find_links(url)] == [url]


def test_a_link_beyond_the_length_limit_is_text() -> None:
    fits = "https://a.test/" + "x" * (MAX_URL_LENGTH - 15)
    assert links(fits) == [fits]
    assert links(fits + "x") == []
    assert links(fits + "/https://b.test https://c.test") == ["https://c.test"]


# --- emoji ---


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (":blob:", ("blob",)),
        ("a :blob: :cat_1: :blob:", ("blob", "cat_1")),
        ("(:blob:)", ("blob",)),
        ("a:blob:", ()),
        (":blob:a", ()),
        (":a::b_b:", ()),
        (":x:", ()),
        (": blob:", ()),
        ("12:30:45", ()),
        (":" + "a" * 65 + ":", ()),
    ],
)
def test_an_emoji_is_a_shortcode_between_colons(text: str, expected: tuple[str, ...]) -> None:
    assert find_emojis(text) == expected
    assert found(text).emojis == expected


# --- all together ---


@given(typed_texts)
def test_positions_are_right_in_order_and_never_overlap(text: str) -> None:
    entities = found(text)
    end = 0
    for span in entities.spans:
        assert end <= span.start < span.end <= len(text)
        end = span.end
    for mention in entities.mentions:
        assert text[mention.start : mention.end].startswith(f"@{mention.username}")
    for hashtag in entities.hashtags:
        assert text[hashtag.start + 1 : hashtag.end] == hashtag.name
        assert text[hashtag.start] in "#＃"
        assert hashtag.tag == normalise_tag(hashtag.name)
    for link in entities.links:
        assert text[link.start : link.end] == link.url


@given(typed_texts)
def test_a_found_link_or_mention_alone_is_found_again(text: str) -> None:
    for link in found(text).links:
        assert found(link.url).spans == (Link(0, len(link.url), link.url),)
    for mention in found(text).mentions:
        (again,) = found(text[mention.start : mention.end]).mentions
        assert again.key == mention.key
