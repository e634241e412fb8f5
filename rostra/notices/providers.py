"""Providers: the hosts and authorities whose notices are believed, how they are known, and by when they want an answer.

A token is shown once and kept as a hash. Mail is theirs by its signature (`formats/authentication.py`), never by the
name that it bears.
"""

from __future__ import annotations

import hashlib
import re
import secrets
from collections.abc import Sequence
from datetime import timedelta
from typing import Final

import msgspec

from rostra.kit.addresses import normalise_domain
from rostra.kit.clock import Clock
from rostra.kit.db import Database, Reader, Tx
from rostra.kit.errors import Invalid, NotFound
from rostra.kit.mail import is_address
from rostra.ledger.append import Entry, append
from rostra.notices import provider_queries as queries
from rostra.notices.records import REGIMES, Provider, Regime
from rostra.policy.records import Bundle, Clause

_LONGEST_NAME: Final = 100
_MOST_DOMAINS: Final = 20
_PREFIX: Final = "rn_"
_PLAIN: Final = re.compile(r"[^a-z0-9]+")


class ProviderDraft(msgspec.Struct, frozen=True, kw_only=True):
    """What is written about a provider. `host` is a host profile of the policy in force, or empty."""

    name: str
    host: str = ""
    contact: str = ""
    domains: tuple[str, ...] = ()
    regime: Regime = "host"
    reply_within: timedelta = timedelta(hours=24)
    language: str = "en"


async def add_provider(
    db: Database, clock: Clock, draft: ProviderDraft, *, bundle: Bundle, actor_id: int | None
) -> int:
    """Keep a new provider; its id. Raises Invalid for what cannot be."""
    draft = _checked(draft, bundle)
    at = clock.now()
    async with db.transaction() as tx:
        made = await queries.insert_provider(
            tx,
            draft.name,
            draft.host,
            draft.contact,
            draft.domains,
            draft.regime,
            draft.reply_within,
            draft.language,
            at,
        )
        if made is None:
            raise Invalid("name", "is already taken", code="ERR_TAKEN")
        await _log(tx, clock, "provider_added", made, actor_id)
    return made


async def change_provider(
    db: Database, clock: Clock, provider_id: int, draft: ProviderDraft, *, bundle: Bundle, actor_id: int | None
) -> None:
    """Change what is written about one. Raises NotFound, and Invalid for what cannot be."""
    draft = _checked(draft, bundle)
    async with db.transaction() as tx:
        await get_provider(tx, provider_id)
        if await queries.is_name_taken(tx, draft.name, provider_id):
            raise Invalid("name", "is already taken", code="ERR_TAKEN")
        await queries.update_provider(
            tx, provider_id, draft.name, draft.host, draft.contact, draft.domains, draft.regime, draft.reply_within,
            draft.language,
        )  # fmt: skip
        await _log(tx, clock, "provider_changed", provider_id, actor_id)


async def make_token(db: Database, clock: Clock, provider_id: int, *, actor_id: int | None) -> str:
    """A new token in place of the one before; nobody can read it again. Raises NotFound."""
    token = _PREFIX + secrets.token_urlsafe(32)
    async with db.transaction() as tx:
        await get_provider(tx, provider_id)
        await queries.set_token(tx, provider_id, _hash(token), clock.now())
        await _log(tx, clock, "provider_token_made", provider_id, actor_id)
    return token


async def retire_provider(db: Database, clock: Clock, provider_id: int, *, actor_id: int | None) -> None:
    """Believe it no more; its notices stay. Raises NotFound."""
    async with db.transaction() as tx:
        await get_provider(tx, provider_id)
        await queries.retire(tx, provider_id, clock.now())
        await _log(tx, clock, "provider_retired", provider_id, actor_id)


async def list_providers(db: Database) -> list[Provider]:
    """All providers by name, those that are no longer believed last."""
    async with db.read() as conn:
        return await queries.list_providers(conn)


