"""What somebody has set for posting and reading."""

from __future__ import annotations

from rostra.accounts.own import get_user, render_preferences
from rostra.api.call import Call
from rostra.api.route import Routes
from rostra.entities.preferences import Preferences

routes = Routes("preferences")


@routes.get("/api/v1/preferences", scopes="read:accounts")
async def show_preferences(call: Call) -> Preferences:
    """The viewer's preferences."""
    return render_preferences(await get_user(call.res.db, call.me.account_id))
