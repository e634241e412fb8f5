"""Checks the texts and numbers that conditions compare facts with, where it is known what those facts can be."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from typing import Final, TypeAlias

import msgspec

from rostra.policy.expressions import Expression, Fault
from rostra.policy.facts import FACTS
from rostra.policy.reading import did_you_mean
from rostra.policy.records import Bundle
from rostra.policy.said import Said, said
from rostra.policy.tokens import Token

# Decimal facts that lie between 0 and 1.
SHARES: Final = frozenset(name for name, fact in FACTS.items() if fact.type is float) - {"author.age_hours"}
_OF_MATCHES: Final = ("text.matches", "text.suppressed")
_KINDS: Final = ("post", "edit", "profile", "name", "card")
_VISIBILITIES: Final = ("public", "unlisted", "private", "direct", "")
# What a fact can be, with a word for such a thing.
_Values: TypeAlias = "dict[str, tuple[Said, Collection[str]]]"


class Known(msgspec.Struct, frozen=True):
    """Names that detectors give; an empty set means that nobody said. `families` are detectors whose names, which
    begin with theirs and a dot, cannot be listed: plug-ins."""

    matches: frozenset[str] = frozenset()
    families: frozenset[str] = frozenset()

    def may_be(self, name: str) -> bool:
        """Whether it could be a name that a plug-in gives."""
        return name.partition(".")[0] in self.families


class _Compared(msgspec.Struct, frozen=True):
    """A fact and a literal beside it: `text.threat > 0.9`, `"graphic" in author.labels`, `post.kind in ["name"]`."""

    fact: str
    sign: str
    literal: Token


def check_literals(bundle: Bundle, known: Known, expression: Expression) -> Iterator[Fault]:
    """What can never be: names that do not exist, probabilities over 1."""
    values = _values(bundle, known)
    for each in _compared(expression.words.tokens):
        fault = _check_number(each) if each.literal.kind == "number" else _check_text(values, known, each)
        if fault is not None:
            yield fault
    yield from _check_prefixes(values, known, expression.words.tokens)


def _values(bundle: Bundle, known: Known) -> _Values:
    """What a fact can be, with a name for such a thing."""
    words = [each.id for each in bundle.lists if each.kind == "words"]
    domains = [each.id for each in bundle.lists if each.kind == "domains"]
    clauses = [clause.id for clause in bundle.clauses]
    values: _Values = {
        "text.lists": (said("word list"), words),
        "links.lists": (said("domain list"), domains),
        "author.labels": (said("label"), [label.id for label in bundle.labels]),
        "near.known_bad_clause": (said("clause"), [*clauses, ""]),
        "post.kind": (said("kind of post"), _KINDS),
        "post.visibility": (said("visibility"), _VISIBILITIES),
    }
    if known.matches:
        values |= {name: (said("phrase"), sorted(known.matches)) for name in _OF_MATCHES}
    return values


def _compared(tokens: Sequence[Token]) -> Iterator[_Compared]:
    for place in range(len(tokens) - 2):
        fact = "".join(token.text for token in tokens[place : place + 3])
        if fact not in FACTS:
            continue
        after = tokens[place + 3 : place + 5]
        if len(after) == 2 and after[0].text in _SIGNS:
            yield from (_Compared(fact, after[0].text, literal) for literal in _literals(tokens, place + 4))
        if place >= 2 and tokens[place - 1].text in _SIGNS and tokens[place - 2].kind in {"text", "number"}:
            sign = tokens[place - 1].text
            yield _Compared(fact, _TURNED.get(sign, sign), tokens[place - 2])


_SIGNS: Final = frozenset({"==", "!=", "in", "<", "<=", ">", ">="})
_TURNED: Final = {"<": ">", "<=": ">=", ">": "<", ">=": "<="}


def _literals(tokens: Sequence[Token], place: int) -> Iterator[Token]:
    """The literal there, or those of a list that begins there."""
    if tokens[place].kind in {"text", "number"}:
        yield tokens[place]
    if tokens[place].text == "[":
        for token in tokens[place + 1 :]:
            if token.text == "]":
                return
            if token.kind in {"text", "number"}:
                yield token


def _check_number(each: _Compared) -> Fault | None:
    if each.fact not in SHARES:
        return None
    value = float(each.literal.text.rstrip("uU"))
    if value > 1 or (value == 1 and each.sign == ">") or (value == 0 and each.sign == "<"):
        comparison = f"{each.fact} {each.sign} {each.literal.text}"
        what = said("%(comparison)s can never be, or always is: it lies between 0 and 1", comparison=comparison)
        return Fault(each.literal.start, what, said("write 0.93 for 93 %"))
    return None


def _check_text(values: _Values, known: Known, each: _Compared) -> Fault | None:
    text = _plain(each.literal)
    if each.fact not in values or text is None:
        return None
    kind, names = values[each.fact]
    if text in names or (each.fact in _OF_MATCHES and known.may_be(text)):
        return None
    otherwise = _all_of(names) if names else said("the bundle has no %(kind)s", kind=kind)
    what = said('there is no %(kind)s "%(text)s"', kind=kind, text=text)
    return Fault(each.literal.start, what, did_you_mean(text, list(names), otherwise))


def _all_of(names: Collection[str]) -> Said:
    return said("there are: %(names)s", names=_cut(", ".join(name or '""' for name in names)))


def _check_prefixes(values: _Values, known: Known, tokens: Sequence[Token]) -> Iterator[Fault]:
    """`fact.exists(m, m.startsWith("…"))` and `fact.startsWith("…")`, where nothing begins so."""
    fact = ""
    for place, token in enumerate(tokens):
        name = "".join(each.text for each in tokens[place : place + 3])
        fact = name if name in FACTS else fact
        if token.text != "startsWith" or place + 2 >= len(tokens) or fact not in values:
            continue
        text = _plain(tokens[place + 2])
        kind, names = values[fact]
        # Only where the fact, or the variable of the loop over it, stands right before.
        if text is None or not _is_about(tokens, place, fact) or any(each.startswith(text) for each in names):
            continue
        if fact in _OF_MATCHES and known.may_be(text):
            continue
        what = said('no %(kind)s begins with "%(text)s"', kind=kind, text=text)
        yield Fault(tokens[place + 2].start, what, did_you_mean(text, list(names), _all_of(names)))


def _is_about(tokens: Sequence[Token], place: int, fact: str) -> bool:
    before = [token.text for token in tokens[max(place - 8, 0) : place]]
    if "".join(before[-4:]) == fact + ".":
        return True
    # The fact, then a loop over it whose variable stands before the word.
    loop = "".join(token.text for token in tokens[max(place - 10, 0) : place])
    variable = before[-2] if len(before) >= 2 else ""
    return any(loop.endswith(f"{fact}.{word}({variable},{variable}.") for word in ("exists", "all", "filter"))


def _plain(token: Token) -> str | None:
    """The text of a literal without escapes; None for others, which are not checked."""
    if token.kind != "text" or "\\" in token.text or token.text[:3] in {'"""', "'''"} or token.text[0] not in "\"'":
        return None
    return token.text[1:-1]


def _cut(text: str) -> str:
    return text if len(text) <= 200 else text[:199] + "…"
