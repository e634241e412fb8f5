"""Taking a notice in: read, told from what is known, believed or put aside, with its clock running from this moment.

Everything about one notice is one transaction: what was sent, its items, its clock, the event in the ledger, and the
job that goes on with it. What nobody vouches for is kept in quarantine until a person does.
"""

from __future__ import annotations

import asyncio
import hashlib
import re
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Final

import msgspec

from rostra.accounts.permissions import check_may
from rostra.events import NoticeReceived
from rostra.kit.db import Tx
from rostra.kit.errors import Conflict, Invalid, NotFound
from rostra.ledger.append import Entry, append
from rostra.moderation.desk import Desk, Reviewer
from rostra.notices import item_queries, queries
from rostra.notices.formats.read import read_notice
from rostra.notices.formats.records import Fault, ParsedNotice, Problem, Unusable
from rostra.notices.provider_queries import find_provider
from rostra.notices.providers import find_clause
from rostra.notices.records import TERMS, Channel, Notice, Proof, Provider, Regime, State
from rostra.policy.records import Bundle
from rostra.text.places import own_hosts

UNVERIFIED: Final = "unverified"
# The words for answers of the API and of commands; pages have their own.
WORDS: Final[dict[Fault, str]] = {
    "archive_not_opened": "is an archive; archives are not opened",
    "auto_reply": "is an automatic reply",
    "bad_base64": "has evidence that is not base64",
    "bad_charset": "has an unknown charset",
    "bad_headers": "is mail whose headers cannot be read",
    "bad_json": "is not valid JSON",
    "bad_row": "has lines without an address or a quotation",
    "delivery_report": "is a delivery report",
    "encrypted": "is encrypted",
    "evidence_too_large": "has evidence of more than 5 MB",
    "evidence_wrong_hash": "has evidence that does not match its hash",
    "missing_field": "lacks a field",
    "no_items": "names no address and quotes nothing",
    "other_addresses": "names addresses of other servers",
    "too_deep": "is nested too deeply",
    "too_large": "is too large",
    "too_many_items": "has too many items",
    "too_many_parts": "has too many parts",
    "unknown_format": "has a type that is not understood",
    "xml_not_read": "is XML, which is not read",
}
# Until the answer is on its way, who gets it may still be said.
_OPEN: Final = ("parsed", "expanding", "acting", "drafting")
_NEVER_NOTICES: Final = ("auto_reply", "delivery_report")
_SHORTEST: Final = timedelta(minutes=15)
_ABOUT: Final = re.compile(r"\[notice (\d{1,19})\]", re.IGNORECASE)


class Unreadable(Invalid):
    """What came cannot be read, for its `fault`."""

    def __init__(self, problem: Problem) -> None:
        self.fault = problem.fault
        detail = f" ({problem.detail})" if problem.detail else ""
        super().__init__("notice", f"{WORDS[problem.fault]}{detail}")


class Arrival(msgspec.Struct, frozen=True, kw_only=True):
    """What came: `proof` says how it is known who sent it, `key` what makes it the same notice as another."""

    body: bytes
    content_type: str = ""
    channel: Channel
    proof: Proof = "none"
    provider: Provider | None = None
    key: str = ""
    # What the sender or a person says it is; the provider's own where nobody says so.
    regime: Regime | None = None
    sender: str = ""
    subject: str = ""
    actor_id: int | None = None
    # Why it is to be looked at by a person whatever it says.
    fault: Fault | None = None


class Taken(msgspec.Struct, frozen=True, kw_only=True):
    """A notice that was taken in, now or (`is_new` False) before; `is_named` where it is known only now whose it is."""

    notice_id: int
    is_new: bool
    is_named: bool = False


