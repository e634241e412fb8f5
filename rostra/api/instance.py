"""The instance: what it is, what it allows, its rules, its emojis."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Final

from babel import Locale

from rostra.api.call import Call
from rostra.api.route import Answer, Routes
from rostra.entities.account import CustomEmoji, timestamp
from rostra.entities.instance import (
    DomainBlock,
    ExtendedDescription,
    Instance,
    Language,
    OldInstance,
    PrivacyPolicy,
    Rule,
    WeekOfActivity,
)
from rostra.instance.describe import render_instance, render_old_instance, render_rules
from rostra.instance.emojis import hydrate_emojis
from rostra.kit.errors import NotFound
from rostra.moderation.domains.domains import digest, list_shown_blocks, obscure
from rostra.text.profile import render_note

routes = Routes("instance")

# When Mastodon's documentation called it deprecated (version 4.0.0).
_OLD_SINCE: Final = int(datetime(2022, 11, 14, tzinfo=UTC).timestamp())
_CACHED: Final = (("cache-control", "public, max-age=60"),)


@routes.get("/api/v2/instance", access="anyone")
async def show_instance(call: Call) -> Instance:
    """What the instance is and what it allows."""
    return render_instance(await call.res.instance.facts(call.res.db), call.res.urls)


@routes.get("/api/v1/instance", access="anyone", deprecated=_OLD_SINCE)
async def show_old_instance(call: Call) -> OldInstance:
    """The same, for clients from before version 4."""
    return render_old_instance(await call.res.instance.facts(call.res.db), call.res.urls)


@routes.get("/api/v1/instance/rules", access="anyone")
async def show_rules(call: Call) -> list[Rule]:
    """The rules of the house."""
    return render_rules((await call.res.instance.facts(call.res.db)).rules)


@routes.get("/api/v1/instance/extended_description", access="anyone")
async def show_extended_description(call: Call) -> ExtendedDescription:
    """All that those who run it want to say, as HTML."""
    settings, changed = await call.res.instance.dated(call.res.db, "extended_description")
    content = _html(call, settings.extended_description)
    return ExtendedDescription(updated_at=timestamp(changed) if changed else None, content=content)


@routes.get("/api/v1/instance/privacy_policy", access="anyone")
async def show_privacy_policy(call: Call) -> PrivacyPolicy:
    """What becomes of people's traces, as HTML."""
    settings, changed = await call.res.instance.dated(call.res.db, "privacy_policy")
    if not settings.privacy_policy or changed is None:
        raise NotFound
    return PrivacyPolicy(updated_at=timestamp(changed), content=_html(call, settings.privacy_policy))


@routes.get("/api/v1/instance/domain_blocks", access="anyone")
async def show_domain_blocks(call: Call) -> list[DomainBlock]:
    """Domains that the instance limits or has nothing to do with."""
    return [
        DomainBlock(
            domain=obscure(block.domain) if block.obfuscate else block.domain,
            digest=digest(block.domain),
            severity="suspend" if block.severity == "suspend" else "silence",
            comment=block.public_comment,
        )
        for block in await list_shown_blocks(call.res.db)
    ]


@routes.get("/api/v1/instance/peers", access="anyone")
async def show_peers(call: Call) -> list[str]:  # noqa: ARG001 - there is none before federation
    """Domains that the instance knows."""
    return []


@routes.get("/api/v1/instance/activity", access="anyone")
async def show_activity(call: Call) -> list[WeekOfActivity] | Answer:
    """The last twelve weeks, in numbers."""
    weeks = [
        WeekOfActivity(
            week=str(week.begins_at),
            statuses=str(week.statuses),
            logins=str(week.logins),
            registrations=str(week.registrations),
        )
        for week in await call.res.instance.weeks(call.res.db)
    ]
    return Answer(weeks, headers=_CACHED)


@routes.get("/api/v1/instance/languages", access="anyone")
async def show_languages(call: Call) -> list[Language]:
    """The main languages of the community."""
    settings = await call.res.instance.settings(call.res.db)
    names = Locale("en").languages
    return [Language(code=code, name=names.get(code.partition("-")[0].lower(), code)) for code in settings.languages]


@routes.get("/api/v1/instance/translation_languages", access="anyone")
async def show_translation_languages(call: Call) -> dict[str, list[str]]:  # noqa: ARG001 - nothing is translated
    """Languages that statuses can be translated from, and into which."""
    return {}


@routes.get("/api/v1/custom_emojis", access="anyone")
async def show_emojis(call: Call) -> list[CustomEmoji] | Answer:
    """The emojis of this server."""
    return Answer(await hydrate_emojis(call.res.db, call.res.urls), headers=_CACHED)


def _html(call: Call, text: str) -> str:
    return render_note(text, domain=call.res.urls.domain, tag_base=call.res.urls.tag(""))
