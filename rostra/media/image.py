"""What becomes of an uploaded image: which sizes and formats are stored, its blurhash, its `meta` and its PDQ hash.

Pure: bytes in, bytes out, no clock, no storage. Slow (a tenth of a second to a few seconds), so it is called in a
worker thread. Everything that comes out was encoded anew: no metadata, no location, nothing hidden behind the image.
"""

from __future__ import annotations

from math import sqrt
from typing import Final

import blurhash
import msgspec

from rostra.media import codec
from rostra.media.codec import Encoded, Format, Limits, Source

STORED_PIXELS: Final = 8_294_400
"""Area that an original is scaled down to (3840x2160)."""
PREVIEW_PIXELS: Final = 230_400
"""Area that a preview is scaled down to (640x360)."""
CARD_PIXELS: Final = 756_000
"""Area that the picture of a link preview is scaled down to (1200x630)."""

AVATAR_SIZE: Final = (400, 400)
HEADER_SIZE: Final = (1500, 500)
EMOJI_SIZE: Final = (512, 128)

IMAGE_LIMITS: Final = Limits()
ACCOUNT_IMAGE_LIMITS: Final = Limits(size=8 << 20)
EMOJI_LIMITS: Final = Limits(size=256 << 10)
CARD_LIMITS: Final = Limits(size=8 << 20)

# An animation is encoded at 0.04 to 0.2 microseconds of CPU per pixel: these bound it to about 8 and 3 seconds.
_ANIMATION_PIXELS: Final = 40_000_000
_SMALL_ANIMATION_PIXELS: Final = 16_000_000
# WebP can be no longer than this on a side.
_LONGEST_SIDE: Final = 16_383
_PREVIEW_QUALITY: Final = 80
_BLURHASH_SAMPLE: Final = 32


class Size(msgspec.Struct, frozen=True):
    """The size of a picture as clients get it in `meta`: pixels, "WxH" and width divided by height."""

    width: int
    height: int
    size: str
    aspect: float


class ImageMeta(msgspec.Struct, frozen=True):
    """The part of a media attachment's `meta` that comes from the image itself (`focus` is its author's)."""

    original: Size
    small: Size


class PictureHash(msgspec.Struct, frozen=True):
    """By what a picture is known again: its PDQ hash (32 bytes) and the quality of that (0–100)."""

    pdq: bytes
    quality: int


class ProcessedImage(msgspec.Struct, frozen=True, kw_only=True):
    """An upload made ready: the original, the preview, and what clients want to know before they load either."""

    original: Encoded
    preview: Encoded
    blurhash: str
    meta: ImageMeta
    hash: PictureHash


class AccountImage(msgspec.Struct, frozen=True, kw_only=True):
    """An avatar, header or emoji. `static` shows the first frame of an animation and is None for a still image.

    `hash` is of the whole picture that was sent and not of what was cut from it; emojis have none.
    """

    image: Encoded
    static: Encoded | None
    hash: PictureHash | None = None


def process_image(body: bytes, *, limits: Limits = IMAGE_LIMITS) -> ProcessedImage:
    """Make an attachment of an uploaded file. Raises Invalid("file") for what is no image, too large or damaged."""
    with codec.damage_is_invalid("file"):
        source = codec.probe(body, limits, "file")
        still = codec.decode_still(source, *fit(source.width, source.height, STORED_PIXELS))
        # In memory, for it is read three times.
        preview = codec.scale(still, *fit(source.width, source.height, PREVIEW_PIXELS)).copy_memory()
        small = codec.encode(preview, "webp", quality=_PREVIEW_QUALITY)
        original = _encode_animation(source) if source.frames > 1 else _encode_original(source, still)
        meta = ImageMeta(original=_size_of(original), small=_size_of(small))
        return ProcessedImage(
            original=original, preview=small, blurhash=_blurhash_of(preview), meta=meta, hash=_hash_of(preview)
        )


def process_avatar(body: bytes, *, limits: Limits = ACCOUNT_IMAGE_LIMITS) -> AccountImage:
    """A square of at most 400x400 pixels cut from the middle; an animation stays one. Raises Invalid("avatar")."""
    with codec.damage_is_invalid("avatar"):
        return _process_cover(codec.probe(body, limits, "avatar"), AVATAR_SIZE)


def process_header(body: bytes, *, limits: Limits = ACCOUNT_IMAGE_LIMITS) -> AccountImage:
    """A 3:1 picture of at most 1500x500 pixels cut from the middle. Raises Invalid("header")."""
    with codec.damage_is_invalid("header"):
        return _process_cover(codec.probe(body, limits, "header"), HEADER_SIZE)


def process_emoji(body: bytes, *, limits: Limits = EMOJI_LIMITS) -> AccountImage:
    """An emoji of at most 512x128 pixels in its own proportions, with a static picture. Raises Invalid("image")."""
    with codec.damage_is_invalid("image"):
        source = codec.probe(body, limits, "image")
        factor = min(1.0, EMOJI_SIZE[0] / source.width, EMOJI_SIZE[1] / source.height)
        width, height = max(1, round(source.width * factor)), max(1, round(source.height * factor))
        static = codec.encode(codec.decode_still(source, width, height), "png")
        if source.frames == 1:
            return AccountImage(image=static, static=None)
        moving = codec.decode_animation(source, *_fit_animation(width, height, source.frames, _SMALL_ANIMATION_PIXELS))
        return AccountImage(image=codec.encode(moving, _moving_format(source)), static=static)