async def take_in(desk: Desk, arrival: Arrival) -> Taken:
    """Take a notice in. Raises Invalid where nothing of it can be used (mail is kept in quarantine instead), Conflict
    where another one came under the same key."""
    digest = hashlib.sha256(arrival.body).digest()
    fault, parsed = str(arrival.fault or ""), None
    try:
        parsed = await asyncio.to_thread(read_notice, arrival.body, arrival.content_type, own_hosts(desk.urls))
    except Unusable as error:
        if arrival.channel != "mail":
            raise Unreadable(error.problem) from None
        fault = fault or error.problem.fault
    if not fault and arrival.proof == "none":
        fault = UNVERIFIED
    bundle = (await desk.policies.current(desk.db)).bundle
    key = _once_key(arrival, parsed, digest)
    async with desk.db.transaction() as tx:
        made = await _insert(tx, desk, arrival, parsed, fault, key, digest, bundle)
        if made is not None:
            return Taken(notice_id=made, is_new=True)
        known = await queries.find_known(tx, key)
        assert known is not None
        notice = await queries.find_notice(tx, known)
        if notice is not None and notice.sha256 != digest:
            raise Conflict(f"Another notice came under this id before: it is number {known}")
        is_named = notice is not None and await _name(tx, desk, notice, arrival, parsed)
        return Taken(notice_id=known, is_new=False, is_named=is_named)


async def release(
    desk: Desk, reviewer: Reviewer, notice_id: int, *, provider_id: int | None = None, regime: Regime | None = None
) -> None:
    """Vouch for a quarantined notice: it goes on as if it had just been believed, its clock running since it came.

    Raises Forbidden, NotFound, and Invalid where nothing in it can be acted on.
    """
    check_may(reviewer.role, "notices")
    at = desk.clock.now()
    bundle = (await desk.policies.current(desk.db)).bundle
    async with desk.db.read() as conn:
        notice = await queries.find_notice(conn, notice_id)
        original = await queries.find_original(conn, notice_id)
        provider = await find_provider(conn, provider_id) if provider_id else None
    if notice is None or original is None or notice.state != "quarantined":
        raise NotFound
    try:
        parsed = await asyncio.to_thread(read_notice, original[1], original[0], own_hosts(desk.urls))
    except Unusable as error:
        raise Unreadable(error.problem) from None
    chosen = regime or (provider.regime if provider else notice.regime)
    due_at = _due(parsed, provider, chosen, notice.received_at)
    async with desk.db.transaction() as tx:
        if await queries.lock_notice(tx, notice_id) != "quarantined":
            raise NotFound
        await queries.release_notice(tx, notice_id, provider_id, chosen, due_at)
        await queries.insert_step(tx, notice_id, "received", reviewer.account_id, at)
        await item_queries.insert_items(tx, notice_id, at, parsed.items, _clauses(bundle, provider, parsed))
        await queries.insert_clock(tx, notice_id, chosen, notice.received_at, due_at)
        await queries.move_notice(tx, notice_id, "parsed", None, at)
        await append(tx, at, _entry("notice_released", notice_id, reviewer.account_id, {"items": len(parsed.items)}))
        await desk.emit(tx, NoticeReceived(notice_id=notice_id))


async def refuse(desk: Desk, reviewer: Reviewer, notice_id: int, why: str) -> None:
    """Put a quarantined notice away for good: it is from nobody, or no notice. Raises Forbidden and NotFound."""
    check_may(reviewer.role, "notices")
    at = desk.clock.now()
    async with desk.db.transaction() as tx:
        if await queries.lock_notice(tx, notice_id) != "quarantined":
            raise NotFound
        await queries.move_notice(tx, notice_id, "refused", reviewer.account_id, at, why[:500])
        await append(tx, at, _entry("notice_refused", notice_id, reviewer.account_id, {}))


def notice_of_subject(subject: str) -> int | None:
    """The notice that a mail answers, by the mark in the subject of ours."""
    found = _ABOUT.search(subject)
    return int(found[1]) if found and int(found[1]) < 2**63 else None


def mark_of(notice_id: int) -> str:
    """What stands in the subject of our mails about a notice."""
    return f"[notice {notice_id}]"


