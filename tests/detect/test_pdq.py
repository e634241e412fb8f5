"""Hashes agree with the reference implementation, survive what a platform does to pictures, and refuse nonsense."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pytest
import pyvips
from hypothesis import given, settings
from hypothesis import strategies as st

from rostra.detect.pdq import distance, hash_image, hash_picture

Pixels = npt.NDArray[np.uint8]


def picture(seed: int, height: int, width: int) -> Pixels:
    """Waves of three colours, the same everywhere for the same seed."""
    y, x = np.mgrid[0:height, 0:width].astype(np.float64)
    out = np.zeros((height, width, 3))
    for _ in range(24):
        seed = (seed * 1103515245 + 12345) % 2**31
        across, down = (seed % 13 + 1) * np.pi / width, (seed // 13 % 11 + 1) * np.pi / height
        phase, colour = seed // 143 % 7, seed // 1001 % 3
        out[..., colour] += np.cos(across * x + phase) * np.cos(down * y + phase) * 60
    return np.clip(np.rint(out + 128), 0, 255).astype(np.uint8)


def image_of(pixels: Pixels) -> pyvips.Image:
    height, width, bands = pixels.shape
    return pyvips.Image.new_from_memory(np.ascontiguousarray(pixels).tobytes(), width, height, bands, "uchar").copy(
        interpretation="srgb"
    )


# Seed, height, width, and what the reference implementation says: the hash, and the beginnings of the seven others.
REFERENCE = [
    (1, 512, 384, "3f8ee5e0f5826444fd82e5801a795fee1841dfe05fe98817c7611e17f6360919",
     "6c5a9395fc025c19 4adb4b4aa0d78eee 390f283f2957f6b3 1d8e1a1ff5829bbb 6adbb4b5a0d77111 6c5a7d6afc02abe6"
     " 390fc7c02957014c"),
    (2, 360, 640, "ee0dd29aac054ba2ed055c01730df30108bce7138abc770898f742d4f79ff07f",
     "e96be4aeab53f8f4 f1582838f951a02a bc3e0c00fe061256 a40d2d6dac04b45f f158d7c7f9511fd5 e96bdf57ab53471b"
     " bc3ea0fbfe06ada1"),
    (3, 97, 211, "7d4a7f4e77c20f6e3548fd6ef822831ef2368f010f0510f91ef614838ca588dd",
     "07c3397fee801167 281fd5e46297a5c4 5296b3d5bbd5bbcd 7d4a80b177c2f291 2c1f2a1b6297583b 07c3e680ee80ee9c"
     " 52966c2abbd54432"),
    (4, 64, 64, "59bd5e0bb835dc087820fc08f2f4aaf5af0801fb06d8a8c772df47f5a44f02cd",
     "379221f32f9a01f7 0c68f6a1ed6076a2 62c78b597acfab5d 593da1f4b83523f7 0c68095eed60895d 3792de0c2f9afe08"
     " 62c774a67acf54a2"),
]  # fmt: skip


@pytest.mark.parametrize(("seed", "height", "width", "hexadecimal", "others"), REFERENCE)
def test_hashes_are_those_of_the_reference(seed: int, height: int, width: int, hexadecimal: str, others: str) -> None:
    made = hash_picture(picture(seed, height, width))
    # The cosines of another machine may differ in their last digit.
    assert distance(made.hash, bytes.fromhex(hexadecimal)) <= 2
    assert made.quality == 100
    assert len(made.turned) == 7
    for begin in others.split():
        assert min(distance(turned[:8], bytes.fromhex(begin)) for turned in made.turned) <= 2


@pytest.mark.parametrize("quarters", [0, 1, 2, 3])
@pytest.mark.parametrize("mirrored", [False, True])
def test_a_turned_or_mirrored_picture_has_one_of_the_turned_hashes(quarters: int, mirrored: bool) -> None:
    pixels = picture(5, 300, 420)
    changed = np.rot90(pixels[:, ::-1] if mirrored else pixels, quarters)
    made, other = hash_picture(pixels), hash_picture(np.ascontiguousarray(changed))
    assert min(distance(other.hash, known) for known in (made.hash, *made.turned)) <= 20
    if quarters or mirrored:
        assert distance(made.hash, other.hash) > 31


@pytest.mark.parametrize("seed", [1, 2])
def test_a_scaled_recompressed_or_tinted_copy_is_within_31_bits(seed: int) -> None:
    image = image_of(picture(seed, 600, 800))
    made = hash_image(image)
    copies = [
        pyvips.Image.new_from_buffer(image.jpegsave_buffer(Q=30), ""),
        image.resize(0.3),
        image.resize(0.5, vscale=0.6),
        (image * 0.8 + 20).cast("uchar"),
        pyvips.Image.new_from_buffer(image.webpsave_buffer(Q=50), ""),
    ]
    assert [distance(made.hash, hash_image(copy).hash) <= 31 for copy in copies] == [True] * len(copies)


def test_other_pictures_are_far_away() -> None:
    hashes = [hash_picture(picture(seed, 200, 200)).hash for seed in range(20)]
    assert min(distance(a, b) for i, a in enumerate(hashes) for b in hashes[:i]) > 60


def test_the_preview_that_is_stored_hashes_like_the_original() -> None:
    image = image_of(picture(7, 900, 1200))
    assert distance(hash_image(image).hash, hash_image(image.thumbnail_image(640, height=360)).hash) <= 10


def test_transparency_is_seen_on_white() -> None:
    pixels = picture(8, 100, 100)
    alpha = np.full((100, 100, 1), 255, dtype=np.uint8)
    alpha[:, :50] = 0
    shown = pixels.copy()
    shown[:, :50] = 255
    seen = hash_image(image_of(np.concatenate([pixels, alpha], axis=2)))
    assert distance(seen.hash, hash_picture(shown).hash) <= 4


def test_a_picture_in_grey_or_with_sixteen_bits_is_hashed_as_it_looks() -> None:
    pixels = picture(11, 100, 120)
    pixels[:, :, 1] = pixels[:, :, 2] = pixels[:, :, 0]
    grey = image_of(pixels)[0].copy(interpretation="b-w")
    deep = (image_of(pixels).cast("ushort") * 257).cast("ushort").copy(interpretation="rgb16")
    assert distance(hash_image(grey).hash, hash_picture(pixels).hash) <= 2
    assert distance(hash_image(deep).hash, hash_picture(pixels).hash) <= 4


def test_of_an_animation_the_first_frame_is_hashed() -> None:
    first, second = picture(9, 100, 100), picture(10, 100, 100)
    both = image_of(np.concatenate([first, second])).copy()
    both.set_type(pyvips.GValue.gint_type, "page-height", 100)
    assert hash_image(both) == hash_picture(first)


def test_plain_surfaces_have_no_quality() -> None:
    assert hash_picture(np.zeros((100, 100, 3), dtype=np.uint8)).quality == 0
    assert hash_picture(np.full((1, 1, 3), 200, dtype=np.uint8)).quality == 0


@pytest.mark.parametrize("shape", [(0, 10, 3), (10, 0, 3), (10, 10), (10, 10, 4), (10, 10, 1)])
def test_what_is_no_picture_is_refused(shape: tuple[int, ...]) -> None:
    with pytest.raises(ValueError, match="height × width × 3"):
        hash_picture(np.zeros(shape, dtype=np.uint8))


@given(st.integers(1, 70), st.integers(1, 70), st.integers(0, 2**32 - 1))
@settings(max_examples=80, deadline=None)
def test_any_picture_has_a_hash_of_32_bytes_half_of_them_ones(height: int, width: int, seed: int) -> None:
    pixels = np.random.default_rng(seed).integers(0, 256, (height, width, 3), dtype=np.uint8)
    made = hash_picture(pixels)
    assert len(made.hash) == 32
    assert 0 <= made.quality <= 100
    assert int.from_bytes(made.hash).bit_count() <= 128


@given(st.binary(min_size=32, max_size=32), st.binary(min_size=32, max_size=32))
def test_distance_is_symmetric(one: bytes, other: bytes) -> None:
    assert distance(one, other) == distance(other, one)
    assert distance(one, one) == 0
