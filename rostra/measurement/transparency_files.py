"""A report as files: a CSV for each section and one JSON, in an archive whose bytes depend on the numbers alone."""

from __future__ import annotations

import csv
import io
import zipfile
from collections.abc import Mapping, Sequence
from typing import Any, Final

import msgspec

from rostra.measurement.transparency_sections import Cell, Period, Section

FORMAT: Final = "rostra-transparency-report/1"
# The first day that the archive's format knows: the time of packing is nobody's business, and would change the hash.
_LONG_AGO: Final = (1980, 1, 1, 0, 0, 0)
_RISKY: Final = ("=", "+", "-", "@", "\t", "\r")


def content_of(sections: Sequence[Section], period: Period, revision: int, note: str) -> dict[str, Any]:
    """The report as one object: what report.json holds, and the page shows."""
    return {
        "format": FORMAT,
        "period": {"begins": period.begins.isoformat(), "ends": period.last.isoformat()},
        "revision": revision,
        "note": note,
        "sections": {
            section.name: {"columns": list(section.columns), "rows": [list(row) for row in section.rows]}
            for section in sections
        },
    }


def pack(content: Mapping[str, Any]) -> bytes:
    """The archive (ZIP) of a report's content."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as archive:
        for name, section in content["sections"].items():
            _add(archive, f"{name}.csv", render_csv(section["columns"], section["rows"]).encode())
        _add(archive, "report.json", msgspec.json.format(msgspec.json.encode(content), indent=1) + b"\n")
    return out.getvalue()


def _add(archive: zipfile.ZipFile, name: str, body: bytes) -> None:
    entry = zipfile.ZipInfo(name, _LONG_AGO)
    entry.compress_type = zipfile.ZIP_DEFLATED
    entry.external_attr = 0o644 << 16
    archive.writestr(entry, body)


def render_csv(columns: Sequence[str], rows: Sequence[Sequence[Cell]]) -> str:
    """RFC 4180, in UTF-8; an empty cell is what is not known, which is not nought."""
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow(columns)
    writer.writerows([[_cell(cell) for cell in row] for row in rows])
    return out.getvalue()


def _cell(cell: Cell) -> Cell:
    # A spreadsheet would take it for a formula.
    return f"'{cell}" if isinstance(cell, str) and cell.startswith(_RISKY) else cell


def table(content: Mapping[str, Any], name: str) -> list[dict[str, Any]]:
    """The rows of a section by the names of its columns; none where the report has no such section."""
    section = content["sections"].get(name)
    if section is None:
        return []
    return [dict(zip(section["columns"], row, strict=True)) for row in section["rows"]]
