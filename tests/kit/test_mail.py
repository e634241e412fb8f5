"""Mail: what travels, how it is handed over, and what can go wrong. Against a real SMTP server on loopback."""

from __future__ import annotations

import asyncio
import ipaddress
import ssl
import stat
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from pathlib import Path

import pytest
from aiosmtpd.smtp import SMTP, AuthResult, Envelope, Session
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from hypothesis import given
from hypothesis import strategies as st

from rostra.kit.clock import Clock, FixedClock
from rostra.kit.errors import Invalid, Upstream
from rostra.kit.mail import Mailer, Message, compose, parse_smtp_url
from rostra.kit.settings import Settings

HELLO = Message(to="ada@example.org", subject="Hello", text="Good day.\n", html="<p>Good day.</p>\n")


class Inbox:
    """What a server took; refuses recipients at `refused.example`."""

    def __init__(self) -> None:
        self.letters: list[EmailMessage] = []
        self.envelopes: list[Envelope] = []
        self.encrypted: list[bool] = []

    async def handle_RCPT(  # noqa: N802
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        if address.endswith("@refused.example"):
            return "550 5.1.1 no such person, secret words"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802
        letter = message_from_bytes(envelope.content or b"", policy=default)  # type: ignore[arg-type]
        self.letters.append(letter)  # type: ignore[arg-type]
        self.envelopes.append(envelope)
        self.encrypted.append(server.transport.get_extra_info("ssl_object") is not None)  # type: ignore[union-attr]
        return "250 OK"


@asynccontextmanager
async def serving(inbox: Inbox, ssl_context: ssl.SSLContext | None = None, **options: object) -> AsyncIterator[int]:
    """An SMTP server on loopback; yields its port."""
    loop = asyncio.get_running_loop()
    server = await loop.create_server(
        lambda: SMTP(inbox, hostname="mail.test", loop=loop, **options),  # type: ignore[arg-type]
        "127.0.0.1",
        0,
        ssl=ssl_context,
    )
    async with server:
        yield server.sockets[0].getsockname()[1]


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A self-signed certificate for 127.0.0.1 with its key, in one PEM file."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "127.0.0.1")])
    now = Clock().now()
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .sign(key, hashes.SHA256())
    )
    path = tmp_path_factory.mktemp("tls") / "both.pem"
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    path.write_bytes(private + made.public_bytes(serialization.Encoding.PEM))
    return path


def server_context(certificate: Path) -> ssl.SSLContext:
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(certificate)
    return context


def mailer(url: str | None, tmp_path: Path, **settings: object) -> Mailer:
    return Mailer(Settings(data_dir=tmp_path, domain="social.example", smtp_url=url, **settings))  # type: ignore[arg-type]


# What travels


def test_a_letter_has_text_and_html_and_says_that_no_answer_is_wanted(clock: FixedClock):
    letter = compose(HELLO, sender="Rostra <noreply@social.example>", domain="social.example", clock=clock)
    assert letter["To"] == "ada@example.org"
    assert letter["From"] == "Rostra <noreply@social.example>"
    assert letter["Date"] == "Mon, 04 May 2026 12:00:00 +0000"
    assert letter["Auto-Submitted"] == "auto-generated"
    assert letter["Message-ID"].endswith("@social.example>")
    assert [part.get_content_type() for part in letter.iter_parts()] == ["text/plain", "text/html"]


@given(subject=st.text(), text=st.text(st.characters(codec="utf-8")))
def test_no_subject_or_text_can_add_a_header(subject: str, text: str):
    message = Message(to="ada@example.org", subject=subject.encode("utf-8", "replace").decode(), text=text)
    letter = compose(message, sender="a@b.example", domain="b.example", clock=Clock())
    read = message_from_bytes(letter.as_bytes(), policy=default)
    names = ["From", "To", "Subject", "Date", "Message-ID", "Auto-Submitted"]
    assert read.keys()[:6] == names
    assert sorted(read.keys()[6:]) == ["Content-Transfer-Encoding", "Content-Type", "MIME-Version"]


@pytest.mark.parametrize(
    "address",
    [
        "", "ada", "@example.org", "ada@", "ada@example.org\nBcc: eve@example.org", "ada@example.org\r\nX: y",
        "ada@example.org,eve@example.org", "ada@example.org, eve@example.org", "<ada@example.org>", "a da@example.org",
        "Ada <ada@example.org>", "ada@exa mple.org", "ada@[127.0.0.1]", "ada@example..org", "ädä@example.org",
        "ada@example.org;eve@example.org", "ada\x00@example.org", "a" * 65 + "@example.org", '"a b"@example.org',
    ],
)  # fmt: skip
def test_what_is_not_one_plain_address_is_refused(address: str, clock: FixedClock):
    with pytest.raises(Invalid):
        compose(Message(to=address, subject="s", text="t"), sender="a@b.example", domain="b.example", clock=clock)


def test_a_domain_in_another_script_travels_in_ascii(clock: FixedClock):
    message = Message(to="ada@bücher.example", subject="s", text="t")
    letter = compose(message, sender="a@b.example", domain="b.example", clock=clock)
    assert letter["To"] == "ada@xn--bcher-kva.example"


