"""Rostra's server-rendered pages: plain hypermedia that works without script, over the same entities as the API."""
