"""What a signature of a text is, and how alike two are: all that storing and comparing them takes. Making them, and
keeping many at hand (`near.py`), takes NumPy.
"""

from __future__ import annotations

from typing import Final

import msgspec

NEAR: Final = 0.5
"""Similarity from which two texts count as copies. Of a hundred thousand unrelated pairs ten reach 0.27."""
BAD_NEAR: Final = 0.65
"""What is held against somebody must be more alike than what is shown to a person who looks."""
SIGNATURE_BYTES: Final = 32
BITS: Final = SIGNATURE_BYTES * 8


class Signature(msgspec.Struct, frozen=True):
    """`bands` are signed 64-bit keys, `bits` 32 bytes to compare; both are empty for a text too short to compare."""

    bands: tuple[int, ...] = ()
    bits: bytes = b""


EMPTY: Final = Signature()


class BadEntry(msgspec.Struct, frozen=True):
    """A signature of something that was removed or refused, and the clause under which it was."""

    clause: str
    bits: bytes


def similarity(one: Signature, other: Signature) -> float:
    """How much two texts have in common, 0–1: an estimate of the Jaccard index of their runs of letters, with a
    standard error of at most 0.06. 0 where one of them was too short."""
    if not one.bits or not other.bits:
        return 0.0
    different = (int.from_bytes(one.bits) ^ int.from_bytes(other.bits)).bit_count()
    return max(0.0, 1.0 - 2.0 * different / BITS)


def most_different_bits(least: float) -> int:
    """The largest number of differing bits at which `similarity` is still at least `least`."""
    return int((1.0 - least) * BITS / 2)
