"""Every template with the variables that it documents: as it usually is, empty, and hostile."""

from __future__ import annotations

# ruff: noqa: E501
# fmt: off
from typing import Any

from rostra.web.render import Composer
from tests.web import samples as s
from tests.web.case import Case
from tests.web.cases_appeals import appeal_cases
from tests.web.cases_banks import bank_cases
from tests.web.cases_blocks import block_cases
from tests.web.cases_continuity import continuity_cases
from tests.web.cases_import import import_cases
from tests.web.cases_learning import learning_cases
from tests.web.cases_ledger import ledger_cases
from tests.web.cases_levers import lever_cases
from tests.web.cases_measurement import measurement_cases
from tests.web.cases_moderation import moderation_cases
from tests.web.cases_notices import notice_cases
from tests.web.cases_people import people_cases
from tests.web.cases_reports import report_cases
from tests.web.cases_transparency import transparency_cases
from tests.web.samples import page

LIVE = {"stream": "user", "url": "/home"}
PAGING = {"older_url": "/home?max_id=111000000000000001", "newest_url": None}
LAST = {"older_url": None, "newest_url": None}
COMPOSER = Composer(idempotency_key="key-1")
CLOSED_SITE = {**s.SITE, "registrations": {**s.SITE["registrations"], "enabled": False}, "rules": [], "usage": {"users": {"active_month": 0}}, "description": "", "thumbnail": None}
BARE_SITE = {**s.SITE, "contact": {"email": "", "account": None}, "rules": [], "source_url": ""}
MINIMAL_SITE = {"title": "Rostra", "domain": "rostra.example", "source_url": "", "registrations": {"enabled": False}}
ALL_SCOPES = [f"{verb}:{noun}" for verb in ("read", "write") for noun in ("accounts", "blocks", "bookmarks", "conversations", "favourites", "filters", "follows", "lists", "media", "mutes", "notifications", "reports", "search", "statuses")]


def all_cases() -> dict[str, Case]:
    """Name to case; names are the addresses of the preview."""
    return {**_public_cases(), **_door_cases(), **_reading_cases(), **_writing_cases(), **_settings_cases(), **_admin_cases(), **_odd_cases(), **_fragment_cases(), **appeal_cases(), **bank_cases(), **block_cases(), **continuity_cases(), **import_cases(), **learning_cases(), **ledger_cases(), **lever_cases(), **measurement_cases(), **moderation_cases(), **notice_cases(), **people_cases(), **report_cases(), **transparency_cases()}


def _public_cases() -> dict[str, Case]:
    visitor = page("/", member=False)
    return {
        "landing": Case("landing.html", visitor, {"statuses": s.TIMELINE[:6]}),
        "landing-empty": Case("landing.html", page("/", member=False, site=CLOSED_SITE), {"statuses": []}),
        "about": Case("about.html", page("/about", member=False), {"about": "<p>Run by an association of four libraries.</p>", "privacy": "<p>We keep little.</p>"}),
        "about-bare": Case("about.html", page("/about", site=BARE_SITE), {"about": "", "privacy": ""}),
        "shortcuts": Case("shortcuts.html", page("/keyboard"), {}),
        "manifest": Case("manifest.webmanifest", visitor, {}),
        **{f"error-{code}": Case("error.html", page("/nowhere", member=False, site=MINIMAL_SITE), {"code": code, "detail": ""}) for code in (401, 403, 404, 410, 422, 429, 500, 503, "offline")},
        "error-detail": Case("error.html", page("/nowhere"), {"code": 422, "detail": s.HOSTILE}),
    }


