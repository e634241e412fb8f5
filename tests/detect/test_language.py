"""Short posts are recognised, above all English and Italian; what says too little is left open."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rostra.detect import language
from rostra.detect.language import load_table, recognise

SAID = {
    "en": [
        "we are meeting at the station tomorrow evening, bring a warm coat",
        "does anyone know a good place to repair an old bicycle around here?",
        "I can't believe how quiet the whole street was this morning",
        "that match was brutal, they absolutely destroyed us",
    ],
    "it": [
        "ci vediamo domani sera alla stazione, portate una giacca pesante",
        "qualcuno conosce un posto dove riparare una vecchia bicicletta?",
        "non ci posso credere, stamattina la strada era tutta in silenzio",
        "Vi aspettiamo tutti in piazza domani sera",
    ],
    "fr": [
        "on se retrouve demain soir à la gare, prenez un manteau chaud",
        "je ne comprends pas pourquoi il a fait ça",
    ],
    "de": ["wir treffen uns morgen Abend am Bahnhof, zieht euch warm an", "ich weiß nicht, warum er das gemacht hat"],
    "es": ["nos vemos mañana por la noche en la estación, traed un abrigo", "no entiendo por qué lo ha hecho así"],
    "pt": ["a gente se encontra amanhã à noite na estação, tragam um casaco", "não entendo por que ele fez isso"],
    "nl": ["we zien elkaar morgenavond op het station, trek een warme jas aan"],
    "pl": ["spotykamy się jutro wieczorem na dworcu, weźcie ciepłe kurtki"],
    "ru": ["встречаемся завтра вечером на вокзале, оденьтесь потеплее"],
    "ja": ["明日の夜、駅で会いましょう。暖かい上着を持ってきてください"],
}


@pytest.mark.parametrize(("language", "text"), [(code, text) for code, texts in SAID.items() for text in texts])
def test_a_sentence_is_recognised(language: str, text: str) -> None:
    assert recognise(text) == language


@pytest.mark.parametrize("text", SAID["it"] + SAID["en"])
def test_case_links_mentions_and_emoji_change_nothing(text: str) -> None:
    plain = recognise(text)
    assert recognise(text.upper()) == plain
    assert recognise(f"@sebastian @müller {text} https://example.de/über-uns/straße?x=y #schönesWochenende 🔥") == plain


@pytest.mark.parametrize(
    "text",
    [
        "",
        "ok",
        "😀😀😀",
        "12345",
        "https://example.com/this/is/english",
        "@some @body",
        "xqzw kjvq wvvz qqqx zzxj",
        "e a o i",
        "han kan ta det med",
    ],
)
def test_what_says_too_little_is_left_open(text: str) -> None:
    assert recognise(text) == ""


def test_words_of_no_language_are_left_open_however_many() -> None:
    assert recognise(" ".join(f"{a}q{b}x{c}zv" for a in "kwjx" for b in "vzjq" for c in "hwkf")) == ""


def test_a_name_among_others_does_not_decide() -> None:
    assert recognise("Roma Milano Napoli") in ("", "it")


def test_only_the_beginning_is_read() -> None:
    assert recognise(SAID["it"][0] + " " * 400 + SAID["en"][0] * 10_000) == "it"


@given(st.text(max_size=300))
@settings(max_examples=200, deadline=None)
def test_any_text_has_a_known_language_or_none(text: str) -> None:
    assert recognise(text) in {"", *load_table().names}


@pytest.mark.parametrize("piece", ["a", "z̷͇", "\ud800", "é'", "@", "1a", "字", "a\x00"])
def test_megabytes_are_bounded(piece: str) -> None:
    assert recognise(piece * 1_000_000) in {"", *load_table().names}


def test_what_is_known_of_words_is_kept_to_a_bound() -> None:
    known = language._RUNS  # pyright: ignore[reportPrivateUsage]
    for start in range(0, 3 * known.most, 26):
        recognise(" ".join(chr(letter) + _spelt(start) for letter in range(ord("a"), ord("z") + 1)))
        assert len(known) <= known.most
    long = "w" * 300
    recognise(long)
    assert long not in known


def _spelt(number: int) -> str:
    return "".join(chr(ord("a") + int(digit)) for digit in str(number))


def test_the_table_is_in_order_and_knows_sixty_languages() -> None:
    table = load_table()
    assert (table.keys[1:] > table.keys[:-1]).all()
    assert table.weights.shape == (len(table.keys), len(table.names)) == (len(table.keys), 60)
