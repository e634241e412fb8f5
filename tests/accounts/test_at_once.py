"""What may happen once happens once, however many come at the same moment; on real connections."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path

import pytest
from pyotp.totp import TOTP

from rostra.accounts.claim import claim, owner_claim_url
from rostra.accounts.invites import create_invite
from rostra.accounts.passwords import Passwords
from rostra.accounts.sign_up import Newcomer, SignUp, Terms, sign_up
from rostra.accounts.two_factor import enable, start_enrolment, use_code
from rostra.effects import emit
from rostra.kit.clock import FixedClock
from rostra.kit.db import Database, open_database
from rostra.kit.errors import InvalidFields
from rostra.kit.sealing import Sealer
from rostra.oauth.apps import register_app
from rostra.oauth.authorize import AuthorizeForm, check_request, grant_code
from rostra.oauth.errors import OAuthError
from rostra.oauth.exchange import CodeForm, exchange_code
from rostra.oauth.records import NewToken
from rostra.resources import urls_of
from rostra.screening.active import ActivePolicy
from rostra.screening.external import External
from rostra.screening.screen import Screen
from tests import world as worlds

TIMES = 6


class Many:
    """A database that commits, and what the slices are given."""

    def __init__(self, db: Database, clock: FixedClock, data_dir: Path) -> None:
        settings = worlds.test_settings(data_dir)
        self.db = db
        self.clock = clock
        self.urls = urls_of(settings)
        self.passwords = Passwords(settings)
        self.screen = Screen(clock, ActivePolicy(clock), External.off())

    async def newcomer(self, name: str, email: str, *, mode: str = "open", code: str = "") -> Newcomer:
        wish = SignUp(username=name, email=email, password="correct horse", agreement=True, invite_code=code)
        terms = Terms(mode=mode, confirm_at_once=True)  # type: ignore[arg-type]
        return await sign_up(self.db, self.clock, self.urls, emit, self.screen, self.passwords, wish=wish, terms=terms)


@pytest.fixture
async def many(fresh_dsn: str, clock: FixedClock, tmp_path: Path) -> AsyncIterator[Many]:
    async with open_database(fresh_dsn, max_size=TIMES) as db:
        yield Many(db, clock, tmp_path)


async def at_once(act: Callable[[int], Awaitable[object]]) -> list[object]:
    """What came of doing it several times at the same moment."""
    return await asyncio.gather(*(act(number) for number in range(TIMES)), return_exceptions=True)


async def test_there_is_one_owner(many: Many) -> None:
    url = await owner_claim_url(many.db, many.clock, many.urls)
    token = (url or "").partition("token=")[2]

    async def try_it(number: int) -> int | None:
        return await claim(
            many.db, many.clock, many.urls, emit, many.passwords, token=token, username=f"boss{number}",
            email=f"boss{number}@example.com", password="correct horse",
        )  # fmt: skip

    made = await at_once(try_it)
    assert sum(isinstance(found, int) for found in made) == 1
    assert made.count(None) == TIMES - 1


async def test_a_name_and_an_address_belong_to_one(many: Many) -> None:
    made = await at_once(lambda number: many.newcomer("alice", f"{number}@example.com"))
    assert sum(isinstance(found, Newcomer) for found in made) == 1
    assert {next(iter(error.details)) for error in made if isinstance(error, InvalidFields)} == {"username"}
    made = await at_once(lambda number: many.newcomer(f"other{number}", "same@example.com"))
    assert sum(isinstance(found, Newcomer) for found in made) == 1
    assert {next(iter(error.details)) for error in made if isinstance(error, InvalidFields)} == {"email"}


async def test_an_invitation_for_two_lets_two_in(many: Many) -> None:
    alice = await many.newcomer("alice", "alice@example.com")
    invite = await create_invite(many.db, many.clock, alice.account_id, max_uses=2)
    made = await at_once(
        lambda number: many.newcomer(f"guest{number}", f"{number}@example.com", mode="invite", code=invite.code)
    )
    assert sum(isinstance(found, Newcomer) for found in made) == 2


async def test_a_code_becomes_one_token(many: Many) -> None:
    alice = await many.newcomer("alice", "alice@example.com")
    app, _ = await register_app(
        many.db, many.clock, name="App", website=None, redirect_uris=["app://x"], scopes=["read"]
    )
    form = AuthorizeForm(client_id=app.client_id, redirect_uri="app://x", response_type="code")
    async with many.db.read() as conn:
        request = await check_request(conn, form)
    code = await grant_code(many.db, many.clock, request, alice.account_id)
    given = CodeForm(code=code, redirect_uri="app://x")
    made = await at_once(lambda _: exchange_code(many.db, many.clock, emit, app, given))
    assert sum(isinstance(found, NewToken) for found in made) == 1
    assert sum(isinstance(found, OAuthError) for found in made) == TIMES - 1
    async with many.db.read() as conn:
        # Whoever was late has ended it.
        assert await conn.fetchval("select count(*) from access_tokens") == 0


async def test_a_second_factor_lets_one_in(many: Many) -> None:
    alice = await many.newcomer("alice", "alice@example.com")
    sealer = Sealer("key")
    totp = TOTP((await start_enrolment(many.db, sealer, many.urls, alice.account_id, "alice")).secret)
    codes = await enable(many.db, many.clock, sealer, alice.account_id, totp.at(many.clock.now()))
    many.clock.tick(seconds=30)
    for code in (totp.at(many.clock.now()), codes[0]):
        tried = await at_once(lambda _, code=code: use_code(many.db, many.clock, sealer, alice.account_id, code))
        assert tried.count(True) == 1
        assert tried.count(False) == TIMES - 1
