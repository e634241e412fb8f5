"""Reads the corpora: every row as a text with what is known of it, in one shape.

Says for each category whether a text is of it, is not, or whether its corpus does not tell. Corpora stay where they
are: nothing from them is written anywhere but into weights.
"""

from __future__ import annotations

import csv
import gzip
import hashlib
import html
import json
import re
import sys
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any, Final, NamedTuple

from rostra.detect.reading import CATEGORIES, Category

YES: Final = 1
NO: Final = 0
UNTOLD: Final = -1

csv.field_size_limit(sys.maxsize)


class Row(NamedTuple):
    """One text. `marks` has YES, NO or UNTOLD for each of CATEGORIES; `split` is train, dev, check or test."""

    text: str
    language: str
    corpus: str
    kind: str
    marks: tuple[int, ...]
    split: str
    weight: float = 1.0
    # Texts that were made from one another have one group, and a group is never divided between splits.
    group: str = ""


class Corpus(NamedTuple):
    """A corpus: how it is read, its licence and to whom it is owed."""

    name: str
    files: tuple[str, ...]
    licence: str
    credit: str
    read: Callable[[Path], Iterator[Row]]


def marks(**known: int) -> tuple[int, ...]:
    """Marks for the categories that are named; `rest` is for all others."""
    rest = known.pop("rest", UNTOLD)
    return tuple(known.get(category, rest) for category in CATEGORIES)


def labelled(labels: frozenset[Category]) -> tuple[int, ...]:
    """Marks of a text of which everything is known."""
    return tuple(YES if category in labels else NO for category in CATEGORIES)


_USER: Final = re.compile(r"\[USER\]|<user>|\buser_mention\b", re.IGNORECASE)
_LINK: Final = re.compile(r"\[URL\]|<url>|<link>", re.IGNORECASE)
_ODD: Final = re.compile(r"<(?:number|censored|percent|money|time|date|phone)>")
_RETWEET: Final = re.compile(r"^\W{0,6}(?:rt\b\s*(?:@\w+)?\s*:?\s*)+", re.IGNORECASE)


def clean(text: str) -> str:
    """The text as its author wrote it, as far as the corpus lets us know."""
    text = html.unescape(html.unescape(text)).replace("[linebreak]", "\n")
    text = _LINK.sub("https://site.example/x", _USER.sub("@someone", text))
    return _RETWEET.sub("", _ODD.sub("5", text)).strip()


def split_of(key: str, own: bool = False) -> str:
    """`dev` for a tenth of the keys (own templates: a fifth), `check` for a twentieth (a tenth), else `train`.

    Fusion and scaling are fitted on `dev`; `check` is measured on and nothing else.
    """
    place = int.from_bytes(hashlib.sha256(key.encode()).digest()[:4], "big") % 20
    dev, check = (4, 6) if own else (2, 3)
    return "dev" if place < dev else "check" if place < check else "train"


def read_table(path: Path, delimiter: str = ",") -> Iterator[Mapping[str, str]]:
    """The rows of a table whose first row names its columns."""
    with path.open(encoding="utf-8", newline="") as file:
        yield from csv.DictReader(file, delimiter=delimiter)


def read_lines(path: Path) -> Iterator[Mapping[str, Any]]:
    """The objects of a file of JSON lines, compressed or not."""
    with gzip.open(path, "rt", encoding="utf-8") if path.suffix == ".gz" else path.open(encoding="utf-8") as file:
        yield from (json.loads(line) for line in file)


# --- to learn from ----------------------------------------------------------------------------------------------------
def read_edos(folder: Path) -> Iterator[Row]:
    """Gab and Reddit: sexism, with threats and incitement; other hatred is not marked there."""
    for row in read_table(folder / "train/edos.csv"):
        vector = row["label_vector"]
        kind = vector.split(" ")[0] if vector != "none" else "none"
        split = {"train": "train", "dev": "dev", "test": "test"}[row["split"]]
        if kind == "1.1":
            found = marks(threat=YES, hate=YES, spam=NO, self_harm=NO)
        elif kind == "1.2":
            found = marks(incitement=YES, hate=YES, spam=NO, self_harm=NO)
        elif kind == "none":
            found = marks(threat=NO, incitement=NO, spam=NO, self_harm=NO)
        else:
            hate = YES if kind[0] == "2" or kind == "4.2" else UNTOLD
            found = marks(threat=NO, incitement=NO, hate=hate, spam=NO, self_harm=NO)
        yield Row(clean(row["text"]), "en", "edos", kind, found, split, 0.7 if kind == "none" else 1.0)


def read_davidson(folder: Path) -> Iterator[Row]:
    """Tweets found by slurs: hate, merely offensive, neither."""
    for row in read_table(folder / "train/davidson.csv"):
        text = clean(row["tweet"])
        known = {
            "0": marks(hate=YES, spam=NO, self_harm=NO),
            "1": marks(hate=NO, threat=NO, incitement=NO, self_harm=NO),
            "2": marks(rest=NO, spam=UNTOLD),
        }[row["class"]]
        weight = {"0": 1.0, "1": 0.4, "2": 1.0}[row["class"]]
        kind = {"0": "hate", "1": "offensive", "2": "neither"}[row["class"]]
        yield Row(text, "en", "davidson", kind, known, split_of(text), weight)


