"""The shapes of imports: what one is, the lines that it consists of, the job that carries it out."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Final, Literal

import msgspec

from rostra.kit.jobs import Kind

ImportType = Literal["following", "blocking", "muting", "domain_blocking", "lists", "bookmarks", "archive"]
Mode = Literal["merge", "overwrite"]
State = Literal["waiting", "running", "finished", "stopped", "undoing", "undone"]


class Source(msgspec.Struct, frozen=True, kw_only=True):
    """What an archive says of itself, and what was found of its signature."""

    # `@name@server` of whoever it is of, and the address (URI) of the account.
    handle: str
    actor: str
    name: str = ""
    posts: int = 0
    boosts: int = 0
    direct: int = 0
    files: int = 0
    size: int = 0
    # Of the first and the last post, as ISO 8601.
    oldest: str | None = None
    newest: str | None = None
    signature: Literal["none", "valid", "invalid"] = "none"
    # Why a signature does not hold.
    signature_problem: str = ""
    signed_by: str = ""
    # As /ledger of that server writes it.
    key: str = ""
    # Whether that server was asked and says so.
    key_confirmed: bool = False
    signed_at: str | None = None
    # What ties it to the account here: its actor names it (`alsoKnownAs`), or is it.
    tie: Literal["none", "alias", "handle"] = "none"
    # Kinds of lists that are in it as CSV files, and how many lines each has.
    lists: dict[str, int] = {}

    @property
    def proven(self) -> bool:
        """Whether it is signed by the server that it names, for somebody who says that the account here is theirs."""
        return self.signature == "valid" and self.key_confirmed and self.tie != "none"


class Import(msgspec.Struct, frozen=True, kw_only=True):
    """An import as its owner sees it. `source` is an archive's."""

    id: int
    account_id: int
    type: ImportType
    mode: Mode
    state: State
    file_name: str
    total: int
    imported: int
    failed: int
    cursor: int
    skipped: int
    problem: str | None
    source: dict[str, Any] | None
    with_direct: bool
    stored_as: str | None
    created_at: datetime
    confirmed_at: datetime | None
    finished_at: datetime | None

    @property
    def archive(self) -> Source:
        """What the archive says of itself."""
        return msgspec.convert(self.source or {"handle": "", "actor": ""}, Source)


class Row(msgspec.Struct, frozen=True, kw_only=True):
    """A line that is yet to be imported."""

    place: int
    subject: str
    options: dict[str, Any]
    target_id: int | None


class Failure(msgspec.Struct, frozen=True, kw_only=True):
    """A line that could not be imported; `reason` is a code."""

    place: int
    line: str
    reason: str


class ImportWanted(msgspec.Struct, frozen=True, kw_only=True):
    """The payload of the job that carries an import out, or takes it back."""

    import_id: int


RUN_IMPORT: Final = Kind("archive.import", ImportWanted)
# Hours of work: lists do not wait behind it.
RUN_ARCHIVE: Final = Kind("archive.import_posts", ImportWanted, -5)
UNDO_IMPORT: Final = Kind("archive.undo", ImportWanted)
