"""What single settings may be, beyond their type. What contradicts another is looked for in `settings`."""

from __future__ import annotations

import ipaddress
import math
import re
from collections.abc import Callable, Mapping
from email.utils import parseaddr
from typing import Any, Final
from urllib.parse import urlsplit

from rostra.kit.addresses import normalise_domain, parse_address
from rostra.kit.errors import Invalid

_MAIL: Final = re.compile(r"[^@\s]+@[^@\s]+")
_MEMORY: Final = re.compile(r"[0-9]{1,9} ?(kB|MB|GB)")
# Where a password has a sign that it must not have as it is, what follows that sign is no port.
_DATABASE: Final = re.compile(r"postgres(ql)?://([^@/?#]*@)?(?P<hosts>[^@/?#]*)(/[^?#]*)?(\?[^#]*)?")
_DATABASE_HOST: Final = re.compile(r"([^:\[\]]*|\[[0-9a-fA-F:.]+\])(:[0-9]{1,5})?")
_LEVELS: Final = ("debug", "info", "warning", "error")


def is_mail_address(text: str) -> bool:
    """Whether letters can go to it."""
    return _MAIL.fullmatch(text) is not None


def is_plain_url(url: str) -> bool:
    """Whether it is an http(s) address without a name, a password, a query or anything strange."""
    try:
        parts = urlsplit(url)
        host, port = parts.hostname or "", parts.port
        if parse_address(host) is None:
            normalise_domain(host)
    except (ValueError, Invalid):
        return False
    plain = not ({*url} & {*"@?#\\ "}) and url.isascii() and url.isprintable()
    return plain and parts.scheme in ("http", "https") and port != 0


def is_server_url(url: str, *schemes: str, named: bool = False) -> bool:
    """Whether it names a server by one of the schemes, and with `named` also who signs in."""
    try:
        parts = urlsplit(url)
        known = parts.scheme in schemes and bool(parts.hostname) and parts.port != 0
    except ValueError:
        return False
    return known and (bool(parts.username) or not named)


def _is_storage(url: str) -> bool:
    if "://" not in url or url.startswith("file://"):
        return True
    return is_server_url(url, "s3")


def _is_database(url: str) -> bool:
    found = _DATABASE.fullmatch(url)
    return found is not None and all(_DATABASE_HOST.fullmatch(host) for host in found["hosts"].split(","))


def _is_proxy(text: str) -> bool:
    try:
        ipaddress.ip_network(text, strict=False)
    except ValueError:
        return text == "*"
    return True


def _is_push_key(pem: str) -> bool:
    # Few set it, and the supervisor does without all that this loads.
    from rostra.kit.webpush import load_key

    try:
        load_key(pem)
    except ValueError:
        return False
    return True


def _is_ledger_key(pem: str) -> bool:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
    from cryptography.hazmat.primitives.serialization import load_pem_private_key

    try:
        return isinstance(load_pem_private_key(pem.encode(), None), Ed25519PrivateKey)
    except (ValueError, TypeError):
        return False


# What must hold of a setting that is given, and what is said where it does not.
_RULES: Final[Mapping[str, tuple[Callable[[Any], bool], str]]] = {
    "scheme": (lambda value: value in ("http", "https"), "must be http or https"),
    "port": (lambda value: 1 <= value <= 65535, "must be between 1 and 65535"),
    "workers": (lambda value: value >= 1, "must be at least 1"),
    "job_workers": (lambda value: value >= 1, "must be at least 1"),
    "database_url": (
        _is_database,
        "must look like postgresql://user:password@host:5432/rostra, where a password has %40 for @, %2F for /, …",
    ),
    "database_pool": (lambda value: 1 <= value <= 1000, "must be between 1 and 1000"),
    "pg_shared_buffers": (
        lambda value: _MEMORY.fullmatch(value) is not None,
        "must be an amount such as 96MB",
    ),
    "storage_url": (_is_storage, "must be a directory or look like s3://bucket/prefix?endpoint=https://host"),
    "media_url": (is_plain_url, "must look like https://media.social.example"),
    "smtp_url": (
        lambda value: is_server_url(value, "smtp", "smtps"),
        "must look like smtp://user:password@host:587 or smtps://user:password@host:465",
    ),
    "mail_from": (lambda value: is_mail_address(parseaddr(value)[1]), "is not an e-mail address"),
    "notices_imap_url": (
        lambda value: is_server_url(value, "imap", "imaps", named=True),
        "must look like imaps://user:password@host:993/INBOX",
    ),
    "secret_key": (lambda value: len(value) >= 32, "must have at least 32 characters, drawn at random"),
    "vapid_private_key": (_is_push_key, "must be a P-256 private key in PEM"),
    "ledger_key": (_is_ledger_key, "must be an Ed25519 private key in PEM"),
    "rate_limit_scale": (lambda value: math.isfinite(value) and value >= 0, "must be a number from 0 on"),
    "log_level": (_LEVELS.__contains__, f"must be one of {', '.join(_LEVELS)}"),
    "argon2_time_cost": (lambda value: value >= 1, "must be at least 1"),
    "argon2_memory_kib": (lambda value: value >= 64, "must be at least 64"),
    "dsa_url": (is_plain_url, "must look like https://transparency.dsa.ec.europa.eu/api/v1/statements"),
}


def find_unusable(values: Mapping[str, Any]) -> list[str]:
    """A line for each of the settings `values` (None: not given) that cannot be used. None of them has the value."""
    problems = [
        f"{name}: {text}"
        for name, (holds, text) in _RULES.items()
        if values[name] is not None and not holds(values[name])
    ]
    problems += [
        f"trusted_proxies: {address!r} is no address and no network"
        for address in values["trusted_proxies"]
        if not _is_proxy(address)
    ]
    return problems + [
        f"ledger_witnesses: {address!r} is not an e-mail address"
        for address in values["ledger_witnesses"]
        if not is_mail_address(address)
    ]
