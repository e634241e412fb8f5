"""The seed templates and the acceptance items keep what training and evaluation rely on."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from functools import cache
from pathlib import Path

import pytest
import yaml

from rostra.detect.reading import CATEGORIES
from training.seeds import LANGUAGES, Example, expand, fillers, templates
from training.seeds.sentences import (
    Slot,
    Table,
    fit_article,
    fit_italian_article,
    melt,
    normalise,
    read_table,
    split,
)

ACCEPTANCE = Path(__file__).parents[2] / "training" / "acceptance"

# What a detector confuses: the harmful kinds (by prefix), and the benign ones that use the same words.
COUNTERPARTS = {
    "threat": ["benign.negation", "benign.quotation", "benign.report", "benign.victim", "benign.game", "benign.sport",
               "benign.technology", "benign.fiction", "benign.hyperbole", "benign.idiom", "benign.practical"],
    "incitement": ["benign.counter_speech", "benign.report", "benign.history", "benign.politics", "benign.norm",
                   "benign.rights"],
    "mobilisation": ["benign.politics", "benign.sport"],
    "glorification": ["benign.report", "benign.history"],
    "dox": ["benign.victim", "benign.everyday"],
    "hate": ["benign.identity_positive", "benign.identity_neutral", "benign.counter_speech", "benign.reclaimed",
             "benign.negation"],
    "harassment": ["benign.disagreement", "benign.swearing"],
    "self_harm": ["benign.support"],
    "sexual": ["benign.health"],
    "spam": ["benign.commerce"],
}  # fmt: skip


@cache
def examples() -> tuple[Example, ...]:
    """The expansion that the tests look at."""
    return tuple(expand())


@cache
def trained() -> tuple[Example, ...]:
    """All that is trained on."""
    return tuple(expand(per_template=40))


@cache
def acceptance(language: str) -> tuple[dict[str, object], ...]:
    """The held-out items of a language."""
    return tuple(yaml.load((ACCEPTANCE / f"{language}.yaml").read_text(encoding="utf-8"), yaml.CSafeLoader))


def fivegrams(text: str) -> set[str]:
    """All runs of five words."""
    words = normalise(text).split()
    return {" ".join(words[at : at + 5]) for at in range(len(words) - 4)}


def test_every_template_expands_and_leaves_no_slot_open() -> None:
    expanded = {(example.language, example.kind, example.template) for example in examples()}
    assert {(each.language, each.kind, each.text) for each in templates()} == expanded
    assert not [each.text for each in examples() if re.search(r"[{}\[\]|~]", each.text)]


def test_there_are_several_hundred_templates_in_each_language_half_of_them_benign() -> None:
    for language in LANGUAGES:
        own = [each for each in templates() if each.language == language]
        benign = sum(not each.labels for each in own)
        assert len(own) >= 350
        assert 0.4 < benign / len(own) < 0.7


def test_no_template_is_written_twice() -> None:
    written = Counter((each.language, normalise(each.text)) for each in templates())
    assert [text for text, count in written.items() if count > 1] == []


def test_labels_and_kinds_are_known() -> None:
    for each in examples():
        assert each.labels <= set(CATEGORIES)
        assert each.kind.startswith("benign.") == (not each.labels), each
    assert {label for each in examples() for label in each.labels} == set(CATEGORIES)


def test_the_languages_are_balanced() -> None:
    count = Counter(each.language for each in examples())
    assert 0.8 < count["en"] / count["it"] < 1.25
    kinds = {language: {each.kind for each in examples() if each.language == language} for language in LANGUAGES}
    assert kinds["en"] == kinds["it"]


def test_harmful_kinds_have_benign_counterparts() -> None:
    for language in LANGUAGES:
        kinds = {each.kind for each in examples() if each.language == language}
        harmful = {kind.split(".")[0] for kind in kinds} - {"benign"}
        assert harmful == set(COUNTERPARTS)
        for family in harmful:
            assert set(COUNTERPARTS[family]) <= kinds


def test_no_kind_and_no_template_dominates() -> None:
    for language in LANGUAGES:
        own = [each for each in examples() if each.language == language]
        kinds = Counter(each.kind for each in own)
        assert max(kinds.values()) / len(own) < 0.2
        assert kinds.most_common(1)[0][0] == "benign.everyday"
        assert max(Counter(each.template for each in own).values()) <= 8


def test_expansion_is_the_same_for_the_same_seed_only() -> None:
    first, again, other = (tuple(expand(seed=seed, per_template=2)) for seed in (3, 3, 4))
    assert first == again
    assert first != other


def test_no_text_comes_twice() -> None:
    texts = Counter((each.language, normalise(each.text)) for each in examples())
    assert [text for text, count in texts.items() if count > 1] == []


@pytest.mark.parametrize(("language", "table"), [("en", "identity"), ("it", "identita")])
def test_every_identity_is_named_as_often_as_the_others_in_harm_and_in_praise(language: str, table: str) -> None:
    rows = fillers(language)[table].rows
    names = [[f" {normalise(form)} " for form in row.values() if len(form) > 1] for row in rows]
    for harmful in (True, False):
        named: dict[int, int] = defaultdict(int)
        own = [
            e
            for e in examples()
            if e.language == language and bool(e.labels) == harmful and f"{{{table}." in e.template
        ]
        for example in own:
            text = f" {normalise(example.text)} "
            # The longest name that fits, so that "trans women" does not count as "women".
            lengths = {
                at: max((len(name) for name in forms if name in text), default=0) for at, forms in enumerate(names)
            }
            found = max((at for at, length in lengths.items() if length), key=lengths.__getitem__, default=-1)
            named[found] += 1
        share = len(own) / len(rows)
        assert all(0.5 * share < named[at] < 1.8 * share for at in range(len(rows))), dict(named)


def test_nothing_reads_like_a_private_person() -> None:
    for text in [each.text for each in examples()] + [
        str(item["text"]) for one in LANGUAGES for item in acceptance(one)
    ]:
        assert not re.search(r"[\w.]+@[\w-]+\.\w+", text), text
        assert not re.search(r"\+?\d[\d ./-]{7,}\d", text), text


@pytest.mark.parametrize("language", LANGUAGES)
def test_acceptance_items_are_well_formed_and_cover_the_categories(language: str) -> None:
    items = acceptance(language)
    assert len(items) >= 250
    assert len({normalise(str(item["text"])) for item in items}) == len(items)
    labels = Counter(label for item in items for label in item.get("labels", []))  # type: ignore[attr-defined]
    assert set(labels) == set(CATEGORIES)
    kinds = {each.kind for each in templates()}
    for item in items:
        assert set(item) <= {"text", "labels", "kind"}
        assert item["kind"] in kinds, item
        assert str(item["kind"]).startswith("benign.") == (not item.get("labels")), item
    assert 0.4 < sum(not item.get("labels") for item in items) / len(items) < 0.65


@pytest.mark.parametrize("language", LANGUAGES)
def test_acceptance_items_share_no_text_and_no_five_words_with_what_is_trained_on(language: str) -> None:
    own = [each.text for each in trained() if each.language == language]
    texts = {normalise(text) for text in own}
    runs = {run for text in own for run in fivegrams(text)}
    for item in acceptance(language):
        assert normalise(str(item["text"])) not in texts
        assert not fivegrams(str(item["text"])) & runs, item


def test_a_template_is_taken_apart_into_slots() -> None:
    assert split("[a/b] and {person.obj~2}, {@threat.direct}") == [
        Slot(choices=("a", "b")),
        " and ",
        Slot(table="person", column="obj", draw="2"),
        ", ",
        Slot(table="@threat.direct"),
    ]


def test_a_table_with_a_cell_too_few_is_refused() -> None:
    assert read_table("when", "now\nlater") == Table(name="when", rows=({"": "now"}, {"": "later"}))
    with pytest.raises(ValueError, match="1 cells where 2 columns"):
        read_table("id", "one | many\nrat")


@pytest.mark.parametrize(
    ("before", "filler", "joined"),
    [
        ("odio di ", "gli anziani", "odio degli anziani"),
        ("in ", "il liceo", "nel liceo"),
        ("su ", "i tetti", "sui tetti"),
        ("vado a ", "l'università", "vado all'università"),
        ("da ", "la questura", "dalla questura"),
        ("odia ", "gli anziani", "odia gli anziani"),
        ("di ", "giorno", "di giorno"),
    ],
)
def test_italian_prepositions_melt_into_articles(before: str, filler: str, joined: str) -> None:
    assert "".join(melt(before, filler)) == joined


def test_english_articles_fit_what_follows() -> None:
    assert fit_article("with a ", "axe") == "with an "
    assert fit_article("with a ", "knife") == "with a "
    assert fit_article("near the ", "the mayor") == "near "


@pytest.mark.parametrize(
    ("before", "filler", "fitting"),
    [
        ("è un ", "stronzo", "è uno "),
        ("un ", "idiota", "un "),
        ("il ", "allenatore", "l'"),
        ("quel ", "zingaro", "quello "),
        ("il ", "zio", "lo "),
        ("un ", "sasso", "un "),
    ],
)
def test_italian_articles_fit_what_follows(before: str, filler: str, fitting: str) -> None:
    assert fit_italian_article(before, filler) == fitting
