"""The engine: rounds of five zones over a sandbox, a broker and a queue of runs.

Importing this package loads nothing heavy.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from sanca.python_runtime.engine import Engine, RunResult

__all__ = ["Engine", "RunResult"]


def __getattr__(name: str) -> Any:
    """Load the engine only when it is asked for: `sanca serve` answers before the rest is imported."""
    if name in __all__:
        from sanca.python_runtime import engine

        return getattr(engine, name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
