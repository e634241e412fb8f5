"""What is wrong beyond a single target, until it is right again. Each alarm is said once, and its end too."""

from __future__ import annotations

from collections.abc import Callable


class Alarms:
    """`say` takes a line for the operator, `warn` one that asks for attention (the same, unless it is given)."""

    def __init__(self, say: Callable[[str], None], warn: Callable[[str], None] | None = None) -> None:
        self.say = say
        self._warn = warn or say
        self._raised: dict[str, str] = {}

    @property
    def texts(self) -> list[str]:
        return list(self._raised.values())

    def start(self, work: str, text: str) -> None:
        """`work` names what is wrong, so that only its own end takes the alarm back."""
        if self._raised.get(work) != text:
            self._warn(text)
        self._raised[work] = text

    def end(self, work: str) -> None:
        if (text := self._raised.pop(work, None)) is not None:
            self.say(f"over: {text}")
