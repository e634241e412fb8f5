"""What can be wrong with a rule: its condition, actions, reason, mode and exceptions, and that it does nothing."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, timedelta
from typing import Final

from rostra.policy.decide import NEVER_LIFTED, covers
from rostra.policy.expressions import Expression, ExpressionRefused, Fault, read_expression
from rostra.policy.literals import Known, check_literals
from rostra.policy.reading import Notes, did_you_mean, named
from rostra.policy.records import STRENGTH, At, Bundle, Clause, Hold, Problem, Rule
from rostra.policy.said import Said, bare, of, said
from rostra.policy.texts import check_labels_of, check_texts, check_unique

MAX_RULES: Final = 500
MAX_TOTAL_COST: Final = 1_000_000
MAX_PATTERNS: Final = 200
_WIDTH: Final = 72
_RULE: Final = said("rule")


def check_rules(notes: Notes, bundle: Bundle, today: date, known: Known) -> None:
    """Check all rules by themselves and beside each other."""
    check_unique(notes, _RULE, bundle.rules)
    clauses = {clause.id: clause for clause in bundle.clauses}
    conditions: list[tuple[Rule, Expression]] = []
    for rule in bundle.rules[:MAX_RULES]:
        if rule.mode == "retired":
            continue
        _check_place(notes, bundle, clauses, rule)
        _check_actions(notes, bundle, clauses.get(rule.clause), rule)
        _check_mode(notes, rule, today)
        if rule.when:
            expression = _condition(notes, bundle, known, rule)
            if expression is not None:
                conditions.append((rule, expression))
    _check_vain(notes, clauses, conditions)
    _check_sum(notes, bundle, conditions)


def line_of(rule: Rule, offset: int) -> int:
    """The line of a character of the condition. Exact but for text in quotes with escapes over several lines."""
    line = rule.at.key("when")
    before = len("".join(rule.when[:offset].split()))
    for count in rule.when_spread[:-1]:
        if before < count:
            break
        before -= count
        line += 1
    return line


def _condition(notes: Notes, bundle: Bundle, known: Known, rule: Rule) -> Expression | None:
    try:
        expression = read_expression(rule.when)
    except ExpressionRefused as error:
        for fault in error.faults:
            _add(notes, rule, fault)
        return None
    for fault in check_literals(bundle, known, expression):
        _add(notes, rule, fault)
    if expression.constant is not None:
        always = said("the condition is always %(value)s", value="true" if expression.constant else "false")
        _add(notes, rule, Fault(0, always, said("let it depend on a fact")))
    return expression


def _add(notes: Notes, rule: Rule, fault: Fault) -> None:
    """A fault of the condition, with the piece of it that is meant."""
    flat = " ".join(rule.when.split())
    at = min(len(" ".join(rule.when[: fault.offset].split())), max(len(flat) - 1, 0))
    if fault.offset and at < len(flat) and flat[at] == " ":
        at += 1
    start = max(0, min(at - _WIDTH // 2, len(flat) - _WIDTH))
    notes.problems.append(
        Problem(
            file=rule.at.file,
            line=line_of(rule, fault.offset),
            what=of(named(_RULE, rule.id), fault.what),
            remedy=fault.remedy,
            excerpt=flat[start : start + _WIDTH],
            caret=at - start,
        )
    )


def _check_place(notes: Notes, bundle: Bundle, clauses: Mapping[str, Clause], rule: Rule) -> None:
    """Which clause a rule belongs to, and which an exception lifts."""

    def wrong(key: str, what: Said, remedy: Said) -> None:
        _note(notes, rule, key, what, remedy)

    allows = rule.then is not None and "allow" in rule.then.actions
    if rule.clause:
        clause = clauses.get(rule.clause)
        if clause is None:
            remedy = did_you_mean(rule.clause, clauses, said("policy.yaml and clauses/ have the clauses"))
            wrong("clause", said("unknown clause %(name)s", name=rule.clause), remedy)
        elif clause.retired:
            remedy = said("retire the rule too, or move it to another clause")
            wrong("clause", said("clause %(name)s is retired", name=rule.clause), remedy)
    elif not allows:
        wrong("clause", said("`clause` is missing"), said("name the clause that it enforces"))
    if rule.lifts and not allows:
        wrong("lifts", said("only a rule with `then: allow` lifts"), said("take out `lifts`"))
    if allows and not rule.lifts:
        wrong("then", said("an exception needs `lifts`"), said("name the clauses whose hits it lifts: [spam]"))
    for prefix in rule.lifts:
        lifted = [clause for clause in bundle.clauses if covers(prefix, clause.id)]
        if not lifted:
            remedy = did_you_mean(prefix, clauses, said("a clause, or what its name begins with up to a dot"))
            wrong("lifts", said("there is no clause %(name)s", name=prefix), remedy)
        elif all(clause.severity >= NEVER_LIFTED for clause in lifted):
            remedy = said("exceptions never lift clauses of severity 5: write the exception into the rules' conditions")
            wrong("lifts", said("%(name)s cannot be lifted", name=prefix), remedy)


def _note(notes: Notes, rule: Rule, key: str, what: Said, remedy: Said) -> None:
    """A problem with what stands under `key` of a rule."""
    notes.at(rule.at, key, of(named(_RULE, rule.id), what), remedy)


def _check_actions(notes: Notes, bundle: Bundle, clause: Clause | None, rule: Rule) -> None:
    what = named(_RULE, rule.id)

    def wrong(key: str, problem: Said, remedy: Said) -> None:
        _note(notes, rule, key, problem, remedy)

    do = rule.follows(clause)
    if rule.then is not None:
        check_labels_of(notes, bundle, rule.at, "then", what, do.labels)
    check_texts(notes, bundle, rule.at, "reason", what, rule.reason)
    if "allow" in do.actions and (len(do.actions) > 1 or do.case):
        wrong("then", said("allow stands alone"), said("take out the other actions"))
    if {"hold", "reject"} <= set(do.actions):
        wrong("then", said("hold and reject together"), said("keep one: what is rejected cannot wait"))
    if not do.actions and not do.case and (clause is not None or rule.then is not None):
        names = "label: its-id, limit, interaction-off, hold, reject"
        wrong("then", said("nothing follows"), said("one of %(names)s", names=names))
    reason = rule.reason or (clause.reason if clause is not None else {})
    if rule.hold is not None:
        severity = clause.severity if clause else 0
        check_hold(notes, rule.at, of(what, bare("hold")), rule.hold, severity=severity)
        if "hold" not in do.actions:
            wrong("hold", said("nothing is held"), said("take out `hold`, or write `then: hold`"))
    if STRENGTH[do.strongest] >= STRENGTH["hold"] and not reason:
        remedy = said("say what the author can do about it, in %(names)s", names=", ".join(bundle.languages))
        wrong("id", said("`reason` is missing, which %(action)s needs", action=do.strongest), remedy)


def check_hold(notes: Notes, at: At, what: Said, hold: Hold, *, severity: int) -> None:
    """What becomes of held posts that nobody looks at, by themselves and beside the severity of their clause."""
    if not timedelta(hours=1) <= hold.expires <= timedelta(days=30):
        remedy = said("`expires` is from 1h, so that people can look, to 30d")
        notes.at(at, "hold", of(what, said("too short or too long")), remedy)
    if hold.then == "release" and severity >= NEVER_LIFTED:
        remedy = said("write `then: refuse`: nothing of severity 5 is published without anybody having looked")
        notes.at(at, "hold", of(what, said("severity %(n)s and released by the clock", n=severity)), remedy)


def _check_mode(notes: Notes, rule: Rule, today: date) -> None:
    def wrong(key: str, what: Said, remedy: Said) -> None:
        _note(notes, rule, key, what, remedy)

    if rule.mode == "canary" and rule.share is None:
        wrong("mode", said("a canary needs `share`"), said("the share of texts that it decides over: 0.1"))
    if rule.share is not None and rule.mode != "canary":
        wrong("share", said("only a canary has a share"), said("take it out, or write `mode: canary`"))
    if rule.share is not None and not 0 < rule.share < 1:
        remedy = said("more than 0 and less than 1; for all, `mode: live`")
        wrong("share", said("share %(value)s", value=f"{rule.share:g}"), remedy)
    if rule.daily_cap is not None and rule.daily_cap < 1:
        wrong("daily_cap", said("a cap of %(n)s", n=rule.daily_cap), said("at least 1; to stop it, `mode: shadow`"))
    if rule.expected is not None and not 0 <= rule.expected[0] <= rule.expected[1] <= 10_000:
        wrong("expected", said("this is no band"), said("fewest and most hits per 10,000 judged: [0, 40]"))
    if rule.expires is not None and rule.expires < today:
        remedy = said("give it a later day, or write `mode: retired`")
        wrong("expires", said("it expired on %(day)s", day=rule.expires.isoformat()), remedy)


def _check_vain(notes: Notes, clauses: Mapping[str, Clause], conditions: list[tuple[Rule, Expression]]) -> None:
    """A rule that does nothing beside another with the same condition and clause."""
    first: dict[tuple[str, tuple[str, ...]], Rule] = {}
    for rule, expression in conditions:
        if rule.mode != "live" or rule.expires is not None:
            continue
        key = (rule.clause, tuple(token.text for token in expression.words.tokens))
        other = first.setdefault(key, rule)
        if other is rule or rule.lifts:
            continue
        one, two = (each.follows(clauses.get(each.clause)) for each in (other, rule))
        if set(two.actions) <= set(one.actions) and set(two.labels) <= set(one.labels) and two.case <= one.case:
            remedy = said(
                "rule %(name)s at %(place)s has the same condition and does as much; keep one",
                name=other.id,
                place=f"{other.at.file}:{other.at.line}",
            )
            _note(notes, rule, "when", said("it can never change anything"), remedy)


def _check_sum(notes: Notes, bundle: Bundle, conditions: list[tuple[Rule, Expression]]) -> None:
    if not bundle.rules:
        return
    at = bundle.rules[-1].at
    if len(bundle.rules) > MAX_RULES:
        what = said("there are more than %(n)s rules", n=MAX_RULES)
        notes.at(at, "id", what, said("take out what is retired, merge what is alike"))
    cost = sum(expression.cost for _, expression in conditions)
    if cost > MAX_TOTAL_COST:
        what = said("all conditions together can cost %(n)s, more than %(most)s", n=cost, most=MAX_TOTAL_COST)
        notes.at(at, "when", what, said("take loops out of loops, and look through texts outside of them"))
    patterns = {pattern for _, expression in conditions for pattern in expression.patterns}
    if len(patterns) > MAX_PATTERNS:
        what = said("there are %(n)s patterns, more than %(most)s", n=len(patterns), most=MAX_PATTERNS)
        notes.at(at, "when", what, said("put plain words into a list of the bundle: text.lists"))
