"""Search of posts, accounts and hashtags, and trends: what is looked for, and what is looked at.

Who may be found is the author's choice (`indexable` for posts, `discoverable` for accounts) on top of visibility.
"""
