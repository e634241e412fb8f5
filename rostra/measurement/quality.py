"""How good the work is: whether people agree, whether rules find what they are for and nothing else, who errs."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from typing import Final

import msgspec

from rostra.kit.db import Reader
from rostra.measurement import quality_queries
from rostra.measurement.agreement import Agreement, agree
from rostra.measurement.intervals import Interval, wilson
from rostra.measurement.quality_queries import Found

ANY: Final = ""
AGREEMENT_OF: Final = timedelta(days=90)
PRECISION_OF: Final = timedelta(days=28)


class RuleFigures(msgspec.Struct, frozen=True, kw_only=True):
    """A rule's last weeks. `per_10000` is hits for 10,000 judged; the intervals are None where nothing is known."""

    rule: str
    live: int
    shadow: int
    per_10000: float | None
    decided: int
    precision: Interval | None
    # Of the violating views of the samples, the share on posts that it had named.
    recall: Interval | None


class Recall(msgspec.Struct, frozen=True, kw_only=True):
    """Of the violating views of a clause (ANY: of all) that the samples found, the share on posts that some live rule
    had named. `draws` is how many sampled views that is from."""

    clause: str
    draws: int
    share: Interval


class ReviewerFigures(msgspec.Struct, frozen=True, kw_only=True):
    """How often a reviewer was right, by golden items and by those who looked at their decisions again."""

    account_id: int
    pseudonym: str
    golden: int
    right: Interval | None
    second: int
    upheld: Interval | None


async def agreement_by_clause(conn: Reader, at: datetime) -> dict[str, Agreement]:
    """How far people agree in the last 90 days: on everything (ANY), and on each clause against all else."""
    units = [each.answers for each in await quality_queries.list_together(conn, at - AGREEMENT_OF)]
    clauses = sorted({answer for unit in units for answer in unit if answer.startswith("violates/")})
    found = {ANY: agree(units)}
    for answer in clauses:
        told = [[said == answer for said in unit if said != "unclear"] for unit in units]
        found[answer.partition("/")[2]] = agree(told)
    return found


def recall_of(found: Sequence[Found], clause: str = ANY, rule: str | None = None) -> Recall | None:
    """The share of violating views on posts that `rule` (None: any) had named; None where no such view was sampled.

    Draws of different strata weigh differently, so the interval is Wilson's at the number of equal draws that would
    vary as much (Kish 1965).
    """
    about = [each for each in found if clause in (ANY, each.clause)]
    total = sum(each.weight for each in about)
    if not total:
        return None
    caught = sum(each.weight for each in about if (rule in each.rules if rule is not None else each.rules))
    # A post that was drawn several times is one observation of each draw.
    squares = sum(each.weight * each.weight / each.draws for each in about)
    size = total * total / squares
    return Recall(clause=clause, draws=sum(each.draws for each in about), share=wilson(caught / total * size, size))


async def recalls(conn: Reader, first: date, until: date) -> list[Recall]:
    """The recall of all live rules together in the samples of these days, of everything and by clause."""
    found = await quality_queries.list_found(conn, first, until)
    clauses = [ANY, *sorted({each.clause for each in found})]
    return [made for clause in clauses if (made := recall_of(found, clause)) is not None]


async def rule_figures(conn: Reader, at: datetime) -> list[RuleFigures]:
    """Each rule that hit, brought a decision or named a violation of a sample, in the last four weeks."""
    since = at - PRECISION_OF
    hits = {each.rule: each for each in await quality_queries.list_hits(conn, since.date())}
    decided = {each.rule: each for each in await quality_queries.list_by_rule(conn, since)}
    found = await quality_queries.list_found(conn, since.date(), at.date())
    judged = hits.pop(ANY, None)
    named = {rule for each in found for rule in each.rules}
    made: list[RuleFigures] = []
    for rule in sorted(hits.keys() | decided.keys() | named):
        hit, said = hits.get(rule), decided.get(rule)
        live = hit.live if hit else 0
        recall = recall_of(found, rule=rule)
        made.append(
            RuleFigures(
                rule=rule,
                live=live,
                shadow=hit.shadow if hit else 0,
                per_10000=live * 10_000 / judged.live if judged and judged.live else None,
                decided=said.decided if said else 0,
                precision=wilson(said.upheld, said.decided) if said else None,
                recall=recall.share if recall else None,
            )
        )
    return made


async def reviewer_figures(conn: Reader, at: datetime) -> list[ReviewerFigures]:
    """How often each reviewer was right in the last 90 days."""
    return [
        ReviewerFigures(
            account_id=row.account_id,
            pseudonym=row.pseudonym,
            golden=row.golden,
            right=wilson(row.right, row.golden) if row.golden else None,
            second=row.second,
            upheld=wilson(row.upheld, row.second) if row.second else None,
        )
        for row in await quality_queries.list_reviewers(conn, at - AGREEMENT_OF)
    ]
