"""Pages out of entities: the Jinja environment, what every page knows, and the table of the web's addresses.

Templates receive the API's entities as plain mappings, so that a status looks the same to a browser and to an app.
Each template says at its top which variables it expects; a missing one is an error, never an empty space. Nothing
here reads a database or decides what a viewer may see.

Addresses. Every form posts to a plain URL with the hidden field `csrf`, and most with `return_to` (a path of ours to
go back to; any other value is ignored); the answer is a redirect (303). Requests with the header `HX-Request: true`
get the named fragment instead. Names of fields are those of the API where there is one. "me" = signed in.

    GET /                                 landing.html (visitors; me: redirect to /home)
    GET /about                            about.html
    GET /keyboard                         shortcuts.html
    GET /manifest.webmanifest             manifest.webmanifest
    GET /sw.js                            static/sw.js, served from the root; /offline: error.html with code "offline"
    POST /web/theme                       theme=auto|light|dark, return_to: sets the cookie `theme`
    POST /web/language                    language=en|it, return_to: sets the cookie `language`

    Reading (pages take max_id, min_id, since_id as the API does)
    GET /home                             home.html (me)
    GET /explore, /explore/{tags,links,people}
                                          explore.html
    GET /public, /public/local, /public/remote
                                          public.html
    GET /tags/NAME                        tag.html
    GET /lists, /lists/ID, /lists/ID/edit
                                          lists.html, list.html, list_edit.html (me)
    GET /search?q=&type=                  search.html
    GET /notifications?filter=all|mentions
                                          notifications.html (me)
    GET /bookmarks, /favourites           saved.html (me)
    GET /scheduled                        scheduled.html (me)
    GET /follow_requests                  follow_requests.html (me)
    GET /@ACCT, /@ACCT/with_replies, /@ACCT/media
                                          profile.html
    GET /@ACCT/followers, /@ACCT/following
                                          accounts.html
    GET /@ACCT/ID                         thread.html
    GET /@ACCT/ID/favourites, /@ACCT/ID/reblogs
                                          accounts.html
    GET /@ACCT/ID/history                 history.html

    Writing (me)
    GET /compose?in_reply_to=&text=&visibility=
                                          compose.html
    GET /share?title=&text=&url=          to /compose; other addresses that are known from Mastodon: elsewhere.py
    GET /@ACCT/ID/edit                    compose.html with composer.editing
    POST /web/statuses                    the composer's fields (Composer); multipart; 422: compose.html again
    POST /web/statuses/ID                 the same fields, saves an edit
    POST /web/statuses/ID/{favourite,unfavourite,reblog,unreblog,bookmark,unbookmark,pin,unpin,mute,unmute}
                                          uid (echo it); fragment partials/status_actions.html
    GET /web/statuses/ID/delete           confirm.html; POST deletes; redraft=1 opens the composer with the old text
    POST /web/polls/ID/votes              choices[], uid (echo it); fragment partials/poll.html
    POST /web/scheduled/ID                scheduled_at; POST /web/scheduled/ID/delete
    POST /web/notifications/clear         return_to
    GET /web/stream                       WebSocket, session cookie and same origin; frames as /api/v1/streaming sends

    People (me)
    POST /web/accounts/ID/{follow,unfollow}
                                          follow: reblogs=, notify=; fragment partials/follow_button.html
    GET /web/accounts/ID/{mute,block}     confirm.html; POST does it; mute: duration (seconds), notifications=1
    POST /web/accounts/ID/{unmute,unblock}
                                          fragment partials/follow_button.html
    POST /web/accounts/ID/note            comment
    POST /web/follow_requests/ID/{authorize,reject}
    POST /web/tags/NAME/{follow,unfollow}
    POST /web/lists                       title, replies_policy, exclusive; /web/lists/ID the same;
                                          /web/lists/ID/delete
    POST /web/lists/ID/accounts           acct; /web/lists/ID/accounts/remove: account_id
    GET /report?account_id=&status_ids[]=
                                          report.html; POST /web/reports account_id, status_ids[], reason,
                                          rule_ids[], comment, forward, mute, block, unfollow

    Signing up and in
    GET, POST /auth/sign_up, GET /invite/CODE
                                          auth/sign_up.html: username, email, password, reason, agreement, locale,
                                          invite_code
    GET, POST /auth/sign_in               auth/sign_in.html: login, password, return_to
    GET, POST /auth/totp                  auth/totp.html: code, return_to
    POST /auth/sign_out                   return_to
    GET, POST /auth/password/new          auth/reset_request.html: email
    GET, POST /auth/password/edit?token=  auth/reset_set.html: token, password, password_confirmation
    GET /auth/confirmation?token=         auth/confirm_email.html; POST /auth/confirmation: email (sends the mail
                                          again)
    GET, POST /claim?token=               auth/claim.html: token, username, email, password
    GET /auth/edit                        redirect to /settings/account
    GET /oauth/authorize                  oauth/authorize.html; POST: its hidden fields and decision=approve|deny
    GET /oauth/authorize/native?code=     oauth/native.html
    GET /oauth/authorized_applications    redirect to /settings/sessions

    Settings (me): each page posts to its own address
    /settings                             settings/index.html
    /settings/profile                     display_name, note, avatar, header, avatar_description, header_description,
                                          remove_avatar, remove_header, fields_attributes[N][name|value], locked, bot,
                                          discoverable, indexable, hide_collections
    /settings/account                     POST /settings/account/email: email, current_password;
                                          /settings/account/password: current_password, password,
                                          password_confirmation
    /settings/two_factor                  POST starts enrolling: current_password; …/enable: code; …/disable:
                                          current_password; …/recovery_codes: current_password
    /settings/sessions                    POST /settings/sessions/revoke: session_id | application_id | all=1
    /settings/preferences                 language, theme, default_privacy, default_language, default_sensitive,
                                          expand_media, expand_spoilers, shortcuts
    /settings/filters, /settings/filters/new, /settings/filters/ID
                                          title, context[], filter_action, expires_in,
                                          keywords_attributes[N][id|keyword|whole_word] (empty keyword: removed); POST
                                          …/ID/delete
    /settings/mutes, /settings/blocks, /settings/domain_blocks
                                          settings/relations.html; POST /settings/domain_blocks: domain; POST
                                          /settings/domain_blocks/remove: domain
    /settings/invites                     max_uses, expires_in; POST /settings/invites/ID/delete
    GET /settings/decisions, /settings/decisions/ID
                                          settings/decisions.html, settings/decision.html; GET …/ID/statement (JSON);
                                          POST …/ID/appeal: text, evidence
    /settings/export                      POST has an archive made; GET …/ID/archive.zip; lists as CSV at
                                          /settings/exports/{follows,followers,lists,mutes,blocks,domain_blocks,
                                          bookmarks,followed_tags,account_notes}.csv
    /settings/delete                      current_password, confirm (the user name)
    GET /mutes, /blocks, /domain_blocks   redirects to the settings above

    Administration
    /admin/settings                       title, description, about, registrations_mode, closed_message,
                                          contact_email, contact_username, thumbnail
    /admin/rules                          rules_attributes[N][id|text|hint|_destroy]
    /admin/approvals                      POST /admin/approvals/ID/{approve,reject}
    /admin/invites                        max_uses, expires_in; POST /admin/invites/ID/delete
    /admin/emojis                         shortcode, image, category; POST /admin/emojis/SHORTCODE/delete
    GET /admin                            admin/index.html
    GET /admin/people, /admin/people/ID   admin/people.html, admin/person.html: see web/admin_accounts.py
    GET /admin/audit?actor=&action=       admin/audit.html
    GET /admin/reports, /admin/reports/ID
                                          admin/reports.html, admin/report.html

    Moderation (moderators; what changes the policy: administrators)
    GET /policy                           policy.html (everybody)
    GET /admin/desk                       admin/desk.html, admin/desk_*.html: see web/desk.py
    GET /admin/appeals?tab=filed|panel|decided, /admin/appeals/ID
                                          admin/appeals.html, admin/appeal.html; POST /admin/appeals/next, …/ID/{take,
                                          release,panel,known}; …/ID/decide: finding, answer, clause, acts[], lasts[],
                                          label, revision
    GET /panel, /panel/ID                 panel/index.html, panel/one.html (jurors); POST /panel/offer: willing;
                                          /panel/ID/vote: vote, reason; /panel/ID/decline
    GET /admin/policy                     admin/policy.html; POST /admin/policy/rules/RULE/resume
    GET /admin/policy/{coverage,facts,versions,replays}
                                          admin/policy_*.html
    GET /admin/policy/versions/VERSION    admin/policy_version.html; POST …/check; …/replay: days; …/activate: note,
                                          seen, without_replay=1
    GET /admin/policy/checks/ID           admin/policy_check.html, then one of the two around it
    GET, POST /admin/policy/versions/VERSION/edit
                                          admin/policy_edit.html: name, text, note, act=check|keep
    GET, POST /admin/policy/versions/VERSION/roll_back
                                          admin/policy_roll_back.html: note
    GET /admin/policy/replays/ID          admin/policy_replay.html; POST …/samples/STATUS_ID: right=1|0|, change, next
    GET /admin/policy/banks               admin/policy_banks.html: see web/policy_banks.py
    GET /admin/policy/learning, /admin/policy/learning/label
                                          admin/learning.html, admin/learning_label.html: see web/learning.py
    GET /admin/policy/clusters, /admin/policy/clusters/ID
                                          admin/clusters.html, admin/cluster.html

Lists load their next page by htmx from the ordinary address of that page and pick `#feed > *` out of it, so no list
needs a fragment; new posts are fetched in the same way with `min_id`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import msgspec
from babel.support import NullTranslations
from jinja2 import Environment

from rostra.web.context import Composer, Page, Refusal, Withheld
from rostra.web.environment import STATIC_FOLDER, TEMPLATE_FOLDER, WEB, make_environment
from rostra.web.language import load_translations

__all__ = [
    "STATIC_FOLDER",
    "TEMPLATE_FOLDER",
    "WEB",
    "Composer",
    "Page",
    "Refusal",
    "Views",
    "Withheld",
    "compile_templates",
    "content_security_policy",
    "load_views",
    "render",
    "translate",
]


class Views(msgspec.Struct, frozen=True):
    """The compiled templates and translations of one process."""

    environment: Environment
    translations: Mapping[str, NullTranslations]


def load_views(bytecode: Path | None = None) -> Views:
    """Read translations and set up the templates; once per process.

    `bytecode` is a writable folder where compiled templates are kept for the next start (they take 0.4 s otherwise).
    """
    translations = load_translations()
    return Views(make_environment(translations, bytecode), translations)


def compile_templates(views: Views) -> int:
    """Compile every template now rather than at its first request; returns how many there are."""
    names = views.environment.list_templates()
    for name in names:
        views.environment.get_template(name)
    return len(names)


def render(views: Views, page: Page, template: str, /, **values: object) -> str:
    """The page or fragment `template` as HTML. Raises jinja2.UndefinedError when a variable is missing."""
    return views.environment.get_template(template).render(page=page, **values)


def translate(views: Views, language: str, text: str, /, **values: object) -> str:
    """A handler's sentence (a notice, a form error) in the reader's language, `%(name)s` filled in; text, not HTML."""
    translated = views.translations[language].gettext(text)
    return translated % values if values else translated


def content_security_policy(*, media: Sequence[str] = (), form_action: Sequence[str] = ("'self'",)) -> str:
    """The policy that all pages keep: no inline script or style, nothing foreign but pictures of `media` origins.

    Chromium also applies `form-action` to the redirect after a form: the OAuth page must add the origin or scheme that
    it returns to.
    """
    films = " ".join(["'self'", *media])
    return "; ".join(
        [
            "default-src 'none'",
            "script-src 'self'",
            "style-src 'self'",
            f"img-src {films} data: blob:",
            f"media-src {films}",
            "connect-src 'self'",
            "manifest-src 'self'",
            "worker-src 'self'",
            "base-uri 'none'",
            f"form-action {' '.join(form_action)}",
            "frame-ancestors 'none'",
        ]
    )
