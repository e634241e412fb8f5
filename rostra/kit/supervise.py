"""Runs child processes: starts them, passes their log on, restarts the crashed, replaces the old, ends them in order.

One thread and one poll loop, without asyncio, so that the parent stays small and may fork safely. It knows what a
process is and nothing of what its children do.
"""

from __future__ import annotations

import os
import select
import signal
import time
from collections.abc import Callable
from types import FrameType
from typing import Any, Final, Self

import msgspec

from rostra.kit.child import Child, ChildSpec, is_writable

# A life shorter than SHORT_LIFE seconds is a crash at start; so many in a row are given up on.
SHORT_LIFE: Final = 30.0
MOST_SHORT_LIVES: Final = 5
_FIRST_PAUSE: Final = 0.2
_LONGEST_PAUSE: Final = 5.0
# Between two tries of what would be given up on, were it essential.
_PAUSE_OF_DISPENSABLE: Final = 60.0
# How long a replacement may take to become ready before the old process is kept instead, in seconds.
_READY_PATIENCE: Final = 60.0
_SIGNALS: Final = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP, signal.SIGCHLD)


class StopRequested(Exception):
    """SIGTERM or SIGINT arrived: leave the supervisor's scope, which ends the children."""


class ChildFailed(Exception):
    """The child `name` crashed again and again, or was a task that failed. `log` has its last lines."""

    def __init__(self, text: str, child: Child, *, is_task: bool = False) -> None:
        self.text = text
        self.name = child.spec.name
        self.is_task = is_task
        self.log = child.last_lines()
        self.status = child.process.returncode
        super().__init__(text)


class EndRequested(Exception):
    """The child `name` ended with the status by which it asks that everything ends. `log` has its last lines."""

    def __init__(self, child: Child) -> None:
        self.name = child.spec.name
        self.status: int = child.process.returncode
        self.log = child.last_lines()
        super().__init__(f"{self.name} asks for the end of everything ({child.how_ended()})")


class _Place:
    """A spec's place: who fills it, who is to succeed, and how often its holders died young."""

    def __init__(self, spec: ChildSpec) -> None:
        self.spec = spec
        self.child: Child | None = None
        self.successor: Child | None = None
        self.short_lives = 0
        self.restart_at: float | None = None


