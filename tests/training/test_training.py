from __future__ import annotations

import csv
import json
import random
from pathlib import Path

import numpy as np
import pytest

from training import mlp
from training.attacks import ATTACKS, hide
from training.corpora import CORPORA, NO, UNTOLD, YES, Row, clean, labelled, marks, read_edos, split_of
from training.measure import auroc, calibration_error, found, threshold, weighted_threshold
from training.noise import set_apart, slip
from training.sets import read_development, read_own

pytest.importorskip("scipy", reason="training needs scikit-learn")

import scipy.sparse as sparse

from rostra.detect.normalise import normalise
from rostra.detect.reading import CATEGORIES
from training.fit import fit
from training.fuse import prior_weights
from training.prepare import Lesson, prepare, with_letters_apart


def test_a_text_is_read_as_its_author_wrote_it() -> None:
    assert clean("RT @bob: a &amp; b [USER] [URL] <number>") == "a & b @someone https://site.example/x 5"
    assert clean("one[linebreak]two") == "one\ntwo"


def test_what_a_corpus_does_not_tell_is_not_called_harmless() -> None:
    assert marks(hate=YES, spam=NO) == (UNTOLD, UNTOLD, YES, UNTOLD, UNTOLD, UNTOLD, NO)
    assert labelled(frozenset({"threat"})) == (YES, NO, NO, NO, NO, NO, NO)


def test_splits_are_stable_and_about_as_large_as_said() -> None:
    keys = [f"text {place}" for place in range(4000)]
    assert [split_of(key) for key in keys] == [split_of(key) for key in keys]
    for own, dev, check in ((False, 0.1, 0.05), (True, 0.2, 0.1)):
        splits = [split_of(key, own) for key in keys]
        assert abs(splits.count("dev") / 4000 - dev) < 0.02
        assert abs(splits.count("check") / 4000 - check) < 0.02


def test_threats_of_a_corpus_are_told_apart(tmp_path: Path) -> None:
    (tmp_path / "train").mkdir()
    with (tmp_path / "train" / "edos.csv").open("w", newline="") as file:
        table = csv.writer(file)
        table.writerow(["rewire_id", "text", "label_sexist", "label_category", "label_vector", "split"])
        table.writerow(["1", "one", "sexist", "1. threats", "1.1 threats of harm", "train"])
        table.writerow(["2", "two", "sexist", "1. threats", "1.2 incitement and encouragement of harm", "test"])
        table.writerow(["3", "three", "not sexist", "none", "none", "dev"])
    rows = list(read_edos(tmp_path))
    threat, incitement = CATEGORIES.index("threat"), CATEGORIES.index("incitement")
    assert [row.marks[threat] for row in rows] == [YES, UNTOLD, NO]
    assert [row.marks[incitement] for row in rows] == [UNTOLD, YES, NO]
    assert [row.split for row in rows] == ["train", "test", "dev"]


