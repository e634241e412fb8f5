"""What must be so for a condition to be true, read from its words: by it nearly all rules are left out of a judgement
without a look at the rest of their conditions.

Only what is certain is said: in CEL `a && b` is false where one of them is, whatever the other does. A condition of
which nothing is known this way is looked at always.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final, NamedTuple

from rostra.policy.expressions import Expression, Pattern
from rostra.policy.facts import FACTS
from rostra.policy.tokens import Token


class Wake(NamedTuple):
    """A fact that wakes a rule: where it is at least `least`, where `pattern` matches, or, both being None, where it is
    true, or not empty, or not 0."""

    fact: str
    least: float | None = None
    pattern: Pattern | None = None


# The higher, the more often it is so.
_RARE, _SELDOM, _OFTEN, _MOSTLY = range(4)
_SPLITS: Final = frozenset({"&&", "||", "?", ":"})
_OPENING, _CLOSING = frozenset("([{"), frozenset(")]}")

Wakes = tuple[Wake, ...]


def find_wakes(expression: Expression) -> Wakes | None:
    """Facts of which one at least must be so wherever the condition is true; None where there are none such."""
    searches = (search.start for search in expression.words.searches)
    return _any(expression.words.tokens, dict(zip(searches, expression.patterns, strict=True)))


def _any(tokens: Sequence[Token], searches: Mapping[int, Pattern]) -> Wakes | None:
    tokens = _bare(tokens)
    signs = {token.text for token, depth in _with_depth(tokens) if depth == 0} & _SPLITS
    if signs & {"?", ":"}:
        return None
    if "||" in signs:
        ways = [_any(part, searches) for part in _split(tokens, "||")]
        known = [way for way in ways if way is not None]
        return tuple(dict.fromkeys(wake for way in known for wake in way)) if len(known) == len(ways) else None
    if "&&" in signs:
        needed = (_any(part, searches) for part in _split(tokens, "&&"))
        return min((each for each in needed if each is not None), key=_rank, default=None)
    wake = _one(tokens, searches)
    return None if wake is None else (wake,)


def _one(tokens: Sequence[Token], searches: Mapping[int, Pattern]) -> Wake | None:
    """What wakes by one comparison."""
    if len(tokens) == 8 and tokens[0].text == "size":
        return _of_size(tokens)
    if len(tokens) == 5 and tokens[0].kind == "text" and tokens[1].text == "in":
        fact = _fact(tokens[2:])
        return Wake(fact) if fact and FACTS[fact].type == list[str] else None
    fact = _fact(tokens[:3])
    if fact is None:
        return None
    rest = [token.text for token in tokens[3:]]
    if not rest:
        return Wake(fact) if FACTS[fact].type is bool else None
    if rest[:3] == [".", "exists", "("]:
        return Wake(fact) if _closes_last(tokens[5:]) and FACTS[fact].type == list[str] else None
    if rest[:3] == [".", "matches", "("]:
        found = searches.get(tokens[0].start)
        return Wake(fact, pattern=found) if found and len(rest) == 5 else None
    return _compared(fact, tokens[3:])


def _of_size(tokens: Sequence[Token]) -> Wake | None:
    fact = _fact(tokens[2:5])
    if fact is None or (tokens[1].text, tokens[5].text) != ("(", ")") or FACTS[fact].type not in (str, list[str]):
        return None
    # More than none, or at least one.
    return Wake(fact) if (tokens[6].text, tokens[7].text) in {(">", "0"), (">=", "1")} else None


def _compared(fact: str, tokens: Sequence[Token]) -> Wake | None:
    if len(tokens) != 2:
        return None
    sign, value = tokens
    if sign.text not in {">", ">="} or value.kind != "number" or FACTS[fact].type not in (int, float):
        return None
    try:
        least = float(value.text)
    except ValueError:
        return None
    return Wake(fact) if (sign.text, least) == (">", 0) else Wake(fact, least=least)


def _fact(tokens: Sequence[Token]) -> str | None:
    """The fact that three words name."""
    name = "".join(token.text for token in tokens)
    return name if len(tokens) == 3 and name in FACTS else None


def _rank(wakes: Wakes) -> tuple[int, int]:
    return max(map(_frequency, wakes)), len(wakes)


def _frequency(wake: Wake) -> int:
    """How often a fact of an ordinary post wakes."""
    kind: Any = FACTS[wake.fact].type
    if kind is float and wake.least is not None:
        return _RARE if wake.fact.startswith(("text.", "near.", "external.")) and wake.least > 0 else _MOSTLY
    if kind is bool or kind == list[str]:
        return _SELDOM
    return _MOSTLY if wake.pattern is not None else _OFTEN


def _bare(tokens: Sequence[Token]) -> Sequence[Token]:
    """Without the brackets around all of it."""
    while len(tokens) > 1 and tokens[0].text == "(" and _closes_last(tokens):
        tokens = tokens[1:-1]
    return tokens


def _closes_last(tokens: Sequence[Token]) -> bool:
    """Whether the bracket that the words begin with is closed by the last of them."""
    return all(depth for _, depth in list(_with_depth(tokens))[:-1])


def _split(tokens: Sequence[Token], sign: str) -> Iterator[Sequence[Token]]:
    """The parts between a sign that stands outside of brackets."""
    begins = 0
    for place, (token, depth) in enumerate(_with_depth(tokens)):
        if token.text == sign and depth == 0:
            yield tokens[begins:place]
            begins = place + 1
    yield tokens[begins:]


def _with_depth(tokens: Sequence[Token]) -> Iterator[tuple[Token, int]]:
    """Each word with the number of brackets that are open after it."""
    depth = 0
    for token in tokens:
        depth += (token.text in _OPENING) - (token.text in _CLOSING)
        yield token, depth


class Sleepers:
    """All rules of a policy by what wakes them. `names` are the facts in the order in which their values come."""

    def __init__(self, names: Sequence[str], wakes: Sequence[Wakes | None]) -> None:
        self._always = [rule for rule, each in enumerate(wakes) if each is None]
        whole: dict[int, list[int]] = {}
        least: dict[int, list[tuple[float, int]]] = {}
        for rule, each in enumerate(wakes):
            for wake in each or ():
                place = names.index(wake.fact)
                if wake.least is not None:
                    least.setdefault(place, []).append((wake.least, rule))
                elif wake.pattern is None:
                    whole.setdefault(place, []).append(rule)
        self._whole = tuple(whole.items())
        self._least = tuple((place, min(each)[0], tuple(each)) for place, each in least.items())

    def awake(self, values: Sequence[Any]) -> set[int]:
        """The rules that facts wake; those that a pattern wakes are for others to add."""
        awake = {*self._always}
        for place, rules in self._whole:
            if values[place]:
                awake.update(rules)
        for place, lowest, each in self._least:
            if (value := values[place]) >= lowest:
                awake.update([rule for least, rule in each if value >= least])
        return awake
