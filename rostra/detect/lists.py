"""The operator's own lists of words and domains, looked up in one pass however long they are.

Words are looked for in the normalised text, as whole words, so a list need not spell out capitals, accents or tricks;
what was found has its place in the original. Which hosts a text links to is for `links.py`, what a hit means for the
policy.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import Final, Protocol

import msgspec
from ahocorasick_rs import AhoCorasick

from rostra.detect.normalise import normalise
from rostra.detect.reading import Reading
from rostra.kit.addresses import normalise_domain
from rostra.kit.errors import Invalid

MOST_HITS: Final = 200
"""Hits that are told of one text."""

_WORD: Final = re.compile(r"\w+")
# What may stand between the words of an entry without being part of it.
_BETWEEN_WORDS: Final = re.compile(r"[\s.,;:!?'’\-–_/]*")
# Scripts that put no spaces between words: Thai to Burmese, Khmer, and from the CJK radicals on. Of the last, Hangul
# has spaces, but also endings.
_UNSPACED: Final = re.compile(r"[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u2e80-\U0003ffff]")


class Listed(Protocol):
    """A list as a bundle has it. `language` is a tag such as `it`, or empty for texts in every language."""

    @property
    def id(self) -> str: ...
    @property
    def language(self) -> str: ...
    @property
    def entries(self) -> Sequence[str]: ...


class Hit(msgspec.Struct, frozen=True):
    """A word of a list, from `start` to `end` of the original."""

    list: str
    start: int
    end: int


class WordLists:
    """Lists of words and of fixed expressions. Immutable, and safe to use from several threads.

    An entry matches whole words, with any space or punctuation between them: `fake id` finds `FAKE-ID!` and not `fake
    idea`. An entry with other signs in it (`c++`, an emoji), or in a script without spaces, matches as it stands.
    """

    def __init__(self, lists: Iterable[Listed]) -> None:
        whole, literal = _Entries(), _Entries()
        for each in lists:
            for entry in each.entries:
                folded = normalise(entry).text.strip()
                words = _WORD.findall(folded)
                if words and not _BETWEEN_WORDS.sub("", _WORD.sub("", folded)) and not _UNSPACED.search(folded):
                    whole.add(f" {' '.join(words)} ", each)
                elif folded:
                    literal.add(folded, each)
        self._whole, self._literal = whole.build(), literal.build()

    def find(self, text: str, reading: Reading) -> list[Hit]:
        """The words of the lists in `text`, whose `reading` has it normalised: those of all lists for its language, or
        of all lists where the language is unknown. In no particular order, at most 200, each place once for a list."""
        found = self._find_whole(reading.normal, reading.language) + self._find_literal(
            reading.normal, reading.language
        )
        if not found:
            return []
        # The way back is not kept with a reading. Few texts have a hit, so it is found again for those.
        normal = normalise(text)
        same = normal.text == reading.normal
        spans = ((name, *(normal.origin(start, end) if same else (0, len(text)))) for name, start, end in found)
        return list(dict.fromkeys(Hit(name, start, end) for name, start, end in spans))

    def _find_whole(self, normal: str, language: str) -> list[tuple[str, int, int]]:
        if self._whole is None:
            return []
        # A space at each border, so that an entry between two spaces is one of whole words.
        searched = f" {' '.join(_WORD.findall(normal))} "
        matches = self._whole.search(searched, language)
        if not matches:
            return []
        spans = [found.span() for found in _WORD.finditer(normal)]
        found: list[tuple[str, int, int]] = []
        for name, start, end in matches:
            first = searched.count(" ", 0, start)
            last = first + searched.count(" ", start + 1, end - 1)
            found.append((name, spans[first][0], spans[last][1]))
        return found

    def _find_literal(self, normal: str, language: str) -> list[tuple[str, int, int]]:
        if self._literal is None:
            return []
        return [
            (name, start, end)
            for name, start, end in self._literal.search(normal, language)
            if not _inside_word(normal, start) and not _inside_word(normal, end)
        ]


class DomainLists:
    """Lists of domains. An entry has its subdomains with it: `example.com` finds `a.example.com`, never
    `badexample.com`."""

    def __init__(self, lists: Iterable[Listed]) -> None:
        self._lists: dict[str, list[str]] = {}
        for each in lists:
            for entry in each.entries:
                names = self._lists.setdefault(_domain(entry), [])
                if each.id not in names:
                    names.append(each.id)

    def find(self, host: str) -> list[str]:
        """The lists that have the host or a domain that it belongs to, each once."""
        if not self._lists:
            return []
        labels = _domain(host).split(".")[-127:]
        domains = (".".join(labels[start:]) for start in range(len(labels)))
        return list(dict.fromkeys(name for domain in domains for name in self._lists.get(domain, ())))


class _Automaton:
    """Entries that are looked up together, and the lists and languages that each of them stands for."""

    def __init__(self, entries: dict[str, list[tuple[str, str]]]) -> None:
        self._lists = list(entries.values())
        self._automaton = AhoCorasick(entries.keys(), store_patterns=False)

    def search(self, text: str, language: str) -> list[tuple[str, int, int]]:
        found: list[tuple[str, int, int]] = []
        for pattern, start, end in self._automaton.find_matches_as_indexes(text, overlapping=True):
            found += [(name, start, end) for name, wanted in self._lists[pattern] if wanted in ("", language or wanted)]
            if len(found) >= MOST_HITS:
                return found[:MOST_HITS]
        return found


class _Entries:
    def __init__(self) -> None:
        self._entries: dict[str, list[tuple[str, str]]] = {}

    def add(self, entry: str, of: Listed) -> None:
        names = self._entries.setdefault(entry, [])
        if (of.id, of.language) not in names:
            names.append((of.id, of.language))

    def build(self) -> _Automaton | None:
        return _Automaton(self._entries) if self._entries else None


def _inside_word(text: str, at: int) -> bool:
    """Whether the border at `at` runs through a word of a script that has spaces."""
    if not 0 < at < len(text):
        return False
    before, after = text[at - 1], text[at]
    letters = before.isalnum() and after.isalnum()
    return letters and not (_UNSPACED.match(before) and _UNSPACED.match(after))


def _domain(name: str) -> str:
    name = name.strip().removeprefix("*").removeprefix(".")
    try:
        return normalise_domain(name)
    except Invalid:
        return name.lower()
