"""Telling the staff by mail that a legal notice has come in. Who sent it, and what they wrote, stays on the page that
shows it; in the application they are told by `notifications`."""

from __future__ import annotations

from typing import Final

from rostra.accounts.permissions import roles_with
from rostra.events import MailOrdered
from rostra.kit.db import Reader
from rostra.moderation.desk import Desk

STAFF: Final = """
select u.email, u.locale from users u
where u.role = any($1::text[]) and u.confirmed_at is not null and u.disabled_at is null order by u.account_id
"""

_LETTERS: Final[dict[str, tuple[str, str]]] = {
    "en": (
        "A legal notice has come in on {site}",
        "A legal notice under Article 16 of Regulation (EU) 2022/2065 has come in. It is to be decided within seven "
        "days.\n\n{link}\n",
    ),
    "it": (
        "È arrivata una segnalazione legale su {site}",
        "È arrivata una segnalazione ai sensi dell’articolo 16 del regolamento (UE) 2022/2065. Va decisa entro sette "
        "giorni.\n\n{link}\n",
    ),
}


async def tell_legal(desk: Desk, report_id: int) -> int:
    """Order a letter to each of the staff who may decide about it; how many that are."""
    async with desk.db.read() as conn:
        staff = await _list_staff(conn)
    link = f"{desk.urls.base}/admin/reports/{report_id}"
    async with desk.db.transaction() as tx:
        for address, language in staff:
            subject, text = _LETTERS["it" if language.startswith("it") else "en"]
            letter = MailOrdered(to=address, subject=subject.format(site=desk.urls.domain), text=text.format(link=link))
            await desk.emit(tx, letter)
    return len(staff)


async def _list_staff(conn: Reader) -> list[tuple[str, str]]:
    """Address and language."""
    return [(row["email"], row["locale"]) for row in await conn.fetch(STAFF, roles_with("decide"))]
