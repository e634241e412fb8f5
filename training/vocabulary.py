"""The common words of the corpora and templates, by which the normaliser knows a word from a hidden one."""

from __future__ import annotations

import re
import zlib
from collections import Counter
from collections.abc import Iterable
from pathlib import Path
from typing import Final

from rostra.detect.folding import FOLDED
from training.corpora import Row

_WORD: Final = re.compile("[a-z]{2,18}")
_STRETCHED: Final = re.compile(r"(.)\1\1")
_FEWEST: Final = 6
_FEWEST_OF_TWO: Final = 300
# A template stands for many sentences.
_OWN_COUNTS: Final = 3


def common_words(rows: Iterable[Row]) -> list[str]:
    """The words that enough rows have, sorted; stretched ones are not words."""
    counts: Counter[str] = Counter()
    for row in rows:
        folded = "".join(map(FOLDED.__getitem__, row.text))
        for word in set(_WORD.findall(folded)):
            counts[word] += _OWN_COUNTS if row.corpus in {"seeds", "first_seeds"} else 1
    return sorted(
        word
        for word, count in counts.items()
        if count >= (_FEWEST if len(word) > 2 else _FEWEST_OF_TWO) and not _STRETCHED.search(word)
    )


def write_words(words: list[str], path: Path) -> None:
    """Stores them, the same bytes for the same words."""
    path.write_bytes(zlib.compress("\n".join(words).encode("ascii"), 9))
