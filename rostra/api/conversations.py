"""Private conversations, as a list. They are answered in posts that mention the others."""

from __future__ import annotations

from rostra.api.call import Call
from rostra.api.route import Routes
from rostra.entities.conversation import Conversation
from rostra.kit.paging import Page, PageForm
from rostra.posts.conversations import conversations

routes = Routes("conversations")


@routes.get("/api/v1/conversations", scopes="read:statuses")
async def list_conversations(call: Call, form: PageForm) -> Page[Conversation]:
    """The viewer's private conversations, each with its latest post."""
    reader = await call.statuses()
    return await conversations(call.res.db, reader, call.me.account_id, form.window(), call.res.clock.now())
