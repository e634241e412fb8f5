"""libvips, prepared before its first use. Imported where it is used, as it takes 8 MB and a twentieth of a second.

Only the five decoders that we offer are let in, nothing is kept for another time, each image has one thread, and there
are no words in the log about damage, of which one file can cause hundreds.
"""

from __future__ import annotations

import logging
from typing import Final

import pyvips
from pyvips import voperation

__all__ = ["pyvips", "voperation"]

LOADERS: Final = {
    "jpeg": "VipsForeignLoadJpegBuffer",
    "png": "VipsForeignLoadPngBuffer",
    "gif": "VipsForeignLoadNsgifBuffer",
    "webp": "VipsForeignLoadWebpBuffer",
    "avif": "VipsForeignLoadHeifBuffer",
}

logging.getLogger("pyvips").setLevel(logging.CRITICAL)
voperation.operation_block_set("VipsForeignLoad", True)
for _loader in LOADERS.values():
    voperation.operation_block_set(_loader, False)
voperation.cache_set_max(0)
voperation.concurrency_set(1)