def read_hatexplain(folder: Path) -> Iterator[Row]:
    """Twitter and Gab, lower-cased: hate, offensive, normal."""
    for row in read_table(folder / "train/hatexplain_magpie.csv"):
        text = clean(row["text"])
        known = {
            "0": marks(rest=NO, sexual=UNTOLD, spam=UNTOLD),
            "1": marks(spam=NO, self_harm=NO),
            "2": marks(hate=YES, spam=NO, self_harm=NO),
        }[row["label"]]
        kind = ("normal", "offensive", "hate")[int(row["label"])]
        yield Row(text, "en", "hatexplain", kind, known, split_of(text))


_IMPLICIT: Final = {"1": "threatening", "5": "incitement"}


def read_implicit(folder: Path) -> Iterator[Row]:
    """Tweets of and about hate groups: implicit and explicit hate, some of it threatening."""
    finer = {row["id"]: row["label_mean"] for row in read_table(folder / "train/implicit_hate_7.csv")}
    for row in read_table(folder / "train/implicit_hate_3.csv"):
        text = clean(row["text"])
        fine = _IMPLICIT.get(finer.get(row["id"], ""), "")
        if row["label_mean"] == "0":
            known, kind = marks(threat=NO, incitement=NO, hate=NO, self_harm=NO, sexual=NO, spam=NO), "none"
        elif fine == "threatening":
            known, kind = marks(threat=YES, hate=YES, self_harm=NO, sexual=NO, spam=NO), fine
        else:
            known, kind = marks(hate=YES, self_harm=NO, sexual=NO, spam=NO), fine or "hate"
        yield Row(text, "en", "implicit", kind, known, split_of(text), 0.5)


def _hatemoji(path: Path, split: str) -> Iterator[Row]:
    for row in read_table(path):
        if row["type"] == "threateninglanguage":
            known = marks(threat=YES, hate=YES, self_harm=NO, sexual=NO, spam=NO)
        elif row["label_gold"] == "1":
            known = marks(hate=YES, self_harm=NO, sexual=NO, spam=NO)
        else:
            known = marks(rest=NO, harassment=UNTOLD)
        yield Row(clean(row["text"]), "en", "hatemoji", row["type"], known, split)


def read_hatemoji(folder: Path) -> Iterator[Row]:
    """Sentences with emoji, written to mislead a model, each with a counterpart."""
    yield from _hatemoji(folder / "train/hatemojibuild_train.csv", "train")
    yield from _hatemoji(folder / "train/hatemojibuild_validation.csv", "dev")
    yield from _hatemoji(folder / "test/hatemojibuild_test.csv", "test")


def _cad(path: Path, split: str) -> Iterator[Row]:
    for row in read_table(path, "\t"):
        labels = set(row["labels"].split(","))
        text = clean(row["text"])
        if labels in ({"Neutral"}, {"CounterSpeech"}):
            known, kind = marks(threat=NO, incitement=NO, hate=NO, harassment=NO, spam=NO), row["labels"].lower()
        else:
            hate = YES if "IdentityDirectedAbuse" in labels else UNTOLD
            person = YES if "PersonDirectedAbuse" in labels else UNTOLD
            known, kind = marks(hate=hate, harassment=person, spam=NO, self_harm=NO), "abuse"
        yield Row(text, "en", "cad", kind, known, split_of(text) if split == "train" else split, 0.5)


def read_cad(folder: Path) -> Iterator[Row]:
    """Reddit, whole posts: abuse of identities, affiliations and persons, counter-speech."""
    yield from _cad(folder / "train/cad_v1_1_train.tsv", "train")
    yield from _cad(folder / "test/cad_v1_1_test.tsv", "test")


def _ghc(path: Path, split: str) -> Iterator[Row]:
    for row in read_lines(path):
        hate, call, rude = row["hd"] > 0, row["cv"] > 0, row["vo"] > 0
        text = clean(str(row["Text"]))
        known = marks(
            hate=YES if hate else NO,
            incitement=YES if call else NO,
            threat=UNTOLD if call else NO,
            harassment=UNTOLD if hate or call or rude else NO,
            self_harm=NO,
            spam=NO,
        )
        kind = "call" if call else "hate" if hate else "rude" if rude else "none"
        yield Row(text, "en", "ghc", kind, known, split_of(text) if split == "train" else split)


def read_ghc(folder: Path) -> Iterator[Row]:
    """Gab: assaults on human dignity, calls for violence."""
    yield from _ghc(folder / "train/ghc_dev.jsonl", "train")
    yield from _ghc(folder / "test/ghc_test.jsonl", "test")


def read_surge(folder: Path) -> Iterator[Row]:
    """Comments from many places, half of them toxic."""
    for row in read_table(folder / "train/surge_tox.csv"):
        text, toxic = clean(row["text"]), row["is_toxic"] == "Toxic"
        known = marks(harassment=YES, self_harm=NO, spam=NO) if toxic else marks(rest=NO)
        yield Row(text, "en", "surge", "toxic" if toxic else "none", known, split_of(text), 0.7 if toxic else 1.0)


