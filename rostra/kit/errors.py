"""The one tree of errors that cross a slice's border.

Each error carries a text for the client, which is safe to show to anybody, and may carry one for the operator, which
goes to the log only. Every edge (API, web, command line, worker) maps the tree once; nothing else catches it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence


class RostraError(Exception):
    """Base of the tree. `text` is shown to the client, `operator_text` only logged."""

    status = 500
    text = "Something went wrong on our side"

    def __init__(self, text: str | None = None, *, operator_text: str | None = None) -> None:
        self.text = text or self.text
        self.operator_text = operator_text
        super().__init__(operator_text or self.text)


class FieldProblem:
    """One reason why one field was refused; `code` is one of Mastodon's ERR_ codes, or one of ours where none of these
    says it. Pages have words for codes in the reader's language; `description` is for apps."""

    __slots__ = ("code", "description")

    def __init__(self, code: str, description: str) -> None:
        self.code = code
        self.description = description


class Invalid(RostraError):
    """Input that names a field and says what is wrong with it (HTTP 422).

    `details` maps a field to its problems in the form that Mastodon's sign-up answers with.
    """

    status = 422

    def __init__(self, field: str, text: str, *, code: str = "ERR_INVALID") -> None:
        self.field = field
        self.details: Mapping[str, Sequence[FieldProblem]] = {field: [FieldProblem(code, text)]}
        super().__init__(f"Validation failed: {_sentence(field, text)}")


class OutOfRange(Invalid):
    """A number that is less than `least` or more than `most`."""

    def __init__(self, field: str, least: float, most: float, unit: str = "") -> None:
        self.range = f"{least:,.10g}", f"{most:,.10g}"
        super().__init__(field, " ".join(("must be between", " and ".join(self.range), unit)).strip(), code="ERR_RANGE")


class InvalidFields(RostraError):
    """Several fields were refused at once (HTTP 422); used by sign-up."""

    status = 422

    def __init__(self, details: Mapping[str, Sequence[FieldProblem]]) -> None:
        self.details = details
        said = [_sentence(field, problem.description) for field, problems in details.items() for problem in problems]
        super().__init__("Validation failed: " + ", ".join(said))


class Refused(RostraError):
    """What was asked does not fit the state that things are in, and no one field is to blame (HTTP 422)."""

    status = 422


class BadRequest(RostraError):
    """A request that lacks what it cannot do without, or cannot be read at all (HTTP 400)."""

    status = 400


class Unauthorized(RostraError):
    """No valid credentials (HTTP 401)."""

    status = 401
    text = "The access token is invalid"


class Forbidden(RostraError):
    """The credentials are good but do not allow this act (HTTP 403). Never used to hide something: that is NotFound."""

    status = 403
    text = "This action is not allowed"


class Involved(Forbidden):
    """Whoever asks is part of what is to be decided: somebody else has to."""

    text = "Somebody else has to look at your own content"


class Outranked(Forbidden):
    """The act is on somebody of one's own role or above."""

    text = "You cannot act on somebody of your own role or above"


class NotFound(RostraError):
    """Absent, or not to be seen by this viewer: the answer is the same (HTTP 404)."""

    status = 404
    text = "Record not found"


class Gone(RostraError):
    """Was here and was removed for good (HTTP 410)."""

    status = 410
    text = "Gone"


class Conflict(RostraError):
    """The state has moved on under the request (HTTP 409)."""

    status = 409
    text = "The record was changed by somebody else"


class TooLarge(RostraError):
    """A body over the limit (HTTP 413)."""

    status = 413
    text = "The request is too large"


class RateLimited(RostraError):
    """Too many requests (HTTP 429). `retry_after` is in seconds."""

    status = 429
    text = "Too many requests"

    def __init__(self, text: str | None = None, *, retry_after: float = 60.0) -> None:
        self.retry_after = retry_after
        super().__init__(text)


class Unavailable(RostraError):
    """What nothing works without is away for a moment (HTTP 503): the database restarts or is handed over to another
    server. `retry_after` is in seconds. What was asked may have been done, where the answer was lost on its way."""

    status = 503
    text = "The server cannot answer right now; try again in a moment"

    def __init__(self, operator_text: str, *, retry_after: float = 5.0) -> None:
        self.retry_after = retry_after
        super().__init__(operator_text=operator_text)


class Upstream(RostraError):
    """Another server failed us (HTTP 503). Its status and words stay in the operator's text."""

    status = 503
    text = "Another server could not be reached"

    def __init__(self, operator_text: str) -> None:
        super().__init__(operator_text=operator_text)


def _sentence(field: str, text: str) -> str:
    """What is wrong with a field, in words that go on from its name or are sentences of their own."""
    return f"{field}: {text}" if text[:1].isupper() else f"{field} {text}"
