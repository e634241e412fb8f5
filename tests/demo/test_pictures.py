"""The drawings: all can be rendered, no two are alike, and no stranger's drawing is taken meanwhile or afterwards."""

from __future__ import annotations

import hashlib

import pytest
import pyvips

from rostra.demo import svg
from rostra.demo.content import load_community
from rostra.demo.draw import draw_all
from rostra.kit.errors import Invalid
from rostra.media.image import process_image

DRAWING = svg.picture(40, 20, svg.rect(0, 0, 40, 20, "#ff0000"))


async def test_every_picture_is_its_own_and_takes_little_room() -> None:
    pictures = await draw_all(load_community())
    files = [
        *pictures.posts.values(),
        *(file for pair in pictures.people.values() for file in (pair.avatar, pair.header)),
    ]
    assert len({hashlib.sha256(file).digest() for file in files}) == len(files)
    assert sum(len(file) for file in files) < 6 << 20
    for file in files:
        image = pyvips.Image.new_from_buffer(file, "")
        # Not one flat colour: something was drawn.
        assert image.stats()(4, 0)[0] > 10 or image.deviate() > 10


def test_the_same_name_draws_the_same() -> None:
    assert [svg.dice("a").random(), svg.dice("a").random()] == [svg.dice("a").random()] * 2
    assert svg.dice("a").random() != svg.dice("b").random()


def test_drawings_are_refused_before_and_after() -> None:
    with svg.drawings_allowed():
        assert svg.render(DRAWING, 40).startswith(b"\xff\xd8")
        with pytest.raises(Invalid, match="SVG"):
            process_image(DRAWING.encode())
    with pytest.raises(pyvips.Error):
        svg.render(DRAWING, 40)
