"""Near-copies are found, other texts are not, and no text costs more than a bounded time."""

from __future__ import annotations

import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rostra.detect.near import BANDS, KnownBad, signature
from rostra.detect.signatures import EMPTY, NEAR, BadEntry, Signature, most_different_bits, similarity

POST = "come to the old harbour on saturday evening and bring your friends, the lantern walk starts when it is dark"
WORDS = (  # noqa: SIM905 - reads better than a hundred lines
    "river lantern harbour saturday evening friends market bicycle window garden kitchen orange silver mountain "
    "letter teacher winter summer bridge station coffee morning paper green village music dancer summer pocket "
    "thunder island pepper candle ladder marble forest whisper rocket blanket tunnel violin basket feather copper"
).split()
TEXTS = st.lists(st.sampled_from(WORDS), min_size=12, max_size=60, unique=False).map(" ".join)


@given(st.text(max_size=400), st.text(max_size=400))
@settings(max_examples=150, deadline=None)
def test_similarity_is_symmetric_and_between_0_and_1(one: str, other: str) -> None:
    first, second = signature(one), signature(other)
    assert similarity(first, second) == similarity(second, first)
    assert 0.0 <= similarity(first, second) <= 1.0


@given(st.text(max_size=400))
@settings(max_examples=150, deadline=None)
def test_a_text_is_its_own_copy_or_has_no_signature(text: str) -> None:
    made = signature(text)
    assert made == signature(text)
    assert similarity(made, made) == (1.0 if made.bits else 0.0)
    assert (len(made.bands), len(made.bits)) == ((BANDS, 32) if made.bits else (0, 0))
    assert all(-(2**63) <= band < 2**63 for band in made.bands)


@given(TEXTS, st.data())
@settings(max_examples=150, deadline=None)
def test_a_long_post_with_one_word_changed_is_a_copy(text: str, drawn: st.DataObject) -> None:
    words = text.split() + WORDS
    words[drawn.draw(st.integers(0, len(words) - 1))] = drawn.draw(st.sampled_from(WORDS))
    assert similarity(signature(" ".join([*text.split(), *WORDS])), signature(" ".join(words))) >= 0.7


@pytest.mark.parametrize(
    "copy",
    [
        POST.upper(),
        POST + " https://example.com/a/1234?x=y",
        "@anna@example.com @bruno " + POST,
        POST.replace("saturday", "saturday 21:30,"),
        POST.replace(" ", "  ") + " 🔥🔥🔥 !!!",
        POST + " bit.ly/3xYz",
        "@user " + POST + " httpurl name@mail",
    ],
)
def test_links_mentions_numbers_and_emoji_change_nothing(copy: str) -> None:
    assert similarity(signature(POST), signature(copy)) == 1.0
    assert signature(copy).bands == signature(POST).bands


@pytest.mark.parametrize(
    "copy",
    [
        POST.replace("friends", "neighbours"),
        POST.replace("saturday", "sunday").replace("evening", "morning"),
        "hello everybody, please read: " + POST,
        POST + " see you all there",
        POST.replace("harbour", "harbor").replace("lantern", "lanttern"),
    ],
)
def test_small_edits_leave_a_copy_that_shares_a_key(copy: str) -> None:
    assert similarity(signature(POST), signature(copy)) >= NEAR
    assert set(signature(POST).bands) & set(signature(copy).bands)


def test_most_copies_share_a_key_and_hardly_any_other_texts_do() -> None:
    drawn = random.Random(7)
    texts = [" ".join(drawn.choices(WORDS, k=20)) for _ in range(300)]
    made = [signature(text) for text in texts]
    found = 0
    for text, whole in zip(texts, made, strict=True):
        words = text.split()
        words[drawn.randrange(len(words))] = "elephant"
        found += bool(set(signature(" ".join(words)).bands) & set(whole.bands))
    assert found >= 0.93 * len(texts)
    pairs = [(drawn.choice(made), drawn.choice(made)) for _ in range(3000)]
    assert sum(similarity(one, other) >= NEAR for one, other in pairs if one is not other) <= 3


