from __future__ import annotations

from rostra.detect.kept import Kept


def test_a_piece_is_worked_out_once() -> None:
    asked: list[str] = []

    def work_out(piece: str) -> int:
        asked.append(piece)
        return len(piece)

    kept = Kept(work_out, most=10, longest=10)
    assert [kept[piece] for piece in ("one", "three", "one", "one")] == [3, 5, 3, 3]
    assert asked == ["one", "three"]


def test_no_text_can_fill_the_memory() -> None:
    kept = Kept(str.upper, most=100, longest=8)
    for number in range(1000):
        assert kept[f"w{number}"] == f"W{number}"
        assert kept["x" * 9 + str(number)] == "X" * 9 + str(number)
        assert 0 < len(kept) <= 100
    assert all(len(piece) <= 8 for piece in kept)
