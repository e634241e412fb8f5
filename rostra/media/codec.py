"""The border to libvips: what a file really is, its decoding within limits, and its encoding without metadata.

A file is judged by its first bytes and its header, never by its name or declared type, and nothing is decoded before
it fits the limits. Which sizes and formats are wanted is for `image.py` to say.
"""

from __future__ import annotations

from collections.abc import Generator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Final, Literal, cast

import msgspec

from rostra.kit.errors import Invalid

if TYPE_CHECKING:
    # Imported where it is used: a process that has not seen a picture yet is spared 8 MB.
    import pyvips

Kind = Literal["jpeg", "png", "gif", "webp", "avif"]
Format = Literal["jpeg", "png", "gif", "webp"]

CONTENT_TYPES: Final[dict[Format, str]] = {
    "jpeg": "image/jpeg",
    "png": "image/png",
    "gif": "image/gif",
    "webp": "image/webp",
}
EXTENSIONS: Final[dict[Format, str]] = {"jpeg": "jpg", "png": "png", "gif": "gif", "webp": "webp"}
ACCEPTED_TYPES: Final = ("image/jpeg", "image/png", "image/gif", "image/webp", "image/avif")

_KINDS_SAID: Final = "only JPEG, PNG, GIF, WebP and AVIF images can be uploaded"
_HEIC_BRANDS: Final = frozenset({b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"mif1", b"msf1", b"mif2"})
# What browsers make of a frame without a delay, in milliseconds.
_FRAME_WITHOUT_DELAY: Final = 100
_KEEP_NOTHING: Final = 0
# As a string for the decoder: thumbnail_buffer takes a fail_on of its own and ignores it (libvips issue 5195).
_STRICT: Final = "fail_on=error"
_WHITE: Final[list[float]] = [255.0]


class Limits(msgspec.Struct, frozen=True, kw_only=True):
    """What may come in. Pixels are those of one frame, `animation_pixels` those of all frames together."""

    size: int = 16 << 20
    pixels: int = 33_177_600
    frames: int = 1500
    duration: float = 300.0
    animation_pixels: int = 400_000_000


class Source(msgspec.Struct, frozen=True, kw_only=True):
    """A file that passed the limits: its kind and, upright, the size of one frame."""

    body: bytes
    field: str
    kind: Kind
    width: int
    height: int
    frames: int
    has_alpha: bool
    has_profile: bool
    indexed: bool


class Encoded(msgspec.Struct, frozen=True, kw_only=True):
    """A finished file. Width and height in pixels of one frame."""

    body: bytes
    format: Format
    width: int
    height: int

    @property
    def content_type(self) -> str:
        return CONTENT_TYPES[self.format]

    @property
    def extension(self) -> str:
        return EXTENSIONS[self.format]


def probe(body: bytes, limits: Limits, field: str = "file") -> Source:
    """Say what `body` is, from its first bytes and its header alone. Raises Invalid(field) for all we do not take.

    As in all functions here that touch libvips, damage is a pyvips.Error: callers stand in `damage_is_invalid`.
    """
    if not body:
        raise Invalid(field, "is empty", code="ERR_BLANK")
    if len(body) > limits.size:
        raise Invalid(field, f"is larger than {_said_size(limits.size)}", code="ERR_TOO_LONG")
    kind = find_kind(body)
    if kind is None:
        raise Invalid(field, _refusal(body), code="ERR_NO_PICTURE")
    header = _open_header(body, kind)
    width, height = int(header.width), _whole(header, "page-height", int(header.height))
    if _whole(header, "orientation", 1) >= 5:
        width, height = height, width
    source = Source(
        body=body,
        field=field,
        kind=kind,
        width=width,
        height=height,
        frames=_whole(header, "n-pages", 1) if kind in ("gif", "webp") else 1,
        has_alpha=bool(header.hasalpha()),
        has_profile=bool(header.get_typeof("icc-profile-data")),
        indexed=bool(header.get_typeof("palette")),
    )
    delays = cast("list[int]", header.get("delay")) if header.get_typeof("delay") else []
    _check_limits(source, delays, limits)
    return source


