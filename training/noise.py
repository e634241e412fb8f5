"""Slips of the pen: copies of texts with a letter gone, two letters swapped, a blank lost. And letters set apart.

The normaliser undoes what follows a rule; slips do not, so that the model must know words by their pieces. Where words
end it can only guess once there are blanks between all letters, so that the model must know its guesses.
"""

from __future__ import annotations

import random


def slip(text: str, rng: random.Random) -> str:
    """The text with one or two slips in its longer words."""
    words = text.split(" ")
    longer = [place for place, word in enumerate(words) if len(word) > 3 and word.isalpha()]
    if not longer:
        return text
    for place in rng.sample(longer, min(len(longer), rng.choice((1, 2, 2)))):
        words[place] = _slipped(words[place], rng)
    if len(words) > 2 and rng.random() < 0.4:
        place = rng.randrange(len(words) - 1)
        words[place : place + 2] = [words[place] + words[place + 1]]
    return " ".join(words)


def _slipped(word: str, rng: random.Random) -> str:
    at = rng.randrange(1, len(word) - 1)
    if rng.random() < 0.5:
        return word[:at] + word[at + 1 :]
    return word[:at] + word[at + 1] + word[at] + word[at + 2 :]


def set_apart(text: str, rng: random.Random) -> str:
    """The text with the letters of its words apart: of all of them, or of the longer ones."""
    least = rng.choice((2, 3, 4))
    sign = rng.choice((" ", " ", " ", ".", "-"))
    return " ".join(sign.join(word) if len(word) >= least and word.isalpha() else word for word in text.split(" "))
