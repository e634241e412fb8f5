"""A reported post is read by every encoder that is installed, also where screening found it plainly harmless.

After the report, by a job: it takes tens of milliseconds a post. What is found stands in the record as a reading of its
own, beside the verdict, and the cases of the report are as probable as it says.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Final

import msgspec

from rostra.kit.db import Reader, Tx, as_records
from rostra.ledger.append import Entry, append
from rostra.moderation.desk import Desk
from rostra.screening.active import Current
from rostra.screening.cases import READ_AGAIN, believe_anew
from rostra.screening.learn_queries import TextRow, list_texts
from rostra.screening.record import LEAST
from rostra.screening.subject import Part, Subject

if TYPE_CHECKING:
    from rostra.screening.detectors import Found

# Of the posts of a report whose cases wait, how each was read last.
REPORTED: Final = f"""
select s.id, s.account_id, s.revision, c.id as case_id, coalesce(e.detectors, '') as detectors,
  coalesce(e.revision, -1) as revision_read
from report_cases rc
  join cases c on c.id = rc.case_id and c.state <> 'closed' and c.subject_kind = 'status'
  join statuses s on s.id = c.subject_id
  left join lateral (select e.detectors, e.revision from moderation_events e
    where e.subject_id = s.id and e.subject_kind = 'status' and e.type in ('verdict', '{READ_AGAIN}')
    order by e.id desc limit 1) e on true
where rc.report_id = $1 order by c.id
"""

LOCK: Final = f"{REPORTED} for update of c"


class _Reported(msgspec.Struct, frozen=True, kw_only=True):
    id: int
    account_id: int
    revision: int
    case_id: int
    detectors: str
    revision_read: int

    def is_known(self, found: Found) -> bool:
        """Whether the very same detectors have read this very text."""
        return (self.detectors, self.revision_read) == (found.version, self.revision)


async def read_better(desk: Desk, report_id: int) -> int:
    """Read the posts of a report whose cases wait, where there is an encoder that reads better than screening did; of
    how many something new is known now. Does nothing the second time."""
    current = await desk.policies.current(desk.db)
    if not current.detectors.reads_better:
        return 0
    async with desk.db.read() as conn:
        before = {post.id: post for post in await _list_reported(conn, report_id)}
        texts = await list_texts(conn, sorted(before))
    if not texts:
        return 0
    found = await asyncio.to_thread(_read, desk, current, texts)
    at, done = desk.clock.now(), 0
    async with desk.db.transaction() as tx:
        for post in await _lock_reported(tx, report_id):
            # Edited meanwhile: what was read is not what is there.
            if post.id not in found or post.revision != before[post.id].revision or post.is_known(found[post.id]):
                continue
            scores = {name: round(score, 3) for name, score in found[post.id].scores.items() if score >= LEAST}
            entry = Entry(
                type=READ_AGAIN,
                subject_kind="status",
                subject_id=post.id,
                revision=post.revision,
                account_id=post.account_id,
                detectors=found[post.id].version,
                details={"scores": scores},
            )
            await believe_anew(tx, at, post.case_id, max(scores.values(), default=0.0))
            await append(tx, at, entry)
            done += 1
    return done


def _read(desk: Desk, current: Current, texts: dict[int, TextRow]) -> dict[int, Found]:
    subjects = [Subject(kind="post", parts=(Part("text", row.whole),), language=row.language) for row in texts.values()]
    today = desk.clock.now().date()
    found = current.detectors.read_many(subjects, desk.policies.banks, today, compare=False, thorough=True)
    # One that crashed says nothing; the verdict stands.
    return {row_id: each for row_id, each in zip(texts, found, strict=True) if not each.failed}


async def _list_reported(conn: Reader, report_id: int) -> list[_Reported]:
    return as_records(_Reported, await conn.fetch(REPORTED, report_id))


async def _lock_reported(tx: Tx, report_id: int) -> list[_Reported]:
    return as_records(_Reported, await tx.fetch(LOCK, report_id))
