"""Accounts as staff sees them, and what can be done to them."""

from __future__ import annotations

import ipaddress
from collections.abc import Sequence
from typing import Final, Literal

import msgspec

from rostra.accounts.admin import access_target, get_admin_account, list_admin_accounts
from rostra.accounts.admin_queries import AccountFilter, Status
from rostra.accounts.own import role_of_id
from rostra.accounts.permissions import roles_with
from rostra.accounts.records import Role
from rostra.accounts.staff import approve, enable_login, reject
from rostra.api.admin.staff import PAGE, staff
from rostra.api.call import Call
from rostra.api.route import Routes
from rostra.entities.admin import AdminAccount
from rostra.entities.empty import Empty
from rostra.instance.erase import close_account
from rostra.kit.addresses import normalise_domain
from rostra.kit.errors import Forbidden, Invalid, Refused
from rostra.kit.paging import ById, Id, Page, PageForm
from rostra.moderation.decisions.sanctions import ActionType, Sanction, lift, reviewer_of, sanction

routes = Routes("admin")

_STATUSES: Final[tuple[Status, ...]] = ("active", "pending", "disabled", "sensitized", "silenced", "suspended")


class SearchForm(PageForm, frozen=True, kw_only=True):
    """What both versions of the list have."""

    username: str = ""
    display_name: str = ""
    by_domain: str = ""
    email: str = ""
    ip: str = ""


class AccountsForm(SearchForm, frozen=True, kw_only=True):
    """https://docs.joinmastodon.org/methods/admin/accounts/#v2"""

    origin: Literal["local", "remote"] | None = None
    status: Status | None = None
    permissions: Literal["staff"] | None = None
    role_ids: list[str] = []
    invited_by: Id | None = None


class OldAccountsForm(SearchForm, frozen=True, kw_only=True):
    """https://docs.joinmastodon.org/methods/admin/accounts/#v1"""

    local: bool = False
    remote: bool = False
    active: bool = False
    pending: bool = False
    disabled: bool = False
    sensitized: bool = False
    silenced: bool = False
    suspended: bool = False
    staff: bool = False


class ActionForm(msgspec.Struct, frozen=True, kw_only=True):
    """https://docs.joinmastodon.org/methods/admin/accounts/#action"""

    id: Id
    type: ActionType = "none"
    report_id: Id | None = None
    warning_preset_id: Id | None = None
    text: str = ""
    # Beyond Mastodon: what was broken, a clause of the policy.
    clause: str = ""
    # Taken and not used: whoever is decided on is always told, in the app and by letter as they wish.
    send_email_notification: bool = True


async def _list(call: Call, form: SearchForm, wanted: AccountFilter) -> Page[AdminAccount]:
    staff(call, "people")
    network = None
    try:
        if form.ip:
            network = ipaddress.ip_network(form.ip.strip(), strict=False)
        domain = normalise_domain(form.by_domain.strip(), allow_port=True) if form.by_domain.strip() else ""
    except (ValueError, Invalid):
        # What is no address, or no domain, is nobody's.
        return Page([])
    wanted = msgspec.structs.replace(
        wanted,
        username=form.username.strip(),
        display_name=form.display_name.strip(),
        domain=domain,
        email=form.email.strip(),
        network=network,
    )
    return await list_admin_accounts(call.res.db, call.res.urls, wanted, form.window(default=PAGE))


@routes.get("/api/v2/admin/accounts", scopes="admin:read:accounts")
async def list_accounts(call: Call, form: AccountsForm) -> Page[AdminAccount]:
    """Accounts, by whatever one may look for."""
    roles: Sequence[Role] | None = None
    if form.role_ids:
        roles = [role for role in map(role_of_id, form.role_ids) if role is not None]
    elif form.permissions == "staff":
        roles = roles_with("queue")
    statuses: tuple[Status, ...] = () if form.status is None else (form.status,)
    wanted = AccountFilter(origin=form.origin, statuses=statuses, roles=roles, invited_by=form.invited_by)
    return await _list(call, form, wanted)


@routes.get("/api/v1/admin/accounts", scopes="admin:read:accounts", deprecated=1648598400)
async def list_accounts_as_before(call: Call, form: OldAccountsForm) -> Page[AdminAccount]:
    """The same, asked the old way."""
    origin = "remote" if form.remote else "local" if form.local else None
    statuses: tuple[Status, ...] = tuple(status for status in _STATUSES if getattr(form, status))
    roles = roles_with("queue") if form.staff else None
    return await _list(call, form, AccountFilter(origin=origin, statuses=statuses, roles=roles))


