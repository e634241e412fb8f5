"""The evidence pack: what was done about a notice, signed, with the ledger's proofs and the program that checks it all.

People are not named in it: authors are A1, A2, …, moderators not at all. What the notice itself quoted or pointed at is
in it, for its sender knows that.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

import msgspec
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from rostra.accounts.permissions import check_may
from rostra.kit.db import Reader
from rostra.kit.errors import NotFound
from rostra.kit.jobs import Kind, enqueue
from rostra.kit.settings import Settings
from rostra.ledger.append import Entry, append
from rostra.ledger.keys import FILE, load_signer
from rostra.ledger.note import Signer
from rostra.ledger.seal import seal
from rostra.ledger.tree import proof_of_event
from rostra.moderation.desk import Desk, Reviewer
from rostra.notices import pack_verify, queries, story_queries
from rostra.notices.pack_verify import FORMAT, MANIFEST, SIGNATURE, write_archive
from rostra.notices.records import Copy
from rostra.notices.story import Story, Told, gather, result_of
from rostra.notices.story_queries import Seen
from rostra.screening.active import Current

_README: Final = """This is the evidence of what {domain} did about a notice.

notice.json     what came when, by when an answer was due, and the steps that it went through
answer.txt      the answer that was sent
items/          one file for each example: what it was, what was decided when and why, its near-copies
policy.json     the clauses that were applied, and what has changed since
{prevalence}ledger/         the proofs that the decisions are in the server's append-only ledger (RFC 6962)
manifest.json   all files by SHA-256; manifest.sig is its signature (C2SP signed note, Ed25519)

To check it, without the server and with nothing but Python:

    python3 verify.py {name}

verify.py is a part of the pack; whoever does not trust it takes rostra/notices/pack_verify.py from the project.
The server's public key is published at {base}/ledger/key.
"""


_VERIFIER: Final = Path(pack_verify.__file__).read_bytes()


class PackWanted(msgspec.Struct, frozen=True, kw_only=True):
    """A pack that waits to be made."""

    notice_id: int
    actor_id: int | None = None


MAKE_PACK: Final = Kind("notices.pack", PackWanted)


async def order_pack(desk: Desk, reviewer: Reviewer, notice_id: int) -> None:
    """Have a pack of the notice made. Raises Forbidden and NotFound."""
    check_may(reviewer.role, "notices")
    async with desk.db.transaction() as tx:
        state = await queries.lock_notice(tx, notice_id)
        if state is None or state in ("quarantined", "refused"):
            raise NotFound
        wanted = PackWanted(notice_id=notice_id, actor_id=reviewer.account_id)
        await enqueue(tx, [MAKE_PACK.job(wanted, dedupe_key=f"pack {notice_id}")])


async def make_pack(
    desk: Desk, settings: Settings, notice_id: int, *, actor_id: int | None = None, extras: Mapping[str, bytes] = {}
) -> bytes:
    """Make the pack and keep it; the file. `extras` are further files by their names (estimates of prevalence and their
    chart). Raises NotFound."""
    ledger = load_signer(settings)
    # What has just been decided gets its leaf.
    await seal(desk.db, desk.clock, ledger)
    current = await desk.policies.current(desk.db)
    at = desk.clock.now()
    async with desk.db.read() as conn:
        files = await _files(conn, current, notice_id)
    name = f"evidence-{notice_id}.zip"
    prevalence = (
        "prevalence.*    how much of what is seen breaks each clause, estimated from samples\n" if extras else ""
    )
    readme = _README.format(domain=desk.urls.domain, base=desk.urls.base, name=name, prevalence=prevalence)
    files |= {"README.txt": readme.encode(), "verify.py": _VERIFIER, **extras}
    archive = _signed(files, _signer(settings), str(ledger.verifier), notice_id, at)
    async with desk.db.transaction() as tx:
        digest = hashlib.sha256(archive).digest()
        pack_id = await queries.insert_pack(tx, notice_id, digest, archive, actor_id, at)
        details = {"pack": str(pack_id), "sha256": digest.hex(), "files": len(files)}
        entry = Entry(
            type="notice_pack_made", subject_kind="notice", subject_id=notice_id, actor_id=actor_id, details=details
        )
        await append(tx, at, entry)
    return archive


async def find_pack(desk: Desk, notice_id: int) -> bytes:
    """The newest pack of a notice. Raises NotFound."""
    async with desk.db.read() as conn:
        found = await queries.find_pack(conn, notice_id)
    if found is None:
        raise NotFound
    return found[1]


def _signer(settings: Settings) -> Signer:
    """The ledger's key under another name, so that no pack can pass for a checkpoint of the ledger."""
    pem = settings.ledger_key.encode() if settings.ledger_key else (settings.data_dir / FILE).read_bytes()
    key = serialization.load_pem_private_key(pem, password=None)
    assert isinstance(key, Ed25519PrivateKey)
    return Signer(f"{settings.domain}/notices", key)