def _door_cases() -> dict[str, Case]:
    blank: dict[str, Any] = {"values": {}, "errors": {}}
    wrong: dict[str, Any] = {
        "values": {"username": "ada", "email": "ada@", "reason": "I bake.", "login": s.HOSTILE},
        "errors": {"username": "ERR_TAKEN", "email": "ERR_INVALID", "password": "ERR_TOO_SHORT", "reason": "ERR_BLANK", "agreement": "ERR_ACCEPTED", "code": s.HOSTILE, "base": "ERR_BLOCKED"},
    }
    door = page("/auth/sign_up", member=False)
    waiting = {**s.SITE, "registrations": {**s.SITE["registrations"], "approval_required": True, "reason_required": True}}
    scopes = ["read", "write", "follow", "push", "profile", "read:statuses", "write:media", "admin:read:accounts", "admin:write:reports", "new:scope"]
    return {
        "auth/sign_up": Case("auth/sign_up.html", door, {**blank, "invitation": None, "closed": False, "by_invitation": False, "for_now": ""}),
        "auth/sign_up-wrong": Case("auth/sign_up.html", page("/auth/sign_up", member=False, site=waiting), {**wrong, "invitation": None, "closed": False, "by_invitation": False, "for_now": "approval"}),
        "auth/sign_up-invited": Case("auth/sign_up.html", door, {**blank, "invitation": {"code": "abc", "inviter": s.MARCO}, "closed": False, "by_invitation": False, "for_now": ""}),
        "auth/sign_up-closed": Case("auth/sign_up.html", page("/auth/sign_up", member=False, site=CLOSED_SITE), {**blank, "invitation": None, "closed": True, "by_invitation": True, "for_now": "invite"}),
        "auth/sign_in": Case("auth/sign_in.html", door, {**blank, "return_to": "/home", "app": None}),
        "auth/sign_in-app": Case("auth/sign_in.html", door, {**wrong, "return_to": s.HOSTILE, "app": {"name": s.HOSTILE}}),
        "auth/totp": Case("auth/totp.html", door, {"errors": {}, "return_to": ""}),
        "auth/totp-wrong": Case("auth/totp.html", door, {"errors": wrong["errors"], "return_to": ""}),
        "auth/reset_request": Case("auth/reset_request.html", door, {**blank, "sent": False}),
        "auth/reset_request-sent": Case("auth/reset_request.html", door, {**blank, "sent": True}),
        "auth/reset_set": Case("auth/reset_set.html", door, {"token": "t", "errors": {}, "valid": True}),
        "auth/reset_set-late": Case("auth/reset_set.html", door, {"token": "t", "errors": {}, "valid": False}),
        **{f"auth/confirm_email-{state}": Case("auth/confirm_email.html", door, {"state": state, "email": "ada@rostra.example", "errors": {}, "app": None}) for state in ("sent", "confirmed", "pending", "invalid")},
        "auth/confirm_email-app": Case("auth/confirm_email.html", door, {"state": "confirmed", "email": "", "errors": {"email": "ERR_BLANK"}, "app": {"name": "Tusky"}}),
        "auth/claim": Case("auth/claim.html", door, {**blank, "token": "t", "valid": True}),
        "auth/claim-late": Case("auth/claim.html", door, {**wrong, "token": "t", "valid": False}),
        "oauth/authorize": Case("oauth/authorize.html", page("/oauth/authorize?client_id=1"), {"app": {"name": "Tusky", "website": "https://tusky.example"}, "scopes": ["read", "write", "follow", "push"],
            "hidden": {"client_id": "1", "redirect_uri": "tuskyapp://x", "response_type": "code", "scope": "read write"}, "target": "tuskyapp:"}),
        "oauth/authorize-all": Case("oauth/authorize.html", page("/oauth/authorize"), {"app": {"name": s.HOSTILE, "website": "javascript:alert(1)"}, "scopes": [*scopes, *ALL_SCOPES], "hidden": {"state": s.HOSTILE}, "target": ""}),
        "oauth/native": Case("oauth/native.html", page("/oauth/authorize/native"), {"code": "k7Jd-0aQ2bX9z", "app": {"name": "toot"}}),
        "oauth/native-bare": Case("oauth/native.html", page("/oauth/authorize/native"), {"code": "k7", "app": None}),
    }


