"""Web Push subscriptions: one for each access token."""

from __future__ import annotations

from typing import Final, Literal

import msgspec

from rostra.api.call import Call
from rostra.api.route import Routes
from rostra.entities.empty import Empty
from rostra.entities.notification import PushAlerts, WebPushSubscription
from rostra.kit.errors import Unauthorized
from rostra.kit.webpush import Subscription as PushTarget
from rostra.notifications import subscribe
from rostra.notifications.records import Subscription
from rostra.oauth.bearer import bearer_token

routes = Routes("push")

# How each alert is called in a form and as a type of notification.
_ALERTS: Final = {field.name: field.encode_name for field in msgspec.structs.fields(PushAlerts)}


class KeysForm(msgspec.Struct, frozen=True, kw_only=True):
    p256dh: str
    auth: str


class TargetForm(msgspec.Struct, frozen=True, kw_only=True):
    endpoint: str
    keys: KeysForm
    standard: bool = False


class ChoiceForm(msgspec.Struct, frozen=True, kw_only=True):
    alerts: PushAlerts | None = None
    policy: Literal["all", "followed", "follower", "none"] | None = None


class SubscribeForm(msgspec.Struct, frozen=True, kw_only=True):
    """https://docs.joinmastodon.org/methods/push/#create"""

    subscription: TargetForm
    data: ChoiceForm = ChoiceForm()


class ChangeForm(msgspec.Struct, frozen=True, kw_only=True):
    data: ChoiceForm = ChoiceForm()


def _choice(form: ChoiceForm) -> subscribe.Choice:
    alerts = form.alerts
    wanted = None if alerts is None else [kind for name, kind in _ALERTS.items() if getattr(alerts, name)]
    return subscribe.Choice(alerts=wanted, policy=form.policy)


def _render(call: Call, subscription: Subscription) -> WebPushSubscription:
    wanted = {name: True for name, kind in _ALERTS.items() if kind in subscription.alerts}
    return WebPushSubscription(
        id=str(subscription.id),
        endpoint=subscription.endpoint,
        standard=subscription.standard,
        alerts=PushAlerts(**wanted),
        policy=subscription.policy,
        server_key=call.res.vapid.public_key,
    )


@routes.post("/api/v1/push/subscription", scopes="push")
async def subscribe_to_push(call: Call, form: SubscribeForm) -> WebPushSubscription:
    """Have notifications pushed to an address; the token's earlier subscription ends."""
    token = bearer_token(call.request)
    if token is None:
        raise Unauthorized
    given = form.subscription
    made = await subscribe.subscribe(
        call.res.db,
        call.res.clock,
        call.res.sealer,
        token_id=call.app.token_id,
        account_id=call.me.account_id,
        token=token,
        target=PushTarget(
            endpoint=given.endpoint, p256dh=given.keys.p256dh, auth=given.keys.auth, standard=given.standard
        ),
        choice=_choice(form.data),
        dev=call.res.settings.dev,
    )
    return _render(call, made)


@routes.get("/api/v1/push/subscription", scopes="push")
async def show_subscription(call: Call) -> WebPushSubscription:
    """The token's subscription."""
    return _render(call, await subscribe.get_subscription(call.res.db, call.app.token_id))


@routes.put("/api/v1/push/subscription", scopes="push")
async def change_subscription(call: Call, form: ChangeForm) -> WebPushSubscription:
    """Change which notifications are pushed."""
    return _render(call, await subscribe.change_subscription(call.res.db, call.app.token_id, _choice(form.data)))


@routes.delete("/api/v1/push/subscription", scopes="push")
async def unsubscribe_from_push(call: Call) -> Empty:
    """Have nothing pushed any more."""
    await subscribe.unsubscribe(call.res.db, call.app.token_id)
    return Empty()
