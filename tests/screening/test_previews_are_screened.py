"""The preview of a linked page shows words and a picture that nobody here wrote: all of them are judged first."""

from __future__ import annotations

from pathlib import Path

import pytest

from rostra.media.image import process_image
from rostra.screening.banks import Banks
from tests.media.samples import encode
from tests.posts.test_cards import PAGE, Site, card_of, site
from tests.screening.policies import RULES, put_in_force
from tests.screening.test_banks import looked
from tests.screening.test_pictures_are_screened import COPY, KNOWN
from tests.world import World

__all__ = ["site"]

KNOWN_PICTURES = """
- id: known
  clause: words
  description: Is in a bank.
  when: size(image.banks) > 0
  then: [hold]
  reason: {en: A known picture., it: Una foto nota.}
  mode: live
"""


@pytest.mark.parametrize("word", ["turnip", "pumpkin"])
@pytest.mark.parametrize("place", ["{title}", "About owls", "Owl News", "Ada", "An owl"])
async def test_no_word_of_a_preview_is_shown_that_the_policy_would_stop(
    world: World, site: Site, place: str, word: str
) -> None:
    await put_in_force(world, RULES)
    page = PAGE.replace(place, f"A {word}").replace("{title}", "Owls")
    assert word in page
    site.answers["/owls"] = (200, "text/html", page.encode())
    alice = await world.person("alice")
    status = await alice.post(f"see {site.base}/owls")
    await world.settle()
    assert site.hits["/owls"] == 1
    assert await card_of(alice, status) is None
    assert [head async for head in world.res.store.list("cards/")] == []


async def test_a_preview_with_a_known_picture_is_not_shown_nor_is_its_picture_kept(
    world: World, site: Site, tmp_path: Path
) -> None:
    folder = tmp_path / "known"
    folder.mkdir()
    (folder / "terror.txt").write_text(process_image(encode(KNOWN, "PNG")).hash.pdq.hex())
    world.res.screen.policies.banks = await looked(Banks(folder))
    await put_in_force(world, RULES + KNOWN_PICTURES)
    alice = await world.person("alice")
    harmless = await alice.post(f"see {site.base}/owls")
    site.answers["/copy"] = (200, "text/html", PAGE.format(title="Owls").replace("/owl.png", "/copy.jpg").encode())
    site.answers["/copy.jpg"] = (200, "image/jpeg", COPY)
    status = await alice.post(f"see {site.base}/copy")
    await world.settle()
    assert site.hits["/copy.jpg"] == 1
    assert await card_of(alice, status) is None
    assert (await card_of(alice, harmless) or {})["image"]
    assert len([head async for head in world.res.store.list("cards/")]) == 1
