"""How much text is looked at in all, before its characters are counted as people see them."""

from __future__ import annotations

import pytest

from rostra.kit.errors import Invalid
from rostra.posts.compose import clean_texts


def test_texts_are_measured_in_bytes_together():
    assert clean_texts("a" * 40_000, "b" * 20_000, alone=False)[0] == "a" * 40_000
    for text, spoiler_text in (("a" * 40_000, "b" * 30_000), ("\U0001f600" * 17_000, ""), ("", "è" * 33_000)):
        with pytest.raises(Invalid, match="too long"):
            clean_texts(text, spoiler_text, alone=False)