def test_nothing_of_a_test_set_is_learnt(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    rows = [
        ["Kill them ALL, now!", "en", 1, "direct", "a"],
        ["see you at the market", "en", 0, "plain", "b"],
        ["see you  at the market", "en", 0, "plain", "c"],
    ]
    (tmp_path / "train").mkdir()
    (tmp_path / "train" / "seeds_en_it.json").write_text(json.dumps(rows))
    only = [corpus for corpus in CORPORA if corpus.name == "first_seeds"]
    monkeypatch.setattr("training.corpora.CORPORA", only)
    held = next(iter(read_own()))._replace(text="k1ll them all, NOW!")
    monkeypatch.setattr("training.prepare.read_tests", lambda _folder: [held])
    lesson, removed = prepare(tmp_path)
    assert removed == 1
    assert "kill them all, now!" not in lesson.normals
    assert len(lesson.rows) == 2


def test_no_development_sentence_is_learnt(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    held = read_development()[0]
    rows = [[held.text, held.language, 1, "direct", "a"], ["see you at the market", "en", 0, "plain", "b"]]
    (tmp_path / "train").mkdir()
    (tmp_path / "train" / "seeds_en_it.json").write_text(json.dumps(rows))
    only = [corpus for corpus in CORPORA if corpus.name == "first_seeds"]
    monkeypatch.setattr("training.corpora.CORPORA", only)
    monkeypatch.setattr("training.prepare.read_tests", lambda _folder: [])
    lesson, removed = prepare(tmp_path)
    assert removed == 1
    assert [row.text for row in lesson.rows] == ["see you at the market"]


def test_development_sentences_are_of_both_languages_and_all_categories() -> None:
    rows = read_development()
    for language in ("en", "it"):
        own = [row for row in rows if row.language == language]
        assert len({row.text for row in own}) == len(own) >= 200
        assert all(any(row.marks[place] == YES for row in own) for place in range(len(CATEGORIES)))
        assert sum(all(mark == NO for mark in row.marks) for row in own) > 80


def test_every_corpus_says_its_licence_and_its_authors() -> None:
    for corpus in CORPORA:
        assert corpus.licence in {"CC0 1.0", "MIT", "CC BY 4.0", "Apache-2.0", "own"}
        assert corpus.credit


def test_the_own_held_out_sentences_are_of_both_languages_and_kinds() -> None:
    rows = list(read_own())
    for language in ("en", "it"):
        own = [row for row in rows if row.language == language]
        assert sum(any(mark == YES for mark in row.marks) for row in own) > 100
        assert sum(all(mark == NO for mark in row.marks) for row in own) > 100


def test_ranking_is_counted_with_ties_as_halves() -> None:
    assert auroc(np.array([2.0, 3.0]), np.array([1.0, 2.0])) == 0.875
    assert np.isnan(auroc(np.array([]), np.array([1.0])))


def test_a_threshold_flags_no_more_than_its_share() -> None:
    everyday = np.arange(1000.0)
    assert (everyday > threshold(everyday, 0.01)).sum() == 10
    assert found(np.array([995.0, 5.0]), threshold(everyday, 0.01)) == 0.5


def test_a_threshold_over_texts_that_stand_for_many_counts_what_they_stand_for() -> None:
    scores, masses = np.array([3.0, 1.0, 4.0, 2.0]), np.array([0.02, 0.5, 0.01, 0.4])
    assert weighted_threshold(scores, masses, 0.005) == 4.0
    assert weighted_threshold(scores, masses, 0.02) == 3.0
    assert weighted_threshold(scores, masses, 0.05) == 2.0
    assert weighted_threshold(scores, masses, 1.0) == float("-inf")


def test_true_chances_have_no_calibration_error() -> None:
    chances = np.repeat([0.1, 0.5, 0.9], 1000)
    truth = np.concatenate([np.arange(1000) < share * 1000 for share in (0.1, 0.5, 0.9)])
    assert calibration_error(chances, truth, np.ones(3000)) < 1e-9
    assert calibration_error(np.full(3000, 0.9), truth, np.ones(3000)) == pytest.approx(0.4)


def test_weights_bring_the_harmful_to_the_said_prevalence() -> None:
    truth = np.arange(100) < 40
    weights = prior_weights(truth, np.ones(100, np.float32))
    assert weights[truth].sum() / weights.sum() == pytest.approx(0.05)


def test_fitting_finds_what_was_planted_and_leaves_out_what_is_untold() -> None:
    rng = np.random.default_rng(3)
    x = rng.normal(size=(600, 4)).astype(np.float32)
    known = (x[:, 0] > 0).astype(np.int8)
    marks_ = np.stack([known, np.where(np.arange(600) < 300, known, -1)], axis=1).astype(np.int8)
    # What is untold would say the opposite.
    weights = np.ones((600, 2), np.float32)
    found_, _bias = fit(sparse.csr_matrix(x), marks_, weights, 1.0, 30)
    for head in (0, 1):
        assert found_[0, head] > 5 * np.abs(found_[1:, head]).max()


def test_the_network_is_the_same_for_the_same_seed_and_learns() -> None:
    rng = np.random.default_rng(3)
    x = rng.normal(size=(2048, 8)).astype(np.float32)
    marks_ = ((x[:, :1] * x[:, 1:2]) > 0).astype(np.int8)
    weights = np.ones((2048, 1), np.float32)
    one = mlp.train(x, marks_, weights, hidden=32, rounds=60, drop=0.0, pace=1e-2)
    two = mlp.train(x, marks_, weights, hidden=32, rounds=60, drop=0.0, pace=1e-2)
    assert all(np.array_equal(a, b) for a, b in zip(one, two, strict=True))
    logits = one.logits(x)[:, 0].astype(float)
    assert auroc(logits[marks_[:, 0] > 0], logits[marks_[:, 0] == 0]) > 0.9


def test_networks_joined_say_the_mean_of_what_they_say() -> None:
    rng = np.random.Generator(np.random.PCG64(5))
    x = rng.normal(size=(1024, 6)).astype(np.float32)
    marks_, weights = (x[:, :2] > 0).astype(np.int8), np.ones((1024, 2), np.float32)
    drawn = [mlp.train(x, marks_, weights, hidden=16, rounds=3, seed=seed) for seed in (1, 2, 3)]
    joined = mlp.join(drawn)
    assert joined.into.shape == (6, 48)
    assert np.allclose(joined.logits(x), np.mean([each.logits(x) for each in drawn], axis=0), atol=1e-5)


def test_posts_of_nobody_in_particular_count_twice_where_they_are_taken_for_threats(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    row = Row("the road is closed on friday", "en", "news", "everyday", marks(rest=NO), "train")
    other = row._replace(text="the bridge is open again", corpus="surge", kind="toxic")
    monkeypatch.setattr("training.prepare.read_all", lambda folder: [row, other])
    monkeypatch.setattr("training.prepare.read_tests", lambda folder: [])
    weights = prepare(tmp_path)[0].weights
    doubled = [weights[0, place] / weights[1, place] for place in range(len(CATEGORIES))]
    expected = [2.0 if name in {"threat", "incitement", "hate"} else 1.0 for name in CATEGORIES]
    assert doubled == expected


def test_development_sentences_have_threats_to_groups_and_what_looks_like_them() -> None:
    kinds = {(row.language, row.kind) for row in read_development()}
    for language in ("en", "it"):
        wanted = {"threat.group", "incitement.norm", "benign.norm", "benign.news"}
        assert {(language, kind) for kind in wanted} <= kinds


@pytest.mark.parametrize("name", list(ATTACKS))
def test_every_attack_changes_a_threat_and_the_normaliser_undoes_most_of_it(name: str) -> None:
    plain = "I will murder every single person there tomorrow"
    hidden = hide([plain], name)[0]
    assert hidden != plain
    known = normalise(hidden).text.split()
    assert {"murder", "every", "person", "tomorrow"} <= set(known)


def test_slips_keep_a_text_readable() -> None:
    text = "someone should really murder the president"
    slipped = slip(text, random.Random(2))
    assert slipped != text
    assert abs(len(slipped) - len(text)) < 5


def test_letters_set_apart_are_those_of_the_text() -> None:
    text = "I will find you tomorrow at your house"
    apart = {set_apart(text, random.Random(seed)) for seed in range(8)}
    assert text not in apart
    assert {"".join(sign for sign in each if sign.isalpha()) for each in apart} == {text.replace(" ", "")}
    assert "I w i l l f i n d y o u t o m o r r o w a t y o u r h o u s e" in apart


def test_threats_are_learnt_with_letters_apart_more_often_than_what_is_harmless() -> None:
    mean = Row("I will find you, number one", "en", "seeds", "threat.direct", marks(rest=NO, threat=YES), "train")
    kind = Row("I will call you, number one", "en", "seeds", "benign.everyday", marks(rest=NO), "train")
    rows = [mean] * 300 + [kind] * 300 + [mean._replace(corpus="edos")] * 300
    told = np.array([row.marks for row in rows], np.int8)
    lesson = Lesson(rows, [row.text for row in rows], told, np.ones(told.shape, np.float32))
    more = with_letters_apart(lesson, 1)
    copies = more.rows[len(rows) :]
    assert more.rows[: len(rows)] == rows
    assert {row.corpus for row in copies} == {"seeds"}
    assert len(copies) == len(more.normals) - len(rows) == len(more.marks) - len(rows)
    assert all(row.text not in (mean.text, kind.text) for row in copies)
    threats = [row for row in copies if row.kind == "threat.direct"]
    assert 300 > len(threats) > 2 * (len(copies) - len(threats)) > 0


def test_harmless_mentions_of_people_count_for_more_where_groups_are_threatened(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    kinds = ("benign.identity_positive", "benign.everyday")
    rows = [Row(f"a text {kind}", "en", "seeds", kind, marks(rest=NO), "train") for kind in kinds]
    monkeypatch.setattr("training.prepare.read_all", lambda _folder: rows)
    monkeypatch.setattr("training.prepare.read_tests", lambda _folder: [])
    people, everyday = prepare(tmp_path)[0].weights.tolist()
    hate, threat, spam = (CATEGORIES.index(name) for name in ("hate", "threat", "spam"))
    assert people[hate] > people[threat] > people[spam]
    assert everyday[threat] > everyday[hate] == everyday[spam]
    assert people[hate] > everyday[hate]
