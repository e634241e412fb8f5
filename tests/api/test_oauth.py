"""Tokens: for a person's code, for apps themselves, and their end."""

from __future__ import annotations

import base64
import hashlib
from typing import Any

import httpx
import pytest

from rostra.oauth.authorize import AuthorizeForm, Misdirected, check_request, grant_code
from rostra.oauth.errors import OAuthError
from tests.world import Person, World

URI = "https://a.example/cb"
VERIFIER = "v" * 43
CHALLENGE = base64.urlsafe_b64encode(hashlib.sha256(VERIFIER.encode()).digest()).rstrip(b"=").decode()


async def register(world: World, **more: Any) -> dict[str, Any]:
    form = {"client_name": "Test", "redirect_uris": URI, "scopes": "read write", **more}
    return (await world.anyone.post("/api/v1/apps", form)).json()


async def consent(world: World, app: dict[str, Any], who: Person, **more: Any) -> str:
    """The code of an app that `who` has agreed to."""
    form = AuthorizeForm(
        client_id=app["client_id"], redirect_uri=URI, response_type="code", **{"scope": "read write", **more}
    )
    async with world.db.read() as conn:
        request = await check_request(conn, form)
    return await grant_code(world.db, world.clock, request, who.account_id)


async def exchange(world: World, app: dict[str, Any], sent: str, **more: Any) -> httpx.Response:
    form = {
        "grant_type": "authorization_code", "code": sent, "redirect_uri": URI, "client_id": app["client_id"],
        "client_secret": app["client_secret"], **more,
    }  # fmt: skip
    form = {key: value for key, value in form.items() if value is not None}
    return await world.anyone.request("POST", "/oauth/token", data=form, expect=None)


async def test_a_code_becomes_a_token_that_speaks_for_the_person(world: World) -> None:
    alice = await world.person("alice")
    app = await register(world)
    answer = await exchange(world, app, await consent(world, app, alice))
    token = answer.json()
    assert answer.headers["cache-control"] == "no-store"
    assert token["token_type"] == "Bearer"
    assert token["scope"] == "read write"
    assert token["created_at"] == int(world.clock.now().timestamp())
    assert isinstance(token["created_at"], int)
    headers = {"authorization": f"Bearer {token['access_token']}"}
    me = (await world.anyone.get("/api/v1/accounts/verify_credentials", headers=headers)).json()
    assert me["id"] == alice.id
    assert me["source"]["privacy"] == "public"
    assert me["role"]["permissions"] == "65536"


async def test_nothing_that_would_open_a_door_is_kept(world: World) -> None:
    alice = await world.person("alice")
    app = await register(world)
    code = await consent(world, app, alice)
    token = (await exchange(world, app, code)).json()["access_token"]
    for table in ("apps", "access_tokens", "authorization_codes"):
        rows = await world.db.connection.fetch(f"select * from {table}")
        kept = " ".join(str(value) for row in rows for value in row.values())
        assert app["client_secret"] not in kept
        assert code not in kept
        assert token not in kept


async def test_a_code_works_once_and_using_it_again_ends_its_token(world: World) -> None:
    alice = await world.person("alice")
    app = await register(world)
    code = await consent(world, app, alice)
    token = (await exchange(world, app, code)).json()["access_token"]
    again = await exchange(world, app, code)
    assert again.status_code == 400
    assert again.json()["error"] == "invalid_grant"
    assert again.json()["error_description"]
    headers = {"authorization": f"Bearer {token}"}
    await world.anyone.get("/api/v1/accounts/verify_credentials", headers=headers, expect=401)
    assert (await exchange(world, app, code)).json()["error"] == "invalid_grant"


async def test_a_code_belongs_to_one_app_one_address_and_ten_minutes(world: World) -> None:
    alice = await world.person("alice")
    app, other = await register(world), await register(world)
    code = await consent(world, app, alice)
    assert (await exchange(world, other, code)).json()["error"] == "invalid_grant"
    assert (await exchange(world, app, code, redirect_uri=URI + "/")).json()["error"] == "invalid_grant"
    assert (await exchange(world, app, "nonsense")).json()["error"] == "invalid_grant"
    world.clock.tick(minutes=11)
    assert (await exchange(world, app, code)).json()["error"] == "invalid_grant"


