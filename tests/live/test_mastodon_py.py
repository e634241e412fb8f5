"""Mastodon.py, the Python client, drives a scenario from registering an app to deleting a post."""

from __future__ import annotations

import io
import queue
import threading
from collections.abc import Iterator
from typing import Any

import pytest
from mastodon import Mastodon, StreamListener

from tests.live.server import Person, Server, wait_for
from tests.live.sign_in import authorize, browser
from tests.media.samples import encode, picture

SCOPES = ["read", "write", "follow", "push"]
# The client asks /api/v1/instance for the version, which carries a Deprecation header here as it does on Mastodon.
pytestmark = pytest.mark.filterwarnings("ignore::mastodon.errors.MastodonDeprecationWarning")


class Heard(StreamListener):
    """Puts what is streamed into a queue."""

    def __init__(self) -> None:
        self.events: queue.Queue[tuple[str, Any]] = queue.Queue()

    def on_update(self, status: Any) -> None:
        self.events.put(("update", status))

    def on_notification(self, notification: Any) -> None:
        self.events.put(("notification", notification))

    def on_delete(self, status_id: Any) -> None:
        self.events.put(("delete", str(status_id)))

    def on_status_update(self, status: Any) -> None:
        self.events.put(("status.update", status))

    def next(self, kind: str) -> Any:
        """The next event of a kind; others before it are passed over."""
        while True:
            found, payload = self.events.get(timeout=20)
            if found == kind:
                return payload


def client_of(live: Server, person: Person) -> Mastodon:
    return Mastodon(access_token=person.token, api_base_url=live.url, version_check_mode="created")


@pytest.fixture
def app(live: Server) -> tuple[str, str]:
    return Mastodon.create_app(
        "Reader", scopes=SCOPES, redirect_uris=["https://reader.example/back", "urn:ietf:wg:oauth:2.0:oob"],
        website="https://reader.example", api_base_url=live.url,
    )  # fmt: skip


@pytest.fixture
def listening(live: Server, ada: Person) -> Iterator[Heard]:
    """Ada's stream, from when it is open."""
    heard = Heard()
    client = client_of(live, ada)
    handle = client.stream_user(heard, run_async=True, timeout=20)
    wait_for(handle.is_receiving)
    yield heard
    # The client waits for the next event before it closes.
    closing = threading.Thread(target=handle.close)
    closing.start()
    wait_for(lambda: handle.closed)
    ada.post("Good night")
    closing.join(20)


def test_somebody_signs_in_through_the_form_and_the_app_gets_its_token(
    live: Server, ada: Person, app: tuple[str, str]
) -> None:
    client = Mastodon(client_id=app[0], client_secret=app[1], api_base_url=live.url)
    address = client.auth_request_url(
        redirect_uris="https://reader.example/back", scopes=SCOPES, state="xyz", allow_http=True
    )
    with browser(live.url) as web:
        code = authorize(web, address, ada.username)
    client.log_in(code=code, redirect_uri="https://reader.example/back", scopes=SCOPES, allow_http=True)
    me = client.me()
    assert (me.username, str(me.id)) == (ada.username, ada.id)
    client.revoke_access_token(allow_http=True)


def test_a_code_can_be_copied_from_the_page(live: Server, bruno: Person, app: tuple[str, str]) -> None:
    client = Mastodon(client_id=app[0], client_secret=app[1], api_base_url=live.url)
    with browser(live.url) as web:
        code = authorize(web, client.auth_request_url(scopes=SCOPES, allow_http=True), bruno.email)
    client.log_in(code=code, scopes=SCOPES, allow_http=True)
    assert client.me().username == bruno.username


def test_the_version_and_the_features_are_understood(live: Server, ada: Person) -> None:
    client = client_of(live, ada)
    client.retrieve_mastodon_version(fail_hard=True)
    assert client.mastodon_major >= 4
    assert client.mastodon_api_version >= 1
    assert client.verify_minimum_version("4.0.0")
    assert client.instance_v2().domain == live.domain


def test_a_day_with_the_client(live: Server, ada: Person, bruno: Person, listening: Heard) -> None:
    ours, theirs = client_of(live, ada), client_of(live, bruno)
    ours.account_follow(bruno.id)

    drawing = io.BytesIO(encode(picture(64, 48), "PNG"))
    square = theirs.media_post(drawing, mime_type="image/png", description="A grey square")
    first = theirs.status_post("Look at #squares", media_ids=[square], language="en", idempotency_key="day-1")
    assert theirs.status_post("Look at #squares", media_ids=[square], idempotency_key="day-1").id == first.id
    assert first.media_attachments[0].description == "A grey square"
    assert first.media_attachments[0].meta.original.width == 64
    assert listening.next("update").id == first.id

    poll = theirs.make_poll(["Round", "Square"], expires_in=3600)
    asked = theirs.status_post("Which shape?", poll=poll)
    voted = ours.poll_vote(asked.poll, [1])
    assert (voted.votes_count, voted.own_votes) == (1, [1])

    reply = ours.status_reply(first, "It is square indeed")
    assert reply.in_reply_to_id == first.id
    assert f"@{bruno.username}" in reply.content.replace("<span>", "").replace("</span>", "")
    assert [status.id for status in ours.status_context(first).descendants] == [reply.id]

    ours.status_reblog(first)
    ours.status_favourite(first)
    assert ours.status(first).reblogged
    assert ours.status(first).favourited
    wait_for(lambda: {"mention", "reblog", "favourite"} <= {one.type for one in theirs.notifications()})
    assert theirs.notifications(types=["mention"])[0].status.id == reply.id

    mention = theirs.status_post(f"@{ada.username} thank you", visibility="direct")
    assert listening.next("notification").status.id == mention.id

    edited = theirs.status_update(first, "Look at #squares, please")
    assert edited.edited_at is not None
    assert listening.next("status.update").id == first.id
    assert len(theirs.status_history(first)) == 2
    assert theirs.status_source(first).text == "Look at #squares, please"

    theirs.account_update_credentials(discoverable=True)
    assert [account.username for account in ours.search("bruno", result_type="accounts").accounts] == ["bruno"]
    wait_for(lambda: ours.search("squares", result_type="hashtags").hashtags)
    assert first.id in {status.id for status in ours.timeline_hashtag("squares")}

    removed = theirs.status_delete(asked)
    assert removed.text == "Which shape?"
    assert listening.next("delete") == str(asked.id)


def test_a_timeline_is_paged_from_its_newest_to_its_oldest_post_and_back(live: Server) -> None:
    writer = live.person("pager")
    client = client_of(live, writer)
    written = [str(client.status_post(f"Post {number}").id) for number in range(13)]
    wait_for(lambda: len(client.timeline_home(limit=40)) == 13)

    page = client.timeline_home(limit=5)
    read = [str(status.id) for status in page]
    while page := client.fetch_next(page):
        read += [str(status.id) for status in page]
    assert read == written[::-1]

    newest = client.timeline_home(limit=5)
    added = str(client.status_post("One more").id)
    wait_for(lambda: [str(status.id) for status in client.fetch_previous(newest) or []] == [added])
    everything = client.fetch_remaining(client.account_statuses(writer.id, limit=4))
    assert [str(status.id) for status in everything] == [added, *written[::-1]]
