"""`make eval`: measures the model of the package on texts that it has never seen, and prints the tables."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Final, NamedTuple

import msgspec
import numpy as np
import numpy.typing as npt

from rostra.detect.cascade import Cascade, find_parts
from rostra.detect.encoder import MODEL, Encoder, network_file, read_network
from rostra.detect.fusion import load_fusion
from rostra.detect.heads import load_heads
from rostra.detect.reading import CATEGORIES
from rostra.detect.sentences import WHEELS, is_usable
from training import card
from training.attacks import ATTACKS, hide
from training.corpora import NO, YES, Row
from training.embed import Vectors
from training.measure import auroc, calibration_error, found, threshold
from training.pace import measure_pace
from training.prepare import prepare
from training.sets import is_quiet, read_tests

Scores = npt.NDArray[np.float64]
Flags = npt.NDArray[np.bool_]

_PLACE: Final = {category: place for place, category in enumerate(CATEGORIES)}
# Ways of reading, beside the heads alone and the base: with the first encoder, asked about every text; with both as a
# server reads a post, which asks the better one about what is suspicious; with both as it reads what was reported.
_ENCODER: Final = "encoder"
_BEST: Final = "best"
_REPORTED: Final = "reported"
_ON_CARD: Final = frozenset({"heads", "base", _ENCODER, _BEST, _REPORTED})
# The sets of which every text is read by the better encoder. It takes its time; of the others what a server would ask.
_THOROUGH: Final = frozenset({"hatecheck", "openai", "own_en", "own_it", "edos", "ghc"})
_IDENTITY: Final = ("benign.identity_positive", "benign.identity_neutral", "ident_pos_nh", "ident_neutral_nh")


class Measured(NamedTuple):
    """The rows that are measured, and the log-odds that each way of reading gives them, (rows, categories)."""

    rows: list[Row]
    views: dict[str, Scores]
    marks: npt.NDArray[np.int8]
    corpora: npt.NDArray[np.str_]
    kinds: npt.NDArray[np.str_]
    languages: npt.NDArray[np.str_]

    def everyday(self, language: str) -> Flags:
        """Posts of nobody in particular: Italian comments, English news and harmless posts of corpora."""
        if language == "it":
            return self.corpora == "comments"
        return np.array([is_quiet(row) for row in self.rows]) & (self.corpora != "comments")


class Line(msgspec.Struct, frozen=True):
    """One line of a table."""

    table: str
    name: str
    view: str
    figures: dict[str, float]


def report(folder: Path, vectors: Path, json: Path | None, model_card: Path | None = None) -> None:
    """Measures and prints; with `json` also writes the figures there, with `model_card` into the card. Vectors that
    `vectors` has are not made anew."""
    remembered = tuple(Vectors(wheel, vectors) for wheel in WHEELS if is_usable(wheel))
    cascades = load_cascades(remembered)
    measured = _measure(cascades, folder)
    lines = [
        *_ranking(measured),
        *_functions(measured),
        *_alarms(measured),
        *_hidden(cascades, measured),
        *_calibration(measured),
        *_asked(cascades[-1], measured),
        *measure_pace([row.text for row in measured.rows if is_quiet(row)], Line),
    ]
    for each in remembered:
        each.write()
    print(f"model {cascades[-1].version}")
    _print(lines)
    if json is not None:
        json.write_bytes(msgspec.json.format(msgspec.json.encode(lines)))
    if model_card is not None:
        write_card(lines, model_card)


def load_cascades(remembered: Sequence[Vectors]) -> list[Cascade]:
    """The cascades with no encoder, with one, with two, as far as they are installed and trained."""
    encoders: list[Encoder] = []
    cascades = [Cascade(load_heads(), load_fusion())]
    for wheel, vectors in zip(WHEELS, remembered, strict=False):
        path = network_file(MODEL, wheel.name)
        if path.exists():
            encoders.append(Encoder(wheel, read_network(path), vectors))
            cascades.append(Cascade(load_heads(), load_fusion(), encoders))
    return cascades


def write_card(lines: list[Line], model_card: Path) -> None:
    """Puts the figures into the model card: all but those of the single functions and of the machine."""
    kept: dict[str, list[tuple[str, str, dict[str, float]]]] = {}
    for line in lines:
        if line.view in _ON_CARD and not line.table.startswith("HateCheck functions"):
            kept.setdefault(line.table, []).append((line.name, line.view, line.figures))
    card.write_figures(model_card, kept)


def _measure(cascades: Sequence[Cascade], folder: Path) -> Measured:
    lesson, _removed = prepare(folder)
    rows = lesson.of("check").rows + _official(folder) + read_tests(folder)
    texts, languages = [row.text for row in rows], [row.language for row in rows]
    deep = np.array([row.corpus in _THOROUGH and row.split == "test" for row in rows])
    return Measured(
        rows,
        {name: np.concatenate(logits) for name, logits in _views(cascades, texts, languages, deep).items()},
        np.array([row.marks for row in rows], np.int8),
        np.array([row.corpus for row in rows]),
        np.array([row.kind for row in rows]),
        np.array(languages),
    )


def _official(folder: Path) -> list[Row]:
    from training.corpora import read_all

    return [row for row in read_all(folder) if row.split == "test"]


def _views(
    cascades: Sequence[Cascade], texts: list[str], languages: list[str], thorough: Flags
) -> dict[str, list[Scores]]:
    """The log-odds that each way of reading gives. Where it is not `thorough`, what is reported is read as it was."""
    views: dict[str, list[Scores]] = {}
    base, *more = cascades
    for first in range(0, len(texts), 256):
        some, deep = texts[first : first + 256], thorough[first : first + 256]
        parts = find_parts(some, languages[first : first + 256])
        found = {"heads": base.without_phrases(parts), "base": base.judge(some, parts)}
        if more:
            found[_ENCODER] = more[0].judge(some, parts, thorough=True)
        if len(more) > 1:
            found[_BEST] = more[1].judge(some, parts)
            found[_REPORTED] = found[_BEST].copy()
            if deep.any():
                own = [text for text, is_deep in zip(some, deep, strict=True) if is_deep]
                told = [languages[first + at] for at in np.flatnonzero(deep)]
                found[_REPORTED][deep] = more[1].judge(own, find_parts(own, told), thorough=True)
        for name, logits in found.items():
            views.setdefault(name, []).append(logits.astype(np.float64))
    return views


def violent(scores: Scores) -> Scores:
    """How much a text is a threat or a call, whichever is more."""
    return np.maximum(scores[:, _PLACE["threat"]], scores[:, _PLACE["incitement"]])


Pick = Callable[[Measured], tuple[Flags, Flags]]


def _marked(corpus: str, category: str) -> Pick:
    def pick(measured: Measured) -> tuple[Flags, Flags]:
        own, marks = measured.corpora == corpus, measured.marks[:, _PLACE[category]]
        return own & (marks == YES), own & (marks == NO)

    return pick


def _kinds(corpus: str, harmful: Callable[[str], bool], category: str | None = None) -> Pick:
    """Harmful by kind; against the rest of the corpus, or against what is NO for a category."""

    def pick(measured: Measured) -> tuple[Flags, Flags]:
        own = measured.corpora == corpus
        chosen = own & np.array([harmful(kind) for kind in measured.kinds.tolist()])
        rest = own & ~chosen
        if category is not None:
            rest &= measured.marks[:, _PLACE[category]] == NO
        return chosen, rest

    return pick


def _violence(corpus: str) -> Pick:
    def pick(measured: Measured) -> tuple[Flags, Flags]:
        own = measured.corpora == corpus
        marks = measured.marks[:, [_PLACE["threat"], _PLACE["incitement"]]]
        return own & (marks == YES).any(axis=1), own & (measured.marks <= NO).all(axis=1)

    return pick


def _benign(corpus: str, category: str) -> Pick:
    def pick(measured: Measured) -> tuple[Flags, Flags]:
        own = measured.corpora == corpus
        return own & (measured.marks[:, _PLACE[category]] == YES), own & (measured.marks <= NO).all(axis=1)

    return pick


_VIOLENCE: Final = "threat or incitement"
_SETS: Final[tuple[tuple[str, str, Pick], ...]] = (
    ("HateCheck threats", _VIOLENCE, _kinds("hatecheck", lambda kind: kind.startswith("threat_"), "hate")),
    ("EDOS threats (test)", _VIOLENCE, _kinds("edos", lambda kind: kind[:1] == "1")),
    ("OpenAI V, H2", _VIOLENCE, _violence("openai")),
    ("Gab calls for violence (test)", _VIOLENCE, _kinds("ghc", lambda kind: kind == "call")),
    ("own sentences, en", _VIOLENCE, _violence("own_en")),
    ("own sentences, it", _VIOLENCE, _violence("own_it")),
    ("MHC Spanish threats", _VIOLENCE, _kinds("mhc_es", lambda kind: kind.startswith("threat_"), "hate")),
    ("MHC French threats", _VIOLENCE, _kinds("mhc_fr", lambda kind: kind.startswith("threat_"), "hate")),
    ("MHC German threats", _VIOLENCE, _kinds("mhc_de", lambda kind: kind.startswith("threat_"), "hate")),
    ("HateCheck hate", "hate", _marked("hatecheck", "hate")),
    ("HatemojiCheck hate", "hate", _marked("hatemojicheck", "hate")),
    ("EDOS sexism (test)", "hate", _kinds("edos", lambda kind: kind != "none")),
    ("Gab hate (test)", "hate", _marked("ghc", "hate")),
    ("CAD identity abuse (test)", "hate", _marked("cad", "hate")),
    ("OpenAI H", "hate", _marked("openai", "hate")),
    ("OpenAI HR", "harassment", _marked("openai", "harassment")),
    ("OpenAI SH", "self_harm", _marked("openai", "self_harm")),
    ("OpenAI S", "sexual", _marked("openai", "sexual")),
    *(
        (f"own sentences, {language}", category, _benign(f"own_{language}", category))
        for category in ("hate", "harassment", "self_harm", "sexual", "spam")
        for language in ("en", "it")
    ),
)


def _column(scores: Scores, category: str) -> Scores:
    return violent(scores) if category == _VIOLENCE else scores[:, _PLACE[category]]


def _ranking(measured: Measured) -> list[Line]:
    lines: list[Line] = []
    for name, category, pick in _SETS:
        harmful, harmless = pick(measured)
        language = "it" if name.endswith(", it") else "en"
        everyday = measured.everyday(language)
        for view, scores in measured.views.items():
            column = _column(scores, category)
            figures = {
                "harmful": float(harmful.sum()),
                "harmless": float(harmless.sum()),
                "AUROC": auroc(column[harmful], column[harmless]),
                "at 1 %": found(column[harmful], threshold(column[everyday], 0.01)),
                "at 0.1 %": found(column[harmful], threshold(column[everyday], 0.001)),
            }
            lines.append(Line(category, name, view, figures))
    return lines


def _functions(measured: Measured) -> list[Line]:
    """HateCheck by function: the share above the thresholds of one everyday post in a hundred."""
    own = measured.corpora == "hatecheck"
    everyday = measured.everyday("en")
    lines: list[Line] = []
    for kind in sorted(set(measured.kinds[own].tolist())):
        chosen = own & (measured.kinds == kind)
        for view, scores in measured.views.items():
            figures = {
                "violence": found(violent(scores)[chosen], threshold(violent(scores)[everyday], 0.01)),
                "hate": found(_column(scores, "hate")[chosen], threshold(_column(scores, "hate")[everyday], 0.01)),
            }
            lines.append(Line("HateCheck functions (_nh is harmless)", kind, view, figures))
    return lines


def _alarms(measured: Measured) -> list[Line]:
    """What is harmless and looks harmful: the share above the threshold of one everyday post in a hundred."""
    lines: list[Line] = []
    for language in ("en", "it"):
        own = measured.corpora == f"own_{language}"
        templates = (measured.corpora == "seeds") & (measured.languages == language)
        benign = (measured.marks <= NO).all(axis=1)
        identity = np.isin(measured.kinds, _IDENTITY)
        groups = {
            f"own hard negatives, {language}": own & benign,
            f"own templates never learnt, {language}": templates & benign,
            f"identity mentions, own, {language}": (own | templates) & identity,
            f"everyday at the chance of .5, {language}": measured.everyday(language),
        }
        if language == "en":
            groups["identity mentions, HateCheck"] = (measured.corpora == "hatecheck") & identity
        everyday = measured.everyday(language)
        for name, chosen in groups.items():
            for view, scores in measured.views.items():
                even = "everyday" in name
                figures = {"texts": float(chosen.sum())}
                for category in (_VIOLENCE, "hate"):
                    column = _column(scores, category)
                    above = 0.0 if even else threshold(column[everyday], 0.01)
                    figures[category] = found(column[chosen], above)
                lines.append(Line("false alarms", name, view, figures))
    return lines


def _hidden(cascades: Sequence[Cascade], measured: Measured) -> list[Line]:
    """Plain threats that are found, and how many of them still are when they are hidden."""
    lines: list[Line] = []
    for language in ("en", "it"):
        own = (measured.corpora == f"own_{language}") | (
            (measured.corpora == "seeds") & (measured.languages == language)
        )
        harmful = own & (measured.marks[:, [_PLACE["threat"], _PLACE["incitement"]]] == YES).any(axis=1)
        everyday = measured.everyday(language)
        texts = [row.text for row, chosen in zip(measured.rows, harmful, strict=True) if chosen]
        for name in ATTACKS:
            hidden = _views(cascades, hide(texts, name), [language] * len(texts), np.zeros(len(texts), np.bool_))
            for view, scores in measured.views.items():
                above = threshold(violent(scores)[everyday], 0.01)
                plain = found(violent(scores)[harmful], above)
                still = found(violent(np.concatenate(hidden[view])), above)
                figures = {"plain": plain, "hidden": still, "of plain": still / plain if plain else float("nan")}
                lines.append(Line("hidden threats at 1 %", f"{name}, {language}", view, figures))
    return lines


def _calibration(measured: Measured) -> list[Line]:
    """In domain (corpora and templates, rows that nothing was fitted on), at the prevalence that chances are for."""
    from training.fuse import prior_weights

    inside = np.array([row.split == "check" for row in measured.rows])
    lines: list[Line] = []
    for language in ("en", "it"):
        for category, place in _PLACE.items():
            known = inside & (measured.marks[:, place] >= 0) & (measured.languages == language)
            truth = measured.marks[known, place] > 0
            if truth.sum() < 10:
                continue
            counts = np.array([row.weight for row in measured.rows], np.float32)[known]
            weights = prior_weights(truth, counts)
            for view, scores in measured.views.items():
                chances = 1 / (1 + np.exp(-scores[known, place]))
                figures = {
                    "texts": float(known.sum()),
                    "harmful": float(truth.sum()),
                    "ECE": calibration_error(chances, truth, weights),
                }
                lines.append(Line("calibration", f"{category}, {language}", view, figures))
    return lines


def _asked(cascade: Cascade, measured: Measured) -> list[Line]:
    """About which share of everyday posts each encoder is asked."""
    lines: list[Line] = []
    for language in ("en", "it"):
        texts = [row.text for row, own in zip(measured.rows, measured.everyday(language), strict=True) if own]
        asked = cascade.judge_all(texts, find_parts(texts, [language] * len(texts))).asked
        for depth, name in enumerate(list(cascade.versions)[3:], 1):
            figures = {"texts": float(len(texts)), "share": float((asked >= depth).mean())}
            lines.append(Line("everyday posts about which an encoder is asked", f"{name}, {language}", "", figures))
    return lines


def _print(lines: list[Line]) -> None:
    table = ""
    for line in lines:
        if line.table != table:
            table = line.table
            print(f"\n{table}")
        figures = "  ".join(f"{name} {_figure(value)}" for name, value in line.figures.items())
        print(f"  {line.name:42s} {line.view:10s} {figures}")


def _figure(value: float) -> str:
    return f"{value:,.0f}" if value == int(value or 0) and abs(value) > 1 else f"{value:.3f}" if value == value else "-"  # noqa: PLR0124
