"""Statements as the database's API and its CSV have them."""

from __future__ import annotations

import csv
import io
from collections.abc import AsyncIterator
from typing import Any

import msgspec
import pytest

from rostra.dsa import schema
from rostra.dsa.render import render_batch, render_row, stream_csv, stream_json
from rostra.dsa.statement import make_statement
from tests.dsa.decisions import decided


def body(number: int = 1) -> dict[str, Any]:
    made = make_statement(decided(puid=f"p-{number}"))
    assert made is not None
    return dict(made)


async def several(count: int) -> AsyncIterator[dict[str, Any]]:
    for number in range(count):
        yield body(number)


def test_a_batch_is_what_the_api_takes_and_never_more_than_a_hundred():
    assert msgspec.json.decode(render_batch([body()])) == {"statements": [body()]}
    for count in (0, 101):
        with pytest.raises(ValueError, match="100"):
            render_batch([body()] * count)


@pytest.mark.parametrize("count", [0, 1, 3])
async def test_json_of_any_length_comes_in_pieces(count: int):
    whole = b"".join([piece async for piece in stream_json(several(count))])

    assert msgspec.json.decode(whole) == {"statements": [body(number) for number in range(count)]}


async def test_csv_has_the_databases_columns_and_lists_as_json():
    whole = b"".join([piece async for piece in stream_csv(several(2))]).decode()

    rows = list(csv.DictReader(io.StringIO(whole)))
    assert tuple(rows[0]) == schema.COLUMNS
    assert [row["platform_uid"] for row in rows] == ["p-0", "p-1"]
    assert msgspec.json.decode(rows[0]["decision_visibility"]) == ["DECISION_VISIBILITY_CONTENT_REMOVED"]
    assert rows[0]["end_date_visibility_restriction"] == ""


def test_a_cell_is_no_formula_for_a_spreadsheet():
    row = next(csv.reader([render_row({**body(), "decision_facts": "=HYPERLINK(1)"})]))

    assert row[schema.COLUMNS.index("decision_facts")] == "'=HYPERLINK(1)"
