"""axe-core, asked about an open page: what it finds serious or critical (WCAG and best practice)."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from playwright.sync_api import Page

SOURCE = Path(__file__).parent.parent / "clients" / "node_modules" / "axe-core" / "axe.min.js"
# What a page looks like in another scheme differs in nothing else (see `test_a_scheme_changes_nothing_but_colours`).
_OF_COLOURS = ["color-contrast", "link-in-text-block"]
_RUN = """async (rules) => (await axe.run(document, {resultTypes: ["violations"], ...rules})).violations
  .filter((found) => ["serious", "critical"].includes(found.impact))
  .map((found) => ({id: found.id, where: found.nodes.map((node) => node.html.slice(0, 160)).slice(0, 3)}))"""


def load_axe(page: Page) -> None:
    """Bring axe into the page, around its policy, which allows scripts of ours only."""
    page.evaluate(SOURCE.read_text() + ";undefined")


def find_barriers(page: Page, *, of_colours_alone: bool = False) -> list[dict[str, Any]]:
    """What stands in somebody's way on the page as it is now; only by its colours, where all else was looked at."""
    return page.evaluate(_RUN, {"runOnly": _OF_COLOURS} if of_colours_alone else {})
