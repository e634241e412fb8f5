"""Web Push: what is encrypted can be read by whom it is for, and by nobody else; push services can tell who we are."""

from __future__ import annotations

import base64
import json
from datetime import timedelta

import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat
from hypothesis import given
from hypothesis import strategies as st
from mastodon import Mastodon

from rostra.kit.clock import Clock, FixedClock
from rostra.kit.errors import Invalid
from rostra.kit.webpush import (
    MAX_PAYLOAD,
    Subscription,
    Vapid,
    build_push_request,
    check_subscription,
    encrypt,
    generate_private_key,
)

CONTACT = "mailto:admin@social.example"


def b64(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def unb64(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def key_from(text: str) -> ec.EllipticCurvePrivateKey:
    return ec.derive_private_key(int.from_bytes(unb64(text), "big"), ec.SECP256R1())


def point(key: ec.EllipticCurvePrivateKey) -> bytes:
    return key.public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)


CLIENT = key_from("q1dXpw3UpT5VOmu_cf_v6ih07Aems3njxI-JWgLcM94")
SECRET = "BTBZMqHH6r4Tts7J_aSIgg"


def subscribed(**changes: object) -> Subscription:
    fields = {
        "endpoint": "https://push.example.net/p/abc",
        "p256dh": b64(point(CLIENT)),
        "auth": SECRET,
        "standard": True,
    }
    return Subscription(**{**fields, **changes})  # type: ignore[arg-type]


def expand(salt: bytes, secret: bytes, info: bytes, length: int) -> bytes:
    return HKDF(hashes.SHA256(), length, salt, info).derive(secret)


def read_standard(body: bytes) -> bytes:
    """RFC 8291, section 3.4, from the client's side, written down apart from what the server uses."""
    salt, id_length = body[:16], body[20]
    sender = body[21 : 21 + id_length]
    shared = CLIENT.exchange(ec.ECDH(), ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), sender))
    ikm = expand(unb64(SECRET), shared, b"WebPush: info\0" + point(CLIENT) + sender, 32)
    key = expand(salt, ikm, b"Content-Encoding: aes128gcm\0", 16)
    nonce = expand(salt, ikm, b"Content-Encoding: nonce\0", 12)
    padded = AESGCM(key).decrypt(nonce, body[21 + id_length :], None)
    assert padded.endswith(b"\x02")
    return padded[:-1]


def read_draft(body: bytes, salt: bytes, sender: bytes) -> bytes:
    """draft-ietf-webpush-encryption-04 with draft-ietf-httpbis-encryption-encoding-03, from the client's side."""
    shared = CLIENT.exchange(ec.ECDH(), ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), sender))
    ikm = expand(unb64(SECRET), shared, b"Content-Encoding: auth\0", 32)
    context = b"P-256\0" + b"\0\x41" + point(CLIENT) + b"\0\x41" + sender
    key = expand(salt, ikm, b"Content-Encoding: aesgcm\0" + context, 16)
    nonce = expand(salt, ikm, b"Content-Encoding: nonce\0" + context, 12)
    padded = AESGCM(key).decrypt(nonce, body, None)
    return padded[2 + int.from_bytes(padded[:2], "big") :]


def parameters(header: str) -> dict[str, str]:
    return dict(part.split("=", 1) for part in header.split(";"))  # type: ignore[misc]


def test_the_example_of_the_rfc_comes_out_to_the_bit():
    """RFC 8291, section 5 and appendix A."""
    made = encrypt(
        b"When I grow up, I want to be a watermelon",
        "BCVxsr7N_eNgVRqvHtD0zTZsEc6-VV-JvLexhqUzORcxaOzi6-AYWXvTBHm4bjyPjs7Vd8pZGH6SRpkNtoIAiw4",
        SECRET,
        standard=True,
        sender=key_from("yfWPiYE-n46HLnH0KqZOF1fJJU3MYrct3AELtAQ-oRw"),
        salt=unb64("DGv6ra1nlYgDCS1FRnbzlw"),
    )
    assert made.headers == {"Content-Encoding": "aes128gcm"}
    assert b64(made.body) == (
        "DGv6ra1nlYgDCS1FRnbzlwAAEABBBP4z9KsN6nGRTbVYI_c7VJSPQTBtkgcy27mlmlMoZIIgDll6e3vCYLocInmYWAmS6TlzAC8wEqKK6PBru3jl"
        "7A_yl95bQpu6cVPTpK4Mqgkf1CXztLVBSt2Ks3oZwbuwXPXLWyouBWLVWGNWQexSgSxsj_Qulcy4a-fN"
    )