def read_paradetox(folder: Path) -> Iterator[Row]:
    """Rude sentences and what they mean said politely."""
    for row in read_table(folder / "train/paradetox.tsv", "\t"):
        rude, polite = clean(row["toxic"]), clean(row["neutral1"] or "")
        split = split_of(rude)
        yield Row(rude, "en", "paradetox", "rude", marks(threat=NO, incitement=NO, hate=NO, spam=NO), split, 0.3, rude)
        if polite:
            yield Row(polite, "en", "paradetox", "polite", marks(rest=NO), split, 0.6, rude)


def read_madlibs(folder: Path) -> Iterator[Row]:
    """Identity words in pleasant and unpleasant frames, against taking the word itself for hate."""
    for row in read_table(folder / "train/madlibs_en.csv"):
        text, pleasant = row["phrase"], row["toxicity"] == "nontoxic"
        # A hundredth of the many, all of the few.
        if row["template"] == "name_adj" and not 0 <= int(hashlib.sha256(text.encode()).hexdigest()[:4], 16) < 1300:
            continue
        known = marks(rest=NO) if pleasant else marks(threat=UNTOLD, incitement=UNTOLD, spam=NO, self_harm=NO)
        yield Row(text, "en", "madlibs", row["toxicity"], known, split_of(text), 0.5)


_FIRST_SEEDS: Final[dict[str, tuple[Category, ...]]] = {
    "direct": ("threat",),
    "conditional": ("threat",),
    "attack": ("threat",),
    "dox": ("threat",),
    "veiled": ("threat",),
    "incite_group": ("incitement", "hate"),
    "incite_person": ("incitement",),
    "mobilise": ("incitement",),
    "glorify": ("incitement",),
}


def read_first_seeds(folder: Path) -> Iterator[Row]:
    """The project's first templates, already filled."""
    rows = json.loads((folder / "train/seeds_en_it.json").read_text(encoding="utf-8"))
    for text, language, harmful, kind, template in rows:
        if not harmful and kind == "abuse":
            found = marks(threat=NO, incitement=NO, self_harm=NO, spam=NO)
        else:
            found = labelled(frozenset(_FIRST_SEEDS[kind] if harmful else ()))
            if kind == "incite_group":
                # Groups there are also parties and professions.
                found = tuple(UNTOLD if name == "hate" else mark for name, mark in zip(CATEGORIES, found, strict=True))
        yield Row(text, language, "first_seeds", kind, found, split_of(template, own=True), 1.0, template)


def read_seeds(_folder: Path) -> Iterator[Row]:
    """The project's own templates and their contrasts."""
    from training.seeds import expand

    for example in expand():
        yield Row(
            example.text,
            example.language,
            "seeds",
            example.kind,
            labelled(example.labels),
            split_of(example.template, own=True),
            1.0,
            example.template,
        )


CORPORA: Final = (
    Corpus("edos", ("edos.csv",), "CC0 1.0", "EDOS, Kirk, Yin, Vidgen, Röttger, SemEval-2023 task 10", read_edos),
    Corpus("davidson", ("davidson.csv",), "MIT", "Davidson, Warmsley, Macy, Weber 2017", read_davidson),
    Corpus("hatexplain", ("hatexplain_magpie.csv",), "MIT", "HateXplain, Mathew et al. 2021", read_hatexplain),
    Corpus(
        "implicit",
        ("implicit_hate_3.csv", "implicit_hate_7.csv"),
        "MIT",
        "Implicit Hate, ElSherief et al. 2021",
        read_implicit,
    ),
    Corpus(
        "hatemoji",
        ("hatemojibuild_train.csv", "hatemojibuild_validation.csv"),
        "CC BY 4.0",
        "HatemojiBuild, Kirk, Vidgen, Röttger, Thrush, Hale 2022",
        read_hatemoji,
    ),
    Corpus("cad", ("cad_v1_1_train.tsv",), "CC BY 4.0", "Contextual Abuse Dataset 1.1, Vidgen et al. 2021", read_cad),
    Corpus("ghc", ("ghc_dev.jsonl",), "CC BY 4.0", "Gab Hate Corpus, Kennedy et al. 2022", read_ghc),
    Corpus("surge", ("surge_tox.csv",), "MIT", "Surge AI toxicity", read_surge),
    Corpus("paradetox", ("paradetox.tsv",), "CC0 1.0", "ParaDetox, Logacheva et al. 2022", read_paradetox),
    Corpus("madlibs", ("madlibs_en.csv",), "Apache-2.0", "Madlibs, Dixon et al. 2018", read_madlibs),
    Corpus("first_seeds", ("seeds_en_it.json",), "own", "Rostra", read_first_seeds),
    Corpus("seeds", (), "own", "Rostra", read_seeds),
)


def read_all(folder: Path) -> list[Row]:
    """All rows of all corpora, those that an official split keeps for testing included."""
    return [row for corpus in CORPORA for row in corpus.read(folder) if row.text]
