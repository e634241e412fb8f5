"""Banks: a file in the folder takes effect within a few looks in all processes, and a broken one changes nothing."""

from __future__ import annotations

import os
import random
from collections.abc import Callable
from pathlib import Path

import pytest
from PIL import Image, ImageOps
from structlog.testing import capture_logs

from rostra.media.image import process_image
from rostra.policy.facts import ImageFacts
from rostra.screening import banks as banks_module
from rostra.screening.banks import INDEXES, Bank, Banks
from rostra.screening.subject import Picture
from tests.media.samples import encode, picture

_DRAWN = random.Random(7)
HASHES = [_DRAWN.randbytes(32) for _ in range(20)]
A, B = (Picture(hashed, 100) for hashed in HASHES[:2])


def lines(*hashes: bytes) -> str:
    return "".join(f"{hashed.hex()}\n" for hashed in hashes)


def flipped(hashed: bytes, bits: int) -> bytes:
    return (int.from_bytes(hashed) ^ ((1 << bits) - 1)).to_bytes(32)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    made = tmp_path / "banks"
    made.mkdir()
    return made


async def looked(banks: Banks, times: int = 3) -> Banks:
    """As a process does every second and a half."""
    for _ in range(times):
        await banks.look()
        await banks.finish()
    return banks


def names(banks: Banks, picture: Picture) -> list[str]:
    return [match.bank for match in banks.match(picture)]


def indexes(folder: Path) -> list[str]:
    return sorted(path.name for path in (folder / INDEXES).glob("*.pdq"))


async def test_a_file_put_into_the_folder_is_in_use_a_few_looks_later(folder: Path) -> None:
    banks = await looked(Banks(folder))
    assert not banks.match(A)
    (folder / "terror.txt").write_text(lines(*HASHES[1:]))
    (folder / "known.csv").write_text("hash,note\n" + f"{HASHES[0].hex()},first\n")
    with capture_logs() as said:
        await looked(banks)
    [match] = banks.match(A)
    assert (match.bank, match.entry, match.distance, match.note) == ("known", 2, 0, "first")
    assert names(banks, B) == ["terror"]
    assert {(entry["bank"], entry["hashes"]) for entry in said} == {("known", 1), ("terror", 19)}
    (folder / "known.csv").write_text(lines(HASHES[1]))
    await looked(banks)
    assert not banks.match(A)
    assert names(banks, B) == ["known", "terror"]
    assert len(indexes(folder)) == 2


async def test_without_a_folder_or_a_file_nothing_is_known(tmp_path: Path) -> None:
    for folder in (None, tmp_path / "absent", tmp_path):
        banks = await looked(Banks(folder))
        assert banks.facts([A, Picture()]) == ImageFacts(count=2)
        assert banks.describe() == []
    assert not (tmp_path / INDEXES).exists()


async def test_facts_say_what_is_known_and_what_could_not_be_compared(folder: Path) -> None:
    (folder / "one.txt").write_text(lines(*HASHES[:10]))
    (folder / "two.txt").write_text(lines(*HASHES[5:]))
    banks = await looked(Banks(folder))
    near, both = Picture(flipped(HASHES[0], 31), 100), Picture(flipped(HASHES[7], 3), 100)
    assert banks.facts([near, both, Picture()]) == ImageFacts(count=3, unhashed=1, banks=["one", "two"], distance=3)
    assert banks.facts([Picture(flipped(HASHES[0], 32), 100)]) == ImageFacts(count=1)
    # Too dull to compare is no reason to hold a post.
    assert banks.facts([Picture(HASHES[0], 49)]) == ImageFacts(count=1)
    assert banks.facts([]) == ImageFacts()


async def test_a_broken_file_is_told_of_once_and_the_former_bank_stays(folder: Path) -> None:
    (folder / "known.txt").write_text(lines(HASHES[0]))
    (folder / "other.txt").write_text(lines(HASHES[1]))
    banks = await looked(Banks(folder))
    (folder / "known.txt").write_text(lines(HASHES[0]) + "not a hash\n")
    with capture_logs() as said:
        await looked(banks, 5)
    [entry] = said
    assert entry["log_level"] == "error"
    assert "the one before stays" in entry["event"]
    assert f"{folder / 'known.txt'}:2: 'not a hash' is no PDQ hash" in entry["problem"]
    assert names(banks, A) == ["known"]
    assert [(bank.name, bank.hashes, bool(bank.problem)) for bank in banks.describe()] == [
        ("known", 1, True),
        ("other", 1, False),
    ]
    # Its neighbour goes on changing, and it comes back when it is mended.
    (folder / "other.txt").write_text(lines(*HASHES[1:4]))
    (folder / "new.txt").write_text("nonsense")
    await looked(banks)
    assert len(banks.match(Picture(HASHES[3], 100))) == 1
    assert [bank.hashes for bank in banks.describe()] == [1, 0, 3]
    (folder / "known.txt").write_text(lines(HASHES[5], HASHES[6]))
    await looked(banks)
    assert names(banks, Picture(HASHES[5], 100)) == ["known"]
    assert banks.describe()[0] == Bank(file="known.txt", name="known", hashes=2)


