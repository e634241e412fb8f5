"""Which words a text must hold to be worth looking for a pattern in it, read off the notation of `phrase.py`.

A need is a set of words of which one must be there; a pattern has several, all of which must be met. They only ever ask
for too little: what is not understood asks for nothing, so that no find is missed.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence, Set
from sys import intern
from typing import Final, NamedTuple

from rostra.detect.phrases.phrase import alternatives
from rostra.detect.phrases.sieve import OPEN, Need

# Alternatives that are kept apart as whole strings, and how many may come of joining them to what stands before.
_MOST: Final = 1000
_MOST_JOINED: Final = 8
# Shorter parts of words are in every text.
_SHORTEST_PART: Final = 3
# A set of so many signs is as good as any sign.
_LARGE_SET: Final = 10
_COMMON: Final = 1000.0

_TOKEN: Final = re.compile(
    r"""
    (?P<text>[^\\\[\](){}|?*+.^$~]+(?![?*+{])|[^\\\[\](){}|?*+.^$~]) | (?P<gap>~\d(?:\ (?!\?))?)
    | \{(?P<name>[a-z_]+)\} | \{(?P<least>\d+)[\d,]*\} | (?P<set>\[\^?(?:\\.|[^\]\\])+\])
    | (?P<open>\((?:\?:)?) | (?P<bar>[|]) | (?P<close>\)) | (?P<times>[?*+]) | \\(?P<escape>x20|.) | (?P<any>\.)
    | (?P<strange>.)
    """,
    re.VERBOSE,
)
_ENDS: Final = frozenset({"bar", "close", "last"})
_COUNTS: Final = frozenset({"times", "least"})
_JOINTS: Final = str.maketrans("',", "  ")
_WORD: Final = re.compile("[0-9A-Za-z_]+")
# A place where no word goes on, in a string; nothing that a pattern can say.
_EDGE: Final = "\0"
_EDGES: Final = f" {_EDGE}"
_FREQUENT: Final = """
    the a to and of in i you is it that for on my me s e di che la il un non per with so was are be at have this
    but not your we he just like t as all they if or what up from no get can do out about now one will when m re an
    people has more am by how good u ur us their them she his her him who there got know had time our been some go
    were going really want think because day never need see back new make only over even still too why much other
    than off should did man right well way into these those first being very could every made after most where
    again same ll ve d two year una mi si lo ma le da sono con ho se come ti ha ci al del della piu ne te io tu
    anche perche sei fa ora tutti o gli solo cosa questo dei delle quando mai bene qui era hai tutto chi sempre poi
    noi loro fare essere stato due anni nel nella alla