def test_texts_about_the_same_thing_are_no_copies() -> None:
    other = "the harbour is old and the evening was dark, but on saturday my friends and i saw a lantern in the water"
    assert similarity(signature(POST), signature(other)) < NEAR


@pytest.mark.parametrize("short", ["", " ", "ok", "happy birthday", "@someone 12345 https://example.com/x", "🔥" * 500])
def test_texts_without_enough_letters_have_no_signature(short: str) -> None:
    assert signature(short) == EMPTY


def test_a_short_sentence_in_chinese_or_japanese_has_a_signature_and_copies() -> None:
    text = "周六晚上请大家到老港口来，带上你的朋友"
    assert signature(text).bits
    assert similarity(signature(text), signature(text.replace("朋友", "家人"))) >= NEAR
    assert similarity(signature(text), signature("今天天气很好，我们去公园散步吧，不要忘记带伞")) < NEAR


@pytest.mark.parametrize("piece", ["a", "a.", "a-", "@", "@a.", "http://", "z̷͇", "😀", "\ud800", "\x00", "字", "a/"])
def test_megabytes_are_read_to_a_bound_only(piece: str) -> None:
    much = piece * 20_000
    assert signature(much) == signature(much + "the rest does not count any more, however long it may be")


def test_a_long_text_and_its_slightly_changed_copy_are_near() -> None:
    drawn = random.Random(3)
    words = drawn.choices(WORDS, k=1200)
    words = [word + drawn.choice("abcdefgh") + drawn.choice("ijklmnop") for word in words]
    changed = list(words)
    for at in drawn.sample(range(len(words)), 40):
        changed[at] = "replaced"
    assert similarity(signature(" ".join(words)), signature(" ".join(changed))) >= 0.7


def test_signatures_stay_what_they_were_when_they_were_stored() -> None:
    made = signature(POST)
    assert made.bands[:2] == (1929198437240576955, 685189807511513771)
    assert made.bits.hex() == "4f16f76c5eb3cec514f2f996c118ebcd01d0045557bead065e7923832cc7a625"


def test_most_different_bits_is_the_border_of_similarity() -> None:
    for least in (0.5, 0.7, 0.9):
        bits = most_different_bits(least)
        some = Signature((), bytes(32))
        at_border = Signature((), ((1 << bits) - 1).to_bytes(32))
        beyond = Signature((), ((1 << (bits + 1)) - 1).to_bytes(32))
        assert similarity(some, at_border) >= least > similarity(some, beyond)


@given(st.lists(st.binary(min_size=32, max_size=32), min_size=1, max_size=40), st.data())
@settings(max_examples=150, deadline=None)
def test_known_bad_finds_what_comparing_one_by_one_finds(entries: list[bytes], drawn: st.DataObject) -> None:
    origin = int.from_bytes(drawn.draw(st.sampled_from(entries)))
    flips = drawn.draw(st.sets(st.integers(0, 255), max_size=140))
    wanted = Signature((1,), (origin ^ sum(1 << bit for bit in flips)).to_bytes(32))
    known = KnownBad(BadEntry(f"clause.{index}", bits) for index, bits in enumerate(entries))
    found = known.find(wanted)
    alike = [similarity(wanted, Signature((1,), bits)) for bits in entries]
    if max(alike) < NEAR:
        assert found is None
    else:
        assert found is not None
        assert found.similarity == max(alike) == alike[found.index]
        assert known.match(wanted) == f"clause.{alike.index(max(alike))}"


def test_known_bad_knows_nothing_at_first_and_nothing_of_short_texts() -> None:
    assert KnownBad([]).match(signature(POST)) is None
    known = KnownBad([BadEntry("spam", signature(POST).bits)])
    assert known.match(EMPTY) is None
    assert known.match(signature(POST.replace("friends", "family"))) == "spam"
    assert len(known) == 1


def test_known_bad_does_not_take_the_opposite_for_a_copy() -> None:
    bits = signature(POST).bits
    opposite = bytes(255 - byte for byte in bits)
    assert KnownBad([BadEntry("spam", bits)]).match(Signature((1,), opposite)) is None


def test_known_bad_refuses_bits_of_another_length() -> None:
    with pytest.raises(ValueError, match="32 bytes"):
        KnownBad([BadEntry("spam", b"short")])
