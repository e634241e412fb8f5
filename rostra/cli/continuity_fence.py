"""A server that was replaced does not serve: how that is noticed at its start.

`rostra continuity fence` is a process of its own that `rostra up` runs before anything else, so that the supervisor
itself never talks to a network.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

import click

from rostra.cli.options import Exit, Refusal, say, with_settings
from rostra.cli.replaced import explain
from rostra.continuity.place import Identity, Place, Replaced
from rostra.continuity.sealed import Broken
from rostra.continuity.ship.fence import find_successor
from rostra.continuity.targets import StoreUnavailable, TargetUnusable, label_of, open_target
from rostra.kit.settings import Settings

_PATIENCE = 5.0


@click.command(hidden=True)
@with_settings
def fence(settings: Settings) -> None:
    """Ask the targets whether another server has taken over: exit status 9 then."""
    place = Place(settings.data_dir)
    identity = place.find_identity()
    replaced = place.find_replaced()
    if replaced is None and identity is not None:
        replaced = asyncio.run(ask_all(settings.continuity_targets, identity))
        if replaced is not None:
            place.mark_replaced(replaced)
    if replaced is not None:
        raise Refusal(Exit.REPLACED, explain(replaced, settings.data_dir))


async def ask_all(addresses: Sequence[str], identity: Identity, patience: float = _PATIENCE) -> Replaced | None:
    """The server that has taken over, if a target that answers within `patience` seconds knows one."""
    asked = {asyncio.create_task(_ask(each, identity)): each for each in addresses}
    if not asked:
        return None
    done, late = await asyncio.wait(asked, timeout=patience)
    for each in late:
        each.cancel()
        say(f"{label_of(asked[each])} did not say within {patience:g} s whether another server has taken over")
    await asyncio.gather(*late, return_exceptions=True)
    found = [replaced for each in done if (replaced := each.result()) is not None]
    return max(found, key=lambda each: each.epoch, default=None)


async def _ask(address: str, identity: Identity) -> Replaced | None:
    try:
        async with open_target(address) as target:
            return await find_successor(target, identity)
    except (TargetUnusable, StoreUnavailable, Broken) as error:
        say(f"whether another server has taken over cannot be asked: {error}")
        return None
