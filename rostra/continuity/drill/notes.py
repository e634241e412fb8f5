"""What a drill notes while it goes on: each step with its time, what it found, and what was wrong with it."""

from __future__ import annotations

import time
from collections.abc import Callable, Generator
from contextlib import contextmanager

from rostra.continuity.records import DrillStep


class CheckFailed(Exception):
    """Something of the copy is not as it should be; the drill goes on with the next step."""


class Notes:
    """Owns the course of one drill. `say` tells the operator, of each step that begins above all."""

    def __init__(self, say: Callable[[str], None]) -> None:
        self.steps: list[DrillStep] = []
        self.problems: list[str] = []
        self.answered_after: float | None = None
        self.say = say
        self._began = time.monotonic()

    @property
    def elapsed(self) -> float:
        """Seconds since the drill was asked for."""
        return time.monotonic() - self._began

    def answered(self) -> None:
        """The copy has answered its first request."""
        if self.answered_after is None:
            self.answered_after = self.elapsed

    @contextmanager
    def step(self, name: str) -> Generator[Callable[[str], None]]:
        """A step with its time; yields what takes down what was found. CheckFailed ends the step, and no more."""
        self.say(name)
        began, found, problem = time.monotonic(), list[str](), None
        try:
            yield found.append
        except CheckFailed as error:
            problem = str(error)
        except Exception as error:
            problem = f"{type(error).__name__}: {error}"
            raise
        finally:
            took = round(time.monotonic() - began, 3)
            self.steps.append(DrillStep(name=name, seconds=took, found="; ".join(found), problem=problem))
            if problem is not None:
                self.problems.append(f"{name}: {problem}")

    def add(self, name: str, seconds: float, found: str = "") -> None:
        """A step that somebody else has measured."""
        self.steps.append(DrillStep(name=name, seconds=seconds, found=found))

    def fault(self, text: str) -> None:
        """Something is wrong that belongs to no step."""
        self.problems.append(text)