async def get_provider(conn: Reader, provider_id: int) -> Provider:
    """The provider. Raises NotFound."""
    found = await queries.find_provider(conn, provider_id)
    if found is None:
        raise NotFound
    return found


async def find_by_name(db: Database, name: str) -> Provider | None:
    """The provider of that name, in whatever case."""
    async with db.read() as conn:
        return await queries.find_by_name(conn, name)


async def find_by_token(db: Database, token: str) -> Provider | None:
    """Whose token it is."""
    if not token.startswith(_PREFIX) or len(token) > 100:
        return None
    async with db.read() as conn:
        return await queries.find_by_token(conn, _hash(token))


async def find_by_domain(conn: Reader, domain: str) -> Provider | None:
    """The provider whose mail comes from that domain, or from one above it."""
    labels = domain.lower().split(".")
    return await queries.find_by_domain(conn, [".".join(labels[at:]) for at in range(max(0, len(labels) - 1))])


def find_clause(bundle: Bundle, host: str, named: str) -> Clause | None:
    """Our clause for what a notice calls it: by our own name, or by the host's clause that ours covers."""
    wanted = _plain(named)
    if not wanted:
        return None
    living = [clause for clause in bundle.clauses if not clause.retired]
    for clause in living:
        if wanted in (_plain(clause.id), *(_plain(title) for title in clause.title.values())):
            return clause
    hosts = sorted(bundle.hosts, key=lambda each: each.id != host)
    for profile in hosts:
        for theirs in profile.clauses:
            names = (_plain(theirs.id), _plain(theirs.title), _plain(f"{profile.id}/{theirs.id}"))
            # XARF says content/violence where a host's terms say violence.
            if wanted in names or any(wanted.endswith(f" {name}") for name in names[:2]):
                cover = f"{profile.id}/{theirs.id}"
                return next((clause for clause in living if cover in clause.covers), None)
    return None


def _plain(name: str) -> str:
    return _PLAIN.sub(" ", name.lower()).strip()


def _checked(draft: ProviderDraft, bundle: Bundle) -> ProviderDraft:
    name = draft.name.strip()
    if not name:
        raise Invalid("name", "can't be blank", code="ERR_BLANK")
    if len(name) > _LONGEST_NAME:
        raise Invalid("name", "is too long", code="ERR_TOO_LONG")
    if draft.host and draft.host not in {host.id for host in bundle.hosts}:
        raise Invalid("host", "is no host profile of the policy")
    if draft.contact and not is_address(draft.contact):
        raise Invalid("contact", "is not an e-mail address")
    if draft.regime not in REGIMES:
        raise Invalid("regime", "is not known")
    if not timedelta(minutes=15) <= draft.reply_within <= timedelta(days=90):
        raise Invalid("reply_within", "must be between 15 minutes and 90 days")
    return msgspec.structs.replace(
        draft,
        name=name,
        domains=_domains(draft.domains),
        language=draft.language if draft.language in ("en", "it") else "en",
    )


def _domains(given: Sequence[str]) -> tuple[str, ...]:
    wanted = [domain.strip().lstrip("@") for domain in given if domain.strip()]
    if len(wanted) > _MOST_DOMAINS:
        raise Invalid("domains", "are too many")
    found: list[str] = []
    for domain in wanted:
        try:
            name = normalise_domain(domain)
        except Invalid:
            raise Invalid("domains", f"{domain[:80]} is not a domain name") from None
        if "." not in name:
            raise Invalid("domains", f"{name} is a whole top-level domain")
        found.append(name)
    return tuple(dict.fromkeys(found))


def _hash(token: str) -> bytes:
    return hashlib.sha256(token.encode("utf-8", "surrogateescape")).digest()


async def _log(tx: Tx, clock: Clock, type_: str, provider_id: int, actor_id: int | None) -> None:
    entry = Entry(type=type_, subject_kind="notice", subject_id=provider_id, actor_id=actor_id)
    await append(tx, clock.now(), entry)
