"""What was worked out for a short piece of a text, kept: most words come again."""

from __future__ import annotations

from collections.abc import Callable, Sized
from typing import TypeVar

K = TypeVar("K", bound=Sized)
V = TypeVar("V")


class Kept(dict[K, V]):
    """Has for each piece what `work_out` makes of it. Of pieces not longer than `longest` it keeps at most `most`, so
    that no text can fill the memory. Safe to use from several threads."""

    def __init__(self, work_out: Callable[[K], V], *, most: int, longest: int) -> None:
        super().__init__()
        self.most = most
        self._work_out = work_out
        self._longest = longest

    def __missing__(self, piece: K) -> V:
        found = self._work_out(piece)
        if len(piece) <= self._longest:
            if len(self) >= self.most:
                # What is common is soon back.
                self.clear()
            self[piece] = found
        return found
