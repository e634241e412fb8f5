from __future__ import annotations

from pathlib import Path

import msgspec
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rostra.detect.hashing import CHAR_BITS, VERSION, WORD_BITS, read_bags, shape_size
from rostra.detect.heads import HEADS_FILE, Heads, Stored, load_heads, pack, write_heads
from rostra.detect.reading import CATEGORIES

TEXTS = ["i will kill you", "", "good morning, what a lovely day", "ti ammazzo"]


def _stored(features: str = VERSION) -> Stored:
    rng = np.random.default_rng(7)
    chars, char_scales = pack(rng.normal(size=(1 << CHAR_BITS, len(CATEGORIES))).astype(np.float32))
    words, word_scales = pack(rng.normal(size=(1 << WORD_BITS, len(CATEGORIES))).astype(np.float32))
    return Stored(
        version="test",
        features=features,
        categories=CATEGORIES,
        chars=chars,
        words=words,
        scales=(char_scales, word_scales),
        shape=np.zeros((shape_size(), len(CATEGORIES)), np.float32).tobytes(),
        biases=tuple(0.5 for _ in CATEGORIES),
    )


def test_a_weight_comes_back_within_a_sixteenth_of_the_largest() -> None:
    weights = np.array([[4.0], [1.0], [0.25], [-2.0], [0.01], [0.0]], np.float32)
    packed, (scale,) = pack(weights)
    steps = np.frombuffer(packed, np.int8) / 31
    back = np.sign(steps) * steps * steps * scale
    assert np.abs(back - weights[:, 0]).max() < 4 / 16
    # What is next to nothing is nothing, so that the file is small.
    assert back[4] == back[5] == 0


def test_scores_are_the_sums_of_weights_over_the_root_of_their_number() -> None:
    stored = _stored()
    logits = Heads(stored).logits(read_bags(TEXTS))
    (bags,) = read_bags([TEXTS[0]])
    expected = 0.5
    for block, places, scale in (
        (stored.chars, bags.chars, stored.scales[0][2]),
        (stored.words, bags.words, stored.scales[1][2]),
    ):
        buckets = places[places < 1 << 17]
        steps = np.frombuffer(block, np.int8).reshape(len(CATEGORIES), -1)[2, buckets] / 31
        expected += float((np.sign(steps) * steps**2 * scale).sum()) / len(buckets) ** 0.5
    assert logits[0, 2] == pytest.approx(expected, rel=1e-4)


def test_an_empty_text_has_the_bias_alone() -> None:
    assert Heads(_stored()).logits(read_bags([""]))[0] == pytest.approx([0.5] * 7, abs=1e-6)


@given(st.lists(st.one_of(st.sampled_from(TEXTS), st.text(max_size=80)), max_size=6))
@settings(max_examples=100, deadline=None)
def test_a_text_scores_the_same_alone_and_among_others(texts: list[str]) -> None:
    heads = load_heads()
    together = heads.logits(read_bags(texts))
    assert together.shape == (len(texts), len(CATEGORIES))
    for place, text in enumerate(texts):
        assert np.array_equal(heads.logits(read_bags([text]))[0], together[place])


@pytest.mark.parametrize("word", ["kill ", "k", "é", '"not ', "\n"])
def test_the_longest_texts_stay_within_what_sums_can_hold(word: str) -> None:
    stored = _stored()
    # Every weight as large as can be: 31 steps, up or down.
    block = np.full((len(CATEGORIES), 1 << CHAR_BITS), 31, np.int8)
    block[1::2] = -31
    most = Heads(msgspec.structs.replace(stored, chars=block.tobytes(), words=block.tobytes()))
    (bags,) = read_bags([word * (1 << 17)])
    logits = most.logits([bags])[0]
    for head, chars, words in zip(range(len(CATEGORIES)), *stored.scales, strict=True):
        sign = -1 if head % 2 else 1
        size = [np.count_nonzero(places < 1 << CHAR_BITS) for places in (bags.chars, bags.words)]
        shape = float(logits[head]) - sign * (chars * size[0] ** 0.5 + words * size[1] ** 0.5)
        assert shape == pytest.approx(0.5, abs=0.05)


def test_a_file_keeps_a_model(tmp_path: Path) -> None:
    write_heads(_stored(), tmp_path / "heads.bin")
    first = load_heads(tmp_path / "heads.bin").logits(read_bags(TEXTS))
    assert np.array_equal(first, Heads(_stored()).logits(read_bags(TEXTS)))
    again = tmp_path / "again.bin"
    write_heads(_stored(), again)
    assert again.read_bytes() == (tmp_path / "heads.bin").read_bytes()


def test_a_model_for_other_features_is_refused() -> None:
    with pytest.raises(ValueError, match="features"):
        Heads(_stored(features="0"))


def test_the_heads_and_what_they_are_read_with_take_less_than_a_megabyte() -> None:
    networks = {"use3.bin", "e5.bin"}
    sizes = {path.name: path.stat().st_size for path in HEADS_FILE.parent.iterdir()}
    assert sum(size for name, size in sizes.items() if name not in networks) < 1_000_000
    assert all(sizes[name] < 500_000 for name in networks & sizes.keys())


def test_the_card_names_the_model_and_every_licence() -> None:
    card = (HEADS_FILE.parent / "MODEL_CARD.md").read_text(encoding="utf-8")
    assert load_heads().version in card
    for owed in ("CC BY 4.0", "MIT", "CC0 1.0", "Apache-2.0", "Mathew", "Vidgen", "Kennedy", "Röttger", "Davidson"):
        assert owed in card
    assert msgspec.json.decode((HEADS_FILE.parent / "fusion.json").read_bytes())["version"] in card
