"""The Mastodon-compatible client API: one file per noun. Decodes forms, calls slices, answers with entities."""
