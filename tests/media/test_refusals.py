"""What is no image, too large, damaged or made to hurt is refused with words, and nothing private gets through."""

from __future__ import annotations

import random
from collections.abc import Callable

import pytest
import pyvips
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from PIL import Image

from rostra.kit.errors import Invalid
from rostra.media.codec import Limits
from rostra.media.image import process_avatar, process_emoji, process_header, process_image
from tests.media.samples import (
    SECRETS,
    SRGB,
    XMP,
    decode,
    encode,
    encode_moving,
    exif_with_location,
    gif_of_frames,
    gif_with_comment,
    picture,
    png_header,
    png_with_text,
)

HEIC = b"\x00\x00\x00\x18ftypheic\x00\x00\x00\x00mif1heic" + b"\x00" * 100
MP4 = b"\x00\x00\x00\x18ftypisom\x00\x00\x02\x00isommp41" + b"\x00" * 100


def refusal(body: bytes, **how: Limits) -> str:
    with pytest.raises(Invalid) as refused:
        process_image(body, **how)
    assert refused.value.field == "file"
    return refused.value.text


@pytest.mark.parametrize(
    ("body", "words"),
    [
        (b"", "is empty"),
        (b"\xff", "not an image of a kind"),
        (b"hello, world" * 100, "not an image of a kind"),
        (b"<html><script>alert(1)</script></html>", "not an image of a kind"),
        (b"<svg xmlns='http://www.w3.org/2000/svg'><script>alert(1)</script></svg>", "SVG drawing"),
        (b"\xef\xbb\xbf\n <?xml version='1.0'?><svg/>", "SVG drawing"),
        (b"BM" + b"\x00" * 100, "not an image of a kind"),
        (b"II*\x00" + b"\x00" * 100, "not an image of a kind"),
        (b"%PDF-1.7" + b"\x00" * 100, "not an image of a kind"),
        (HEIC, "is a HEIC image"),
        (MP4, "is a video or a sound"),
        (b"\x1aE\xdf\xa3" + b"\x00" * 100, "is a video or a sound"),
        (b"ID3" + b"\x00" * 100, "is a video or a sound"),
        (b"\xff\xd8\xff\xe0" + b"\x00" * 100, "damaged or incomplete"),
        (b"\x89PNG\r\n\x1a\n", "damaged or incomplete"),
        (b"GIF89a", "damaged or incomplete"),
        (b"RIFF\x00\x00\x00\x00WEBP", "damaged or incomplete"),
        (b"\x00\x00\x00\x18ftypavif\x00\x00\x00\x00avifmif1", "damaged or incomplete"),
    ],
)
def test_what_is_no_image_is_refused_with_words_that_help(body: bytes, words: str) -> None:
    assert words in refusal(body)


def test_the_name_of_the_field_is_the_one_that_was_sent() -> None:
    for process, field in ((process_avatar, "avatar"), (process_header, "header"), (process_emoji, "image")):
        with pytest.raises(Invalid) as refused:
            process(b"no image")
        assert refused.value.field == field


def test_a_file_over_the_byte_limit_is_refused_before_it_is_looked_at() -> None:
    assert "larger than 16 MB" in refusal(b"\xff\xd8\xff" + b"\x00" * (16 << 20))
    with pytest.raises(Invalid, match="larger than 256 KB"):
        process_emoji(b"\x89PNG\r\n\x1a\n" + b"\x00" * (256 << 10))


def test_a_decompression_bomb_is_refused_by_its_header() -> None:
    assert "60000x60000" in refusal(png_header(60_000, 60_000))
    assert "7681x4320" in refusal(png_header(7681, 4320))
    # As large as allowed, but with nothing in it.
    assert "damaged or incomplete" in refusal(png_header(7680, 4320))
    assert refusal(png_header(0x7FFFFFFF, 0x7FFFFFFF))
    assert refusal(png_header(0, 0))


def test_an_animation_is_refused_for_its_frames_its_length_and_its_area() -> None:
    assert "has 5000 frames" in refusal(gif_of_frames(5000))
    assert "runs for 600 seconds" in refusal(gif_of_frames(60, delay=1000))
    assert "too many frames for its size" in refusal(gif_of_frames(1000, 2000, 2000))
    assert process_image(gif_of_frames(40)).original.format == "gif"


