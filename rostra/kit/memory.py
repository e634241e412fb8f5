"""What a process does about its memory: gives back what it does not need, and looks no more through what stays."""

from __future__ import annotations

import ctypes
import gc
from typing import Any, Final


def _find_trim() -> Any:
    # musl has none.
    return getattr(ctypes.CDLL(None), "malloc_trim", None)


_TRIM: Final = _find_trim()
# More than all requests have at once that are being answered, less than would be missed if it were garbage.
_NEW_OBJECTS: Final = 10_000


def give_back() -> None:
    """Give what was freed back to the system, which glibc would otherwise keep: 70 MB after a large picture."""
    if _TRIM is not None:
        _TRIM(0)


def begin_loading() -> None:
    """From now until `settle` everything that is made will stay: looking for what could be freed would only take time,
    a seventh of that of the start."""
    gc.disable()


def settle() -> None:
    """Called when a process has loaded what it will keep: that is never looked through again for what could be freed,
    which would stop everything for some 50 ms now and then. Nor are cycles looked for after every few requests, which
    make none."""
    gc.enable()
    gc.collect()
    gc.freeze()
    gc.set_threshold(_NEW_OBJECTS, 20, 20)
    give_back()
