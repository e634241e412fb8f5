"""A warm replica on another machine, its promotion, and the move of a server to another host.

`follow.py` is the process beside the replica's PostgreSQL: it keeps the tunnel to the primary, takes the first base
backup, pulls files and writes down how far behind it is. `fence.py` and `take_over.py` make the replica the server,
`release.py` ends the old one, `sync.py` runs on the primary and decides whether commits wait for a standby.
"""
