"""Judges facts by a bundle: `compile_policy` once, then `Policy.judge` for each post, the same for the same facts.

Of a post of which nothing is to be said nearly all rules are left out by what would have to be so for them to hit
(`wakes`), and the others are run one by one. Where there are many, all conditions run as a few expressions that give
lists of results; where one of these fails, its rules are run one by one, so that only the one that failed counts as
failed.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Sequence
from datetime import date
from operator import attrgetter
from typing import Any, Final

import msgspec
from cel_expr_python import cel

from rostra.policy.decide import Verdict, candidate, decide
from rostra.policy.expressions import Expression, Pattern, in_list, new_environment, read_expression
from rostra.policy.facts import FACTS, Facts
from rostra.policy.patterns import Searcher, name_patterns
from rostra.policy.records import Bundle, Rule
from rostra.policy.wakes import Sleepers, find_wakes

# A fact with more items than this, or a text longer than this, makes the rules that name it fail, which holds the post.
MAX_ITEMS: Final = 256
MAX_TEXT: Final = 200_000
_CHUNK_RULES: Final = 64
_CHUNK_LENGTH: Final = 40_000
# So many rules are run one by one sooner than all together.
_FEW: Final = 12


class _Chunk(msgspec.Struct, frozen=True):
    """Conditions that run as one expression, and each by itself; `rules` are their places in the policy."""

    together: Any
    single: tuple[Any, ...]
    rules: tuple[int, ...]


class Policy:
    """A compiled bundle. It does not change after it was made, and threads may share it."""

    def __init__(self, bundle: Bundle, rules: Sequence[tuple[Rule, Expression]]) -> None:
        self.bundle = bundle
        self.version = bundle.version
        clauses = {clause.id: clause for clause in bundle.clauses}
        self._candidates = [candidate(rule, clauses.get(rule.clause), bundle.hold) for rule, _ in rules]
        self._facts_of = [frozenset(expression.facts) for _, expression in rules]
        # The facts that some rule speaks of: nobody needs to find out the others.
        self.named = frozenset[str]().union(*self._facts_of)
        expressions = [expression for _, expression in rules]
        named = name_patterns(expressions)
        self._searcher = Searcher(named)
        self._env = new_environment([*named.values()])
        sources = [expression.ready([named[each] for each in expression.patterns]) for expression in expressions]
        self._chunks = tuple(self._chunk(places, sources) for places in _chunks(sources))
        names = sorted({name for expression in expressions for name in expression.facts})
        wakes = [find_wakes(expression) for expression in expressions]
        self._sleepers = Sleepers(names, wakes)
        self._own = [Searcher({each: named[each] for each in expression.patterns}) for expression in expressions]
        self._woken: dict[str, list[int]] = {}
        first: dict[Pattern, str] = {}
        for place, each in enumerate(wakes):
            for pattern in (wake.pattern for wake in each or () if wake.pattern is not None):
                self._woken.setdefault(named[pattern], []).append(place)
                first[pattern] = named[pattern]
        self._first = Searcher(first)
        self._names = tuple(names)
        self._place = {name: place for place, name in enumerate(names)}
        self._single = [program for chunk in self._chunks for program in chunk.single]
        self._values = _getter(names)
        self._floats = tuple(place for place, name in enumerate(names) if FACTS[name].type is float)
        self._lists = tuple(place for place, name in enumerate(names) if FACTS[name].type == list[str])
        self._texts = tuple(place for place, name in enumerate(names) if FACTS[name].type is str)

    def judge(self, facts: Facts, *, now: date, sample: int | None, paused: Collection[str] = frozenset()) -> Verdict:
        """The verdict over `facts` on the day `now`. Never raises.

        `sample` is a hash of the normalised text: it chooses which canaries count; None counts them all. Rules in
        `paused` go on as shadows.
        """
        hits, failed = self._run(facts)
        return decide(self._candidates, hits, failed, now=now, sample=sample, paused=paused, version=self.version)

    def _chunk(self, places: Sequence[int], sources: Sequence[str]) -> _Chunk:
        own = [sources[place] for place in places]
        single = tuple(self._env.compile(source) for source in own)
        together = self._env.compile(in_list(own))
        # The library makes its programs at the first run; made here, threads only read them.
        for program in (*single, together):
            program.eval(data={})
        return _Chunk(together, single, tuple(places))

    def _run(self, facts: Facts) -> tuple[list[int], list[int]]:
        """The places of the rules that hit, and of those that failed."""
        values = self._values(facts)
        unfit = self._unfit(values)
        if not unfit:
            try:
                awake = self._awake(facts, values)
                if len(awake) <= _FEW:
                    return self._run_few(sorted(awake), facts, values)
            except Exception:
                # Text that cannot be encoded: nothing can be said about any rule.
                return [], list(range(len(self._candidates)))
        bound = dict(zip(self._names, values, strict=True))
        failed: list[int] = []
        if unfit:
            failed = [place for place, named in enumerate(self._facts_of) if named & unfit]
            bound = {name: value for name, value in bound.items() if name not in unfit}
        try:
            bound |= self._searcher.search(facts, unfit)
            activation = self._env.Activation(bound)
        except Exception:
            # Text that cannot be encoded: nothing can be said about any rule.
            return [], list(range(len(self._candidates)))
        hits: list[int] = []
        for chunk in self._chunks:
            self._run_chunk(chunk, activation, set(failed), hits, failed)
        return hits, failed

    def _awake(self, facts: Facts, values: Sequence[Any]) -> set[int]:
        """The rules that can hit at all. Raises where a text cannot be encoded."""
        for place in self._texts:
            values[place].encode()
        for place in self._lists:
            if values[place]:
                "".join(values[place]).encode()
        awake = self._sleepers.awake(values)
        for name, found in self._first.search(facts, ()).items():
            if found:
                awake.update(self._woken[name])
        return awake

    def _run_few(self, rules: Sequence[int], facts: Facts, values: Sequence[Any]) -> tuple[list[int], list[int]]:
        """Rules one by one, with the facts that they name."""
        hits: list[int] = []
        failed: list[int] = []
        if not rules:
            return hits, failed
        named = frozenset[str]().union(*(self._facts_of[rule] for rule in rules))
        bound = {name: values[self._place[name]] for name in named}
        for rule in rules:
            bound |= self._own[rule].search(facts, ())
        activation = self._env.Activation(bound)
        for rule in rules:
            _note(rule, _evaluate(self._single[rule], activation), hits, failed)
        return hits, failed

    def _run_chunk(
        self, chunk: _Chunk, activation: Any, skip: Collection[int], hits: list[int], failed: list[int]
    ) -> None:
        results = None if skip else _evaluate(chunk.together, activation)
        if isinstance(results, list):
            if True in results:
                hits += [place for place, hit in zip(chunk.rules, results, strict=True) if hit is True]
            return
        for place, program in zip(chunk.rules, chunk.single, strict=True):
            if place in skip:
                continue
            _note(place, _evaluate(program, activation), hits, failed)

    def _unfit(self, values: Sequence[Any]) -> frozenset[str]:
        """Facts that no rule may rely on: of a wrong type, not a number, or too long to look through."""
        try:
            total = sum([values[place] for place in self._floats])
            short = max([len(values[place]) for place in self._lists], default=0) <= MAX_ITEMS
            short = short and max([len(values[place]) for place in self._texts], default=0) <= MAX_TEXT
        except TypeError:
            total, short = float("nan"), False
        if short and total == total:  # noqa: PLR0124 - only what is no number differs from itself
            return frozenset()
        return frozenset(name for name, value in zip(self._names, values, strict=True) if _is_unfit(name, value))


def compile_policy(bundle: Bundle, *, drafts: bool = False) -> Policy:
    """Make a checked bundle ready to judge. With `drafts`, rules in draft run as shadows.

    Raises ExpressionRefused where a condition cannot be used, which `check_bundle` reports beforehand.
    """
    modes = {"shadow", "canary", "live"} | ({"draft"} if drafts else set())
    return Policy(bundle, [(rule, read_expression(rule.when)) for rule in bundle.rules if rule.mode in modes])


def _note(place: int, result: Any, hits: list[int], failed: list[int]) -> None:
    if result is True:
        hits.append(place)
    elif result is not False:
        failed.append(place)


def _evaluate(program: Any, activation: Any) -> Any:
    """The result as Python has it; None where it fails."""
    try:
        value = program.eval(activation)
        return None if value.type() == cel.Type.ERROR else value.plain_value()
    except Exception:
        # The library raises RuntimeError where a loop runs over its budget, and others for values that it cannot read.
        return None


def _is_unfit(name: str, value: Any) -> bool:
    kind = FACTS[name].type
    if kind is float:
        return not isinstance(value, (int, float)) or value != value  # noqa: PLR0124
    if kind is str:
        return not isinstance(value, str) or len(value) > MAX_TEXT
    if kind == list[str]:
        return not isinstance(value, (list, tuple)) or len(value) > MAX_ITEMS  # pyright: ignore[reportUnknownArgumentType]
    return not isinstance(value, int)


def _getter(names: Sequence[str]) -> Callable[[Facts], tuple[Any, ...]]:
    if len(names) > 1:
        return attrgetter(*names)

    def few(facts: Facts) -> tuple[Any, ...]:
        return tuple(attrgetter(name)(facts) for name in names)

    return few


def _chunks(sources: Sequence[str]) -> Iterable[list[int]]:
    places: list[int] = []
    length = 0
    for place, source in enumerate(sources):
        if places and (len(places) >= _CHUNK_RULES or length + len(source) > _CHUNK_LENGTH):
            yield places
            places, length = [], 0
        places.append(place)
        length += len(source)
    if places:
        yield places
