"""The policy that comes with the package: what an instance starts with, and what an operator copies to change it."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Final

from rostra.policy.folder import read_folder
from rostra.policy.parse import parse_bundle
from rostra.policy.records import Bundle

SHIPPED: Final = Path(__file__).parent / "shipped"


def shipped_files() -> dict[str, bytes]:
    """The files of the default policy, by their names within it."""
    return read_folder(SHIPPED)


@cache
def shipped_bundle() -> Bundle:
    """The default policy. A test holds it free of problems."""
    return parse_bundle(shipped_files()).bundle
