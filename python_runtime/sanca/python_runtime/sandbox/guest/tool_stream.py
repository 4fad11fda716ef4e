"""`ToolStream`: what a tool gives bit by bit, as an iterator. Asks for a few items at a time; says when to stop."""

from __future__ import annotations

import threading
from collections import deque
from typing import TYPE_CHECKING, Any

from .errors import error_from_wire

if TYPE_CHECKING:
    from .channel import ToolChannel


class ToolStream:
    """The items of a stream, for `for` and `async for`. Close it, leave its `with`, or drop it to end it early."""

    def __init__(self, channel: ToolChannel, number: int, window: int) -> None:
        self._channel = channel
        self._number = number
        self._window = window
        self._items: deque[Any] = deque()
        self._error: Any = None
        self._is_open = True
        self._pulling = threading.Lock()

    def __iter__(self) -> ToolStream:
        return self

    def __next__(self) -> Any:
        with self._pulling:
            while not self._items:
                self._check()
                try:
                    self._take(self._channel.ask(self._pull()))
                except BaseException:
                    self.close()  # what was on its way is lost, and a hole in the middle would be worse than the end
                    raise
            return self._items.popleft()

    def __aiter__(self) -> ToolStream:
        return self

    async def __anext__(self) -> Any:
        while not self._items:
            try:
                self._check()
            except StopIteration:
                raise StopAsyncIteration from None
            try:
                self._take(await self._channel.ask_async(self._pull()))
            except BaseException:
                self.close()
                raise
        return self._items.popleft()

    def __enter__(self) -> ToolStream:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def __del__(self) -> None:
        self.close()

    def __repr__(self) -> str:
        return f"<stream {'open' if self._is_open else 'ended'}: `for item in …` gives its items>"

    def close(self) -> None:
        """End the stream: the tool stops. Items that came already can still be taken."""
        if self._is_open:
            self._is_open = False
            self._channel.drop(self._number)

    def _pull(self) -> dict[str, Any]:
        return {"n": self._number, "p": self._window}

    def _check(self) -> None:
        """Raise the stream's end when it has come."""
        if not self._is_open:
            if (error := self._error) is not None:
                self._error = None
                raise error_from_wire(error)
            raise StopIteration

    def _take(self, answer: Any) -> None:
        answer = self._channel.message_of(answer)
        self._items.extend(answer.get("i") or ())
        if not answer.get("d") and "e" not in answer:
            return
        self._is_open = False
        self._error = answer.get("e")
