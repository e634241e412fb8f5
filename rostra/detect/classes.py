"""The classes of words (`classes.txt`: who, whom, verbs of harm, weapons, times, but also games, reports, negations).

They are the same in English and Italian, which lets what was learnt in one language speak in the other. What a class
means for a text is learnt, not said here.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Final, NamedTuple

_FILE: Final = Path(__file__).parent / "classes.txt"


# No beginning of words is shorter.
_SHORTEST: Final = 3


class Classes(NamedTuple):
    """Names in the order of the file; the class of whole words, counted from 1; and beginnings of words with theirs, by
    their own first letters, short ones first."""

    names: tuple[str, ...]
    words: dict[bytes, int]
    beginnings: dict[bytes, list[tuple[bytes, int]]]

    def of(self, word: bytes) -> int:
        """The class of a normalised word in UTF-8, from 1; 0 for none. A whole word counts before a beginning, a short
        beginning before a long one."""
        found = self.words.get(word, 0)
        if not found:
            for beginning, kind in self.beginnings.get(word[:_SHORTEST], ()):
                if word.startswith(beginning):
                    return kind
        return found


@cache
def classes() -> Classes:
    """The classes of the package; ValueError for a beginning that is too short."""
    names: list[str] = []
    words: dict[bytes, int] = {}
    beginnings: dict[bytes, dict[bytes, int]] = {}
    for line in _FILE.read_text(encoding="utf-8").splitlines():
        if line.startswith("#") or not line.strip():
            continue
        name, _, members = line.partition(":")
        names.append(name)
        for member in members.encode().split():
            beginning = member.removesuffix(b"*")
            if beginning == member:
                words.setdefault(member, len(names))
            elif len(beginning) < _SHORTEST:
                raise ValueError(f"{name}: {member!r} begins too many words")
            else:
                beginnings.setdefault(beginning[:_SHORTEST], {}).setdefault(beginning, len(names))
    by_first = {first: sorted(some.items(), key=lambda each: len(each[0])) for first, some in beginnings.items()}
    return Classes(tuple(names), words, by_first)
