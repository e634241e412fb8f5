"""The index finds exactly what comparing one by one finds; files are read or refused with the line; swaps are whole."""

from __future__ import annotations

import random
import tracemalloc
from pathlib import Path

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from rostra.detect.bank import RADIUS, BankMatch, HashBank, build_index
from rostra.detect.bank_files import BankRefused, read_bank
from rostra.detect.pdq import Pdq, distance

_DRAWN = random.Random(1)
HASHES = [_DRAWN.randbytes(32) for _ in range(50)]
A, B, C = HASHES[:3]
HASH = st.binary(min_size=32, max_size=32)


def flipped(hashed: bytes, bits: set[int] | range) -> bytes:
    return (int.from_bytes(hashed) ^ sum(1 << bit for bit in bits)).to_bytes(32)


def build(folder: Path, **banks: str) -> HashBank:
    paths = [folder / f"{name}.txt" for name in banks]
    for path, text in zip(paths, banks.values(), strict=True):
        path.write_text(text)
    build_index(paths, folder / "banks.index")
    return HashBank(folder / "banks.index")


def lines(*hashes: bytes) -> str:
    return "".join(f"{hashed.hex()}\n" for hashed in hashes)


@given(st.lists(HASH, min_size=1, max_size=30), st.data())
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_the_index_equals_comparing_one_by_one(tmp_path: Path, hashes: list[bytes], drawn: st.DataObject) -> None:
    near = [
        flipped(drawn.draw(st.sampled_from(hashes)), drawn.draw(st.sets(st.integers(0, 255), max_size=40)))
        for _ in range(10)
    ]
    everything = hashes + near + HASHES
    bank = build(tmp_path, some=lines(*everything))
    wanted = drawn.draw(st.sampled_from(everything))
    expected = sorted((d, i) for i, h in enumerate(everything, 1) if (d := distance(h, wanted)) <= RADIUS)
    assert [(match.distance, match.entry) for match in bank.match(wanted, 100)] == expected


@pytest.mark.parametrize("single", range(16))
def test_31_bits_are_found_wherever_they_are_and_32_are_not(tmp_path: Path, single: int) -> None:
    drawn = random.Random(single)
    bank = build(tmp_path, some=lines(*HASHES))
    # Spread evenly, two in each part but one: the hardest case for an index by parts.
    spread = {part * 16 + bit for part in range(16) if part != single for bit in drawn.sample(range(16), 2)}
    spread.add(single * 16 + single)
    assert len(spread) == 31
    assert [match.distance for match in bank.match(flipped(A, spread), 100)] == [31]
    beyond = spread | {drawn.choice([bit for bit in range(256) if bit not in spread])}
    assert bank.match(flipped(A, beyond), 100) == []


def test_a_match_names_the_bank_the_line_the_distance_and_the_note(tmp_path: Path) -> None:
    bank = build(tmp_path, terror=f"# from us\n\n{A.hex()},90,case 17, closed\n", ncii=lines(B, flipped(A, {5})))
    assert bank.match(A, 50) == [BankMatch("terror", 3, 0, "case 17, closed"), BankMatch("ncii", 2, 1)]
    assert bank.banks == ["terror", "ncii"]
    assert len(bank) == 3


def test_dull_pictures_match_nothing(tmp_path: Path) -> None:
    bank = build(tmp_path, some=lines(A))
    assert bank.match(A, 49) == []
    assert len(bank.match(A, 50)) == 1


def test_a_turned_picture_is_found_by_its_other_hashes_once(tmp_path: Path) -> None:
    bank = build(tmp_path, some=lines(A))
    assert bank.match_picture(Pdq(B, 100, (C, flipped(A, {1, 2}), flipped(A, {1})))) == [BankMatch("some", 1, 1)]
    assert bank.match_picture(Pdq(B, 100, ())) == []


def test_disabled_hashes_are_known_no_longer(tmp_path: Path) -> None:
    build(tmp_path, some=lines(A, B))
    bank = HashBank(tmp_path / "banks.index", disabled=[A])
    assert bank.match(A, 100) == []
    assert len(bank.match(B, 100)) == 1