# Into a folder


async def test_without_a_server_mail_is_written_to_a_folder_that_only_the_owner_reads(tmp_path: Path):
    await mailer(None, tmp_path).send(HELLO)
    (path,) = (tmp_path / "mail").iterdir()
    letter = message_from_bytes(path.read_bytes(), policy=default)
    assert letter["To"] == "ada@example.org"
    assert letter["From"] == "noreply@social.example"
    assert path.suffix == ".eml"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700


# Through a server


async def test_mail_is_handed_to_the_server(tmp_path: Path):
    inbox = Inbox()
    async with serving(inbox) as port:
        await mailer(f"smtp://127.0.0.1:{port}", tmp_path, mail_from="Rostra <post@social.example>").send(HELLO)
    assert inbox.letters[0]["Subject"] == "Hello"
    assert inbox.envelopes[0].mail_from == "post@social.example"
    assert inbox.envelopes[0].rcpt_tos == ["ada@example.org"]


async def test_credentials_travel_in_tls_only(tmp_path: Path, certificate: Path, monkeypatch: pytest.MonkeyPatch):
    inbox = Inbox()
    asked: list[tuple[bytes, bytes]] = []

    def sign_in(server: SMTP, session: Session, envelope: Envelope, mechanism: str, given: object) -> AuthResult:
        asked.append((given.login, given.password))  # type: ignore[attr-defined]
        return AuthResult(success=given.password == b"p@ss", handled=False)  # type: ignore[attr-defined]

    monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
    async with serving(
        inbox, ssl_context=server_context(certificate), authenticator=sign_in, auth_require_tls=False
    ) as port:
        await mailer(f"smtps://me:p%40ss@127.0.0.1:{port}", tmp_path).send(HELLO)
        with pytest.raises(Upstream) as refused:
            await mailer(f"smtps://me:wrong@127.0.0.1:{port}", tmp_path).send(HELLO)
    assert asked[0] == (b"me", b"p@ss")
    assert inbox.encrypted == [True]
    assert str(refused.value) == "mail server 127.0.0.1 answered 535"


async def test_starttls_is_used_and_its_certificate_checked(
    tmp_path: Path, certificate: Path, monkeypatch: pytest.MonkeyPatch
):
    inbox = Inbox()
    # Loopback needs no TLS, so that the tests have to take it for another machine.
    monkeypatch.setattr("rostra.kit.mail._is_this_machine", lambda host: False)
    async with serving(inbox, tls_context=server_context(certificate)) as port:
        post = mailer(f"smtp://127.0.0.1:{port}", tmp_path)
        with pytest.raises(Upstream, match="CERTIFICATE_VERIFY_FAILED"):
            await post.send(HELLO)
        monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
        await post.send(HELLO)
    assert inbox.encrypted == [True]


async def test_a_server_without_starttls_gets_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    inbox = Inbox()
    monkeypatch.setattr("rostra.kit.mail._is_this_machine", lambda host: False)
    async with serving(inbox) as port:
        with pytest.raises(Upstream, match="STARTTLS"):
            await mailer(f"smtp://127.0.0.1:{port}", tmp_path).send(HELLO)
        await mailer(f"smtp://127.0.0.1:{port}?tls=never", tmp_path).send(HELLO)
    assert len(inbox.letters) == 1


async def test_a_refused_recipient_is_an_upstream_error_without_the_servers_words(tmp_path: Path):
    async with serving(Inbox()) as port:
        post = mailer(f"smtp://127.0.0.1:{port}", tmp_path)
        with pytest.raises(Upstream) as refused:
            await post.send(Message(to="eve@refused.example", subject="s", text="t"))
    assert "550" in str(refused.value)
    assert "secret" not in str(refused.value)


async def test_a_server_that_is_not_there_is_an_upstream_error(tmp_path: Path):
    async with serving(Inbox()) as port:
        pass
    with pytest.raises(Upstream, match="ConnectionRefusedError"):
        await mailer(f"smtp://127.0.0.1:{port}", tmp_path).send(HELLO)


def test_the_url_says_port_and_tls():
    def said(url: str) -> tuple[str, int, str]:
        server = parse_smtp_url(url)
        return server.host, server.port, server.tls

    assert said("smtp://mail.example") == ("mail.example", 587, "starttls")
    assert said("smtp://mail.example:25?tls=never") == ("mail.example", 25, "never")
    assert said("smtp://localhost:25") == ("localhost", 25, "never")
    assert said("smtps://[2001:db8::1]") == ("2001:db8::1", 465, "direct")


@pytest.mark.parametrize("url", ["mail.example", "http://u:hunter2@x", "smtp://u:hunter2@", "smtp://u:hunter2@x:y"])
def test_a_url_that_cannot_be_used_is_refused_without_telling_the_password(url: str):
    with pytest.raises(ValueError, match="smtp_url") as refused:
        parse_smtp_url(url)
    assert "hunter2" not in str(refused.value)
    assert "hunter2" not in repr(parse_smtp_url("smtp://u:hunter2@x"))
