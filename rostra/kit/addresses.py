"""Which IP addresses the server may talk to, and the one canonical spelling of a domain.

Owns the deny list behind the outgoing HTTP guard and the domain normaliser. Pure: nothing here resolves or connects.
"""

from __future__ import annotations

import re
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address

import idna

from rostra.kit.errors import Invalid

IPAddress = IPv4Address | IPv6Address

# IANA's special-purpose registry for IPv4, and what it leaves out. `ipaddress.is_global` is no substitute: it calls
# multicast and the 6to4 anycast block global, and its answers change between Python releases.
_DENIED_V4 = tuple(
    IPv4Network(block)
    for block in (
        "0.0.0.0/8",  # this network; Linux connects 0.0.0.0 to itself
        "10.0.0.0/8",  # private
        "100.64.0.0/10",  # carrier-grade NAT, and metadata services of some clouds
        "127.0.0.0/8",  # loopback
        "168.63.129.16/32",  # Azure's host agent, which lives on a public address
        "169.254.0.0/16",  # link-local, and the metadata services of most clouds
        "172.16.0.0/12",  # private
        "192.0.0.0/24",  # IETF protocol assignments
        "192.0.2.0/24",  # documentation
        "192.88.99.0/24",  # 6to4 relay anycast, withdrawn
        "192.168.0.0/16",  # private
        "198.18.0.0/15",  # benchmarks
        "198.51.100.0/24",  # documentation
        "203.0.113.0/24",  # documentation
        "224.0.0.0/4",  # multicast
        "240.0.0.0/4",  # reserved, and the broadcast address
    )
)

# Only this part of IPv6 is handed out to hosts. All else is denied by not being in it: loopback, unique-local,
# link-local, multicast, v4-compatible, discard-only, segment routing at 5f00::/16, local NAT64 at 64:ff9b:1::/48.
_GLOBAL_UNICAST_V6 = IPv6Network("2000::/3")
_DENIED_V6 = tuple(
    IPv6Network(block)
    for block in (
        "2001::/23",  # IETF protocol assignments: Teredo, ORCHID, benchmarks
        "2001:db8::/32",  # documentation
        "2002::/16",  # 6to4, which carries any IPv4 address inside; withdrawn
        "3ffe::/16",  # the 6bone, returned
        "3fff::/20",  # documentation
    )
)
_NAT64 = IPv6Network("64:ff9b::/96")

# Networks of one's own. Link-local addresses are none: nothing but metadata services is asked there.
_OWN_V4 = tuple(IPv4Network(block) for block in ("10.0.0.0/8", "100.64.0.0/10", "172.16.0.0/12", "192.168.0.0/16"))
_OWN_V6 = IPv6Network("fc00::/7")
# Of the clouds of Alibaba, Amazon and Google; the other metadata services are in none of these networks.
_METADATA = frozenset({IPv4Address("100.100.100.200"), IPv6Address("fd00:ec2::254"), IPv6Address("fd20:ce::254")})

_LABEL = r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?"
_PLAIN_DOMAIN = re.compile(rf"{_LABEL}(?:\.{_LABEL})*", re.ASCII)
_NUMERIC_LABEL = re.compile(r"[0-9]+|0x[0-9a-f]*", re.ASCII)
_PORT = re.compile(r"[1-9][0-9]{0,4}", re.ASCII)
_MAX_DOMAIN = 253
_MAX_PORT = 65535


def parse_address(text: str) -> IPAddress | None:
    """Read an IP literal, unwrapped: `::ffff:a.b.c.d` and NAT64's `64:ff9b::/96` give the IPv4 address that they carry.

    Returns None for anything else, also for an IPv6 address with a zone (`fe80::1%eth0`), which is local by meaning.
    """
    try:
        address = ip_address(text)
    except ValueError:
        return None
    if isinstance(address, IPv4Address):
        return address
    if address.scope_id is not None:
        return None
    if address.ipv4_mapped is not None:
        return address.ipv4_mapped
    if address in _NAT64:
        return IPv4Address(int(address) & 0xFFFFFFFF)
    return address


def is_public_address(ip: str | IPAddress) -> bool:
    """Whether a host on the public internet may have this address; False for anything that is not an IP literal.

    Sources: RFC 6890 and IANA's special-purpose address registries, RFC 6052 (NAT64), RFC 7526 (6to4 withdrawn).
    """
    address = parse_address(str(ip))
    if address is None:
        return False
    if isinstance(address, IPv4Address):
        return not any(address in block for block in _DENIED_V4)
    return address in _GLOBAL_UNICAST_V6 and not any(address in block for block in _DENIED_V6)


def is_loopback_address(ip: str | IPAddress) -> bool:
    """Whether the address is this machine itself (127.0.0.0/8 or ::1, also v4-mapped)."""
    address = parse_address(str(ip))
    return address is not None and address.is_loopback


def is_own_network_address(ip: str | IPAddress) -> bool:
    """Whether the address is this machine or one of a private network (RFC 1918, 4193, 6598), metadata services out.

    Never a reason to connect by itself: only to what the operator has named.
    """
    address = parse_address(str(ip))
    if address is None or address in _METADATA:
        return False
    if isinstance(address, IPv4Address):
        return address.is_loopback or any(address in block for block in _OWN_V4)
    return address.is_loopback or address in _OWN_V6


def normalise_domain(name: str, *, allow_port: bool = False) -> str:
    """The canonical form of a domain: UTS 46 mapped, in A-labels, lower case, without the trailing dot.

    With `allow_port` a `:port` may follow and is kept (development servers are called `localhost:3000`). IP addresses
    in any notation are no domains. Raises Invalid("domain").
    """
    host, colon, port = name.partition(":")
    if not colon:
        return _normalise_host(host)
    if not allow_port or not _PORT.fullmatch(port) or int(port) > _MAX_PORT:
        raise Invalid("domain", "is not a domain name", code="ERR_DOMAIN")
    return f"{_normalise_host(host)}:{port}"


def _normalise_host(name: str) -> str:
    # The length is checked before the mapping too, which takes more than linear time.
    if not 0 < len(name) <= _MAX_DOMAIN + 1:
        raise Invalid("domain", "is not a domain name", code="ERR_DOMAIN")
    lowered = name.lower().removesuffix(".")
    if not _PLAIN_DOMAIN.fullmatch(lowered) or "xn--" in lowered:
        lowered = _map_international(name)
    if len(lowered) > _MAX_DOMAIN or _NUMERIC_LABEL.fullmatch(lowered.rpartition(".")[2]):
        raise Invalid("domain", "is not a domain name", code="ERR_DOMAIN")
    return lowered


def _map_international(name: str) -> str:
    try:
        mapped = idna.encode(name, uts46=True, std3_rules=True).decode("ascii").lower().removesuffix(".")
    except (idna.IDNAError, UnicodeError) as problem:
        raise Invalid("domain", "is not a domain name", code="ERR_DOMAIN") from problem
    if not _PLAIN_DOMAIN.fullmatch(mapped):
        raise Invalid("domain", "is not a domain name", code="ERR_DOMAIN")
    return mapped