def _reading_cases() -> dict[str, Case]:
    some = s.TIMELINE[:4]
    none: dict[str, Any] = {"statuses": [], **LAST}
    related = {a["id"]: s.relationship(a, **how) for a, how in ((s.MARCO, {"following": True}), (s.GIULIA, {"followed_by": True}), (s.TOMAS, {"requested": True}), (s.BOT, {"blocking": True}), (s.LONG, {"blocked_by": True}), (s.ARABIC, {}))}
    people = [s.MARCO, s.GIULIA, s.TOMAS, s.BOT, s.LONG, s.ARABIC, s.NAMELESS, s.EVIL]
    off: dict[str, Any] = {"statuses": [], "tags": [], "links": [], "accounts": [], "relationships": {}, "older_url": None}
    tag = s.TRENDS[0]
    lst = {"id": "1", "title": "Bakers of the delta", "replies_policy": "list", "exclusive": True}
    found = {"accounts": people[:2], "hashtags": s.TRENDS[:2], "statuses": some, "collections": []}
    nothing = {"accounts": [], "hashtags": [], "statuses": [], "collections": []}
    return {
        "home": Case("home.html", page("/home"), {"composer": COMPOSER, "statuses": s.TIMELINE, **PAGING, "live": LIVE}),
        "home-empty": Case("home.html", page("/home", trends=[], unread=0, follow_requests=0, administrator=False, moderator=False), {"composer": COMPOSER, **none, "live": LIVE}),
        "home-dev": Case("home.html", page("/home", dev=True, notice="Your post was published."), {"composer": COMPOSER, "statuses": some, "older_url": None, "newest_url": "/home", "live": None}),
        "home-open": Case("home.html", page("/home", preferences={"reading:expand:media": "show_all", "reading:expand:spoilers": True, "posting:default:language": "it"}), {"composer": COMPOSER, "statuses": s.TIMELINE, **PAGING, "live": None}),
        "home-covered": Case("home.html", page("/home", preferences={"reading:expand:media": "hide_all"}), {"composer": COMPOSER, "statuses": s.TIMELINE, **PAGING, "live": None}),
        "public": Case("public.html", page("/public/local", member=False), {"tab": "local", "statuses": s.TIMELINE, **PAGING, "live": None}),
        "public-empty": Case("public.html", page("/public"), {"tab": "all", **none, "live": {"stream": "public", "url": "/public"}}),
        "explore": Case("explore.html", page("/explore"), {**off, "tab": "posts", "statuses": some}),
        "explore-tags": Case("explore.html", page("/explore/tags"), {**off, "tab": "tags", "tags": [*s.TRENDS, s.tag(s.HOSTILE, 0), {**tag, "history": []}]}),
        "explore-links": Case("explore.html", page("/explore/links"), {**off, "tab": "links", "links": [s.CARD, {**s.CARD, "image": None}, {**s.CARD, "width": 400, "height": 400}]}),
        "explore-people": Case("explore.html", page("/explore/people"), {**off, "tab": "people", "accounts": people, "relationships": related}),
        **{f"explore-empty-{tab}": Case("explore.html", page("/explore", member=False), {**off, "tab": tab}) for tab in ("posts", "tags", "links", "people")},
        "tag": Case("tag.html", page("/tags/riverpo"), {"tag": tag, "statuses": some, **PAGING, "live": {"stream": "hashtag?tag=riverpo", "url": "/tags/riverpo"}}),
        "tag-empty": Case("tag.html", page("/tags/x"), {"tag": {**tag, "name": s.RIGHT_TO_LEFT, "following": True}, **none, "live": None}),
        "list": Case("list.html", page("/lists/1"), {"list": lst, "statuses": some, **PAGING, "live": None}),
        "list-empty": Case("list.html", page("/lists/1"), {"list": {**lst, "title": s.LONG_NAME}, **none, "live": None}),
        "lists": Case("lists.html", page("/lists"), {"lists": [lst, {**lst, "id": "2", "title": s.HOSTILE, "exclusive": False}], "values": {}, "errors": {}, "account": None, "member_of": set()}),
        "lists-add": Case("lists.html", page("/lists?account_id=2"), {"lists": [lst, {**lst, "id": "2", "title": "Town"}], "values": {"title": "x"}, "errors": {"title": "ERR_BLANK"}, "account": s.MARCO, "member_of": {"1"}}),
        "lists-empty": Case("lists.html", page("/lists"), {"lists": [], "values": {}, "errors": {}, "account": None, "member_of": set()}),
        "list_edit": Case("list_edit.html", page("/lists/1/edit"), {"list": lst, "accounts": people[:3], "values": lst, "errors": {"acct": "You do not follow this person."}}),
        "search": Case("search.html", page("/search?q=po"), {"q": "po", "type": "all", "results": found, "relationships": related, "older_url": None}),
        "search-posts": Case("search.html", page("/search?q=po"), {"q": s.HOSTILE, "type": "statuses", "results": {**nothing, "statuses": some}, "relationships": {}, "older_url": "/search?q=po&offset=20"}),
        "search-nothing": Case("search.html", page("/search?q=po", member=False), {"q": "po", "type": "accounts", "results": nothing, "relationships": {}, "older_url": None}),
        "search-start": Case("search.html", page("/search"), {"q": "", "type": "all", "results": None, "relationships": {}, "older_url": None}),
        "notifications": Case("notifications.html", page("/notifications"), {"notifications": s.NOTIFICATIONS, "tab": "all", **PAGING, "last_read_id": "114000000000000010", "live": {"stream": "user:notification", "url": "/notifications"}}),
        "notifications-empty": Case("notifications.html", page("/notifications", unread=0), {"notifications": [], "tab": "mentions", **LAST, "last_read_id": None, "live": None}),
        **{f"saved-{kind}": Case("saved.html", page(f"/{kind}"), {"kind": kind, "statuses": some, **PAGING}) for kind in ("bookmarks", "favourites")},
        **{f"saved-empty-{kind}": Case("saved.html", page(f"/{kind}"), {"kind": kind, **none}) for kind in ("bookmarks", "favourites")},
        "profile": Case("profile.html", page("/@giulia"), {"account": s.GIULIA, "relationship": s.relationship(s.GIULIA, followed_by=True, note="Met at the bakery."), "tab": "posts", "pinned": [s.OPEN_POLL], "statuses": s.TIMELINE, **PAGING, "hidden": None}),
        "profile-own": Case("profile.html", page("/@ada"), {"account": s.ADA, "relationship": None, "tab": "posts", "pinned": [], "statuses": [s.FIRST, s.LINKED], **PAGING, "hidden": None}),
        "profile-visitor": Case("profile.html", page("/@ada", member=False), {"account": s.ADA, "relationship": None, "tab": "media", "pinned": [s.FIRST], "statuses": [], **LAST, "hidden": None}),
        "profile-following": Case("profile.html", page("/@tomas@relay.example"), {"account": {**s.TOMAS, "moved": s.MARCO, "memorial": True}, "relationship": s.relationship(s.TOMAS, following=True, muting=True), "tab": "replies", "pinned": [], **none, "hidden": None}),
        "profile-bare": Case("profile.html", page("/@nobody"), {"account": s.NAMELESS, "relationship": s.relationship(s.NAMELESS), "tab": "posts", "pinned": [], **none, "hidden": "private"}),
        "profile-blocked": Case("profile.html", page("/@long"), {"account": {**s.LONG, "locked": True, "bot": True}, "relationship": s.relationship(s.LONG, blocking=True, blocked_by=True), "tab": "posts", "pinned": [], **none, "hidden": "blocked"}),
        "profile-suspended": Case("profile.html", page("/@evil@bad.example"), {"account": {**s.EVIL, "noindex": True}, "relationship": s.relationship(s.EVIL), "tab": "posts", "pinned": [], **none, "hidden": "suspended"}),
        **{f"accounts-{kind}": Case("accounts.html", page("/@ada/followers"), {"kind": kind, "subject": s.ADA, "back_url": "/@ada", "accounts": people, "relationships": related, "older_url": "/@ada/followers?max_id=4", "hidden": False}) for kind in ("followers", "following", "reblogs", "favourites")},
        "accounts-hidden": Case("accounts.html", page("/@ada/followers", member=False), {"kind": "followers", "subject": s.LONG, "back_url": "javascript:x", "accounts": [], "relationships": {}, "older_url": None, "hidden": True}),
        "accounts-empty": Case("accounts.html", page("/@ada/followers"), {"kind": "following", "subject": s.ADA, "back_url": "/@ada", "accounts": [], "relationships": {}, "older_url": None, "hidden": False}),
        "follow_requests": Case("follow_requests.html", page("/follow_requests"), {"accounts": people[:3], "older_url": None}),
        "follow_requests-empty": Case("follow_requests.html", page("/follow_requests"), {"accounts": [], "older_url": None}),
        "thread": Case("thread.html", page("/@ada/1"), {"origin": None, "withheld": None, "status": s.FIRST, "ancestors": [], "descendants": [s.REPLY], "composer": Composer(in_reply_to=s.FIRST), "live": None}),
        "thread-deep": Case("thread.html", page("/@ada/1"), {"origin": None, "withheld": None, "status": {**s.LINKED, "edited_at": "2026-05-02T08:00:00.000Z", "application": {"name": "Tusky", "website": "https://tusky.example"}}, "ancestors": [s.FIRST, s.REPLY], "descendants": [s.GALLERY], "composer": Composer(in_reply_to=s.LINKED), "live": {"stream": "user", "url": "/@ada/1"}}),
        "thread-visitor": Case("thread.html", page("/@ada/1", member=False), {"origin": None, "withheld": None, "status": {**s.OPEN_POLL, "application": None}, "ancestors": [], "descendants": [], "composer": None, "live": None}),
        "history": Case("history.html", page("/@tomas/5/history"), {"status": s.WARNED, "edits": [{**s.WARNED, "created_at": "2026-05-04T08:05:00.000Z"}, {**s.GALLERY, "poll": {"options": [{"title": "A"}]}}]}),
        "history-empty": Case("history.html", page("/@tomas/5/history", member=False), {"status": s.WARNED, "edits": []}),
    }


