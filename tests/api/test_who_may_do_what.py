"""Every endpoint, asked by everybody who has no right to it: what is declared of it holds, and ids open nothing."""

from __future__ import annotations

import re
from typing import Any, Final

import pytest
from msgspec import inspect

from rostra.api.call import check_not_frozen
from rostra.api.route import Route
from rostra.api.routes import all_routes
from rostra.kit.errors import Forbidden
from rostra.oauth.scopes import ALL_SCOPES, satisfies
from rostra.web.pages import all_pages
from tests.api.stage import Populated, populate
from tests.world import Api, World

EVERYTHING: Final = " ".join(ALL_SCOPES)
_PARAMETER: Final = re.compile(r"\{(\w+)(?::path)?\}")
# What ana alone has.
_OWN: Final = re.compile(r"/(lists?|filters|keywords|media|scheduled_statuses|notifications|follow_requests)/\{")
# What is not declared as needed, and asked for before anything is looked up.
_MORE: Final = {
    "/api/v1/scheduled_statuses/{id}": {"scheduled_at": "2030-01-01T00:00:00Z"},
    "/api/v1/lists/{id}/accounts": {"account_ids": ["100"]},
}
# Who asks there does it by a token of another kind.
_BY_A_PERSON: Final = [route for route in all_routes() if route.access == "user"]
# Beyond the desk's own: what an administrator alone may do.
_FOR_ADMINISTRATORS: Final = {
    "PUT /api/rostra/v1/moderation/bulk_limit", "POST /api/rostra/v1/levers/incidents/{id}/debrief",
    "PUT /api/rostra/v1/levers/brake", "POST /api/rostra/v1/levers/{name}/arm",
    "POST /api/rostra/v1/levers/{name}/disarm", "POST /api/rostra/v1/levers/{name}/pull",
    "POST /api/rostra/v1/levers/{name}/release", "DELETE /api/v1/admin/accounts/{id}",
}  # fmt: skip


def _fitting(info: inspect.Type) -> Any:
    """The least that a field takes."""
    match info:
        case inspect.Metadata():
            return _fitting(info.type)
        case inspect.UnionType():
            return _fitting(info.types[0])
        case inspect.LiteralType():
            return info.values[0]
        case inspect.IntType():
            return 100
        case inspect.DateType():
            return "2026-01-01"
        case inspect.ListType():
            return [_fitting(info.item_type)]
        case inspect.StructType():
            return {field.encode_name: _fitting(field.type) for field in info.fields if field.required}
        case _:
            return "x"


def _is_staffs(route: Route) -> bool:
    return any(scope.startswith("admin:") for scope in route.scopes)


async def _ask(api: Api, route: Route, ready: Populated | None = None) -> int:
    """The status of an answer to a request with all that the endpoint asks for."""
    form = inspect.type_info(route.form)
    given: dict[str, Any] = _fitting(form) if isinstance(form, inspect.StructType) else {}
    names = _PARAMETER.findall(route.path)
    known = ready.path(route.path, dict.fromkeys(names, "100")) if ready else dict.fromkeys(names, "100")
    path = _PARAMETER.sub(lambda found: known[found[1]], route.path)
    body = {name: value for name, value in given.items() if name not in names} | _MORE.get(route.path, {})
    reads = route.method == "GET"
    sent = {"params": body} if reads else {"json": body}
    answer = await api.request(route.method, path, expect=None, **sent)
    return answer.status_code


async def _refusals(api: Api, routes: list[Route]) -> dict[str, int]:
    return {f"{route.method} {route.path}": await _ask(api, route) for route in routes}


@pytest.mark.parametrize("role", ["user", "juror"])
async def test_every_scope_of_staff_opens_nothing_to_who_is_none(world: World, role: str) -> None:
    person = await world.person("person", role=role, scopes=EVERYTHING)
    found = await _refusals(person.api, [route for route in all_routes() if _is_staffs(route)])
    assert len(found) > 100
    assert {name: status for name, status in found.items() if status != 403} == {}


async def test_a_moderator_does_nothing_that_is_for_administrators(world: World) -> None:
    moderator = await world.person("moderator", role="moderator", scopes=EVERYTHING)
    staffs = [route for route in all_routes() if _is_staffs(route) and route.method != "PATCH"]
    found = await _refusals(moderator.api, staffs)
    assert {name for name, status in found.items() if status == 403} == _FOR_ADMINISTRATORS


