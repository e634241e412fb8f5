"""Telling the staff that a notice of a host or an authority has come in: its clock is running. Later alarms are
`clocks`'."""

from __future__ import annotations

from datetime import UTC
from typing import Final

from rostra.accounts.permissions import roles_with
from rostra.events import MailOrdered
from rostra.moderation.desk import Desk
from rostra.notices import queries
from rostra.notices.clocks import NOBODY
from rostra.notices.intake import mark_of
from rostra.notices.records import Notice

_LETTERS: Final[dict[str, tuple[str, str]]] = {
    "en": (
        "{mark} {provider}: a notice has come in, an answer is due at {due}",
        "{provider} has sent a notice. Its examples are being looked for, and cases opened of what is found.\n\n"
        "Due: {due}\n\n{link}\n",
    ),
    "it": (
        "{mark} {provider}: è arrivata una segnalazione, una risposta è attesa entro {due}",
        "{provider} ha inviato una segnalazione. Gli esempi vengono cercati e per ciò che si trova si aprono dei casi."
        "\n\n"
        "Scadenza: {due}\n\n{link}\n",
    ),
}

_UNREAD: Final[dict[str, tuple[str, str]]] = {
    "en": (
        "{mark} {provider}: a notice has come in that a person has to read, an answer is due at {due}",
        "{provider} has sent something of which nothing can be made here by itself. It waits in quarantine, and its "
        "time runs.\n\nDue: {due}\n\n{link}\n",
    ),
    "it": (
        "{mark} {provider}: è arrivata una segnalazione da leggere di persona, una risposta è attesa entro {due}",
        "{provider} ha inviato qualcosa da cui qui non si ricava nulla in automatico. È in quarantena, e il suo tempo "
        "corre.\n\nScadenza: {due}\n\n{link}\n",
    ),
}


async def tell_received(desk: Desk, notice_id: int) -> int:
    """Order a letter to each of the staff who may answer notices; how many that are. A drill is no news to anybody."""
    async with desk.db.read() as conn:
        notice = await queries.find_notice(conn, notice_id)
        staff = await queries.list_staff(conn, roles_with("notices"))
    if notice is None or notice.channel == "drill":
        return 0
    async with desk.db.transaction() as tx:
        for address, language in staff:
            await desk.emit(tx, _letter(desk, notice, address, language))
    return len(staff)


def _letter(desk: Desk, notice: Notice, address: str, language: str) -> MailOrdered:
    spoken = "it" if language.startswith("it") else "en"
    subject, text = (_UNREAD if notice.state == "quarantined" else _LETTERS)[spoken]
    values = {
        "mark": mark_of(notice.id),
        "provider": notice.provider or NOBODY[spoken],
        "due": f"{notice.due_at.astimezone(UTC):%Y-%m-%d %H:%M} UTC",
        "link": f"{desk.urls.base}/admin/notices/{notice.id}",
    }
    return MailOrdered(to=address, subject=subject.format(**values), text=text.format(**values))