def _writing_cases() -> dict[str, Case]:
    full = Composer(text="The bread of the day", spoiler_text="Crumbs", sensitive=True, visibility="private", language="it", scheduled_at="2026-05-06T08:00", in_reply_to=s.WARNED, media=[s.picture(1, "Fog"), s.picture(2, None, meta={"focus": {"x": 0.4, "y": -0.2}})],
        poll={"options": ["Rye", "Wheat"], "multiple": True, "expires_in": 3600}, idempotency_key="k", errors={"status": "ERR_TOO_LONG", "poll": s.HOSTILE})
    waiting = [{"id": "1", "scheduled_at": "2026-05-06T08:00:00.000Z", "params": {"text": "Good morning", "spoiler_text": "", "visibility": "public"}, "media_attachments": []},
        {"id": "2", "scheduled_at": "2026-05-07T08:00:00.000Z", "params": {"text": s.HOSTILE, "spoiler_text": s.HOSTILE, "visibility": None}, "media_attachments": [s.picture(1, "Fog")], "problem": "parent"}]
    return {
        "compose": Case("compose.html", page("/compose"), {"composer": COMPOSER}),
        "compose-full": Case("compose.html", page("/compose"), {"composer": full}),
        "compose-edit": Case("compose.html", page("/@ada/1/edit"), {"composer": Composer(text=s.RIGHT_TO_LEFT, editing="111", poll={**s.poll(), "expires_in": None})}),
        "scheduled": Case("scheduled.html", page("/scheduled"), {"scheduled": waiting, "older_url": None, "errors": {"2": "ERR_INVALID"}}),
        "scheduled-empty": Case("scheduled.html", page("/scheduled"), {"scheduled": [], "older_url": None, "errors": {}}),
        "confirm-delete": Case("confirm.html", page("/web/statuses/1/delete"), {"kind": "delete", "action": "/web/statuses/1/delete", "status": s.FIRST, "account": None, "return_to": "/home"}),
        "confirm-mute": Case("confirm.html", page("/web/accounts/2/mute"), {"kind": "mute", "action": "/web/accounts/2/mute", "status": None, "account": s.MARCO, "return_to": "/@marco"}),
        "confirm-block": Case("confirm.html", page("/web/accounts/2/block"), {"kind": "block", "action": "/web/accounts/2/block", "status": None, "account": s.LONG, "return_to": "javascript:x"}),
    }


