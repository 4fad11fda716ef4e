"""Asks the next model when one fails, so that the round is not lost. Knows neither roles nor servers."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence

import structlog
from sanca.core.errors import ModelError
from sanca.core.messages import ModelDelta, ModelRequest
from sanca.core.ports import Model
from sanca.python_runtime.models.streams import closing

log = structlog.get_logger(__name__)


class FailoverModel:
    """A model and its fall-backs, tried in order.

    One that fails before its first piece is followed by the next in silence of the page. One that breaks off later
    is too, when the request says `can_restart`: a piece with `restart` then voids what came before.
    """

    def __init__(self, models: Sequence[Model]) -> None:
        """Take at least one model."""
        self._models = tuple(models)

    @property
    def name(self) -> str:
        """The first model's name."""
        return self._models[0].name

    async def stream(self, request: ModelRequest) -> AsyncIterator[ModelDelta]:
        """Stream one reply of the first model that gives one.

        Raises:
            ModelError: None did; says why the first one did not, and the others too.
        """
        failures: list[tuple[str, ModelError]] = []
        for number, model in enumerate(self._models, start=1):
            started = False
            try:
                async with closing(model.stream(request)) as deltas:
                    if failures and request.can_restart:
                        yield ModelDelta(restart=f"{failures[-1][1]} {model.name or 'The next model'} goes on instead.")
                    async for delta in deltas:
                        started = True
                        yield delta
                return
            except ModelError as error:
                failures.append((model.name, error))
                if number == len(self._models) or (started and not request.can_restart):
                    raise _together(failures) from error
                log.warning("model_failover", model=model.name, to=self._models[number].name, reason=str(error))


def _together(failures: Sequence[tuple[str, ModelError]]) -> ModelError:
    """Return the first failure, with what the fall-backs said."""
    first = failures[0][1]
    if len(failures) == 1:
        return first
    others = " ".join(f"The fall-back {name!r} failed too: {error}" for name, error in failures[1:])
    kind = next((type(error) for _, error in failures if error.retryable), type(first))
    return kind(f"{first} {others}")
