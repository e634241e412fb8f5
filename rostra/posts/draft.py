"""What a draft must be like, whoever sends it."""

from __future__ import annotations

import re
from typing import Final

import msgspec

from rostra.kit.errors import Invalid
from rostra.posts.records import Draft, PollDraft
from rostra.text.count import count_characters
from rostra.text.entities import Entities
from rostra.text.format import clean_text

MAX_CHARACTERS: Final = 500
MAX_MEDIA: Final = 4
MAX_POLL_OPTIONS: Final = 4
MAX_OPTION_CHARACTERS: Final = 50
MIN_POLL_SECONDS: Final = 300
MAX_POLL_SECONDS: Final = 2_629_746
_LANGUAGE = re.compile(r"[a-z]{2,3}(-[A-Za-z0-9]{2,8})*")


def check_draft(draft: Draft, domain: str, entities: Entities) -> None:
    """Raises Invalid with the field that has to change. `entities` is what was found in the very text of the draft."""
    if not draft.text and not draft.media_ids:
        raise Invalid("text", "can't be blank", code="ERR_BLANK")
    if count_characters(draft.text, draft.spoiler_text, domain=domain, entities=entities) > MAX_CHARACTERS:
        raise Invalid("text", f"character limit of {MAX_CHARACTERS} exceeded", code="ERR_TOO_LONG")
    check_language(draft.language)
    _check_media(draft.media_ids)
    if draft.poll is not None:
        if draft.media_ids:
            raise Invalid("poll", "cannot be combined with media")
        _check_poll(draft.poll)


def clean_poll(poll: PollDraft) -> PollDraft:
    """A poll with each option on one line, without blanks around it."""
    return msgspec.structs.replace(poll, options=[" ".join(clean_text(option).split()) for option in poll.options])


def _check_media(ids: list[int]) -> None:
    if len(ids) > MAX_MEDIA:
        raise Invalid("media_ids", f"must not name more than {MAX_MEDIA} files")
    if len(set(ids)) != len(ids):
        raise Invalid("media_ids", "name a file twice")


def check_language(language: str | None) -> None:
    """Raises Invalid unless it is None or looks like a BCP 47 tag."""
    if language is not None and not _LANGUAGE.fullmatch(language):
        raise Invalid("language", "must be a language code such as en or pt-BR")


def _check_poll(poll: PollDraft) -> None:
    if not 2 <= len(poll.options) <= MAX_POLL_OPTIONS:
        raise Invalid("poll[options]", f"must have 2 to {MAX_POLL_OPTIONS} items")
    if not all(poll.options):
        raise Invalid("poll[options]", "must not be blank")
    if any(len(option) > MAX_OPTION_CHARACTERS for option in poll.options):
        raise Invalid("poll[options]", f"must not be longer than {MAX_OPTION_CHARACTERS} characters")
    if len(set(poll.options)) != len(poll.options):
        raise Invalid("poll[options]", "must differ from each other")
    if not MIN_POLL_SECONDS <= poll.expires_in <= MAX_POLL_SECONDS:
        raise Invalid("poll[expires_in]", f"must be between {MIN_POLL_SECONDS} and {MAX_POLL_SECONDS} seconds")
