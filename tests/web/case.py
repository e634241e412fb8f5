"""What a template is rendered with in tests and in the preview."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec

from rostra.web.render import Page


class Case(msgspec.Struct, frozen=True):
    """One template to render."""

    template: str
    page: Page
    values: Mapping[str, Any]
