"""Apps: registration, and an app's look at itself."""

from __future__ import annotations

import msgspec

from rostra.api.call import Call
from rostra.api.route import Routes
from rostra.entities.oauth import CredentialApplication, RegisteredApplication
from rostra.oauth.apps import get_app, register_app
from rostra.oauth.records import App
from rostra.oauth.scopes import parse_scopes

routes = Routes("apps")


class AppForm(msgspec.Struct, frozen=True, kw_only=True):
    """https://docs.joinmastodon.org/methods/apps/#create"""

    client_name: str = ""
    # A list, or one text with an address on each line.
    redirect_uris: list[str] = []
    scopes: str = "read"
    website: str | None = None


@routes.post("/api/v1/apps", access="open", family="apps")
async def create_app(call: Call, form: AppForm) -> CredentialApplication:
    """Register an app."""
    app, secret = await register_app(
        call.res.db,
        call.res.clock,
        name=form.client_name,
        website=form.website,
        redirect_uris=[uri for text in form.redirect_uris for uri in text.split()],
        scopes=parse_scopes(form.scopes) or ["read"],
    )
    shown = msgspec.structs.asdict(_render(app, call))
    return CredentialApplication(**shown, client_id=app.client_id, client_secret=secret)


@routes.get("/api/v1/apps/verify_credentials", access="app")
async def verify_app_credentials(call: Call) -> RegisteredApplication:
    """The app that the token belongs to."""
    return _render(await get_app(call.res.db, call.app.app_id), call)


def _render(app: App, call: Call) -> RegisteredApplication:
    return RegisteredApplication(
        id=str(app.id),
        name=app.name,
        website=app.website,
        scopes=app.scopes,
        redirect_uris=app.redirect_uris,
        redirect_uri="\n".join(app.redirect_uris),
        vapid_key=call.res.vapid.public_key,
    )