def _signed(files: Mapping[str, bytes], signer: Signer, ledger_key: str, notice_id: int, at: datetime) -> bytes:
    listed = [
        {"path": path, "sha256": hashlib.sha256(files[path]).hexdigest(), "size": len(files[path])}
        for path in sorted(files)
    ]
    manifest = _json(
        {
            "format": FORMAT,
            "notice": str(notice_id),
            "made_at": _at(at),
            "key": str(signer.verifier),
            "ledger_key": ledger_key,
            "files": listed,
        }
    )
    note = signer.sign(len(listed), hashlib.sha256(manifest).digest())
    return write_archive({**files, MANIFEST: manifest, SIGNATURE: note.encode()})


async def _files(conn: Reader, current: Current, notice_id: int) -> dict[str, bytes]:
    story = await gather(conn, notice_id)
    answer = await story_queries.find_answer(conn, notice_id)
    decisions = [told.item.decided.decision_id for told in story.items if told.item.decided]
    decisions += [copy.decision_id for copy in story.copies if copy.decision_id is not None]
    seen = await story_queries.list_seen(conn, decisions)
    names = {account: f"A{number}" for number, account in enumerate(sorted(story.people), 1)}
    events = [each.event_id for each in seen.values()]
    files = {
        "notice.json": _json(await _notice(conn, story)),
        "policy.json": _json(_policy(story, current)),
        "ledger/proofs.json": _json(await _proofs(conn, notice_id, events)),
    }
    for told in story.items:
        files[f"items/{told.item.position:03}.json"] = _json(_item(told, story, seen, names))
    if answer is not None:
        files["answer.txt"] = answer.text.encode()
    return files


async def _notice(conn: Reader, story: Story) -> dict[str, Any]:
    notice = story.notice
    steps = await queries.list_steps(conn, notice.id)
    clocks = await queries.list_clocks(conn, notice.id)
    return {
        "number": str(notice.id),
        "report_id": notice.report_id,
        "from": notice.provider or notice.sender,
        "channel": notice.channel,
        "format": notice.format,
        "regime": notice.regime,
        "sha256": notice.sha256.hex(),
        "received_at": _at(notice.received_at),
        "due_at": _at(notice.due_at),
        "breached_at": _at(notice.breached_at),
        "state": notice.state,
        "clocks": [
            {
                "regime": each.regime,
                "due_at": _at(each.due_at),
                "met_at": _at(each.met_at),
                "missed_at": _at(each.missed_at),
            }
            for each in clocks
        ],
        "steps": [{"state": step.state, "at": _at(step.at)} for step in steps],
        "items": len(story.items),
        "copies": len(story.copies),
    }


def _policy(story: Story, current: Current) -> dict[str, Any]:
    applied = {told.item.decided.clause for told in story.items if told.item.decided and told.item.decided.clause}
    clauses = [current.clauses[each] for each in sorted(applied) if each in current.clauses]
    return {
        "version": current.bundle.version,
        "clauses": [
            {
                "id": clause.id,
                "title": clause.title,
                "text": clause.text,
                "severity": clause.severity,
                "covers": list(clause.covers),
            }
            for clause in clauses
        ],
        "changes_since": [
            {"what": change.type, "policy": change.policy, "rule": change.rule, "at": _at(change.created_at)}
            for change in story.changes
        ],
        "copies_recognised_from_now_on": story.learnt,
    }


