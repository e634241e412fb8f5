"""`python -m training model|eval|develop [--corpora FOLDER]`: make the text model, measure it, see what it confuses."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

_MODEL = Path(__file__).parent.parent / "rostra" / "detect" / "model"


def main() -> None:
    """What `make model` and `make eval` run."""
    parser = argparse.ArgumentParser(prog="python -m training", description=__doc__)
    parser.add_argument("what", choices=["model", "eval", "develop"])
    parser.add_argument("--corpora", type=Path, default=Path("../shared/data/moderation"))
    parser.add_argument("--out", type=Path, default=_MODEL, help="where the artefact goes")
    parser.add_argument("--vectors", type=Path, help="where the vectors of encoders are kept, the cache of the user")
    parser.add_argument("--keep", action="append", default=[], help="an encoder, or heads: stays as it is in --out")
    parser.add_argument("--json", type=Path, help="where the figures go as JSON, beside the table")
    parser.add_argument("--card", action="store_true", help="put the figures into the model card")
    options = parser.parse_args()
    if options.what == "develop":
        from training.develop import develop

        develop(options.corpora if (options.corpora / "train").is_dir() else None)
        return
    if not (options.corpora / "train").is_dir():
        parser.error(f"{options.corpora} has no folder train: say where the corpora are with --corpora")
    from training.embed import default_folder

    vectors: Path = options.vectors or default_folder()
    if options.what == "model":
        from training.train import make

        make(options.corpora, options.out, vectors, _say, options.keep)
    else:
        from training.evaluate import report

        report(options.corpora, vectors, options.json, options.out / "MODEL_CARD.md" if options.card else None)


def _say(line: str) -> None:
    print(line, file=sys.stderr, flush=True)


if __name__ == "__main__":
    main()
