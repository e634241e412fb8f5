"""Cases of bringing things here and of moving away."""

from __future__ import annotations

# ruff: noqa: E501
# fmt: off
from typing import Any

from rostra.archive.import_records import Source
from rostra.posts.imported_queries import Origin
from tests.web import samples as s
from tests.web.case import Case
from tests.web.samples import page

AT = "2026-05-04T08:00:00.000Z"
KINDS = ("following", "blocking", "muting", "domain_blocking", "lists", "bookmarks")


def import_cases() -> dict[str, Case]:
    """Name to case."""
    return {**_list_cases(), **_one_cases(), **_move_cases(), **_thread_cases()}


def _list_cases() -> dict[str, Case]:
    at = page("/settings/import")
    row: dict[str, Any] = {"id": "7", "type": "following", "mode": "merge", "state": "finished", "file_name": "following_accounts.csv", "total": 1204, "imported": 1201, "failed": 3, "skipped": 0, "created_at": AT}
    states = ("waiting", "running", "finished", "stopped", "undoing", "undone")
    rows = [row | {"type": kind, "state": state} for kind, state in zip((*KINDS, "archive"), (*states, "finished"), strict=True)]
    empty: dict[str, Any] = {"imports": [], "kinds": KINDS, "largest": "2 GB", "values": {"mode": "merge"}, "errors": {}}
    return {
        "settings/import-empty": Case("settings/import.html", at, empty),
        "settings/import-all": Case("settings/import.html", at, empty | {"imports": [*rows, row | {"file_name": s.HOSTILE, "imported": 1, "failed": 1}]}),
        "settings/import-wrong": Case("settings/import.html", at, empty | {"values": {"type": "lists", "mode": "overwrite"}, "errors": {"file": s.HOSTILE, "type": "ERR_BLANK", "archive": s.HOSTILE}}),
    }


def _one_cases() -> dict[str, Case]:
    at = page("/settings/import/7")
    shown: dict[str, Any] = {"id": "7", "type": "following", "mode": "overwrite", "state": "waiting", "file_name": s.HOSTILE, "total": 100, "imported": 0, "failed": 2, "skipped": 0, "created_at": AT}
    one: dict[str, Any] = {"shown": shown, "doable": 98, "ends": 12, "reasons": [("Other servers cannot be reached yet.", 2)], "source": None, "proven": False, "size": "", "problem": "", "undoable": False, "errors": {}}
    source = Source(handle=s.HOSTILE, actor="https://far.example/users/ada", name=s.HOSTILE, posts=1204, boosts=3, direct=7, files=30, size=40_000_000, oldest="2019-01-02T10:00:00+00:00", newest="2024-01-02T10:00:00+00:00", lists={"following": 30, "bookmarks": 1})
    signed = {"signed_by": "far.example", "key": "far.example/ledger+1f2e3d4c+AbC=", "signed_at": "2026-05-01T10:00:00.000Z"}
    archive = one | {"shown": shown | {"type": "archive", "mode": "merge"}, "size": "40 MB", "source": source}

    def of(**more: Any) -> dict[str, Any]:
        return archive | {"source": Source(**{name: getattr(source, name) for name in Source.__struct_fields__} | more)}

    return {
        "settings/import_one-hostile": Case("settings/import_one.html", at, one),
        "settings/import_one-running": Case("settings/import_one.html", at, one | {"shown": shown | {"state": "running", "imported": 40}}),
        "settings/import_one-stopped": Case("settings/import_one.html", at, one | {"shown": shown | {"state": "stopped"}, "problem": s.HOSTILE}),
        "settings/import_one-done": Case("settings/import_one.html", at, one | {"shown": shown | {"state": "finished", "imported": 98}}),
        "settings/import_one-archive-hostile": Case("settings/import_one.html", at, archive),
        "settings/import_one-archive-wrong": Case("settings/import_one.html", at, archive | {"errors": {"mine": "ERR_BLANK"}}),
        "settings/import_one-archive-signed": Case("settings/import_one.html", at, of(signature="valid", key_confirmed=True, tie="alias", **signed) | {"proven": True}),
        "settings/import_one-archive-unconfirmed": Case("settings/import_one.html", at, of(signature="valid", tie="handle", **signed)),
        "settings/import_one-archive-forged-hostile": Case("settings/import_one.html", at, of(signature="invalid", signature_problem=s.HOSTILE)),
        "settings/import_one-archive-done": Case("settings/import_one.html", at, archive | {"shown": shown | {"type": "archive", "state": "finished", "imported": 1200, "skipped": 3}, "undoable": True}),
        "settings/import_one-archive-undone": Case("settings/import_one.html", at, archive | {"shown": shown | {"type": "archive", "state": "undone"}}),
    }


def _move_cases() -> dict[str, Case]:
    aliases, at = page("/settings/aliases"), page("/settings/move")
    empty: dict[str, Any] = {"last": None, "hindrance": None, "values": {"mode": "followers"}, "errors": {}}
    last: dict[str, Any] = {"target": "ada2", "mode": "followers", "state": "running", "followers": 1, "created_at": AT}
    return {
        "settings/aliases-empty": Case("settings/move_aliases.html", aliases, {"aliases": [], "values": {}, "errors": {}}),
        "settings/aliases-wrong": Case("settings/move_aliases.html", aliases, {"aliases": ["https://far.example/users/ada", s.HOSTILE], "values": {"alias": s.HOSTILE}, "errors": {"alias": s.HOSTILE}}),
        "settings/move": Case("settings/move.html", at, empty),
        "settings/move-wrong": Case("settings/move.html", at, empty | {"values": {"target": s.HOSTILE, "mode": "redirect"}, "errors": {"target": s.HOSTILE, "current_password": s.HOSTILE}}),
        "settings/move-running": Case("settings/move.html", at, empty | {"last": last, "hindrance": "too_soon"}),
        "settings/move-redirect": Case("settings/move.html", at, empty | {"last": last | {"mode": "redirect", "state": "finished"}}),
        **{f"settings/move-{why}": Case("settings/move.html", at, empty | {"last": last | {"state": "undone"}, "hindrance": why}) for why in ("too_soon", "frozen", "limited", "suspended")},
    }


def _thread_cases() -> dict[str, Case]:
    thread: dict[str, Any] = {"withheld": None, "status": s.FIRST, "ancestors": [], "descendants": [], "composer": None, "live": None}
    proven = Origin(url="https://far.example/@ada/1", answers_url=None, proven=True, handle="@ada@far.example")
    hostile = Origin(url="javascript:alert(1)", answers_url="javascript:alert(1)", proven=False, handle=s.HOSTILE)
    moved = page("/home")
    assert moved.viewer is not None
    return {
        "thread-imported": Case("thread.html", page("/@ada/1"), thread | {"origin": proven}),
        "thread-imported-hostile": Case("thread.html", page("/@ada/1", member=False), thread | {"origin": hostile}),
        "thread-moved": Case("thread.html", page("/@ada/1", viewer={**moved.viewer, "moved": s.MARCO}), thread | {"origin": None}),
    }
