"""Whether a mail is from whom it says, by the word of our own mail server alone (RFC 8601).

The server says so in a header with its own name. Who writes such a header into a mail to forge it writes it below ours,
so only the topmost one counts; the server must take out those that bear its name, as the standard asks.
"""

from __future__ import annotations

import re
from typing import Final

from rostra.notices.formats.mime import Mail

_COMMENT: Final = re.compile(r"\([^()]*\)")
_RESULT: Final = re.compile(r"\s*(?P<method>dkim|dmarc)\s*=\s*(?P<result>[a-z]+)\b(?P<rest>[^;]*)", re.IGNORECASE)
_DOMAIN: Final = re.compile(r"\b(?:header\.d|header\.from)\s*=\s*\"?@?(?P<domain>[a-z0-9.-]{1,253})", re.IGNORECASE)


def signed_domain(mail: Mail, authserv_id: str) -> str:
    """The domain of the mail's author, where the server of that name says that the mail is from there; else nothing.

    Needs a DKIM signature of the author's domain or of one above or below it, or DMARC's verdict for it.
    """
    author = mail.sender.rpartition("@")[2]
    given = mail.all("authentication-results")
    if not author or not authserv_id or not given:
        return ""
    server, _, results = _COMMENT.sub(" ", given[0][:5000]).partition(";")
    # A version number may follow the name.
    if server.lower().split()[:1] != [authserv_id.lower()]:
        return ""
    for result in results.split(";"):
        found = _RESULT.match(result)
        if found is None or found["result"].lower() != "pass":
            continue
        domain = _DOMAIN.search(found["rest"])
        if domain and belongs(author, domain["domain"].lower().rstrip(".")):
            return author
    return ""


def belongs(domain: str, to: str) -> bool:
    """Whether one domain is the other, or beneath it."""
    return bool(to) and "." in to and (domain == to or domain.endswith(f".{to}"))
