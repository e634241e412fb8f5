"""The statement of reasons as its addressee reads it: what was done, why, how it came about, and what can be done.

Covers each point of Article 17(3) of Regulation (EU) 2022/2065. The words are in `words`; another language is another
table there. The lead of the notice and its sending are the desk's.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, date, datetime
from typing import Final, Literal

import msgspec

from rostra.dsa import schema
from rostra.dsa.decided import Decided, Done, Texts
from rostra.dsa.facts import found_of
from rostra.dsa.words import WORDS
from rostra.text.dates import long_date, long_moment

# How long an appeal may be made: Article 20(1) asks for six months at least, counted from the notice.
APPEAL_MONTHS: Final = 6


class Section(msgspec.Struct, frozen=True):
    """A heading and its paragraphs, plain text."""

    heading: str
    paragraphs: tuple[str, ...]


class Redress(msgspec.Struct, frozen=True, kw_only=True):
    """How far an appeal is: it can be filed until a day ("open"), that day has gone ("late"), there is nothing left to
    appeal against ("back"), or it was filed, and stands there. `until`: last day of six months; `ended_on`: the day on
    which an appeal was decided, or the decision was taken back."""

    until: date
    state: Literal["open", "late", "back", "filed", "panel", "upheld", "overturned", "modified"] = "open"
    filed_on: date | None = None
    ended_on: date | None = None

    @property
    def is_over(self) -> bool:
        """Whether nothing of the decision is left that anybody could turn to."""
        return self.state in ("back", "overturned", "modified")


def explain(
    decided: Decided, language: str, *, appeal_url: str, redress: Redress, clause_url: str = ""
) -> tuple[Section, ...]:
    """The explanation in `language`, in English where there are no words in it.

    Facts are shown without what points to others, as in the statement.
    """
    words = words_in(language)
    tongue = language_of(language)
    return (
        Section(words["h.done"], _done(decided, words, tongue)),
        Section(words["h.why"], _why(decided, words, language, clause_url)),
        Section(words["h.how"], _how(decided, words)),
        Section(words["h.redress"], _redress(decided, words, tongue, appeal_url, redress)),
    )


def as_text(sections: tuple[Section, ...]) -> str:
    """The sections as the text of a letter."""
    return "\n\n".join("\n".join((section.heading.upper(), *section.paragraphs)) for section in sections) + "\n"


def appeal_ends(told_at: datetime) -> date:
    """The last day for an appeal against what somebody was told at `told_at`: six calendar months on."""
    day = told_at.astimezone(UTC).date()
    month = day.month + APPEAL_MONTHS
    year, month = day.year + (month - 1) // 12, (month - 1) % 12 + 1
    for last in (day.day, 30, 29, 28):
        try:
            return date(year, month, last)
        except ValueError:
            continue
    raise AssertionError("every month has 28 days")


def language_of(language: str) -> str:
    """Of the languages that there are words in, the one that fits best."""
    first = language.replace("_", "-").partition("-")[0].lower()
    return first if first in WORDS else "en"


def words_in(language: str) -> Mapping[str, str]:
    """The table of words of a language; English where there is none."""
    return WORDS[language_of(language)]


def say(texts: Texts, language: str) -> str:
    """The words in the language, else in English, else in any."""
    first = language.replace("_", "-").partition("-")[0].lower()
    return texts.get(language) or texts.get(first) or texts.get("en") or next(iter(texts.values()), "")


def _done(decided: Decided, words: Mapping[str, str], tongue: str) -> tuple[str, ...]:
    made = long_date(decided.content_date, tongue)
    begun = long_moment(decided.decided_at.astimezone(UTC), tongue)
    about = words["subject.post" if decided.subject_kind == "status" else "subject.account"] % {"day": made}
    acts = tuple(f"• {_act(action, words, tongue)}" for action in decided.actions)
    territory = set(decided.territory) & set(schema.COUNTRIES)
    everywhere = not territory or territory == set(schema.COUNTRIES)
    scope = words["scope.all"] if everywhere else words["scope.some"] % {"countries": ", ".join(sorted(territory))}
    return (about, *acts, words["since"] % {"time": begun}, *([scope] if decided.restricts else []))


def _act(action: Done, words: Mapping[str, str], tongue: str) -> str:
    done = words["act.refuse.status" if action.unpublished else f"act.{action.kind}.{action.on}"]
    if action.kind == "label":
        done = done % {"label": say(action.label, tongue) or words["label.unnamed"]}
    if action.on == "media":
        done = done % {"file": _file(action, words)}
    if action.kind == "warn":
        return done
    if action.ends_at is None:
        return f"{done} {words['until.none']}"
    end = long_moment(action.ends_at.astimezone(UTC), tongue)
    return f"{done} {words['until'] % {'time': end}}"


def _file(action: Done, words: Mapping[str, str]) -> str:
    """Which file of the post."""
    what = words[f"file.{action.content or 'other'}"]
    if not action.place:
        return what
    named = words["file.place"] % {"what": what, "place": action.place, "files": action.files}
    return words["file.described"] % {"file": named, "words": action.description} if action.description else named


def _why(decided: Decided, words: Mapping[str, str], language: str, clause_url: str) -> tuple[str, ...]:
    clause = decided.clause
    title, text = say(clause.title, language) or clause.id, " ".join(say(clause.text, language).split())
    found, reason = found_of(decided), say(decided.reason, language).strip()
    ground = words["ground.law"] % {"law": clause.law or title} if clause.ground == "law" else words["ground.terms"]
    return tuple(
        paragraph
        for paragraph in (
            ground,
            words["clause"] % {"title": title, "text": text} if text else title,
            words["clause.page"] % {"url": clause_url} if clause_url else "",
            # Where nobody has written a reason it is the title once more.
            "" if reason == title else reason,
            words["facts"] % {"facts": found} if found else "",
        )
        if paragraph
    )


def _how(decided: Decided, words: Mapping[str, str]) -> tuple[str, ...]:
    detected = words["detected.yes" if decided.automated_detection else "detected.no"]
    return (words[f"origin.{decided.origin}"], detected, words[f"decided.{decided.automated_decision}"])


def _redress(
    decided: Decided, words: Mapping[str, str], tongue: str, appeal_url: str, redress: Redress
) -> tuple[str, ...]:
    given = {"url": appeal_url, "day": long_date(redress.until, tongue)}
    given |= {"filed": long_date(redress.filed_on, tongue)} if redress.filed_on else {}
    given |= {"ended": long_date(redress.ended_on, tongue)} if redress.ended_on else {}
    appeal = words[f"redress.{redress.state}"] % given
    if redress.is_over or not decided.restricts:
        return (appeal,)
    return (appeal, words["redress.bodies"], words["redress.court"])
