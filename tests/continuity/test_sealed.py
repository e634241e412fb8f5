"""Nothing that is changed, cut, forged, renamed or moved to another site is taken for genuine."""

from __future__ import annotations

from datetime import UTC, datetime

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rostra.continuity.keys import SigningKey
from rostra.continuity.records import Piece
from rostra.continuity.sealed import Broken, peek, seal, unseal

KEY = SigningKey(bytes(32))
TRUSTED = {KEY.public.id: KEY.public}
NOW = datetime(2026, 1, 6, tzinfo=UTC)


def made(body: bytes = b"some bytes", name: str = "wal/1") -> bytes:
    about = Piece(start=5, end=9, timeline=1)
    raw, _ = seal(KEY, body, site="s", name=name, epoch=1, made_at=NOW, about=about, sequence=7, previous="p")
    return raw


def test_a_genuine_object_comes_back_with_all_that_was_said_of_it() -> None:
    raw, digest = seal(KEY, b"x", site="s", name="n", epoch=3, made_at=NOW, about=Piece(start=1, end=2, timeline=4))
    found = unseal(raw, TRUSTED, site="s", name="n")
    assert (found.body, found.digest, found.header.epoch, found.header.made_at) == (b"x", digest, 3, NOW)
    assert msgspec.json.decode(found.header.about, type=Piece) == Piece(start=1, end=2, timeline=4)
    assert peek(raw, "n") == found.header


@given(st.data())
def test_any_changed_byte_and_any_shorter_length_is_broken(data: st.DataObject) -> None:
    raw = made()
    at = data.draw(st.integers(0, len(raw) - 1))
    bit = data.draw(st.integers(0, 7))
    changed = bytearray(raw)
    changed[at] ^= 1 << bit
    for wrong in (bytes(changed), raw[:at]):
        with pytest.raises(Broken, match="wal/1"):
            unseal(wrong, TRUSTED, site="s", name="wal/1")


def test_a_genuine_object_under_another_name_or_site_or_by_a_stranger_is_broken() -> None:
    raw = made()
    with pytest.raises(Broken, match="under another name"):
        unseal(raw, TRUSTED, site="s", name="wal/2")
    with pytest.raises(Broken, match="under another name"):
        unseal(raw, TRUSTED, site="t", name="wal/1")
    stranger = SigningKey.generate()
    forged, _ = seal(stranger, b"some bytes", site="s", name="wal/1", epoch=1, made_at=NOW)
    with pytest.raises(Broken, match="nobody certified"):
        unseal(forged, TRUSTED, site="s", name="wal/1")
    with pytest.raises(Broken, match="signature is false"):
        unseal(forged, {stranger.public.id: KEY.public}, site="s", name="wal/1")