def _export_cases() -> dict[str, Case]:
    at = "2026-05-03T11:00:00+00:00"
    archive = {"id": "1", "state": "ready", "size": "4.2 MB", "requested_at": at, "expires_at": "2026-05-10T11:05:00+00:00"}
    files = {name: f"/settings/exports/{name}.csv" for name in ("follows", "followers", "lists", "mutes", "blocks", "domain_blocks", "bookmarks", "followed_tags", "account_notes")}
    others = [{**archive, "id": "2", "state": state, "size": "", "expires_at": None} for state in ("waiting", "failed")]
    return {
        "settings/export": Case("settings/export.html", page("/settings/export", archive_ready=True), {"archives": [archive, *others], "files": files, "problem": ""}),
        "settings/export-empty": Case("settings/export.html", page("/settings/export"), {"archives": [], "files": files, "problem": ""}),
        "settings/export-suspended": Case("settings/export.html", page("/settings/export", confined="suspended"), {"archives": [], "files": files, "problem": s.HOSTILE}),
    }


def _settings_cases() -> dict[str, Case]:
    blank: dict[str, Any] = {"values": {}, "errors": {}}
    profile = {"display_name": "Ada", "note": "Hydrologist.", "fields": [{"name": "City", "value": "Ferrara"}], "locked": True, "avatar_description": s.HOSTILE}
    word = {"id": "1", "keyword": "derby", "whole_word": False}
    filter_values = {"title": "Football", "context": ["home"], "filter_action": "warn", "expires_in": "", "keywords": [word]}
    here = {"id": "1", "description": "Firefox on Linux", "ip": "192.0.2.7", "last_seen_at": "2026-05-04T11:00:00.000Z", "created_at": "2026-04-01T08:00:00.000Z", "current": True}
    app = {"id": "1", "name": "Tusky", "website": "https://tusky.example", "scopes": ["read", "write"], "created_at": "2026-01-01T00:00:00.000Z", "last_used_at": "2026-05-03T00:00:00.000Z"}
    invite = {"id": "1", "url": "http://rostra.example/invite/k3", "code": "k3", "uses": 2, "max_uses": 5, "expires_at": "2026-06-01T00:00:00.000Z", "created_by": s.MARCO}
    two: dict[str, Any] = {"otpauth_uri": "", "secret": "", "recovery_codes": [], "errors": {}}
    return {
        "settings": Case("settings/index.html", page("/settings"), {}),
        "settings/profile": Case("settings/profile.html", page("/settings/profile"), {"refusal": None, "account": s.VIEWER, "values": profile, "errors": {}}),
        "settings/profile-wrong": Case("settings/profile.html", page("/settings/profile"), {"refusal": None, "account": s.NAMELESS, "values": {**profile, "fields": []}, "errors": {"display_name": "ERR_TOO_LONG", "avatar": s.HOSTILE, "fields": "ERR_TOO_LONG"}}),
        "settings/account": Case("settings/account.html", page("/settings/account"), {"email": "ada@rostra.example", "unconfirmed_email": None, **blank}),
        "settings/account-wrong": Case("settings/account.html", page("/settings/account"), {"email": "ada@rostra.example", "unconfirmed_email": "new@rostra.example", "values": {"email": "x"}, "errors": {"current_password": "That is not your password.", "email": "ERR_INVALID"}}),
        **_export_cases(),
        "settings/two_factor": Case("settings/two_factor.html", page("/settings/two_factor"), {"state": "off", **two}),
        "settings/two_factor-enrolling": Case("settings/two_factor.html", page("/settings/two_factor"), {**two, "state": "enrolling", "otpauth_uri": "otpauth://totp/Rostra:ada?secret=JBSWY3DPEHPK3PXP&issuer=Rostra", "secret": "JBSW Y3DP EHPK 3PXP", "errors": {"code": "That code is not right."}}),
        "settings/two_factor-on": Case("settings/two_factor.html", page("/settings/two_factor"), {**two, "state": "on", "recovery_codes": ["a1b2-c3d4", "e5f6-a7b8", "c9d0-e1f2", "a3b4-c5d6"]}),
        "settings/sessions": Case("settings/sessions.html", page("/settings/sessions"), {"sessions": [here, {**here, "id": "2", "current": False, "description": s.HOSTILE}], "apps": [app, {**app, "id": "2", "name": s.HOSTILE, "website": "javascript:x", "last_used_at": None}]}),
        "settings/sessions-empty": Case("settings/sessions.html", page("/settings/sessions"), {"sessions": [here], "apps": []}),
        "settings/preferences": Case("settings/preferences.html", page("/settings/preferences", notice="Saved."), {"values": {"language": "it", "theme": "dark", "default_privacy": "public", "default_language": "it", "expand_media": "default", "shortcuts": True}, "errors": {}}),
        "settings/filters": Case("settings/filters.html", page("/settings/filters"), {"filters": [s.FILTER, {**s.FILTER, "id": "2", "title": s.HOSTILE, "filter_action": "hide", "keywords": [], "expires_at": "2026-06-01T00:00:00.000Z"}, {**s.FILTER, "id": "3", "filter_action": "blur"}]}),
        "settings/filters-empty": Case("settings/filters.html", page("/settings/filters"), {"filters": []}),
        "settings/filter_edit": Case("settings/filter_edit.html", page("/settings/filters/1"), {"filter": s.FILTER, "values": filter_values, "errors": {}}),
        "settings/filter_edit-new": Case("settings/filter_edit.html", page("/settings/filters/new"), {"filter": None, "values": {"title": "", "context": [], "filter_action": "warn", "keywords": []}, "errors": {"title": "ERR_BLANK", "context": "ERR_BLANK", "keywords": "ERR_BLANK"}}),
        "settings/relations": Case("settings/relations.html", page("/settings/mutes"), {"tab": "mutes", "accounts": [{**s.MARCO, "mute_expires_at": "2026-06-01T00:00:00.000Z"}, {**s.LONG, "mute_expires_at": None}], "domains": [], "older_url": None, **blank}),
        "settings/relations-blocks": Case("settings/relations.html", page("/settings/blocks"), {"tab": "blocks", "accounts": [s.EVIL], "domains": [], "older_url": "/settings/blocks?max_id=1", **blank}),
        "settings/relations-domains": Case("settings/relations.html", page("/settings/domain_blocks"), {"tab": "domains", "accounts": [], "domains": ["bad.example", s.HOSTILE], "older_url": None, "values": {"domain": "x"}, "errors": {"domain": "ERR_INVALID"}}),
        **{f"settings/relations-empty-{tab}": Case("settings/relations.html", page("/settings/mutes"), {"tab": tab, "accounts": [], "domains": [], "older_url": None, **blank}) for tab in ("mutes", "blocks", "domains")},
        "settings/invites": Case("settings/invites.html", page("/settings/invites"), {"invites": [invite, {**invite, "id": "2", "max_uses": None, "expires_at": None}], "allowed": True, **blank}),
        "settings/invites-none": Case("settings/invites.html", page("/settings/invites"), {"invites": [], "allowed": False, **blank}),
        "settings/delete": Case("settings/delete.html", page("/settings/delete"), {"errors": {"confirm": "That is another name.", "current_password": "ERR_INVALID"}}),
    }


