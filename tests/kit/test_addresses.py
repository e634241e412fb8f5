"""Every address that the outgoing guard must refuse, and the one spelling of a domain."""

from __future__ import annotations

import ipaddress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rostra.kit.addresses import (
    is_loopback_address,
    is_own_network_address,
    is_public_address,
    normalise_domain,
    parse_address,
)
from rostra.kit.errors import Invalid

DENIED = [
    # Python's `is_global` says True for each of these (3.11), or has said so in some release.
    "::127.0.0.1",
    "64:ff9b::7f00:1",
    "64:ff9b:1::1",
    "2002:7f00:1::",
    "3fff::1",
    "192.88.99.1",
    "224.0.0.1",
    "ff02::1",
    # IPv4
    "0.0.0.0",
    "0.1.2.3",
    "10.0.0.1",
    "10.255.255.255",
    "100.64.0.1",
    "100.100.100.200",
    "100.127.255.255",
    "127.0.0.1",
    "127.255.255.254",
    "168.63.129.16",
    "169.254.169.254",
    "172.16.0.1",
    "172.31.255.255",
    "192.0.0.1",
    "192.0.0.192",
    "192.0.2.1",
    "192.168.0.1",
    "198.18.0.1",
    "198.19.255.255",
    "198.51.100.1",
    "203.0.113.1",
    "239.255.255.255",
    "240.0.0.1",
    "255.255.255.255",
    # IPv6
    "::",
    "::1",
    "::ffff:127.0.0.1",
    "::ffff:10.0.0.1",
    "::ffff:a9fe:a9fe",
    "::ffff:0:127.0.0.1",
    "::8.8.8.8",
    "64:ff9b::10.0.0.1",
    "64:ff9b::169.254.169.254",
    "64:ff9b:1::8.8.8.8",
    "100::1",
    "2001::1",
    "2001:0:7f00:1::1",
    "2001:2::1",
    "2001:10::1",
    "2001:20::1",
    "2001:db8::1",
    "2002:0a00:0001::1",
    "2002:0808:0808::1",
    "3ffe::1",
    "3fff:fff:ffff::1",
    "4000::1",
    "5f00::1",
    "fc00::1",
    "fd00:ec2::254",
    "fe80::1",
    "fe80::1%eth0",
    "2606:4700:4700::1111%eth0",
    "fec0::1",
    "ff0e::1",
    # not addresses, or not in the one notation
    "",
    "localhost",
    "127.1",
    "2130706433",
    "0177.0.0.1",
    "0x7f.0.0.1",
    "[2606:4700:4700::1111]",
    "8.8.8.8 ",
]

ALLOWED = [
    "1.1.1.1",
    "8.8.8.8",
    "93.184.216.34",
    "100.63.255.255",
    "100.128.0.0",
    "172.15.255.255",
    "172.32.0.0",
    "192.0.1.1",
    "198.17.255.255",
    "198.20.0.0",
    "223.255.255.255",
    "::ffff:8.8.8.8",
    "64:ff9b::8.8.8.8",
    "2001:200::1",
    "2001:4860:4860::8888",
    "2606:4700:4700::1111",
    "2a01:4f8::1",
]


@pytest.mark.parametrize("address", DENIED)
def test_an_address_that_is_not_public_is_refused(address: str) -> None:
    assert not is_public_address(address)


@pytest.mark.parametrize("address", ALLOWED)
def test_a_public_address_is_accepted(address: str) -> None:
    assert is_public_address(address)
    assert is_public_address(ipaddress.ip_address(address))


@given(st.ip_addresses(v=4))
def test_an_ipv4_address_and_its_wrapped_forms_get_one_answer(address: ipaddress.IPv4Address) -> None:
    assert is_public_address(f"::ffff:{address}") == is_public_address(address)
    assert is_public_address(f"64:ff9b::{address}") == is_public_address(address)


@given(st.ip_addresses())
def test_what_python_calls_private_is_never_public(address: ipaddress.IPv4Address | ipaddress.IPv6Address) -> None:
    inner = parse_address(str(address))
    if inner is not None and (inner.is_private or inner.is_multicast or inner.is_reserved or inner.is_loopback):
        assert not is_public_address(address)


