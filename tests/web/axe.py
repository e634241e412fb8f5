"""axe-core, asked about an open page: what it finds serious or critical (WCAG and best practice)."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from playwright.sync_api import Page

SOURCE = Path(__file__).parent.parent / "clients" / "node_modules" / "axe-core" / "axe.min.js"
# What a page looks like in another scheme differs in nothing else (see `test_a_scheme_changes_nothing_but_colours`).
_OF_COLOURS = ["color-contrast", "link-in-text-block"]
# Rules that can find what is asked for are run, those for what is minor or moderate are not. Only what the nodes are is
# told: no selectors of them, and no style sheets loaded again (which one experimental rule wants).
_RUN = """async (only) => (await axe.run(document, {
    resultTypes: ["violations"], selectors: false, preload: false,
    runOnly: only ?? axe._audit.rules
      .filter((rule) => rule.enabled && !rule.tags.includes("experimental"))
      .filter((rule) => ["serious", "critical"].includes(rule.impact)).map((rule) => rule.id),
  })).violations
  .filter((found) => ["serious", "critical"].includes(found.impact))
  .map((found) => ({id: found.id, where: found.nodes.map((node) => node.html.slice(0, 160)).slice(0, 3)}))"""


def load_axe(page: Page) -> None:
    """Bring axe into the page, around its policy, which allows scripts of ours only."""
    page.evaluate(SOURCE.read_text() + ";undefined")


def find_barriers(page: Page, *, of_colours_alone: bool = False) -> list[dict[str, Any]]:
    """What stands in somebody's way on the page as it is now; only by its colours, where all else was looked at."""
    return page.evaluate(_RUN, _OF_COLOURS if of_colours_alone else None)
