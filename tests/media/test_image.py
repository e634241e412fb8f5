"""What comes out of an uploaded image: sizes, formats, colours, movement, blurhash and meta."""

from __future__ import annotations

import blurhash
import msgspec
import pytest
from PIL import Image, ImageCms

from rostra.media import image
from rostra.media.image import (
    PREVIEW_PIXELS,
    STORED_PIXELS,
    cover,
    fit,
    process_avatar,
    process_card,
    process_emoji,
    process_header,
    process_image,
)
from tests.media.samples import SRGB, decode, delays, encode, encode_moving, exif_with_location, picture


@pytest.mark.parametrize(
    ("kind", "stored"), [("JPEG", "jpeg"), ("PNG", "png"), ("WEBP", "webp"), ("AVIF", "jpeg"), ("GIF", "png")]
)
def test_each_kind_is_stored_as_one_that_every_client_shows(kind: str, stored: str) -> None:
    processed = process_image(encode(picture(), kind))
    assert processed.original.format == stored
    assert decode(processed.original.body).format == stored.upper()
    assert processed.original.content_type == f"image/{stored}"
    assert processed.original.extension == ("jpg" if stored == "jpeg" else stored)
    assert decode(processed.preview.body).format == "WEBP"


def test_meta_has_the_form_that_clients_expect() -> None:
    meta = msgspec.to_builtins(process_image(encode(picture(1000, 500), "JPEG")).meta)
    assert meta == {
        "original": {"width": 1000, "height": 500, "size": "1000x500", "aspect": 2.0},
        "small": {"width": 678, "height": 339, "size": "678x339", "aspect": 2.0},
    }


def test_a_large_image_is_scaled_down_to_the_stored_area_and_a_small_one_is_left_alone() -> None:
    large = decode(process_image(encode(picture(4400, 3000), "JPEG")).original.body)
    assert 0.99 * STORED_PIXELS < large.width * large.height <= STORED_PIXELS
    assert large.width / large.height == pytest.approx(4400 / 3000, rel=0.001)
    processed = process_image(encode(picture(300, 200), "JPEG"))
    assert (processed.original.width, processed.original.height) == (300, 200)
    assert (processed.preview.width, processed.preview.height) == (300, 200)


@pytest.mark.parametrize("size", [(1, 1), (1, 3000), (20_000, 1), (7680, 10), (641, 360)])
def test_odd_proportions_survive(size: tuple[int, int]) -> None:
    processed = process_image(encode(Image.new("RGB", size, "red"), "PNG"))
    for made in (processed.original, processed.preview):
        assert decode(made.body).size == (made.width, made.height)
    assert processed.preview.width * processed.preview.height <= PREVIEW_PIXELS


@pytest.mark.parametrize("orientation", range(1, 9))
def test_the_picture_stands_upright_whatever_the_camera_noted(orientation: int) -> None:
    back = {2: 0, 3: 3, 4: 1, 5: 5, 6: 2, 7: 6, 8: 4}
    upright = picture(120, 80)
    turned = upright if orientation == 1 else upright.transpose(Image.Transpose(back[orientation]))
    processed = process_image(encode(turned, "JPEG", quality=95, exif=exif_with_location(orientation)))
    shown = decode(processed.original.body)
    assert shown.size == (120, 80)
    assert processed.meta.original.size == "120x80"
    for place in ((5, 5), (115, 5), (5, 75), (60, 40)):
        assert _distance(shown.getpixel(place), upright.getpixel(place)) < 40


def test_another_colour_space_becomes_srgb() -> None:
    lab = ImageCms.createProfile("LAB")
    green = Image.new("RGB", (40, 40), (40, 200, 40))
    as_lab = ImageCms.profileToProfile(green, ImageCms.createProfile("sRGB"), lab, outputMode="LAB")
    assert as_lab is not None
    swapped = _profile_with_swapped_red_and_green()
    processed = process_image(encode(green, "PNG", icc_profile=swapped))
    assert _distance(decode(processed.original.body).getpixel((20, 20)), (200, 40, 40)) < 12
    plain = process_image(encode(green, "PNG", icc_profile=SRGB))
    assert _distance(decode(plain.original.body).getpixel((20, 20)), (40, 200, 40)) < 4


@pytest.mark.parametrize("mode", ["L", "LA", "P", "1", "I;16", "RGBA", "CMYK"])
def test_every_mode_of_pixels_is_taken(mode: str) -> None:
    pixels = Image.new("I;16", (50, 30), 40_000) if mode == "I;16" else picture(50, 30).convert(mode)
    processed = process_image(encode(pixels, "JPEG" if mode == "CMYK" else "PNG"))
    assert decode(processed.original.body).size == (50, 30)


def test_an_image_with_few_colours_keeps_them_exactly() -> None:
    drawn = picture(200, 100).convert("P", palette=Image.Palette.ADAPTIVE, colors=200)
    stored = decode(process_image(encode(drawn, "PNG")).original.body)
    assert stored.mode == "P"
    assert stored.convert("RGB").tobytes() == drawn.convert("RGB").tobytes()


def test_transparency_is_kept() -> None:
    clear = picture(50, 30).convert("RGBA")
    clear.putalpha(Image.linear_gradient("L").resize((50, 30)))
    for kind, stored in (("PNG", "png"), ("WEBP", "webp"), ("AVIF", "webp")):
        processed = process_image(encode(clear, kind))
        assert processed.original.format == stored
        for made in (processed.original, processed.preview):
            shown = decode(made.body).convert("RGBA")
            assert shown.getpixel((25, 0))[3] < 40
            assert shown.getpixel((25, 29))[3] > 215


