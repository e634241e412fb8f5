"""Rehearsals: the newest copy is brought back in a scratch place, tried out cut off from the world, and thrown away.

`run.drill` is the whole walk, `record` what is kept of it at the target, `collect` how the running server hears of it.
"""
