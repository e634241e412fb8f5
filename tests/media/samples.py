"""Images for the tests, made by Pillow, so that another program than ours writes them and reads the results."""

from __future__ import annotations

import io
import struct
import zlib
from typing import Any

from PIL import Image, ImageCms, PngImagePlugin

# 45°28'N 9°11'E, and words that must be found nowhere in what is stored.
SECRETS = (b"Leica", b"SECRET", b"photoshop", b"GPSLatitude", b"<script", b"Created with")
XMP = b"<x:xmpmeta xmlns:x='adobe:ns:meta/'>photoshop SECRET GPSLatitude 45,28N</x:xmpmeta>"
SRGB = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()


def picture(width: int = 120, height: int = 80) -> Image.Image:
    """A picture with some structure, red towards the left and blue towards the right."""
    image = Image.effect_mandelbrot((width, height), (-2.0, -1.2, 1.0, 1.2), 50).convert("RGB")
    red, _, blue = (Image.linear_gradient("L").rotate(angle).resize((width, height)) for angle in (270, 0, 90))
    return Image.merge("RGB", (red, image.getchannel(1), blue))


def encode(image: Image.Image, kind: str, **how: Any) -> bytes:
    """`image` as a file of the kind that Pillow calls `kind`."""
    out = io.BytesIO()
    image.save(out, kind, **how)
    return out.getvalue()


def encode_moving(kind: str, frames: int = 5, size: tuple[int, int] = (60, 40), **how: Any) -> bytes:
    """An animation of a turning picture, 70 ms a frame."""
    first = picture(*size)
    turned = [first.rotate(number * 25) for number in range(1, frames)]
    return encode(first, kind, save_all=True, append_images=turned, duration=70, loop=0, **how)


def decode(body: bytes) -> Image.Image:
    """What Pillow makes of a file."""
    image = Image.open(io.BytesIO(body))
    image.load()
    return image


def delays(moving: Image.Image) -> list[int]:
    """Milliseconds of each frame."""
    found: list[int] = []
    for number in range(moving.n_frames):
        moving.seek(number)
        moving.load()
        found.append(moving.info["duration"])
    return found


def exif_with_location(orientation: int = 1) -> Image.Exif:
    """EXIF with a camera, a place and an orientation."""
    exif = Image.Exif()
    exif[0x0112] = orientation
    exif[0x010F] = "Leica"
    exif[0x9286] = "SECRET comment"
    place = exif.get_ifd(0x8825)
    place[1], place[2] = "N", (45.0, 28.0, 0.0)
    place[3], place[4] = "E", (9.0, 11.0, 0.0)
    return exif


def png_with_text() -> bytes:
    """A PNG with text chunks of all three sorts, EXIF and a profile."""
    text = PngImagePlugin.PngInfo()
    text.add_text("Comment", "SECRET of 45.28N")
    text.add_text("Software", "Created with SECRET", zip=True)
    text.add_itxt("XML:com.adobe.xmp", XMP.decode())
    return encode(picture(), "PNG", pnginfo=text, exif=exif_with_location().tobytes(), icc_profile=SRGB)


def gif_with_comment() -> bytes:
    """A moving GIF with a comment."""
    return encode_moving("GIF", comment=b"SECRET comment")


def png_header(width: int, height: int) -> bytes:
    """A PNG of a few bytes that announces any size: what a decompression bomb looks like from outside."""
    rows = zlib.compress(b"\x00" * 4096)
    return (
        b"\x89PNG\r\n\x1a\n"
        + _chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 6, 0, 0, 0))
        + _chunk(b"IDAT", rows)
        + _chunk(b"IEND", b"")
    )


def gif_of_frames(frames: int, width: int = 2, height: int = 2, delay: int = 5) -> bytes:
    """A GIF of `frames` one-pixel frames on a canvas, `delay` in hundredths of a second."""
    frame = (
        b"\x21\xf9\x04\x00" + struct.pack("<H", delay) + b"\x00\x00"
        b"\x2c\x00\x00\x00\x00\x01\x00\x01\x00\x00" + b"\x02\x02\x44\x01\x00"
    )
    canvas = b"GIF89a" + struct.pack("<HH", width, height) + b"\x80\x00\x00" + b"\x00\x00\x00\xff\xff\xff"
    return canvas + frame * frames + b"\x3b"


def _chunk(name: bytes, content: bytes) -> bytes:
    return struct.pack(">I", len(content)) + name + content + struct.pack(">I", zlib.crc32(name + content))
