"""Every SQL statement of the program is prepared against the migrated schema: a misspelt column fails here."""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Iterator

import asyncpg
import pytest

import rostra

_VERBS = ("select", "insert", "update", "delete", "with")


def statements() -> Iterator[tuple[str, str]]:
    """All upper-case module constants that are statements, or pairs of them, with where they stand."""
    for module in pkgutil.walk_packages(rostra.__path__, "rostra."):
        if module.name.endswith("__main__"):
            continue
        loaded = importlib.import_module(module.name)
        for name, value in vars(loaded).items():
            texts = value if isinstance(value, tuple) else (value,)
            for number, text in enumerate(texts):
                bare = name.lstrip("_")
                if bare.isupper() and isinstance(text, str) and text.strip().lower().startswith(_VERBS):
                    yield f"{module.name}.{name}[{number}]", text


# Parts of statements are named with a leading underscore and are prepared as part of the whole.
WHOLE = {place: text for place, text in statements() if "._" not in place}


def test_there_are_statements_to_prepare() -> None:
    assert len(WHOLE) > 100


@pytest.mark.parametrize("place", sorted(WHOLE))
async def test_a_statement_fits_the_schema(shared_connection: asyncpg.Connection, place: str) -> None:
    await shared_connection.prepare(WHOLE[place])