@given(payload=st.binary(min_size=1, max_size=MAX_PAYLOAD))
def test_the_client_reads_what_was_encrypted(payload: bytes):
    standard = encrypt(payload, b64(point(CLIENT)), SECRET, standard=True)
    assert len(standard.body) == len(payload) + 103
    assert read_standard(standard.body) == payload
    draft = encrypt(payload, b64(point(CLIENT)), SECRET, standard=False)
    salt = unb64(parameters(draft.headers["Encryption"])["salt"])
    sender = unb64(parameters(draft.headers["Crypto-Key"])["dh"])
    assert read_draft(draft.body, salt, sender) == payload


def test_an_empty_payload_is_refused():
    with pytest.raises(ValueError, match="0 bytes"):
        encrypt(b"", b64(point(CLIENT)), SECRET, standard=True)


def test_the_longest_payload_fits_what_a_push_service_must_take():
    longest = encrypt(b"x" * MAX_PAYLOAD, b64(point(CLIENT)), SECRET, standard=True)
    assert len(longest.body) == 4096
    with pytest.raises(ValueError, match="3994"):
        encrypt(b"x" * (MAX_PAYLOAD + 1), b64(point(CLIENT)), SECRET, standard=False)


def test_each_push_has_a_key_and_a_salt_of_its_own():
    one, two = (encrypt(b"x", b64(point(CLIENT)), SECRET, standard=True).body for _ in range(2))
    assert one[:16] != two[:16]
    assert one[21:86] != two[21:86]


def test_a_draft_push_can_be_read_by_mastodon_py(clock: FixedClock):
    private, public = Mastodon.push_subscription_generate_keys(None)  # type: ignore[arg-type]
    subscription = subscribed(p256dh=b64(public["pubkey"]), auth=b64(public["auth"]), standard=False)
    payload = {"access_token": "t", "title": "Ada followed you", "notification_id": "1"}
    vapid = Vapid(generate_private_key(), CONTACT, clock)
    request = build_push_request(subscription, json.dumps(payload).encode(), vapid=vapid, ttl=60)
    read = Mastodon.push_subscription_decrypt_push(
        Mastodon(api_base_url="https://social.example", access_token="t", version_check_mode="none"),
        request.body,
        private,
        request.headers["Encryption"],
        request.headers["Crypto-Key"],
    )
    assert read["title"] == "Ada followed you"


def claims_of(token: str, public_key: str) -> dict[str, object]:
    """The claims of a token, after its signature was verified."""
    signed, _, signature = token.rpartition(".")
    raw = unb64(signature)
    assert len(raw) == 64
    r, s = int.from_bytes(raw[:32], "big"), int.from_bytes(raw[32:], "big")
    key = ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), unb64(public_key))
    key.verify(encode_dss_signature(r, s), signed.encode(), ec.ECDSA(hashes.SHA256()))
    header, claims = signed.split(".")
    assert json.loads(unb64(header)) == {"typ": "JWT", "alg": "ES256"}
    return json.loads(unb64(claims))


def test_a_standard_request_has_the_headers_of_the_rfcs(clock: FixedClock):
    vapid = Vapid(generate_private_key(), CONTACT, clock)
    request = build_push_request(subscribed(), b"hello", vapid=vapid, ttl=3600, urgency="high", topic="n-1")
    headers = dict(request.headers)
    scheme, _, given = headers.pop("Authorization").partition(" ")
    fields = parameters(given.replace(",", ";"))
    assert scheme == "vapid"
    assert fields["k"] == vapid.public_key
    assert claims_of(fields["t"], fields["k"]) == {
        "aud": "https://push.example.net",
        "exp": int((clock.now() + timedelta(hours=12)).timestamp()),
        "sub": CONTACT,
    }
    assert headers == {
        "Content-Encoding": "aes128gcm",
        "Content-Type": "application/octet-stream",
        "TTL": "3600",
        "Urgency": "high",
        "Topic": "n-1",
    }
    assert request.url == "https://push.example.net/p/abc"
    assert read_standard(request.body) == b"hello"


def test_a_draft_request_names_both_keys_in_one_header(clock: FixedClock):
    vapid = Vapid(generate_private_key(), CONTACT, clock)
    request = build_push_request(subscribed(standard=False), b"hello", vapid=vapid, ttl=3600)
    keys = parameters(request.headers["Crypto-Key"])
    assert request.headers["Content-Encoding"] == "aesgcm"
    assert keys["p256ecdsa"] == vapid.public_key
    scheme, _, token = request.headers["Authorization"].partition(" ")
    assert scheme == "WebPush"
    assert claims_of(token, keys["p256ecdsa"])["aud"] == "https://push.example.net"
    salt = unb64(parameters(request.headers["Encryption"])["salt"])
    assert read_draft(request.body, salt, unb64(keys["dh"])) == b"hello"


