"""Results in the host that are read piece by piece: pulls the pieces in order and lets go of them. Joins nothing.

The wire is that of contracts, section 2, "Results piece by piece". A pull is a call with an id of its own, made of the
id of the call that gave the result, so that none is ever used twice.
"""

from __future__ import annotations

import queue
import threading
import uuid
from collections.abc import Callable, Mapping
from typing import Any

import orjson
import structlog
from sanca.core.errors import GatewayError, GatewayUnavailableError
from sanca.core.tools import CallOutcome, ResultPage
from sanca.toolkit_bridge.gateway import Gateway, GatewayCall, failure

log = structlog.get_logger(__name__)

RESULTS_TOOLKIT = "sanca.results"
"""Reserved; no description lists it."""
_TRIES = 2
"""A piece whose answer was lost is asked for again by its position."""
_CLOSE_SECONDS = 5.0
_ITEMS_LEAST, _ITEMS_MOST = 200, 10_000
_STREAM_CHARS = 256 * 1024
_VALUE_CHARS = 1024 * 1024

MakeContext = Callable[[str, float], str]
"""Call id and time limit → `contextJson`, with `pages`."""


def gives_bytes(schema: Mapping[str, Any]) -> bool:
    """Whether a tool's result is bytes, by its output schema; the host writes them in base64."""
    return schema.get("contentEncoding") == "base64" or any(map(gives_bytes, schema.get("anyOf") or ()))


class ResultPieces:
    """The rest of one result. `pull` is called by one thread at a time; `close` by any, and again."""

    def __init__(
        self,
        gateway: Gateway,
        control: Gateway,
        closer: ResultCloser,
        call_id: str,
        page: ResultPage,
        context: MakeContext,
    ) -> None:
        """Take what the first piece said.

        Args:
            gateway: Where the pulls go.
            control: Where they are interrupted.
            closer: Lets go of it when it is closed early.
            call_id: The call that gave it; pulls are numbered below it.
            page: The first piece's.
            context: Makes the context of a pull.
        """
        self.page = page
        self._gateway = gateway
        self._control = control
        self._closer = closer
        self._call_id = call_id
        self._context = context
        self._pulls = 0
        self._state = threading.Lock()
        self._under_way = ""
        self._is_closed = False

    def pull(self, timeout_seconds: float) -> CallOutcome:
        """Return the next piece; how the result ended when it ended badly. May be empty though more follows.

        No more is asked for than has been read already (of a stream), so that little is made which nobody wants.
        """
        outcome = failure("cancelled", "The result is not read any more.")
        for _ in range(_TRIES):
            if (call_id := self._begin()) is None:
                return outcome
            outcome = self._ask(call_id, timeout_seconds)
            if self._end(outcome) or outcome.error is None or not outcome.error.retryable:
                return outcome
        self.close()
        return outcome

    def close(self) -> None:
        """Let go of it; a pull under way is interrupted. Returns at once."""
        with self._state:
            if self._is_closed or not self.page.more:
                return
            self._is_closed, under_way = True, self._under_way
        if under_way:
            self._closer.put(lambda: self._control.cancel(under_way))  # whose end lets go of it
        else:
            self._let_go()

    def _begin(self) -> str | None:
        with self._state:
            if self._is_closed:
                return None
            self._pulls += 1
            self._under_way = f"{self._call_id}/{self._pulls}"
            return self._under_way

    def _end(self, outcome: CallOutcome) -> bool:
        """Take note of what a pull gave; return whether it was closed meanwhile."""
        with self._state:
            self._under_way = ""
            if outcome.page is not None:
                self.page = outcome.page
            is_closed = self._is_closed
        if is_closed and self.page.more:
            self._let_go()  # also when it was interrupted, which may have been before the host began to read
        return is_closed

    def _ask(self, call_id: str, timeout_seconds: float) -> CallOutcome:
        page = self.page
        most = min(max(page.next, _ITEMS_LEAST), _ITEMS_MOST)
        chars = _STREAM_CHARS if page.stream else _VALUE_CHARS
        wanted = {"handle": page.handle, "position": page.next, "most": most, "max_chars": chars}
        if not page.stream:
            del wanted["most"]
        outcome = self._call(call_id, "next", wanted, timeout_seconds)
        if outcome.ok and outcome.page is None:
            return failure("failed", "The host's answer is no piece of a result.")
        return outcome

    def _let_go(self) -> None:
        call_id, handle = f"{self._call_id}/close", self.page.handle
        self._closer.put(lambda: self._call(call_id, "close", {"handle": handle}, _CLOSE_SECONDS))

    def _call(self, call_id: str, tool: str, arguments: dict[str, Any], timeout_seconds: float) -> CallOutcome:
        sent = orjson.dumps(arguments).decode()
        context = self._context(call_id, timeout_seconds)
        call = GatewayCall(call_id, RESULTS_TOOLKIT, tool, sent, context, timeout_seconds, repeatable=True)
        try:
            return self._gateway.call(call)
        except GatewayUnavailableError as error:
            return failure("unavailable", str(error), retryable=True)
        except GatewayError as error:
            return failure("failed", str(error))


def release_results(gateway: Gateway, run_id: str, context: MakeContext) -> bool:
    """Let go of everything that a run still holds in the host; return whether the host did.

    Raises:
        GatewayError: The host cannot be asked.
    """
    call_id = f"{run_id}/release-{uuid.uuid4().hex[:12]}"
    sent = context(call_id, _CLOSE_SECONDS)
    call = GatewayCall(call_id, RESULTS_TOOLKIT, "release", "{}", sent, _CLOSE_SECONDS, repeatable=True)
    return gateway.call(call).ok


class ResultCloser:
    """One thread that tells the host what is not wanted any more, in order: nobody waits for the host to hear it."""

    def __init__(self) -> None:
        self._tasks: queue.SimpleQueue[Callable[[], Any] | None] = queue.SimpleQueue()
        self._starting = threading.Lock()
        self._thread: threading.Thread | None = None

    def put(self, task: Callable[[], Any]) -> None:
        """Have something done soon."""
        self._tasks.put(task)
        with self._starting:
            if self._thread is None:
                self._thread = threading.Thread(target=self._work, name="results", daemon=True)
                self._thread.start()

    def close(self, timeout_seconds: float) -> None:
        """Do what was put so far, as far as the time allows."""
        self._tasks.put(None)
        if self._thread is not None:
            self._thread.join(timeout_seconds)

    def _work(self) -> None:
        while (task := self._tasks.get()) is not None:
            try:
                task()
            except GatewayError as error:  # the host frees them by itself when nobody reads them
                log.info("result_not_released", reason=str(error))