def test_a_kind_that_lies_is_refused() -> None:
    assert "damaged" in refusal(b"\x89PNG\r\n\x1a\n" + encode(picture(), "JPEG"))


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "AVIF", "GIF", "moving WEBP"])
def test_a_truncated_file_is_refused(kind: str) -> None:
    body = encode_moving(kind.removeprefix("moving ")) if "moving" in kind else encode(picture(), kind)
    for length in (20, len(body) // 3, len(body) * 2 // 3):
        assert "damaged or incomplete" in refusal(body[:length])


def test_a_moving_gif_that_breaks_off_keeps_the_frames_that_arrived() -> None:
    body = encode_moving("GIF")
    assert 1 < decode(process_image(body[: len(body) * 2 // 3]).original.body).n_frames < 5
    assert "damaged or incomplete" in refusal(body[:20])


LEAKY: dict[str, Callable[[], bytes]] = {
    "JPEG with EXIF, XMP, IPTC comment and profile": lambda: encode(
        picture(), "JPEG", exif=exif_with_location(), xmp=XMP, comment=b"SECRET", icc_profile=SRGB
    ),
    "turned JPEG": lambda: encode(picture(), "JPEG", exif=exif_with_location(6)),
    "PNG with text": png_with_text,
    "WebP with EXIF and XMP": lambda: encode(picture(), "WEBP", exif=exif_with_location().tobytes(), xmp=XMP),
    "AVIF with EXIF and XMP": lambda: encode(picture(), "AVIF", exif=exif_with_location().tobytes(), xmp=XMP),
    "GIF with comment": gif_with_comment,
    "moving WebP with EXIF": lambda: encode_moving("WEBP", exif=exif_with_location().tobytes(), xmp=XMP),
    "JPEG with HTML behind": lambda: encode(picture(), "JPEG") + b"<script>alert('SECRET')</script>",
    "PNG with HTML behind": lambda: encode(picture(), "PNG") + b"<script>alert('SECRET')</script>",
    "GIF with HTML behind": lambda: gif_with_comment() + b"<script>alert('SECRET')</script>",
    "WebP with HTML behind": lambda: encode(picture(), "WEBP") + b"<script>alert('SECRET')</script>",
}


@pytest.mark.parametrize("name", LEAKY)
def test_neither_place_nor_camera_nor_hidden_content_gets_through(name: str) -> None:
    body = LEAKY[name]()
    assert any(secret in body for secret in SECRETS), "the sample itself carries nothing"
    processed, avatar, emoji = process_image(body), process_avatar(body), process_emoji(body)
    made = [processed.original, processed.preview, avatar.image, avatar.static, emoji.image, emoji.static]
    for file in made:
        if file is None:
            continue
        assert not [secret for secret in SECRETS if secret in file.body]
        shown = decode(file.body)
        assert not dict(shown.getexif())
        assert not shown.getexif().get_ifd(0x8825)
        assert not {"exif", "xmp", "icc_profile", "comment", "Comment", "photoshop"} & set(shown.info)


def test_only_the_five_decoders_can_be_reached() -> None:
    for kind in ("TIFF", "BMP", "PPM"):
        with pytest.raises(pyvips.Error):
            pyvips.Image.new_from_buffer(encode(picture(), kind), "")
    with pytest.raises(pyvips.Error):
        pyvips.Image.new_from_buffer(b"<svg xmlns='http://www.w3.org/2000/svg' width='9' height='9'/>", "")
    with pytest.raises(pyvips.Error):
        pyvips.Image.new_from_file(__file__)


SEEDS = [
    encode(picture(60, 40), "JPEG", exif=exif_with_location(6), icc_profile=SRGB),
    encode(picture(60, 40), "JPEG", progressive=True),
    encode(picture(60, 40).convert("CMYK"), "JPEG"),
    encode(picture(60, 40), "PNG", icc_profile=SRGB),
    encode(picture(60, 40).convert("P"), "PNG"),
    encode(picture(60, 40), "WEBP", icc_profile=SRGB, exif=exif_with_location().tobytes()),
    encode(picture(60, 40), "WEBP", lossless=True),
    encode(picture(60, 40), "AVIF"),
    encode(picture(60, 40).convert("RGBA"), "AVIF"),
    encode_moving("GIF"),
    encode_moving("WEBP"),
]


@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    seed=st.sampled_from(range(len(SEEDS))),
    process=st.sampled_from([process_image, process_avatar, process_header, process_emoji]),
    changes=st.lists(st.tuples(st.integers(0, 2**16), st.binary(min_size=1, max_size=4)), min_size=1, max_size=30),
    end=st.one_of(st.none(), st.integers(1, 2**16)),
    in_header=st.booleans(),
)
@example(seed=9, process=process_avatar, changes=[(300, b"\x00\x00")], end=None, in_header=False)
def test_a_mutated_image_is_taken_or_refused_and_nothing_else(
    seed: int,
    process: Callable[[bytes], object],
    changes: list[tuple[int, bytes]],
    end: int | None,
    in_header: bool,
) -> None:
    body = bytearray(SEEDS[seed])
    for place, patch in changes:
        at = place % min(len(body), 96 if in_header else len(body))
        body[at : at + len(patch)] = patch
    try:
        process(bytes(body[: end % len(body) if end else None]))
    except Invalid:
        return


def test_shuffled_pieces_of_images_are_taken_or_refused() -> None:
    chance = random.Random(20260504)
    for _ in range(150):
        one, other = chance.choice(SEEDS), chance.choice(SEEDS)
        cut, paste = chance.randrange(len(one)), chance.randrange(len(other))
        try:
            process_image(one[:cut] + other[paste:])
        except Invalid:
            continue


def test_a_picture_of_the_largest_size_is_taken() -> None:
    processed = process_image(encode(Image.new("L", (7680, 4320), 128), "PNG"))
    assert processed.meta.original.size == "3840x2160"
