"""Italian verbs in the forms in which people threaten and call: one line of the table gives them all.

Accents are folded away already: `ammazzero` stands for the future's first person.
"""

from __future__ import annotations

import msgspec


class Verb(msgspec.Struct, frozen=True):
    """The forms of one verb, as expressions without captures."""

    # ammazzo, ammazziamo, ammazzerò, ammazzeremo, ammazzerei …
    mine: str
    # ammazzare
    infinitive: str
    # ammazzarti, ammazzarvi, ammazzarli …
    to_you: str
    to_them: str
    # ammazza, ammazzate, ammazziamo
    call: str
    # ammazzali, ammazzateli, ammazziamoli …
    call_them: str
    # ammazzato, ammazzata, ammazzati, ammazzate
    done: str


def conjugate(entry: str) -> Verb:
    """`ammazzare`, or `uccidere/uccis` where the participle is irregular, or `colpire+isc` for verbs with -isc-."""
    entry, _, augment = entry.partition("+")
    infinitive, _, participle = entry.partition("/")
    stem, kind = infinitive[:-3], infinitive[-3:]
    soft = stem.removesuffix("i")
    hard = f"{stem}h" if stem[-1] in "cg" and kind == "are" else soft
    # picchierò keeps its i, brucerò does not need it
    before_e = hard if stem[-2:] in {"ci", "gi"} or stem[-1] != "i" else stem
    future = f"{before_e}{'ir' if kind == 'ire' else 'er'}"
    plural = {"are": "ate", "ere": "ete", "ire": "ite"}[kind]
    single = f"{stem}a" if kind == "are" else f"{stem}{augment}i"
    many = f"{stem}{plural}"
    together = f"{hard}iamo"
    return Verb(
        mine=f"{stem}{augment}o|{together}|{future}(?:o|emo|ei|emmo)",
        infinitive=infinitive,
        to_you=f"{infinitive[:-1]}(?:ti|vi)",
        to_them=f"{infinitive[:-1]}(?:lo|la|li|le|gli)",
        call=f"{single}|{many}|{together}",
        call_them=f"(?:{single}|{many}|{together})(?:lo|la|li|le|gli)",
        done=f"{participle or stem + plural[:-1]}[oaie]",
    )


def forms(entries: str, field: str) -> str:
    """One form of every verb of a comma-separated list, as alternatives."""
    return "|".join(str(getattr(conjugate(entry.strip()), field)) for entry in entries.split(","))
