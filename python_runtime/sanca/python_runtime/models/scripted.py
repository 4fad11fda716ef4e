"""A model that says what it was told to say: for tests of anything that asks a model. It never opens a connection."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Sequence

import anyio.lowlevel
from sanca.core.errors import ModelError
from sanca.core.messages import ModelDelta, ModelRequest, Usage

Reply = str | Exception
ReplyFunction = Callable[[ModelRequest], Reply]

_CHARS_PER_TOKEN = 4


class ScriptedModel:
    r"""Answers from a list, one reply a request, or from a function of the request.

    Example:
        ```python
        model = ScriptedModel(["```python\nsystem.services()\n```", "All four services are up."])
        ```
    """

    def __init__(
        self, replies: Sequence[Reply] | ReplyFunction, *, name: str = "scripted", chunk_chars: int = 16
    ) -> None:
        """Take the script.

        Args:
            replies: Texts, or exceptions to raise, in order; or a function that makes one from the request.
            name: The model's name, as it appears in usage.
            chunk_chars: Characters of a streamed piece.
        """
        self._replies = replies
        self._name = name
        self._chunk_chars = chunk_chars
        self.requests: list[ModelRequest] = []
        """Every request so far, for assertions."""

    @property
    def name(self) -> str:
        """The name given."""
        return self._name

    async def stream(self, request: ModelRequest) -> AsyncIterator[ModelDelta]:
        """Stream the next reply in pieces. Tokens are counted as one for four characters.

        Raises:
            ModelError: The script has no reply left.
        """
        text = self._next(request)
        for start in range(0, len(text), self._chunk_chars):
            await anyio.lowlevel.checkpoint()
            yield ModelDelta(text=text[start : start + self._chunk_chars])
        asked = sum(len(message.content) for message in request.messages)
        usage = Usage(
            model=self._name, input_tokens=asked // _CHARS_PER_TOKEN, output_tokens=len(text) // _CHARS_PER_TOKEN
        )
        yield ModelDelta(finish_reason="stop", usage=usage)

    def _next(self, request: ModelRequest) -> str:
        index = len(self.requests)
        self.requests.append(request)
        if callable(self._replies):
            reply = self._replies(request)
        elif index < len(self._replies):
            reply = self._replies[index]
        else:
            raise ModelError(f"The scripted model has {len(self._replies)} replies and was asked once more.")
        if isinstance(reply, Exception):
            raise reply
        return reply
