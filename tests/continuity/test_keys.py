"""A recovery key survives paper, and every typing error in it is found."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rostra.continuity.keys import KeyUnusable, Recipients, RecoveryKey, SigningKey, VerifyKey

SEEDS = st.binary(min_size=32, max_size=32)


@given(SEEDS)
def test_words_and_the_line_of_age_give_the_same_key_back(seed: bytes) -> None:
    key = RecoveryKey(seed)
    for written in (" ".join(key.words), key.identity, f"# made today\n{key.identity}\n", " ".join(key.words).upper()):
        again = RecoveryKey.parse(written)
        assert (again.identity, again.root.raw) == (key.identity, key.root.raw)


def test_what_age_itself_writes_is_read() -> None:
    import pyrage

    identity = pyrage.x25519.Identity.generate()
    key = RecoveryKey.parse(f"# public key: {identity.to_public()}\n{identity}")
    assert key.recipient == str(identity.to_public())
    assert key.identity == str(identity)


def test_a_wrong_or_swapped_word_is_found_and_a_strange_one_is_named_by_its_place() -> None:
    words = RecoveryKey(bytes(range(32))).words
    with pytest.raises(KeyUnusable, match="number 3"):
        RecoveryKey.parse(" ".join([*words[:2], "rostra", *words[3:]]))
    with pytest.raises(KeyUnusable, match="changed places"):
        RecoveryKey.parse(" ".join([words[1], words[0], *words[2:]]))
    with pytest.raises(KeyUnusable, match="got 23 words"):
        RecoveryKey.parse(" ".join(words[:23]))
    identity = RecoveryKey(bytes(32)).identity
    with pytest.raises(KeyUnusable, match="typing error"):
        RecoveryKey.parse(identity[:-1] + ("A" if identity[-1] != "A" else "C"))


def test_no_error_and_no_name_quotes_the_key() -> None:
    key = RecoveryKey(bytes(range(32)))
    with pytest.raises(KeyUnusable) as caught:
        RecoveryKey.parse(key.identity[:-2])
    assert key.identity[20:60] not in str(caught.value)
    assert key.identity not in repr(key)
    assert key.root.raw.hex() not in repr(key.root)


def test_each_of_several_keys_opens_what_was_encrypted_and_a_stranger_does_not() -> None:
    one, two, stranger = (RecoveryKey.generate() for _ in range(3))
    body = Recipients([one.recipient, two.recipient]).encrypt(b"everything")
    assert one.decrypt(body) == two.decrypt(body) == b"everything"
    with pytest.raises(KeyUnusable):
        stranger.decrypt(body)
    with pytest.raises(KeyUnusable):
        one.decrypt(body[:-1])


def test_a_signature_holds_for_its_content_and_key_alone() -> None:
    key, other = SigningKey.generate(), SigningKey.generate()
    signature = key.sign(b"this")
    assert key.public.has_signed(b"this", signature)
    assert not key.public.has_signed(b"that", signature)
    assert not other.public.has_signed(b"this", signature)
    assert VerifyKey.parse(str(key.public)).id == key.public.id
    for wrong in ("", "AAAA", "nonsense!"):
        with pytest.raises(KeyUnusable):
            VerifyKey.parse(wrong)
