"""A tool's result that comes bit by bit: pulled through the gate a few items at a time, journalled as one call.

Nothing runs ahead of the guest by more than one window; what was pulled is counted, its beginning kept as a sample.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Protocol

import msgpack
from sanca.core.errors import ToolDeniedError
from sanca.core.tools import CallError, CallOutcome
from sanca.python_runtime.broker.policy import check_budget
from sanca.toolkit_bridge.gateway import failure

if TYPE_CHECKING:
    from sanca.python_runtime.broker.passage import Passage

STREAM_WINDOW = 16
"""How many items cross at once at most, and how many a tool may be ahead."""
ITEM_LIMIT_BYTES = 4 * 1024 * 1024
ITEMS_LIMIT = 100_000
COLLECTED_LIMIT = 1_000
_SAMPLE_ITEMS = 3
_SAMPLE_BYTES = 2_048


class ItemSource(Protocol):
    """Where a stream's items come from. `take` is called by one thread at a time."""

    def take(self, most: int, timeout_seconds: float) -> tuple[list[bytes], CallOutcome | None]:
        """Wait for an item and return what is there, in msgpack; with an outcome when nothing follows.

        Raises:
            TimeoutError: Nothing came in time.
        """

    def close(self) -> None:
        """Stop making items; may be called by any thread, and again."""


@dataclass(frozen=True, slots=True)
class Pulled:
    """What one pull gave."""

    items: list[bytes]
    """In msgpack."""
    is_done: bool = False
    error: CallError | None = None


@dataclass(slots=True)
class StreamFacts:
    """What the journal keeps of a stream."""

    items: int = 0
    seconds: float = 0.0
    """Time in the tool."""
    sample: list[Any] = field(default_factory=list)
    is_closed_early: bool = False


class CallStream:
    """One call that is under way as long as its stream is open. Ended exactly once, by whoever comes first."""

    def __init__(self, passage: Passage, finish: Callable[[Passage, CallOutcome, StreamFacts], None]) -> None:
        """Hold a call that is about to leave.

        Args:
            passage: The call.
            finish: Told once how it ended.
        """
        self.call_id = passage.call_id
        self._passage = passage
        self._entry, self._run = passage.entry, passage.run
        self._finish = finish
        self._facts = StreamFacts()
        self._source: ItemSource | None = None
        self._pulling, self._state = threading.Lock(), threading.Lock()
        self._outcome: CallOutcome | None = None

    def open(self, source: ItemSource) -> None:
        """Take where the items come from."""
        with self._state:
            self._source = source
            is_ended = self._outcome is not None
        if is_ended:
            source.close()

    def pull(self, most: int) -> Pulled | None:
        """Return the next items; None when another thread is pulling."""
        if not self._pulling.acquire(blocking=False):
            return None
        try:
            items, outcome = self._take(min(most, STREAM_WINDOW))
            self._note(items)
            if outcome is None and self._facts.items >= ITEMS_LIMIT:
                outcome = failure("failed", f"{self._entry.name} gave {ITEMS_LIMIT:,} items, the most there may be.")
            if outcome is None:
                return Pulled(items)
            return Pulled(items, is_done=True, error=self._end(outcome).error)
        finally:
            self._pulling.release()

    def close(self) -> None:
        """End it early: nobody wants more."""
        self._facts.is_closed_early = self._outcome is None
        self._end(CallOutcome(ok=True))

    def cancel(self) -> None:
        """End it because its run was cancelled."""
        text = f"{self._entry.name} was cancelled"
        if self._entry.is_effect:
            self._end(failure("unknown", f"{text}; how far it had come is not known. Look before you try again."))
        else:
            self._end(failure("cancelled", f"{text}."))

    def abandon(self) -> None:
        """Cancelling is all there is."""
        self.cancel()

    def collect(self) -> CallOutcome:
        """Return the first items as a list, for a caller that takes no stream."""
        values: list[Any] = []
        while len(values) < COLLECTED_LIMIT:
            pulled = self.pull(STREAM_WINDOW)
            if pulled is None:
                break
            values += [msgpack.unpackb(item) for item in pulled.items]
            if pulled.error is not None:
                return CallOutcome(ok=False, error=pulled.error)
            if pulled.is_done:
                break
        self.close()
        return CallOutcome(ok=True, value=values[:COLLECTED_LIMIT])

    def _take(self, most: int) -> tuple[list[bytes], CallOutcome | None]:
        if self._outcome is not None or self._source is None:
            return [], self._outcome
        seconds = self._entry.definition.timeout_seconds
        begun = time.monotonic()
        try:
            check_budget(self._run.context.budget, 0, self._run.tool_seconds, 0)
            return self._source.take(most, seconds)
        except TimeoutError:
            return [], failure("timeout", f"{self._entry.name} gave nothing for {seconds:g} seconds.")
        except ToolDeniedError as error:
            return [], failure("denied", str(error))
        finally:
            taken = time.monotonic() - begun
            self._facts.seconds += taken
            self._run.spend(taken)

    def _note(self, items: list[bytes]) -> None:
        facts = self._facts
        facts.items += len(items)
        room = _SAMPLE_ITEMS - len(facts.sample)
        for item in items[:room] if room > 0 else ():
            facts.sample.append(msgpack.unpackb(item) if len(item) <= _SAMPLE_BYTES else f"… ({len(item):,} bytes)")

    def _end(self, outcome: CallOutcome) -> CallOutcome:
        """End it, unless it has ended; return how it did."""
        with self._state:
            if self._outcome is not None:
                return self._outcome
            self._outcome = outcome
        if self._source is not None:
            self._source.close()
        self._run.arrive(self.call_id, 0.0)
        self._finish(self._passage, outcome, self._facts)
        return outcome


class ListSource:
    """The items of a value that came at once."""

    def __init__(self, outcome: CallOutcome) -> None:
        values = outcome.value if isinstance(outcome.value, list) else [outcome.value]
        self._items = [msgpack.packb(value) for value in values] if outcome.ok else []
        self._outcome = outcome

    def take(self, most: int, timeout_seconds: float) -> tuple[list[bytes], CallOutcome | None]:
        """Return the next items."""
        items, self._items = self._items[:most], self._items[most:]
        return items, None if self._items else CallOutcome(ok=self._outcome.ok, error=self._outcome.error)

    def close(self) -> None:
        """Let go."""
        self._items = []