def find_kind(body: bytes) -> Kind | None:
    """The kind of image that the first bytes announce, or None for anything that is not taken."""
    if body.startswith(b"\xff\xd8\xff"):
        return "jpeg"
    if body.startswith(b"\x89PNG\r\n\x1a\n"):
        return "png"
    if body.startswith((b"GIF87a", b"GIF89a")):
        return "gif"
    if body.startswith(b"RIFF") and body[8:12] == b"WEBP":
        return "webp"
    return "avif" if not _ftyp_brands(body).isdisjoint({b"avif", b"avis"}) else None


def decode_still(source: Source, width: int, height: int, *, cover: bool = False) -> pyvips.Image:
    """The (first) frame, upright, in 8-bit sRGB with or without alpha, scaled to exactly `width` x `height`.

    With `cover` what does not fit the new proportions is cut off evenly on both sides instead of squeezed.
    """
    how: dict[str, Any] = {"crop": "centre"} if cover else {"size": "force"}
    return _decode(source, width, height, **how).copy_memory()


def decode_animation(source: Source, width: int, height: int) -> pyvips.Image:
    """All frames below one another, each scaled to `width` x `height`. Decoded while it is consumed, frame by frame."""
    return _decode(source, width, height, size="force", option_string=f"{_STRICT},n=-1")


def cut_frames(image: pyvips.Image, left: int, top: int, width: int, height: int) -> pyvips.Image:
    """The same part of every frame. The frames are held in memory for it."""
    from rostra.media.libvips import pyvips

    frames = [frame.crop(left, top, width, height) for frame in image.copy_memory().pagesplit()]
    joined = pyvips.Image.arrayjoin(frames, across=1).copy()
    joined.set_type(pyvips.GValue.gint_type, "page-height", height)
    return joined


def scale(image: pyvips.Image, width: int, height: int) -> pyvips.Image:
    """A still image scaled to exactly `width` x `height`."""
    return image.thumbnail_image(width, height=height, size="force")


def encode(image: pyvips.Image, wanted: Format, *, quality: int = 88, indexed: bool = False) -> Encoded:
    """Encode without any metadata. `quality` (0-100) is for the lossy formats, `indexed` for PNG with few colours."""
    if wanted == "jpeg":
        flat = image.flatten(background=_WHITE) if image.hasalpha() else image
        body: bytes = flat.jpegsave_buffer(Q=quality, keep=_KEEP_NOTHING, optimize_coding=True)
    elif wanted == "png":
        how: dict[str, Any] = {"palette": True, "Q": 100, "dither": 0.0} if indexed else {"filter": "all"}
        body = image.pngsave_buffer(keep=_KEEP_NOTHING, compression=6, **how)
    elif wanted == "gif":
        body = image.gifsave_buffer(keep=_KEEP_NOTHING, effort=1)
    else:
        body = image.webpsave_buffer(Q=quality, keep=_KEEP_NOTHING, effort=2)
    height = _whole(image, "page-height", int(image.height))
    return Encoded(body=body, format=wanted, width=int(image.width), height=height)


def rgb_rows(image: pyvips.Image, width: int, height: int) -> list[list[tuple[int, int, int]]]:
    """The pixels of a still image scaled to `width` x `height`, on white where it is transparent."""
    small = scale(image, width, height)
    if small.hasalpha():
        small = small.flatten(background=_WHITE)
    raw = bytes(small.write_to_memory())
    pixels = list(zip(raw[0::3], raw[1::3], raw[2::3], strict=True))
    return [pixels[row * width : (row + 1) * width] for row in range(height)]


