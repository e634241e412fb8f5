"""Built-in phrases: explainable English and Italian rules that give a place, a reason and what takes the edge off it.

They never decide anything. The tables hold what people say, `edges.py` what surrounds it, `find.py` finds both.
"""

from __future__ import annotations

from rostra.detect.phrases.catalogue import PHRASES
from rostra.detect.phrases.find import find_phrases
from rostra.detect.phrases.phrase import Phrase

__all__ = ["PHRASES", "Phrase", "find_phrases"]
