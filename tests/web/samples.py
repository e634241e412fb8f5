"""A small community as API entities, and every template with the variables that it documents: plain, empty and hostile.

Shared by the tests and by the preview; the shapes are those of the API reference.
"""

from __future__ import annotations

# ruff: noqa: E501
# fmt: off
from datetime import UTC, datetime
from typing import Any

from rostra.accounts.permissions import permissions_of
from rostra.web.render import Page

Entity = dict[str, Any]
NOW = datetime(2026, 5, 4, 12, 0, tzinfo=UTC)
LONG_NAME = "Maximiliana-Wilhelmine-Konstantinopolitanische-von-und-zu-Hohenstaufen-Windischgraetz " * 3
HOSTILE = "<script>alert(1)</script>\"'><img src=x onerror=alert(1)>{{7*7}} %s %(x)s"
RIGHT_TO_LEFT = "שלום עולם — مرحبا بالعالم"

EMOJI: Entity = {
    "shortcode": "laurel",
    "url": "/media/laurel.svg",
    "static_url": "/media/laurel-still.svg",
    "visible_in_picker": True,
    "category": "Rome",
}


def account(number: int, acct: str, name: str, **changes: Any) -> Entity:
    username = acct.split("@", maxsplit=1)[0]
    made: Entity = {
        "id": str(110_000_000_000_000_000 + number), "username": username, "acct": acct, "display_name": name, "locked": False,
        "bot": False, "discoverable": True, "indexable": True, "group": False, "created_at": "2025-11-02T00:00:00.000Z",
        "note": f"<p>{name} writes here about small towns and large rivers.</p>", "url": f"http://rostra.example/@{acct}",
        "uri": f"http://rostra.example/users/{username}", "avatar": f"/media/{username}.svg", "avatar_static": f"/media/{username}.svg",
        "avatar_description": "", "header": "/media/header.svg", "header_static": "/media/header.svg", "header_description": "",
        "followers_count": 1284, "following_count": 211, "statuses_count": 3120, "last_status_at": "2026-05-04", "hide_collections": False,
        "show_media": True, "show_media_replies": True, "show_featured": True, "fields": [], "emojis": [], "roles": [],
    }
    return made | changes


ADA = account(
    1, "ada", "Ada Ferrante :laurel:", emojis=[EMOJI], locked=True,
    note='<p>Hydrologist. Rivers, maps, bread. Writes in English and <a href="https://ada.example" rel="nofollow noopener">Italian</a>.</p>',
    fields=[
        {"name": "Web", "value": '<a href="https://ada.example" rel="me nofollow noopener"><span class="invisible">https://</span>ada.example</a>', "verified_at": "2026-01-05T08:00:00.000Z"},
        {"name": "City", "value": "Ferrara", "verified_at": None},
        {"name": "Pronouns", "value": "she / lei", "verified_at": None},
    ],
    roles=[{"id": "3", "name": "Owner", "color": ""}],
)
MARCO = account(2, "marco", "Marco Bianchi")
GIULIA = account(3, "giulia", "Giulia Neri")
TOMAS = account(4, "tomas@relay.example", "Tomás Oliveira")
BOT = account(5, "po_level@rivers.example", "River Po, level", bot=True)
LONG = account(6, "maximiliana_wilhelmine_konstantinopolitanische@a-very-long-domain-name.of-a-remote-server.example", LONG_NAME)
ARABIC = account(7, "salma", RIGHT_TO_LEFT)
NAMELESS = account(8, "nobody", "", note="", avatar="/avatars/original/missing.png", avatar_static="/avatars/original/missing.png",
    header="/headers/original/missing.png", header_static="/headers/original/missing.png", followers_count=0, following_count=0, statuses_count=0)
EVIL = account(
    9, "evil@bad.example", HOSTILE, url="javascript:alert(1)", avatar="javascript:alert(1)", avatar_static="javascript:alert(1)",
    note="<p>&lt;script&gt;</p>", fields=[{"name": HOSTILE, "value": "plain", "verified_at": None}],
)

PUBLIC_TAG: Entity = {"name": "RiverPo", "url": "http://rostra.example/tags/riverpo"}


def status(number: int, author: Entity, content: str, **changes: Any) -> Entity:
    number += 111_000_000_000_000_000
    made: Entity = {
        "id": str(number), "created_at": "2026-05-04T11:41:00.000Z", "in_reply_to_id": None, "in_reply_to_account_id": None, "sensitive": False,
        "spoiler_text": "", "visibility": "public", "language": "en", "uri": f"http://rostra.example/users/{author['username']}/statuses/{number}",
        "url": f"http://rostra.example/@{author['acct']}/{number}", "replies_count": 0, "reblogs_count": 0, "favourites_count": 0, "quotes_count": 0,
        "edited_at": None, "favourited": False, "reblogged": False, "muted": False, "bookmarked": False, "content": content, "filtered": [],
        "reblog": None, "application": {"name": "Web", "website": None}, "account": author, "media_attachments": [], "mentions": [], "tags": [],
        "emojis": [], "quote": None, "card": None, "poll": None,
    }
    return made | changes


