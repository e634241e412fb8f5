"""Putting posts before the policy: a draft or an edit as the subject that screening takes, with everything it would
publish: text, warning, poll, descriptions of pictures, and the pictures."""

from __future__ import annotations

from collections.abc import Sequence

from rostra.media.records import StoredCardImage
from rostra.posts.compose import Composed
from rostra.posts.records import Draft, MediaPart
from rostra.screening.subject import Kind, Part, Picture, Subject, parts_of
from rostra.text.preview import Preview


def draft_subject(
    kind: Kind,
    author_id: int,
    draft: Draft,
    composed: Composed,
    media: Sequence[MediaPart],
    *,
    status_id: int | None = None,
) -> Subject:
    """A checked draft, or what an edit makes of `status_id`, as one subject."""
    options = [(f"poll[options][{n}]", each) for n, each in enumerate(draft.poll.options)] if draft.poll else []
    return Subject(
        kind=kind,
        author_id=author_id,
        parts=parts_of(
            ("spoiler_text", composed.spoiler_text),
            ("text", composed.text),
            *options,
            *((f"description[{n}]", picture.description) for n, picture in enumerate(media)),
        ),
        pictures=tuple(Picture(picture.pdq, picture.pdq_quality or 0) for picture in media if picture.type == "image"),
        language=draft.language,
        visibility=draft.visibility,
        sensitive=draft.sensitive,
        is_reply=draft.in_reply_to_id is not None,
        has_poll=draft.poll is not None,
        mentioned=tuple(account.id for account in composed.mentioned),
        hashtags=len(composed.tags),
        status_id=status_id,
        app_id=draft.app_id,
    )


def card_subject(preview: Preview, image: StoredCardImage | None) -> Subject:
    """All that the preview of a linked page shows: words and a picture of a page that nobody here wrote."""
    texts = (
        preview.title,
        preview.description,
        preview.author_name,
        preview.provider_name,
        preview.image_description if image else "",
    )
    return Subject(
        kind="card",
        parts=tuple(Part("text", text) for text in texts if text),
        pictures=(Picture(image.pdq, image.pdq_quality),) if image else (),
    )
