"""S3 as it is reached: what its URL may say, what is asked anew, and what of its failures an operator reads."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import TYPE_CHECKING, Final
from urllib.parse import parse_qsl, unquote, urlsplit

if TYPE_CHECKING:
    from obstore.store import S3Config, S3Store

# Where a machine of Amazon's is asked for credentials, when none were given.
_CLOUD_LOGIN: Final = "169.254.169.254"
_ANSWER: Final = re.compile(r"Server returned non-2xx status code: ([0-9]{3}[A-Za-z ]*)")
_CODE: Final = re.compile(r"<Code>([A-Za-z]{1,60})</Code>")
# How the library says that a connection ended under a request, and how often it is sent anew then.
_CUT_OFF: Final = "kind: Interrupted"
_ATTEMPTS: Final = 4
_SETTINGS: Final = frozenset({"endpoint", "region", "virtual_hosted_style", "disable_bulk_delete", "unsigned_payload"})


def open_s3(url: str, patience: timedelta) -> S3Store:
    """The store that an S3 URL names, as `open_store` describes it. Raises ValueError naming what cannot be used."""
    from obstore.store import S3Store

    parts = urlsplit(url)
    if not parts.hostname:
        raise ValueError("the storage URL names no bucket: s3://bucket/prefix?endpoint=https://host")
    given = dict(parse_qsl(parts.query))
    if unknown := sorted(set(given) - _SETTINGS):
        raise ValueError(f"the storage URL has unknown settings: {', '.join(unknown)}")
    config: S3Config = {"bucket": parts.hostname}
    if endpoint := given.get("endpoint"):
        config["endpoint"] = endpoint
    if region := given.get("region"):
        config["region"] = region
    if parts.username and parts.password:
        config["access_key_id"], config["secret_access_key"] = unquote(parts.username), unquote(parts.password)
    config["virtual_hosted_style_request"] = given.get("virtual_hosted_style") == "true"
    config["disable_bulk_delete"] = given.get("disable_bulk_delete") == "true"
    config["unsigned_payload"] = given.get("unsigned_payload") == "true"
    return S3Store(
        prefix=parts.path.strip("/") or None,
        config=config,
        client_options={
            "connect_timeout": timedelta(seconds=5),
            "timeout": patience,
            "allow_http": bool(endpoint and endpoint.startswith("http://")),
        },
        retry_config={"max_retries": 3, "retry_timeout": timedelta(seconds=20)},
    )


async def insist(ask: Callable[[], Awaitable[object]]) -> None:
    """Have a request sent that the library does not repeat by itself, for in general it could do harm twice: removing
    many, and putting what must be new. Both are as good as once, and servers end kept connections at any time."""
    from obstore.exceptions import GenericError

    for attempt in range(1, _ATTEMPTS + 1):
        try:
            await ask()
        except GenericError as error:
            if attempt == _ATTEMPTS or _CUT_OFF not in str(error):
                raise
        else:
            return


def plainly(text: str) -> str:
    """What the library says of a failure, without its requests and the server's XML."""
    if _CLOUD_LOGIN in text:
        return "it wants a login, as s3://KEY:SECRET@bucket/… or AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY"
    if answer := _ANSWER.search(text):
        code = _CODE.search(text)
        return f"it answers {answer[1]}{f' ({code[1]})' if code else ''}"
    return "it cannot be reached" if "error sending request" in text else text.partition("\n")[0]