"""
_COMMON_WORDS: Final = frozenset(_FREQUENT.split())


class _Part(NamedTuple):
    """What a piece of a pattern asks for: all that it can match where that is a short list, else its needs.

    `closed`: whatever it matches, nothing aside, ends where no word goes on.
    """

    exact: frozenset[str] | None = None
    needs: tuple[Need, ...] = ()
    closed: bool = False


_Tokens = Sequence[tuple[str, str]]


class NeedReader:
    """Reads patterns of one language. `classes` are those of `tables.read_classes`; what was read of each is kept."""

    def __init__(self, classes: Mapping[str, str]) -> None:
        self._classes = classes
        self._parts: dict[tuple[str, bool, bool], _Part] = {}
        self._made: dict[tuple[frozenset[str], bool, bool], tuple[Need, ...]] = {}
        # What several patterns ask for is there once.
        self._kept: dict[Need, Need] = {}
        self._words = _Frequencies()
        self._frequencies: dict[Need, float] = {}

    def needs_of(self, pattern: str) -> tuple[Need, ...]:
        """The needs of a pattern, the rarest first. ValueError for what the notation does not have."""
        left = "{start}" not in pattern
        right = "{end}" not in pattern and r"\z" not in pattern
        needs = self._needs(self._read(pattern, left, right), left, right)
        return tuple(sorted(dict.fromkeys(needs), key=self._frequency))

    def _read(self, pattern: str, left: bool, right: bool) -> _Part:
        tokens = _tokens_of(pattern)
        part, at = self.alternatives(tokens, 0, left, right)
        if tokens[at][0] != "last":
            raise ValueError(f"a parenthesis too many in a phrase: {pattern}")
        return part

    def part_of_class(self, name: str, left: bool, right: bool) -> _Part:
        """What a class of words asks for; KeyError where there is none of the name."""
        key = name, left, right
        if key not in self._parts:
            self._parts[key] = self._read(alternatives(self._classes[name]), left, right)
        return self._parts[key]

    def alternatives(self, tokens: _Tokens, at: int, left: bool, right: bool) -> tuple[_Part, int]:
        """What the alternatives from `at` on ask for, and where they end.

        `left`: no word goes on to the left of them; `right`: nor to the right.
        """
        parts: list[_Part] = []
        plain: set[str] = set()
        while True:
            kind, token = tokens[at]
            if kind == "text" and tokens[at + 1][0] in _ENDS:
                # Nearly all are a word or a few.
                plain.add(token)
                at += 1
            else:
                part, at = _InTurn(self, tokens, left, right).read(at)
                parts.append(part)
            if tokens[at][0] != "bar":
                break
            at += 1
        if plain:
            parts.append(_Part(frozenset(plain), (), _all_end(plain)))
        return self._one_of(parts, left, right), at

    def _one_of(self, parts: Sequence[_Part], left: bool, right: bool) -> _Part:
        if len(parts) == 1:
            return parts[0]
        closed = all(part.closed and (left or part.exact is None or "" not in part.exact) for part in parts)
        exact = [part.exact for part in parts if part.exact is not None]
        if len(exact) == len(parts) and len(strings := frozenset[str]().union(*exact)) <= _MOST:
            return _Part(strings, (), all(part.closed for part in parts))
        best = [min(self._needs(part, left, right), key=self._frequency, default=None) for part in parts]
        known = [need for need in best if need is not None]
        return _Part(None, (frozenset[str]().union(*known),) if len(known) == len(best) else (), closed)

    def _needs(self, part: _Part, left: bool, right: bool) -> tuple[Need, ...]:
        return part.needs if part.exact is None else self.need_of(part.exact, left, right)

    def need_of(self, strings: Set[str], left: bool, right: bool) -> tuple[Need, ...]:
        """The words of which one is in each text that holds one of the strings; nothing where one has no words to speak
        of. `left`: no word goes on before them; `right`: nor after them."""
        key = frozenset(strings), left, right
        if key not in self._made:
            before, after = _EDGE if left else "", _EDGE if right else ""
            words = {self._rarest(f"{before}{string}{after}") for string in strings}
            self._made[key] = () if "" in words else (self._kept.setdefault(need := frozenset(words), need),)
        return self._made[key]

    def _rarest(self, string: str) -> str:
        """The rarest word, pair of words or part of a word; empty where there is none to speak of."""
        words = _words_of(string)
        if not words:
            return ""
        return intern(words[0] if len(words) == 1 else min(words, key=self._words.__getitem__))

    def _frequency(self, need: Need) -> float:
        if need not in self._frequencies:
            self._frequencies[need] = sum(map(self._words.__getitem__, need))
        return self._frequencies[need]


class _InTurn:
    """Reads what stands one after the other: strings grow as long as they are known, then needs are made of them."""

    def __init__(self, reader: NeedReader, tokens: _Tokens, left: bool, right: bool) -> None:
        self._reader = reader
        self._tokens = tokens
        self._left, self._right = left, right
        self._needs: list[Need] = []
        self._is_whole = True
        self._begin(left)

    def _begin(self, edge: bool) -> None:
        """Strings from here on; `edge`: no word goes on here."""
        self._strings = {_EDGE if edge else ""}
        self._edge = edge

    def read(self, at: int) -> tuple[_Part, int]:
        """What the sequence from `at` on asks for, and where it ends."""
        while (kind := self._tokens[at][0]) not in _ENDS:
            token = self._tokens[at][1]
            at += 1
            if kind == "text" and self._tokens[at][0] not in _COUNTS:
                self._strings = {string + token for string in self._strings}
                self._edge = not _WORD.match(token[-1])
            elif kind == "gap" or token in {"start", "end"}:
                self._stop(closed=True)
                self._begin(edge=True)
            elif kind == "escape" and token in "bAz":
                self._strings = {string + _EDGE for string in self._strings}
                self._edge = True
            else:
                at = self._read_counted(kind, token, at)
        if self._is_whole:
            strings = frozenset(string[1:] for string in self._strings) if self._left else frozenset(self._strings)
            return _Part(strings, (), _all_end(strings)), at
        self._stop(closed=self._right)
        return _Part(None, tuple(self._needs), self._edge), at

    def _read_counted(self, kind: str, token: str, at: int) -> int:
        """One thing and how often it may come; the place after both."""
        part, at = self._read_one(kind, token, at)
        count = ""
        if self._tokens[at][0] in _COUNTS:
            count, at = self._tokens[at][1], at + 1
        if count == "?" and part.exact is not None:
            part = part._replace(exact=part.exact | {""})
        elif count in {"?", "*", "0"}:
            self._stop()
            self._begin(self._edge and part.closed)
            return at
        elif count and part.exact is not None:
            part = _Part(None, self._reader.need_of(part.exact, self._edge, False), part.closed)
        self._add(part)
        return at

    def _read_one(self, kind: str, token: str, at: int) -> tuple[_Part, int]:
        if kind == "name":
            right = _begins_with_edge(self._tokens, at, self._right)
            return self._reader.part_of_class(token, self._edge, right), at
        if kind == "open":
            end = _closing(self._tokens, at)
            right = _begins_with_edge(self._tokens, end, self._right)
            return self._reader.alternatives(self._tokens, at, self._edge, right)[0], end
        if kind == "text" or (kind == "escape" and token not in "wWdDsS"):
            exact = frozenset({" " if token == "x20" else token})
        elif kind == "set" and token[1:-1].isalnum() and len(token) < _LARGE_SET:
            exact = frozenset(token[1:-1])
        elif kind in {"set", "any", "escape"}:
            return _Part(), at
        else:
            raise ValueError(f"what does {token!r} mean in a phrase?")
        return _Part(exact, (), _all_end(exact)), at

    def _add(self, part: _Part) -> None:
        if part.exact is None:
            self._stop()
            self._needs += part.needs
            self._begin(part.closed)
            return
        joined = len(self._strings) * len(part.exact)
        says_something = len(self._strings) > 1 or self._strings.isdisjoint({"", _EDGE})
        if joined > _MOST or (joined > _MOST_JOINED and self._edge and says_something and len(part.exact) > 1):
            self._stop()
            self._begin(self._edge)
        self._strings = {string + more for string in self._strings for more in part.exact}
        self._edge = part.closed and (self._edge or "" not in part.exact)

    def _stop(self, *, closed: bool = False) -> None:
        self._needs += self._reader.need_of(self._strings, False, closed)
        self._is_whole = False


def _tokens_of(pattern: str) -> _Tokens:
    tokens: list[tuple[str, str]] = []
    for found in _TOKEN.finditer(pattern):
        kind = found.lastgroup or "strange"
        token = found[kind]
        tokens.append((kind, token.translate(_JOINTS) if kind == "text" else token))
    tokens.append(("last", ""))
    return tokens


def _closing(tokens: _Tokens, at: int) -> int:
    """The place after the parenthesis that closes the group whose inside begins at `at`."""
    depth = 1
    while depth and tokens[at][0] != "last":
        depth += {"open": 1, "close": -1}.get(tokens[at][0], 0)
        at += 1
    if depth:
        raise ValueError("a parenthesis is missing in a phrase")
    return at


def _begins_with_edge(tokens: _Tokens, at: int, right: bool) -> bool:
    """Whether what stands before the token at `at` surely ends where no word goes on."""
    kind, token = tokens[at]
    if kind in _ENDS:
        return right
    if kind == "text" and token[0] == " ":
        return tokens[at + 1][0] not in _COUNTS or len(token) > 1
    return kind == "gap" or (kind, token) in {("escape", "b"), ("name", "end")}


def _all_end(strings: Iterable[str]) -> bool:
    """Whether all strings but the empty one end where no word goes on."""
    return not any(string and _WORD.match(string[-1]) for string in strings)


def _words_of(string: str) -> list[str]:
    """The words, pairs of words and parts of words in the string."""
    if string[1:-1].isalnum() and string[0] in _EDGES and string[-1] in _EDGES:
        return [string[1:-1]]
    words: list[str] = []
    last, size = "", len(string)
    for found in _WORD.finditer(string):
        start, end = found.span()
        word = found[0]
        if start > 0 and end < size:
            words.append(word)
            if last:
                words.append(f"{last} {word}")
            last = word
        elif end - start >= _SHORTEST_PART:
            words.append(f"{'' if start > 0 else OPEN}{word}{'' if end < size else OPEN}")
    return words


class _Frequencies(dict[str, float]):
    """About how often words are met: only the pace depends on it."""

    def __missing__(self, word: str) -> float:
        one, _, other = word.partition(" ")
        if other:
            frequency = self[one] * self[other] / 5000
        elif OPEN in word:
            frequency = 60 / len(word.strip(OPEN)) ** 2
        else:
            frequency = _COMMON if word in _COMMON_WORDS else 8 / len(word) ** 2
        self[word] = frequency
        return frequency