def test_very_many_equal_hashes_are_bounded_in_number_and_memory(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("rostra.detect.bank._CHUNK", 4096)
    like = flipped(A, {7})
    bank = build(tmp_path, some=lines(*[A] * 20_000, like, B))
    assert bank.match(B, 100) == [BankMatch("some", 20_002, 0)]
    tracemalloc.start()
    try:
        assert len(bank.match(flipped(A, range(31)), 100)) == 100
        assert bank.match(like, 100)[:2] == [BankMatch("some", 20_001, 0), BankMatch("some", 1, 1)]
        # By parts this would be sixteen times all rows.
        assert tracemalloc.get_traced_memory()[1] < 8 << 20
    finally:
        tracemalloc.stop()


def test_an_empty_bank_knows_nothing(tmp_path: Path) -> None:
    assert build(tmp_path, some="# nothing yet\n").match(A, 100) == []
    assert build(tmp_path, some="").match(A, 100) == []


@pytest.mark.parametrize("wrong", [b"", b"short", bytes(33)])
def test_what_is_no_hash_is_refused(tmp_path: Path, wrong: bytes) -> None:
    bank = build(tmp_path, some=lines(A))
    with pytest.raises(ValueError, match="32 bytes"):
        bank.match(wrong, 100)
    with pytest.raises(ValueError, match="32 bytes"):
        bank.match(A, 100, turned=[wrong])


DESCRIPTORS = msgspec.json.encode(
    {
        "data": [
            {"id": "1", "indicator": A.hex(), "type": "HASH_PDQ", "tags": {"data": [{"id": "7", "text": "violence"}]}},
            {"id": "2", "indicator": "d41d8cd98f00b204e9800998ecf8427e", "type": "HASH_MD5"},
            {"id": "3", "raw_indicator": B.hex().upper(), "type": "HASH_PDQ", "status": "NON_MALICIOUS"},
            {"id": "4", "raw_indicator": C.hex(), "type": "HASH_PDQ", "status": "MALICIOUS", "tags": ["gore", "war"]},
        ],
        "paging": {},
    }
)
CONTENTS = msgspec.json.encode(
    [
        {"id": 1, "signals": {"pdq": A.hex(), "video_md5": "d41d8cd98f00b204e9800998ecf8427e"}, "disable_until_ts": 0},
        {"id": 2, "signals": {"pdq": B.hex()}, "disable_until_ts": 1},
        {"id": 3, "signals": {"video_md5": "d41d8cd98f00b204e9800998ecf8427e"}},
        {"id": 4, "signals": {"pdq": C.hex()}},
    ]
)
JSON_LINES = f'{{"pdq": "{A.hex()}", "quality": 90}}\n{{"pdq": "{B.hex()}", "quality": 3}}\n\n{{"hash": "{C.hex()}"}}'
CSV = f"Type,Indicator,tags\nHASH_PDQ,{A.hex()},x\nHASH_MD5,123,\nHASH_PDQ,{C.hex()},\n"


@pytest.mark.parametrize(
    ("name", "body", "places", "notes", "passed_over"),
    [
        ("a.json", DESCRIPTORS, [1, 4], {0: "violence", 1: "gore war"}, (1, 0, 1)),
        ("a.json", CONTENTS, [1, 4], {0: "1", 1: "4"}, (1, 0, 1)),
        ("a.json", msgspec.json.encode([A.hex(), C.hex()]), [1, 2], {}, (0, 0, 0)),
        ("a.jsonl", JSON_LINES.encode(), [1, 4], {}, (0, 1, 0)),
        ("a.csv", CSV.encode(), [2, 4], {0: "x"}, (1, 0, 0)),
        ("a.csv", CSV.replace("\n", "\r\n").encode(), [2, 4], {0: "x"}, (1, 0, 0)),
        ("a.csv", b"\xef\xbb\xbf" + CSV.encode(), [2, 4], {0: "x"}, (1, 0, 0)),
        ("a.csv", f"pdq,enabled\n{A.hex()},1\n{B.hex()},false\n{C.hex()},\n".encode(), [2, 4], {}, (0, 0, 1)),
        ("a.txt", f"{A.hex()}\n{C.hex()}".encode(), [1, 2], {}, (0, 0, 0)),
        ("a.txt", f"{A.hex()}\r\n{C.hex().upper()}\r\n".encode(), [1, 2], {}, (0, 0, 0)),
        ("a.txt", f"# x\n{A.hex()},\n{B.hex()},49\n  \n{C.hex()},50, two, three\n".encode(), [2, 5], {1: "two, three"},
         (0, 1, 0)),
        ("a.txt", f"   {A.hex()}\n{C.hex()}   \n".encode(), [1, 2], {}, (0, 0, 0)),
    ],
)  # fmt: skip
def test_each_format_is_read(
    tmp_path: Path, name: str, body: bytes, places: list[int], notes: dict[int, str], passed_over: tuple[int, int, int]
) -> None:
    (tmp_path / name).write_bytes(body)
    found = read_bank(tmp_path / name)
    assert found.hashes.tobytes() == A + C
    assert found.lines.tolist() == places
    assert found.notes == notes
    assert (found.other, found.dull, found.disabled) == passed_over
    assert found.name == "a"


@pytest.mark.parametrize(
    ("body", "complaint"),
    [
        (lines(A) + "deadbeef\n", "a.bank:2: 'deadbeef' is no PDQ hash"),
        (lines(A) + A.hex()[:-1] + "g\n", "a.bank:2: .*is no PDQ hash"),
        (lines(A, B) + A.hex() + "00\n", "a.bank:3: .*is no PDQ hash"),
        (A.hex() + ",101\n", "a.bank:1: '101' is no quality"),
        (lines(A) + A.hex() + ",good\n", "a.bank:2: 'good' is no quality"),
        (A.hex()[:-1] + " \n", "a.bank:1: .*is no PDQ hash"),
        ("hash,quality\n" + A.hex() + ",90\nzz,1\n", "a.bank:3: 'zz' is no PDQ hash"),
        ('[\n"' + A.hex() + '",\n}', "a.bank:3: is no JSON"),
        ('{"pdq": "' + A.hex() + '"}\n{"pdq"}\n', "a.bank:2: is no JSON"),
        ('["x"]', "a.bank:1: 'x' is no PDQ hash"),
        ('[null]', "a.bank:1: "),
        ('{"data": 5}', "a.bank: holds no list"),
        ("[" * 100_000, "a.bank:1: is no JSON"),
    ],
)  # fmt: skip
def test_a_file_with_a_fault_is_refused_with_its_line(tmp_path: Path, body: str, complaint: str) -> None:
    (tmp_path / "a.bank").write_text(body)
    with pytest.raises(BankRefused, match=complaint):
        read_bank(tmp_path / "a.bank")


@given(st.binary(max_size=300))
@settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_bytes_are_read_or_refused(tmp_path: Path, body: bytes) -> None:
    path = tmp_path / "any.bank"
    path.write_bytes(body)
    try:
        found = read_bank(path)
    except BankRefused:
        pass
    else:
        assert found.hashes.shape == (len(found.lines), 32)


def test_a_missing_file_and_two_banks_of_one_name_are_refused(tmp_path: Path) -> None:
    with pytest.raises(BankRefused, match="cannot be read"):
        read_bank(tmp_path / "none.txt")
    for name in ("a.txt", "a.csv"):
        (tmp_path / name).write_text(lines(A))
    with pytest.raises(BankRefused, match="'a'"):
        build_index([tmp_path / "a.txt", tmp_path / "a.csv"], tmp_path / "index")


def test_a_refused_file_leaves_the_index_that_was_there(tmp_path: Path) -> None:
    build(tmp_path, some=lines(A))
    (tmp_path / "some.txt").write_text("nonsense")
    with pytest.raises(BankRefused):
        build_index([tmp_path / "some.txt"], tmp_path / "banks.index")
    assert len(HashBank(tmp_path / "banks.index").match(A, 100)) == 1
    assert sorted(path.name for path in tmp_path.iterdir()) == ["banks.index", "some.txt"]


def test_an_index_that_was_replaced_serves_whoever_has_it_open(tmp_path: Path) -> None:
    first = build(tmp_path, some=lines(A))
    second = build(tmp_path, some=lines(B))
    assert [len(bank.match(B, 100)) for bank in (first, second)] == [0, 1]
    assert [len(bank.match(A, 100)) for bank in (first, second)] == [1, 0]


@pytest.mark.parametrize("keep", [0, 5, 16, 40, 5000])
def test_a_damaged_index_is_refused(tmp_path: Path, keep: int) -> None:
    build(tmp_path, some=lines(A))
    path = tmp_path / "banks.index"
    path.write_bytes(path.read_bytes()[:keep])
    with pytest.raises(BankRefused, match="index"):
        HashBank(path)


def test_a_build_says_what_went_in_and_what_did_not(tmp_path: Path) -> None:
    (tmp_path / "one.json").write_bytes(DESCRIPTORS)
    (tmp_path / "two.txt").write_text(lines(A) + f"{B.hex()},10\n")
    built = build_index([tmp_path / "one.json", tmp_path / "two.txt"], tmp_path / "index")
    assert built.banks == {"one": 2, "two": 1}
    assert (built.other, built.dull, built.disabled) == (1, 1, 1)
