"""The small grammar of the seed templates: slots, forms that agree, alternatives, and how one sentence is made of them.

    {when}                a filler of the list `when`
    {person.obj}          the column `obj` of the table `person`; columns of one table come from one row
    {person.obj~2}        the same table drawn a second time
    {@threat.direct}      a whole sentence of that kind, for quotation, report and negation around it
    [I'm going to/I'll]   one of these, written in place; an empty one is allowed

A new line is written as a backslash and an n. Italian prepositions before a slot melt into its article
(`di {gruppo.pl}` with "gli anziani" gives "degli anziani").
"""

from __future__ import annotations

import random
import re
from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from typing import Final

import msgspec

SLOT: Final = re.compile(r"\{(@?[a-z_][a-z_0-9.]*)(?:~(\d))?\}|\[([^\[\]]*/[^\[\]]*)\]")
ARTICLES: Final[Mapping[str, str]] = {
    "il": "l ", "lo": "llo ", "la": "lla ", "l'": "ll'", "i": "i ", "gli": "gli ", "le": "lle ",
}  # fmt: skip
STEMS: Final[Mapping[str, str]] = {"a": "a", "di": "de", "da": "da", "in": "ne", "su": "su"}
PREPOSITION: Final = re.compile(r"(?<!\w)(a|di|da|in|su) $", re.IGNORECASE)
_WORD: Final = re.compile(r"\w+")
ARTICLE: Final = re.compile(r"(il|lo|la|i|gli|le) |(l')", re.IGNORECASE)


class Slot(msgspec.Struct, frozen=True):
    """One place of a template: a table and its column, the alternatives written in place, or a nested kind."""

    table: str = ""
    column: str = ""
    draw: str = ""
    choices: tuple[str, ...] = ()

    @property
    def nested(self) -> str:
        """The kind whose sentences go here, or nothing."""
        return self.table[1:] if self.table.startswith("@") else ""


class Table(msgspec.Struct, frozen=True):
    """Fillers: rows of forms that belong together; a plain list is a table with the one column ``."""

    name: str
    rows: tuple[Mapping[str, str], ...]


class Template(msgspec.Struct, frozen=True):
    """One line of a seed file with what it is an example of."""

    text: str
    language: str
    kind: str
    labels: frozenset[str]
    times: int = 1

    @property
    def parts(self) -> Sequence[str | Slot]:
        """The literal pieces and slots in order."""
        return _parts_of(self.text)


@cache
def _parts_of(text: str) -> tuple[str | Slot, ...]:
    return tuple(split(text))


def split(text: str) -> list[str | Slot]:
    """Take a template apart."""
    parts: list[str | Slot] = []
    at = 0
    for found in SLOT.finditer(text):
        parts.append(text[at : found.start()])
        if found[3] is not None:
            parts.append(Slot(choices=tuple(found[3].split("/"))))
        elif found[1].startswith("@"):
            parts.append(Slot(table=found[1], draw=found[2] or ""))
        else:
            table, _, column = found[1].partition(".")
            parts.append(Slot(table=table, column=column, draw=found[2] or ""))
        at = found.end()
    parts.append(text[at:])
    return [part for part in parts if part]


def read_table(name: str, text: str) -> Table:
    """Fillers as written: one a line; with bars, the first line names the columns."""
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    if "|" not in lines[0]:
        return Table(name=name, rows=tuple({"": line} for line in lines))
    columns = [cell.strip() for cell in lines[0].split("|")]
    rows = [[cell.strip() for cell in line.split("|")] for line in lines[1:]]
    for row in rows:
        if len(row) != len(columns):
            raise ValueError(f"{name}: {' | '.join(row)!r} has {len(row)} cells where {len(columns)} columns are named")
    return Table(name=name, rows=tuple(dict(zip(columns, row, strict=True)) for row in rows))


class Deck:
    """Deals the numbers below `size` so that all come equally often: shuffled anew for every round."""

    def __init__(self, size: int, rng: random.Random) -> None:
        self._size = size
        self._rng = rng
        self._left: list[int] = []

    def deal(self) -> int:
        """The next number."""
        if not self._left:
            self._left = list(range(self._size))
            self._rng.shuffle(self._left)
        return self._left.pop()


class Decks:
    """One deck for each table and side (harmful, benign), shared by all templates of a language.

    So every identity is named as often as any other, on each side.
    """

    def __init__(self, rng: random.Random) -> None:
        self._rng = rng
        self._decks: dict[tuple[str, str], Deck] = {}

    def deal(self, name: str, side: str, size: int) -> int:
        """The next number below `size` for this name and side."""
        key = (name, side)
        if key not in self._decks:
            self._decks[key] = Deck(size, self._rng)
        return self._decks[key].deal()


def melt(before: str, filler: str) -> tuple[str, str]:
    """Join an Italian preposition with the article after it: ("odio di ", "gli anziani") → ("odio ", "degli …")."""
    preposition, article = PREPOSITION.search(before), ARTICLE.match(filler)
    if preposition is None or article is None:
        return before, filler
    word, form = preposition[1], (article[1] or article[2]).lower()
    joined = STEMS[word.lower()] + ARTICLES[form]
    if word.isupper() or word.istitle():
        joined = joined[0].upper() + joined[1:]
    # "in il" → "nel", "su i" → "sui", "in l'" → "nell'"
    return before[: preposition.start()], joined + filler[article.end() :]


