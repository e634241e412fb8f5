"""The cookies of the pages: what came with a request, what the answer sets, and the CSRF token that hangs on them.

Nothing in a cookie is believed unless it is random and looked up (the session) or signed (a notice, a sign-in that
waits for its second step, whose password was right before).
"""

from __future__ import annotations

import secrets
from datetime import datetime, timedelta
from typing import Final, Literal

from starlette.requests import Request
from starlette.responses import Response

from rostra.accounts.sessions import IDLE_LIFETIME
from rostra.kit.sealing import Sealer
from rostra.kit.settings import Settings

# session: the token of a signed-in browser. visitor: random, what a visitor's CSRF token hangs on. notice: one sentence
# for the next page. pending: who has given the right password and owes the second factor. known: whose password was
# right in this browser before.
Kind = Literal["session", "visitor", "notice", "pending", "known"]

_NOTICE_FOR: Final = timedelta(minutes=1)
_CSRF: Final = "csrf"

_YEAR: Final = 365 * 86400


class Cookies:
    """The cookies of one request and of its answer."""

    def __init__(self, request: Request, settings: Settings, sealer: Sealer) -> None:
        self._request = request
        self._sealer = sealer
        self._secure = settings.scheme == "https"
        self._prefix = settings.cookie_prefix
        self._changes: dict[Kind, tuple[str, int | None]] = {}
        self._preferences: dict[str, str] = {}

    def find(self, kind: Kind) -> str | None:
        """The cookie as it came, or as this request has set it."""
        if kind in self._changes:
            return self._changes[kind][0] or None
        return self._request.cookies.get(self._prefix + kind) or None

    def plain(self, name: str) -> str:
        """A cookie that holds only a preference (`theme`, `language`); whatever the browser says."""
        return self._request.cookies.get(name, "")

    def set_plain(self, name: str, value: str) -> None:
        """Keep a preference for a year. Scripts of our pages read it, too."""
        self._preferences[name] = value

    def set(self, kind: Kind, value: str, lifetime: timedelta | None = None) -> None:
        """Set a cookie; without a lifetime it ends with the browser."""
        self._changes[kind] = (value, None if lifetime is None else int(lifetime.total_seconds()))

    def drop(self, kind: Kind) -> None:
        """Remove a cookie, if there is one."""
        self._changes[kind] = ("", 0)

    def start_session(self, token: str) -> None:
        """Sign the browser in; what it had as a visitor ends."""
        self.set("session", token, IDLE_LIFETIME)
        self.drop("visitor")
        self.drop("pending")

    @property
    def csrf(self) -> str:
        """The token that this browser's forms must carry; it looks different each time."""
        return self._sealer.masked_mac(_CSRF, self._seed(make=True))

    def is_csrf(self, given: str) -> bool:
        """Whether a form came from one of our pages in this browser."""
        seed = self._seed(make=False)
        return bool(seed) and self._sealer.is_masked_mac(_CSRF, seed, given)

    def _seed(self, *, make: bool) -> str:
        seed = self.find("session") or self.find("visitor")
        if seed is None and make:
            seed = secrets.token_urlsafe(24)
            self.set("visitor", seed)
        return seed or ""

    def set_notice(self, text: str, now: datetime) -> None:
        """Keep a sentence for the next page."""
        self.set("notice", self._sealer.sign("notice", text.encode(), now + _NOTICE_FOR), _NOTICE_FOR)

    def take_notice(self, now: datetime) -> str | None:
        """The sentence that was kept, once."""
        signed = self.find("notice")
        if signed is None:
            return None
        self.drop("notice")
        text = self._sealer.read_signed("notice", signed, now)
        return None if text is None else text.decode()

    def apply(self, response: Response) -> None:
        """Write what was set into the answer."""
        for name, value in self._preferences.items():
            response.set_cookie(name, value, max_age=_YEAR, path="/", secure=self._secure, samesite="lax")
        for kind, (value, max_age) in self._changes.items():
            name = self._prefix + kind
            if not value and name not in self._request.cookies:
                continue
            response.set_cookie(
                name, value, max_age=max_age, path="/", secure=self._secure, httponly=True, samesite="lax"
            )
