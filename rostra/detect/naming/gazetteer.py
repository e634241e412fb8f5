"""The names that `extract` knows, by their first word: cities and countries, kinds of places, weapons, persons and
groups who become targets, and the ways of calling upon others.
"""

from __future__ import annotations

import itertools
import re
import tomllib
from collections import defaultdict
from functools import cache
from importlib.resources import files
from typing import Final, Literal

import msgspec

Kind = Literal["place", "weapon", "target", "call", "call_first", "attack"]


class Named(msgspec.Struct, frozen=True):
    """One form of a name: the words after its first, and what it stands for.

    `wary` forms are words or names of people as well; `known` says that it is a city or a country.
    """

    rest: tuple[str, ...]
    kind: Kind
    name: str
    wary: bool = False
    known: bool = False


_HERE: Final = files("rostra.detect.naming")
_SECTIONS: Final[dict[str, Kind]] = {
    "places": "place",
    "weapons": "weapon",
    "targets": "target",
    "calls": "call",
    "calls_first": "call_first",
    "attacks": "attack",
}
_CHOICE: Final = re.compile(r"\(([^()]*)\)")


def read_names() -> dict[str, tuple[Named, ...]]:
    """All forms by their first word, the longest first."""
    names: defaultdict[str, list[Named]] = defaultdict(list)
    for line in _HERE.joinpath("places.txt").read_text(encoding="utf-8").splitlines():
        if not line.startswith("#"):
            name, _, forms = line.partition("|")
            for form in forms.split(","):
                first, *rest = form.rstrip("!").split()
                names[first].append(Named(tuple(rest), "place", name, form.endswith("!"), known=True))
    table: dict[str, dict[str, str]] = tomllib.loads(_HERE.joinpath("things.toml").read_text(encoding="utf-8"))
    for section, things in table.items():
        for name, forms in things.items():
            for form in itertools.chain.from_iterable(map(_spelt_out, forms.split(","))):
                first, *rest = form.split()
                names[first].append(Named(tuple(rest), _SECTIONS[section], name))
    return {first: tuple(sorted(named, key=lambda form: -len(form.rest))) for first, named in names.items()}


@cache
def kinds_of_places() -> frozenset[str]:
    """Names that stand for no one place: a square, a station, a march. There is one in every town."""
    table = tomllib.loads(_HERE.joinpath("things.toml").read_text(encoding="utf-8"))
    return frozenset(table["places"])


def _spelt_out(form: str) -> list[str]:
    """`(a|b)` and `(a|)` as all the forms that they stand for."""
    found = _CHOICE.search(form)
    if not found:
        return [form]
    return [
        whole
        for choice in found[1].split("|")
        for whole in _spelt_out(form[: found.start()] + choice + form[found.end() :])
    ]