@routes.get("/api/v1/admin/accounts/{id}", scopes="admin:read:accounts")
async def show_admin_account(call: Call, form: ById) -> AdminAccount:
    """One account."""
    staff(call, "people")
    return await get_admin_account(call.res.db, call.res.urls, form.id)


@routes.delete("/api/v1/admin/accounts/{id}", scopes="admin:write:accounts")
async def erase_admin_account(call: Call, form: ById) -> Empty:
    """Erase a suspended account of this server, for good."""
    # For those who may change the server itself: this cannot be taken back.
    me, res = staff(call, "settings"), call.res
    target = await access_target(res.db, me.role, form.id)
    if target.suspended_at is None:
        raise Forbidden
    if not target.is_local:
        raise Refused("Only accounts of this server can be deleted")
    await close_account(res.db, res.clock, res.emit, form.id, actor_id=me.account_id)
    return Empty()


@routes.post("/api/v1/admin/accounts/{id}/enable", scopes="admin:write:accounts")
async def enable_account(call: Call, form: ById) -> AdminAccount:
    """Let somebody sign in again."""
    me, res = staff(call, "people"), call.res
    await access_target(res.db, me.role, form.id)
    await enable_login(res.db, res.clock, form.id, actor_id=me.account_id)
    return await get_admin_account(res.db, res.urls, form.id)


@routes.post("/api/v1/admin/accounts/{id}/approve", scopes="admin:write:accounts")
async def approve_account(call: Call, form: ById) -> AdminAccount:
    """Let somebody in who waits."""
    me, res = staff(call, "people"), call.res
    target = await access_target(res.db, me.role, form.id)
    if not target.is_pending:
        raise Forbidden
    await approve(res.db, res.clock, res.emit, res.urls, form.id, actor_id=me.account_id)
    return await get_admin_account(res.db, res.urls, form.id)


@routes.post("/api/v1/admin/accounts/{id}/reject", scopes="admin:write:accounts")
async def reject_account(call: Call, form: ById) -> AdminAccount:
    """Turn somebody away who waits. Answers what the account was."""
    me, res = staff(call, "people"), call.res
    target = await access_target(res.db, me.role, form.id)
    if not target.is_pending:
        raise Forbidden
    shown = await get_admin_account(res.db, res.urls, form.id)
    await reject(res.db, res.clock, form.id, actor_id=me.account_id)
    return shown


async def _lift(call: Call, account_id: int, kind: Literal["sensitive", "limit", "suspend"]) -> AdminAccount:
    me, res = staff(call, "sanction"), call.res
    await access_target(res.db, me.role, account_id)
    await lift(res.desk, reviewer_of(me.account_id, me.role), account_id, kind)
    return await get_admin_account(res.db, res.urls, account_id)


@routes.post("/api/v1/admin/accounts/{id}/unsensitive", scopes="admin:write:accounts")
async def unmark_account_sensitive(call: Call, form: ById) -> AdminAccount:
    """No longer mark all that an account posts as sensitive."""
    return await _lift(call, form.id, "sensitive")


@routes.post("/api/v1/admin/accounts/{id}/unsilence", scopes="admin:write:accounts")
async def unsilence_account(call: Call, form: ById) -> AdminAccount:
    """No longer limit an account."""
    return await _lift(call, form.id, "limit")


@routes.post("/api/v1/admin/accounts/{id}/unsuspend", scopes="admin:write:accounts")
async def unsuspend_account(call: Call, form: ById) -> AdminAccount:
    """End a suspension."""
    return await _lift(call, form.id, "suspend")


@routes.post("/api/v1/admin/accounts/{id}/action", scopes="admin:write:accounts")
async def act_on_account(call: Call, form: ActionForm) -> Empty:
    """Warn somebody, or do more: mark as sensitive, limit, suspend, keep from signing in."""
    me, res = staff(call, "sanction"), call.res
    target = await access_target(res.db, me.role, form.id)
    if form.type == "disable" and not target.is_local:
        raise Refused("Only people of this server sign in here")
    wish = Sanction(
        kind=form.type,
        text=form.text,
        preset_id=form.warning_preset_id,
        report_id=form.report_id,
        clause=form.clause,
    )
    reviewer = reviewer_of(me.account_id, me.role)
    await sanction(res.desk, reviewer, form.id, wish, locale=target.locale or "en")
    return Empty()