@pytest.mark.parametrize("kind", ["GIF", "WEBP"])
def test_an_animation_stays_one_with_its_timing_and_the_preview_stands_still(kind: str) -> None:
    processed = process_image(encode_moving(kind))
    moving = decode(processed.original.body)
    assert moving.format == kind
    assert moving.n_frames == 5
    assert delays(moving) == [70] * 5
    assert moving.info["loop"] == 0
    assert (moving.width, moving.height) == (60, 40) == (processed.original.width, processed.original.height)
    assert getattr(decode(processed.preview.body), "n_frames", 1) == 1


def test_a_large_animation_is_made_smaller_but_keeps_every_frame(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(image, "_ANIMATION_PIXELS", 50_000)
    for kind in ("GIF", "WEBP"):
        moving = decode(process_image(encode_moving(kind, frames=10, size=(200, 100))).original.body)
        assert (moving.n_frames, moving.size) == (10, (100, 50))


def test_the_blurhash_is_that_of_the_picture() -> None:
    processed = process_image(encode(picture(300, 200), "JPEG"))
    across, down = blurhash.components(processed.blurhash)
    assert (across, down) == (4, 3)
    pixels = blurhash.decode(processed.blurhash, 30, 20)
    left, right = pixels[10][2], pixels[10][27]
    assert left[0] > right[0] + 80
    assert right[2] > left[2] + 80
    assert blurhash.components(process_image(encode(picture(200, 300), "JPEG")).blurhash) == (3, 4)


@pytest.mark.parametrize(
    ("size", "avatar", "header"),
    [((800, 600), (400, 400), (800, 266)), ((100, 300), (100, 100), (100, 33)), ((3000, 900), (400, 400), (1500, 500))],
)
def test_avatars_and_headers_are_cut_from_the_middle_and_never_enlarged(
    size: tuple[int, int], avatar: tuple[int, int], header: tuple[int, int]
) -> None:
    body = encode(picture(*size), "JPEG")
    assert decode(process_avatar(body).image.body).size == avatar
    assert decode(process_header(body).image.body).size == header
    marked = Image.new("RGB", (900, 300), "red")
    marked.paste("blue", (300, 0, 600, 300))
    shown = decode(process_avatar(encode(marked, "PNG")).image.body)
    assert shown.getpixel((5, 150)) == shown.getpixel((290, 150)) == (0, 0, 255)


@pytest.mark.parametrize("kind", ["GIF", "WEBP"])
def test_a_moving_avatar_has_a_static_twin(kind: str) -> None:
    made = process_avatar(encode_moving(kind, size=(90, 60)))
    moving = decode(made.image.body)
    assert (moving.format, moving.n_frames, moving.size) == (kind, 5, (60, 60))
    assert made.static is not None
    still = decode(made.static.body)
    assert getattr(still, "n_frames", 1) == 1
    assert still.size == (60, 60)
    moving.seek(0)
    for place in ((2, 30), (57, 30), (30, 2), (30, 57)):
        assert _distance(moving.convert("RGB").getpixel(place), still.convert("RGB").getpixel(place)) < 60
    assert process_avatar(encode(picture(), "PNG")).static is None


@pytest.mark.parametrize("size", [(90, 30), (30, 90)])
def test_a_moving_avatar_is_cut_from_the_middle_of_every_frame(size: tuple[int, int]) -> None:
    frames: list[Image.Image] = []
    for shade in (100, 160, 220):
        frame = Image.new("RGB", size, "black")
        frame.paste((shade, shade, shade), ((size[0] - 30) // 2, (size[1] - 30) // 2, (size[0] + 30) // 2, 60))
        frames.append(frame)
    made = process_avatar(encode(frames[0], "GIF", save_all=True, append_images=frames[1:], duration=100))
    moving = decode(made.image.body)
    assert moving.size == (30, 30)
    for number, shade in enumerate((100, 160, 220)):
        moving.seek(number)
        for place in ((1, 1), (28, 1), (15, 15)):
            assert _distance(moving.convert("RGB").getpixel(place), (shade, shade, shade)) < 10


def test_an_emoji_keeps_its_proportions_and_its_transparency() -> None:
    wide = process_emoji(encode(picture(600, 300).convert("RGBA"), "PNG"))
    assert (wide.image.width, wide.image.height, wide.image.format) == (256, 128, "png")
    moving = process_emoji(encode_moving("GIF", size=(40, 40)))
    assert decode(moving.image.body).n_frames == 5
    assert moving.static is not None
    assert moving.static.format == "png"


def test_the_picture_of_a_link_is_one_still_file() -> None:
    made = process_card(encode(picture(2400, 1260), "JPEG"))
    assert made.original is made.preview
    assert (made.original.width, made.original.height) == (1200, 630)


def test_fitting_never_enlarges_nor_vanishes() -> None:
    assert fit(100, 50, 230_400) == (100, 50)
    assert fit(1, 10_000_000, 230_400) == (1, 16_383)
    assert cover(1, 1, (1500, 500)) == (1, 1)


def _distance(one: object, other: object) -> int:
    assert isinstance(one, tuple)
    assert isinstance(other, tuple)
    return max(abs(a - b) for a, b in zip(one[:3], other[:3], strict=True))


def _profile_with_swapped_red_and_green() -> bytes:
    """An sRGB profile whose red and green primaries have changed places."""
    profile = bytearray(SRGB)
    red, green = profile.index(b"rXYZ"), profile.index(b"gXYZ")
    profile[red : red + 4], profile[green : green + 4] = b"gXYZ", b"rXYZ"
    return bytes(profile)