def _admin_cases() -> dict[str, Case]:
    settings = {"title": "Rostra", "description": "A square.", "about": "", "registrations_mode": "approval", "closed_message": "", "contact_email": "square@rostra.example", "contact_username": "ada"}
    asked = {"id": "20", "username": "paolo", "email": "paolo@mail.example", "ip": "192.0.2.44", "created_at": "2026-05-04T10:00:00.000Z", "confirmed": True, "invite_request": "I run the ferry and would like to tell people when it is late.", "account": s.MARCO}
    invite = {"id": "1", "url": "http://rostra.example/invite/k3", "code": "k3", "uses": 2, "max_uses": 5, "expires_at": None, "created_by": s.MARCO}
    return {
        "admin/settings": Case("admin/settings.html", page("/admin/settings"), {"values": settings, "errors": {}}),
        "admin/settings-wrong": Case("admin/settings.html", page("/admin/settings"), {"values": {**settings, "title": s.HOSTILE, "about": s.HOSTILE}, "errors": {"title": "ERR_BLANK", "thumbnail": s.HOSTILE, "contact_username": "ERR_INVALID"}}),
        "admin/rules": Case("admin/rules.html", page("/admin/rules"), {"rules": s.RULES, "errors": {}}),
        "admin/rules-new": Case("admin/rules.html", page("/admin/rules"), {"rules": [], "errors": {"0": "ERR_TOO_LONG"}}),
        "admin/approvals": Case("admin/approvals.html", page("/admin/approvals"), {"requests": [asked, {**asked, "id": "21", "ip": None, "invite_request": s.HOSTILE, "confirmed": False}], "older_url": None}),
        "admin/approvals-empty": Case("admin/approvals.html", page("/admin/approvals"), {"requests": [], "older_url": None}),
        "admin/invites": Case("admin/invites.html", page("/admin/invites"), {"invites": [invite], "values": {}, "errors": {"max_uses": "ERR_INVALID"}}),
        "admin/emojis": Case("admin/emojis.html", page("/admin/emojis"), {"emojis": [s.EMOJI], "values": {}, "errors": {}}),
        "admin/emojis-empty": Case("admin/emojis.html", page("/admin/emojis"), {"emojis": [], "values": {"shortcode": s.HOSTILE}, "errors": {"shortcode": "ERR_TAKEN", "image": "ERR_BLANK"}}),
        "admin/index": Case("admin/index.html", page("/admin", waiting=3), {}),
    }


