"""What changes how a text looks and not what it says: codes and tags of HTML, lines that run backwards or stand on
their heads. Takes time that grows with the length of the text and no faster; what single letters stand for is
`folding`'s business.
"""

from __future__ import annotations

import html
import re
from typing import Final

from rostra.detect.words import is_known

# `&#107;`: nobody who writes for people writes so.
ENTITY: Final = re.compile(r"&(?:#[0-9]{1,7}|#[xX][0-9a-fA-F]{1,6}|[a-zA-Z][a-zA-Z0-9]{1,7});")
# `ki<b></b>ll`
TAGS: Final = re.compile(r"(?<=[^\W_])(?:</?[a-zA-Z][^<>\n]{0,40}>){1,6}(?=[^\W_])")
# Shown from right to left, though the letters go the other way: people see it forwards.
OVERRIDDEN: Final = re.compile("\u202e([^\u202c-\u202e\n]{2,})\u202c?")
LINE: Final = re.compile(r"[^\n]+")

# Letters that little else is written with than lines that stand on their heads; those that other languages have are
# not among them.
_TURNED: Final = frozenset("ɐɟƃɥᴉɾʞɯɹʇʌʍʎ")
MAY_BE_TURNED: Final = re.compile(f"[{''.join(sorted(_TURNED))}]")
_FEWEST_TURNED: Final = 3
_UPRIGHT: Final = str.maketrans(
    "ɐɔǝɟƃɥᴉıɾʞɯɹʇʌʍʎ∀ƎℲ⅁┴∩Λ⅄˙¡¿udbqnpUDBQNPMW",
    "acefghiijkmrtvwyaefgtuvy.!?npqbudnpqbudwm",
)
_WORD: Final = re.compile(r"[a-z]{3,24}")
_FEWEST_WORDS: Final = 3
# Nearly every line has two words here that somebody knows.
_GLANCE: Final = 40


def plain_entity(code: str) -> str | None:
    """The one character that a code stands for; None for what is no code."""
    plain = html.unescape(code)
    return plain if len(plain) == 1 else None


def stand_up(line: str) -> str | None:
    """A line that stands on its head as it was meant; None for any other."""
    turned = [char for char in line if char in _TURNED]
    if len(turned) < _FEWEST_TURNED or len(set(turned)) < 2:
        return None
    return line.translate(_UPRIGHT)[::-1]


def run_forwards(line: str) -> str | None:
    """A folded line whose words are words only from right to left; None for any other."""
    if sum(map(is_known, _WORD.findall(line[:_GLANCE]))) > 1:
        return None
    words = _WORD.findall(line)
    if len(words) < _FEWEST_WORDS:
        return None
    forwards = sum(map(is_known, words))
    backwards = sum(is_known(word[::-1]) for word in words)
    return line[::-1] if backwards * 3 >= len(words) * 2 and forwards * 2 < backwards else None
