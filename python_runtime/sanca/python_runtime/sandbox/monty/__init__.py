"""The sandbox in pydantic-monty: an interpreter of a part of Python in worker processes. On any system."""

from sanca.python_runtime.sandbox.monty.sandbox import MontySandbox

__all__ = ["MontySandbox"]