@pytest.mark.parametrize(
    ("challenge", "verifier", "good"),
    [
        (CHALLENGE, VERIFIER, True),
        (CHALLENGE, "w" * 43, False),
        (CHALLENGE, None, False),
        (CHALLENGE, "", False),
        (CHALLENGE, CHALLENGE, False),
        (None, VERIFIER, False),
        (None, None, True),
    ],
)
async def test_a_code_with_a_challenge_needs_its_verifier(
    world: World, challenge: str | None, verifier: str | None, good: bool
) -> None:
    alice = await world.person("alice")
    app = await register(world)
    method = "S256" if challenge else None
    code = await consent(world, app, alice, code_challenge=challenge, code_challenge_method=method)
    answer = await exchange(world, app, code, code_verifier=verifier)
    assert (answer.status_code == 200) is good
    if not good:
        assert answer.json()["error"] == "invalid_grant"


@pytest.mark.parametrize(
    ("more", "error"),
    [
        ({"code_challenge": CHALLENGE, "code_challenge_method": "plain"}, "invalid_request"),
        ({"code_challenge": CHALLENGE}, "invalid_request"),
        ({"code_challenge": "short", "code_challenge_method": "S256"}, "invalid_request"),
        ({"scope": "read push"}, "invalid_scope"),
        ({"scope": "nonsense"}, "invalid_scope"),
    ],
)
async def test_a_bad_wish_is_told_to_the_app(world: World, more: dict[str, Any], error: str) -> None:
    alice = await world.person("alice")
    app = await register(world)
    with pytest.raises(Misdirected) as refused:
        await consent(world, app, alice, state="a&b", **more)
    assert f"error={error}" in refused.value.location
    assert refused.value.location.startswith(URI + "?")
    assert refused.value.location.endswith("state=a%26b")


async def test_an_unknown_app_or_address_is_told_to_nobody(world: World) -> None:
    app = await register(world)
    for client_id, uri in (("nobody", URI), (app["client_id"], URI + "/x"), (app["client_id"], "")):
        form = AuthorizeForm(client_id=client_id, redirect_uri=uri, response_type="code")
        async with world.db.read() as conn:
            with pytest.raises(OAuthError) as refused:
                await check_request(conn, form)
        assert not isinstance(refused.value, Misdirected)


async def test_narrower_scopes_than_registered_may_be_asked_for(world: World) -> None:
    alice = await world.person("alice")
    app = await register(world)
    token = (await exchange(world, app, await consent(world, app, alice, scope="read:accounts"))).json()
    assert token["scope"] == "read:accounts"
    headers = {"authorization": f"Bearer {token['access_token']}"}
    await world.anyone.get("/api/v1/accounts/verify_credentials", headers=headers)
    refused = await world.anyone.get("/api/v1/timelines/home", headers=headers, expect=403)
    assert refused.json() == {"error": "This action is outside the authorized scopes"}


async def test_an_app_gets_a_token_for_itself(world: World) -> None:
    app = await register(world)
    form = {"grant_type": "client_credentials", "client_id": app["client_id"], "client_secret": app["client_secret"]}
    token = (await world.anyone.request("POST", "/oauth/token", data={**form, "scope": "write"})).json()
    assert token["scope"] == "write"
    assert (await world.anyone.request("POST", "/oauth/token", data=form)).json()["scope"] == "read"
    headers = {"authorization": f"Bearer {token['access_token']}"}
    named = await world.anyone.get("/api/v1/apps/verify_credentials", headers=headers)
    assert named.json()["name"] == "Test"
    # Under another scope than the one that the endpoint needs, that is what is said.
    whole = {"authorization": f"Bearer {(await world.anyone.post('/oauth/token', form)).json()['access_token']}"}
    refused = await world.anyone.get("/api/v1/accounts/verify_credentials", headers=whole, expect=422)
    assert refused.json()["error"] == "This method requires an authenticated user"