def _item(told: Told, story: Story, seen: Mapping[int, Seen], names: Mapping[int, str]) -> dict[str, Any]:
    item = told.item
    before = seen.get(item.subject_id or 0)
    return {
        "position": item.position,
        "url": item.url,
        "quote": item.quote,
        "named_clause": item.named_clause,
        "evidence": msgspec.to_builtins(item.evidence),
        "match": item.match,
        "kind": item.subject_kind,
        "subject": str(item.subject_id) if item.subject_id else None,
        "author": names.get(item.account_id or 0),
        "result": told.result,
        "cause": told.cause,
        "rule": told.rule,
        "before": _before(before),
        "after": _after(told),
        "remark": item.remark,
        "decision": _decision(before, item.decided.actions if item.decided else []),
        "account_actions": [
            {
                "account": names.get(act.account_id),
                "kind": act.kind,
                "at": _at(act.starts_at),
                "until": _at(act.ends_at),
                "clause": act.clause,
            }
            for act in told.acts
        ],
        "reach": item.reach,
        "copies": [_copy(copy, seen, names) for copy in story.copies if copy.item_id == item.id],
    }


def _copy(copy: Copy, seen: Mapping[int, Seen], names: Mapping[int, str]) -> dict[str, Any]:
    before = seen.get(copy.status_id)
    text = str((before.content or {}).get("text", "")) if before else copy.text
    return {
        "subject": str(copy.status_id),
        "author": names.get(copy.account_id),
        "similarity": round(copy.similarity, 4),
        "reach": copy.reach,
        "created_at": _at(copy.created_at),
        "text_sha256": hashlib.sha256(text.encode()).hexdigest() if text is not None else None,
        "result": result_of(copy.outcome, copy.actions, exists=copy.revision is not None),
        "decision": _decision(before, copy.actions),
    }


def _before(seen: Seen | None) -> dict[str, Any] | None:
    """What the reviewer saw. Of an account, only the hash: its texts are not what the notice is about."""
    if seen is None or seen.content is None or seen.sha256 is None:
        return None
    found: dict[str, Any] = {"snapshot_sha256": seen.sha256.hex()}
    if "text" in seen.content:
        text = str(seen.content["text"])
        found |= {
            "text": text,
            "text_sha256": hashlib.sha256(text.encode()).hexdigest(),
            "spoiler_text": seen.content.get("spoiler_text", ""),
            "created_at": seen.content.get("created_at"),
            "media": len(seen.content.get("media") or []),
        }
    return found


def _after(told: Told) -> dict[str, Any]:
    now = told.now
    if told.item.subject_kind != "status":
        return {"state": told.result}
    if now is None:
        return {"state": "gone"}
    shown = now.withheld is None
    return {
        "state": "shown" if shown else "removed" if now.withheld == "refused" else "held",
        "text_sha256": hashlib.sha256(now.text.encode()).hexdigest(),
    }


def _decision(seen: Seen | None, actions: Sequence[str]) -> dict[str, Any] | None:
    if seen is None:
        return None
    return {
        "event": str(seen.event_id),
        "outcome": seen.outcome,
        "clause": seen.clause,
        "rule": seen.rule,
        "at": _at(seen.created_at),
        "actions": list(actions),
    }


async def _proofs(conn: Reader, notice_id: int, event_ids: Sequence[int]) -> dict[str, Any]:
    checkpoints: list[str] = []
    proven: list[dict[str, Any]] = []
    # Of whom has left the leaf is there still, and what it hides is gone.
    erased: list[dict[str, Any]] = []
    for event in await story_queries.list_events(conn, notice_id, event_ids):
        try:
            # Who did it and whose it was stays hidden.
            proof = await proof_of_event(conn, event.id, ("details", "event", "subject"))
        except NotFound:
            # Written while the pack is made.
            continue
        if proof.checkpoint not in checkpoints:
            checkpoints.append(proof.checkpoint)
        place = {
            "checkpoint": checkpoints.index(proof.checkpoint),
            "index": proof.index,
            "leaf": msgspec.to_builtins(proof.leaf),
            "path": proof.path,
        }
        if proof.opened:
            opened = msgspec.to_builtins(proof.opened)
            shown = {field: _shown(each) for field, each in opened.items() if field != "actor"}
            proven.append({**place, "opened": shown})
        else:
            erased.append({**place, "event": str(event.id)})
    return {"checkpoints": checkpoints, "events": proven, "erased": erased}


def _shown(opened: dict[str, Any]) -> dict[str, Any]:
    return {name: opened[name] for name in ("key", "text", "hash") if opened.get(name) is not None}


def _json(tree: object) -> bytes:
    return msgspec.json.format(msgspec.json.encode(tree), indent=1)


def _at(moment: datetime | None) -> str | None:
    return None if moment is None else f"{moment.astimezone(UTC):%Y-%m-%dT%H:%M:%S}Z"
