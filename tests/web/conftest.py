"""What the tests of pages share."""

from __future__ import annotations

from playwright.sync_api import expect

# A page may take its time where tests share the machine with a server that has just started; nothing waits this long
# that works.
expect.set_options(timeout=30_000)
