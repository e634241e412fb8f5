"""The hashes that a picture has when it is mirrored or turned, from its PDQ hash alone.

A hash says of 16 × 16 frequencies which are above their median, and the median is about zero. Mirroring changes the
sign of every other frequency and turning exchanges rows and columns, so the bits are those of the hash, inverted and
exchanged. Where the picture itself is at hand `pdq.py` says exactly; this needs nothing but what is stored.
"""

from __future__ import annotations

from typing import Final

import numpy as np

from rostra.detect.pdq import HASH_BYTES

_SIDE: Final = 16
_EVEN: Final = (np.arange(_SIDE) % 2 == 0).astype(np.uint8)
_INVERTED: Final = (np.zeros_like(_EVEN)[None, :], _EVEN[None, :], _EVEN[:, None], _EVEN[None, :] ^ _EVEN[:, None])


def turned_hashes(hashed: bytes) -> tuple[bytes, ...]:
    """The hashes of the seven other positions, in the order of `Pdq.turned`; each is about 6 bits off, at most 18 of
    what was measured. Raises ValueError for a hash that has not 32 bytes."""
    if len(hashed) != HASH_BYTES:
        raise ValueError(f"a PDQ hash has {HASH_BYTES} bytes")
    bits = np.unpackbits(np.frombuffer(hashed, dtype=np.uint8))[::-1].reshape(_SIDE, _SIDE)
    views = [view ^ inverted for view in (bits, bits.T) for inverted in _INVERTED]
    return tuple(np.packbits(view.ravel()[::-1]).tobytes() for view in views[1:])