def process_card(body: bytes, *, limits: Limits = CARD_LIMITS) -> ProcessedImage:
    """The still picture of a link preview; original and preview are the same file. Raises Invalid("image")."""
    with codec.damage_is_invalid("image"):
        source = codec.probe(body, limits, "image")
        still = codec.decode_still(source, *fit(source.width, source.height, CARD_PIXELS))
        encoded = codec.encode(still, "webp", quality=_PREVIEW_QUALITY)
        meta = ImageMeta(original=_size_of(encoded), small=_size_of(encoded))
        return ProcessedImage(
            original=encoded, preview=encoded, blurhash=_blurhash_of(still), meta=meta, hash=_hash_of(still)
        )


def hash_file(body: bytes, *, limits: Limits = IMAGE_LIMITS) -> PictureHash:
    """The hash of the (first) picture of a file. Raises Invalid("file")."""
    with codec.damage_is_invalid("file"):
        return _hash_whole(codec.probe(body, limits, "file"))


def fit(width: int, height: int, pixels: int) -> tuple[int, int]:
    """The largest size of the same proportions, not above the given one, whose area is at most `pixels`."""
    factor = min(1.0, sqrt(pixels / (width * height)), _LONGEST_SIDE / max(width, height))
    return max(1, int(width * factor)), max(1, int(height * factor))


def cover(width: int, height: int, box: tuple[int, int]) -> tuple[int, int]:
    """The largest size with the proportions of `box`, at most as large as it, that can be cut from an image."""
    factor = min(1.0, width / box[0], height / box[1])
    return max(1, int(box[0] * factor)), max(1, int(box[1] * factor))


def _process_cover(source: Source, box: tuple[int, int]) -> AccountImage:
    width, height = cover(source.width, source.height, box)
    still = codec.decode_still(source, width, height, cover=True)
    encoded = codec.encode(still, _still_format(source))
    known_by = _hash_whole(source)
    if source.frames == 1:
        return AccountImage(image=encoded, static=None, hash=known_by)
    width, height = _fit_animation(width, height, source.frames, _SMALL_ANIMATION_PIXELS)
    factor = max(width / source.width, height / source.height)
    whole = max(width, round(source.width * factor)), max(height, round(source.height * factor))
    moving = codec.decode_animation(source, *whole)
    cut = codec.cut_frames(moving, (whole[0] - width) // 2, (whole[1] - height) // 2, width, height)
    return AccountImage(image=codec.encode(cut, _moving_format(source)), static=encoded, hash=known_by)


def _hash_whole(source: Source) -> PictureHash:
    from rostra.detect.pdq import LARGEST_SIDE

    factor = min(1.0, LARGEST_SIDE / max(source.width, source.height))
    width, height = max(1, round(source.width * factor)), max(1, round(source.height * factor))
    return _hash_of(codec.decode_still(source, width, height))


def _hash_of(image: codec.pyvips.Image) -> PictureHash:
    # With it comes NumPy, which a process does without that sees no picture.
    from rostra.detect.pdq import hash_image

    made = hash_image(image)
    return PictureHash(made.hash, made.quality)


def _encode_original(source: Source, still: codec.pyvips.Image) -> Encoded:
    """In the format in which it came, where every client can show that one."""
    if source.kind == "webp" or (source.kind == "avif" and source.has_alpha):
        return codec.encode(still, "webp")
    indexed = source.indexed and (still.width, still.height) == (source.width, source.height)
    return codec.encode(still, _still_format(source), indexed=indexed)


def _encode_animation(source: Source) -> Encoded:
    width, height = fit(source.width, source.height, STORED_PIXELS)
    moving = codec.decode_animation(source, *_fit_animation(width, height, source.frames, _ANIMATION_PIXELS))
    return codec.encode(moving, _moving_format(source))


def _still_format(source: Source) -> Format:
    return "png" if source.kind in ("png", "gif") or source.has_alpha else "jpeg"


def _moving_format(source: Source) -> Format:
    return "gif" if source.kind == "gif" else "webp"


def _fit_animation(width: int, height: int, frames: int, pixels: int) -> tuple[int, int]:
    return fit(width, height, max(1, pixels // frames))


def _size_of(encoded: Encoded) -> Size:
    width, height = encoded.width, encoded.height
    return Size(width=width, height=height, size=f"{width}x{height}", aspect=width / height)


def _blurhash_of(image: codec.pyvips.Image) -> str:
    across, down = (4, 3) if image.width >= image.height else (3, 4)
    rows = codec.rgb_rows(image, _BLURHASH_SAMPLE, _BLURHASH_SAMPLE)
    return str(blurhash.encode(rows, components_x=across, components_y=down))
