"""Notices as they are really sent, made to measure."""

from __future__ import annotations

import base64
import hashlib
import json
from email.message import EmailMessage
from typing import Any

OWN = ("localhost:3000",)
BASE = "http://localhost:3000"


def xarf4(*urls: str, **more: Any) -> bytes:
    """A report in XARF 4 about these addresses."""
    report = {
        "xarf_version": "4.0.0",
        "report_id": "6f1e-44",
        "timestamp": "2026-05-04T11:00:00Z",
        "reporter": {"org": "Example Cloud", "contact": "abuse@cloud.example", "domain": "cloud.example"},
        "sender": {"org": "Example Cloud", "contact": "abuse@cloud.example", "domain": "cloud.example"},
        "source_identifier": "203.0.113.7",
        "category": "content",
        "type": "violence",
        "urls": list(urls),
    }
    return json.dumps(report | more).encode()


def evidence(body: bytes, **more: Any) -> dict[str, Any]:
    """A piece of evidence as XARF 4 carries it."""
    made = {
        "content_type": "text/plain",
        "payload": base64.b64encode(body).decode(),
        "hash": f"sha256:{hashlib.sha256(body).hexdigest()}",
    }
    return made | more


def xarf3(*urls: str) -> bytes:
    """The same in XARF 3."""
    report = {
        "Version": "3",
        "ReporterInfo": {
            "ReporterOrg": "Example Cloud",
            "ReporterOrgDomain": "cloud.example",
            "ReporterOrgEmail": "abuse@cloud.example",
        },
        "Disclosure": True,
        "Report": [
            {"ReportClass": "Content", "ReportType": "Violence", "ReportID": "33", "SourceUrl": url, "Samples": []}
            for url in urls
        ],
    }  # fmt: skip
    return json.dumps(report).encode()


def letter(
    text: str, *, sender: str = "abuse@cloud.example", subject: str = "Abuse report", **headers: str
) -> EmailMessage:
    """A mail in plain words."""
    mail = EmailMessage()
    for name, value in headers.items():
        mail[name.replace("_", "-")] = value
    mail["From"] = f"Example Cloud <{sender}>"
    mail["To"] = "abuse@localhost"
    mail["Subject"] = subject
    mail["Message-ID"] = "<1234@cloud.example>"
    mail.set_content(text)
    return mail


def arf(*urls: str) -> bytes:
    """A feedback report (RFC 5965)."""
    reported = "".join(f"Reported-URI: {url}\r\n" for url in urls)
    return (
        "From: <abuse@cloud.example>\r\nTo: abuse@localhost\r\nSubject: FW: report\r\n"
        "Message-ID: <arf-1@cloud.example>\r\n"
        'MIME-Version: 1.0\r\nContent-Type: multipart/report; report-type=feedback-report; boundary="part"\r\n\r\n'
        "--part\r\nContent-Type: text/plain; charset=us-ascii\r\n\r\n"
        "This is an abuse report. Please answer within 48 hours.\r\n"
        "--part\r\nContent-Type: message/feedback-report\r\n\r\n"
        "Feedback-Type: abuse\r\nUser-Agent: Example/1.0\r\nVersion: 1\r\n"
        f"{reported}"
        "\r\n--part\r\nContent-Type: message/rfc822\r\n\r\n"
        "From: <somebody@example.net>\r\nSubject: hello\r\n\r\nthe original text\r\n"
        "--part--\r\n"
    ).encode()
