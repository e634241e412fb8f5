"""What became of a notice, gathered from the records: the answer and the evidence pack tell the same. Reads only."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Sequence
from datetime import timedelta
from typing import Any, Literal, cast

import msgspec

from rostra.kit.db import Reader
from rostra.kit.errors import NotFound
from rostra.kit.ids import first_id_at
from rostra.notices import item_queries, queries, story_queries
from rostra.notices.item_queries import Found, Person
from rostra.notices.records import Copy, Item, Notice
from rostra.notices.story_queries import AccountAct, Change, Verdict

# What an item came to: `removed` and the like are acts that hold, `kept` is a decision that nothing is wrong.
Result = Literal["removed", "restricted", "account", "warned", "kept", "gone", "not_ours", "unknown", "open"]
# Why it stood there: what screening had made of it.
Cause = Literal["no_rule", "shadow", "allowed", "held", "cased", "unscreened", ""]


class Count(msgspec.Struct, frozen=True, kw_only=True):
    """The copies of an item: how many there were, and what became of them."""

    total: int
    removed: int
    restricted: int
    kept: int
    gone: int
    open: int


class Told(msgspec.Struct, frozen=True, kw_only=True):
    """One item of the story."""

    item: Item
    result: Result
    cause: Cause
    rule: str
    copies: Count
    now: Found | None
    acts: list[AccountAct]


class Story(msgspec.Struct, frozen=True, kw_only=True):
    """All of it. `learnt`: posts whose copies are recognised from now on."""

    notice: Notice
    items: list[Told]
    copies: list[Copy]
    acts: list[AccountAct]
    changes: list[Change]
    people: dict[int, Person]
    learnt: int


async def gather(conn: Reader, notice_id: int) -> Story:
    """The story of a notice, in a constant number of statements. Raises NotFound."""
    notice = await queries.find_notice(conn, notice_id)
    if notice is None:
        raise NotFound
    items = await item_queries.list_items(conn, notice_id)
    copies = await item_queries.list_all_copies(conn, notice_id)
    statuses = [item.subject_id for item in items if item.subject_kind == "status" and item.subject_id is not None]
    accounts = sorted({each.account_id for each in (*items, *copies) if each.account_id is not None})
    found = await item_queries.list_found(conn, statuses)
    verdicts = await story_queries.list_verdicts(conn, statuses)
    acts = await story_queries.list_account_acts(conn, accounts, notice.received_at - timedelta(minutes=1))
    of_account: defaultdict[int, list[AccountAct]] = defaultdict(list)
    for act in acts:
        of_account[act.account_id].append(act)
    by_item: defaultdict[int, list[Copy]] = defaultdict(list)
    for copy in copies:
        by_item[copy.item_id].append(copy)
    return Story(
        notice=notice,
        items=[
            _tell(
                item, found.get(item.subject_id or 0), verdicts.get(item.subject_id or 0), by_item[item.id], of_account
            )
            for item in items
        ],
        copies=copies,
        acts=acts,
        changes=await story_queries.list_changes(conn, notice.received_at, first_id_at(notice.received_at)),
        people=await item_queries.list_people(conn, accounts),
        learnt=await story_queries.count_learnt(conn, [*statuses, *(copy.status_id for copy in copies)]),
    )


def result_of(outcome: str | None, actions: Sequence[str], *, exists: bool) -> Result:
    """What a decision came to."""
    if outcome is None:
        return "open" if exists else "gone"
    if outcome != "violates":
        return "kept"
    if "remove" in actions:
        return "removed"
    if {"label", "sensitive", "interaction-off", "limit"} & set(actions):
        return "restricted"
    if {"freeze", "suspend"} & set(actions):
        return "account"
    return "warned" if "warn" in actions else "kept"


def _tell(
    item: Item,
    now: Found | None,
    verdict: Verdict | None,
    copies: Sequence[Copy],
    acts: dict[int, list[AccountAct]],
) -> Told:
    if item.match in ("not_ours", "unknown", "gone") and item.decided is None:
        result: Result = item.match if item.match != "unknown" else "unknown"
    else:
        decided = item.decided
        exists = now is not None or item.subject_kind == "account"
        result = result_of(decided.outcome if decided else None, decided.actions if decided else [], exists=exists)
    cause, rule = cause_of(verdict) if item.subject_kind == "status" else ("", "")
    return Told(
        item=item,
        result=result,
        cause=cause,
        rule=rule,
        copies=_count(copies),
        now=now,
        acts=acts.get(item.account_id or 0, []),
    )


def _count(copies: Sequence[Copy]) -> Count:
    results = Counter(result_of(copy.outcome, copy.actions, exists=copy.revision is not None) for copy in copies)
    return Count(
        total=len(copies),
        removed=results["removed"] + results["account"],
        restricted=results["restricted"] + results["warned"],
        kept=results["kept"],
        gone=results["gone"],
        open=results["open"],
    )


def cause_of(verdict: Verdict | None) -> tuple[Cause, str]:
    """Why screening let it pass, and the rule that it hangs on. A rule that only excepts recognises nothing: it counts
    where it lifted another."""
    if verdict is None:
        return "unscreened", ""
    details = verdict.details
    rule = str(details.get("rule") or "")
    shadow = cast("list[Any]", details.get("shadow") or [])
    action = details.get("action")
    if action in ("hold", "reject"):
        return "held", rule
    if action == "allow" and details.get("lifted"):
        return "allowed", rule
    if verdict.clause:
        return "cased", rule
    return ("shadow", str(shadow[0])) if shadow else ("no_rule", "")