@pytest.mark.parametrize(
    ("address", "answer"),
    [
        ("127.0.0.1", True),
        ("127.8.8.8", True),
        ("::1", True),
        ("::ffff:127.0.0.1", True),
        ("0.0.0.0", False),
        ("::", False),
        ("::127.0.0.1", False),
        ("10.0.0.1", False),
        ("169.254.169.254", False),
        ("8.8.8.8", False),
        ("localhost", False),
    ],
)
def test_loopback_is_only_this_machine(address: str, answer: bool) -> None:
    assert is_loopback_address(address) is answer


@pytest.mark.parametrize(
    ("name", "canonical"),
    [
        ("example.com", "example.com"),
        ("EXAMPLE.com", "example.com"),
        ("example.com.", "example.com"),
        ("localhost", "localhost"),
        ("münchen.de", "xn--mnchen-3ya.de"),
        ("MÜNCHEN.de", "xn--mnchen-3ya.de"),
        ("xn--mnchen-3ya.de", "xn--mnchen-3ya.de"),
        ("XN--MNCHEN-3YA.de", "xn--mnchen-3ya.de"),
        ("mu\u0308nchen.de", "xn--mnchen-3ya.de"),
        ("ｅｘａｍｐｌｅ.com", "example.com"),
        ("example。com", "example.com"),
        ("exa\u00admple.com", "example.com"),
        ("straße.de", "xn--strae-oqa.de"),
        ("例え.jp", "xn--r8jz45g.jp"),
        ("3com.com", "3com.com"),
    ],
)
def test_a_domain_has_one_canonical_spelling(name: str, canonical: str) -> None:
    assert normalise_domain(name) == canonical


@pytest.mark.parametrize(
    "name",
    [
        "",
        ".",
        "..",
        "example..com",
        ".example.com",
        "example.com..",
        "exa mple.com",
        "example.com\n",
        "\x00example.com",
        "example.com\u200e",
        "exam\tple.com",
        "example.com/path",
        "user@example.com",
        "example.com:443",
        "-example.com",
        "example-.com",
        "exa_mple.com",
        "127.0.0.1",
        "127.1",
        "2130706433",
        "0x7f000001",
        "１２７.0.0.1",
        "[::1]",
        "::1",
        "xn--a.com",
        "xn--.com",
        "a" * 64 + ".com",
        "a." * 127 + "com",
        "ü" * 100_000,
        "\ud800.com",
        "%65xample.com",
    ],
)
def test_what_is_no_domain_is_refused(name: str) -> None:
    with pytest.raises(Invalid):
        normalise_domain(name)


def test_a_port_is_kept_only_where_it_is_asked_for() -> None:
    assert normalise_domain("LOCALHOST:3000", allow_port=True) == "localhost:3000"
    assert normalise_domain("localhost", allow_port=True) == "localhost"
    for name in (
        "localhost:",
        "localhost:0",
        "localhost:070",
        "localhost:65536",
        "localhost:1:2",
        ":80",
        "localhost:٣",
    ):
        with pytest.raises(Invalid):
            normalise_domain(name, allow_port=True)


@given(st.text(max_size=300))
def test_normalising_a_domain_twice_changes_nothing_and_nothing_odd_comes_out(name: str) -> None:
    try:
        canonical = normalise_domain(name)
    except Invalid:
        return
    assert normalise_domain(canonical) == canonical
    assert set(canonical) <= set("abcdefghijklmnopqrstuvwxyz0123456789.-")


OWN = ["127.0.0.1", "::1", "10.1.2.3", "172.16.0.1", "192.168.1.1", "100.64.0.9", "fd12::1", "::ffff:10.0.0.1"]


@pytest.mark.parametrize("address", OWN)
def test_private_networks_are_own(address: str) -> None:
    assert is_own_network_address(address)
    assert not is_public_address(address)


@pytest.mark.parametrize(
    "address",
    ["8.8.8.8", "2606:4700::1", "169.254.169.254", "fe80::1", "100.100.100.200", "fd00:ec2::254", "0.0.0.0", "::", "x"],
)
def test_strangers_and_metadata_services_are_not_own(address: str) -> None:
    assert not is_own_network_address(address)
