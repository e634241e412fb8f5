"""What other programs look for at fixed places."""

from __future__ import annotations

import pytest

from tests.world import World


async def test_nodeinfo_is_found_and_says_what_clients_may_take_us_for(world: World) -> None:
    links = (await world.anyone.get("/.well-known/nodeinfo")).json()["links"]
    assert [link["href"] for link in links] == [
        "http://localhost:3000/nodeinfo/2.0", "http://localhost:3000/nodeinfo/2.1",
    ]  # fmt: skip
    for link in links:
        version = link["href"].rpartition("/")[2]
        answer = await world.anyone.get(link["href"])
        assert answer.headers["content-type"].startswith("application/json")
        node = answer.json()
        assert node["version"] == version == link["rel"].rpartition("/")[2]
        assert node["software"]["name"] == "rostra"
        assert node["metadata"]["upstream"] == {"name": "mastodon"}
        assert node["protocols"] == ["activitypub"]
        assert node["services"] == {"inbound": [], "outbound": []}
        assert set(node["usage"]) == {"users", "localPosts"}
        assert set(node["usage"]["users"]) == {"total", "activeMonth", "activeHalfyear"}
        assert node["openRegistrations"] is True


@pytest.mark.parametrize(
    "resource",
    [
        "acct:alice@localhost:3000", "acct:ALICE@LOCALHOST:3000", "alice@localhost:3000", "@alice@localhost:3000",
        "http://localhost:3000/@alice", "http://localhost:3000/users/alice",
    ],
)  # fmt: skip
async def test_webfinger_finds_an_account_by_handle_and_by_address(world: World, resource: str) -> None:
    await world.person("alice")
    answer = await world.anyone.get("/.well-known/webfinger", params={"resource": resource})
    assert answer.headers["content-type"].startswith("application/jrd+json")
    found = answer.json()
    assert found["subject"] == "acct:alice@localhost:3000"
    assert found["aliases"] == ["http://localhost:3000/@alice", "http://localhost:3000/users/alice"]
    links = {link["rel"]: link["href"] for link in found["links"]}
    assert links["self"] == "http://localhost:3000/users/alice"
    only = {"resource": resource, "rel": "self"}
    narrowed = (await world.anyone.get("/.well-known/webfinger", params=only)).json()
    assert [link["rel"] for link in narrowed["links"]] == ["self"]


@pytest.mark.parametrize(
    ("resource", "code"),
    [
        (None, 400), ("", 400), ("acct:alice", 400), ("nonsense", 400), ("acct:a b@localhost:3000", 400),
        ("acct:nobody@localhost:3000", 404), ("acct:alice@elsewhere.example", 404), ("acct:alice@localhost", 404),
        ("http://elsewhere.example/@alice", 404), ("http://localhost:3000/about", 404), ("http://[", 400),
        ("acct:alice\x00@localhost:3000", 422),
    ],
)  # fmt: skip
async def test_webfinger_says_why_it_finds_nothing(world: World, resource: str | None, code: int) -> None:
    await world.person("alice")
    params = {} if resource is None else {"resource": resource}
    answer = await world.anyone.get("/.well-known/webfinger", params=params, expect=code)
    assert answer.json()["error"]


async def test_who_was_suspended_or_has_left_is_gone(world: World) -> None:
    alice = await world.person("alice")
    await world.db.connection.execute("update accounts set suspended_at = now() where id = $1", alice.account_id)
    await world.db.connection.execute("insert into departed_usernames values ('bob', now())")
    for name in ("alice", "Bob"):
        await world.anyone.get(f"/.well-known/webfinger?resource=acct:{name}@localhost:3000", expect=410)


async def test_host_meta_is_xml_and_json_for_those_who_ask(world: World) -> None:
    answer = await world.anyone.get("/.well-known/host-meta")
    assert answer.headers["content-type"].startswith("application/xrd+xml")
    assert 'template="http://localhost:3000/.well-known/webfinger?resource={uri}"' in answer.text
    answer = await world.anyone.get("/.well-known/host-meta", headers={"accept": "application/json"})
    assert answer.json()["links"][0]["rel"] == "lrdd"


async def test_the_authorization_server_describes_itself(world: World) -> None:
    said = (await world.anyone.get("/.well-known/oauth-authorization-server")).json()
    assert set(said) == {
        "issuer", "authorization_endpoint", "token_endpoint", "revocation_endpoint", "userinfo_endpoint",
        "scopes_supported", "response_types_supported", "response_modes_supported", "grant_types_supported",
        "token_endpoint_auth_methods_supported", "code_challenge_methods_supported", "service_documentation",
        "app_registration_endpoint",
    }  # fmt: skip
    assert said["issuer"] == "http://localhost:3000/"
    assert said["code_challenge_methods_supported"] == ["S256"]
    assert "read:statuses" in said["scopes_supported"]


async def test_password_managers_find_the_way(world: World) -> None:
    answer = await world.anyone.get("/.well-known/change-password", expect=302)
    assert answer.headers["location"] == "/auth/edit"


@pytest.mark.parametrize(
    "path",
    [
        "/nodeinfo/2.0", "/nodeinfo/2.1", "/.well-known/host-meta", "/.well-known/nodeinfo",
        "/.well-known/webfinger?resource=acct:alice@localhost:3000",
    ],
)  # fmt: skip
async def test_an_answer_says_once_what_it_is(world: World, path: str) -> None:
    await world.person("alice")
    for accept in ("*/*", "application/json"):
        answer = await world.anyone.get(path, headers={"accept": accept})
        assert len(answer.headers.get_list("content-type")) == 1


@pytest.mark.parametrize(
    "path", ["/.well-known/nodeinfo", "/nodeinfo/2.0", "/.well-known/oauth-authorization-server", "/api/v2/instance"]
)
async def test_apps_on_other_sites_may_read_it_even_with_a_stale_token(world: World, path: str) -> None:
    headers = {"origin": "https://elk.example"}
    answer = await world.anyone.get(path, headers=headers)
    assert answer.headers["access-control-allow-origin"] == "*"
    assert "Link" in answer.headers["access-control-expose-headers"]
