"""The tree of RFC 6962 against known values, and against the RFC's own recursive definitions."""

from __future__ import annotations

from hashlib import sha256

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rostra.ledger.merkle import (
    EMPTY_ROOT,
    Frontier,
    Range,
    consistency_ranges,
    fold,
    hash_leaf,
    inclusion_ranges,
    is_consistent,
    is_included,
    root_of,
    subtrees,
)

# The leaves with which implementations of Certificate Transparency are tested, and the roots of their trees.
LEAVES = [bytes.fromhex(text) for text in (
    "", "00", "10", "2021", "3031", "40414243", "5051525354555657", "606162636465666768696a6b6c6d6e6f",
)]  # fmt: skip
ROOTS = [
    "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
]
# (leaf, size) and its proof; (first, second) and theirs.
PATHS = {
    (0, 1): [],
    (0, 8): [
        "96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7",
        "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
        "6b47aaf29ee3c2af9af889bc1fb9254dabd31177f16232dd6aab035ca39bf6e4",
    ],
    (5, 8): [
        "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b",
        "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0",
        "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    ],
    (2, 3): ["fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125"],
    (1, 5): [
        "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
        "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
        "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b",
    ],
}
STEPS = {
    (1, 1): [],
    (1, 8): [
        "96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7",
        "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
        "6b47aaf29ee3c2af9af889bc1fb9254dabd31177f16232dd6aab035ca39bf6e4",
    ],
    (6, 8): [
        "0ebc5d3437fbe2db158b9f126a1d118e308181031d0a949f8dededebc558ef6a",
        "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0",
        "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    ],
    (2, 5): [
        "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
        "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b",
    ],
}
HASHES = [hash_leaf(leaf) for leaf in LEAVES]
MANY = [hash_leaf(str(number).encode()) for number in range(700)]


def naive_root(hashes: list[bytes]) -> bytes:
    """MTH as the RFC writes it down."""
    if not hashes:
        return sha256(b"").digest()
    if len(hashes) == 1:
        return hashes[0]
    k = 1
    while k * 2 < len(hashes):
        k *= 2
    return sha256(b"\x01" + naive_root(hashes[:k]) + naive_root(hashes[k:])).digest()


def naive_path(index: int, hashes: list[bytes]) -> list[bytes]:
    """PATH as the RFC writes it down."""
    if len(hashes) == 1:
        return []
    k = 1
    while k * 2 < len(hashes):
        k *= 2
    if index < k:
        return [*naive_path(index, hashes[:k]), naive_root(hashes[k:])]
    return [*naive_path(index - k, hashes[k:]), naive_root(hashes[:k])]


def naive_steps(first: int, hashes: list[bytes], *, is_whole: bool = True) -> list[bytes]:
    """SUBPROOF as the RFC writes it down."""
    if first == len(hashes):
        return [] if is_whole else [naive_root(hashes)]
    k = 1
    while k * 2 < len(hashes):
        k *= 2
    if first <= k:
        return [*naive_steps(first, hashes[:k], is_whole=is_whole), naive_root(hashes[k:])]
    return [*naive_steps(first - k, hashes[k:], is_whole=False), naive_root(hashes[:k])]


def nodes(ranges: list[Range], hashes: list[bytes]) -> list[bytes]:
    return [naive_root(hashes[each.start : each.end]) for each in ranges]


def test_roots_are_those_that_other_implementations_have() -> None:
    for size, root in enumerate(ROOTS):
        assert root_of(HASHES[:size]).hex() == root
    assert EMPTY_ROOT.hex() == ROOTS[0]


@pytest.mark.parametrize(("place", "proof"), PATHS.items())
def test_inclusion_proofs_are_those_that_other_implementations_have(place: tuple[int, int], proof: list[str]) -> None:
    index, size = place
    assert [each.hex() for each in nodes(inclusion_ranges(index, size), HASHES)] == proof
    path = [bytes.fromhex(each) for each in proof]
    assert is_included(HASHES[index], index, size, bytes.fromhex(ROOTS[size]), path)


@pytest.mark.parametrize(("sizes", "proof"), STEPS.items())
def test_consistency_proofs_are_those_that_other_implementations_have(sizes: tuple[int, int], proof: list[str]) -> None:
    first, second = sizes
    assert [each.hex() for each in nodes(consistency_ranges(first, second), HASHES)] == proof
    steps = [bytes.fromhex(each) for each in proof]
    assert is_consistent(first, second, bytes.fromhex(ROOTS[first]), bytes.fromhex(ROOTS[second]), steps)


@given(size=st.integers(0, 700))
def test_the_right_edge_leads_to_the_root_of_the_definition(size: int) -> None:
    assert root_of(MANY[:size]) == naive_root(MANY[:size])


@given(st.data())
def test_a_proof_is_the_one_of_the_definition_and_holds_for_its_own_leaf_only(data: st.DataObject) -> None:
    size = data.draw(st.integers(1, 300))
    index = data.draw(st.integers(0, size - 1))
    root = naive_root(MANY[:size])
    path = nodes(inclusion_ranges(index, size), MANY)
    assert path == naive_path(index, MANY[:size])
    assert is_included(MANY[index], index, size, root, path)
    other = data.draw(st.integers(0, size + 3).filter(lambda each: each != index))
    assert not is_included(MANY[index], other, size, root, path)
    assert not is_included(MANY[index + 1], index, size, root, path)
    assert not is_included(MANY[index], index, size, root, [*path, MANY[0]])
    if path:
        spoilt = data.draw(st.integers(0, len(path) - 1))
        assert not is_included(MANY[index], index, size, root, [*path[:spoilt], MANY[650], *path[spoilt + 1 :]])
        assert not is_included(MANY[index], index, size, root, path[:-1])


@given(st.data())
def test_a_tree_goes_on_from_its_own_past_only(data: st.DataObject) -> None:
    second = data.draw(st.integers(1, 300))
    first = data.draw(st.integers(0, second))
    old, new = naive_root(MANY[:first]), naive_root(MANY[:second])
    proof = nodes(consistency_ranges(first, second), MANY)
    assert proof == (naive_steps(first, MANY[:second]) if first else [])
    assert is_consistent(first, second, old, new, proof)
    if first:
        assert not is_consistent(first, second, naive_root([*MANY[: first - 1], MANY[650]]), new, proof)
        assert not is_consistent(first, second, old, new, [*proof, MANY[0]])
    if 0 < first < second:
        assert not is_consistent(first, second, old, naive_root([*MANY[: second - 1], MANY[650]]), proof)
        assert not is_consistent(first, second, old, new, proof[:-1])


@given(before=st.integers(0, 600), more=st.integers(0, 100))
def test_a_tree_can_be_taken_up_where_it_stood(before: int, more: int) -> None:
    peaks = [root_of(MANY[each.start : each.start + 2**each.height]) for each in subtrees(Range(0, before))]
    assert fold(peaks) == naive_root(MANY[:before])
    frontier = Frontier(before, peaks)
    made = [tile for each in MANY[before : before + more] for tile in frontier.push(each)]
    assert frontier.root() == naive_root(MANY[: before + more])
    assert [(tile.level, tile.position) for tile in made] == [
        (1, number) for number in range(before // 256, min(before + more, 700) // 256)
    ]
    for tile in made:
        assert tile.hash == naive_root(MANY[tile.position * 256 : (tile.position + 1) * 256])


def test_subtrees_of_256_squared_leaves_are_kept_too() -> None:
    frontier = Frontier()
    made = [tile for number in range(256 * 256 + 1) for tile in frontier.push(MANY[number % 700])]
    assert [(tile.level, tile.position) for tile in made if tile.level > 1] == [(2, 0)]
    assert made[-1].hash == root_of([MANY[number % 700] for number in range(256 * 256)])


def test_nothing_is_proven_of_leaves_and_sizes_that_are_not_there() -> None:
    for index, size in ((0, 0), (3, 3), (-1, 4)):
        with pytest.raises(ValueError, match="no such leaf"):
            inclusion_ranges(index, size)
        assert not is_included(MANY[0], index, size, MANY[0], [])
    with pytest.raises(ValueError, match="must not be larger"):
        consistency_ranges(4, 3)
    assert not is_consistent(4, 3, MANY[0], MANY[0], [])
    assert not is_consistent(0, 3, MANY[0], MANY[0], [])
    with pytest.raises(ValueError, match="not the subtrees"):
        Frontier(3, [MANY[0]])
