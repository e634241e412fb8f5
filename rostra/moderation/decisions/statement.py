"""The statement of reasons of a decision, made from the decision and kept as it was sent."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final, cast

from rostra.dsa.decided import Body, ContentKind, Decided, Done, Ground, puid_of
from rostra.dsa.statement import make_statement
from rostra.dsa.wording import clip
from rostra.kit.db import Tx
from rostra.moderation.cases.evidence import Snapshot
from rostra.moderation.records import ActionRow, DecisionRow
from rostra.policy.records import Clause, Label
from rostra.text.urls import Urls

_INSERT: Final = """
insert into statements (puid, decision_id, account_id, body, created_at) values ($1, $2, $3, $4, $5)
on conflict do nothing
"""
# Of the author's description of a file, so much is said to name it.
_DESCRIBED: Final = 120
_KINDS: Final[dict[str, ContentKind]] = {"image": "image", "gifv": "video", "video": "video", "audio": "audio"}


async def write_statement(
    tx: Tx,
    urls: Urls,
    decision: DecisionRow,
    actions: Sequence[ActionRow],
    clause: Clause | None,
    labels: dict[str, Label],
    seen: Snapshot | None,
) -> Body | None:
    """Keep the statement of a decision that restricts a person of this server; None where it restricts nobody."""
    body = make_statement(gather(urls, decision, actions, clause, labels, seen), ground_url=f"{urls.base}/policy")
    if body is not None:
        await tx.execute(
            _INSERT, body["puid"], decision.id, decision.account_id, cast("dict[str, Any]", body), decision.created_at
        )
    return body


def gather(
    urls: Urls,
    decision: DecisionRow,
    actions: Sequence[ActionRow],
    clause: Clause | None,
    labels: dict[str, Label],
    seen: Snapshot | None,
) -> Decided:
    """All that a statement says of a decision. `seen` is what was decided on."""
    content: dict[str, Any] = seen.content if seen else {}
    made = content.get("created_at")
    return Decided(
        puid=puid_of(urls.domain, decision.id),
        decided_at=decision.created_at,
        subject_kind=decision.subject_kind,
        content_date=(datetime.fromisoformat(made) if made else decision.created_at).date(),
        clause=_ground(clause, decision.clause),
        actions=tuple(
            Done(
                kind=action.kind,
                on=action.subject_kind,
                ends_at=action.ends_at,
                unpublished=action.is_refusal,
                label=labels[action.detail].title if action.kind == "label" and action.detail in labels else {},
                **_file(action, content),
            )
            for action in actions
        ),
        content_kinds=_content_kinds(decision, actions, content),
        language=content.get("language"),
        facts=decision.facts,
        names=tuple(name for key in ("acct", "display_name") if (name := content.get(key))),
        reason=decision.reason,
        origin=decision.origin,
        automated_detection=decision.automated_detection,
        automated_decision="fully" if decision.automated_decision else "not",
    )


def _ground(clause: Clause | None, clause_id: str) -> Ground:
    if clause is None:
        return Ground(id=clause_id, title={"en": "Rules of this server"}, text={})
    return Ground(
        id=clause.id,
        title=clause.title,
        text=clause.text,
        ground=clause.ground,
        law=clause.law,
        category=clause.dsa.category if clause.dsa else "",
        keywords=clause.dsa.keywords if clause.dsa else (),
    )


def _file(action: ActionRow, content: dict[str, Any]) -> dict[str, Any]:
    """Which of the files that were seen the action is on."""
    if action.subject_kind != "media":
        return {}
    media: list[dict[str, Any]] = content.get("media") or []
    found = [(n, one) for n, one in enumerate(media, 1) if one.get("id") == str(action.subject_id)]
    if not found:
        return {}
    place, one = found[0]
    described = clip(one.get("description") or "", _DESCRIBED)
    return {"place": place, "files": len(media), "content": _KINDS.get(one["type"]), "description": described}


def _content_kinds(
    decision: DecisionRow, actions: Sequence[ActionRow], content: dict[str, Any]
) -> tuple[ContentKind, ...]:
    if decision.subject_kind == "account":
        return ()
    on_files = {str(action.subject_id) for action in actions if action.subject_kind == "media"}
    only_files = bool(on_files) and not any(action.subject_kind == "status" for action in actions)
    kinds: list[ContentKind] = []
    if not only_files and (content.get("text") or not content.get("media")):
        kinds.append("text")
    media: list[dict[str, Any]] = content.get("media") or []
    for one in media:
        if only_files and one.get("id") not in on_files:
            continue
        kind = _KINDS.get(one["type"])
        if kind is not None and kind not in kinds:
            kinds.append(kind)
    return tuple(kinds)