async def _insert(
    tx: Tx,
    desk: Desk,
    arrival: Arrival,
    parsed: ParsedNotice | None,
    fault: str,
    key: str,
    digest: bytes,
    bundle: Bundle,
) -> int | None:
    at, provider = desk.clock.now(), arrival.provider
    regime: Regime = arrival.regime or (provider.regime if provider else "host")
    due_at = _due(parsed, provider, regime, at)
    state: State = "refused" if fault in _NEVER_NOTICES else "quarantined" if fault else "received"
    read = parsed or ParsedNotice(format="text")
    made = await queries.insert_notice(
        tx,
        (
            provider.id if provider else None, arrival.channel, read.format if parsed else "", arrival.proof, state,
            fault, regime, arrival.sender or read.sender, read.reporter, arrival.subject or read.subject, read.text,
            read.report_id, read.clauses, msgspec.to_builtins(read.evidence), msgspec.to_builtins(read.problems), key,
            digest, at, due_at,
        ),
    )  # fmt: skip
    if made is None:
        return None
    await queries.insert_original(tx, made, arrival.content_type[:200], arrival.body)
    await queries.insert_step(tx, made, state, arrival.actor_id, at)
    details = {
        "channel": arrival.channel, "format": read.format, "proof": arrival.proof, "regime": regime,
        "items": len(read.items), "sha256": digest.hex(), "due": due_at.isoformat(), "fault": fault,
        "provider": str(provider.id) if provider else "",
    }  # fmt: skip
    await append(tx, at, _entry("notice_received", made, arrival.actor_id, details))
    if parsed is not None and not fault:
        await item_queries.insert_items(tx, made, at, parsed.items, _clauses(bundle, provider, parsed))
        await queries.insert_clock(tx, made, regime, at, due_at)
        if provider is not None and provider.regime != regime:
            await queries.insert_clock(tx, made, provider.regime, at, _due(parsed, provider, provider.regime, at))
        await queries.move_notice(tx, made, "parsed", None, at)
        await desk.emit(tx, NoticeReceived(notice_id=made))
    elif provider is not None and state == "quarantined":
        # Theirs without doubt, and only a person can make something of it: its time runs no less.
        await desk.emit(tx, NoticeReceived(notice_id=made))
    return made


async def _name(tx: Tx, desk: Desk, notice: Notice, arrival: Arrival, parsed: ParsedNotice | None) -> bool:
    """Have a notice that was nobody's be the provider's for whom a person vouches now, with the provider's clock."""
    provider = arrival.provider
    if provider is None or arrival.proof != "person" or notice.provider_id is not None or notice.state not in _OPEN:
        return False
    regime = arrival.regime or provider.regime
    await queries.set_provider(tx, notice.id, provider.id)
    await queries.insert_clock(
        tx, notice.id, regime, notice.received_at, _due(parsed, provider, regime, notice.received_at)
    )
    details = {"provider": str(provider.id), "regime": regime}
    await append(tx, desk.clock.now(), _entry("notice_named", notice.id, arrival.actor_id, details))
    return True


def _due(parsed: ParsedNotice | None, provider: Provider | None, regime: Regime, received_at: datetime) -> datetime:
    """What the notice says, else what the provider or the law gives. The hour of an order against terrorist content
    holds whatever else is said."""
    own = provider.reply_within if provider and provider.regime == regime else TERMS[regime]
    named: list[datetime] = []
    if parsed is not None and parsed.term is not None:
        named.append(received_at + parsed.term)
    if parsed is not None and parsed.due_at is not None:
        named.append(max(parsed.due_at, received_at + _SHORTEST))
    due_at = min(named) if named else received_at + own
    return min(due_at, received_at + TERMS["terrorist"]) if regime == "terrorist" else due_at


def _clauses(bundle: Bundle, provider: Provider | None, parsed: ParsedNotice) -> Sequence[str]:
    """Our clause for each item, empty where none is known."""
    host = provider.host if provider else ""
    known = {
        named: find_clause(bundle, host, named) for named in {*parsed.clauses, *(each.clause for each in parsed.items)}
    }
    common = next((clause for named in parsed.clauses if (clause := known[named])), None)
    found = [known[item.clause] or (common if not item.clause else None) for item in parsed.items]
    return [clause.id if clause else "" for clause in found]


def _once_key(arrival: Arrival, parsed: ParsedNotice | None, digest: bytes) -> str:
    """Only who is known may name a notice: else anybody could take the place of one that is to come."""
    if arrival.proof in ("token", "signature") and arrival.provider is not None:
        name = arrival.key or (parsed.report_id if parsed else "") or digest.hex()
        return f"{arrival.channel}:{arrival.provider.id}:{name}"[:500]
    return f"{arrival.channel}:{digest.hex()}"


def _entry(type_: str, notice_id: int, actor_id: int | None, details: Mapping[str, object]) -> Entry:
    return Entry(type=type_, subject_kind="notice", subject_id=notice_id, actor_id=actor_id, details=dict(details))
