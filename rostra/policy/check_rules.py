"""What can be wrong with a rule: its condition, actions, reason, mode and exceptions, and that it does nothing."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Final

from rostra.policy.decide import NEVER_LIFTED, covers
from rostra.policy.expressions import Expression, ExpressionRefused, Fault, read_expression
from rostra.policy.literals import Known, check_literals
from rostra.policy.reading import Notes, did_you_mean
from rostra.policy.records import STRENGTH, Bundle, Clause, Do, Problem, Rule
from rostra.policy.texts import check_labels_of, check_texts, check_unique

MAX_RULES: Final = 500
MAX_TOTAL_COST: Final = 1_000_000
MAX_PATTERNS: Final = 200
_WIDTH: Final = 72


def check_rules(notes: Notes, bundle: Bundle, today: date, known: Known) -> None:
    """Check all rules by themselves and beside each other."""
    check_unique(notes, "rule", bundle.rules)
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
        word = "true" if expression.constant else "false"
        _add(notes, rule, Fault(0, f"the condition is always {word}", "let it depend on a fact"))
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
            what=f"rule {rule.id}: {fault.what}",
            remedy=fault.remedy,
            excerpt=flat[start : start + _WIDTH],
            caret=at - start,
        )
    )


def _check_place(notes: Notes, bundle: Bundle, clauses: Mapping[str, Clause], rule: Rule) -> None:
    """Which clause a rule belongs to, and which an exception lifts."""
    what = f"rule {rule.id}"
    allows = rule.then is not None and "allow" in rule.then.actions
    if rule.clause:
        clause = clauses.get(rule.clause)
        if clause is None:
            remedy = did_you_mean(rule.clause, clauses, "policy.yaml and clauses/ have the clauses")
            notes.at(rule.at, "clause", f"{what}: unknown clause {rule.clause}", remedy)
        elif clause.retired:
            remedy = "retire the rule too, or move it to another clause"
            notes.at(rule.at, "clause", f"{what}: clause {rule.clause} is retired", remedy)
    elif not allows:
        notes.at(rule.at, "clause", f"{what}: `clause` is missing", "name the clause that it enforces")
    if rule.lifts and not allows:
        notes.at(rule.at, "lifts", f"{what}: only a rule with `then: allow` lifts", "take out `lifts`")
    if allows and not rule.lifts:
        notes.at(rule.at, "then", f"{what}: an exception needs `lifts`", "name the clauses whose hits it lifts: [spam]")
    for prefix in rule.lifts:
        lifted = [clause for clause in bundle.clauses if covers(prefix, clause.id)]
        if not lifted:
            remedy = did_you_mean(prefix, clauses, "a clause, or what its name begins with up to a dot")
            notes.at(rule.at, "lifts", f"{what}: there is no clause {prefix}", remedy)
        elif all(clause.severity >= NEVER_LIFTED for clause in lifted):
            remedy = "exceptions never lift clauses of severity 5: write the exception into the rules' conditions"
            notes.at(rule.at, "lifts", f"{what}: {prefix} cannot be lifted", remedy)


def _check_actions(notes: Notes, bundle: Bundle, clause: Clause | None, rule: Rule) -> None:
    what = f"rule {rule.id}"
    do = rule.then or (clause.action if clause is not None else Do())
    if rule.then is not None:
        check_labels_of(notes, bundle, rule.at, "then", what, do.labels)
    check_texts(notes, bundle, rule.at, "reason", what, rule.reason)
    if "allow" in do.actions and (len(do.actions) > 1 or do.case):
        notes.at(rule.at, "then", f"{what}: allow stands alone", "take out the other actions")
    if {"hold", "reject"} <= set(do.actions):
        notes.at(rule.at, "then", f"{what}: hold and reject together", "keep one: what is rejected cannot wait")
    if not do.actions and not do.case and (clause is not None or rule.then is not None):
        notes.at(
            rule.at, "then", f"{what}: nothing follows", "one of label: its-id, limit, interaction-off, hold, reject"
        )
    reason = rule.reason or (clause.reason if clause is not None else {})
    if STRENGTH[do.strongest] >= STRENGTH["hold"] and not reason:
        remedy = f"say what the author can do about it, in {', '.join(bundle.languages)}"
        notes.at(rule.at, "id", f"{what}: `reason` is missing, which {do.strongest} needs", remedy)


def _check_mode(notes: Notes, rule: Rule, today: date) -> None:
    what = f"rule {rule.id}"
    if rule.mode == "canary" and rule.share is None:
        notes.at(rule.at, "mode", f"{what}: a canary needs `share`", "the share of texts that it decides over: 0.1")
    if rule.share is not None and rule.mode != "canary":
        notes.at(rule.at, "share", f"{what}: only a canary has a share", "take it out, or write `mode: canary`")
    if rule.share is not None and not 0 < rule.share < 1:
        notes.at(
            rule.at, "share", f"{what}: share {rule.share:g}", "more than 0 and less than 1; for all, `mode: live`"
        )
    if rule.daily_cap is not None and rule.daily_cap < 1:
        notes.at(rule.at, "daily_cap", f"{what}: a cap of {rule.daily_cap}", "at least 1; to stop it, `mode: shadow`")
    if rule.expected is not None and not 0 <= rule.expected[0] <= rule.expected[1] <= 10_000:
        notes.at(rule.at, "expected", f"{what}: this is no band", "fewest and most hits per 10,000 judged: [0, 40]")
    if rule.expires is not None and rule.expires < today:
        remedy = "give it a later day, or write `mode: retired`"
        notes.at(rule.at, "expires", f"{what}: it expired on {rule.expires.isoformat()}", remedy)


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
        one, two = (
            each.then or (clauses[each.clause].action if each.clause in clauses else Do()) for each in (other, rule)
        )
        if set(two.actions) <= set(one.actions) and set(two.labels) <= set(one.labels) and two.case <= one.case:
            remedy = (
                f"rule {other.id} at {other.at.file}:{other.at.line} has the same condition and does as much; keep one"
            )
            notes.at(rule.at, "when", f"rule {rule.id}: it can never change anything", remedy)


def _check_sum(notes: Notes, bundle: Bundle, conditions: list[tuple[Rule, Expression]]) -> None:
    if not bundle.rules:
        return
    at = bundle.rules[-1].at
    if len(bundle.rules) > MAX_RULES:
        notes.at(at, "id", f"there are more than {MAX_RULES} rules", "take out what is retired, merge what is alike")
    cost = sum(expression.cost for _, expression in conditions)
    if cost > MAX_TOTAL_COST:
        what = f"all conditions together can cost {cost:,}, more than {MAX_TOTAL_COST:,}"
        notes.at(at, "when", what, "take loops out of loops, and look through texts outside of them")
    patterns = {pattern for _, expression in conditions for pattern in expression.patterns}
    if len(patterns) > MAX_PATTERNS:
        what = f"there are {len(patterns)} patterns, more than {MAX_PATTERNS}"
        notes.at(at, "when", what, "put plain words into a list of the bundle: text.lists")
