"""Which addresses may be registered, and how parameters are put onto one."""

from __future__ import annotations

import pytest

from rostra.kit.errors import Invalid
from rostra.oauth.redirects import check_redirect_uri, origin_of, with_parameters


@pytest.mark.parametrize(
    "uri",
    [
        "https://elk.example/api/callback?x=1",
        "http://127.0.0.1:8080/",
        "tuskyapp://callback",
        "oauth2redirect://org.example.app/",
        "com.tapbots.Ivory.10217:/request_token",
        "urn:ietf:wg:oauth:2.0:oob",
        "app:x",
    ],
)
def test_apps_may_register_every_kind_of_address(uri: str) -> None:
    check_redirect_uri(uri)


@pytest.mark.parametrize(
    "uri",
    [
        "javascript:alert(1)",
        "JavaScript:alert(1)",
        "data:text/html,x",
        "vbscript:x",
        "/relative",
        "example.com",
        "https://",
        "https:///path",
        "https://a.example/#fragment",
        "https://a.example/\r\nSet-Cookie: a=b",
        "https://a.example/a b",
        "https://[bad/",
        "https://a.example/" + "x" * 2000,
        ":x",
        "",
    ],
)
def test_dangerous_and_meaningless_addresses_are_refused(uri: str) -> None:
    with pytest.raises(Invalid):
        check_redirect_uri(uri)


def test_parameters_join_a_query_that_is_there() -> None:
    given = {"code": "a b", "state": None}
    assert with_parameters("https://a.example/", given) == "https://a.example/?code=a+b"
    assert with_parameters("https://a.example/?x=1", given) == "https://a.example/?x=1&code=a+b"
    assert with_parameters("app.x:/y?", given) == "app.x:/y?code=a+b"


def test_a_policy_names_the_origin_or_the_scheme() -> None:
    assert origin_of("https://user:pass@a.example:444/x?y") == "https://a.example:444"
    assert origin_of("TuskyApp://callback") == "tuskyapp:"
