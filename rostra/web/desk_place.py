"""Where a reviewer is in the queue: what they have narrowed it to and what they have skipped, carried in addresses."""

from __future__ import annotations

from typing import Any, Final, get_args
from urllib.parse import parse_qsl, quote, urlencode

import msgspec

from rostra.moderation.cases.queue import Query
from rostra.moderation.desk import Reviewer
from rostra.moderation.records import Origin
from rostra.screening.cases import CaseSource
from rostra.web.visit import Visit

SOURCES: Final[tuple[CaseSource, ...]] = get_args(CaseSource)
_LONGEST: Final = 80
# So many skipped cases are remembered; those before them come up again.
_SKIPPED: Final = 40
# How what opened a case is told in a statement of reasons.
ORIGINS: Final[dict[str, Origin]] = {"notice": "host"}


class Place(msgspec.Struct, frozen=True, kw_only=True):
    """A narrowed queue and what was skipped in it."""

    query: Query = Query()
    skipped: tuple[int, ...] = ()

    def __str__(self) -> str:
        """As it stands in a hidden field and, quoted once more, in an address."""
        query = self.query
        given: dict[str, Any] = {"clause": query.clause, "language": query.language, "source": query.source}
        if query.exposure is not None:
            given["exposure"] = query.exposure
        if self.skipped:
            given["skipped"] = ".".join(map(str, self.skipped))
        return urlencode({name: value for name, value in given.items() if value != ""})

    @property
    def within(self) -> str:
        """As the value of a parameter of an address, with its name; empty for the whole queue."""
        text = str(self)
        return f"within={quote(text, safe='')}" if text else ""

    def list_path(self, **more: object) -> str:
        """The list of the queue, narrowed so."""
        kept = str(msgspec.structs.replace(self, skipped=()))
        rest = urlencode({name: value for name, value in more.items() if value})
        query = "&".join(part for part in (rest, kept) if part)
        return f"/admin/desk?{query}" if query else "/admin/desk"

    def case_path(self, case_id: int, **more: object) -> str:
        """The page of a case, from which one goes on in this queue."""
        rest = urlencode({name: value for name, value in more.items() if value})
        query = "&".join(part for part in (rest, self.within) if part)
        return f"/admin/desk/cases/{case_id}?{query}" if query else f"/admin/desk/cases/{case_id}"

    def skip(self, case_id: int) -> Place:
        """The same, and not that case."""
        return msgspec.structs.replace(self, skipped=(*self.skipped[-_SKIPPED + 1 :], case_id))


def parse_place(text: str) -> Place:
    """A place out of a hidden field. Whatever does not fit is left out."""
    given = dict(parse_qsl(text))
    skipped = tuple(int(each) for each in given.get("skipped", "").split(".") if each.isdecimal() and len(each) < 20)
    return Place(query=narrow(**{name: given.get(name, "") for name in _NAMES}), skipped=skipped[-_SKIPPED:])


_NAMES: Final = ("clause", "language", "exposure", "source")


def narrow(clause: str = "", language: str = "", exposure: str = "", source: str = "", state: Any = "queued") -> Query:
    """What fields of a form ask for."""
    return Query(
        state=state,
        clause=clause[:_LONGEST],
        language=language[:_LONGEST],
        exposure=int(exposure) if exposure in ("0", "1", "2", "3") else None,
        source=source if source in SOURCES else "",
    )


def reviewer_of(visit: Visit) -> Reviewer:
    """Whoever is signed in, as a reviewer."""
    return Reviewer(account_id=visit.me.account_id, role=visit.me.role)
