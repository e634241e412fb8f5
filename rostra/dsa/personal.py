"""Takes out of a text what points to a person: handles, addresses of pages, mail and machines, numbers, known names.

The database of the European Union takes no personal data (Regulation (EU) 2022/2065, Article 24(5)). What has no form,
such as a name that nobody gave us, cannot be found by a pattern; those who write facts are told so.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Final

# Endings of names of machines that are common enough to be meant as such where there is no path behind them. Any of two
# letters is taken for a country's.
_ENDINGS: Final = (
    "com|org|net|info|biz|name|app|dev|blog|page|site|online|social|cloud|live|shop|store|club|xyz|[a-z]{2}"
)
# Each with what stands in its place; the order matters: whole handles before mail, mail before short ones, pages before
# machines. Runs are matched from their first character only, so that a text takes time by its length and no more.
_MAIL: Final = r"\w.!#$%&'*+/=?^`{|}~-"
_PATTERNS: Final = (
    (re.compile(r"\b(?:acct|mailto|xmpp|tel|sip):\S+", re.IGNORECASE), "[address]"),
    (re.compile(r"\b[a-z][a-z0-9+.-]{1,20}://\S+", re.IGNORECASE), "[link]"),
    (re.compile(r"[@＠][\w.-]+[@＠][\w.-]*\w"), "[account]"),
    (re.compile(rf"(?<![{_MAIL}])[{_MAIL}]++[@＠][\w.-]+\w"), "[address]"),
    (re.compile(r"[@＠]\s?[\w.-]*\w"), "[account]"),
    (re.compile(r"\b(?:/?u(?:sers?)?/)[\w.-]+\w", re.IGNORECASE), "[account]"),
    (re.compile(r"(?<![\w.-])[\w.-]*\.[^\W\d_]{2,24}(?::\d+)?/\S*"), "[link]"),
    (re.compile(r"(?<![\w.-])www\.[\w.-]*\w", re.IGNORECASE), "[link]"),
    (re.compile(rf"(?<![\w.-])[\w.-]*\w\.(?:{_ENDINGS})(?![\w-]|\.\w)"), "[link]"),
    (re.compile(r"(?<![\w:])(?:[0-9a-f]{0,4}:){2,7}[0-9a-f]{0,4}(?![\w:])", re.IGNORECASE), "[address]"),
    (re.compile(r"(?<![\d.])(?:\d{1,3}\.){3}\d{1,3}(?![\d.]*\d)"), "[address]"),
    # Bank accounts; then telephone numbers, cards, documents: seven digits and more, however they are set apart, unless
    # it is a day.
    (re.compile(r"\b[A-Z]{2}\d{2}(?:[ -]?[A-Z0-9]{4}){2,7}(?:[ -]?[A-Z0-9]{1,4})?\b"), "[number]"),
    (re.compile(r"(?<![\w-])(?!\d{4}-\d{2}-\d{2}(?![\d-]))\+?\(?\d(?:[\s()./-]{0,2}\d){6,}(?!\w)"), "[number]"),
    # Tax codes of people in Italy.
    (re.compile(r"\b[A-Z]{6}\d{2}[A-EHLMPRST]\d{2}[A-Z]\d{3}[A-Z]\b", re.IGNORECASE), "[number]"),
)  # fmt: skip
_CONTROL: Final = re.compile(r"[\x00-\x08\x0b-\x1f\x7f\ud800-\udfff]")
# Shorter ones would take words apart.
_SHORTEST_NAME: Final = 3


def without_personal(text: str, names: Iterable[str] = ()) -> str:
    """The text with a word in brackets in place of each. `names`: of accounts and people concerned, as the server knows
    them; only whole words are found, in small letters or capitals."""
    clean = _CONTROL.sub("", text)
    for pattern, word in _PATTERNS:
        clean = pattern.sub(word, clean)
    known = sorted({name.strip() for name in names if len(name.strip()) >= _SHORTEST_NAME}, key=len, reverse=True)
    if known:
        any_name = "|".join(re.escape(name) for name in known)
        clean = re.sub(rf"(?<!\w)(?:{any_name})(?!\w)", "[account]", clean, flags=re.IGNORECASE)
    return clean


def plain(text: str) -> str:
    """Without the characters that neither the database nor ours takes."""
    return _CONTROL.sub("", text)
