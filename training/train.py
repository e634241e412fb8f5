"""Makes the artefact: vocabulary, heads, fusion and the model card, from the corpora and the own templates.

Everything is drawn with fixed seeds; the same corpora and the same code give the same model.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Collection, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

import msgspec
import numpy as np

from rostra.detect import words as vocabulary
from rostra.detect.cascade import find_parts
from rostra.detect.encoder import Encoder, StoredNetwork, network_file, read_network, shrink, write_network
from rostra.detect.fusion import Fusion, Stage, load_fusion, weigh_matches
from rostra.detect.hashing import CHAR_BITS, VERSION, WORD_BITS, read_bags
from rostra.detect.heads import Heads, Stored, load_heads, pack, write_heads
from rostra.detect.reading import CATEGORIES
from rostra.detect.sentences import WHEELS, find_obstacle
from training import card, mlp
from training.corpora import read_all
from training.embed import Vectors
from training.features import SHAPE_SCALE, matrix
from training.fit import Array, fit
from training.fuse import fit_fusion
from training.prepare import OWN, VIOLENCE, Lesson, prepare, with_letters_apart, with_slips
from training.sets import is_quiet
from training.vocabulary import common_words, write_words

_SEED: Final = 20261122
_PENALTY: Final = 1.0
# The shares of quiet rows about which the encoders are asked: all that is not plainly harmless, and what is suspicious.
_ASKED: Final = (0.8, 0.02)
# Of rows that are neither own sentences nor violence, the networks over the encoders learn from one in so many.
_ONE_IN: Final = (1, 8)
# How often each network over an encoder sees what it learns from.
_PASSES: Final = (10, 16)
# Of rows of `dev` that are harmless or only hateful and of which no phrase speaks, the fusion with each encoder is
# fitted on one in so many: a multiple of what it is with the encoder before, so that these are among its rows.
_FUSED_ONE_IN: Final = (1, 4)
_ROUNDS: Final = 120
# Of so many networks over each encoder, each drawn otherwise, the mean is kept.
_DRAWS: Final = ((1, 2, 3), (1, 2))

# What is kept of a model that is there, by this name, where only the networks over encoders are made anew.
BASE: Final = "heads"

Say = Callable[[str], None]


def make(folder: Path, out: Path, vectors: Path, say: Say, keep: Collection[str] = ()) -> None:
    """Trains on `folder` and writes the artefact to `out`. Takes some minutes, and hours where `vectors` does not have
    the vectors of the encoders from another time; the networks over the encoders in `keep` stay as they are there,
    for which only what the fusion is fitted on is embedded. With `heads` among these, all that reads without an encoder
    stays: vocabulary, heads and the first stage of the fusion."""
    out.mkdir(parents=True, exist_ok=True)
    base = load_fusion(out / "fusion.json").stages[0] if BASE in keep else None
    if base is None:
        write_words(common_words(row for row in read_all(folder) if row.split != "test"), out / "words.bin")
        vocabulary.common.cache_clear()
    lesson, removed = prepare(folder)
    taught = with_letters_apart(lesson.of("train"), _SEED)
    say(f"{len(lesson.rows)} rows, {removed} of test sets removed, {len(taught.rows)} to learn from")
    if base is None:
        write_heads(_fit_heads(with_slips(taught, _SEED)), out / "heads.bin")
    heads = load_heads(out / "heads.bin")
    say(f"heads {heads.version}: {(out / 'heads.bin').stat().st_size} bytes{', kept' if base else ''}")
    encoders = train_encoders(taught, vectors, out, keep, say)
    fusion = _fuse(heads, encoders, lesson.of("dev"), base)
    (out / "fusion.json").write_bytes(msgspec.json.format(msgspec.json.encode(fusion)) + b"\n")
    say(f"fusion {fusion.version}")
    card.write(out, lesson, removed, heads.version, fusion.version, [encoder.version for encoder in encoders], keep)


def _fit_heads(learnt: Lesson) -> Stored:
    return _stored(*fit(matrix(learnt.normals), learnt.marks, learnt.weights, _PENALTY, _ROUNDS))


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


def train_encoders(lesson: Lesson, folder: Path, out: Path, keep: Collection[str], say: Say) -> list[Encoder]:
    """The networks over the encoders that can be used here, but for those to `keep` trained anew; of the others none
    of another training is left behind."""
    for wheel in WHEELS:
        if wheel.name not in keep:
            network_file(out, wheel.name).unlink(missing_ok=True)
    encoders: list[Encoder] = []
    known: list[Vectors] = []
    for place, wheel in enumerate(WHEELS):
        if obstacle := find_obstacle(wheel):
            say(f"no network over {wheel.name}, nor over what comes after it: rostra[{wheel.extra}]: {obstacle}")
            break
        known.append(Vectors(wheel, folder))
        path = network_file(out, wheel.name)
        if wheel.name not in keep:
            some = worth_embedding(lesson, _ONE_IN[place])
            texts = [row.text for row in some.rows]
            vectors = np.concatenate([each.of(texts) for each in known], axis=1)
            write_network(_train_network(wheel.name, vectors, some, _DRAWS[place], _PASSES[place]), path)
        stored = read_network(path)
        say(f"encoder {stored.version}: {path.stat().st_size} bytes{', kept' if wheel.name in keep else ''}")
        encoders.append(Encoder(wheel, stored, known[-1]))
    return encoders


def _train_network(name: str, vectors: Array, lesson: Lesson, draws: Sequence[int], passes: int) -> StoredNetwork:
    mean, deviation = vectors.mean(axis=0), vectors.std(axis=0) + np.float32(1e-6)
    scaled = (vectors - mean) / deviation
    network = mlp.join([mlp.train(scaled, lesson.marks, lesson.weights, rounds=passes, seed=seed) for seed in draws])
    into, into_scales = shrink(network.into)
    outwards, out_scales = shrink(network.out)
    digest = hashlib.sha256(into + outwards).hexdigest()[:8]
    return StoredNetwork(
        version=f"{name}-{digest}",
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


def worth_fusing(dev: Lesson, spoken: Array, one_in: int) -> tuple[list[int], Array]:
    """Which rows the fusion is fitted on, and how much each counts: whole the harmful of scarce categories and those of
    which phrases have `spoken`, without which nobody knows what a phrase is worth; of the rest one in so many, by its
    hash, which counts for as many."""
    scarce = (np.delete(dev.marks, CATEGORIES.index("hate"), axis=1) > 0).any(axis=1)
    scarce |= spoken.reshape(len(dev.rows), -1).any(axis=1)
    drawn = [hashlib.sha256(row.text.encode()).digest()[1] % one_in == 0 for row in dev.rows]
    chosen: list[int] = np.flatnonzero(scarce | np.array(drawn)).tolist()
    counts = np.array([row.weight for row in dev.rows], np.float32) * np.where(scarce, 1, one_in)
    return chosen, counts[chosen].astype(np.float32)


def _fuse(heads: Heads, encoders: Sequence[Encoder], dev: Lesson, base: Stage | None) -> Fusion:
    texts, told = [row.text for row in dev.rows], [row.language for row in dev.rows]
    parts = find_parts(texts, told)
    languages = np.array(told)
    logits = heads.logits(read_bags(dev.normals))
    evidence = weigh_matches(parts.matches, [normal.evasion for normal in parts.normals])
    counts = np.array([row.weight for row in dev.rows], np.float32)
    quiet = np.array([is_quiet(row) for row in dev.rows])
    # The places of the rows that every encoder so far was asked about, and what was found of them.
    asked = list(range(len(texts)))
    vectors, encoded = np.zeros((len(texts), 0), np.float32), list[Array]()
    stages = [base or Stage(fit_fusion(logits, evidence, encoded, dev.marks, languages, counts))]
    for encoder, share, one_in in zip(encoders, _ASKED, _FUSED_ONE_IN, strict=False):
        before = Fusion("", tuple(stages)).logits(logits[asked], evidence[asked], languages[asked].tolist(), encoded)
        asked_from = round(float(np.quantile(before[quiet[asked]].max(axis=1), 1 - share)), 2)
        chosen, counts = worth_fusing(dev, evidence, one_in)
        still = np.isin(asked, chosen)
        asked, vectors, encoded = chosen, vectors[still], [each[still] for each in encoded]
        own = encoder.embed([texts[at] for at in asked], [parts.normals[at] for at in asked])
        vectors = np.concatenate([vectors, own], axis=1)
        encoded.append(encoder.judge(vectors))
        found = fit_fusion(logits[asked], evidence[asked], encoded, dev.marks[asked], languages[asked], counts)
        stages.append(Stage(found, asked_from))
    digest = hashlib.sha256(msgspec.json.encode(stages)).hexdigest()[:8]
    return Fusion(digest, tuple(stages))
