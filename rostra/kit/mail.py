"""Sending mail: through an SMTP server, or, where none is set, into a folder of .eml files for development.

Knows nothing of what is written to whom. A message goes to one recipient, over one connection; callers send from jobs.
"""

from __future__ import annotations

import asyncio
import ipaddress
import os
import re
import secrets
import smtplib
import ssl
from datetime import UTC
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime
from pathlib import Path
from typing import Final
from urllib.parse import SplitResult, parse_qs, unquote, urlsplit

import msgspec

from rostra.kit.clock import Clock
from rostra.kit.errors import Invalid, Upstream
from rostra.kit.settings import Settings

_TIMEOUT: Final = 15.0
# One recipient: no space, no control character, nothing that separates or groups addresses. ASCII in the local part.
_ADDRESS: Final = re.compile(r"[!#$%&'*+\-/=?^_`{|}~.A-Za-z0-9]{1,64}@[^\s@,;:<>()\[\]\"\\\x00-\x20\x7f]{1,253}")
_BREAKS: Final = re.compile(r"[\x00-\x1f\x7f\x85\u2028\u2029]")


class Message(msgspec.Struct, frozen=True, kw_only=True):
    """A mail to one address. `text` is always sent, `html` as its alternative."""

    to: str
    subject: str
    text: str
    html: str | None = None


class SmtpServer(msgspec.Struct, frozen=True, kw_only=True):
    """Where and how to hand mail over; `tls` is `direct`, `starttls` or `never`."""

    host: str
    port: int
    tls: str
    user: str | None = None
    password: str | None = None

    def __repr__(self) -> str:
        return f"SmtpServer({self.host}:{self.port}, tls={self.tls})"


class Mailer:
    """Sends mail as `settings` say. Each message opens and closes its own connection."""

    def __init__(self, settings: Settings, clock: Clock | None = None) -> None:
        self._server = None if settings.smtp_url is None else parse_smtp_url(settings.smtp_url)
        self._folder = mail_folder(settings)
        self._domain = settings.domain.partition(":")[0]
        self._sender = settings.mail_from or f"noreply@{self._domain}"
        self._clock = clock or Clock()

    async def send(self, message: Message) -> None:
        """Hand `message` over. Raises Invalid for an address that cannot be one, Upstream when the server fails.

        A message may arrive twice when a server fails after having taken it.
        """
        letter = compose(message, sender=self._sender, domain=self._domain, clock=self._clock)
        if self._server is None:
            await asyncio.to_thread(self._write, letter)
        else:
            await asyncio.to_thread(_hand_over, self._server, letter)

    def _write(self, letter: EmailMessage) -> None:
        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        name = f"{self._clock.now():%Y%m%d-%H%M%S-%f}-{secrets.token_hex(3)}.eml"
        # Its links sign people in, so it is for the owner's eyes; and it appears under its name only when complete.
        descriptor = os.open(self._folder / f".{name}", os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "wb") as file:
            file.write(letter.as_bytes())
        (self._folder / f".{name}").rename(self._folder / name)


def mail_folder(settings: Settings) -> Path:
    """Where mail is written when no SMTP server is set."""
    return settings.data_dir / "mail"


def parse_smtp_url(url: str) -> SmtpServer:
    """Read `smtp://user:password@host:587` (STARTTLS) or `smtps://…` (TLS from the first byte).

    `smtp` means STARTTLS or nothing, unless the host is this machine or `?tls=never` is added; certificates are
    checked. Raises ValueError, whose text does not have the password.
    """
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        raise ValueError("smtp_url: is not a URL") from None
    if parts.scheme not in ("smtp", "smtps") or not parts.hostname:
        raise ValueError("smtp_url: must look like smtp://user:password@host:587 or smtps://user:password@host:465")
    return SmtpServer(
        host=parts.hostname,
        port=port or (465 if parts.scheme == "smtps" else 587),
        tls=tls_of(parts, "smtp_url"),
        user=None if parts.username is None else unquote(parts.username),
        password=None if parts.password is None else unquote(parts.password),
    )


def compose(message: Message, *, sender: str, domain: str, clock: Clock) -> EmailMessage:
    """The message as it travels. Raises Invalid where the recipient is not one plain address."""
    letter = EmailMessage(policy=SMTP)
    letter["From"] = sender
    letter["To"] = _recipient(message.to)
    # A line break in a header would begin another header.
    letter["Subject"] = _BREAKS.sub(" ", message.subject)
    letter["Date"] = format_datetime(clock.now().astimezone(UTC))
    letter["Message-ID"] = f"<{secrets.token_hex(16)}@{domain}>"
    # Keeps holiday notices and the like from answering (RFC 3834).
    letter["Auto-Submitted"] = "auto-generated"
    letter.set_content(message.text)
    if message.html is not None:
        letter.add_alternative(message.html, subtype="html")
    return letter


def is_address(text: str) -> bool:
    """Whether mail can be sent to this at all: one plain address, ASCII before the @."""
    try:
        _recipient(text)
    except Invalid:
        return False
    return True


def _recipient(address: str) -> Address:
    if not _ADDRESS.fullmatch(address):
        raise Invalid("email", "is not an e-mail address", code="ERR_EMAIL")
    name, _, host = address.rpartition("@")
    try:
        return Address(username=name, domain=host.encode("idna").decode())
    except (UnicodeError, ValueError):
        raise Invalid("email", "is not an e-mail address", code="ERR_EMAIL") from None


def tls_of(parts: SplitResult, setting: str) -> str:
    """How the mail server of that address is talked to: `direct`, `starttls` or `never`.

    Schemes that end with an s mean TLS from the first byte; all others STARTTLS, unless the host is this machine or
    `?tls=never` is added. Raises ValueError, which names the setting.
    """
    chosen = parse_qs(parts.query).get("tls", [None])[-1]
    if chosen not in (None, "never"):
        raise ValueError(f"{setting}: the only choice for tls is never")
    if parts.scheme in ("smtps", "imaps"):
        return "direct"
    return "never" if chosen == "never" or _is_this_machine(parts.hostname or "") else "starttls"


def _is_this_machine(host: str) -> bool:
    try:
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _hand_over(server: SmtpServer, letter: EmailMessage) -> None:
    try:
        with _connect(server) as connection:
            if server.user is not None:
                connection.login(server.user, server.password or "")
            connection.send_message(letter)
    except smtplib.SMTPRecipientsRefused as error:
        codes = sorted({code for code, _ in error.recipients.values()})
        raise Upstream(f"mail server {server.host} refused the recipient: {codes}") from None
    except smtplib.SMTPResponseException as error:
        # The server's words may repeat what it was told.
        raise Upstream(f"mail server {server.host} answered {error.smtp_code}") from None
    except (smtplib.SMTPException, OSError) as error:
        raise Upstream(f"mail server {server.host}: {type(error).__name__}: {error}") from None


def _connect(server: SmtpServer) -> smtplib.SMTP:
    if server.tls == "direct":
        return smtplib.SMTP_SSL(server.host, server.port, timeout=_TIMEOUT, context=ssl.create_default_context())
    connection = smtplib.SMTP(server.host, server.port, timeout=_TIMEOUT)
    try:
        connection.ehlo()
        if server.tls == "starttls":
            connection.starttls(context=ssl.create_default_context())
            connection.ehlo()
    except BaseException:
        connection.close()
        raise
    return connection
