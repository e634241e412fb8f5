"""Makes the table by which languages are recognised (`rostra/detect/languages.npz`): `python -m training.language`.

The counts are those of the Efficient Language Detector (`pip install eld==1.0.6`, Apache-2.0, by Nito T.M.), needed
here and nowhere else. Runs that were seen once in each of their languages are left out, and what is left is quantised
to eighths of a nat: a tenth of the size for 0.1 % more errors in the short sentences that ELD is tested with.
"""

from __future__ import annotations

import importlib
import sys
from pathlib import Path
from typing import Any, Final

import numpy as np

TARGET: Final = Path(__file__).parent.parent / "rostra" / "detect" / "languages.npz"
COUNTS: Final = "eld.resources.ngrams.ngramsM60"
# Of so many runs of each language the counts speak.
_TOTAL: Final = 15_000
# What a run counts that was never seen in a language.
_UNSEEN: Final = 0.1
_STEPS: Final = 8
_LEAST: Final = 2


def main() -> None:
    """Write the table and say how large it is."""
    counts: dict[str, Any] = importlib.import_module(COUNTS).ngrams_data
    names: dict[int, str] = counts["languages"]
    runs = {
        int.from_bytes(run, "little"): found
        for run, found in counts["ngrams"].items()
        if len(run) <= 8 and max(found.values()) >= _LEAST
    }
    keys = np.array(sorted(runs), dtype=np.uint64)
    seen = np.full((len(keys), len(names)), _UNSEEN)
    for row, key in enumerate(keys.tolist()):
        for language, count in runs[key].items():
            seen[row, language] = count
    weights = np.round(np.log(seen / _UNSEEN) * _STEPS).clip(0, 255).astype(np.uint8)
    np.savez_compressed(TARGET, keys=keys, weights=weights, names=np.array([names[at] for at in range(len(names))]))
    size = TARGET.stat().st_size
    print(f"{len(keys):,} runs, {len(names)} languages, {size / 1024:.0f} KiB ({_TOTAL:,} runs counted in each)")
    sys.stdout.flush()


if __name__ == "__main__":
    main()