async def test_pages_of_the_administration_ask_for_a_permission() -> None:
    open_to_members = {
        f"{page.method} {page.path}"
        for page in all_pages()
        if page.path.startswith("/admin") and page.access in ("anyone", "me")
    }
    # Leads to the profile, as Mastodon's address of the same name does for staff.
    assert open_to_members <= {"GET /admin/accounts/{id}"}


async def test_a_token_opens_what_its_scopes_say_and_no_more(world: World) -> None:
    for scopes in ("profile", "read", "push"):
        await world.person(f"with_{scopes}", scopes=scopes)
        person = await world.person(f"and_{scopes}", scopes=scopes)
        beyond = [
            route
            for route in _BY_A_PERSON
            if route.scopes and not any(satisfies({scopes}, scope) for scope in route.scopes)
        ]
        found = await _refusals(person.api, beyond)
        assert {name: status for name, status in found.items() if status != 403} == {}, scopes


async def test_an_apps_own_token_is_nobody(world: World) -> None:
    await world.token_for(None, "app", EVERYTHING)
    found = await _refusals(Api(world, "app"), _BY_A_PERSON)
    assert {name: status for name, status in found.items() if status != 422} == {}


async def test_who_is_not_signed_in_does_nothing(world: World) -> None:
    found = await _refusals(world.anyone, _BY_A_PERSON)
    assert {name: status for name, status in found.items() if status != 401} == {}


@pytest.mark.parametrize(
    "change",
    [
        "update users set disabled_at = now() where account_id = $1",
        "update users set confirmed_at = null where account_id = $1",
        "update users set approved_at = null where account_id = $1",
        "update accounts set suspended_at = now() where id = $1",
    ],
)
async def test_who_cannot_come_in_does_nothing(world: World, change: str) -> None:
    person = await world.person("person", role="admin", scopes=EVERYTHING)
    await world.db.connection.execute(change, person.account_id)
    found = await _refusals(person.api, _BY_A_PERSON)
    assert {name: status for name, status in found.items() if status != 403} == {}


async def test_a_frozen_person_does_nothing_that_others_see(world: World) -> None:
    person = await world.person("person", scopes=EVERYTHING)
    await world.db.connection.execute("update accounts set frozen_at = now() where id = $1", person.account_id)
    viewer = (await world.res.tokens.find_owner(person.token) or pytest.fail("no token")).viewer
    assert viewer is not None

    def is_closed(route: Route) -> bool:
        try:
            check_not_frozen(viewer, route.method, route.path, route.scopes)
        except Forbidden:
            return True
        return False

    closed = [route for route in _BY_A_PERSON if is_closed(route)]
    # By hand: what the table of the quiet ones must never come to hold.
    loud = {"write:statuses", "write:media", "write:follows", "write:favourites", "write:accounts"}
    quiet = {
        f"{route.method} {route.path}"
        for route in _BY_A_PERSON
        if route.method != "GET" and loud & set(route.scopes) and not is_closed(route)
    }
    assert quiet == {
        "POST /api/v1/markers", "DELETE /api/v1/statuses/{id}", "DELETE /api/v1/scheduled_statuses/{id}",
        "POST /api/rostra/v1/decisions/{id}/appeal",
    }  # fmt: skip
    found = await _refusals(person.api, closed)
    assert {name: status for name, status in found.items() if status != 403} == {}


async def test_what_is_somebody_elses_is_not_there(world: World) -> None:
    ready = await populate(world)
    thief = await world.person("thief", scopes=EVERYTHING)
    for route in _BY_A_PERSON:
        if not _OWN.search(route.path):
            continue
        # Where nobody has asked to follow the thief, there is nothing to refuse; dismissing what is not there is done.
        nothing = 200 if route.path == "/api/v1/notifications/{id}/dismiss" else 404
        assert await _ask(thief.api, route, ready) == nothing, f"{route.method} {route.path}"
    kept = ready.ids["notification"]
    await ready.person.api.get(f"/api/v1/notifications/{kept}")
    await ready.person.api.get(f"/api/v1/lists/{ready.ids['list']}")
