"""The mailbox for notices: what arrives there over IMAP (RFC 3501) is taken in, and only then moved out of the way.

A run that is killed in between finds the message again and knows it by its id or its hash: each is taken in once, none
is lost. Nothing is deleted; messages that were taken in lie in the folder `Rostra-taken`.
"""

from __future__ import annotations

import asyncio
import hashlib
import imaplib
import re
import ssl
from collections.abc import Generator, Sequence
from contextlib import contextmanager
from typing import Any, Final, cast
from urllib.parse import unquote, urlsplit

import msgspec
import structlog

from rostra.kit.errors import Conflict, RostraError, Upstream
from rostra.kit.mail import tls_of
from rostra.ledger.append import Entry, append
from rostra.moderation.desk import Desk
from rostra.notices import queries
from rostra.notices.formats.authentication import signed_domain
from rostra.notices.formats.decode import to_text
from rostra.notices.formats.mime import Mail, take_apart
from rostra.notices.formats.records import MAX_BYTES, Fault, Unusable, lines
from rostra.notices.intake import Arrival, notice_of_subject, take_in
from rostra.notices.providers import find_by_domain
from rostra.notices.records import Provider

log = structlog.get_logger(__name__)

TAKEN: Final = "Rostra-taken"
_AT_ONCE: Final = 50
_TIMEOUT: Final = 30.0
_SIZE: Final = re.compile(rb"RFC822\.SIZE (\d{1,12})")


class ImapServer(msgspec.Struct, frozen=True, kw_only=True):
    """Where the mailbox is; `tls` is `direct`, `starttls` or `never`."""

    host: str
    port: int
    tls: str
    user: str
    password: str
    folder: str = "INBOX"

    def __repr__(self) -> str:
        return f"ImapServer({self.host}:{self.port}, tls={self.tls})"


def parse_imap_url(url: str) -> ImapServer:
    """Read `imaps://user:password@host:993/INBOX` (TLS from the first byte) or `imap://…` (STARTTLS).

    `imap` means STARTTLS or nothing, unless the host is this machine or `?tls=never` is added. Raises ValueError, whose
    text does not have the password.
    """
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        raise ValueError("notices_imap_url: is not a URL") from None
    if parts.scheme not in ("imap", "imaps") or not parts.hostname or not parts.username:
        raise ValueError("notices_imap_url: must look like imaps://user:password@host:993/INBOX")
    return ImapServer(
        host=parts.hostname,
        port=port or (993 if parts.scheme == "imaps" else 143),
        tls=tls_of(parts, "notices_imap_url"),
        user=unquote(parts.username),
        password=unquote(parts.password or ""),
        folder=unquote(parts.path.strip("/")) or "INBOX",
    )


async def read_mailbox(desk: Desk, server: ImapServer, authserv_id: str) -> int:
    """Take in what has arrived, at most fifty messages; how many that were. Raises Upstream where the server fails."""
    session = await _within(_Session.open, server)
    taken = 0
    try:
        for uid in (await _within(session.waiting))[:_AT_ONCE]:
            message, is_whole = await _within(session.fetch, uid)
            try:
                await take_in_message(desk, message, authserv_id, fault=None if is_whole else "too_large")
            except RostraError as error:
                # It stays where it is, for the next run and for people to see; the others are not to wait for it.
                log.warning("a message was not taken in", reason=error.operator_text or error.text)
                continue
            await _within(session.set_aside, uid)
            taken += 1
    finally:
        await asyncio.to_thread(session.close)
    return taken


async def count_waiting(server: ImapServer) -> int:
    """How many messages lie in the mailbox; nothing is changed there. Raises Upstream, which says what is wrong."""
    session = await _within(_Session.open, server, read_only=True)
    try:
        return len(await _within(session.waiting))
    finally:
        await asyncio.to_thread(session.close)


async def take_in_message(desk: Desk, message: bytes, authserv_id: str, *, fault: Fault | None = None) -> None:
    """One mail: an answer to a notice is kept with it, everything else is a notice. Mail is a provider's only where our
    mail server says that it is from there."""
    try:
        mail = take_apart(message)
    except Unusable:
        mail = None
    provider = await _provider_of(desk, mail, authserv_id) if mail else None
    if mail and provider and await _is_reply(desk, mail, provider, message):
        return
    digest = hashlib.sha256(message).hexdigest()
    arrival = Arrival(
        body=message,
        content_type="message/rfc822",
        channel="mail",
        proof="signature" if provider else "none",
        provider=provider,
        key=mail.message_id if mail else "",
        sender=mail.sender if mail else "",
        subject=mail.subject if mail else "",
        fault=fault,
    )
    try:
        await take_in(desk, arrival)
    except Conflict:
        # Another message under the same id is another message.
        await take_in(desk, msgspec.structs.replace(arrival, key=digest))


async def _provider_of(desk: Desk, mail: Mail, authserv_id: str) -> Provider | None:
    domain = signed_domain(mail, authserv_id)
    if not domain:
        return None
    async with desk.db.read() as conn:
        return await find_by_domain(conn, domain)


async def _is_reply(desk: Desk, mail: Mail, provider: Provider, message: bytes) -> bool:
    """Whether the mail answers ours about a notice of the same provider; it is kept with that one then."""
    notice_id = notice_of_subject(mail.subject)
    if notice_id is None:
        return False
    at = desk.clock.now()
    async with desk.db.transaction() as tx:
        state = await queries.lock_notice(tx, notice_id)
        notice = await queries.find_notice(tx, notice_id) if state else None
        if notice is None or notice.provider_id != provider.id or state == "closed":
            return False
        key = f"mail:{hashlib.sha256(message).hexdigest()}"
        if not await queries.insert_reply(tx, notice_id, "mail", mail.sender, _words(mail), key, at):
            return True
        if state in ("sent", "accepted"):
            await queries.move_notice(tx, notice_id, "follow_up", None, at)
        entry = Entry(type="notice_reply", subject_kind="notice", subject_id=notice_id, details={"channel": "mail"})
        await append(tx, at, entry)
    return True


