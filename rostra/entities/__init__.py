"""The vocabulary of Mastodon's client API: the shapes that go out as JSON, and nothing about where they come from.

The names and keys are the field's (docs.joinmastodon.org/entities). A status and an account are each encoded in two
parts: the static part, which changes only with the text or the profile and is stored encoded, and the live part
(counts, the viewer's own flags), which is joined to it for each answer.
"""
