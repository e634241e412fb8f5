"""How fast the cascade reads and how much memory it takes, on this machine as busy as it is."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from typing import Any, Final

from rostra.detect.cascade import Cascade
from rostra.detect.encoder import load_encoders
from rostra.detect.hashing import read_bags
from rostra.detect.heads import load_heads
from rostra.detect.language import recognise
from rostra.detect.normalise import normalise
from rostra.detect.phrases import find_phrases

_TEXTS: Final = 6000
_ALONE: Final = 1000
_FEW: Final = 300
_MEMORY: Final = """
import resource, sys
def used():
    with open("/proc/self/statm") as file:
        return int(file.read().split()[1]) * resource.getpagesize() / 1e6
import msgspec, regex
before = used()
import numpy
with_numpy = used()
from rostra.detect.cascade import Cascade
cascade = Cascade.load(encoders=0)
for _ in range(3):
    cascade.read(["this is one of many posts, with a few words more"] * 256, written_on=None)
print(used() - before, used() - with_numpy)
"""


def measure_pace(texts: list[str], line: Callable[[str, str, str, dict[str, float]], Any]) -> list[Any]:
    """Lines with posts per second of one processor, by part; milliseconds for one text alone; megabytes."""
    some = texts[:: max(1, len(texts) // _TEXTS)]
    base, heads = Cascade.load(encoders=0), load_heads()
    normals = [normalise(text) for text in some]
    plain = [normal.text for normal in normals]
    base.read(some[:256], written_on=None)
    rates = {
        "normaliser": _rate(some, lambda: [normalise(text) for text in some]),
        "phrases": _rate(some, lambda: [find_phrases(text, each) for text, each in zip(some, normals, strict=True)]),
        "features": _rate(some, lambda: read_bags(plain)),
        "heads": _rate(
            some, lambda: [heads.logits(read_bags(plain[at : at + 128])) for at in range(0, len(plain), 128)]
        ),
        "language": _rate(some, lambda: [recognise(text) for text in some]),
        "whole base cascade": _rate(some, lambda: base.read(some, written_on=None)),
    }
    for most, encoder in enumerate(load_encoders(), 1):
        cascade = Cascade.load(encoders=most)
        rates[encoder.name] = _rate(some[:_FEW], lambda e=encoder: e.embed(some[:_FEW], normals[:_FEW]))
        rates[f"cascade with {encoder.name}"] = _rate(some, lambda c=cascade: c.read(some, written_on=None))
    lines = [line("posts a second of one core", name, "", {"posts/s": rate}) for name, rate in rates.items()]
    alone = sorted(_milliseconds(base, text) for text in some[:_ALONE])
    lines.append(
        line(
            "one text alone", "base cascade", "", {"p50 ms": alone[len(alone) // 2], "p95 ms": alone[-len(alone) // 20]}
        )
    )
    added = subprocess.run([sys.executable, "-c", _MEMORY], capture_output=True, text=True, check=True)  # noqa: S603
    whole, without = (float(each) for each in added.stdout.split())
    lines.append(line("memory added", "base cascade", "", {"MB": whole, "MB without numpy": without}))
    return lines


def _rate(texts: Sequence[str], run: Callable[[], Any]) -> float:
    started = time.process_time()
    run()
    return len(texts) / (time.process_time() - started)


def _milliseconds(cascade: Cascade, text: str) -> float:
    started = time.perf_counter()
    cascade.read([text], written_on=None)
    return (time.perf_counter() - started) * 1000
