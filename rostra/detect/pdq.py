"""PDQ: the perceptual hash of a picture, 256 bits that change little when it is scaled, compressed or tinted.

After the published description (facebook/ThreatExchange, hashing/hashing.pdf). Hashes and qualities are those of the
reference implementation bit by bit, but for strips of a few pixels, where rounding decides. Of the filtered picture
only 64 × 64 values are used, so only these are computed: a third of the CPU of the compiled reference, without holding
the interpreter's lock, and without the threads of a linear algebra library, which wait for each other on a busy
machine. Whether a hash is known is for `bank.py`.
"""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Any, Final, cast

import msgspec
import numpy as np
import numpy.typing as npt

if TYPE_CHECKING:
    # Whoever has a picture has it imported.
    import pyvips

VERSION: Final = "1"
HASH_BYTES: Final = 32
LARGEST_SIDE: Final = 512
"""Larger pictures are scaled down to this before they are hashed, as the reference does."""

_SMALL: Final = 64
_FREQUENCIES: Final = 16
# The reference calls a picture worth 90 or more of these steps perfect.
_STEPS_OF_QUALITY: Final = 90
_LUMA: Final = (np.float32(0.299), np.float32(0.587), np.float32(0.114))
_WHITE: Final = [255.0]

Floats = npt.NDArray[np.float32]


class Pdq(msgspec.Struct, frozen=True):
    """`hash` has 32 bytes, `quality` is 0–100 (below 50: too dull to compare); `turned` are the hashes of the picture
    mirrored and turned by quarters, seven of them, for look-ups."""

    hash: bytes
    quality: int
    turned: tuple[bytes, ...] = ()


def hash_image(image: pyvips.Image) -> Pdq:
    """The hash of (the first frame of) a decoded image of any size, on white where it is transparent.

    A preview of the size that Rostra stores serves as well as the original. Raises pyvips.Error for damage.
    """
    if image.get_typeof("page-height"):
        image = image.crop(0, 0, image.width, min(int(cast("int", image.get("page-height"))), image.height))
    if max(image.width, image.height) > LARGEST_SIDE:
        image = image.thumbnail_image(LARGEST_SIDE, height=LARGEST_SIDE, size="down")
    image = image.colourspace("srgb")
    if image.hasalpha():
        image = image.flatten(background=_WHITE)
    raw = cast("Any", image.cast("uchar").write_to_memory())
    return hash_picture(np.frombuffer(raw, dtype=np.uint8).reshape(image.height, image.width, image.bands))


def hash_picture(pixels: npt.NDArray[np.uint8]) -> Pdq:
    """The hash of `pixels`, an array of height × width × 3 (red, green, blue), at most 512 on a side for a hash that
    agrees with others'. Raises ValueError for another shape or an empty picture."""
    if pixels.ndim != 3 or pixels.shape[2] != 3 or 0 in pixels.shape:
        raise ValueError(f"a picture has height × width × 3 values, not {' × '.join(map(str, pixels.shape))}")
    luma = _luma(pixels)
    small = _smoothed(_smoothed(luma).T).T
    coefficients = (_COSINES @ small @ _COSINES.T).astype(np.float32, copy=False)
    first, *turned = (_bits(view) for view in _views(coefficients))
    return Pdq(first, _quality(small), tuple(turned))


def distance(one: bytes, other: bytes) -> int:
    """In how many of 256 bits two hashes differ. Up to 31 they are taken for the same picture."""
    return (int.from_bytes(one) ^ int.from_bytes(other)).bit_count()


def _luma(pixels: npt.NDArray[np.uint8]) -> Floats:
    red, green, blue = (pixels[:, :, colour] * weight for colour, weight in enumerate(_LUMA))
    return (red + green + blue).astype(np.float32, copy=False)


def _smoothed(values: Floats) -> Floats:
    """64 rows of `values` after two box filters along its columns."""
    rows, weights = _filter(len(values))
    return np.einsum("ijk,ij->ik", values[rows], weights).astype(np.float32, copy=False)


def _views(coefficients: Floats) -> list[Floats]:
    """The transform of the picture as it is and in its seven other positions: mirroring changes the sign of every
    other frequency, turning exchanges rows and columns."""
    views: list[Floats] = []
    for turned in (coefficients, coefficients.T):
        views += [turned, turned * _SIGNS, turned * _SIGNS[:, None], turned * _SIGNS * _SIGNS[:, None]]
    return views


def _bits(coefficients: Floats) -> bytes:
    """One bit for each coefficient above the median, the last one first."""
    flat = coefficients.ravel()
    middle = len(flat) // 2 - 1
    return np.packbits((flat > np.partition(flat, middle)[middle])[::-1]).tobytes()


def _quality(small: Floats) -> int:
    """How much the picture has in it: the sum of its gradients, in steps as the reference counts them."""
    scale = np.float32(100 / 255)
    steps = sum(int(np.abs((np.diff(small, axis=axis) * scale).astype(np.int32)).sum()) for axis in (0, 1))
    return min(100, steps // _STEPS_OF_QUALITY)


@lru_cache(maxsize=128)
def _filter(length: int) -> tuple[npt.NDArray[np.intp], Floats]:
    """Which of `length` values make up each of the 64 that are used of two box filters, and with which weights."""
    window = (length + 2 * _SMALL - 1) // (2 * _SMALL)
    half = (window + 2) // 2
    at = np.arange(length)
    low, high = np.maximum(0, at - window + half), np.minimum(length, at + half)
    chosen = ((np.arange(_SMALL) + 0.5) * length / _SMALL).astype(np.intp)
    weights = np.zeros((_SMALL, length))
    for row, place in enumerate(chosen):
        for between in range(low[place], high[place]):
            share = 1 / (high[place] - low[place]) / (high[between] - low[between])
            weights[row, low[between] : high[between]] += share
    first = np.minimum(low[low[chosen]], max(0, length - 2 * window))
    rows = first[:, None] + np.arange(min(length, 2 * window))
    return rows, np.take_along_axis(weights, rows, axis=1).astype(np.float32)


def _cosines() -> Floats:
    frequencies, places = np.arange(1, _FREQUENCIES + 1)[:, None], np.arange(_SMALL)[None, :]
    waves = np.cos(np.pi / 2 / _SMALL * frequencies * (2 * places + 1))
    return (np.sqrt(2 / _SMALL) * waves).astype(np.float32)


_COSINES: Final = _cosines()
_SIGNS: Final = np.where(np.arange(_FREQUENCIES) % 2 == 0, -1, 1).astype(np.float32)
