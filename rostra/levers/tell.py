"""Letters to staff: that a lever was pulled or released, by whom or by what, and that a debrief is due."""

from __future__ import annotations

from datetime import datetime
from typing import Final

import msgspec

from rostra.events import Emit, LeverMoved, MailOrdered
from rostra.kit.db import Database
from rostra.levers import queries
from rostra.levers.records import Incident, Pull
from rostra.levers.staff_queries import Staff, list_staff
from rostra.levers.triggers import Trigger
from rostra.levers.words import condition, title
from rostra.text.urls import Urls

_TEXTS: Final[dict[str, dict[str, str]]] = {
    "en": {
        "pulled": "{lever}: pulled on {site}",
        "released": "{lever}: released on {site}",
        "by_person": "@{who} has pulled it.",
        "by_condition": "It was pulled by its condition: {condition}.",
        "until": "It holds until {moment} UTC, or until somebody releases it.",
        "open": "It holds until it is released.",
        "off_person": "@{who} has released it.",
        "off_expired": "Its time was over.",
        "off_brake": "The forecast is well below the limit again.",
        "effect": "It held {held} and refused {refused} posts or acts.",
        "due": "That was the last lever of this incident: its debrief is due.",
        "page": "All levers:\n{link}",
    },
    "it": {
        "pulled": "{lever}: tirata su {site}",
        "released": "{lever}: rilasciata su {site}",
        "by_person": "L’ha tirata @{who}.",
        "by_condition": "È stata tirata dalla sua condizione: {condition}.",
        "until": "Vale fino al {moment} UTC, o finché qualcuno la rilascia.",
        "open": "Vale finché non viene rilasciata.",
        "off_person": "L’ha rilasciata @{who}.",
        "off_expired": "Il suo tempo è scaduto.",
        "off_brake": "La previsione è di nuovo ben sotto il limite.",
        "effect": "Ha trattenuto {held} e rifiutato {refused} tra post e azioni.",
        "due": "Era l’ultima leva di questo incidente: va scritto il resoconto.",
        "page": "Tutte le leve:\n{link}",
    },
}


async def tell_staff(db: Database, emit: Emit, urls: Urls, event: LeverMoved) -> int:
    """Order a letter to everybody of the staff but whoever did it; how many that are."""
    async with db.read() as conn:
        pulled = await queries.find_pull(conn, event.pull_id)
        incident = await queries.find_incident(conn, pulled.incident_id) if pulled else None
        staff = await list_staff(conn, event.actor_id)
    if pulled is None or incident is None:
        return 0
    async with db.transaction() as tx:
        for one in staff:
            await emit(tx, write_letter(one, pulled, incident, urls, released=event.released))
    return len(staff)


def write_letter(to: Staff, pulled: Pull, incident: Incident, urls: Urls, *, released: bool) -> MailOrdered:
    """The letter to one of the staff, in their language."""
    texts = _TEXTS.get(to.locale, _TEXTS["en"])
    subject = texts["released" if released else "pulled"].format(lever=title(pulled.name, to.locale), site=urls.domain)
    lines = _of_release(pulled, incident, texts) if released else _of_pull(pulled, texts, to.locale)
    lines.append(texts["page"].format(link=f"{urls.base}/admin/crisis"))
    return MailOrdered(to=to.email, subject=subject, text="\n\n".join(lines))


def _of_pull(pulled: Pull, texts: dict[str, str], locale: str) -> list[str]:
    lines: list[str] = []
    if pulled.reading is not None:
        trigger = msgspec.convert(
            {key: value for key, value in pulled.reading.items() if key in ("kind", "over")}, Trigger
        )
        lines.append(texts["by_condition"].format(condition=condition(trigger, locale)))
    elif pulled.pulled_by is not None:
        lines.append(texts["by_person"].format(who=pulled.pulled_by))
    if pulled.reason:
        lines.append(pulled.reason)
    lines.append(texts["until"].format(moment=_spell(pulled.until)) if pulled.until else texts["open"])
    return lines


def _of_release(pulled: Pull, incident: Incident, texts: dict[str, str]) -> list[str]:
    lines: list[str] = []
    if pulled.released_how == "person":
        lines += [texts["off_person"].format(who=pulled.released_by)] if pulled.released_by else []
    else:
        lines.append(texts["off_brake" if pulled.released_how == "brake" else "off_expired"])
    if pulled.held or pulled.refused:
        lines.append(texts["effect"].format(held=pulled.held, refused=pulled.refused))
    if incident.is_due:
        lines.append(texts["due"])
    return lines


def _spell(moment: datetime) -> str:
    return f"{moment:%Y-%m-%d %H:%M}"
