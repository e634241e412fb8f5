"""Writes the mesh before the phrases (`rostra/detect/phrases/mesh.bin`) after their tables have changed:
`python -m training.phrases`."""

from __future__ import annotations

from rostra.detect.phrases import PHRASES
from rostra.detect.phrases.kept import MESH_FILE, write_mesh
from rostra.detect.phrases.phrase import LANGUAGES, Language
from rostra.detect.phrases.tables import read_classes


def main() -> None:
    """Write it and say how large it is."""
    patterns: list[tuple[Language, str]] = [
        (language, pattern) for phrase in PHRASES for language, some in phrase.patterns.items() for pattern in some
    ]
    write_mesh(patterns, {language: read_classes(language) for language in LANGUAGES})
    print(f"{len(patterns):,} patterns, {MESH_FILE.stat().st_size / 1024:.0f} KiB")


if __name__ == "__main__":
    main()