class Supervisor:
    """Owns its children from `__enter__` to `__exit__`, which ends them all.

    `grace` is the time in seconds that the children get to end after SIGTERM, `total` the time for everything,
    those that end last included. `say` takes one line for the operator.
    """

    def __init__(self, say: Callable[[str], None], *, grace: float = 8.5, total: float = 9.7) -> None:
        self._say = say
        self._grace = grace
        self._total = total
        self._poll = select.poll()
        self._readers: dict[int, Callable[[], None]] = {}
        self._places: dict[str, _Place] = {}
        self._task: Child | None = None
        # Each with the time at which it is killed.
        self._retiring: dict[Child, float] = {}
        self._to_replace: list[_Place] = []
        self._stop_requests = 0
        self._ending = False
        self._had_terminal = os.isatty(2)
        self._old_handlers: dict[signal.Signals, Any] = {}

    def __enter__(self) -> Self:
        self._wakeup, write = os.pipe2(os.O_NONBLOCK | os.O_CLOEXEC)
        self._watch(self._wakeup, self._on_signals)
        self._old_wakeup = signal.set_wakeup_fd(write, warn_on_full_buffer=False)
        for number in _SIGNALS:
            self._old_handlers[number] = signal.signal(number, _leave_to_wakeup)
        return self

    def __exit__(self, *_: object) -> None:
        try:
            self._end_all()
        finally:
            os.close(signal.set_wakeup_fd(self._old_wakeup))
            os.close(self._wakeup)
            for number, handler in self._old_handlers.items():
                signal.signal(number, handler)

    def start(self, spec: ChildSpec) -> None:
        """Start a child that is to run for ever.

        Whatever looks after it from then on raises EndRequested where it ends with its `ends_all_with`.
        """
        place = self._places[spec.name] = _Place(spec)
        place.child = self._spawn(spec)

    def make_essential(self, name: str) -> None:
        """From now on nothing goes without the child `name`, which was started as one that is not essential."""
        place = self._places[name]
        place.spec = msgspec.structs.replace(place.spec, essential=True)
        place.short_lives = 0

    def end(self, name: str) -> None:
        """Ask the child `name` to end, for good; the others go on meanwhile."""
        place = self._places.pop(name)
        for child in (place.child, place.successor):
            if child is not None:
                child.process.send_signal(place.spec.end_signal)
                self._retiring[child] = time.monotonic() + self._grace
        self._to_replace = [each for each in self._to_replace if each is not place]

    def run_task(self, spec: ChildSpec) -> None:
        """Run a child that ends by itself. Raises ChildFailed where its exit status is not 0, and StopRequested."""
        self._task = task = self._spawn(spec)
        try:
            self._turn_until(lambda: task.has_ended)
        finally:
            if not task.has_ended:
                task.process.kill()
                task.process.wait()
            self._close(task)
            self._task = None
        if task.process.returncode != 0:
            raise ChildFailed(f"{spec.name} failed ({task.how_ended()})", task, is_task=True)

    def wait_ready(self) -> None:
        """Return when every essential child is ready. Raises ChildFailed, StopRequested and EndRequested."""
        needed = [place for place in self._places.values() if place.spec.essential]
        self._turn_until(lambda: all(place.child is not None and place.child.ready for place in needed))

    def run(self, seconds: float | None = None) -> None:
        """Look after the children until StopRequested, ChildFailed or EndRequested, or for some seconds only."""
        until = None if seconds is None else time.monotonic() + seconds
        self._turn_until(lambda: until is not None and time.monotonic() >= until, until)

    def _turn_until(self, is_done: Callable[[], bool], wake_at: float | None = None) -> None:
        while not is_done():
            if self._stop_requests:
                raise StopRequested
            due = [at for at in (wake_at, self._next_due()) if at is not None]
            self._turn(min(due, default=None))
            self._restart_due()
            self._roll()

    def _turn(self, wake_at: float | None) -> None:
        """Wait for the next event, or until `wake_at`, and act on what happened."""
        timeout = None if wake_at is None else max(0.0, wake_at - time.monotonic()) * 1000
        for descriptor, _ in self._poll.poll(timeout):
            # An earlier event of the same round may have closed this one.
            if (act := self._readers.get(descriptor)) is not None:
                act()
        self._reap()

    def _next_due(self) -> float | None:
        due = [*self._retiring.values()]
        for place in self._places.values():
            if place.restart_at is not None:
                due.append(place.restart_at)
            if place.successor is not None:
                due.append(place.successor.started + _READY_PATIENCE)
        return min(due, default=None)

    def _watch(self, descriptor: int, act: Callable[[], None], events: int = select.POLLIN) -> None:
        self._readers[descriptor] = act
        self._poll.register(descriptor, events)

    def _forget(self, descriptor: int | None) -> None:
        if descriptor is not None and self._readers.pop(descriptor, None) is not None:
            self._poll.unregister(descriptor)

    def _spawn(self, spec: ChildSpec) -> Child:
        child = Child(spec)
        if child.ready_pipe is not None:
            self._watch(child.ready_pipe, lambda: self._on_ready(child))
        self._watch_log(child)
        return child

    def _watch_log(self, child: Child) -> None:
        if child.log is not None and 2 not in self._readers:
            self._watch(child.log, lambda: self._on_log(child))

    def _on_ready(self, child: Child) -> None:
        self._forget(child.ready_pipe)
        child.read_ready()

    def _on_log(self, child: Child) -> None:
        if not is_writable(2):
            # Nobody reads our standard error. The children may block on their logs; the supervisor must not.
            for each in self._children():
                self._forget(each.log)
            self._watch(2, self._on_writable, select.POLLOUT)
        elif not child.pass_log_on():
            self._forget(child.log)

    def _on_writable(self) -> None:
        self._forget(2)
        for child in self._children():
            self._watch_log(child)

    def _on_signals(self) -> None:
        for number in os.read(self._wakeup, 512):
            # A terminal that has gone away is a wish to end; any other SIGHUP asks for fresh processes.
            lost_terminal = number == signal.SIGHUP and self._had_terminal and not os.isatty(2)
            if number in (signal.SIGTERM, signal.SIGINT) or lost_terminal:
                self._stop_requests += 1
            elif number == signal.SIGHUP and not self._to_replace:
                self._to_replace = [place for place in self._places.values() if place.spec.reloads]

    def _children(self) -> list[Child]:
        placed = [child for place in self._places.values() for child in (place.child, place.successor)]
        return [child for child in (*placed, *self._retiring, self._task) if child is not None]

    def _reap(self) -> None:
        for place in self._places.values():
            if place.successor is not None and place.successor.has_ended:
                self._check_request(place.successor)
                self._give_up_successor(place, f"ended at start ({place.successor.how_ended()})")
            if place.child is not None and place.child.has_ended:
                self._child_ended(place, place.child)
        for child, kill_at in list(self._retiring.items()):
            if child.has_ended:
                self._close(child)
                del self._retiring[child]
            elif time.monotonic() >= kill_at:
                child.process.send_signal(child.spec.kill_signal)
                self._retiring[child] = time.monotonic() + 1.0

    def _child_ended(self, place: _Place, child: Child) -> None:
        self._close(child)
        place.child = None
        if self._ending or self._stop_requests:
            return
        ended = f"{place.spec.name} (process {child.process.pid}) ended: {child.how_ended()}"
        self._check_request(child)
        place.short_lives = place.short_lives + 1 if time.monotonic() - child.started < SHORT_LIFE else 1
        pause = min(_FIRST_PAUSE * 2 ** (place.short_lives - 1), _LONGEST_PAUSE)
        if place.short_lives >= MOST_SHORT_LIVES:
            if place.spec.essential:
                raise ChildFailed(f"{ended}, for the {place.short_lives}th time in a row", child)
            pause = _PAUSE_OF_DISPENSABLE
        place.restart_at = time.monotonic() + pause
        self._tell(f"{ended}; starting it again in {pause:.1f} s")

    def _check_request(self, child: Child) -> None:
        wanted = child.spec.ends_all_with
        if wanted is not None and child.process.returncode == wanted and not (self._ending or self._stop_requests):
            self._close(child)
            raise EndRequested(child)

    def _restart_due(self) -> None:
        for place in self._places.values():
            if place.restart_at is not None and time.monotonic() >= place.restart_at:
                place.restart_at = None
                place.child = self._spawn(place.spec)

    def _roll(self) -> None:
        """Replace one process after the other: start the new one, wait until it is ready, only then end the old."""
        while self._to_replace:
            place = self._to_replace[0]
            if place.successor is None:
                place.successor = self._spawn(place.spec)
            if not place.successor.ready:
                if time.monotonic() < place.successor.started + _READY_PATIENCE:
                    return
                self._give_up_successor(place, "was not ready in time")
                continue
            if place.child is not None:
                place.child.process.send_signal(place.spec.end_signal)
                self._retiring[place.child] = time.monotonic() + self._grace
            place.child, place.successor, place.restart_at = place.successor, None, None
            self._tell(f"{place.spec.name} is now process {place.child.process.pid}")
            del self._to_replace[0]

    def _give_up_successor(self, place: _Place, why: str) -> None:
        successor, place.successor = place.successor, None
        assert successor is not None
        successor.process.kill()
        successor.process.wait()
        self._close(successor)
        if place.spec.essential:
            self._to_replace.clear()
        else:
            # It says nothing about the others.
            self._to_replace.remove(place)
        if not self._ending:
            self._tell(f"the new {place.spec.name} {why}; the old one stays. Its last lines:\n{successor.last_lines()}")

    def _tell(self, text: str) -> None:
        # The same as for the children's logs: where nobody reads, the line is lost, and the supervisor goes on.
        if is_writable(2):
            self._say(text)

    def _close(self, child: Child) -> None:
        self._forget(child.ready_pipe)
        self._forget(child.log)
        child.close()

    def _end_all(self) -> None:
        """End the children within `total` seconds; a second SIGTERM or SIGINT takes the first group's grace away."""
        self._ending = True
        started, requests = time.monotonic(), self._stop_requests
        for last in (False, True):
            group = [child for child in self._children() if child.spec.ends_last == last]
            kill_at = started + (self._total if last else self._grace)
            for child in group:
                child.process.send_signal(child.spec.end_signal)
            while not all(child.has_ended for child in group):
                hurried = not last and self._stop_requests > requests
                if hurried or time.monotonic() >= kill_at:
                    for child in group:
                        child.process.send_signal(child.spec.kill_signal)
                    kill_at = time.monotonic() + 1.0
                self._turn(kill_at)
        self._reap()


def _leave_to_wakeup(_number: int, _frame: FrameType | None) -> None:
    """The signal's number comes through the wake-up pipe; a handler must be there all the same."""