def test_a_token_is_reused_for_an_origin_and_renewed_after_six_hours(clock: FixedClock):
    vapid = Vapid(generate_private_key(), CONTACT, clock)
    first = vapid.token("https://push.example.net/p/abc")
    clock.tick(hours=5, minutes=59)
    assert vapid.token("https://push.example.net:443/q/def") == first
    assert vapid.token("https://push.example.net:8443/p/abc") != first
    assert vapid.token("https://other.example.net/p/abc") != first
    clock.tick(minutes=1)
    renewed = vapid.token("https://push.example.net/p/abc")
    assert claims_of(renewed, vapid.public_key)["exp"] == int((clock.now() + timedelta(hours=12)).timestamp())


@pytest.mark.parametrize(
    ("endpoint", "origin"),
    [
        ("https://Push.Example.net/x?y#z", "https://push.example.net"),
        ("https://push.example.net:8443/x", "https://push.example.net:8443"),
        ("http://localhost:80/x", "http://localhost"),
        ("https://[2001:db8::1]:444/x", "https://[2001:db8::1]:444"),
    ],
)
def test_a_token_is_for_the_origin_alone(endpoint: str, origin: str):
    vapid = Vapid(generate_private_key(), CONTACT, Clock())
    assert claims_of(vapid.token(endpoint), vapid.public_key)["aud"] == origin


def test_tokens_for_ever_new_origins_do_not_fill_the_memory():
    vapid = Vapid(generate_private_key(), CONTACT, Clock())
    for number in range(1500):
        vapid.token(f"https://{number}.example.net/")
    assert len(vapid._tokens) <= 1000


def test_the_public_key_is_an_uncompressed_point_in_base64_without_padding():
    public_key = Vapid(generate_private_key(), CONTACT, Clock()).public_key
    assert len(public_key) == 87
    assert unb64(public_key)[0] == 4


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"endpoint": "push.example.net"}, "subscription[endpoint]"),
        ({"endpoint": "http://push.example.net/"}, "subscription[endpoint]"),
        ({"endpoint": "https://"}, "subscription[endpoint]"),
        ({"endpoint": "https://u:p@push.example.net/"}, "subscription[endpoint]"),
        ({"endpoint": "https://push.example.net:99999/"}, "subscription[endpoint]"),
        ({"endpoint": "https://[push/"}, "subscription[endpoint]"),
        ({"p256dh": ""}, "subscription[keys][p256dh]"),
        ({"p256dh": "ä"}, "subscription[keys][p256dh]"),
        ({"p256dh": b64(b"\x04" + b"\x01" * 64)}, "subscription[keys][p256dh]"),
        ({"p256dh": b64(CLIENT.public_key().public_bytes(Encoding.X962, PublicFormat.CompressedPoint))},
         "subscription[keys][p256dh]"),
        ({"auth": ""}, "subscription[keys][auth]"),
        ({"auth": b64(b"x" * 15)}, "subscription[keys][auth]"),
        ({"auth": "*" * 22}, "subscription[keys][auth]"),
    ],
)  # fmt: skip
def test_a_subscription_that_cannot_be_pushed_to_is_refused_by_field(changes: dict[str, object], field: str):
    with pytest.raises(Invalid) as refused:
        check_subscription(subscribed(**changes))
    assert refused.value.field == field


def test_keys_are_taken_in_either_alphabet_with_or_without_padding():
    raw = b"\xfb\xff\xbf" + b"\xfe" * 13
    for auth in (base64.b64encode(raw).decode(), base64.urlsafe_b64encode(raw).decode(), b64(raw)):
        check_subscription(subscribed(auth=auth))
    check_subscription(subscribed(endpoint="http://localhost:1234/x"), allow_http=True)


def test_a_topic_that_would_break_the_header_is_refused(clock: FixedClock):
    vapid = Vapid(generate_private_key(), CONTACT, clock)
    for topic in ("", "a b", "a\r\nX: y", "a" * 33):
        with pytest.raises(ValueError, match="topic"):
            build_push_request(subscribed(), b"x", vapid=vapid, ttl=0, topic=topic)


def test_a_key_that_is_not_p256_is_refused_without_being_told():
    other = ec.generate_private_key(ec.SECP384R1())
    pem = other.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()
    for key in ("nonsense", pem):
        with pytest.raises(ValueError, match="vapid_private_key: must be a P-256 private key in PEM"):
            Vapid(key, CONTACT, Clock())
