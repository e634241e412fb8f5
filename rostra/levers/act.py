"""Arming, pulling and releasing levers, and writing what was learnt. Each act is an event of the ledger.

All acts on levers wait for one another, so that none is pulled twice. Who may act is checked by the edges.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from hashlib import sha256
from typing import Any, Final

import msgspec

from rostra.events import Emit, LeverMoved
from rostra.kit.clock import Clock
from rostra.kit.db import Database, Tx
from rostra.kit.errors import Conflict, Invalid, NotFound, OutOfRange
from rostra.ledger.append import Entry, append
from rostra.levers import queries
from rostra.levers.enforce import rule_of
from rostra.levers.forecast import Brake
from rostra.levers.kinds import BRAKE, USUALLY, check_lasts, check_name, default_params, load_params, read_params
from rostra.levers.records import How, Incident, Pull, ReleasedHow, Setup, Wish

MAX_REASON: Final = 500
MAX_TITLE: Final = 120
MAX_DEBRIEF: Final = 20_000
LEAST_DEBRIEF: Final = 20
# What is pulled this soon after an incident belongs to it, if nobody has closed it.
_SAME: Final = timedelta(hours=24)


async def arm(db: Database, clock: Clock, name: str, setup: Setup, *, actor_id: int | None) -> None:
    """Prepare a lever: its parameters, how long it holds, and the condition that pulls it.

    Raises NotFound for what is no lever, and Invalid with the name of what is out of its bounds. One that is pulled
    goes on as it was pulled.
    """
    check_name(name)
    params = msgspec.structs.asdict(read_params(name, setup.params))
    check_lasts(setup.lasts)
    if setup.trigger is not None and setup.lasts is None:
        raise Invalid(
            "lasts", "must be set for a lever with a trigger: what nobody pulls must end by itself", code="ERR_ENDLESS"
        )
    at = clock.now()
    async with db.transaction() as tx:
        await queries.lock(tx)
        await queries.arm(tx, name, params, setup.lasts, setup.trigger, actor_id, at)
        said = {"params": params, "lasts": _seconds(setup.lasts), "trigger": msgspec.to_builtins(setup.trigger)}
        await _log(tx, at, "lever_armed", name, 0, actor_id, said)


async def disarm(db: Database, clock: Clock, name: str, *, actor_id: int | None) -> None:
    """Have a lever be as it comes, without a trigger. Raises NotFound for what is no lever."""
    check_name(name)
    async with db.transaction() as tx:
        await queries.lock(tx)
        if await queries.disarm(tx, name):
            await _log(tx, clock.now(), "lever_disarmed", name, 0, actor_id, {})


async def pull(db: Database, clock: Clock, emit: Emit, name: str, wish: Wish, *, actor_id: int | None) -> int:
    """Pull a lever as it was prepared, or as it comes; the pull's id.

    Raises NotFound for what is no lever, Conflict where it is pulled already, Invalid for a wish that does not fit.
    """
    check_name(name)
    if len(wish.reason) > MAX_REASON:
        raise Invalid("reason", f"is too long (maximum is {MAX_REASON} characters)", code="ERR_TOO_LONG")
    if len(wish.title) > MAX_TITLE:
        raise Invalid("title", f"is too long (maximum is {MAX_TITLE} characters)", code="ERR_TOO_LONG")
    if wish.lasts is not None:
        check_lasts(wish.lasts[0])
    async with db.transaction() as tx:
        await queries.lock(tx)
        pull_id = await pull_locked(tx, clock.now(), emit, name, wish, how="person", actor_id=actor_id)
    if pull_id is None:
        raise Conflict(f"{name} is pulled already")
    return pull_id


async def pull_locked(
    tx: Tx,
    at: datetime,
    emit: Emit,
    name: str,
    wish: Wish,
    *,
    how: How,
    actor_id: int | None = None,
    reading: dict[str, Any] | None = None,
) -> int | None:
    """`pull`, within a transaction that has locked the levers; None where it is pulled already."""
    before = (await queries.list_open_pulls(tx)).get(name)
    if before is not None:
        if before.until is None or at < before.until:
            return None
        # Its time is over, and nobody has noted it yet.
        await release_locked(tx, at, emit, before, how="expired")
    armed = (await queries.list_armed(tx)).get(name)
    params = msgspec.structs.asdict(load_params(name, armed.params)) if armed else default_params(name)
    lasts = armed.lasts if armed else None if name == BRAKE else USUALLY
    if wish.lasts is not None:
        lasts = wish.lasts[0]
    incident_id = await _incident(tx, at, wish, actor_id)
    pull_id = await queries.insert_pull(
        tx, name, incident_id, params, how, actor_id, at,
        reason=wish.reason.strip(), reading=reading, until=at + lasts if lasts else None,
    )  # fmt: skip
    if pull_id is None:
        return None
    if how == "trigger":
        await queries.set_ready(tx, name, ready=False)
    said = {"incident": str(incident_id), "how": how, "params": params, "lasts": _seconds(lasts), "reading": reading}
    await _log(tx, at, "lever_pulled", name, pull_id, actor_id, said)
    await emit(tx, LeverMoved(pull_id=pull_id, released=False, actor_id=actor_id))
    return pull_id


async def release(
    db: Database, clock: Clock, emit: Emit, name: str, *, actor_id: int | None, publish_held: bool = False
) -> Incident:
    """Release a lever: all that it did ends in every process within two seconds. The incident that it belongs to, which
    asks for a debrief if this was its last.

    What it alone has held stays in the review, or is published within a minute (`publish_held`). The brake can be
    released, too, and then takes hold again only after the alarm has been over. Raises NotFound for what is no lever,
    Conflict where it is not pulled.
    """
    if name != BRAKE:
        check_name(name)
    at = clock.now()
    async with db.transaction() as tx:
        await queries.lock(tx)
        pulled = (await queries.list_open_pulls(tx)).get(name)
        if pulled is None or not await release_locked(tx, at, emit, pulled, how="person", actor_id=actor_id):
            raise Conflict(f"{name} is not pulled")
        if publish_held:
            count = await queries.let_held_go(tx, rule_of(name), at)
            await _log(tx, at, "lever_held_released", name, pulled.id, actor_id, {"posts": count})
        incident = await queries.find_incident(tx, pulled.incident_id)
    assert incident is not None
    return incident


async def release_locked(
    tx: Tx, at: datetime, emit: Emit, pulled: Pull, *, how: ReleasedHow, actor_id: int | None = None
) -> bool:
    """`release`, within a transaction that has locked the levers; False where it was released already."""
    if not await queries.release(tx, pulled.id, at, actor_id, how):
        return False
    if pulled.name == "slow-mode":
        await queries.clear_turns(tx)
    said = {"incident": str(pulled.incident_id), "how": how, "held": pulled.held, "refused": pulled.refused}
    await _log(tx, at, "lever_released", pulled.name, pulled.id, actor_id, said)
    if await queries.end_incident(tx, pulled.incident_id, at):
        await _log(tx, at, "incident_ended", "", pulled.incident_id, actor_id, {})
    await emit(tx, LeverMoved(pull_id=pulled.id, released=True, actor_id=actor_id))
    return True


async def debrief(db: Database, clock: Clock, incident_id: int, text: str, *, actor_id: int | None) -> None:
    """Write what was learnt, and close the incident. The ledger gets the text's hash, so that it cannot be rewritten.

    Raises NotFound; Conflict while a lever is pulled, or where it is closed; Invalid for a text that says nothing.
    """
    text = text.strip()
    if len(text) < LEAST_DEBRIEF:
        raise Invalid("debrief", f"is too short (minimum is {LEAST_DEBRIEF} characters)", code="ERR_TOO_SHORT")
    if len(text) > MAX_DEBRIEF:
        raise Invalid("debrief", f"is too long (maximum is {MAX_DEBRIEF} characters)", code="ERR_TOO_LONG")
    at = clock.now()
    async with db.transaction() as tx:
        await queries.lock(tx)
        incident = await queries.find_incident(tx, incident_id)
        if incident is None:
            raise NotFound
        if incident.ended_at is None:
            raise Conflict("A lever of this incident is still pulled")
        if not await queries.debrief(tx, incident_id, text, actor_id, at):
            raise Conflict("This incident was closed already")
        said = {"sha256": sha256(text.encode()).hexdigest()}
        await _log(tx, at, "incident_debriefed", "", incident_id, actor_id, said)


async def set_brake(db: Database, clock: Clock, brake: Brake, *, actor_id: int | None) -> None:
    """Set the growth brake. Switched off, it lets go at the next look. Raises Invalid with what is out of bounds."""
    if not 1 <= brake.limit_hours <= 2160:
        raise OutOfRange("limit_hours", 1, 2160)
    if not 1 <= brake.least_backlog <= 1_000_000:
        raise OutOfRange("least_backlog", 1, 1_000_000)
    at = clock.now()
    async with db.transaction() as tx:
        await queries.lock(tx)
        await queries.set_brake(tx, brake)
        await _log(tx, at, "brake_set", BRAKE, 0, actor_id, msgspec.structs.asdict(brake))


async def _incident(tx: Tx, at: datetime, wish: Wish, actor_id: int | None) -> int:
    """The incident that a pull belongs to: the one that goes on or has just ended, or a new one."""
    found = await queries.find_joinable(tx, at - _SAME)
    if found is not None:
        await queries.go_on(tx, found)
        return found
    incident_id = await queries.insert_incident(tx, wish.title.strip(), wish.level, at, actor_id)
    await _log(tx, at, "incident_opened", "", incident_id, actor_id, {"level": wish.level})
    return incident_id


async def _log(
    tx: Tx, at: datetime, kind: str, name: str, subject_id: int, actor_id: int | None, said: dict[str, Any]
) -> None:
    details = {key: value for key, value in {"lever": name, **said}.items() if value not in (None, "")}
    await append(
        tx, at, Entry(type=kind, subject_kind="lever", subject_id=subject_id, actor_id=actor_id, details=details)
    )


def _seconds(lasts: timedelta | None) -> int | None:
    return None if lasts is None else int(lasts.total_seconds())
