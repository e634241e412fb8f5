"""What is signed or encrypted comes back as it was, or not at all."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rostra.kit.sealing import Sealer

NOW = datetime(2026, 5, 4, 12, 0, tzinfo=UTC)
SEALER = Sealer("a secret key")


@given(st.binary(max_size=200))
def test_what_is_signed_comes_back_until_it_runs_out(content: bytes) -> None:
    signed = SEALER.sign("a", content, NOW)
    assert SEALER.read_signed("a", signed, NOW - timedelta(seconds=1)) == content
    assert SEALER.read_signed("a", signed, NOW) is None


@given(st.binary(max_size=200))
def test_what_is_encrypted_comes_back_and_shows_nothing(content: bytes) -> None:
    sealed = SEALER.encrypt("a", content)
    assert SEALER.decrypt("a", sealed) == content
    assert SEALER.encrypt("a", content) != sealed


@pytest.mark.parametrize("other", [Sealer("another key"), SEALER])
def test_another_key_and_another_purpose_open_nothing(other: Sealer) -> None:
    purpose = "b" if other is SEALER else "a"
    assert other.read_signed(purpose, SEALER.sign("a", b"x", NOW), NOW - timedelta(days=1)) is None
    assert other.decrypt(purpose, SEALER.encrypt("a", b"x")) is None
    assert not other.is_masked_mac(purpose, "x", SEALER.masked_mac("a", "x"))


@given(st.integers(min_value=0), st.integers(min_value=0, max_value=7))
def test_one_changed_bit_spoils_it(place: int, bit: int) -> None:
    import base64

    for made, opened in (
        (SEALER.sign("a", b"content", NOW), lambda text: SEALER.read_signed("a", text, NOW - timedelta(days=1))),
        (SEALER.encrypt("a", b"content"), lambda text: SEALER.decrypt("a", text)),
    ):
        raw = bytearray(base64.urlsafe_b64decode(made + "=" * (-len(made) % 4)))
        raw[place % len(raw)] ^= 1 << bit
        assert opened(base64.urlsafe_b64encode(bytes(raw)).rstrip(b"=").decode()) is None


@given(st.text(max_size=100))
def test_nonsense_is_opened_by_nobody(text: str) -> None:
    assert SEALER.read_signed("a", text, NOW) is None
    assert SEALER.decrypt("a", text) is None
    assert not SEALER.is_masked_mac("a", "x", text)


@given(st.text(max_size=40))
def test_a_masked_digest_looks_different_each_time_and_is_known(text: str) -> None:
    made = {SEALER.masked_mac("a", text) for _ in range(5)}
    assert len(made) == 5
    assert all(SEALER.is_masked_mac("a", text, each) for each in made)
    assert not any(SEALER.is_masked_mac("a", f"{text}!", each) for each in made)
    assert not any(SEALER.is_masked_mac("a", text, wrong) for wrong in ("", "x", SEALER.mac("a", text), "\udcff" * 86))
