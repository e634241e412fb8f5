"""Accounts: their mail, their links, their end."""

from __future__ import annotations

from rostra.accounts.confirm import send_confirmation_again
from rostra.accounts.credentials import send_reset_link
from rostra.accounts.verify import verify_links
from rostra.effects.reactions import emit, on
from rostra.events import (
    AccountClosed,
    LinkRequested,
    MailOrdered,
    ProfileChanged,
)
from rostra.instance.erase import erase_account
from rostra.kit.mail import Message
from rostra.relationships.follow import accept_all_requests
from rostra.resources import Resources


async def _accept_all(event: ProfileChanged, res: Resources) -> None:
    await accept_all_requests(res.db, res.clock, emit, event.account_id)


async def _send_mail(event: MailOrdered, res: Resources) -> None:
    await res.mailer.send(Message(to=event.to, subject=event.subject, text=event.text))


async def _send_link(event: LinkRequested, res: Resources) -> None:
    send = send_confirmation_again if event.purpose == "confirm" else send_reset_link
    await send(res.db, res.clock, emit, res.urls, event.email)


async def _erase(event: AccountClosed, res: Resources) -> None:
    await erase_account(res.db, res.clock, emit, event.account_id)


async def _verify_links(event: ProfileChanged, res: Resources) -> None:
    await verify_links(res.db, res.clock, res.http, event.account_id)


on(ProfileChanged, "relationships.accept_all", _accept_all, when=lambda event: event.unlocked)
on(MailOrdered, "accounts.send_mail", _send_mail, priority=15)
on(LinkRequested, "accounts.send_link", _send_link, priority=15)
on(AccountClosed, "accounts.erase", _erase, timeout=3600)
on(
    ProfileChanged,
    "accounts.verify_links",
    _verify_links,
    when=lambda event: event.has_unverified_links,
    priority=-5,
    timeout=90,
    concurrency=4,
)
