"""Names of the files and fields in an archive of an account, and the columns of the CSV files.

They are the ecosystem's: the archive is laid out as Mastodon lays out its own (`actor.json`, `outbox.json`,
`likes.json`, `bookmarks.json`, pictures below `media_attachments/`), the CSV files are those that it gives out and
takes in. Writing is `export_*`'s, reading `import_*`'s and, for the signature, `verify`'s. Nothing here does anything.
"""

from __future__ import annotations

from typing import Final, Literal

CsvName = Literal["follows", "followers", "lists", "mutes", "blocks", "domain_blocks", "bookmarks"]

# ActivityStreams documents. In them `id` of a collection is its file name, as in Mastodon's archives.
ACTOR: Final = "actor.json"
"""A Person (or Service, where it is a bot): `preferredUsername`, `name`, `summary` (HTML), `source.content` (as typed),
`attachment` (PropertyValue: `name`, `value` HTML, `source` as typed), `icon.url` and `image.url` (names of files in the
archive) with `name` (description), `published`, `manuallyApprovesFollowers`, `discoverable`, `indexable`,
`alsoKnownAs`, `movedTo` (if moved)."""
OUTBOX: Final = "outbox.json"
"""An OrderedCollection, oldest first: `orderedItems` comes before `totalItems`, so that it can be written as a stream.

Items are `Create` (its `object` a `Note` or a `Question`) and `Announce` (its `object` the address of a post). A Note
has `id`, `url`, `published`, `updated` (if edited), `content` (HTML), `contentMap` (language to HTML, if the language
is known), `source` {`content` as typed, `mediaType` "text/plain"}, `summary` (spoiler, null if none), `sensitive`,
`inReplyTo`, `to`, `cc`, `visibility` (public, unlisted, private, direct), `tag` (Mention {`href`, `name`
"@user@domain"}, Hashtag {`href`, `name` "#tag"}, Emoji {`name` ":code:", `icon.url` file in the archive}),
`attachment` (Document {`mediaType`, `url` file in the archive, `name` description, `blurhash`, `width`, `height`,
`focalPoint` [x, y]}), `pinned` (true or absent), `withheld` ("review" or "refused", or absent: moderation shows it to
its author alone), `likes`, `shares` {`totalItems`}. A Question has besides `oneOf` or `anyOf` (Note {`name`,
`replies.totalItems`}), `endTime`, `closed` (if over), `votersCount`. An Announce has `id`, `published`, `to`, `cc`,
`visibility`."""
LIKES: Final = "likes.json"
"""An OrderedCollection of addresses of posts, the latest first."""
BOOKMARKS: Final = "bookmarks.json"
"""An OrderedCollection of addresses of posts, the latest first."""

AVATAR: Final = "avatar"
"""Without its extension: `avatar.jpg`, `.png`, `.gif` or `.webp`."""
HEADER: Final = "header"
MEDIA: Final = "media_attachments/files"
"""Folder of the pictures of posts: `media_attachments/files/<media id>/original.<extension>`."""
EMOJIS: Final = "custom_emojis"
"""Folder of the custom emoji that profile and posts use: `custom_emojis/<hexadecimal>.<extension>`."""

# What is this server's own.
FILTERS: Final = "filters.json"
"""An array of filters as the API shows them (v2): `title`, `context`, `filter_action`, `expires_at`, `keywords`
[{`keyword`, `whole_word`}], and `statuses` as addresses."""
PREFERENCES: Final = "preferences.json"
"""An object as `GET /api/v1/preferences` gives it (`posting:default:visibility` ...), and `locale`, `theme`."""
TAGS: Final = "followed_tags.csv"
"""One hashtag a line, with its sign, after the heading `Hashtag`."""
NOTES: Final = "account_notes.csv"
"""Private notes on other accounts: `Account address`, `Comment`."""

MANIFEST: Final = "manifest.json"
"""`format`, `account` (user@domain), `server` (domain), `made_at`, `files` [{`name`, `sha256` in hex, `size` in
bytes}], `missing` [{`name`, `why`}]. It names every file but itself, its signature and the key."""
SIGNATURE: Final = "manifest.sig"
"""Ed25519 over the bytes of the manifest: 64 bytes (RFC 8032)."""
KEY: Final = "signing-key.pem"
"""The public key, SubjectPublicKeyInfo in PEM (RFC 8410)."""
FORMAT: Final = "rostra-archive/1"

PUBLIC: Final = "https://www.w3.org/ns/activitystreams#Public"

CSV_FILES: Final[dict[CsvName, str]] = {
    "follows": "following_accounts.csv",
    "followers": "followers.csv",
    "lists": "lists.csv",
    "mutes": "muted_accounts.csv",
    "blocks": "blocked_accounts.csv",
    "domain_blocks": "blocked_domains.csv",
    "bookmarks": "bookmarks.csv",
}
"""By the name that is in the address of a single download (`/settings/exports/follows.csv`)."""

CSV_HEADINGS: Final[dict[CsvName, tuple[str, ...]]] = {
    "follows": ("Account address", "Show boosts", "Notify on new posts", "Languages"),
    "followers": ("Account address",),
    "lists": (),
    "mutes": ("Account address", "Hide notifications"),
    "blocks": (),
    "domain_blocks": (),
    "bookmarks": (),
}
"""First line of each file; those with none have none in Mastodon's either.

The columns of the files without headings are: lists: title of the list, account address; blocks: account address;
domain blocks: domain; bookmarks: address (URI) of the post. Account addresses are `user@domain` without a leading @,
for accounts of this server too. Yes and no are `true` and `false`; languages are joined with a comma and a space."""
