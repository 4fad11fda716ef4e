"""The commands `sanca chat | serve | run | exec | eval | skills | tools | doctor`, over a running engine or its own."""

from __future__ import annotations


def main() -> None:
    """Run the command line; errors we raise on purpose are one sentence and exit code 1."""
    from sanca.python_runtime.cli.application import run_application

    run_application()


__all__ = ["main"]