async def test_a_file_that_is_still_on_its_way_is_not_read(folder: Path) -> None:
    banks, file = Banks(folder), folder / "big.txt"
    with capture_logs() as said:
        for written in range(1, 6):
            file.write_text(lines(*HASHES[:written]))
            await looked(banks, 1)
    assert said == []
    assert not banks.match(A)


async def test_a_bank_goes_with_its_file(folder: Path) -> None:
    (folder / "known.txt").write_text(lines(HASHES[0]))
    banks = await looked(Banks(folder))
    (folder / "known.txt").unlink()
    await looked(banks)
    assert not banks.match(A)
    assert banks.describe() == []
    assert indexes(folder) == []


async def test_other_processes_find_the_index_built(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (folder / "known.txt").write_text(lines(HASHES[0]))
    (folder / "broken.txt").write_text("nonsense")
    await looked(Banks(folder))
    monkeypatch.setattr(banks_module, "build_index", None)
    later = await looked(Banks(folder), 1)
    assert names(later, A) == ["known"]
    assert [bank.file for bank in later.describe() if bank.problem] == ["broken.txt"]


async def test_after_a_start_the_former_bank_is_in_use_while_the_new_one_is_built(folder: Path) -> None:
    (folder / "known.txt").write_text(lines(HASHES[0]))
    await looked(Banks(folder))
    (folder / "known.txt").write_text("nonsense")
    banks = await looked(Banks(folder))
    assert names(banks, A) == ["known"]


async def test_an_index_that_cannot_be_read_is_built_anew(folder: Path) -> None:
    (folder / "known.txt").write_text(lines(HASHES[0]))
    await looked(Banks(folder))
    [index] = indexes(folder)
    (folder / INDEXES / index).write_bytes(b"rostra-pdq-0")
    assert names(await looked(Banks(folder)), A) == ["known"]


async def test_what_cannot_be_written_is_told(folder: Path) -> None:
    (folder / "known.txt").write_text(lines(HASHES[0]))
    (folder / INDEXES).write_text("in the way")
    banks = Banks(folder)
    with capture_logs() as said:
        await looked(banks, 5)
    assert len(said) == 1
    assert "it is not in use" in said[0]["event"]


async def test_editors_and_folders_leave_no_banks(folder: Path) -> None:
    (folder / ".known.txt.swp").write_text("nonsense")
    (folder / "old").mkdir()
    os.mkfifo(folder / "pipe")
    assert (await looked(Banks(folder))).describe() == []


CHANGES: list[Callable[[Image.Image], bytes]] = [
    lambda image: encode(image, "JPEG", quality=40),
    lambda image: encode(image.resize((300, 200)), "WEBP", quality=50),
    lambda image: encode(ImageOps.mirror(image), "JPEG", quality=60),
    lambda image: encode(image.transpose(Image.Transpose.ROTATE_90).resize((300, 450)), "JPEG", quality=60),
]


async def test_a_changed_copy_of_a_known_picture_is_found(folder: Path) -> None:
    swirl = Image.effect_mandelbrot((900, 600), (-1.1, 0.05, -0.3, 0.6), 60)
    photo = Image.merge("RGB", (swirl, picture(900, 600).getchannel(0), swirl.rotate(20)))
    known = process_image(encode(photo, "PNG")).hash
    (folder / "known.txt").write_text(lines(*HASHES, known.pdq))
    banks = await looked(Banks(folder))
    for change in CHANGES:
        made = process_image(change(photo)).hash
        facts = banks.facts([Picture(made.pdq, made.quality)])
        assert facts.banks == ["known"]
        assert facts.distance <= 31
    other = process_image(encode(photo.crop((200, 100, 700, 500)), "PNG")).hash
    assert banks.facts([Picture(other.pdq, other.quality)]).banks == []