async def test_credentials_may_come_as_http_basic(world: World) -> None:
    app = await register(world)
    pair = base64.b64encode(f"{app['client_id']}:{app['client_secret']}".encode()).decode()
    form = {"grant_type": "client_credentials"}
    await world.anyone.request("POST", "/oauth/token", data=form, headers={"authorization": f"Basic {pair}"})
    bad = await world.anyone.request(
        "POST", "/oauth/token", data=form, headers={"authorization": "Basic nonsense"}, expect=400
    )
    assert bad.json()["error"] == "invalid_request"
    pair = base64.b64encode(f"{app['client_id']}:wrong".encode()).decode()
    bad = await world.anyone.request(
        "POST", "/oauth/token", data=form, headers={"authorization": f"Basic {pair}"}, expect=401
    )
    assert bad.json()["error"] == "invalid_client"
    assert bad.headers["www-authenticate"].startswith("Basic")


@pytest.mark.parametrize(
    ("change", "status", "error"),
    [
        ({"client_secret": "wrong"}, 401, "invalid_client"),
        ({"client_secret": None}, 401, "invalid_client"),
        ({"client_id": "nobody"}, 401, "invalid_client"),
        ({"client_id": "\x00"}, 422, None),
        ({"grant_type": None}, 400, "invalid_request"),
        ({"grant_type": "password"}, 400, "unsupported_grant_type"),
        ({"grant_type": "refresh_token"}, 400, "unsupported_grant_type"),
        ({"redirect_uri": None}, 400, "invalid_request"),
        ({"code": ""}, 400, "invalid_request"),
        ({"grant_type": "client_credentials", "scope": "push"}, 400, "invalid_scope"),
    ],
)
async def test_refusals_name_their_reason(
    world: World, change: dict[str, str | None], status: int, error: str | None
) -> None:
    app = await register(world)
    answer = await exchange(world, app, "code", **change)
    assert answer.status_code == status
    assert answer.headers["content-type"].startswith("application/json")
    if error:
        assert answer.json()["error"] == error
        assert answer.json()["error_description"]


async def test_an_app_ends_its_own_tokens_only(world: World) -> None:
    alice = await world.person("alice")
    app, other = await register(world), await register(world)
    token = (await exchange(world, app, await consent(world, app, alice))).json()["access_token"]
    headers = {"authorization": f"Bearer {token}"}

    def form(who: dict[str, Any], token: str) -> dict[str, str]:
        return {"client_id": who["client_id"], "client_secret": who["client_secret"], "token": token}

    refused = await world.anyone.post("/oauth/revoke", form(other, token), expect=403)
    assert refused.json()["error"] == "unauthorized_client"
    wrong = {**form(app, token), "client_secret": "wrong"}
    assert (await world.anyone.post("/oauth/revoke", wrong, expect=403)).json()["error"] == "unauthorized_client"
    await world.anyone.get("/api/v1/accounts/verify_credentials", headers=headers)
    assert (await world.anyone.post("/oauth/revoke", form(app, token), headers=headers)).json() == {}
    await world.anyone.get("/api/v1/accounts/verify_credentials", headers=headers, expect=401)
    assert (await world.anyone.post("/oauth/revoke", form(app, token))).json() == {}


async def test_user_information_needs_only_to_know_who(world: World) -> None:
    alice = await world.person("alice", scopes="profile")
    for method in ("GET", "POST"):
        found = (await alice.api.request(method, "/oauth/userinfo")).json()
        assert found["sub"] == "http://localhost:3000/users/alice"
        assert found["preferred_username"] == "alice"
        assert found["iss"] == "http://localhost:3000/"
    bob = await world.person("bob", scopes="read")
    await bob.api.get("/oauth/userinfo", expect=403)


async def test_preferences_are_told_by_their_old_names(world: World) -> None:
    alice = await world.person("alice")
    assert (await alice.api.get("/api/v1/preferences")).json() == {
        "posting:default:visibility": "public", "posting:default:sensitive": False, "posting:default:language": None,
        "reading:expand:media": "default", "reading:expand:spoilers": False, "reading:autoplay:gifs": False,
    }  # fmt: skip
