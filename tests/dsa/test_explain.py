"""What the author reads says all that Article 17(3) asks for, in the author's language."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given, settings

from rostra.dsa.decided import Decided, Done
from rostra.dsa.explain import Redress, appeal_ends, as_text, explain
from rostra.dsa.words import WORDS
from tests.dsa.decisions import AT, TERROR, anything_decided, decided

URL = "https://rostra.example/appeals/17"
END = date(2026, 9, 4)


def letter(language: str, *actions: Done, **changes: object) -> str:
    return as_text(explain(decided(*actions, **changes), language, appeal_url=URL, redress=Redress(until=END)))


def redress(language: str, state: str) -> list[str]:
    """What the last section says of a removal where an appeal is so far."""
    given = Redress(until=END, state=state, filed_on=date(2026, 4, 2), ended_on=date(2026, 4, 9))
    return list(explain(decided(Done(kind="remove")), language, appeal_url=URL, redress=given)[-1].paragraphs)


@pytest.mark.parametrize(
    ("state", "english", "italian", "paragraphs"),
    [
        ("open", "until 4 September 2026", "fino al 4 settembre 2026", 3),
        ("late", "You could appeal until 4 September 2026", "Potevi fare ricorso fino al 4 settembre 2026", 3),
        ("filed", "You appealed on 2 April 2026. A person", "Hai fatto ricorso il 2 aprile 2026. Una persona", 3),
        ("panel", "2 April 2026. A panel", "2 aprile 2026. Lo esamina una giuria", 3),
        ("upheld", "rejected on 9 April 2026: the decision stands", "respinto il 9 aprile 2026", 3),
        ("overturned", "granted on 9 April 2026", "accolto il 9 aprile 2026", 1),
        ("modified", "granted in part on 9 April 2026", "accolto in parte il 9 aprile 2026", 1),
        ("back", "taken back on 9 April 2026", "ritirata il 9 aprile 2026", 1),
    ],
)
def test_what_one_can_do_is_what_is_true_of_the_appeal_now(state: str, english: str, italian: str, paragraphs: int):
    for language, words in (("en", english), ("it", italian)):
        said = redress(language, state)
        assert words in said[0]
        assert len(said) == paragraphs
        assert ("4 September" in said[0] or "4 settembre" in said[0]) == (state in ("open", "late"))


def test_every_language_has_the_same_sentences_with_the_same_gaps():
    def gaps(text: str) -> list[str]:
        return sorted(re.findall(r"%\(\w+\)s", text))

    for words in WORDS.values():
        assert {key: gaps(text) for key, text in words.items()} == {
            key: gaps(text) for key, text in WORDS["en"].items()
        }


def test_it_says_all_that_the_law_asks_for():
    text = letter(
        "en",
        Done(kind="remove"),
        Done(kind="suspend", on="account", ends_at=AT + timedelta(days=7)),
        automated_detection=True,
    )

    for part in (
        "your post of 3 March 2026",
        "We removed your post. Only you can still see it. This has no end date.",
        "Your account is suspended. Nobody can see it or its posts. This ends by itself on 11 March 2026",
        "It applies everywhere.",
        "rules of this server",
        "“Threats”: Do not threaten anybody with violence.",
        "What was found: The author announces an attack on a neighbour.",
        "Somebody who uses this server reported it.",
        "An automatic check pointed to it.",
        "A person looked at it and decided",
        f"until 4 September 2026: {URL}",
        "out-of-court dispute settlement body",
        "go to court",
    ):
        assert part in text


def test_an_italian_author_reads_italian():
    text = letter("it-IT", Done(kind="label", label={"en": "Disputed", "it": "Contestato"}), clause=TERROR)

    for part in (
        "post del 3 marzo 2026",
        "un'etichetta al tuo post: Contestato.",
        "contro la legge: Directive (EU) 2017/541, art. 5.",
        "«Contenuti terroristici»: Non diffonderli.",
        "fino al 4 settembre 2026",
        "giudice",
    ):
        assert part in text
    assert "your" not in text


def test_a_language_without_words_gets_english_ones():
    assert letter("de") == letter("en")


def test_who_is_only_warned_is_told_of_the_appeal_and_of_no_restriction():
    text = letter("en", Done(kind="warn"))

    assert "We warn you" in text
    assert "appeal" in text
    assert "court" not in text
    assert "It applies" not in text


def test_no_one_else_is_named():
    text = letter("en", facts="@luca reported that Anna Verdi is threatened.", names=("Anna Verdi",))

    assert "What was found: [account] reported that [account] is threatened." in text


def test_a_narrower_territory_is_said():
    assert "in these countries: DE, IT." in letter("en", territory=("IT", "DE"))


@pytest.mark.parametrize(
    ("told", "last"),
    [
        (datetime(2026, 3, 4, 10, tzinfo=UTC), date(2026, 9, 4)),
        (datetime(2026, 8, 31, 10, tzinfo=UTC), date(2027, 2, 28)),
        (datetime(2027, 8, 30, 10, tzinfo=UTC), date(2028, 2, 29)),
        (datetime(2026, 12, 31, 23, tzinfo=UTC), date(2027, 6, 30)),
    ],
)
def test_an_appeal_can_be_made_for_six_calendar_months(told: datetime, last: date):
    assert appeal_ends(told) == last


@settings(max_examples=150, deadline=None)
@given(anything_decided)
def test_whatever_is_decided_can_be_explained_in_every_language(any_decided: Decided):
    for language in (*WORDS, "xx"):
        sections = explain(any_decided, language, appeal_url=URL, redress=Redress(until=END))

        assert all(section.paragraphs and section.heading for section in sections)
        assert "%(" not in as_text(sections).replace(any_decided.facts, "")