@contextmanager
def damage_is_invalid(field: str) -> Generator[None]:
    """Turn any failure of libvips into Invalid(field). Damage may lie deep and show only while the end is encoded."""
    from rostra.media.libvips import pyvips

    try:
        yield
    except pyvips.Error as error:
        raise Invalid(field, "is damaged or incomplete and cannot be read as an image", code="ERR_DAMAGED") from error


def _decode(source: Source, width: int, height: int, **how: Any) -> pyvips.Image:
    from rostra.media.libvips import pyvips

    if source.has_profile:
        # Without a profile in the file this would still convert, at five times the cost of the decoding.
        how["output_profile"] = "srgb"
    how.setdefault("option_string", _STRICT)
    image = pyvips.Image.thumbnail_buffer(source.body, width, height=height, **how)
    image = image.colourspace("srgb")
    return image if image.format == "uchar" else image.cast("uchar")


def _open_header(body: bytes, kind: Kind) -> pyvips.Image:
    from rostra.media.libvips import LOADERS, pyvips

    chosen = pyvips.vips_lib.vips_foreign_find_load_buffer(body, len(body))
    # libvips must see the same kind as we do, for it is the one that chooses the decoder later on.
    if chosen == pyvips.ffi.NULL or pyvips.ffi.string(chosen).decode() != LOADERS[kind]:
        raise pyvips.Error("another loader claims the file")
    return pyvips.Image.new_from_buffer(body, _STRICT)


def _check_limits(source: Source, delays: list[int], limits: Limits) -> None:
    pixels = source.width * source.height
    if pixels > limits.pixels:
        said = f"is {source.width}x{source.height}, more than the {limits.pixels} pixels that an image may have"
        raise Invalid(source.field, said, code="ERR_LARGE_PICTURE")
    if source.frames == 1:
        return
    if source.frames > limits.frames:
        said = f"has {source.frames} frames, more than the {limits.frames} that are possible"
        raise Invalid(source.field, said, code="ERR_LARGE_PICTURE")
    duration = sum(delay or _FRAME_WITHOUT_DELAY for delay in delays) / 1000
    if duration > limits.duration:
        said = f"runs for {duration:.0f} seconds, longer than {limits.duration:.0f}"
        raise Invalid(source.field, said, code="ERR_LARGE_PICTURE")
    if pixels * source.frames > limits.animation_pixels:
        said = f"has too many frames for its size ({source.width}x{source.height})"
        raise Invalid(source.field, said, code="ERR_LARGE_PICTURE")


def _refusal(body: bytes) -> str:
    """What a file is that is not taken, as far as its first bytes say, so that people know what to do."""
    start = body[:512].lstrip(b"\xef\xbb\xbf \t\r\n").lower()
    brands = _ftyp_brands(body)
    if not brands.isdisjoint(_HEIC_BRANDS):
        return f"is a HEIC image, which cannot be read here; save it as JPEG ({_KINDS_SAID})"
    if brands or body.startswith((b"\x1aE\xdf\xa3", b"OggS", b"ID3", b"fLaC", b"\xff\xfb")):
        return f"is a video or a sound; {_KINDS_SAID}"
    if start.startswith((b"<svg", b"<?xml", b"<!doctype svg")):
        return f"is an SVG drawing; {_KINDS_SAID}"
    return f"is not an image of a kind that is known here; {_KINDS_SAID}"


def _ftyp_brands(body: bytes) -> set[bytes]:
    """The brands of an ISO base media file (AVIF, HEIC, MP4), empty for anything else. ISO/IEC 14496-12, 4.3."""
    if body[4:8] != b"ftyp":
        return set()
    end = min(int.from_bytes(body[:4], "big"), 256)
    return {body[8:12]} | {body[at : at + 4] for at in range(16, end, 4)}


def _whole(image: pyvips.Image, name: str, default: int) -> int:
    return int(cast("int", image.get(name))) if image.get_typeof(name) else default


def _said_size(size: int) -> str:
    return f"{size >> 20} MB" if size >= 1 << 20 else f"{size >> 10} KB"