def _odd_cases() -> dict[str, Case]:
    hostile_site = {**s.SITE, "title": s.HOSTILE, "description": s.HOSTILE, "rules": [{"id": "1", "text": s.HOSTILE, "hint": s.HOSTILE, "translations": {"it": {"text": "Una regola", "hint": ""}}}], "source_url": "javascript:alert(1)"}
    odd_page = page("/home?q=" + s.HOSTILE, site=hostile_site, viewer={**s.VIEWER, **s.EVIL, "source": {}}, csrf=s.HOSTILE, notice=s.HOSTILE, trends=[s.tag(s.HOSTILE, 3)], unread=12_345)
    return {
        "home-hostile": Case("home.html", odd_page, {"composer": Composer(text=s.HOSTILE, spoiler_text=s.HOSTILE, idempotency_key=s.HOSTILE, language=s.HOSTILE), "statuses": s.HOSTILES, "older_url": "/home?max_id=1&x=" + s.HOSTILE, "newest_url": None, "live": LIVE}),
        "thread-hostile": Case("thread.html", odd_page, {"origin": None, "withheld": None, "status": s.HOSTILE_STATUS, "ancestors": s.HOSTILES[1:], "descendants": [], "composer": Composer(in_reply_to=s.HOSTILE_STATUS), "live": None}),
        "profile-hostile": Case("profile.html", odd_page, {"account": s.EVIL, "relationship": s.relationship(s.EVIL, note=s.HOSTILE), "tab": "posts", "pinned": [], "statuses": s.HOSTILES, **LAST, "hidden": None}),
        "landing-hostile": Case("landing.html", page("/", member=False, site=hostile_site), {"statuses": s.HOSTILES}),
    }


def _fragment_cases() -> dict[str, Case]:
    return {
        "partials/status": Case("partials/status.html", page(), {"status": s.FIRST, "context": "home", "uid": ""}),
        "partials/status_actions": Case("partials/status_actions.html", page(), {"status": s.FIRST, "uid": "n1", "said": ""}),
        "partials/poll": Case("partials/poll.html", page(), {"poll": s.poll(voted=True, own_votes=[0]), "uid": "n1", "said": s.HOSTILE}),
        "partials/follow_button": Case("partials/follow_button.html", page(), {"account": s.MARCO, "relationship": s.relationship(s.MARCO, following=True)}),
        "partials/feed": Case("partials/feed.html", page(), {"statuses": s.TIMELINE, "context": "public", **PAGING, "live": None}),
    }
