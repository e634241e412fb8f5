"""One's own account: who am I, change my profile, sign up."""

from __future__ import annotations

from typing import Literal

import msgspec
from msgspec import UNSET, UnsetType

from rostra.accounts.own import own_account
from rostra.accounts.profile import ImageKeys, PreferencesChange, ProfileChange, change_profile
from rostra.accounts.sign_up import SignUp, Terms, check_wish, sign_up
from rostra.api.answer import client_address
from rostra.api.call import Call
from rostra.api.oauth import render_token
from rostra.api.route import Routes
from rostra.entities.account import RawCredentialAccount, Visibility
from rostra.entities.oauth import Token
from rostra.kit.forms import Upload
from rostra.kit.ratelimit import address_key
from rostra.media.account_images import store_account_image
from rostra.oauth.exchange import issue_token
from rostra.posts.draft import check_language

routes = Routes("accounts")

# Exactly, on top of the family's limit: each costs a password hash and a letter.
_SIGN_UPS_PER_ADDRESS = (5, 30 * 60)


class SignUpForm(msgspec.Struct, frozen=True, kw_only=True):
    """https://docs.joinmastodon.org/methods/accounts/#create"""

    username: str = ""
    email: str = ""
    password: str = ""
    agreement: bool = False
    locale: str = "en"
    reason: str = ""
    invite_code: str = ""


class FieldForm(msgspec.Struct, frozen=True, kw_only=True):
    name: str = ""
    value: str = ""


class SourceForm(msgspec.Struct, frozen=True, kw_only=True):
    privacy: Visibility | UnsetType = UNSET
    sensitive: bool | UnsetType = UNSET
    language: str | UnsetType | None = UNSET


class ProfileForm(msgspec.Struct, frozen=True, kw_only=True):
    """https://docs.joinmastodon.org/methods/accounts/#update_credentials"""

    display_name: str | UnsetType = UNSET
    note: str | UnsetType = UNSET
    avatar: Upload | UnsetType = UNSET
    header: Upload | UnsetType = UNSET
    avatar_description: str | UnsetType = UNSET
    header_description: str | UnsetType = UNSET
    locked: bool | UnsetType = UNSET
    bot: bool | UnsetType = UNSET
    discoverable: bool | UnsetType = UNSET
    indexable: bool | UnsetType = UNSET
    hide_collections: bool | UnsetType = UNSET
    fields_attributes: list[FieldForm] | UnsetType = UNSET
    source: SourceForm = SourceForm()


@routes.get("/api/v1/accounts/verify_credentials", scopes=("profile", "read:accounts"))
async def verify_credentials(call: Call) -> RawCredentialAccount:
    """The account behind the token."""
    return await own_account(call.res.db, call.res.urls, call.me.account_id)


@routes.post("/api/v1/accounts", access="app", scopes="write:accounts", family="sign_up")
async def create_account(call: Call, form: SignUpForm) -> Token:
    """Sign up through an app, which gets a token that works once the account is open."""
    res, address = call.res, client_address(call.request)
    settings = await res.instance.settings(res.db)
    terms = Terms(
        mode=settings.registrations_mode,
        reason_required=settings.reason_required,
        confirm_at_once=res.settings.dev,
        lever_id=await res.instance.sign_up_lever(res.db),
    )
    wish = SignUp(**msgspec.structs.asdict(form), ip=address, app_id=call.app.app_id)
    await check_wish(res.db, res.clock, res.screen, wish, terms)
    await res.limiter.check_exactly(res.db, f"sign_up:{address_key(address)}", *_SIGN_UPS_PER_ADDRESS)
    newcomer = await sign_up(res.db, res.clock, res.urls, res.emit, res.screen, res.passwords, wish=wish, terms=terms)
    async with res.db.transaction() as tx:
        token = await issue_token(
            tx,
            res.clock.now(),
            app_id=call.app.app_id,
            account_id=newcomer.account_id,
            scopes=sorted(call.app.scopes),
        )
    return render_token(token)


@routes.put("/api/v1/accounts/update_credentials", scopes="write:accounts")
async def update_credentials(call: Call, form: ProfileForm) -> RawCredentialAccount:
    """Change one's profile and the defaults for new posts; what is not given stays."""
    if isinstance(form.source.language, str) and form.source.language:
        check_language(form.source.language)
    fields = form.fields_attributes
    change = ProfileChange(
        display_name=form.display_name,
        note=form.note,
        fields=UNSET if fields is UNSET else [(field.name, field.value) for field in fields],
        avatar=await _store(call, "avatar", form.avatar),
        header=await _store(call, "header", form.header),
        avatar_description=form.avatar_description,
        header_description=form.header_description,
        locked=form.locked,
        bot=form.bot,
        discoverable=form.discoverable,
        indexable=form.indexable,
        hide_collections=form.hide_collections,
    )
    language = form.source.language
    preferences = PreferencesChange(
        default_visibility=form.source.privacy,
        default_sensitive=form.source.sensitive,
        default_language=language if language is UNSET else language or None,
    )
    return await _change(call, change, preferences)


@routes.delete("/api/v1/profile/avatar", scopes="write:accounts")
async def delete_avatar(call: Call) -> RawCredentialAccount:
    """Take one's avatar away."""
    return await _change(call, ProfileChange(avatar=ImageKeys(None, None), avatar_description=""))


@routes.delete("/api/v1/profile/header", scopes="write:accounts")
async def delete_header(call: Call) -> RawCredentialAccount:
    """Take one's header away."""
    return await _change(call, ProfileChange(header=ImageKeys(None, None), header_description=""))


async def _store(call: Call, kind: Literal["avatar", "header"], upload: Upload | UnsetType) -> ImageKeys | UnsetType:
    if upload is UNSET:
        return UNSET
    stored = await store_account_image(call.res.store, call.res.images, kind, upload.body)
    return ImageKeys(stored.key, stored.static_key, stored.pdq, stored.pdq_quality)


async def _change(
    call: Call, change: ProfileChange, preferences: PreferencesChange | None = None
) -> RawCredentialAccount:
    res, me = call.res, call.me
    await change_profile(
        res.db,
        res.clock,
        res.urls,
        res.emit,
        res.screen,
        account_id=me.account_id,
        change=change,
        preferences=preferences or PreferencesChange(),
    )
    return await own_account(res.db, res.urls, me.account_id)
