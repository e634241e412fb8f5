"""Reads typed values from the nodes of a YAML file, and says at which line something else stands.

A wrong value is noted as a problem and read as a default, so that all that is wrong is found in one go.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import date, timedelta
from difflib import get_close_matches
from typing import Final, TypeVar

from rostra.policy.records import At, Problem, Texts
from rostra.policy.said import Said, bare, of, said
from rostra.policy.yamlfile import Node

T = TypeVar("T")

_ID: Final = re.compile(r"[a-z0-9]+(?:[-_.][a-z0-9]+)*\Z")
_DURATION: Final = re.compile(r"(\d{1,6})([mhdw])\Z")
_UNITS: Final = {"m": "minutes", "h": "hours", "d": "days", "w": "weeks"}
_LANGUAGE: Final = re.compile(r"[a-z]{2,3}(?:-[A-Za-z0-9]{2,8})*\Z")
_LONGEST: Final = timedelta(days=3660)
MAX_ID: Final = 80
LINES: Final = said("write one entry a line, each after `- `")


def did_you_mean(word: str, known: Sequence[str] | Mapping[str, object], otherwise: Said) -> Said:
    """The remedy for an unknown word: the nearest known one, or `otherwise`."""
    near = get_close_matches(word, list(known), n=1, cutoff=0.6)
    return said("did you mean %(name)s?", name=near[0]) if near else otherwise


class Notes:
    """Gathers what is wrong, at the right file and line."""

    def __init__(self) -> None:
        self.problems: list[Problem] = []

    def add(self, file: str, line: int, what: Said, remedy: Said) -> None:
        self.problems.append(Problem(file=file, line=line, what=what, remedy=remedy))

    def at(self, at: At, key: str, what: Said, remedy: Said) -> None:
        """A problem with what stands under `key` of a record."""
        self.add(at.file, at.key(key), what, remedy)

    def warn(self, at: At, key: str, what: Said, remedy: Said) -> None:
        """The same, where the bundle can be used all the same."""
        self.problems.append(Problem(file=at.file, line=at.key(key), what=what, remedy=remedy, level="warning"))


class Entry:
    """One mapping of a file, read key by key; `close` reports the keys that nobody asked for."""

    def __init__(self, notes: Notes, file: str, node: Node, kind: Said) -> None:
        self.notes, self.file, self.kind = notes, file, kind
        self.line = node.line
        self.asked: dict[str, None] = {}
        self.nodes: dict[str, Node] = {}
        if isinstance(node.value, dict):
            self.nodes = node.value
        elif node.value is not None:
            self.problem(node.line, said("this must be a mapping"), said("write `key: value` lines"))

    @property
    def at(self) -> At:
        return At(self.file, self.line, {name: node.line for name, node in self.nodes.items()})

    def problem(self, line: int, what: Said, remedy: Said) -> None:
        self.notes.add(self.file, line, of(self.kind, what), remedy)

    def wrong(self, name: str, what: Said, remedy: Said) -> None:
        node = self.nodes.get(name)
        self.problem(node.line if node else self.line, of(bare(name), what), remedy)

    def close(self) -> None:
        for name, node in self.nodes.items():
            if name not in self.asked:
                known = said("known here: %(names)s", names=", ".join(self.asked))
                what = said("unknown key '%(name)s'", name=name)
                self.problem(node.key_line, what, did_you_mean(name, self.asked, known))

    def node(self, name: str) -> Node | None:
        self.asked[name] = None
        node = self.nodes.get(name)
        return None if node is None or node.value is None else node

    def missing(self, name: str, remedy: Said) -> None:
        self.problem(self.line, said("'%(name)s' is missing", name=name), remedy)

    def scalar(self, name: str, *, need: Said | None = None) -> str:
        """Text; '' where it is not there. `need` is the remedy where it must be, and say something."""
        node = self.node(name)
        if node is None or (isinstance(node.value, str) and not node.value.strip()):
            if need is not None:
                self.missing(name, need)
            return ""
        if isinstance(node.value, str):
            return node.value.strip()
        self.wrong(name, said("this must be text"), said("write one value, in quotes where it has a colon"))
        return ""

    def parsed(self, name: str, parse: Callable[[str], T], default: T, remedy: Said, *, need: bool = False) -> T:
        """A scalar through `parse`, which raises ValueError; `remedy` says what may stand here."""
        text = self.scalar(name, need=remedy if need else None)
        if not text:
            return default
        try:
            return parse(text)
        except ValueError:
            self.wrong(name, said("'%(text)s' cannot be read", text=_short(text)), remedy)
            return default

    def id(self) -> str:
        text = self.scalar("id", need=said("give it a name of its own, such as threat-direct"))
        if text and (not _ID.match(text) or len(text) > MAX_ID):
            remedy = said("small letters and digits, parted by - _ or ., at most %(n)s", n=MAX_ID)
            self.wrong("id", said("'%(text)s' is no id", text=_short(text)), remedy)
        return text

    def choice(self, name: str, among: Sequence[T], default: T, *, need: bool = False) -> T:
        known = {str(each): each for each in among}
        one_of = said("one of %(names)s", names=", ".join(known))
        text = self.scalar(name, need=one_of if need else None)
        if not text:
            return default
        if text not in known:
            self.wrong(name, said("'%(text)s' is not known", text=_short(text)), did_you_mean(text, known, one_of))
        return known.get(text, default)

    def flag(self, name: str, default: bool = False) -> bool:
        return self.parsed(name, read_bool, default, said("true or false"))

    def duration(self, name: str, default: timedelta, *, need: bool = False) -> timedelta:
        remedy = said("a number and m, h, d or w, such as 30m, 72h or 90d")
        return self.parsed(name, read_duration, default, remedy, need=need)

    def texts(self, name: str, *, need: Said | None = None) -> Texts:
        """Words by language; empty where they are not there."""
        node = self.node(name)
        if node is None:
            if need is not None:
                self.missing(name, need)
            return {}
        if not isinstance(node.value, dict):
            remedy = said("write `%(name)s: {en: …, it: …}`", name=name)
            self.wrong(name, said("this must be text by language"), remedy)
            return {}
        found: Texts = {}
        for language, each in node.value.items():
            if not _LANGUAGE.match(language):
                what = of(bare(name), said("'%(text)s' is no language", text=language))
                self.problem(each.key_line, what, said("a tag such as en or it"))
            elif not isinstance(each.value, str) or not each.value.strip():
                what = of(bare(f"{name}: {language}"), said("this must be text"))
                self.problem(each.line, what, said("write what people read"))
            else:
                found[language] = each.value.strip()
        return found

    def words(self, name: str, *, need: Said | None = None) -> tuple[str, ...]:
        """A list of texts; one text counts as a list of one."""
        return tuple(text for text, _ in self.word_nodes(name, need=need))

    def word_nodes(self, name: str, *, need: Said | None = None) -> list[tuple[str, Node]]:
        node = self.node(name)
        if node is None:
            if need is not None:
                self.missing(name, need)
            return []
        each = node.value if isinstance(node.value, list) else [node]
        found = [(one.value.strip(), one) for one in each if isinstance(one.value, str)]
        if len(found) < len(each):
            remedy = said("write `%(name)s: [one, another]`", name=name)
            self.wrong(name, said("this must be a list of texts"), remedy)
        return found

    def entries(self, name: str, kind: Said) -> Iterator[Entry]:
        """The mappings of a list, one after the other, each closed for us."""
        node = self.node(name)
        if node is None:
            return
        if not isinstance(node.value, list):
            self.wrong(name, said("this must be a list"), LINES)
            return
        yield from entries_of(self.notes, self.file, node, kind)

    def entry(self, name: str) -> Entry | None:
        node = self.node(name)
        return None if node is None else Entry(self.notes, self.file, node, of(self.kind, bare(name)))


def entries_of(notes: Notes, file: str, node: Node, kind: Said) -> Iterator[Entry]:
    """The mappings of a list node, as entries that are named by their id in problems."""
    if not isinstance(node.value, list):
        if node.value is not None:
            notes.add(file, node.line, said("this must be a list"), LINES)
        return
    for each in node.value:
        entry = Entry(notes, file, each, name_of(kind, each))
        yield entry
        entry.close()


def name_of(kind: Said, node: Node) -> Said:
    """What a mapping is called in problems: "rule threat-direct"."""
    own = node.value.get("id") if isinstance(node.value, dict) else None
    return named(kind, _short(own.value)) if own is not None and isinstance(own.value, str) else kind


def named(kind: Said, name: str) -> Said:
    """A thing by its kind and its id."""
    return said("%(kind)s %(id)s", kind=kind, id=name)


def read_bool(text: str) -> bool:
    if text not in {"true", "false"}:
        raise ValueError(text)
    return text == "true"


def read_duration(text: str) -> timedelta:
    match = _DURATION.match(text)
    if match is None or int(match[1]) == 0:
        raise ValueError(text)
    found = timedelta(**{_UNITS[match[2]]: int(match[1])})
    if found > _LONGEST:
        raise ValueError(text)
    return found


def read_date(text: str) -> date:
    if len(text) != len("2027-06-30"):
        raise ValueError(text)
    return date.fromisoformat(text)


def read_number(text: str) -> float:
    """A plain decimal number: no infinity, no exponent, no underscores."""
    if not re.fullmatch(r"-?\d{1,15}(\.\d{1,15})?", text):
        raise ValueError(text)
    return float(text)


def read_whole(text: str) -> int:
    if not re.fullmatch(r"-?\d{1,15}", text):
        raise ValueError(text)
    return int(text)


def _short(text: str) -> str:
    return text if len(text) <= 60 else text[:59] + "…"
