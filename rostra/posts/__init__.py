"""Posts: publishing, editing, deleting, reacting, polls, threads, and who may see what.

Owns the visibility predicate (`access`) and the way from ids to Status JSON (`hydrate`), which every list uses.
"""