def picture(number: int, description: str | None, width: int = 1200, height: int = 800, **changes: Any) -> Entity:
    small = {"width": width // 2, "height": height // 2, "size": f"{width // 2}x{height // 2}", "aspect": width / height}
    made: Entity = {
        "id": str(112_000_000_000_000_000 + number), "type": "image", "url": f"/media/picture-{number}.svg", "preview_url": f"/media/picture-{number}.svg",
        "remote_url": None, "preview_remote_url": None, "text_url": None, "description": description, "blurhash": "LKO2?U%2Tw=w]~RBVZRi};RPxuwH",
        "meta": {"original": {"width": width, "height": height, "size": f"{width}x{height}", "aspect": width / height}, "small": small},
    }
    return made | changes


def poll(**changes: Any) -> Entity:
    made: Entity = {
        "id": "113000000000000001", "expires_at": "2026-05-05T10:00:00.000Z", "expired": False, "multiple": False, "votes_count": 214, "voters_count": 214,
        "options": [
            {"title": "Along the embankment", "votes_count": 121}, {"title": "Through the old town", "votes_count": 74},
            {"title": "By boat :laurel:", "votes_count": 19},
        ],
        "emojis": [EMOJI], "voted": False, "own_votes": [],
    }
    return made | changes


CARD: Entity = {
    "url": "https://rivers.example/po-2026", "title": "The Po this spring: what the gauges say", "description": "Levels at Pontelagoscuro stayed above the ten-year mean"
    " for the third week in a row, and the forecast is calm.", "language": "en", "type": "link", "author_name": "", "author_url": "", "provider_name": "Rivers Weekly",
    "provider_url": "https://rivers.example", "html": "", "width": 1200, "height": 630, "image": "/media/picture-3.svg", "image_description": "",
    "embed_url": "", "blurhash": None, "published_at": "2026-05-02T09:00:00.000Z", "authors": [],
}


def mention(of: Entity) -> Entity:
    return {"id": of["id"], "username": of["username"], "url": of["url"], "acct": of["acct"]}


FILTER: Entity = {"id": "1", "title": "Football", "context": ["home", "public", "thread", "account"], "expires_at": None, "filter_action": "warn",
    "keywords": [{"id": "1", "keyword": "derby", "whole_word": True}], "statuses": []}
HIT: Entity = {"filter": FILTER, "keyword_matches": ["derby"], "status_matches": None}

FIRST = status(
    1, ADA, "<p>The gauge at Pontelagoscuro reads 1.42 m this morning: calm water, mist until nine, and a heron that would not be hurried.</p><p>"
    '<a href="http://rostra.example/tags/riverpo" class="mention hashtag" rel="tag">#<span>RiverPo</span></a></p>',
    media_attachments=[picture(1, "Mist over a wide, flat river at dawn; a heron stands on a mooring post.")], tags=[PUBLIC_TAG], replies_count=3, reblogs_count=12,
    favourites_count=41, favourited=True,
)
REPLY = status(
    2, MARCO, '<p><span class="h-card"><a href="http://rostra.example/@ada" class="u-url mention">@<span>ada</span></a></span> Ci passo domattina col kayak. Se l’airone'
    " si sposta ti avviso!</p>", language="it", in_reply_to_id=FIRST["id"], in_reply_to_account_id=ADA["id"], mentions=[mention(ADA)], replies_count=1,
    favourites_count=2, created_at="2026-05-04T11:52:00.000Z",
)
OPEN_POLL = status(3, GIULIA, "<p>Sunday’s walk: which way shall we go?</p>", poll=poll(), reblogs_count=4, favourites_count=9, created_at="2026-05-04T09:20:00.000Z")
VOTED_POLL = status(4, GIULIA, "<p>And which hour?</p>", poll=poll(id="113000000000000002", voted=True, own_votes=[1], expired=True), created_at="2026-05-03T09:20:00.000Z")
WARNED = status(5, TOMAS, "<p>In the last chapter it turns out that the lighthouse keeper had written all the letters himself.</p>", spoiler_text="Novel, ending",
    sensitive=True, created_at="2026-05-04T08:05:00.000Z", replies_count=8, edited_at="2026-05-04T08:30:00.000Z")
GALLERY = status(6, MARCO, "<p>Four mornings, one bend of the river.</p>", media_attachments=[picture(1, "First morning, fog."), picture(2, "Second morning, clear."),
    picture(3, None), picture(4, "Fourth morning, rain.", 800, 1200)], bookmarked=True, reblogged=True, reblogs_count=31, favourites_count=208, created_at="2026-05-03T18:00:00.000Z")
SENSITIVE = status(7, TOMAS, "<p>A close look at the tick I found after the walk. Check your socks.</p>", sensitive=True,
    media_attachments=[picture(2, "A tick on a fingertip, very large.")], created_at="2026-05-02T18:00:00.000Z")
LINKED = status(8, ADA, '<p>Worth the ten minutes: <a href="https://rivers.example/po-2026" rel="nofollow noopener"><span class="invisible">https://</span>'
    '<span class="">rivers.example/po-2026</span></a></p>', card=CARD, visibility="unlisted", reblogs_count=1200, favourites_count=15_300, created_at="2026-05-01T18:00:00.000Z")
BOOST = status(9, GIULIA, "", reblog=status(10, BOT, "<p>Pontelagoscuro 1.42 m · Boretto 2.10 m · Piacenza 0.86 m. Falling slowly.</p>", language=None, reblogs_count=2))
FILTERED = status(11, MARCO, "<p>What a derby that was.</p>", filtered=[HIT])
DIRECT = status(12, MARCO, "<p>Shall we meet at seven by the bridge?</p>", visibility="direct", created_at="2026-05-04T07:00:00.000Z", mentions=[mention(ADA)])
QUOTING = status(13, GIULIA, "<p>This, every spring.</p>", quote={"state": "accepted", "quoted_status": FIRST}, visibility="private")
FOREIGN = status(14, ARABIC, f"<p>{RIGHT_TO_LEFT}</p>", language="ar", spoiler_text=RIGHT_TO_LEFT)
HOSTILE_STATUS = status(
    15, EVIL, "<p>&lt;script&gt;alert(1)&lt;/script&gt; :laurel:</p>", url="javascript:alert(1)", uri="javascript:alert(1)", spoiler_text=HOSTILE, emojis=[EMOJI | {"shortcode": "laurel", "url": '"><script>x</script>'}],
    application={"name": HOSTILE, "website": "javascript:alert(1)"}, card=CARD | {"url": "javascript:alert(1)", "title": HOSTILE, "description": HOSTILE, "provider_name": HOSTILE, "width": None},
    poll=poll(options=[{"title": HOSTILE, "votes_count": None}, {"title": "", "votes_count": None}], voters_count=None, expires_at=None, id="113000000000000009"),
    tags=[{"name": HOSTILE, "url": "http://bad.example/tag"}], language="xx-unknown", filtered=[HIT | {"filter": FILTER | {"title": HOSTILE, "context": []}}],
)
HOSTILE_MEDIA = status(16, LONG, "<p>" + "unbroken" * 60 + "</p>", url=None, media_attachments=[
    picture(5, HOSTILE, meta=None, blurhash=None, preview_url=None), picture(6, None, type="video"), picture(7, HOSTILE, type="audio", url="javascript:alert(1)"),
    picture(8, None, type="unknown", url=None, remote_url="javascript:alert(1)"), picture(9, "x", type="gifv"),
])

TIMELINE = [REPLY, FIRST, OPEN_POLL, WARNED, BOOST, FILTERED, GALLERY, SENSITIVE, VOTED_POLL, LINKED, QUOTING, FOREIGN]
HOSTILES = [HOSTILE_STATUS, HOSTILE_MEDIA, status(17, NAMELESS, ""), status(18, LONG, "", reblog=HOSTILE_MEDIA | {"id": "99"})]



def notification(number: int, kind: str, of: Entity, about: Entity | None = None, **changes: Any) -> Entity:
    number += 114_000_000_000_000_000
    made: Entity = {"id": str(number), "type": kind, "created_at": "2026-05-04T10:30:00.000Z", "group_key": f"ungrouped-{number}", "account": of}
    return made | ({"status": about} if about else {}) | changes


NOTIFICATIONS = [
    notification(20, "mention", MARCO, REPLY),
    notification(19, "favourite", GIULIA, FIRST, group_key="favourite-1"),
    notification(18, "favourite", TOMAS, FIRST, group_key="favourite-1"),
    notification(17, "favourite", BOT, FIRST, group_key="favourite-1"),
    notification(16, "reblog", MARCO, FIRST, group_key="reblog-1"),
    notification(15, "reblog", LONG, FIRST, group_key="reblog-1"),
    notification(14, "follow", ARABIC, group_key="follow-1"),
    notification(13, "follow", GIULIA, group_key="follow-1"),
    notification(12, "follow_request", NAMELESS),
    notification(11, "poll", ADA, VOTED_POLL),
    notification(10, "poll", GIULIA, VOTED_POLL),
    notification(9, "update", TOMAS, WARNED),
    notification(8, "status", GIULIA, GALLERY),
    notification(7, "admin.sign_up", MARCO),
    notification(6, "admin.report", MARCO, report={"id": "7"}),
    notification(5, "moderation_warning", ADA),
    notification(4, "severed_relationships", ADA),
    notification(3, "added_to_collection", EVIL),
    notification(2, "favourite", LONG, HOSTILE_STATUS),
    notification(1, "reblog", MARCO, HOSTILE_MEDIA),
    notification(0, "follow", EVIL),
]

RULES: list[Entity] = [
    {"id": "1", "text": "Argue with what was said, not with who said it.", "hint": "Insults, threats and dog-piling are removed.", "translations": {}},
    {"id": "2", "text": "No calls to violence, and no plans for it.", "hint": "Naming a place, a date or a target makes it worse. We act within the hour.", "translations": {}},
    {"id": "3", "text": "Say when a picture is made by a machine.", "hint": "", "translations": {}},
]

SITE: Entity = {
    "domain": "rostra.example", "title": "Rostra", "version": "4.5.0 (compatible; Rostra 0.1.0)", "source_url": "https://source.example/rostra",
    "description": "A public square for the towns along the river: local news, slow arguments, good bread.", "usage": {"users": {"active_month": 412}},
    "thumbnail": {"url": "/media/header.svg", "blurhash": None, "versions": {}, "description": ""}, "icon": [], "languages": ["en", "it"],
    "configuration": {
        "urls": {"streaming": "wss://rostra.example", "status": None, "about": None, "privacy_policy": None, "terms_of_service": None}, "vapid": {"public_key": ""},
        "accounts": {"max_display_name_length": 40, "max_note_length": 500, "max_avatar_description_length": 150, "max_header_description_length": 150, "max_featured_tags": 10,
            "max_pinned_statuses": 5, "max_profile_fields": 4, "profile_field_name_limit": 255, "profile_field_value_limit": 255},
        "statuses": {"max_characters": 500, "max_media_attachments": 4, "characters_reserved_per_url": 23},
        "media_attachments": {"description_limit": 10000, "image_matrix_limit": 33177600, "image_size_limit": 16777216, "supported_mime_types": ["image/jpeg", "image/png", "image/webp"]},
        "polls": {"max_options": 4, "max_characters_per_option": 50, "min_expiration": 300, "max_expiration": 2629746}, "translation": {"enabled": False},
    },
    "registrations": {"enabled": True, "approval_required": False, "reason_required": False, "message": None, "min_age": None, "url": None},
    "api_versions": {"mastodon": 2}, "contact": {"email": "square@rostra.example", "account": ADA}, "rules": RULES,
}


def tag(name: str, people: int) -> Entity:
    history = [{"day": str(1_777_852_800 - 86_400 * n), "accounts": str(people * (7 - n) // 5), "uses": str(people * (9 - n) // 3)} for n in range(7)]
    return {"id": name, "name": name, "url": f"http://rostra.example/tags/{name}", "history": history, "following": False}


TRENDS = [tag("RiverPo", 41), tag("pane", 22), tag("Ferrara", 14), tag("slowtrains", 9)]
VIEWER = ADA | {
    "source": {"privacy": "public", "sensitive": False, "language": "en", "note": "Hydrologist. Rivers, maps, bread.", "fields": [{"name": "City", "value": "Ferrara", "verified_at": None}],
        "follow_requests_count": 2, "hide_collections": False, "discoverable": True, "indexable": False, "attribution_domains": [], "quote_policy": "public"},
    "role": {"id": "3", "name": "Owner", "permissions": "1", "color": "", "highlighted": True},
}


def relationship(of: Entity, **changes: Any) -> Entity:
    made: Entity = {
        "id": of["id"], "following": False, "showing_reblogs": True, "notifying": False, "languages": None, "followed_by": False, "blocking": False, "blocked_by": False,
        "muting": False, "muting_notifications": False, "muting_expires_at": None, "requested": False, "requested_by": False, "domain_blocking": False, "endorsed": False, "note": "",
    }
    return made | changes


def page(path: str = "/home", *, member: bool = True, **changes: Any) -> Page:
    """What the page knows, for a member (with a badge and trends) or for a visitor."""
    known: dict[str, Any] = {"site": SITE, "csrf": "csrf-token", "path": path, "now": NOW, "trends": TRENDS}
    if member:
        known |= {"viewer": VIEWER, "unread": 3, "follow_requests": 2, "administrator": True, "moderator": True, "powers": permissions_of("owner")}
    return Page(**(known | changes))
