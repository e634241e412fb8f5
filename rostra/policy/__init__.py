"""The policy as code: a bundle of files is parsed, checked and evaluated over typed facts. Pure.

Knows nothing of how facts are gathered, and does nothing about a verdict.
"""
