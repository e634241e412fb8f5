"""Signing up through an app."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from email import message_from_bytes
from email.policy import default
from pathlib import Path
from typing import Any

import httpx
import msgspec
import pytest

from rostra.accounts.invites import create_invite
from rostra.asgi import Application
from rostra.instance.settings import change_settings
from rostra.kit.settings import load_settings
from rostra.resources import Resources, instance_cache, urls_of
from tests.world import Api, World

FORM: dict[str, Any] = {
    "username": "newcomer", "email": "newcomer@example.com", "password": "correct horse", "agreement": True,
    "locale": "it",
}  # fmt: skip
APP = {"authorization": "Bearer app-token"}


class Strict:
    """The same world on a public server: nothing of what makes development easy."""

    def __init__(self, world: World, data_dir: Path) -> None:
        settings = load_settings(
            {}, {"data_dir": data_dir, "domain": "rostra.example", "argon2_time_cost": 1, "argon2_memory_kib": 64}
        )
        self.world = world
        self.mail = data_dir / "mail"
        self.res: Resources = msgspec.structs.replace(
            world.res,
            settings=settings,
            urls=urls_of(settings),
            instance=instance_cache(settings, world.clock, world.res.vapid, world.res.screen.levers),
        )
        self.http = httpx.AsyncClient(
            transport=httpx.ASGITransport(Application(settings, resources=self.res)), base_url=settings.base_url
        )
        self.anyone = Api(self)  # type: ignore[arg-type]

    async def set(self, **changes: object) -> None:
        """Change what the instance is set to."""
        cache = self.res.instance
        await change_settings(self.res.db, self.res.clock, cache.defaults, actor_id=None, changes=changes)
        cache.forget()

    async def letters(self) -> list[str]:
        """The texts of the letters that were sent since the last call, the oldest first."""
        await self.world.settle()
        found = sorted(self.mail.glob("*.eml"), key=lambda path: path.stat().st_mtime_ns)
        texts = [message_from_bytes(path.read_bytes(), policy=default).get_content() for path in found]
        for path in found:
            path.unlink()
        return texts


@pytest.fixture
async def strict(world: World, tmp_path: Path) -> AsyncIterator[Strict]:
    await world.token_for(None, "app-token", "read write")
    strict = Strict(world, tmp_path)
    async with strict.http:
        yield strict


async def test_in_development_an_account_works_at_once(world: World) -> None:
    await world.token_for(None, "app-token", "read write")
    token = (await world.anyone.post("/api/v1/accounts", FORM, headers=APP)).json()
    assert token["token_type"] == "Bearer"
    assert token["scope"] == "read write"
    me = Api(world, token["access_token"])
    account = (await me.get("/api/v1/accounts/verify_credentials")).json()
    assert account["username"] == "newcomer"
    assert (await me.get("/api/v1/emails/check_confirmation")).json() is True


@pytest.mark.parametrize(
    ("change", "field", "code"),
    [
        ({"username": ""}, "username", "ERR_BLANK"),
        ({"username": "no spaces"}, "username", "ERR_INVALID"),
        ({"username": "ends.here"}, "username", "ERR_INVALID"),
        ({"username": "x" * 31}, "username", "ERR_TOO_LONG"),
        ({"username": "Admin"}, "username", "ERR_RESERVED"),
        ({"username": "ALICE"}, "username", "ERR_TAKEN"),
        ({"email": ""}, "email", "ERR_BLANK"),
        ({"email": "nobody"}, "email", "ERR_INVALID"),
        ({"email": "a@b"}, "email", "ERR_INVALID"),
        ({"email": "a@b.example\r\nBcc: c@d.example"}, "email", "ERR_INVALID"),
        ({"email": "Alice@Example.com"}, "email", "ERR_TAKEN"),
        ({"password": "short"}, "password", "ERR_TOO_SHORT"),
        ({"password": "x" * 129}, "password", "ERR_TOO_LONG"),
        ({"password": ""}, "password", "ERR_BLANK"),
        ({"agreement": False}, "agreement", "ERR_ACCEPTED"),
        ({"invite_code": "nonsense"}, "invite_code", "ERR_INVALID"),
    ],
)
async def test_each_problem_is_named_by_field_and_code(
    world: World, change: dict[str, Any], field: str, code: str
) -> None:
    await world.person("alice")
    await world.token_for(None, "app-token", "read write")
    answer = await world.anyone.post("/api/v1/accounts", {**FORM, **change}, headers=APP, expect=422)
    assert answer.json()["details"][field][0]["error"] == code
    assert list(answer.json()["details"]) == [field]
    assert answer.json()["error"].startswith("Validation failed: ")


async def test_all_problems_are_named_at_once(world: World) -> None:
    await world.token_for(None, "app-token", "write:accounts")
    answer = await world.anyone.post("/api/v1/accounts", {}, headers=APP, expect=422)
    assert set(answer.json()["details"]) == {"username", "email", "password", "agreement"}


async def test_signing_up_takes_an_app_with_the_right_scope(world: World) -> None:
    await world.anyone.post("/api/v1/accounts", FORM, expect=401)
    await world.token_for(None, "app-token", "read")
    await world.anyone.post("/api/v1/accounts", FORM, headers=APP, expect=403)


async def test_on_a_public_server_the_address_is_confirmed_first(strict: Strict) -> None:
    await strict.set(registrations_mode="open")
    token = (await strict.anyone.post("/api/v1/accounts", FORM, headers=APP)).json()["access_token"]
    me = Api(strict, token)  # type: ignore[arg-type]
    refused = await me.get("/api/v1/accounts/verify_credentials", expect=403)
    assert refused.json()["error"] == "Your login is missing a confirmed e-mail address"
    assert (await me.get("/api/v1/emails/check_confirmation")).json() is False
    [letter] = await strict.letters()
    assert "Ciao newcomer" in letter
    link = re.search(r"https://rostra\.example(/auth/confirmation\?token=\S+)", letter)
    assert link
    assert (await strict.http.get(link[1])).status_code == 200
    assert (await me.get("/api/v1/emails/check_confirmation")).json() is True
    await me.get("/api/v1/accounts/verify_credentials")


async def test_the_letter_comes_again_and_can_go_elsewhere(strict: Strict) -> None:
    await strict.set(registrations_mode="open")
    await strict.world.person("alice")
    token = (await strict.anyone.post("/api/v1/accounts", FORM, headers=APP)).json()["access_token"]
    me = Api(strict, token)  # type: ignore[arg-type]
    first = await strict.letters()
    assert (await me.post("/api/v1/emails/confirmations")).json() == {}
    await me.post("/api/v1/emails/confirmations", {"email": "other@example.com"})
    again, elsewhere = await strict.letters()
    links = [re.search(r"/auth/confirmation\?token=\S+", letter) for letter in (*first, again, elsewhere)]
    # Only the last letter's link works.
    for link in links[:2]:
        assert link
        await strict.http.get(link[0])
        assert (await me.get("/api/v1/emails/check_confirmation")).json() is False
    await me.post("/api/v1/emails/confirmations", {"email": "nonsense"}, expect=422)
    await me.post("/api/v1/emails/confirmations", {"email": "alice@example.com"}, expect=422)
    assert links[2]
    await strict.http.get(links[2][0])
    refused = await me.post("/api/v1/emails/confirmations", expect=403)
    assert refused.json()["error"] == "This method is only available while the e-mail is awaiting confirmation"


async def test_only_the_app_of_the_sign_up_has_letters_sent(strict: Strict) -> None:
    await strict.set(registrations_mode="open")
    token = (await strict.anyone.post("/api/v1/accounts", FORM, headers=APP)).json()["access_token"]
    me = await Api(strict, token).get("/api/v1/emails/check_confirmation")  # type: ignore[arg-type]
    assert me.json() is False
    account_id = await strict.world.db.connection.fetchval("select id from accounts where username = 'newcomer'")
    await strict.world.token_for(account_id, "other-app", "write")
    other = Api(strict, "other-app")  # type: ignore[arg-type]
    await other.post("/api/v1/emails/confirmations", expect=403)


async def test_with_approval_somebody_has_to_let_them_in(strict: Strict) -> None:
    await strict.set(registrations_mode="approval", reason_required=True)
    answer = await strict.anyone.post("/api/v1/accounts", FORM, headers=APP, expect=422)
    assert answer.json()["details"]["reason"][0]["error"] == "ERR_BLANK"
    form = {**FORM, "reason": "I like rivers."}
    token = (await strict.anyone.post("/api/v1/accounts", form, headers=APP)).json()["access_token"]
    await strict.world.db.connection.execute("update users set confirmed_at = created_at")
    refused = await Api(strict, token).get("/api/v1/preferences", expect=403)  # type: ignore[arg-type]
    assert refused.json()["error"] == "Your login is currently pending approval"


async def test_an_invitation_opens_the_door_and_works_as_often_as_it_says(strict: Strict) -> None:
    await strict.set(registrations_mode="invite")
    alice = await strict.world.person("alice")
    invite = await create_invite(strict.res.db, strict.res.clock, alice.account_id, max_uses=1, expires_in=3600)
    answer = await strict.anyone.post("/api/v1/accounts", FORM, headers=APP, expect=422)
    assert answer.json()["details"]["invite_code"][0]["error"] == "ERR_BLANK"
    await strict.anyone.post("/api/v1/accounts", {**FORM, "invite_code": invite.code}, headers=APP)
    approved = await strict.world.db.connection.fetchval(
        "select approved_at is not null from users where email = 'newcomer@example.com'"
    )
    assert approved
    second = {**FORM, "username": "second", "email": "second@example.com", "invite_code": invite.code}
    await strict.anyone.post("/api/v1/accounts", second, headers=APP, expect=422)
    later = await create_invite(strict.res.db, strict.res.clock, alice.account_id, expires_in=3600)
    strict.world.clock.tick(hours=2)
    await strict.anyone.post("/api/v1/accounts", {**second, "invite_code": later.code}, headers=APP, expect=422)


async def test_a_closed_door_is_closed(strict: Strict) -> None:
    await strict.set(registrations_mode="closed")
    answer = await strict.anyone.post("/api/v1/accounts", FORM, headers=APP, expect=403)
    assert answer.json() == {"error": "This action is not allowed"}


async def test_moderators_hear_of_newcomers_once_they_are_confirmed(world: World) -> None:
    owner = await world.person("boss", role="owner")
    await world.token_for(None, "app-token", "read write")
    await world.anyone.post("/api/v1/accounts", FORM, headers=APP)
    await world.settle()
    told = (await owner.api.get("/api/v1/notifications")).json()
    assert [(row["type"], row["account"]["username"]) for row in told] == [("admin.sign_up", "newcomer")]
