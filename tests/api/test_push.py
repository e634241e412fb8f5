"""Web Push subscriptions over HTTP."""

from __future__ import annotations

from typing import Any

import pytest

from rostra.kit.errors import Invalid
from rostra.kit.webpush import Subscription
from rostra.notifications.subscribe import check_target
from tests.kit.test_webpush import CLIENT, SECRET, b64, point
from tests.world import Api, World

PATH = "/api/v1/push/subscription"
KEYS = {"p256dh": b64(point(CLIENT)), "auth": SECRET}
ALERTS = (
    "mention", "status", "reblog", "follow", "follow_request", "favourite", "poll", "update", "admin.sign_up",
    "admin.report",
)  # fmt: skip


def form(endpoint: str = "https://push.example.org/abc", **choice: Any) -> dict[str, Any]:
    return {"subscription": {"endpoint": endpoint, "keys": KEYS, "standard": True}, "data": choice}


async def test_a_token_has_one_subscription_which_can_be_seen_changed_and_ended(world: World) -> None:
    alice = await world.person("alice")
    assert (await alice.api.get(PATH, expect=404)).json() == {"error": "Record not found"}
    await alice.api.put(PATH, {"data": {"policy": "all"}}, expect=404)
    made = (
        await alice.api.post(PATH, form(alerts={"mention": True, "admin.report": "true"}, policy="followed"))
    ).json()
    assert made == {
        "id": made["id"],
        "endpoint": "https://push.example.org/abc",
        "standard": True,
        "alerts": {name: name in ("mention", "admin.report") for name in ALERTS},
        "policy": "followed",
        "server_key": world.res.vapid.public_key,
    }
    assert (await alice.api.get(PATH)).json() == made
    changed = (await alice.api.put(PATH, {"data": {"alerts": {"poll": True}}})).json()
    assert changed == {**made, "alerts": {name: name == "poll" for name in ALERTS}}
    assert (await alice.api.patch(PATH, {"data": {"policy": "none"}})).json() == {**changed, "policy": "none"}
    other = (await alice.api.post(PATH, form("https://push.example.org/def"))).json()
    assert other["id"] != made["id"]
    assert (other["policy"], any(other["alerts"].values())) == ("all", False)
    assert (await alice.api.delete(PATH)).json() == {}
    await alice.api.get(PATH, expect=404)
    assert (await alice.api.delete(PATH)).json() == {}


async def test_a_form_in_brackets_is_understood(world: World) -> None:
    alice = await world.person("alice")
    fields = {
        "subscription[endpoint]": "https://push.example.org/abc",
        "subscription[keys][p256dh]": KEYS["p256dh"],
        "subscription[keys][auth]": KEYS["auth"],
        "data[alerts][mention]": "1",
        "data[alerts][admin.sign_up]": "on",
        "data[alerts][some.future.type]": "true",
        "data[policy]": "follower",
    }
    made = (await alice.api.request("POST", PATH, data=fields)).json()
    assert {name for name, wanted in made["alerts"].items() if wanted} == {"mention", "admin.sign_up"}
    assert (made["policy"], made["standard"]) == ("follower", False)


async def test_subscriptions_of_other_tokens_are_their_own(world: World) -> None:
    alice = await world.person("alice")
    await world.token_for(alice.account_id, "second", "push")
    second = Api(world, "second")
    await alice.api.post(PATH, form("https://push.example.org/1"))
    await second.post(PATH, form("https://push.example.org/2"))
    assert (await alice.api.get(PATH)).json()["endpoint"] == "https://push.example.org/1"
    await second.delete(PATH)
    await alice.api.get(PATH)


async def test_a_revoked_token_takes_its_subscription_with_it(world: World) -> None:
    alice = await world.person("alice")
    await alice.api.post(PATH, form())
    await world.db.connection.execute("delete from access_tokens where account_id = $1", alice.account_id)
    assert await world.db.connection.fetchval("select count(*) from push_subscriptions") == 0


async def test_the_token_is_kept_encrypted(world: World) -> None:
    alice = await world.person("alice")
    await alice.api.post(PATH, form())
    row = await world.db.connection.fetchrow("select push_subscriptions::text as all_of_it from push_subscriptions")
    assert alice.token not in row["all_of_it"]


async def test_the_scope_is_needed_and_a_person(world: World) -> None:
    alice = await world.person("alice")
    await world.token_for(alice.account_id, "narrow", "read write follow")
    for method in ("GET", "POST", "PUT", "DELETE"):
        await Api(world, "narrow").request(method, PATH, json=form(), expect=403)
        await world.anyone.request(method, PATH, json=form(), expect=401)
    await world.token_for(None, "app", "push")
    await Api(world, "app").post(PATH, form(), expect=422)


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"endpoint": "ftp://push.example.org/"}, "subscription[endpoint]"),
        ({"endpoint": "nonsense"}, "subscription[endpoint]"),
        ({"endpoint": "http://[::1/"}, "subscription[endpoint]"),
        ({"endpoint": "https://10.0.0.1/"}, "subscription[endpoint]"),
        ({"endpoint": "https://push.example.org/" + "x" * 2048}, "subscription[endpoint]"),
        ({"keys": {"p256dh": "AAAA", "auth": SECRET}}, "subscription[keys][p256dh]"),
        ({"keys": {"p256dh": KEYS["p256dh"], "auth": "AAAA"}}, "subscription[keys][auth]"),
    ],
)
async def test_what_could_never_be_pushed_to_is_refused_by_field(
    world: World, change: dict[str, Any], field: str
) -> None:
    alice = await world.person("alice")
    wrong = form()
    wrong["subscription"] |= change
    assert set((await alice.api.post(PATH, wrong, expect=422)).json()["details"]) == {field}
    await alice.api.post(PATH, {"data": {}}, expect=400)
    await alice.api.post(PATH, form(policy="sometimes"), expect=422)


PUBLIC = (
    "https://push.example.org/x",
    "https://8.8.8.8/x",
    "https://[2606:4700::1111]/x",
    "https://push.example.org:443/",
)
PRIVATE = (
    "http://push.example.org/x", "https://localhost/x", "https://127.0.0.1/x", "https://[::1]/x", "https://10.1.2.3/x",
    "https://169.254.169.254/latest", "https://[::ffff:127.0.0.1]/x", "https://[fd00::1]/x", "https://intranet/x",
    "https://printer.local/x", "https://push.example.org:8443/x", "https://2130706433/x", "https://user:pw@a.example/x",
    "https://0x7f.1/x", "https://push.example.org:0/x",
)  # fmt: skip


@pytest.mark.parametrize("endpoint", PUBLIC)
def test_addresses_on_the_internet_are_taken(endpoint: str) -> None:
    check_target(Subscription(endpoint=endpoint, standard=True, **KEYS), dev=False)


@pytest.mark.parametrize("endpoint", PRIVATE)
def test_addresses_that_are_not_on_the_internet_are_refused(endpoint: str) -> None:
    with pytest.raises(Invalid) as refused:
        check_target(Subscription(endpoint=endpoint, standard=True, **KEYS), dev=False)
    assert refused.value.field == "subscription[endpoint]"


@pytest.mark.parametrize("endpoint", ["http://localhost:9000/x", "http://127.0.0.1:1234/", "https://[::1]:8443/x"])
def test_a_development_server_pushes_to_this_machine(endpoint: str) -> None:
    check_target(Subscription(endpoint=endpoint, standard=True, **KEYS), dev=True)
    with pytest.raises(Invalid):
        check_target(Subscription(endpoint="http://192.168.1.1/x", standard=True, **KEYS), dev=True)
