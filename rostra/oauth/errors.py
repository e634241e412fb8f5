"""The refusals of OAuth, whose shape is their own: a code from the specification and a sentence for the developer."""

from __future__ import annotations

from rostra.kit.errors import RostraError


class OAuthError(RostraError):
    """`code` is one of RFC 6749 (4.1.2.1, 5.2); goes out as `{"error": code, "error_description": description}`."""

    def __init__(self, code: str, description: str, *, status: int = 400) -> None:
        self.status = status
        self.description = description
        self.more = {"error_description": description}
        # RFC 6749, 5.2: who came with HTTP Basic is told that it is known.
        self.headers = {"www-authenticate": 'Basic realm="Rostra"'} if code == "invalid_client" else {}
        super().__init__(code)

    @property
    def code(self) -> str:
        """The code for machines."""
        return self.text


def invalid_client() -> OAuthError:
    """The app is unknown, or its secret is missing or wrong; which of these is not said."""
    return OAuthError("invalid_client", "The app is unknown or its client_secret is wrong.", status=401)


def invalid_grant(description: str) -> OAuthError:
    """The code cannot be exchanged."""
    return OAuthError("invalid_grant", description)


def invalid_request(description: str) -> OAuthError:
    """A parameter is missing or malformed."""
    return OAuthError("invalid_request", description)
