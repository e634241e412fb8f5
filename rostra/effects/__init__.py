"""What follows from what happened: the map of the system. One line for each event and handler, in a file for each area.

Each handler is retried alone; all of them bear being repeated.
"""

from __future__ import annotations

# Each says what it does when it is imported.
from rostra.effects import archive as archive
from rostra.effects import desk as desk
from rostra.effects import files as files
from rostra.effects import ledger as ledger
from rostra.effects import live as live
from rostra.effects import measurement as measurement
from rostra.effects import notices as notices
from rostra.effects import notifications as notifications
from rostra.effects import people as people
from rostra.effects import posts as posts
from rostra.effects import screening as screening
from rostra.effects import timelines as timelines
from rostra.effects import upkeep as upkeep
from rostra.effects.notices import estimates_for_pack
from rostra.effects.reactions import HANDLERS, Tick, emit, jobs_for

__all__ = ["HANDLERS", "Tick", "emit", "estimates_for_pack", "jobs_for"]
