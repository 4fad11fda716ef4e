"""Says in a sentence which calls a run made. Knows no queue and no journal."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from sanca.python_runtime.language import sentence

if TYPE_CHECKING:
    from sanca.python_runtime.rounds import RunState

_SHOWN = 20


def calls_in_words(state: RunState | None, language: str) -> str:
    """Say what a run that is under way has called so far; None: it has not begun."""
    if state is None:
        return did_in_words([], language)
    named = [(f"{call.toolkit}.{call.tool}", str(call.status)) for call in state.calls]
    return did_in_words([*named, *((name, "ok") for name in state.more_calls.elements())], language)


def did_in_words(calls: list[tuple[str, str]], language: str = "en") -> str:
    """Say in one sentence which calls were made, how often and how they stand; long lists are cut, and said."""
    if not calls:
        return sentence("did_nothing", language)
    counted = Counter(calls)
    named = [f"{name} ({status})" + (f" ×{count}" if count > 1 else "") for (name, status), count in counted.items()]
    shown = ", ".join(named[:_SHOWN])
    more = f", … {len(named) - _SHOWN} more" if len(named) > _SHOWN else ""
    return sentence("did_calls", language, calls=shown + more)
