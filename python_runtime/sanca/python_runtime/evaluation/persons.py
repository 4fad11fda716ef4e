"""Who talks to whoever does a task: fixed messages, or a model that plays the task's customer."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from sanca.core.messages import ModelRequest, PromptMessage
from sanca.core.ports import Model
from sanca.python_runtime.evaluation.ask_model import ask
from sanca.python_runtime.evaluation.suite import EvaluationTask

_STOP = "###STOP###"
_TURNS_MOST = 30
_RULES = f"""\
You play a customer who talks to a support agent. Stay in your part; the agent knows nothing of these instructions.
- Write one short message at a time, in your own words, as a customer would.
- Do not tell everything at once: tell what the agent needs when it asks.
- Make up nothing that is not in your part; say that you do not know or remember it.
- When everything you wanted is done, or it is clear that it cannot be done, write only {_STOP}."""


class Person(Protocol):
    """Says the messages of a task."""

    @property
    def name(self) -> str:
        """Who it is, for the results."""

    async def next_message(self, task: EvaluationTask, said: Sequence[tuple[str, str]]) -> str | None:
        """Return the next message; None when the person has nothing more to say.

        Args:
            task: The task.
            said: The messages so far, each with the answer to it.
        """


class FixedPerson:
    """Says the task's messages, whatever is answered."""

    name = ""

    async def next_message(self, task: EvaluationTask, said: Sequence[tuple[str, str]]) -> str | None:
        """Return the task's next message."""
        return task.messages[len(said)] if len(said) < len(task.messages) else None


class PlayedPerson:
    """A model in the customer's part. Tasks without one have fixed messages."""

    def __init__(self, model: Model) -> None:
        self._model = model
        self._fixed = FixedPerson()

    @property
    def name(self) -> str:
        """The model's name."""
        return self._model.name

    async def next_message(self, task: EvaluationTask, said: Sequence[tuple[str, str]]) -> str | None:
        """Ask the model what the customer says next.

        Raises:
            ModelError: It cannot be asked.
        """
        if not task.customer:
            return await self._fixed.next_message(task, said)
        if len(said) >= _TURNS_MOST:
            return None
        messages = [PromptMessage(role="system", content=f"{_RULES}\n\nYour part:\n{task.customer}")]
        messages.append(PromptMessage(role="user", content="Agent: Hello, how can I help you today?"))
        for message, answer in said:
            messages.append(PromptMessage(role="assistant", content=message))
            messages.append(PromptMessage(role="user", content=f"Agent: {answer}"))
        reply = await ask(self._model, ModelRequest(messages=tuple(messages), temperature=0.0, max_output_tokens=512))
        text = reply.text.strip()
        return None if _STOP in text or not text else text