def fit_article(before: str, filler: str) -> str:
    """English: "a " before a vowel becomes "an ", and no second article is added: ("the ", "the mayor") → ""."""
    if re.search(r"(?<!\w)[Aa] $", before) and filler[:1].lower() in "aeio":
        return f"{before[:-1]}n "
    if before.endswith(" the ") and filler.startswith(("the ", "our ", "my ")):
        return before[:-4]
    return before


def fit_italian_article(before: str, filler: str) -> str:
    """Italian: "un ", "il " and "quel " before a filler that wants another form ("uno ", "lo ", "l'", "quello ")."""
    found = re.search(r"(?<!\w)(un|il|quel) $", before, re.IGNORECASE)
    if found is None:
        return before
    word = found[1]
    if re.match(r"z|s[^aeiou]|gn|ps", filler, re.IGNORECASE):
        word += {"un": "o", "quel": "lo"}.get(word.lower(), "")
        word = word.replace("il", "lo").replace("Il", "Lo") + " "
    elif filler[:1].lower() in "aeiou" and word.lower() != "un":
        word = {"il": "l'", "Il": "L'"}.get(word, f"{word}l'")
    else:
        word += " "
    return before[: found.start()] + word


class Writer:
    """Makes sentences of the templates of one language."""

    def __init__(
        self, language: str, tables: Mapping[str, Table], kinds: Mapping[str, list[Template]], rng: random.Random
    ) -> None:
        self._language = language
        self._tables = tables
        self._kinds = kinds
        self._rng = rng
        self._decks = Decks(rng)

    def combinations(self, template: Template) -> int:
        """How many different sentences the template can make (a nested kind counts as its number of templates)."""
        sizes: dict[tuple[str, str, int], int] = {}
        for at, part in enumerate(template.parts):
            if isinstance(part, Slot):
                sizes[part.table, part.draw, at if part.choices else -1] = self._size(part)
        total = 1
        for size in sizes.values():
            total *= size
        return total

    def write(self, template: Template) -> str:
        """One sentence; ValueError names the slot that nothing fills."""
        side = "harmful" if template.labels else "benign"
        rows: dict[tuple[str, str], Mapping[str, str]] = {}
        text = ""
        for at, part in enumerate(template.parts):
            if isinstance(part, str):
                text += part
                continue
            filler = self._fill(template, part, side, at, rows)
            if self._language == "it" and not part.choices:
                text, filler = melt(fit_italian_article(text, filler), filler)
            if self._language == "en":
                text = fit_article(text, filler)
            text += filler
        return re.sub(r" +([,.!?])(?!\w)", r"\1", re.sub(r"  +", " ", text)).strip().replace("\\n", "\n")

    def _size(self, slot: Slot) -> int:
        if slot.choices:
            return len(slot.choices)
        if slot.nested:
            return len(self._kinds[slot.nested])
        return len(self._tables[slot.table].rows)

    def _fill(
        self, template: Template, slot: Slot, side: str, at: int, rows: dict[tuple[str, str], Mapping[str, str]]
    ) -> str:
        if slot.choices:
            return slot.choices[self._decks.deal(f"{template.text}#{at}", side, len(slot.choices))]
        if slot.nested:
            if slot.nested not in self._kinds:
                raise ValueError(f"{template.text!r}: no kind {slot.nested}")
            inner = self._kinds[slot.nested]
            return self.write(inner[self._decks.deal(slot.table, side, len(inner))]).replace('"', "")
        if slot.table not in self._tables:
            raise ValueError(f"{template.text!r}: no filler {slot.table}")
        table = self._tables[slot.table]
        key = (slot.table, slot.draw)
        if key not in rows:
            taken = [row for name, row in rows.items() if name[0] == slot.table]
            rows[key] = self._row(table, side, taken)
        if slot.column not in rows[key]:
            raise ValueError(f"{template.text!r}: {slot.table} has no form {slot.column or '(plain)'}")
        return rows[key][slot.column]

    def _row(self, table: Table, side: str, taken: list[Mapping[str, str]]) -> Mapping[str, str]:
        row = table.rows[self._decks.deal(table.name, side, len(table.rows))]
        while row in taken and len(table.rows) > len(taken):
            row = table.rows[self._decks.deal(table.name, side, len(table.rows))]
        return row


def restyle(text: str, openers: Table, closers: Table, rng: random.Random) -> str:
    """Dress a sentence as people post it: something before or after, capital, all capitals, a full stop."""
    if rng.random() < 0.22:
        text = f"{openers.rows[rng.randrange(len(openers.rows))]['']} {text}"
    if rng.random() < 0.3 and text[-1].isalnum():
        text += rng.choice(".!.")
    if rng.random() < 0.22:
        text = f"{text} {closers.rows[rng.randrange(len(closers.rows))]['']}"
    chance = rng.random()
    if chance < 0.04:
        return text.upper()
    return text[0].upper() + text[1:] if chance < 0.4 else text


def distinct(
    writer: Writer, template: Template, wanted: int, frames: tuple[Table, Table], rng: random.Random
) -> Iterator[str]:
    """Up to `wanted` different sentences of the template; those of few combinations are restyled more."""
    seen: set[str] = set()
    for attempt in range(wanted * 4):
        if len(seen) == wanted:
            return
        text = restyle(writer.write(template), *frames, rng) if attempt else writer.write(template)
        key = normalise(text)
        if key not in seen:
            seen.add(key)
            yield text


def normalise(text: str) -> str:
    """The words of a text in lower case, one blank between them: what makes two sentences the same."""
    return " ".join(_WORD.findall(text.casefold()))
