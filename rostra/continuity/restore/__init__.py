"""The way back: from what lies at a target to a server that can be started, with a proof of what it holds.

`run.restore` is the whole walk, `plan` says what is needed for a moment and what is missing, the other modules take one
step each. Whatever a target says is checked before it is used: signatures, hashes, order, sizes, paths.
"""
