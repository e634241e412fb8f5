"""Makes the artefact: vocabulary, heads, fusion and the model card, from the corpora and the own templates.

Everything is drawn with fixed seeds; the same corpora and the same code give the same model.
"""

from __future__ import annotations

import hashlib
import lzma
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

import msgspec
import numpy as np

from rostra.detect import words as vocabulary
from rostra.detect.cascade import find_parts
from rostra.detect.encoder import Encoder, StoredNetwork, is_installed, load_encoder, shrink
from rostra.detect.fusion import Fusion, weigh_matches
from rostra.detect.hashing import CHAR_BITS, VERSION, WORD_BITS, read_bags
from rostra.detect.heads import Heads, Stored, pack, write_heads
from rostra.detect.reading import CATEGORIES
from training import card, mlp
from training.corpora import read_all
from training.embed import embed_all
from training.features import SHAPE_SCALE, matrix
from training.fit import Array, fit
from training.fuse import fit_fusion
from training.prepare import Lesson, prepare, with_slips
from training.vocabulary import common_words, write_words

_SEED: Final = 20261122
_PENALTY: Final = 0.3
_ROUNDS: Final = 80

Say = Callable[[str], None]


def make(folder: Path, out: Path, say: Say) -> None:
    """Trains on `folder` and writes the artefact to `out`; takes some minutes on two cores."""
    out.mkdir(parents=True, exist_ok=True)
    write_words(common_words(row for row in read_all(folder) if row.split != "test"), out / "words.bin")
    vocabulary.common.cache_clear()
    lesson, removed = prepare(folder)
    learnt = with_slips(lesson.of("train"), _SEED)
    say(f"{len(lesson.rows)} rows, {removed} of test sets removed, {len(learnt.rows)} to learn from")
    weights, biases = fit(matrix(learnt.normals), learnt.marks, learnt.weights, _PENALTY, _ROUNDS)
    stored = _stored(weights, biases)
    write_heads(stored, out / "heads.bin")
    say(f"heads {stored.version}: {(out / 'heads.bin').stat().st_size} bytes")
    encoder = _train_encoder(learnt_from=lesson.of("train"), out=out, say=say)
    fusion = _fuse(Heads(stored), encoder, lesson.of("dev"))
    (out / "fusion.json").write_bytes(msgspec.json.format(msgspec.json.encode(fusion)) + b"\n")
    say(f"fusion {fusion.version}")
    card.write(out, lesson, removed, stored.version, fusion.version, encoder.version if encoder else "none")


def _stored(weights: Array, biases: Array) -> Stored:
    chars, words = 1 << CHAR_BITS, 1 << WORD_BITS
    packed_chars, char_scales = pack(weights[:chars])
    packed_words, word_scales = pack(weights[chars : chars + words])
    # The matrix has shapes scaled; the heads take them as they are.
    shape = (weights[chars + words :] * np.float32(SHAPE_SCALE)).astype(np.float32).tobytes()
    digest = hashlib.sha256(packed_chars + packed_words + shape + biases.tobytes()).hexdigest()[:8]
    return Stored(
        version=f"{datetime.now(UTC):%Y.%m}-{digest}",
        features=VERSION,
        categories=CATEGORIES,
        chars=packed_chars,
        words=packed_words,
        scales=(char_scales, word_scales),
        shape=shape,
        biases=tuple(float(bias) for bias in biases),
    )


def _train_encoder(learnt_from: Lesson, out: Path, say: Say) -> Encoder | None:
    """The network over the encoder, if that is installed; without it, none of another training is left behind."""
    path = out / "encoder.bin"
    path.unlink(missing_ok=True)
    if not is_installed():
        say("no encoder: `pip install rostra[ml]` first to train the network over it")
        return None
    embedded = embed_all([row.text for row in learnt_from.rows])
    mean, deviation = embedded.mean(axis=0), embedded.std(axis=0) + np.float32(1e-6)
    network = mlp.train((embedded - mean) / deviation, learnt_from.marks, learnt_from.weights)
    into, into_scales = shrink(network.into)
    outwards, out_scales = shrink(network.out)
    digest = hashlib.sha256(into + outwards).hexdigest()[:8]
    stored = StoredNetwork(
        version=f"use3-{digest}",
        categories=CATEGORIES,
        hidden=network.into.shape[1],
        mean=mean.tobytes(),
        deviation=deviation.tobytes(),
        into=into,
        into_scales=into_scales,
        at=network.at.tobytes(),
        out=outwards,
        out_scales=out_scales,
        bias=network.bias.tobytes(),
    )
    path.write_bytes(lzma.compress(msgspec.msgpack.encode(stored), preset=9 | lzma.PRESET_EXTREME))
    say(f"encoder {stored.version}: {path.stat().st_size} bytes")
    return load_encoder(path)


def _fuse(heads: Heads, encoder: Encoder | None, dev: Lesson) -> Fusion:
    texts = [row.text for row in dev.rows]
    parts = find_parts(texts, [row.language for row in dev.rows])
    languages = np.array([row.language for row in dev.rows])
    logits = heads.logits(read_bags(dev.normals))
    evidence = weigh_matches(parts.matches, [normal.evasion for normal in parts.normals])
    counts = np.array([row.weight for row in dev.rows], np.float32)
    base = fit_fusion(logits, evidence, None, dev.marks, languages, counts)
    with_encoder = {}
    if encoder is not None:
        encoded = encoder.judge(embed_all(texts))
        with_encoder = fit_fusion(logits, evidence, encoded, dev.marks, languages, counts)
    digest = hashlib.sha256(msgspec.json.encode((base, with_encoder))).hexdigest()[:8]
    return Fusion(digest, base, with_encoder)