def _words(mail: Mail) -> str:
    texts = [to_text(part.body, part.charset)[0] for part in mail.parts if part.content_type == "text/plain"]
    return lines("\n".join(texts), 20_000)


class _Session:
    """One connection to the mailbox, used by one thread at a time."""

    def __init__(self, connection: imaplib.IMAP4) -> None:
        self._connection = connection
        # Asked again: servers say more once somebody has signed in.
        able = b" ".join(_flat(_check(connection.capability()))).upper().split()
        self._can_move = b"MOVE" in able
        self._can_expunge = b"UIDPLUS" in able

    @classmethod
    def open(cls, server: ImapServer, *, read_only: bool = False) -> _Session:
        """Connect, sign in and open the folder. Raises Upstream, which says what the server refuses."""
        connection = _connect(server)
        try:
            with _failing(f"{server.host} port {server.port} does not let {server.user} in; check name and password"):
                connection.login(_quoted(server.user), server.password)
            made = cls(connection)
            with _failing(f"{server.host} port {server.port} has no folder {server.folder}"):
                _check(connection.select(_quoted(server.folder), readonly=read_only))
            if not read_only:
                # Exists already, most of the time.
                connection.create(TAKEN)
        except BaseException:
            connection.shutdown()
            raise
        return made

    def waiting(self) -> list[bytes]:
        """What lies there, the oldest first."""
        found = _check(self._connection.uid("SEARCH", "UNDELETED"))
        return [uid for uid in (found[0] or b"").split() if uid.isdigit()]

    def fetch(self, uid: bytes) -> tuple[bytes, bool]:
        """A message, or its headers alone where it is larger than any notice; whether it is all of it."""
        name = uid.decode()
        sized = _SIZE.search(b" ".join(_flat(_check(self._connection.uid("FETCH", name, "(RFC822.SIZE)")))))
        is_whole = sized is None or int(sized[1]) <= MAX_BYTES
        what = "(BODY.PEEK[])" if is_whole else "(BODY.PEEK[HEADER])"
        found = _check(self._connection.uid("FETCH", name, what))
        return next((each[1] for each in found if isinstance(each, tuple)), b""), is_whole

    def set_aside(self, uid: bytes) -> None:
        """Move a message out of the way; where the server cannot, it is copied and marked as deleted."""
        name = uid.decode()
        if self._can_move:
            _check(self._connection.uid("MOVE", name, TAKEN))
            return
        _check(self._connection.uid("COPY", name, TAKEN))
        _check(self._connection.uid("STORE", name, "+FLAGS.SILENT", r"(\Deleted)"))
        if self._can_expunge:
            self._connection.uid("EXPUNGE", name)

    def close(self) -> None:
        """Say goodbye; whether the server hears it is no matter."""
        try:
            self._connection.logout()
        except (imaplib.IMAP4.error, OSError):
            self._connection.shutdown()


def _connect(server: ImapServer) -> imaplib.IMAP4:
    place = f"{server.host} port {server.port}"
    try:
        with _failing(f"{place} is no IMAP server, or offers no STARTTLS"):
            return _reach(server)
    except ssl.SSLCertVerificationError as error:
        raise Upstream(f"mailbox: {place}: its certificate is not good: {error.verify_message}") from None
    except ssl.SSLError:
        words = "imaps:// is TLS from the first byte, imap:// begins without"
        raise Upstream(f"mailbox: {place} does not speak TLS as it is spoken to; {words}") from None
    except OSError as error:
        raise Upstream(f"mailbox: {place}: {error.strerror or 'does not answer'}") from None


@contextmanager
def _failing(words: str) -> Generator[None]:
    """Say what it means where the server says no. Its own words are left out: they may repeat what it was told."""
    try:
        yield
    except imaplib.IMAP4.error:
        raise Upstream(f"mailbox: {words}") from None


def _reach(server: ImapServer) -> imaplib.IMAP4:
    if server.tls == "direct":
        return imaplib.IMAP4_SSL(server.host, server.port, ssl_context=ssl.create_default_context(), timeout=_TIMEOUT)
    connection = imaplib.IMAP4(server.host, server.port, timeout=_TIMEOUT)
    if server.tls == "starttls":
        try:
            connection.starttls(ssl.create_default_context())
        except BaseException:
            connection.shutdown()
            raise
    return connection


def _check(answer: tuple[str, Sequence[Any]]) -> list[Any]:
    """What the server said, or an error where that was no."""
    if answer[0] != "OK":
        raise imaplib.IMAP4.error(f"the server answers {answer[0]}")
    return list(answer[1])


def _flat(answer: Sequence[Any]) -> list[bytes]:
    return [
        part
        for each in answer
        for part in (cast("tuple[Any, ...]", each) if isinstance(each, tuple) else (each,))
        if isinstance(part, bytes)
    ]


def _quoted(name: str) -> str:
    return '"' + name.replace("\\", "\\\\").replace('"', '\\"') + '"'


async def _within(act: Any, *given: Any, **named: Any) -> Any:
    """Run what talks to the server in a thread. Raises Upstream for whatever it fails with."""
    try:
        return await asyncio.to_thread(act, *given, **named)
    except (imaplib.IMAP4.error, OSError, ValueError) as error:
        # The server's words may repeat what it was told.
        raise Upstream(f"mailbox: it broke off ({type(error).__name__})") from None
